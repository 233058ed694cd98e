/** The derivative of a formula with respect to T, by forward differentiation. */
#ifndef HEAT_SOLVER_FORMULA_DERIVATIVE_H
#define HEAT_SOLVER_FORMULA_DERIVATIVE_H

#include "solver/formula/operations.h"

/** Append the derivative of the value with respect to T, and set list->slope.
 *
 *  Where a formula switches, the branch whose value is taken is differentiated: the chosen side of
 *  ?:, the argument that min or max returns.  Comparisons, &&, ||, sign and floor are constant
 *  between their switches, and have the derivative 0.  The derivative of abs(u) at u = 0 is 0.  At
 *  the edge of a formula's domain, such as T = 0 for sqrt(T), the derivative may be infinite or
 *  NaN.  Not collective. */
PetscErrorCode HeatDerivativeAppend(HeatOperations *list);

#endif
