/** The best line through a quantity over a time step.
 *
 *  The stages of rkl2 evaluate sources and sides at times that crowd at the beginning of the step,
 *  with weights from -1.3 to 1.3.  A source that decays within the step could therefore get a
 *  negative total weight and cool the body.  So rkl2 replaces each quantity g(t), at a place, that
 *  does not depend on the temperature by the line
 *
 *      g(t) ~ mean + slope (t - middle)
 *
 *  whose integral and first moment over the step are those of g, computed by Lobatto's rule with
 *  five points.  The heat that a source releases is then its integral over the step, and a g that
 *  is linear in t does not change.  The slope is limited such that the line stays between the
 *  smallest and the largest of the five values.  Nothing here is collective. */
#ifndef HEAT_SOLVER_TIME_LINE_H
#define HEAT_SOLVER_TIME_LINE_H

#include "solver/case/expression.h"

enum { HEAT_LINE_POINTS = 5 };

/** The step of a line, and the moments at which the quantity is evaluated. */
typedef struct {
  PetscReal  from, to;                  /* [s] the step */
  HeatMoment moments[HEAT_LINE_POINTS]; /* when to evaluate the quantity */
} HeatTimeLine;

/** Return the line over the step [from, to] [s], whose ends are seen from inside the step. */
HeatTimeLine HeatTimeLineOver(PetscReal from, PetscReal to);

/** Fit a line to each of n quantities.
 *  @param[in]  values  [HEAT_LINE_POINTS][n]: values[k][i] is quantity i at moment k of the line
 *  @param[out] mean    [n] in the unit of the quantity
 *  @param[out] slope   [n] in the unit of the quantity, per second */
void HeatTimeLineFit(const HeatTimeLine *line, PetscInt n, const PetscReal *values, PetscReal *mean,
                     PetscReal *slope);

/** Return t minus the middle of the step [s]; the line at t is mean + slope times this offset. */
static inline PetscReal HeatTimeLineOffset(const HeatTimeLine *line, PetscReal t)
{
  return t - 0.5 * (line->from + line->to);
}

/** Return the moment of a time t [s] of the step [from, to], ends included.  The two ends lean into
 *  the step, by HeatSwitchesMargin or, if that is less, by a quarter of the step. */
HeatMoment HeatMomentInStep(PetscReal from, PetscReal to, PetscReal t);

#endif
