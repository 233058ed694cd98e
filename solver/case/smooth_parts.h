/** The smooth parts of a formula of x, y and t whose changes move over the domain. */
#ifndef HEAT_SOLVER_SMOOTH_PARTS_H
#define HEAT_SOLVER_SMOOTH_PARTS_H

#include "solver/formula/expression_tree.h"

/** Find the parts of a formula that depend on t and on the place and not on T, such as
 *  exp(-(x - v*t)^2).
 *
 *  The terms of a sum are parts of their own, so that the changes of each are compared with its own
 *  range, and so are the factors of a product that depends on T.  A term of an exponent that
 *  depends on T is the factor that it contributes.  Products of a shape in space and factors of t
 *  alone, and sums of them, are left out: their factors are found by turns.h.
 *  @param[in,out] tree   operations are appended for terms of exponents
 *  @param[out]    n      number of parts
 *  @param[out]    parts  [tree->n, before the call] operations whose results are the parts, by
 *                        index */
PetscErrorCode HeatSmoothPartsFind(HeatExpressionTree *tree, int *n, int *parts);

#endif
