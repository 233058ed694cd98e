/** The derivative of a formula with respect to T, by forward differentiation. */
#ifndef HEAT_SOLVER_FORMULA_DERIVATIVE_H
#define HEAT_SOLVER_FORMULA_DERIVATIVE_H

#include "solver/formula/operations.h"

/** Append the derivative of the value with respect to T, and set list->slope.
 *
 *  Where a formula switches, the derivative is that of the branch whose value is taken: of the
 *  chosen side of ?:, of the argument that min or max returns, and 0 for comparisons, &&, ||,
 *  sign and floor, which are constant between their switches.  That of abs(u) at u = 0 is
 *  0.  The derivative may be infinite or NaN at the edge of a formula's domain, as that of
 *  sqrt(T) at T = 0.  Not collective. */
PetscErrorCode HeatDerivativeAppend(HeatOperations *list);

#endif
