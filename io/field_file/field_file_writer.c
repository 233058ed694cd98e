/** The steps of writing one field file that synchronous and asynchronous writing share
 *  (field_file_writer.h shows their order).
 *
 *  A step returns normally after a failure to write: the failure is in w->error.  Only programming
 *  errors and failures of MPI or of memory for buffers are raised as PETSc errors.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/field_file_writer.h"

#include <string.h>
#include <unistd.h>

#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"

/* Rows of each field and slab that `checkpoint.verify: sample` reads back.  Chosen: more rows find
   a damaged one with a higher probability and take longer to read. */
#define SAMPLE_ROWS 64

PetscErrorCode HeatWriterBegin(HeatWriter *w, const char *path)
{
  const HeatWriters *writers = &w->grid->writers;
  const size_t       row     = (size_t)w->grid->nx * sizeof(double);

  PetscFunctionBeginUser;
  HeatH5Begin();
  HeatPathTemporary(path, w->part, sizeof(w->part));
  w->descriptor = -1;
  PetscCheck(w->n_fields <= HEAT_MAX_FILE_FIELDS, w->grid->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "a file holds at most %d fields", HEAT_MAX_FILE_FIELDS);
  w->piece = HeatPieceRows(w->grid->nx);
  if (w->options->compression == HEAT_COMPRESSION_NONE) {
    PetscCall(HeatSlabCreate(w->grid, writers, &w->slab));
    HeatSlabGetRows(w->slab, &w->first, &w->n);
    if (writers->is_one)
      HeatSlabRowsOf(w->grid, writers, writers->reads, &w->peer_first, &w->peer_n);
    PetscCall(PetscMalloc((size_t)PetscMin(w->piece, PetscMax(w->n, w->peer_n)) * row, &w->rows));
  } else { /* all ranks compress, and rank 0 writes */
    PetscCall(HeatSlabCreate(w->grid, NULL, &w->slab));
    HeatSlabGetRows(w->slab, &w->first, &w->n);
  }
  PetscCall(PetscMalloc1((size_t)w->n_fields * (size_t)w->n, &w->sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterEnd(HeatWriter *w)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(w->rows));
  PetscCall(PetscFree(w->sums));
  PetscCall(HeatSlabDestroy(&w->slab));
  if (w->descriptor >= 0) (void)close(w->descriptor);
  w->descriptor = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterSums(HeatWriter *w)
{
  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < w->n_fields; f++) {
    PetscCall(HeatSlabRowSums(w->slab, HeatElementBytes(w->fields[f].element), w->fields[f].block,
                              w->sums + (size_t)f * (size_t)w->n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the skeleton, close it, and reserve the disk space of the data.  Rank 0 alone. */
static void WriteSkeleton(HeatWriter *w)
{
  hid_t file = HeatSkeletonCreate(w->grid, w->part, w->options, w->n_fields, w->fields,
                                  &w->descriptor, w->error);

  HeatSkeletonClose(&file, w->error);
  HeatFileTrim(w->descriptor, w->error);
  HeatFileReserve(w->descriptor, HeatFileBytes(w->descriptor), PETSC_FALSE, w->error);
}

PetscErrorCode HeatWriterBookkeeping(HeatWriter *w)
{
  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    WriteSkeleton(w);
    HeatFieldFileOffsets(w->part, w->n_fields, w->fields, w->offsets, w->error);
    if (!w->error->failed) HeatWriterSeal(w);
    if (w->options->verify != HEAT_READ_BACK_NONE) HeatWriterCheckHeader(w);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  PetscCallMPI(MPI_Bcast(w->offsets, 2 * HEAT_MAX_FILE_FIELDS, MPI_INT64_T, 0, w->grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

size_t HeatWriterRowBytes(const HeatWriter *w, PetscInt f)
{
  return (size_t)w->grid->nx * HeatElementBytes(w->fields[f].element);
}

/* Write bytes in pieces, with a heartbeat (solver/base/heartbeat.h) after each. */
static void WriteBytes(int file, const char *bytes, size_t length, int64_t start,
                       HeatFileError *error)
{
  const size_t piece = HEAT_STREAM_BYTES;

  for (size_t at = 0; at < length && !error->failed; at += piece) {
    HeatFileWriteAt(file, bytes + at, PetscMin(piece, length - at),
                    (PetscInt64)(start + (int64_t)at), error);
    HeatBeat();
  }
}

void HeatWriterPutRows(HeatWriter *w, int file, PetscInt f, PetscInt from, PetscInt n,
                       const void *rows)
{
  const size_t row = HeatWriterRowBytes(w, f);

  WriteBytes(file, rows, (size_t)n * row,
             w->offsets[2 * f] + ((int64_t)w->first + (int64_t)from) * (int64_t)row, w->error);
}

void HeatWriterPutSums(HeatWriter *w, int file, PetscInt f)
{
  WriteBytes(file, (const char *)(w->sums + (size_t)f * (size_t)w->n), (size_t)w->n * 8,
             w->offsets[2 * f + 1] + (int64_t)w->first * 8, w->error);
}

PetscErrorCode HeatWriterPeerSums(HeatWriter *w, uint64_t **sums)
{
  const HeatWriters *writers = &w->grid->writers;
  PetscMPIInt        n, peer_n;

  PetscFunctionBeginUser;
  *sums = NULL;
  w->grid->moves[HeatTrafficNow()].peer_sums += w->n_fields;
  if (!writers->is_one) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMPIIntCast(w->n, &n));
  PetscCall(PetscMPIIntCast(w->peer_n, &peer_n));
  PetscCall(PetscMalloc1((size_t)w->n_fields * (size_t)w->peer_n, sums));
  for (PetscInt f = 0; f < w->n_fields; f++) {
    PetscCallMPI(MPI_Sendrecv(w->sums + (size_t)f * (size_t)w->n, n, MPI_UINT64_T, writers->read_by,
                              0, *sums + (size_t)f * (size_t)w->peer_n, peer_n, MPI_UINT64_T,
                              writers->reads, 0, w->grid->comm, MPI_STATUS_IGNORE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return which rows of the other rank's slab are read back in the k-th turn, k = 0, 1, ...: rows
   [*j, *j + *n) of peer_n.  Return false when there is no k-th turn.  `full`: the turns are pieces
   that make up all rows; otherwise one row each, the first, the last, and others evenly spaced
   between them, SAMPLE_ROWS at most. */
static PetscBool ReadBackRange(const HeatWriter *w, PetscBool full, PetscInt k, PetscInt *j,
                               PetscInt *n)
{
  const PetscInt rows = w->peer_n, picks = PetscMin(rows, SAMPLE_ROWS);

  if (full) *j = k * w->piece;
  else
    *j = k >= picks ? rows : picks > 1 ? (PetscInt)((PetscInt64)k * (rows - 1) / (picks - 1)) : 0;
  *n = PetscMin(full ? w->piece : 1, rows - *j);
  return *j < rows ? PETSC_TRUE : PETSC_FALSE;
}

/* Read rows [j, j + n) of the other rank's slab, and compare both their checksums and the checksums
   stored in the file with those that the other rank computed from its blocks. */
static void CompareRows(HeatWriter *w, int file, PetscInt f, PetscInt j, PetscInt n,
                        const uint64_t *sums)
{
  const int64_t row    = (int64_t)HeatWriterRowBytes(w, f);
  const int64_t first  = (int64_t)w->peer_first + (int64_t)j;
  uint64_t     *stored = w->rows; /* reused: a row of doubles has at least the 8 bytes of its sum */

  HeatFileReadAt(file, w->rows, (size_t)n * (size_t)row, w->offsets[2 * f] + first * row, w->error);
  HeatRowsCompare(HeatElementBytes(w->fields[f].element), w->rows, (PetscInt)first, n, w->grid->nx,
                  sums, w->fields[f].name, w->error);
  HeatFileReadAt(file, stored, (size_t)n * 8, w->offsets[2 * f + 1] + first * 8, w->error);
  HeatSumsCompareArrays(stored, sums, (PetscInt)first, n, w->fields[f].name, w->error);
  HeatBeat();
}

void HeatWriterReadBack(HeatWriter *w, int file, const uint64_t *peer_sums)
{
  const PetscBool full = w->options->verify == HEAT_READ_BACK_FULL ? PETSC_TRUE : PETSC_FALSE;

  for (PetscInt f = 0; f < w->n_fields && !w->error->failed; f++) {
    const uint64_t *sums = peer_sums + (size_t)f * (size_t)w->peer_n;
    PetscInt        j, n;

    for (PetscInt k = 0; ReadBackRange(w, full, k, &j, &n) && !w->error->failed; k++)
      CompareRows(w, file, f, j, n, sums + j);
  }
}

/* Read back the axes and, with options->extra_check, what options->extra wrote.  Rank 0 alone. */
static void ReadBackExtra(const HeatWriter *w)
{
  hid_t file = w->error->failed ? -1 : HeatH5OpenRead(w->part, w->error);

  if (file < 0) return;
  HeatAxesVerify(file, w->error);
  if (w->options->extra_check && !w->error->failed)
    w->options->extra_check((int64_t)file, w->options->context, w->error);
  HeatH5Close(w->error, &file);
}

void HeatWriterCheckHeader(const HeatWriter *w)
{
  HeatFieldFileInfo *info;

  if (w->error->failed) return;
  if (PetscNew(&info)) {
    HeatFileFail(w->error, "no memory to read it back");
    return;
  }
  HeatInfoRead(w->part, info, w->error);
  if (!w->error->failed && (info->step != w->options->step || info->nx != w->grid->nx ||
                            info->ny != w->grid->ny || info->n_fields != w->n_fields)) {
    HeatFileFail(w->error, "reading it back gives another header than was written");
  }
  (void)PetscFree(info);
  ReadBackExtra(w);
}

void HeatWriterSeal(HeatWriter *w)
{
  HeatSeal seal;

  HeatFieldFileSeal(w->part, w->n_fields, w->fields, &seal, w->error);
  w->stats.bytes       = HeatFileBytes(w->descriptor);
  w->stats.bookkeeping = seal.checksum;
}

PetscErrorCode HeatWriterPublish(HeatWriter *w, const char *path)
{
  const double start = HeatMonotonicTime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    HeatFilePublish(w->part, path, w->error);
    if (w->error->failed) unlink(w->part);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_sync += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterStats(HeatWriter *w, double seconds, HeatFileStats *stats)
{
  double   mine[8], all[8];
  uint64_t values = 0;

  PetscFunctionBeginUser;
  for (size_t k = 0; k < (size_t)w->n_fields * (size_t)w->n; k++) values += w->sums[k];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &values, 1, MPI_UINT64_T, MPI_SUM, w->grid->comm));
  mine[0] = seconds;
  mine[1] = w->stats.seconds_open;
  mine[2] = w->stats.seconds_exchange;
  mine[3] = w->stats.seconds_write;
  mine[4] = w->stats.seconds_close;
  mine[5] = (double)w->stats.bytes; /* a double is exact up to 2^53 bytes */
  mine[6] = w->stats.seconds_sync;
  mine[7] = w->stats.seconds_verify;
  PetscCallMPI(MPI_Allreduce(mine, all, 8, MPI_DOUBLE, MPI_MAX, w->grid->comm));
  if (stats) {
    *stats = (HeatFileStats){.files            = 1,
                             .bytes            = (PetscInt64)all[5],
                             .seconds          = all[0],
                             .seconds_open     = all[1],
                             .seconds_exchange = all[2],
                             .seconds_write    = all[3],
                             .seconds_close    = all[4],
                             .seconds_sync     = all[6],
                             .seconds_verify   = all[7],
                             .bookkeeping      = w->stats.bookkeeping,
                             .values           = values};
    memcpy(stats->hints, w->stats.hints, sizeof(stats->hints));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
