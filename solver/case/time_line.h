/** The best line through a quantity over a time step.
 *
 *  rkl2 evaluates what heats the body at stage times that crowd at the beginning of the step,
 *  with weights from -1.3 to 1.3: a source that decays within the step would cool the body.  So
 *  rkl2 takes, instead of a quantity g(t) that depends on time alone, the line
 *
 *      g(t) ~ mean + slope (t - middle)
 *
 *  whose integral and first moment over the step are those of g, by Lobatto's rule with five
 *  points.  The heat that a source releases is then its integral over the step, and a g that is
 *  linear in t is itself.  The slope is limited such that the line stays between the least and
 *  the largest of the five values.  Nothing here is collective. */
#ifndef HEAT_SOLVER_TIME_LINE_H
#define HEAT_SOLVER_TIME_LINE_H

#include "solver/case/expression.h"

enum { HEAT_LINE_POINTS = 5 };

typedef struct {
  PetscReal  from, to;                  /* [s] the step */
  HeatMoment moments[HEAT_LINE_POINTS]; /* where to evaluate the quantity */
} HeatTimeLine;

/** Return the line over the step [from, to] [s], whose ends are seen from inside the step. */
HeatTimeLine HeatTimeLineOver(PetscReal from, PetscReal to);

/** Fit a line to each of n quantities.
 *  @param[in]  values  [HEAT_LINE_POINTS][n]: values at the moments, one quantity behind the other
 *  @param[out] mean    [n] in the unit of the quantity
 *  @param[out] slope   [n] in the unit of the quantity, per second */
void HeatTimeLineFit(const HeatTimeLine *line, PetscInt n, const PetscReal *values, PetscReal *mean,
                     PetscReal *slope);

/** Return the time from the middle of the step to t [s]: the line at t is mean + slope * this. */
static inline PetscReal HeatTimeLineOffset(const HeatTimeLine *line, PetscReal t)
{
  return t - 0.5 * (line->from + line->to);
}

/** Return how a time t [s] inside of the step [from, to] is seen: its ends lean into the step, by
 *  HeatSwitchesMargin or a quarter of a very short step. */
HeatMoment HeatMomentInStep(PetscReal from, PetscReal to, PetscReal t);

#endif
