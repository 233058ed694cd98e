/** Splitting a formula into a factor of time and a shape in space. */
#ifndef HEAT_SOLVER_TIME_FACTOR_H
#define HEAT_SOLVER_TIME_FACTOR_H

#include "solver/formula/expression_tree.h"

/** Split a formula that is a product or quotient into those of its factors that contain t, which
 *  must contain t alone, and all others:
 *
 *      1e6*exp(-x^2)*(t < 10)/2     shape 1e6*exp(-x^2)/2     factor (t < 10)
 *
 *  Formulas that have no factor of t, such as sin(x - t), are left alone, and so are those with T.
 *  @param[out] shape, factor  the two parts, owned by the caller; empty trees if there are none */
PetscErrorCode HeatExpressionTreeSplitTime(const HeatExpressionTree *tree,
                                           HeatExpressionTree *shape, HeatExpressionTree *factor);

#endif
