/** Sums over the finest level that have the same bits for any layout of blocks; shared by the files
 *  multigrid*.c only.
 *
 *  A term of a sum covers a 2 x 2 group of cells, columns 2k and 2k + 1 of rows 2l and 2l + 1, and
 *  belongs to the rank that owns the group's first cell.  Terms are rounded to a quantum that comes
 *  from a predicted total (level_kernels.h, HeatQuantum).  Where the actual total does not fit the
 *  prediction, the sum is computed again with a quantum that fits; this is decided by totals, which
 *  are the same on all ranks. */
#ifndef HEAT_SOLVER_MULTIGRID_SUMS_H
#define HEAT_SOLVER_MULTIGRID_SUMS_H

#include "solver/multigrid/multigrid_impl.h"

/** Products of the residual r and its correction z: two sums, and the magnitude that bounds the first. */
typedef struct {
  PetscReal rz;        /* (r, z) */
  PetscReal magnitude; /* sum of |terms of (r, z)| */
  PetscReal zAz;       /* (z, A z) */
} HeatProducts;

/** Forget earlier sums and predict the first ||r||^2 of a solve.  Not collective. */
void HeatSumsReset(HeatMultigrid *mg);

/** Return the lower row of the group of rows that is complete once row j is known, rows being computed
 *  upwards; -1 when row j completes no group of this rank.  Not collective. */
PetscInt HeatSumsCompletedBy(const HeatLevel *l, PetscInt j);

/** Return the terms of ||r||^2 of the group of rows j and j + 1.  Not collective. */
PetscReal HeatSumsSquaresOfRows(const HeatMultigrid *mg, PetscInt j);

/** Add the terms of all products of the group of rows j and j + 1.  Not collective. */
void HeatSumsProductsOfRows(const HeatMultigrid *mg, PetscInt j, HeatProducts *parts);

/** Return the terms of ||r||^2 of all of this rank's groups.  Not collective. */
PetscReal HeatSumsOwnSquares(const HeatMultigrid *mg);

/** Reduce ||r||^2 over all ranks, and predict the next one.  Collective.
 *  @param[in] part  sum of this rank's terms */
PetscErrorCode HeatSumsReduceSquares(HeatMultigrid *mg, PetscReal part, PetscReal *total);

/** Reduce the products over all ranks.  Collective.
 *  @param[in,out] parts  sums of this rank's terms; undefined on return */
PetscErrorCode HeatSumsReduceProducts(HeatMultigrid *mg, HeatProducts *parts, HeatProducts *totals);

#endif
