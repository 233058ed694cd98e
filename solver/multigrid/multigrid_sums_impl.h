/** The sums of conjugate gradients over the finest level: ||r||^2, (r, z) and (z, A z).  They have
 *  the same bits for any layout of blocks.  Shared by the files multigrid*.c.
 *
 *  A term of a sum covers a 2 x 2 group of cells and belongs to the rank that owns the group's
 *  first cell.  Groups are places of a pair of rows in split storage:
 *
 *                        place k           place k + 1
 *                    +------+------+     +------+------+
 *      row 2l + 1    |   2  |   3  |     |   2  |   3  |     numbers: half rows of the group
 *                    +------+------+     +------+------+
 *      row 2l        | 0 *  |   1  |     | 0 *  |   1  |     * first cell
 *                    +------+------+     +------+------+
 *      columns         even    odd         even    odd
 *
 *  Terms are rounded to a quantum that comes from a predicted total (level_kernels.h, HeatQuantum).
 *  If the actual total does not fit the prediction, the sum is computed again with a quantum that
 *  fits.  This is decided from totals, which are the same on all ranks.
 *
 *  All values are in the scale of the multigrid (struct HeatMultigrid). */
#ifndef HEAT_SOLVER_MULTIGRID_SUMS_IMPL_H
#define HEAT_SOLVER_MULTIGRID_SUMS_IMPL_H

#include "solver/multigrid/multigrid_impl.h"

/** Products of the residual r and its correction z. */
typedef struct {
  PetscReal rz;        /* (r, z) */
  PetscReal magnitude; /* sum of |terms of (r, z)|, which bounds its partial sums */
  PetscReal zAz;       /* (z, A z) */
} HeatProducts;

/** Predict the first sums of a solve from its first ||r||^2 > 0.  Not collective. */
void HeatSumsStart(HeatMultigrid *mg, PetscReal squares);

/** Return the lower row of the groups that are complete once row j is known, if rows are computed
 *  upwards; -1 if row j completes no groups of this rank.  Not collective. */
PetscInt HeatSumsCompletedBy(const HeatLevel *l, PetscInt j);

/** Return the terms of ||r||^2 of the groups of rows j and j + 1.  Not collective. */
PetscReal HeatSumsSquaresOfRows(const HeatMultigrid *mg, PetscInt j);

/** Add the terms of all products of the groups of rows j and j + 1.  Not collective. */
void HeatSumsProductsOfRows(const HeatMultigrid *mg, PetscInt j, HeatProducts *parts);

/** Return the terms of ||r||^2 of all of this rank's groups.  Not collective. */
PetscReal HeatSumsOwnSquares(const HeatMultigrid *mg);

/** Reduce ||r||^2 over all ranks, and predict the next sums.  Collective.
 *  @param[in]  part   sum of this rank's terms
 *  @param[out] total  ||r||^2, the same on all ranks */
PetscErrorCode HeatSumsReduceSquares(HeatMultigrid *mg, PetscReal part, PetscReal *total);

/** Keep this rank's terms of ||r||^2 until the products are reduced, and predict the products
 *  without knowing the new ||r||^2.  Not collective.
 *  @param[in] part  sum of this rank's terms */
void HeatSumsPostponeSquares(HeatMultigrid *mg, PetscReal part);

/** Reduce the products, and ||r||^2 if it was postponed, over all ranks together, and predict the
 *  next sums.  Collective.
 *  @param[in,out] parts    sums of this rank's terms; undefined on return
 *  @param[out]    totals   the products, the same on all ranks
 *  @param[out]    squares  ||r||^2, the same on all ranks, if it was postponed; else unchanged */
PetscErrorCode HeatSumsReduceProducts(HeatMultigrid *mg, HeatProducts *parts, HeatProducts *totals,
                                      PetscReal *squares);

#endif
