/** Formulas that switch at times that depend on the place, as a moving spot of heat,
 *  (x - 0.01*t)^2 + y^2 < 0.001^2, and a front that passes, t > 10*x && t < 10*x + 0.1, do.
 *
 *  Such a switch is no event (events.h), since no step can end at the times of all places.  What
 *  counts is how long a place is heated: steps that are not shorter heat some places too much and
 *  others not at all.  This module finds places at which a formula switches twice or more, and the
 *  times between these switches; controlled steps follow a moving pulse with steps of half the time
 *  for which the pulse then heats a place.  Pulses without a switch are followed by smooth.h.
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_MOVING_H
#define HEAT_SOLVER_MOVING_H

#include "solver/formula/expression_tree.h"

typedef struct HeatMoving HeatMoving;

/** Where and when a formula acts. */
typedef struct {
  PetscReal        x[2], y[2]; /* [m] box of the places; the two ends may be equal */
  PetscReal        end;        /* [s] end of the run, above 0 */
  PetscInt         n_given;
  const PetscReal *given; /* [n_given] [s] ascending; times at which steps end in any case.  Two
                             switches at such times need no shorter steps.  Borrowed */
} HeatMovingRange;

/** Search a formula for moving pulses.
 *  @param[in]  text    a formula that expression.c accepts
 *  @param[out] moving  NULL if the formula has no operation that switches (HeatSwitchesCan) and
 *                      depends on both t and the place, but not on T; owned by the caller */
PetscErrorCode HeatMovingCreate(const char *text, const HeatMovingRange *range,
                                HeatMoving **moving);

/** Return the effort of all searches so far, in operations of the formula. */
PetscReal HeatMovingWork(const HeatMoving *moving);

/** Return the length of the formula's pulses [s]: the time between two switches at a place, of
 *  places at which the formula switches at nearly the same time where it is longest, since a spot
 *  passes over places at its edge in no time, and of all times when it is shortest, since a spot
 *  may move faster then.  PETSC_MAX_REAL: no place was found that switches twice.
 *  @param[out] place  x, y [m]; not set where there is none */
PetscReal HeatMovingLength(const HeatMoving *moving, PetscReal place[2]);

/** Return whether the pulses are so short that a million steps of half their length do not cover
 *  the time in which they pass, so that HeatMovingFollow does nothing. */
PetscBool HeatMovingIsFast(const HeatMoving *moving);

/** Return the end of a step [s] from `from` to at most `to` that follows the pulses: halve the step
 *  until it is at most half as long as the pulses are near that time, or the formula can switch at
 *  no place within it. */
PetscReal HeatMovingFollow(HeatMoving *moving, PetscReal from, PetscReal to);

/** Free the object and set *moving to NULL; *moving may be NULL. */
PetscErrorCode HeatMovingDestroy(HeatMoving **moving);

#endif
