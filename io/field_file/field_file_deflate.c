/** Compressed fields without collective writes.
 *
 *  HDF5 writes filtered datasets from several ranks only collectively, and there one rank's
 *  failure (a full disk) hangs the others for ever.  So HDF5's filters are applied here, by all
 *  ranks at once (byte shuffle, then zlib), and rank 0 puts the finished chunks into the file
 *  through the serial driver, in the order of the rows.  A failure on rank 0 is noted and the
 *  rest is received and dropped; nothing can hang.  Chunks are whole rows, their number fixed by
 *  the grid: the file's bytes do not depend on the number of ranks.  Compression dominates the
 *  time by far; the one writer becomes the limit when the ranks together compress faster than one
 *  process writes.
 *
 *  A chunk belongs to the rank whose slab holds its first row; the rows of it that other ranks
 *  hold travel there first.
 */
#include <string.h>

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab.h"
#include "io/file/deflate.h"

#define INDEX_BYTES                                                                                \
  4224 /* besides its own bytes a chunk takes 128 of index and up to 4096 of alignment */
#define HEADER_BYTES 65536 /* room for HDF5's own, besides */

enum { TAG_ROWS = 11, TAG_SIZES, TAG_CHUNKS, TAG_SUMS };

/* The chunks of one field on one rank. */
typedef struct {
  PetscInt       first, n; /* chunks, numbered from the bottom */
  PetscInt64    *sizes;    /* [n] compressed bytes */
  unsigned char *bytes;    /* one after another */
  size_t         used, room;
} Chunks;

/* Chunks that begin in a rank's rows. */
static void ChunksOf(const HeatGrid *g, PetscMPIInt rank, PetscInt *first, PetscInt *n)
{
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny);
  PetscInt       row, rows;

  HeatSlabRowsOf(g, rank, &row, &rows);
  *first = (row + chunk_rows - 1) / chunk_rows;
  *n     = (row + rows + chunk_rows - 1) / chunk_rows - *first;
}

/* Rows of rank `rank` that complete the chunk of an earlier rank. */
static PetscInt LeadingRows(const HeatGrid *g, PetscMPIInt rank)
{
  PetscInt first, n, chunk, chunks;

  HeatSlabRowsOf(g, rank, &first, &n);
  ChunksOf(g, rank, &chunk, &chunks);
  return PetscMin(n, chunk * PetscMin(HeatChunkRows(g->nx), g->ny) - first);
}

/* The rank that owns a chunk's first row. */
static PetscMPIInt OwnerOfRow(const HeatGrid *g, PetscInt row)
{
  PetscMPIInt low = 0, high = g->size - 1;

  while (low < high) { /* the last rank whose rows begin at or before `row` and that has rows */
    const PetscMPIInt middle = low + (high - low + 1) / 2;
    PetscInt          first, n;

    HeatSlabRowsOf(g, middle, &first, &n);
    if (first <= row) low = middle;
    else high = middle - 1;
  }
  for (PetscInt first, n; low > 0; low--) {
    HeatSlabRowsOf(g, low, &first, &n);
    if (n > 0 && first <= row) break;
  }
  return low;
}

/* Slab rows to chunk rows.  `rows` holds this rank's slab; on return what it lacks of its last
 * chunk stands behind (there is room for a chunk more). */
static PetscErrorCode CompleteChunks(const HeatGrid *g, size_t bytes, unsigned char *rows)
{
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny), mine = LeadingRows(g, g->rank);
  const size_t   row_bytes = (size_t)g->nx * bytes;
  PetscInt       first, n, chunk, chunks, have, need;
  MPI_Request    sent = MPI_REQUEST_NULL;
  PetscMPIInt    count;

  PetscFunctionBeginUser;
  HeatSlabRowsOf(g, g->rank, &first, &n);
  ChunksOf(g, g->rank, &chunk, &chunks);
  if (mine > 0) {
    PetscCall(PetscMPIIntCast((PetscInt)((size_t)mine * row_bytes), &count));
    PetscCallMPI(MPI_Isend(rows, count, MPI_BYTE, OwnerOfRow(g, (first / chunk_rows) * chunk_rows),
                           TAG_ROWS, g->comm, &sent));
  }
  have = first + n;
  need = chunks > 0 ? PetscMin((chunk + chunks) * chunk_rows, g->ny) : have;
  for (PetscMPIInt r = g->rank + 1; have < need; r++) {
    const PetscInt theirs = PetscMin(LeadingRows(g, r), need - have);

    if (theirs <= 0) continue;
    PetscCall(PetscMPIIntCast((PetscInt)((size_t)theirs * row_bytes), &count));
    PetscCallMPI(MPI_Recv(rows + (size_t)(have - first) * row_bytes, count, MPI_BYTE, r, TAG_ROWS,
                          g->comm, MPI_STATUS_IGNORE));
    have += theirs;
  }
  PetscCallMPI(MPI_Wait(&sent, MPI_STATUS_IGNORE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* HDF5's shuffle filter: all first bytes of the elements, then all second bytes, ... */
static void Shuffle(size_t bytes, size_t n, const unsigned char *from, unsigned char *to)
{
  for (size_t b = 0; b < bytes; b++) {
    for (size_t i = 0; i < n; i++) to[b * n + i] = from[i * bytes + b];
  }
}

/* Compress chunk k of `cells` cells out of `source` into the list. */
static PetscErrorCode Compress(Chunks *c, PetscInt k, size_t bytes, size_t cells,
                               const unsigned char *source, unsigned char *scratch,
                               HeatFileError *error)
{
  const size_t bound = HeatDeflateBound(cells * bytes);
  size_t       length;

  PetscFunctionBeginUser;
  if (c->room - c->used < bound) {
    c->room = c->used + PetscMax(c->room / 2, bound);
    PetscCall(PetscRealloc(c->room, &c->bytes));
  }
  Shuffle(bytes, cells, source, scratch);
  length = HeatDeflate(scratch, cells * bytes, c->bytes + c->used, bound);
  if (length == 0) HeatFileFail(error, "zlib could not compress a chunk");
  c->sizes[k] = (PetscInt64)length;
  c->used += length;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* This rank's chunks of a field.  The last chunk of the grid is filled up with zeros. */
static PetscErrorCode MakeChunks(const HeatGrid *g, HeatSlab *slab, const HeatFileField *field,
                                 Chunks *c, HeatFileError *error)
{
  const size_t   bytes      = HeatElementBytes(field->element);
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny);
  const size_t   cells      = (size_t)chunk_rows * (size_t)g->nx;
  unsigned char *rows, *scratch;
  PetscInt       first, n;

  PetscFunctionBeginUser;
  HeatSlabGetRows(slab, &first, &n);
  ChunksOf(g, g->rank, &c->first, &c->n);
  PetscCall(PetscMalloc1((size_t)c->n, &c->sizes));
  PetscCall(PetscCalloc1(((size_t)n * (size_t)g->nx + cells) * bytes, &rows));
  PetscCall(PetscMalloc1(cells * bytes, &scratch));
  PetscCall(HeatSlabToRows(slab, HeatElementMPIType(field->element), field->block, rows));
  PetscCall(CompleteChunks(g, bytes, rows));
  for (PetscInt k = 0; k < c->n; k++) {
    const size_t at = (size_t)((c->first + k) * chunk_rows - first) * (size_t)g->nx * bytes;

    PetscCall(Compress(c, k, bytes, cells, rows + at, scratch, error));
  }
  PetscCall(PetscFree(scratch));
  PetscCall(PetscFree(rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FreeChunks(Chunks *c)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(c->sizes));
  PetscCall(PetscFree(c->bytes));
  *c = (Chunks){0};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Chunks from k on that fit into one message; at least one. */
static PetscInt BatchLength(const PetscInt64 *sizes, PetscInt k, PetscInt n, PetscMPIInt *bytes)
{
  PetscInt64 total = 0;
  PetscInt   end   = k;

  while (end < n && (end == k || total + sizes[end] <= HEAT_CALL_BYTES)) total += sizes[end++];
  *bytes = (PetscMPIInt)total;
  return end - k;
}

static PetscErrorCode SendChunks(const HeatGrid *g, const Chunks *c)
{
  const unsigned char *at = c->bytes;

  PetscFunctionBeginUser;
  if (c->n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Send(c->sizes, (PetscMPIInt)c->n, MPI_INT64_T, 0, TAG_SIZES, g->comm));
  for (PetscInt k = 0; k < c->n;) {
    PetscMPIInt bytes;

    k += BatchLength(c->sizes, k, c->n, &bytes);
    PetscCallMPI(MPI_Send(at, bytes, MPI_BYTE, 0, TAG_CHUNKS, g->comm));
    at += bytes;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rank 0: n chunks from chunk `first` on into the dataset. */
static void StoreChunks(hid_t dataset, PetscInt chunk_rows, PetscInt first, PetscInt n,
                        const PetscInt64 *sizes, const unsigned char *bytes, HeatFileError *error)
{
  for (PetscInt k = 0; k < n; k++) {
    const hsize_t offset[2] = {(hsize_t)((first + k) * chunk_rows), 0};

    HeatH5(error, H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, (size_t)sizes[k], bytes));
    bytes += sizes[k];
  }
}

/* Rank 0: receive and store the chunks of another rank. */
static PetscErrorCode ReceiveChunks(const HeatGrid *g, PetscMPIInt from, hid_t dataset,
                                    HeatFileError *error)
{
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny);
  Chunks         c          = {0};

  PetscFunctionBeginUser;
  ChunksOf(g, from, &c.first, &c.n);
  if (c.n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1((size_t)c.n, &c.sizes));
  PetscCallMPI(MPI_Recv(c.sizes, (PetscMPIInt)c.n, MPI_INT64_T, from, TAG_SIZES, g->comm,
                        MPI_STATUS_IGNORE));
  for (PetscInt k = 0; k < c.n;) {
    PetscMPIInt    bytes;
    const PetscInt batch = BatchLength(c.sizes, k, c.n, &bytes);

    if ((size_t)bytes > c.room) {
      c.room = (size_t)bytes;
      PetscCall(PetscRealloc(c.room, &c.bytes));
    }
    PetscCallMPI(MPI_Recv(c.bytes, bytes, MPI_BYTE, from, TAG_CHUNKS, g->comm, MPI_STATUS_IGNORE));
    StoreChunks(dataset, chunk_rows, c.first + k, batch, c.sizes + k, c.bytes, error);
    k += batch;
  }
  PetscCall(FreeChunks(&c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All ranks' row checksums through rank 0, in order. */
static PetscErrorCode StoreSums(const HeatGrid *g, hid_t file, const char *name,
                                const uint64_t *sums, HeatFileError *error)
{
  uint64_t   *theirs;
  PetscMPIInt count;
  PetscInt    first, n;

  PetscFunctionBeginUser;
  HeatSlabRowsOf(g, g->rank, &first, &n);
  PetscCall(PetscMPIIntCast(n, &count));
  if (g->rank) {
    if (n > 0) PetscCallMPI(MPI_Send(sums, count, MPI_UINT64_T, 0, TAG_SUMS, g->comm));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatSumsWrite(file, name, first, n, sums, error);
  for (PetscMPIInt r = 1; r < g->size; r++) {
    HeatSlabRowsOf(g, r, &first, &n);
    if (n == 0) continue;
    PetscCall(PetscMPIIntCast(n, &count));
    PetscCall(PetscMalloc1((size_t)n, &theirs));
    PetscCallMPI(MPI_Recv(theirs, count, MPI_UINT64_T, r, TAG_SUMS, g->comm, MPI_STATUS_IGNORE));
    HeatSumsWrite(file, name, first, n, theirs, error);
    PetscCall(PetscFree(theirs));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rank 0: room for the field's chunks and their index, now that their size is known. */
static PetscErrorCode ReserveField(const HeatGrid *g, const char *part, hid_t file, const Chunks *c,
                                   HeatFileError *error)
{
  PetscInt64 mine[2] = {(PetscInt64)c->used, (PetscInt64)c->n}, all[2] = {0, 0};
  hsize_t    so_far = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Reduce(mine, all, 2, MPI_INT64_T, MPI_SUM, 0, g->comm));
  if (g->rank == 0) {
    HeatH5(error,
           H5Fget_filesize(file, &so_far)); /* the end of what is allocated, written or not */
    HeatFileReserve(part, (PetscInt64)so_far + all[0] + all[1] * INDEX_BYTES + HEADER_BYTES,
                    PETSC_TRUE, error);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One field's chunks and checksums into the file. */
static PetscErrorCode StoreField(const HeatGrid *g, hid_t file, const char *name, const Chunks *c,
                                 const uint64_t *sums, HeatFileError *error)
{
  hid_t dataset = -1;

  PetscFunctionBeginUser;
  if (g->rank) PetscCall(SendChunks(g, c));
  else {
    HeatH5(error, dataset = H5Dopen2(file, name, H5P_DEFAULT));
    StoreChunks(dataset, PetscMin(HeatChunkRows(g->nx), g->ny), c->first, c->n, c->sizes, c->bytes,
                error);
    for (PetscMPIInt r = 1; r < g->size; r++) PetscCall(ReceiveChunks(g, r, dataset, error));
    HeatH5Close(error, &dataset);
  }
  PetscCall(StoreSums(g, file, name, sums, error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDeflateWrite(const HeatGrid *grid, const char *part, hid_t file,
                                PetscInt n_fields, const HeatFileField *fields,
                                const uint64_t *sums, HeatFileStats *stats, HeatFileError *error)
{
  HeatSlab *slab;
  PetscInt  first, n;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabCreate(grid, &slab));
  HeatSlabGetRows(slab, &first, &n);
  for (PetscInt f = 0; f < n_fields; f++) {
    Chunks c     = {0};
    double start = MPI_Wtime();

    PetscCall(MakeChunks(grid, slab, &fields[f], &c, error));
    stats->seconds_exchange += MPI_Wtime() - start;
    start = MPI_Wtime();
    PetscCall(ReserveField(grid, part, file, &c, error));
    PetscCall(StoreField(grid, file, fields[f].name, &c, sums + (size_t)f * (size_t)n, error));
    stats->seconds_write += MPI_Wtime() - start;
    PetscCall(FreeChunks(&c));
  }
  PetscCall(HeatSlabDestroy(&slab));
  PetscFunctionReturn(PETSC_SUCCESS);
}
