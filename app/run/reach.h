/** The temperatures that the solution of a case can reach, by the maximum principle.
 *
 *  Without sources and without given fluxes the temperature stays between the lowest and the
 *  highest value of the field at the start, of the sides, and of the ambients.  Where everything
 *  that heats or cools has one known sign, one of the two bounds remains: a body that is only
 *  heated does not become colder than its coldest surroundings. */
#ifndef HEAT_APP_REACH_H
#define HEAT_APP_REACH_H

#include "solver/case/case.h"

/** The range of the temperatures that the solution can reach. */
typedef struct {
  PetscReal low, high;         /* [K] */
  PetscBool has_low, has_high; /* the solution stays above `low`, below `high` */
} HeatReach;

/** Find the range that the solution of a case can reach from a field between low and high [K].
 *  Expressions of x, y and t count with bounds of their values (solver/case/formula_range.h), those
 *  of T leave no bounds.  Not collective. */
PetscErrorCode HeatReachOf(const HeatCase *c, PetscReal low, PetscReal high, HeatReach *reach);

#endif
