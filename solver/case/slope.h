/** Expressions of the temperature, such as k(T), together with their derivatives with respect to T,
 *  which Newton's method needs (equations (8) and (9) of solver/README.md). */
#ifndef HEAT_SOLVER_SLOPE_H
#define HEAT_SOLVER_SLOPE_H

#include "solver/case/expression.h"

/** Compute value[i] = e(x[i], y[i], t, T[i]) and slope[i] = de/dT at the same place, for n points.
 *
 *  The slope is the central difference (e(T + d) - e(T - d))/(2 d) with d = cbrt(epsilon)
 *  max(1 K, |T|), epsilon the relative rounding error of doubles.  With this d the truncation
 *  error, d^2 e'''/6, and the rounding error, epsilon e/d, are of the same order: about 1e-10 of
 *  e/T.  If e is finite at only one of T - d and T + d, the difference is one-sided; if at
 *  neither, the slope is 0.
 *  @param[in]  x, y   coordinates [m], [n]
 *  @param[in]  t      time [s]
 *  @param[in]  T      temperatures [K], [n]
 *  @param[out] value  [n], in the unit of e
 *  @param[out] slope  [n], in the unit of e per K
 *  @param[out] work   [2 n] scratch
 *  Not collective.  Source: W. Press et al., Numerical Recipes, 3rd ed., ch. 5.7. */
PetscErrorCode HeatSlopeEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                 const PetscReal *y, PetscReal t, const PetscReal *T,
                                 PetscReal *value, PetscReal *slope, PetscReal *work);

#endif
