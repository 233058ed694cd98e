/** Turns: the times of the peaks and dips of those parts of a formula that depend on t alone.
 *
 *  A source such as 1e7*exp(-((t - 400)/5)^2) has no jump, so that it has no event (events.h), but
 *  a controlled step that begins and ends where the pulse is zero would not see the pulse.  A
 *  controlled step therefore ends at the next turn at the latest, and is so short that the formula
 *  is nearly linear within the step (HeatTurnsFollow).  The search bounds the derivative by
 *  interval arithmetic and skips the intervals of time in which the formula only rises or only
 *  falls, so that it finds every pulse longer than 1e-10 of the run.  Parts that also depend on x
 *  or y, such as (x - v*t)^2, are left to smooth.h.  Nothing here is collective. */
#ifndef HEAT_SOLVER_TURNS_H
#define HEAT_SOLVER_TURNS_H

#include "solver/base/error.h"

typedef struct HeatTurns HeatTurns;

/** Find the parts of a formula that depend on t alone.
 *  @param[in]  text   a formula that expression.c accepts
 *  @param[in]  end    [s] end of the run, above 0
 *  @param[out] turns  NULL where no part depends on t alone; owned by the caller */
PetscErrorCode HeatTurnsCreate(const char *text, PetscReal end, HeatTurns **turns);

/** Return the effort of all searches so far, in operations of the formula. */
PetscReal HeatTurnsWork(const HeatTurns *turns);

/** Return the distance [s] below which two turns count as one: 1e-9 of the run. */
PetscReal HeatTurnsMargin(const HeatTurns *turns);

/** Find the first turn in (after, until].  Turns within HeatTurnsMargin after `after` do not count:
 *  such a turn is the one at which the step begins.
 *  @param[out] time   [s]; PETSC_MAX_REAL: there is none up to *known
 *  @param[out] known  [s] time up to which the answer holds; below `until` where the formula is too
 *                     involved to be searched further in a call of bounded length */
void HeatTurnsNext(HeatTurns *turns, PetscReal after, PetscReal until, PetscReal *time,
                   PetscReal *known);

/** Return whether the formula begins with a hundred turns that follow each other within less than
 *  1e-6 of the run, or takes long to be searched there: a wave that steps cannot follow to the
 *  end. */
PetscBool HeatTurnsAreFast(HeatTurns *turns);

/** Find a steep change that a fixed step from `from` to `to` [s] hides: a part of the formula
 *  differs between the two ends by more than a quarter of its range, and all but a fiftieth of that
 *  happens within a quarter of the step.  The caller has excluded turns and events within the step.
 *  @param[out] between  [s] when the change begins and ends */
PetscBool HeatTurnsSteep(HeatTurns *turns, PetscReal from, PetscReal to, PetscReal between[2]);

/** Return the end of a step [s] from `from` to at most `to` over which the formula is nearly linear
 *  in time: halve the step until each part differs from the straight line between its values at the
 *  two ends by at most a tenth of the part's range in the middle, and by at most a fifth at the
 *  quarters.  The range is that of the part's bounds in the run, which can be wider than its
 *  values.  The caller has excluded turns between `from` and `to`. */
PetscReal HeatTurnsFollow(HeatTurns *turns, PetscReal from, PetscReal to);

/** Return the share of a peak or dip at the time `turn` that a step from `from` to `to` [s] hides.
 *  For each part of the formula this is the difference between its value at the turn and its value
 *  at the end of the step where that difference is smaller, divided by the range of the part's
 *  bounds in the run.  The result is the largest over the parts. */
PetscReal HeatTurnsHidden(HeatTurns *turns, PetscReal from, PetscReal turn, PetscReal to);

/** Free the turns and set *turns to NULL; *turns may be NULL. */
PetscErrorCode HeatTurnsDestroy(HeatTurns **turns);

#endif
