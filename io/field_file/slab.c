/** Redistribute blocks to row slabs, by messages.
 *
 *  The owner of a slab receives, from each rank whose block its rows cross, the part of that block
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

#include "io/field_file/slab_deal.h"
#include "io/file/checksum.h"
#include "solver/base/traffic.h"

struct HeatSlab {
  const HeatGrid    *grid;     /* borrowed */
  const HeatWriters *owners;   /* the ranks that own rows; borrowed; NULL: every rank */
  PetscInt           first, n; /* own rows [first, first + n) of the grid */
};

/* Messages of this file on grid->comm. */
enum { TAG_CELLS = 21, TAG_ROW_SUMS };

/* Return how the rows of the row of blocks jp are dealt to the owners; NULL: every rank is one. */
static HeatSlabDeal DealOf(const HeatGrid *g, const HeatWriters *owners, PetscInt jp)
{
  return HeatSlabDealOf(&g->layout, owners ? owners->n : 0, jp);
}

/* Return the rank of an owner. */
static PetscMPIInt RankOf(const HeatWriters *owners, PetscInt owner)
{
  return owners ? owners->ranks[owner] : (PetscMPIInt)owner;
}

/* Return the owners, or NULL where every rank is one. */
static const HeatWriters *Few(const HeatWriters *owners)
{
  return owners && owners->ranks ? owners : NULL;
}

void HeatSlabRowsOf(const HeatGrid *grid, const HeatWriters *owners, PetscMPIInt rank,
                    PetscInt *first, PetscInt *n)
{
  const HeatSlabDeal deal  = DealOf(grid, Few(owners), (PetscInt)rank / grid->px);
  const PetscInt     owner = Few(owners) ? HeatWritersIndex(owners, rank) : rank;

  *first = owner < 0 ? 0 : HeatSlabFirstRow(&deal, owner);
  *n     = owner < 0 ? 0 : HeatSlabFirstRow(&deal, owner + 1) - *first;
}

PetscErrorCode HeatSlabCreate(const HeatGrid *grid, const HeatWriters *owners, HeatSlab **slab)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(slab));
  (*slab)->grid   = grid;
  (*slab)->owners = Few(owners);
  HeatSlabRowsOf(grid, owners, grid->rank, &(*slab)->first, &(*slab)->n);
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

PetscBool HeatSlabIsBlock(const HeatSlab *slab)
{
  return slab->grid->px == 1 && !slab->owners ? PETSC_TRUE : PETSC_FALSE;
}

PetscInt HeatSlabMostRows(const HeatSlab *slab)
{
  const HeatSlabDeal deal = DealOf(slab->grid, slab->owners, slab->grid->jp);

  return (deal.rows + deal.owners - 1) / deal.owners;
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

/* One redistribution: rows [from, from + most) of each slab, and the requests of its messages. */
typedef struct {
  const HeatSlab *slab;
  MPI_Datatype    type;
  size_t          bytes; /* of an element */
  PetscInt        from, most;
  MPI_Request    *requests; /* owned; room for all messages of this rank */
  PetscMPIInt     n;        /* messages that were started */
} Move;

/* Start to send, or to receive, a part of `rows` runs of `columns` elements, `stride` elements
   apart. */
static PetscErrorCode Start(Move *m, PetscBool send, PetscMPIInt peer, char *part, PetscInt rows,
                            PetscInt columns, PetscInt stride)
{
  const MPI_Comm comm = m->slab->grid->comm;
  MPI_Request   *next = &m->requests[m->n++];
  MPI_Datatype   piece;

  PetscFunctionBeginUser;
  PetscCall(PieceType(m->type, rows, columns, stride, &piece));
  if (send) PetscCallMPI(MPI_Isend(part, 1, piece, peer, TAG_CELLS, comm, next));
  else PetscCallMPI(MPI_Irecv(part, 1, piece, peer, TAG_CELLS, comm, next));
  PetscCallMPI(MPI_Type_free(&piece));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Cut the rows that move in the slab of an owner out of its rows [*low, *high). */
static void Window(const Move *m, PetscInt *low, PetscInt *high)
{
  *low  = PetscMin(*low + m->from, *high);
  *high = PetscMin(*low + m->most, *high);
}

/* Start the messages of this rank's slab, one for each block that its rows cross: `send` or receive
   the parts of `rows`, which holds the rows that move.  This rank's own column comes first, which
   spreads the load. */
static PetscErrorCode StartSlab(Move *m, PetscBool send, char *rows)
{
  const HeatGrid *g   = m->slab->grid;
  PetscInt        low = m->slab->first, high = low + m->slab->n, start;

  PetscFunctionBeginUser;
  Window(m, &low, &high);
  start = low;
  for (PetscInt row = low; row < high;) {
    const PetscInt jp  = HeatLayoutPart(&g->layout, 1, row),
                   end = PetscMin(g->y_start[jp + 1], high);

    for (PetscInt k = 0; k < g->px; k++) {
      const PetscInt ip = (g->ip + k) % g->px, columns = g->x_start[ip + 1] - g->x_start[ip];
      const size_t   at = (size_t)(row - start) * (size_t)g->nx + (size_t)g->x_start[ip];

      PetscCall(Start(m, send, (PetscMPIInt)(jp * g->px + ip), rows + at * m->bytes, end - row,
                      columns, g->nx));
    }
    row = end;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Start the messages of this rank's block, one for each slab that has some of its rows among those
   that move: `send` or receive the parts of `block`. */
static PetscErrorCode StartBlock(Move *m, PetscBool send, char *block)
{
  const HeatGrid    *g     = m->slab->grid;
  const HeatSlabDeal deal  = DealOf(g, m->slab->owners, g->jp);
  const PetscInt     first = HeatSlabOwnerOf(&deal, g->ys),
                 last      = HeatSlabOwnerOf(&deal, g->ys + g->nyl - 1);

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k <= last - first; k++) {
    const PetscInt owner = first + (g->ip + k) % (last - first + 1);
    PetscInt       low = HeatSlabFirstRow(&deal, owner), high = HeatSlabFirstRow(&deal, owner + 1);

    Window(m, &low, &high);
    low  = PetscMax(low, g->ys);
    high = PetscMin(high, g->ys + g->nyl);
    if (low >= high) continue;
    PetscCall(Start(m, send, RankOf(m->slab->owners, owner),
                    block + (size_t)(low - g->ys) * (size_t)g->nxl * m->bytes, high - low, g->nxl,
                    g->nxl));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return an upper bound of this rank's messages in one redistribution: those of its slab and those
   of its block. */
static size_t MostMessages(const HeatSlab *slab)
{
  const HeatGrid    *g    = slab->grid;
  const HeatSlabDeal deal = DealOf(g, slab->owners, g->jp);
  size_t             most = (size_t)(HeatSlabOwnerOf(&deal, g->ys + g->nyl - 1) -
                         HeatSlabOwnerOf(&deal, g->ys) + 1);

  if (slab->n > 0)
    most += (size_t)(HeatLayoutPart(&g->layout, 1, slab->first + slab->n - 1) -
                     HeatLayoutPart(&g->layout, 1, slab->first) + 1) *
            (size_t)g->px;
  return most;
}

/* Return the numbers of moves of the present kind of communication. */
static HeatFieldMoves *Moves(const HeatSlab *slab) { return &slab->grid->moves[HeatTrafficNow()]; }

/* Move rows [from, from + most) of each slab between blocks and slabs: to_rows true sends from
   `block` and receives into `rows`, false the reverse.  Collective on grid->comm. */
static PetscErrorCode Redistribute(HeatSlab *slab, MPI_Datatype type, PetscBool to_rows,
                                   PetscInt from, PetscInt most, char *block, char *rows)
{
  Move        m = {.slab = slab, .type = type, .from = from, .most = most};
  PetscMPIInt bytes;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Type_size(type, &bytes));
  m.bytes = (size_t)bytes;
  if (from == 0 && most < slab->grid->ny) Moves(slab)->in_pieces[bytes == 8]++;
  if (from == 0 && most >= slab->grid->ny) Moves(slab)->at_once[bytes == 8]++;
  PetscCall(PetscMalloc1(MostMessages(slab), &m.requests));
  if (to_rows) { /* receives first, so that messages find their places */
    PetscCall(StartSlab(&m, PETSC_FALSE, rows));
    PetscCall(StartBlock(&m, PETSC_TRUE, block));
  } else {
    PetscCall(StartBlock(&m, PETSC_FALSE, block));
    PetscCall(StartSlab(&m, PETSC_TRUE, rows));
  }
  PetscCallMPI(MPI_Waitall(m.n, m.requests, MPI_STATUSES_IGNORE));
  PetscCall(PetscFree(m.requests));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabToRows(HeatSlab *slab, MPI_Datatype type, const void *block, void *rows)
{
  PetscFunctionBeginUser;
  PetscCall(Redistribute(slab, type, PETSC_TRUE, 0, slab->grid->ny, (char *)block, (char *)rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabGetPiece(HeatSlab *slab, MPI_Datatype type, const void *block, PetscInt from,
                                PetscInt most, void *buffer, PetscInt *n, const void **rows)
{
  PetscMPIInt bytes;

  PetscFunctionBeginUser;
  *n = PetscMin(most, slab->n - PetscMin(from, slab->n));
  if (HeatSlabIsBlock(slab)) {
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

/* Compute the checksums of the rows that this rank would own if every rank were an owner.
   Collective on grid->comm: its first call makes the communicator of a row of blocks.
   @param[out] home, first, n  the checksums of rows [first, first + n), freed by the caller */
static PetscErrorCode SumAtHome(const HeatGrid *g, size_t bytes, const void *block, uint64_t **home,
                                PetscInt *first, PetscInt *n)
{
  const HeatSlabDeal deal = DealOf(g, NULL, g->jp);
  const char        *cell = (const char *)block;
  uint64_t          *partial;
  PetscMPIInt       *counts;
  MPI_Comm           row;

  PetscFunctionBeginUser;
  PetscCall(HeatGridGetRowComm(g, &row));
  PetscCall(PetscMalloc2((size_t)g->nyl, &partial, (size_t)g->px, &counts));
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscInt64 index = (PetscInt64)(g->ys + j) * (PetscInt64)g->nx + (PetscInt64)g->xs;

    partial[j] = HeatChecksum(bytes, cell + (size_t)j * (size_t)g->nxl * bytes, index, g->nxl);
  }
  for (PetscInt p = 0; p < g->px; p++)
    PetscCall(PetscMPIIntCast(HeatSlabFirstRow(&deal, deal.owner + p + 1) -
                                  HeatSlabFirstRow(&deal, deal.owner + p),
                              &counts[p]));
  *first = HeatSlabFirstRow(&deal, (PetscInt)g->rank);
  *n     = counts[g->ip];
  PetscCall(PetscMalloc1((size_t)*n, home));
  PetscCallMPI(MPI_Reduce_scatter(partial, *home, counts, MPI_UINT64_T, MPI_SUM, row));
  PetscCall(PetscFree2(partial, counts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Receive the checksums of this rank's rows from the ranks that computed them.  Returns the
   requests, freed by the caller. */
static PetscErrorCode ReceiveSums(const HeatSlab *slab, uint64_t *sums, PetscMPIInt *n,
                                  MPI_Request **requests)
{
  const HeatGrid *g   = slab->grid;
  const PetscInt  end = slab->first + slab->n;

  PetscFunctionBeginUser;
  *n = 0;
  PetscCall(PetscMalloc1((size_t)slab->n, requests)); /* a message has a row at least */
  for (PetscInt row = slab->first; row < end;) {
    const HeatSlabDeal deal  = DealOf(g, NULL, HeatLayoutPart(&g->layout, 1, row));
    const PetscInt     from  = HeatSlabOwnerOf(&deal, row);
    const PetscInt     until = PetscMin(HeatSlabFirstRow(&deal, from + 1), end);
    PetscMPIInt        count;

    PetscCall(PetscMPIIntCast(until - row, &count));
    PetscCallMPI(MPI_Irecv(sums + (row - slab->first), count, MPI_UINT64_T, (PetscMPIInt)from,
                           TAG_ROW_SUMS, g->comm, &(*requests)[(*n)++]));
    row = until;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Send the checksums of rows [first, first + n) to the owners of these rows. */
static PetscErrorCode SendSums(const HeatSlab *slab, const uint64_t *home, PetscInt first,
                               PetscInt n)
{
  const HeatGrid    *g    = slab->grid;
  const HeatSlabDeal deal = DealOf(g, slab->owners, g->jp);

  PetscFunctionBeginUser;
  for (PetscInt row = first; row < first + n;) {
    const PetscInt owner = HeatSlabOwnerOf(&deal, row);
    const PetscInt until = PetscMin(HeatSlabFirstRow(&deal, owner + 1), first + n);
    PetscMPIInt    count;

    PetscCall(PetscMPIIntCast(until - row, &count));
    PetscCallMPI(MPI_Send(home + (row - first), count, MPI_UINT64_T, RankOf(slab->owners, owner),
                          TAG_ROW_SUMS, g->comm));
    row = until;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSlabRowSums(HeatSlab *slab, size_t bytes, const void *block, uint64_t *sums)
{
  PetscInt     first, n;
  uint64_t    *home;
  MPI_Request *requests;
  PetscMPIInt  pending;

  PetscFunctionBeginUser;
  PetscCall(SumAtHome(slab->grid, bytes, block, &home, &first, &n));
  if (slab->owners) {
    Moves(slab)->sums++;
    PetscCall(ReceiveSums(slab, sums, &pending, &requests));
    PetscCall(SendSums(slab, home, first, n));
    PetscCallMPI(MPI_Waitall(pending, requests, MPI_STATUSES_IGNORE));
    PetscCall(PetscFree(requests));
  } else PetscCall(PetscArraycpy(sums, home, (size_t)n));
  PetscCall(PetscFree(home));
  PetscFunctionReturn(PETSC_SUCCESS);
}
