/** One operation of a formula on arrays. */
#ifndef HEAT_SOLVER_FORMULA_KERNELS_H
#define HEAT_SOLVER_FORMULA_KERNELS_H

#include "solver/formula/expression_tree.h"

/** Compute out[i] = op(a[i], b[i], c[i]) for n elements, with the semantics of muParser:
 *  comparisons and logical operators give 0 or 1, every number but 0 is true, min and max return
 *  the first argument unless the second one is smaller or larger, respectively.  Operands that the
 *  operation does not have are not read.  The bits of an element do not depend on n
 *  (vector_math.h).  `out` must not overlap an operand.  Not collective.
 *  @param[in] op  any operation but HEAT_OP_NUMBER and the variables */
void HeatKernel(HeatOp op, int n, const PetscReal *a, const PetscReal *b, const PetscReal *c,
                PetscReal *out);

#endif
