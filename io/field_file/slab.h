/** 2D blocks to contiguous row slabs and back.
 *
 *  A file holds the field row by row, [ny][nx], x fastest.  A rank's block [nyl][nxl] touches nyl
 *  separate pieces of it; written so, independent column blocks reach half the speed of whole
 *  rows.  So the ranks of one row of blocks (grid->row_comm) first hand their cells to each other
 *  such that each owns a contiguous run of the block row's rows, all nx columns: its slab.  Rows
 *  are dealt evenly; a rank owns none when there are fewer rows than ranks.  No rank holds more
 *  than its share of the block row, rounded up to a whole row.  Slabs ascend with the rank in
 *  grid->comm.
 */
#ifndef HEAT_IO_SLAB_H
#define HEAT_IO_SLAB_H

#include "solver/grid/grid.h"

typedef struct HeatSlab HeatSlab;

/** Not collective.  The grid must outlive the slab.  Owned by the caller. */
PetscErrorCode HeatSlabCreate(const HeatGrid *grid, HeatSlab **slab);

/** *slab may be NULL.  Not collective. */
PetscErrorCode HeatSlabDestroy(HeatSlab **slab);

/** This rank's rows: [first, first + n) of the grid, n >= 0.  Not collective. */
void HeatSlabGetRows(const HeatSlab *slab, PetscInt *first, PetscInt *n);

/** Block to slab.  Collective on grid->row_comm.
 *  @param[in]  type   a basic MPI type: MPI_DOUBLE, MPI_INT32_T, ...
 *  @param[in]  block  [nyl][nxl], x fastest, unpadded
 *  @param[out] rows   [n rows][nx], x fastest; must not alias block; unused when n is 0 */
PetscErrorCode HeatSlabToRows(HeatSlab *slab, MPI_Datatype type, const void *block, void *rows);

/** The most rows that a slab of this row of blocks has: pieces [0, m), [m, 2m), ... up to it make up every
 *  slab, in the same number of calls on every rank.  Not collective. */
PetscInt HeatSlabMostRows(const HeatSlab *slab);

/** A piece of the slab: its rows from, from + 1, ..., counted from its own first, at most `most`.
 *  Collective on grid->row_comm, with the same from and most.
 *  @param[in]  buffer  room for `most` rows
 *  @param[out] n       rows of the piece on this rank, >= 0
 *  @param[out] rows    [n][nx]: in buffer, or, where blocks hold whole rows, in block itself */
PetscErrorCode HeatSlabGetPiece(HeatSlab *slab, MPI_Datatype type, const void *block, PetscInt from,
                                PetscInt most, void *buffer, PetscInt *n, const void **rows);

/** A piece of the slab to the blocks: the reverse.  Collective on grid->row_comm. */
PetscErrorCode HeatSlabPutPiece(HeatSlab *slab, MPI_Datatype type, const void *rows, PetscInt from,
                                PetscInt most, void *block);

/** Row checksums (io/file/checksum.h) of a field, from its blocks: they also cover the way to the slabs.
 *  Collective on grid->row_comm.
 *  @param[in]  bytes  of an element: 4 or 8
 *  @param[out] sums   [n rows of this rank's slab] */
PetscErrorCode HeatSlabRowSums(HeatSlab *slab, size_t bytes, const void *block, uint64_t *sums);

/** Rows of another rank of grid->comm.  Not collective. */
void HeatSlabRowsOf(const HeatGrid *grid, PetscMPIInt rank, PetscInt *first, PetscInt *n);

#endif
