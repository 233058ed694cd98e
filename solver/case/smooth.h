/** Formulas that change smoothly at times that depend on the place, as a Gaussian spot of heat that
 *  moves, exp(-((x - v*t)^2 + y^2)/r^2), does.
 *
 *  Such a change has no event (events.h) and no turn (turns.h), so that a controlled step that is
 *  long before the spot comes would pass over it.  This module bounds how much a formula changes at
 *  the places of the domain within an interval of time.  It halves the run until the change within
 *  each piece is at most HEAT_SMOOTH_CHANGE of the formula's range, or at most a millionth of it;
 *  controlled steps are at most as long as the pieces that they touch.  Jumps do not count here:
 *  moving.h and switches.h follow them.  Nothing here is collective, and what is found depends on
 *  the formula, the domain and the end of the run alone. */
#ifndef HEAT_SOLVER_SMOOTH_H
#define HEAT_SOLVER_SMOOTH_H

#include "solver/formula/expression_tree.h"

/* Part of the range by which a formula may change at a place within a piece.  Chosen: some five
   pieces cover a Gaussian pulse. */
#define HEAT_SMOOTH_CHANGE 0.7

typedef struct HeatSmooth HeatSmooth;

/** Search a formula for smooth changes that depend on the place.
 *  @param[in]  text    a formula that expression.c accepts
 *  @param[in]  x, y    [m] box of the places; the two ends may be equal
 *  @param[in]  end     [s] of the run, above 0
 *  @param[in]  search  false: do not search, and follow nothing (HeatSmoothIsUnsearched)
 *  @param[out] smooth  NULL if no part of the formula depends on t and the place, other than as a
 *                      product of a shape and factors of t; owned by the caller */
PetscErrorCode HeatSmoothCreate(const char *text, const PetscReal x[2], const PetscReal y[2],
                                PetscReal end, PetscBool search, HeatSmooth **smooth);

/** Return whether some part of the formula is not followed because its bounds are infinite, as
 *  those of 1/(x - t) are, or because no change was found within the effort of the search. */
PetscBool HeatSmoothIsUnsearched(const HeatSmooth *smooth);

/** Return the effort of all searches so far, in operations of the formula. */
PetscReal HeatSmoothWork(const HeatSmooth *smooth);

/** Return the shortest time [s] in which the formula would change by its range if it changed at its
 *  largest rate throughout: 0.7 of the width of a Gaussian pulse at half of its height.
 *  PETSC_MAX_REAL: it does not change.
 *  @param[in]  fast   consider only parts that HeatSmoothFollow leaves out
 *  @param[out] place  x, y [m] where it changes at that rate; not set where it does not change */
PetscReal HeatSmoothLength(const HeatSmooth *smooth, PetscBool fast, PetscReal place[2]);

/** Return the end of a step [s] from `from` to at most `to` that resolves the formula's changes:
 *  it is at most as long as each piece of the run that it touches, or ends where the piece begins.
 *  Parts that would need more than a million steps are left out. */
PetscReal HeatSmoothFollow(HeatSmooth *smooth, PetscReal from, PetscReal to);

/** Free the object and set *smooth to NULL; *smooth may be NULL. */
PetscErrorCode HeatSmoothDestroy(HeatSmooth **smooth);

#endif
