/** The temperatures that the solution of a case can reach, by the maximum principle.
 *
 *  Without sources and without given fluxes the temperature stays between the lowest and the
 *  highest of the temperatures at the start, of the sides, and of the ambients.  If all sources and
 *  fluxes only heat, the lower of these bounds still holds: the body does not become colder than
 *  its coldest surroundings or its start.  If they only cool, the upper bound still holds. */
#ifndef HEAT_APP_REACH_H
#define HEAT_APP_REACH_H

#include "solver/case/case.h"

/** The range of the temperatures that the solution can reach. */
typedef struct {
  PetscReal low, high;         /* [K] */
  PetscBool has_low, has_high; /* whether `low`, `high` is a bound of the solution */
} HeatReach;

/** Find the range that the solution of a case can reach from a field between low and high [K]
 *  until the time `end` [s], which may be INFINITY.
 *  For an expression of x, y and t, bounds of its values are used (solver/case/formula_range.h); an
 *  expression of T has no bounds, so that the solution has none.  Not collective. */
PetscErrorCode HeatReachOf(const HeatCase *c, PetscReal end, PetscReal low, PetscReal high,
                           HeatReach *reach);

#endif
