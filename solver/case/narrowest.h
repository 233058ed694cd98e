/** The narrowest peak or dip of a formula of T. */
#ifndef HEAT_SOLVER_NARROWEST_H
#define HEAT_SOLVER_NARROWEST_H

#include "solver/formula/expression_tree.h"

/** The width of the narrowest of some peaks and dips, at half of its height, and the temperatures
 *  between which all of them lie. */
typedef struct {
  PetscReal width;     /* [K]; PETSC_MAX_REAL: there is none */
  PetscReal low, high; /* [K] */
} HeatFeatures;

/** Knots of a formula (knots.h).  The formula jumps, bends or turns within `margin` of each. */
typedef struct {
  PetscInt         n;
  const PetscReal *T;      /* [n] [K], borrowed */
  PetscReal        margin; /* [K] */
} HeatTemperatures;

/** Extend `all` by the peaks and dips that a formula has at one place.  Not collective.
 *  @param[in]     tree       the formula, of x, y and T
 *  @param[in]     x, y       place [m]
 *  @param[in]     low, high  ends of the searched temperatures [K]
 *  @param[in]     knots      [K] knots of the formula at the place (knots.h), ascending
 *  @param[in]     known      [K] ascending; peaks and dips at these knots are left out: they do not
 *                            move with the place, and integrals are split there anyway
 *  @param[in,out] all        {PETSC_MAX_REAL, PETSC_MAX_REAL, PETSC_MIN_REAL} before the first
 *                            place */
PetscErrorCode HeatFeaturesAdd(const HeatExpressionTree *tree, PetscReal x, PetscReal y,
                               PetscReal low, PetscReal high, HeatTemperatures knots,
                               HeatTemperatures known, HeatFeatures *all);

#endif
