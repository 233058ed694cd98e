/** The root of an increasing function of the temperature, such as the balance of heat at a
 *  surface. */
#ifndef HEAT_SOLVER_MONOTONE_ROOT_H
#define HEAT_SOLVER_MONOTONE_ROOT_H

#include <petscsys.h>

/** Compute the value of an increasing function at T [K] and its slope.  Where it is undefined the
 *  value is PETSC_MAX_REAL if the root lies at lower T, -PETSC_MAX_REAL if at higher T. */
typedef PetscErrorCode (*HeatIncreasing)(void *context, PetscReal T, PetscReal *value,
                                         PetscReal *slope);

/** Find the root of f between low and high [K], to rounding, by Newton's method within a bracket,
 *  which is halved wherever a step leaves it or reduces |f| by less than half, as at a jump of the
 *  slope.  The last evaluation of f is at the root.  Not collective.
 *  @param[in]  start  first T [K], from low to high
 *  @param[out] root   [K]; an end of the interval if f has no root there
 *  Source: W. Press et al., Numerical Recipes, 3rd ed., ch. 9.4. */
PetscErrorCode HeatMonotoneRoot(HeatIncreasing f, void *context, PetscReal low, PetscReal high,
                                PetscReal start, PetscReal *root);

#endif
