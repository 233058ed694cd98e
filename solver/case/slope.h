/** An expression of the temperature and its derivative with respect to it. */
#ifndef HEAT_SOLVER_SLOPE_H
#define HEAT_SOLVER_SLOPE_H

#include "solver/case/expression.h"

/** value[i] = e(x[i], y[i], t, T[i]) and slope[i] = de/dT there, at n points.  The slope is the
 *  central difference over T -+ d, d = cbrt(epsilon) max(1 K, |T|): the step at which the error of
 *  truncation, d^2 e'''/6, and that of rounding, epsilon e/d, are of the same order (some 1e-10 of
 *  e/T).  Where only one of the two neighbours is finite, the difference is one-sided; where
 *  neither is, the slope is 0.
 *  @param[out] work  [2 n] scratch
 *  Not collective.  Source: W. Press et al., Numerical Recipes, 3rd ed., ch. 5.7. */
PetscErrorCode HeatSlopeEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                 const PetscReal *y, PetscReal t, const PetscReal *T,
                                 PetscReal *value, PetscReal *slope, PetscReal *work);

#endif
