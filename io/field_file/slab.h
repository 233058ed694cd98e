/** Redistribute a field from 2D blocks to contiguous row slabs, and back.
 *
 *  A file stores a field row by row, [ny][nx], x fastest.  The block [nyl][nxl] of a rank is nyl
 *  separate pieces of that file, and independent writes of such column blocks reach half the speed
 *  of writes of whole rows.  Therefore the ranks first redistribute their cells, such that each
 *  owner of rows has a contiguous run of complete rows, all nx columns wide: its slab.  Either
 *  every rank is an owner, or the writers of the nodes are (solver/grid/writers.h).
 *
 *  Where every rank is an owner, the px ranks of a row of blocks redistribute their rows among
 *  themselves:
 *
 *      row                                 row
 *          +--------+--------+--------+        +--------------------------+
 *       6  |        |        |        |     6  |          rank 5          |
 *       5  | rank 3 | rank 4 | rank 5 |        +--------------------------+
 *       4  |        |        |        |     5  |          rank 4          |
 *          +--------+--------+--------+        +--------------------------+
 *       3  |        |        |        |     4  |          rank 3          |
 *       2  | rank 0 | rank 1 | rank 2 |        +==========================+
 *       1  |        |        |        |     3  |          rank 2          |
 *       0  |        |        |        |        +--------------------------+
 *          +--------+--------+--------+     2  |          rank 1          |
 *                                              +--------------------------+
 *                                           1  |                          |
 *                                           0  |          rank 0          |
 *                                              +--------------------------+
 *          2D blocks, px = 3, py = 2           row slabs, in the order of the file
 *
 *  The nyl rows of a row of blocks are dealt evenly to its px ranks; where nyl is no multiple of
 *  px, the first nyl % px of them hold one row more.  A rank owns no row when there are fewer rows
 *  than ranks.  No rank holds more than its share of the row of blocks, rounded up to a whole row.
 *
 *  Where some ranks are owners, all ny rows are dealt evenly to them, here to ranks 0 and 3:
 *
 *      row                                 row
 *       6  | rank 3 | rank 4 | rank 5 |     6  |                          |
 *       5  |        |        |        |     5  |          rank 3          |
 *       4  |        |        |        |     4  |                          |
 *          +--------+--------+--------+        +--------------------------+
 *       3  |        |        |        |     3  |                          |
 *       2  | rank 0 | rank 1 | rank 2 |     2  |          rank 0          |
 *       1  |        |        |        |     1  |                          |
 *       0  |        |        |        |     0  |                          |
 *
 *  A slab then has the rows of several ranks, size / owners times as many as a rank's share.  In
 *  both cases slabs ascend with the rank in grid->comm.
 */
#ifndef HEAT_IO_SLAB_H
#define HEAT_IO_SLAB_H

#include "solver/grid/grid.h"

typedef struct HeatSlab HeatSlab;

/** Create the slab of this rank.  Not collective.
 *  @param[in]  grid    borrowed; must outlive the slab
 *  @param[in]  owners  the ranks that own rows, such as &grid->writers; borrowed; NULL: every rank
 *  @param[out] slab    owned by the caller, freed with HeatSlabDestroy */
PetscErrorCode HeatSlabCreate(const HeatGrid *grid, const HeatWriters *owners, HeatSlab **slab);

/** Free a slab and set *slab to NULL; *slab may be NULL.  Not collective. */
PetscErrorCode HeatSlabDestroy(HeatSlab **slab);

/** Return the rows of this rank: [first, first + n) of the grid, n >= 0.  Not collective. */
void HeatSlabGetRows(const HeatSlab *slab, PetscInt *first, PetscInt *n);

/** Return the rows of any rank of grid->comm: [first, first + n) of the grid, n >= 0.  A rank that
 *  is no owner has none, and first is 0.
 *  Not collective: the slabs follow from the grid and the owners alone. */
void HeatSlabRowsOf(const HeatGrid *grid, const HeatWriters *owners, PetscMPIInt rank,
                    PetscInt *first, PetscInt *n);

/** Return whether the slab of each rank is its block, so that nothing has to be redistributed.
 *  Not collective; the same on every rank. */
PetscBool HeatSlabIsBlock(const HeatSlab *slab);

/** Return the number of rows of the largest slab among those with which this rank exchanges cells.
 *  Not collective.  Loops over the pieces [0, m), [m, 2m), ... of a slab run to this bound, so that
 *  all of these ranks make the same number of calls. */
PetscInt HeatSlabMostRows(const HeatSlab *slab);

/** Move a whole field from blocks to slabs.  Collective on grid->comm.
 *  @param[in]  type   a basic MPI type: MPI_DOUBLE, MPI_INT32_T, ...
 *  @param[in]  block  [nyl][nxl], x fastest, unpadded
 *  @param[out] rows   [n][nx], x fastest; must not alias block; unused when n is 0 */
PetscErrorCode HeatSlabToRows(HeatSlab *slab, MPI_Datatype type, const void *block, void *rows);

/** Move one piece of a field from blocks to slabs: at most `most` rows of each slab, starting at
 *  row `from`, counted from the first row of the slab.  Moving a slab piece by piece bounds the
 *  memory that the redistribution needs.
 *  Collective on grid->comm; every rank passes the same `from` and `most`.
 *  @param[in]  type    a basic MPI type
 *  @param[in]  block   [nyl][nxl], x fastest, unpadded
 *  @param[in]  buffer  room for min(most, rows of the slab) rows of nx elements; unused where
 *                      HeatSlabIsBlock
 *  @param[out] n       rows of the piece on this rank, >= 0
 *  @param[out] rows    [n][nx]: equal to buffer, or, where HeatSlabIsBlock, a pointer into block
 *                      itself */
PetscErrorCode HeatSlabGetPiece(HeatSlab *slab, MPI_Datatype type, const void *block, PetscInt from,
                                PetscInt most, void *buffer, PetscInt *n, const void **rows);

/** Move one piece of a field from slabs to blocks: the reverse of HeatSlabGetPiece.
 *  Collective on grid->comm; every rank passes the same `from` and `most`.
 *  @param[in]  type   a basic MPI type
 *  @param[in]  rows   [n][nx], the rows of the piece on this rank
 *  @param[out] block  [nyl][nxl]; only the cells of the piece are written */
PetscErrorCode HeatSlabPutPiece(HeatSlab *slab, MPI_Datatype type, const void *rows, PetscInt from,
                                PetscInt most, void *block);

/** Compute the checksum (io/file/checksum.h) of each row of this rank's slab from the blocks.
 *  The cells are summed where they are before the redistribution, so the checksums also detect an
 *  error of the redistribution.  Collective on grid->comm.
 *  @param[in]  bytes  of an element: 4 or 8
 *  @param[in]  block  [nyl][nxl], x fastest, unpadded
 *  @param[out] sums   [n], one for each row of the slab */
PetscErrorCode HeatSlabRowSums(HeatSlab *slab, size_t bytes, const void *block, uint64_t *sums);

#endif
