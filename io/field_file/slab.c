/** Blocks to row slabs: an exchange among the px ranks of a row of blocks.
 *
 *  Rank p of the row gets rows [nyl*p/px, nyl*(p+1)/px) of the block row, so a sender's piece is
 *  a run of whole rows of its own block, contiguous in memory, and the receiver's is a column
 *  band of its slab: a strided type puts it in place without a copy.  Every piece is one element
 *  of a derived type, so that no count overflows an int.
 */
#include "io/field_file/slab.h"

#include "io/file/checksum.h"

struct HeatSlab {
  const HeatGrid *grid;     /* borrowed */
  PetscInt        first, n; /* own rows, global numbering */
};

/* First row (within the block row of nyl rows) of peer p of px; p = px gives nyl. */
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

/* A committed type of `rows` runs of `columns` elements, `stride` elements apart. */
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

/* The two sides of a piece that travels between this block and peer p's slab.  `at_block` and
 * `at_slab` are where it starts: in elements from the start of the block and of the rows in hand. */
typedef struct {
  PetscInt rows_block; /* rows of this block that p's slab holds */
  size_t   at_block;
  PetscInt columns_slab; /* columns of this slab that p's block holds */
  size_t   at_slab;
} Piece;

/* Of the slabs' rows [from, from + most). */
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

/* Post one direction with every peer and wait: of the slabs' rows [from, from + most).
 * to_rows: block is sent, rows received. */
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
    const PetscInt    p     = (g->ip + k) % g->px; /* not all to rank 0 first */
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
