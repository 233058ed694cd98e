/** The temperatures that the solution of a case can reach, by the maximum principle.
 *
 *  Without sources and without given fluxes the temperature stays between the lowest and the
 *  highest value of the field at the start, of the sides, and of the ambients.  Where everything
 *  that heats or cools has one known sign, one of the two bounds remains: a body that is only
 *  heated does not become colder than its coldest surroundings. */
#ifndef HEAT_APP_REACH_H
#define HEAT_APP_REACH_H

#include "solver/case/case.h"

typedef struct {
  PetscReal low, high;         /* [K] */
  PetscBool has_low, has_high; /* the solution stays above `low`, below `high` */
} HeatReach;

/** Find what a case reaches from a field between low and high [K].  Where an expression surrounds
 *  the body there are no bounds, since it would take a search for the expression's extremes.  Not
 *  collective. */
HeatReach HeatReachOf(const HeatCase *c, PetscReal low, PetscReal high);

#endif
