/** Write compressed fields without collective writes.
 *
 *  HDF5 writes filtered datasets from several ranks only collectively, and there the failure of one
 *  rank (a full disk) hangs the others forever.  Therefore all ranks apply HDF5's filters here, in
 *  parallel (byte shuffle, then zlib), and rank 0 puts the finished chunks into the file through
 *  HDF5's serial driver, in the order of the rows.  After a failure on rank 0 the rest is received
 *  and dropped, so nothing can hang.  A chunk is a number of whole rows that depends on the grid
 *  alone, so the file's bytes do not depend on the number of ranks.  Compression takes most of the
 *  time by far; the single writer becomes the limit when the ranks together compress faster than
 *  one process writes.
 *
 *  Every rank is an owner of rows here, whatever output.writers says: compression is the work to be
 *  shared, and the file is opened by rank 0 alone.
 *
 *  A chunk belongs to the rank whose slab holds its first row.  The rows of the chunk that other
 *  ranks hold are sent there first (here chunks of 4 rows, slabs of 6, 5 and 5 rows):
 *
 *      row     0     2     4     6     8    10    12    14    16
 *      slabs   |      rank 0     |    rank 1    |    rank 2    |
 *      chunks  |  chunk 0  |  chunk 1  |  chunk 2  |  chunk 3  |
 *      owner   |   rank 0  |   rank 0  |   rank 1  |   rank 2  |
 *                                ^-----^        ^--^
 *                        rank 1 sends rows 6, 7 to rank 0, rank 2 sends row 11 to rank 1:
 *                        these are their leading rows
 */
#include <string.h>

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab.h"
#include "io/file/deflate.h"
#include "solver/base/monotonic.h"

/* [bytes] that a chunk may take in HDF5's index, chosen above the size of an entry. */
#define INDEX_BYTES 128

/* [bytes] reserved for the rest of HDF5's metadata.  Chosen: a larger value asks for space that is
   given back when the file is trimmed; with a smaller one a full disk may be found only by HDF5. */
#define HEADER_BYTES 65536

enum { TAG_ROWS = 11, TAG_SIZES, TAG_CHUNKS, TAG_SUMS };

/* The compressed chunks of one field on one rank. */
typedef struct {
  PetscInt       first, n;   /* chunks [first, first + n), numbered upwards from row 0 */
  PetscInt64    *sizes;      /* owned: [n] compressed bytes of each */
  unsigned char *bytes;      /* owned: the compressed chunks, one after another */
  size_t         used, room; /* [bytes] of `bytes`: filled, allocated */
} Chunks;

/* Return the chunks [*first, *first + *n) that belong to a rank: their first row is in its slab. */
static void ChunksOf(const HeatGrid *g, PetscMPIInt rank, PetscInt *first, PetscInt *n)
{
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny);
  PetscInt       row, rows;

  HeatSlabRowsOf(g, NULL, rank, &row, &rows);
  *first = (row + chunk_rows - 1) / chunk_rows;
  *n     = (row + rows + chunk_rows - 1) / chunk_rows - *first;
}

/* Return the number of leading rows of a rank: rows of its slab that belong to the chunk of an
   earlier rank. */
static PetscInt LeadingRows(const HeatGrid *g, PetscMPIInt rank)
{
  PetscInt first, n, chunk, chunks;

  HeatSlabRowsOf(g, NULL, rank, &first, &n);
  ChunksOf(g, rank, &chunk, &chunks);
  return PetscMin(n, chunk * PetscMin(HeatChunkRows(g->nx), g->ny) - first);
}

/* Return the rank whose slab holds a row.  Slabs ascend with the rank, but some may be empty. */
static PetscMPIInt OwnerOfRow(const HeatGrid *g, PetscInt row)
{
  PetscMPIInt low = 0, high = g->size - 1;

  while (low < high) { /* bisection: the last rank whose slab begins at or before `row` ... */
    const PetscMPIInt middle = low + (high - low + 1) / 2;
    PetscInt          first, n;

    HeatSlabRowsOf(g, NULL, middle, &first, &n);
    if (first <= row) low = middle;
    else high = middle - 1;
  }
  for (PetscInt first, n; low > 0; low--) { /* ... and the last of these that has rows */
    HeatSlabRowsOf(g, NULL, low, &first, &n);
    if (n > 0 && first <= row) break;
  }
  return low;
}

/* Send this rank's leading rows to the rank that owns their chunk, and receive the rows that are
   missing in this rank's last chunk.  Collective on grid->comm.
   @param[in,out] rows  this rank's slab, with room for one more chunk behind it, where the received
                        rows are appended */
static PetscErrorCode CompleteChunks(const HeatGrid *g, size_t bytes, unsigned char *rows)
{
  const PetscInt chunk_rows = PetscMin(HeatChunkRows(g->nx), g->ny), mine = LeadingRows(g, g->rank);
  const size_t   row_bytes = (size_t)g->nx * bytes;
  PetscInt       first, n, chunk, chunks, have, need;
  MPI_Request    sent = MPI_REQUEST_NULL;
  PetscMPIInt    count;

  PetscFunctionBeginUser;
  HeatSlabRowsOf(g, NULL, g->rank, &first, &n);
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

/* Apply HDF5's shuffle filter to n elements: to[b n + i] = byte b of element i, so that all first
   bytes come first, then all second bytes, ... */
static void Shuffle(size_t bytes, size_t n, const unsigned char *from, unsigned char *to)
{
  for (size_t b = 0; b < bytes; b++) {
    for (size_t i = 0; i < n; i++) to[b * n + i] = from[i * bytes + b];
  }
}

/* Shuffle and compress `cells` cells of `source` and append them to the list as its chunk k. */
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

/* Redistribute, complete and compress this rank's chunks of a field.  The last chunk of the grid is
   padded with rows of zeros.  Collective on grid->comm; a failure stays on its rank. */
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

/* Return how many chunks, from chunk k on, fit into one message of HEAT_CALL_BYTES, at least 1. */
static PetscInt BatchLength(const PetscInt64 *sizes, PetscInt k, PetscInt n, PetscMPIInt *bytes)
{
  PetscInt64 total = 0;
  PetscInt   end   = k;

  while (end < n && (end == k || total + sizes[end] <= HEAT_CALL_BYTES)) total += sizes[end++];
  *bytes = (PetscMPIInt)total;
  return end - k;
}

/* Send all chunks of this rank to rank 0: the sizes, then the bytes in batches. */
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

/* Write chunks [first, first + n) into the dataset.  Rank 0 alone. */
static void StoreChunks(hid_t dataset, PetscInt chunk_rows, PetscInt first, PetscInt n,
                        const PetscInt64 *sizes, const unsigned char *bytes, HeatFileError *error)
{
  for (PetscInt k = 0; k < n; k++) {
    const hsize_t offset[2] = {(hsize_t)((first + k) * chunk_rows), 0};

    HeatH5(error, H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, offset, (size_t)sizes[k], bytes));
    bytes += sizes[k];
  }
}

/* Receive the chunks of another rank and write them, batch by batch.  Rank 0 alone. */
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

/* Let rank 0 write the row checksums of all ranks, in order of rank.  Collective on grid->comm. */
static PetscErrorCode StoreSums(const HeatGrid *g, hid_t file, const char *name,
                                const uint64_t *sums, HeatFileError *error)
{
  uint64_t   *theirs;
  PetscMPIInt count;
  PetscInt    first, n;

  PetscFunctionBeginUser;
  HeatSlabRowsOf(g, NULL, g->rank, &first, &n);
  PetscCall(PetscMPIIntCast(n, &count));
  if (g->rank) {
    if (n > 0) PetscCallMPI(MPI_Send(sums, count, MPI_UINT64_T, 0, TAG_SUMS, g->comm));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatSumsWrite(file, name, first, n, sums, error);
  for (PetscMPIInt r = 1; r < g->size; r++) {
    HeatSlabRowsOf(g, NULL, r, &first, &n);
    if (n == 0) continue;
    PetscCall(PetscMPIIntCast(n, &count));
    PetscCall(PetscMalloc1((size_t)n, &theirs));
    PetscCallMPI(MPI_Recv(theirs, count, MPI_UINT64_T, r, TAG_SUMS, g->comm, MPI_STATUS_IGNORE));
    HeatSumsWrite(file, name, first, n, theirs, error);
    PetscCall(PetscFree(theirs));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reserve disk space for the field's chunks and their index, now that their size is known.
   Collective on grid->comm; rank 0 reserves. */
static PetscErrorCode ReserveField(const HeatGrid *g, int descriptor, hid_t file, const Chunks *c,
                                   HeatFileError *error)
{
  PetscInt64 mine[2] = {(PetscInt64)c->used, (PetscInt64)c->n}, all[2] = {0, 0};
  hsize_t    so_far = 0, above, alignment = 0;
  hid_t      access = -1;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Reduce(mine, all, 2, MPI_INT64_T, MPI_SUM, 0, g->comm));
  if (g->rank == 0) {
    HeatH5(error, H5Fget_filesize(file, &so_far)); /* end of what HDF5 has allocated so far */
    HeatH5(error, access = H5Fget_access_plist(file));
    HeatH5(error, H5Pget_alignment(access, &above, &alignment)); /* a chunk may lose as much */
    HeatH5Close(error, &access);
    HeatFileReserve(descriptor,
                    (PetscInt64)so_far + all[0] + all[1] * (INDEX_BYTES + (PetscInt64)alignment) +
                        HEADER_BYTES,
                    PETSC_TRUE, error);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write one field's chunks and row checksums into the file.  Collective on grid->comm. */
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

PetscErrorCode HeatDeflateWrite(const HeatGrid *grid, int descriptor, hid_t file, PetscInt n_fields,
                                const HeatFileField *fields, const uint64_t *sums,
                                HeatFileStats *stats, HeatFileError *error)
{
  HeatSlab *slab;
  PetscInt  first, n;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabCreate(grid, NULL, &slab));
  HeatSlabGetRows(slab, &first, &n);
  for (PetscInt f = 0; f < n_fields; f++) {
    Chunks c     = {0};
    double start = HeatMonotonicTime();

    PetscCall(MakeChunks(grid, slab, &fields[f], &c, error));
    stats->seconds_exchange += HeatMonotonicTime() - start;
    start = HeatMonotonicTime();
    PetscCall(ReserveField(grid, descriptor, file, &c, error));
    PetscCall(StoreField(grid, file, fields[f].name, &c, sums + (size_t)f * (size_t)n, error));
    stats->seconds_write += HeatMonotonicTime() - start;
    PetscCall(FreeChunks(&c));
  }
  PetscCall(HeatSlabDestroy(&slab));
  PetscFunctionReturn(PETSC_SUCCESS);
}
