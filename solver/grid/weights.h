/** Blocks of unequal size for ranks of unequal speed.
 *
 *  Blocks remain the products of columns and rows: every column of blocks has a width and every row
 *  a height, which minimise the largest number of cells divided by the rank's speed.  A process
 *  grid of one row or one column can follow any speeds, up to whole columns or rows of cells.  In a
 *  process grid of several columns and rows, the speeds are followed exactly only if they are
 *  products of a factor of the column and a factor of the row, for example where all ranks of a
 *  column are equally fast:
 *
 *       speeds      blocks               speeds      blocks
 *       1 1 2       +--+--+----+         1 1         +----+----+   the ranks of speed 1 wait,
 *       1 1 2       |  |  |    |         1 4         |    |    |   or a row of four blocks is
 *                   +--+--+----+                     +----+----+   taken, with widths 1 1 1 4
 *                   |  |  |    |                     |    |    |
 *                   +--+--+----+                     +----+----+
 *
 *  If the process grid is not given, it is chosen by the time of the slowest rank and of the halos.
 *  No function is collective.  HeatGridCreate calls HeatWeightsChoose on rank 0 alone and
 *  broadcasts the result, so that machines that round differently agree. */
#ifndef HEAT_SOLVER_WEIGHTS_H
#define HEAT_SOLVER_WEIGHTS_H

#include "solver/grid/layout.h"

/** A rank of the launcher. */
typedef struct {
  PetscReal speed;       /* relative, > 0 */
  PetscInt  node, local; /* node, from 0, and number of the rank within the node */
} HeatWorker;

/** Choose the process grid, unless the case gives it, and the widths and heights of the blocks.
 *  @param[in]  per_node, even  as for HeatLayoutMake
 *  @param[in]  workers         [size], by the launcher's ranks
 *  @param[out] layout          its `start` borrows the arrays below; px and py are 0 if the cells
 *                              cannot be cut into one block per rank
 *  @param[out] start           first cells of the columns [px + 1] and rows [py + 1] of blocks,
 *                              owned by the caller: free each with PetscFree; NULL if px is 0
 *  @param[out] balance         load balance: the time of a step if all cells were shared in
 *                              proportion to the speeds, divided by the time of the slowest rank */
PetscErrorCode HeatWeightsChoose(const HeatCase *c, PetscInt size, PetscInt per_node,
                                 PetscBool even, const HeatWorker *workers, HeatLayout *layout,
                                 PetscInt *start[2], PetscReal *balance);

/** Return the first rank whose share of the cells, in proportion to its speed, is less than one
 *  cell; -1 if there is none.
 *  @param[out] share  [cells] of this rank */
PetscInt HeatWeightsTooSlow(const HeatCase *c, PetscInt size, const HeatWorker *workers,
                            PetscReal *share);

/** Return the speed that the case gives to a rank of the launcher on a host; 1 for a host that the
 *  case does not name, or where speeds are equal or have not been measured.
 *  @param[in]  host  name of the rank's host, perhaps with its domain, which the case may leave out
 *  @param[out] item  the host's place in the list of the case; -1: not in the list */
PetscReal HeatWeightsSpeed(const HeatCase *c, PetscInt rank, const char *host, PetscInt *item);

#endif
