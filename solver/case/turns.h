/** The times at which a formula turns: the peaks and dips of its parts that depend on time
 *  alone.
 *
 *  A source such as 1e7*exp(-((t - 400)/5)^2) has no jump, so that it is no event (events.h),
 *  but a controlled step that begins and ends where the pulse is zero does not see it.
 *  Controlled steps therefore do not pass a peak, and are so short that the formula is about
 *  linear within a step (HeatTurnsFollow).  The peaks and dips are found from bounds of the
 *  derivative by interval arithmetic, which excludes the intervals of time in which the formula
 *  rises or falls throughout, so that no pulse is missed however short it is, down to 1e-10 of
 *  the run.  Parts that depend on x or y too, such as (x - v*t)^2, are not searched. Nothing
 *  here is collective. */
#ifndef HEAT_SOLVER_TURNS_H
#define HEAT_SOLVER_TURNS_H

#include "solver/base/error.h"

typedef struct HeatTurns HeatTurns;

/** Find the parts of a formula that depend on t alone.
 *  @param[in]  text   a formula that expression.c accepts
 *  @param[in]  end    [s] end of the run, above 0
 *  @param[out] turns  NULL where no part depends on t alone; owned by the caller */
PetscErrorCode HeatTurnsCreate(const char *text, PetscReal end, HeatTurns **turns);

/** Return the distance [s] below which two turns are one: 1e-9 of the run. */
PetscReal HeatTurnsMargin(const HeatTurns *turns);

/** Find the first turn in (after, until].  Turns within HeatTurnsMargin after `after` do not count:
 *  such a turn is the one at which the step begins.
 *  @param[out] time   [s]; PETSC_MAX_REAL: there is none up to *known
 *  @param[out] known  [s] time up to which the answer holds; below `until` where the formula is too
 *                     involved to be searched further in a call of bounded length */
void HeatTurnsNext(HeatTurns *turns, PetscReal after, PetscReal until, PetscReal *time,
                   PetscReal *known);

/** Return the end of a step [s] from `from` to at most `to` over which the formula is about
 *  linear in time: in the middle of the step it differs by at most a tenth of its range in the
 *  run from the mean of the two ends.  No turn lies within the step. */
PetscReal HeatTurnsFollow(HeatTurns *turns, PetscReal from, PetscReal to);

/** Return how much of a peak or dip at the time `turn` the ends of a step from `from` to `to`
 *  [s] do not show: the smaller of the differences between the value at the turn and the values
 *  at the two ends, relative to the range of values in the run; the largest over the formula's
 *  parts. */
PetscReal HeatTurnsHidden(HeatTurns *turns, PetscReal from, PetscReal turn, PetscReal to);

/** Free the turns and set *turns to NULL; *turns may be NULL. */
PetscErrorCode HeatTurnsDestroy(HeatTurns **turns);

#endif
