/** Times at which a formula of time and place switches in a whole part of the domain at once.
 *
 *  The comparisons in t > 400 + 100*(x > 0.5), t < (y < 0.1 ? 2 : 3) or x*(t - 3.3) < 0 depend on
 *  the place, and still switch at a few times only, each of which many places share.  Steps can end
 *  at such times.  The front of t < 10*x reaches no two places at one time: it is no zone
 *  (moving.h).  Nothing here is collective. */
#ifndef HEAT_SOLVER_SHARED_SWITCHES_H
#define HEAT_SOLVER_SHARED_SWITCHES_H

#include <petscsys.h>

/** Find the times in (0, end] at which a formula switches at two or more of the places that are
 *  examined, which are spread over a box and have no coordinate in common.
 *  @param[in]     text   a formula that expression.c accepts
 *  @param[in]     x, y   [m] box of the places; the two ends may be equal
 *  @param[in]     end    [s] end of the run, above 0
 *  @param[in,out] n      number of times
 *  @param[in,out] times  [*n] [s] the found ones are appended, not sorted and with repetitions;
 *                        none where the search takes too long.  Free it with PetscFree
 *  @param[in,out] work   the effort is added, in operations of the formula */
PetscErrorCode HeatSharedSwitchesFind(const char *text, const PetscReal x[2], const PetscReal y[2],
                                      PetscReal end, PetscInt *n, PetscReal **times,
                                      PetscReal *work);

#endif
