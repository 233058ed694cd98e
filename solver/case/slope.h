/** Expressions of the temperature, such as k(T), together with their derivatives with respect to T,
 *  which Newton's method needs (equations (8) and (9) of solver/README.md). */
#ifndef HEAT_SOLVER_SLOPE_H
#define HEAT_SOLVER_SLOPE_H

#include "solver/case/expression.h"

/** Compute value[i] = e(x[i], y[i], t, T[i]) and slope[i] = de/dT at the same place, for n
 *  points.
 *
 *  The slope is the derivative of the formula, exact to rounding errors; where the formula
 *  switches, it is the derivative of the branch taken.  Where the derivative is infinite or not a
 *  number, at the edge of the formula's domain, the slope is the difference quotient (e(T + d) -
 *  e(T - d))/(2 d), d = 6.06e-6 max(1 K, |T|).  If e is finite at only one of T - d and T + d, the
 *  quotient is one-sided; if at neither, the slope is 0.
 *  @param[in]  x, y   coordinates [m], [n]
 *  @param[in]  t      time [s]
 *  @param[in]  T      temperatures [K], [n]; may not overlap value and slope
 *  @param[out] value  [n], in the unit of e
 *  @param[out] slope  [n], in the unit of e per K
 *  Not collective. */
PetscErrorCode HeatSlopeEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                 const PetscReal *y, PetscReal t, const PetscReal *T,
                                 PetscReal *value, PetscReal *slope);

#endif
