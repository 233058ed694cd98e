/** The narrowest peak or dip of a formula of T. */
#ifndef HEAT_SOLVER_NARROWEST_H
#define HEAT_SOLVER_NARROWEST_H

#include "solver/formula/expression_tree.h"

/** Peaks and dips: the width of the narrowest one, and the temperatures between which all lie.
 *  Their width is that at half of their height. */
typedef struct {
  PetscReal width;     /* [K]; PETSC_MAX_REAL: there is none */
  PetscReal low, high; /* [K] */
} HeatFeatures;

/** Knots of a formula, which switches within `margin` of each. */
typedef struct {
  PetscInt         n;
  const PetscReal *T;      /* [n] [K], borrowed */
  PetscReal        margin; /* [K] */
} HeatTemperatures;

/** Widen `all` by the peaks and dips of a formula at one place.  Not collective.
 *  @param[in]     tree       the formula, of x, y and T
 *  @param[in]     x, y       place [m]
 *  @param[in]     low, high  ends of the searched temperatures [K]
 *  @param[in]     knots      [K] knots of the formula at the place (knots.h), ascending
 *  @param[in]     known      [K] knots whose peaks and dips do not count, ascending
 *  @param[in,out] all        {PETSC_MAX_REAL, PETSC_MAX_REAL, PETSC_MIN_REAL} before the first
 *                            place */
PetscErrorCode HeatFeaturesAdd(const HeatExpressionTree *tree, PetscReal x, PetscReal y,
                               PetscReal low, PetscReal high, HeatTemperatures knots,
                               HeatTemperatures known, HeatFeatures *all);

#endif
