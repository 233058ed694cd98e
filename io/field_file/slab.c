/** Redistribute blocks to row slabs, by messages among the px ranks of a row of blocks.
 *
 *  A rank of the row of blocks receives, from each of the px ranks, the part of that rank's block
 *  that lies in its slab.  In the sender's block that part is a run of whole rows, contiguous in
 *  memory.  In the receiver's slab it is a band of columns, which a strided MPI type puts in place
 *  without a copy:
 *
 *      block of the sender [nyl][nxl]             slab of the receiver p [n][nx]
 *      +--------+                                 +--------+--------+--------+
 *      |        |                                 |   :    |########|   :    |  row 1
 *      |########|  row r1 - 1                     |   :    |########|   :    |  row 0
 *      |########|  row r0 = FirstRow(p)           +--------+--------+--------+
 *      |        |                                           ^ column x_start[sender]
 *      +--------+
 *
 *  Every part is sent as one element of a derived type, so that no count overflows an int.
 */
#include "io/field_file/slab.h"

#include "io/file/checksum.h"

struct HeatSlab {
  const HeatGrid *grid;     /* borrowed */
  PetscInt        first, n; /* own rows [first, first + n) of the grid */
};

/* Return the first row of the slab of rank p of px, counted within the nyl rows of a row of blocks;
   p = px gives nyl. */
static PetscInt FirstRow(PetscInt nyl, PetscInt px, PetscInt p)
{
  return (nyl / px) * p + PetscMin(p, nyl % px);
}

void HeatSlabRowsOf(const HeatGrid *grid, PetscMPIInt rank, PetscInt *first, PetscInt *n)
{
  const PetscInt ip = (PetscInt)rank % grid->px, jp = (PetscInt)rank / grid->px;
  const PetscInt ys = grid->y_start[jp], nyl = grid->y_start[jp + 1] - ys;

  *first = ys + FirstRow(nyl, grid->px, ip);
  *n     = ys + FirstRow(nyl, grid->px, ip + 1) - *first;
}

PetscErrorCode HeatSlabCreate(const HeatGrid *grid, HeatSlab **slab)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(slab));
  (*slab)->grid = grid;
  HeatSlabRowsOf(grid, grid->rank, &(*slab)->first, &(*slab)->n);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabDestroy(HeatSlab **slab)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(*slab));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSlabGetRows(const HeatSlab *slab, PetscInt *first, PetscInt *n)
{
  *first = slab->first;
  *n     = slab->n;
}

/* Create and commit an MPI type of `rows` runs of `columns` elements, which begin `stride` elements
   apart. */
static PetscErrorCode PieceType(MPI_Datatype type, PetscInt rows, PetscInt columns, PetscInt stride,
                                MPI_Datatype *piece)
{
  PetscMPIInt n_rows, n_columns;
  MPI_Aint    low, extent;

  PetscFunctionBeginUser;
  PetscCall(PetscMPIIntCast(rows, &n_rows));
  PetscCall(PetscMPIIntCast(columns, &n_columns));
  PetscCallMPI(MPI_Type_get_extent(type, &low, &extent));
  PetscCallMPI(MPI_Type_create_hvector(n_rows, n_columns, (MPI_Aint)stride * extent, type, piece));
  PetscCallMPI(MPI_Type_commit(piece));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What this rank and rank p exchange: a part of this rank's block for the slab of p, and a part of
   this rank's slab for the block of p. */
typedef struct {
  PetscInt rows_block;   /* rows of this rank's block that lie in the slab of p */
  size_t   at_block;     /* [elements] from the start of the block to these rows */
  PetscInt columns_slab; /* columns of this rank's slab that lie in the block of p */
  size_t   at_slab;      /* [elements] from the start of a row of the slab to these columns */
} Piece;

/* Return what this rank and rank p exchange when rows [from, from + most) of each slab move. */
static Piece PieceOf(const HeatSlab *slab, PetscInt p, PetscInt from, PetscInt most)
{
  const HeatGrid *g  = slab->grid;
  const PetscInt  r0 = FirstRow(g->nyl, g->px, p), n = FirstRow(g->nyl, g->px, p + 1) - r0;
  const PetscInt  start = PetscMin(from, n);
  Piece           piece;

  piece.rows_block   = PetscMin(most, n - start);
  piece.at_block     = (size_t)(r0 + start) * (size_t)g->nxl;
  piece.columns_slab = g->x_start[p + 1] - g->x_start[p];
  piece.at_slab      = (size_t)g->x_start[p];
  return piece;
}

/* Move rows [from, from + most) of each slab between blocks and slabs: to_rows true sends from
   `block` and receives into `rows`, false the reverse.  Collective on grid->row_comm. */
static PetscErrorCode Redistribute(HeatSlab *slab, MPI_Datatype type, PetscBool to_rows,
                                   PetscInt from, PetscInt most, char *block, char *rows)
{
  const HeatGrid *g      = slab->grid;
  const PetscInt  n_rows = PetscMin(most, slab->n - PetscMin(from, slab->n));
  MPI_Request    *requests;
  PetscMPIInt     n   = 0, bytes;
  const int       tag = 1;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Type_size(type, &bytes));
  PetscCall(PetscMalloc1(2 * (size_t)g->px, &requests));
  for (PetscInt k = 0; k < g->px; k++) {
    const PetscInt    p     = (g->ip + k) % g->px; /* begin with this rank: spread the load */
    const Piece       piece = PieceOf(slab, p, from, most);
    char             *mine  = block + piece.at_block * (size_t)bytes;
    const PetscMPIInt peer  = (PetscMPIInt)p;
    MPI_Datatype      piece_type;

    if (n_rows > 0) {
      char *here = rows + piece.at_slab * (size_t)bytes;

      PetscCall(PieceType(type, n_rows, piece.columns_slab, g->nx, &piece_type));
      if (to_rows)
        PetscCallMPI(MPI_Irecv(here, 1, piece_type, peer, tag, g->row_comm, &requests[n++]));
      else PetscCallMPI(MPI_Isend(here, 1, piece_type, peer, tag, g->row_comm, &requests[n++]));
      PetscCallMPI(MPI_Type_free(&piece_type));
    }
    if (piece.rows_block > 0) {
      PetscCall(PieceType(type, piece.rows_block, g->nxl, g->nxl, &piece_type));
      if (to_rows)
        PetscCallMPI(MPI_Isend(mine, 1, piece_type, peer, tag, g->row_comm, &requests[n++]));
      else PetscCallMPI(MPI_Irecv(mine, 1, piece_type, peer, tag, g->row_comm, &requests[n++]));
      PetscCallMPI(MPI_Type_free(&piece_type));
    }
  }
  PetscCallMPI(MPI_Waitall(n, requests, MPI_STATUSES_IGNORE));
  PetscCall(PetscFree(requests));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabToRows(HeatSlab *slab, MPI_Datatype type, const void *block, void *rows)
{
  PetscFunctionBeginUser;
  PetscCall(
      Redistribute(slab, type, PETSC_TRUE, 0, HeatSlabMostRows(slab), (char *)block, (char *)rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatSlabMostRows(const HeatSlab *slab)
{
  return (slab->grid->nyl + slab->grid->px - 1) / slab->grid->px;
}

PetscErrorCode HeatSlabGetPiece(HeatSlab *slab, MPI_Datatype type, const void *block, PetscInt from,
                                PetscInt most, void *buffer, PetscInt *n, const void **rows)
{
  PetscMPIInt bytes;

  PetscFunctionBeginUser;
  *n = PetscMin(most, slab->n - PetscMin(from, slab->n));
  if (slab->grid->px == 1) {
    PetscCallMPI(MPI_Type_size(type, &bytes));
    *rows = (const char *)block + (size_t)from * (size_t)slab->grid->nx * (size_t)bytes;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Redistribute(slab, type, PETSC_TRUE, from, most, (char *)block, (char *)buffer));
  *rows = buffer;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabPutPiece(HeatSlab *slab, MPI_Datatype type, const void *rows, PetscInt from,
                                PetscInt most, void *block)
{
  PetscFunctionBeginUser;
  PetscCall(Redistribute(slab, type, PETSC_FALSE, from, most, (char *)block, (char *)rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabRowSums(HeatSlab *slab, size_t bytes, const void *block, uint64_t *sums)
{
  const HeatGrid *g    = slab->grid;
  const char     *cell = (const char *)block;
  uint64_t       *partial;
  PetscMPIInt    *counts;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)g->nyl, &partial, (size_t)g->px, &counts));
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscInt64 first = (PetscInt64)(g->ys + j) * (PetscInt64)g->nx + (PetscInt64)g->xs;

    partial[j] = HeatChecksum(bytes, cell + (size_t)j * (size_t)g->nxl * bytes, first, g->nxl);
  }
  for (PetscInt p = 0; p < g->px; p++)
    PetscCall(PetscMPIIntCast(PieceOf(slab, p, 0, g->nyl).rows_block, &counts[p]));
  PetscCallMPI(MPI_Reduce_scatter(partial, sums, counts, MPI_UINT64_T, MPI_SUM, g->row_comm));
  PetscCall(PetscFree2(partial, counts));
  PetscFunctionReturn(PETSC_SUCCESS);
}
