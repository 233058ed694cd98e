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

#include "solver/base/monotonic.h"

/* Rows of each field and slab that `checkpoint.verify: sample` reads back.  Chosen: more rows find
   a damaged one with a higher probability and take longer to read. */
#define SAMPLE_ROWS 64

/* Return the rank whose rows this rank reads back (`reads` true), or the rank that reads back the
   rows of this one (false).  They are size/2 ranks apart: with several nodes of equal size that is
   a rank of another node, whose page cache does not hold the rows. */
static PetscMPIInt PeerOf(const HeatGrid *grid, PetscBool reads)
{
  const PetscMPIInt away = grid->size / 2;

  return (grid->rank + (reads ? away : grid->size - away)) % grid->size;
}

PetscErrorCode HeatWriterBegin(HeatWriter *w, const char *path)
{
  const size_t row = (size_t)w->grid->nx * sizeof(double);

  PetscFunctionBeginUser;
  HeatH5Begin();
  HeatPathTemporary(path, w->part, sizeof(w->part));
  w->descriptor = -1;
  PetscCheck(w->n_fields <= HEAT_MAX_FILE_FIELDS, w->grid->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "a file holds at most %d fields", HEAT_MAX_FILE_FIELDS);
  PetscCall(HeatSlabCreate(w->grid, &w->slab));
  HeatSlabGetRows(w->slab, &w->first, &w->n);
  HeatSlabRowsOf(w->grid, PeerOf(w->grid, PETSC_TRUE), &w->peer_first, &w->peer_n);
  w->piece = HeatPieceRows(row);
  PetscCall(PetscMalloc1((size_t)w->n_fields * (size_t)w->n, &w->sums));
  if (w->options->compression == HEAT_COMPRESSION_NONE)
    PetscCall(PetscMalloc((size_t)w->piece * row, &w->rows));
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

PetscErrorCode HeatWriterSkeleton(HeatWriter *w)
{
  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    hid_t file = HeatSkeletonCreate(w->grid, w->part, w->options, w->n_fields, w->fields,
                                    &w->descriptor, w->error);

    HeatSkeletonClose(&file, w->error);
    HeatFileTrim(w->descriptor, w->error);
    HeatFileReserve(w->descriptor, HeatFileBytes(w->descriptor), PETSC_FALSE, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterPeerSums(HeatWriter *w, uint64_t **sums)
{
  const PetscMPIInt from = PeerOf(w->grid, PETSC_TRUE), to = PeerOf(w->grid, PETSC_FALSE);
  PetscMPIInt       n, peer_n;

  PetscFunctionBeginUser;
  PetscCall(PetscMPIIntCast(w->n, &n));
  PetscCall(PetscMPIIntCast(w->peer_n, &peer_n));
  PetscCall(PetscMalloc1((size_t)w->n_fields * (size_t)w->peer_n, sums));
  for (PetscInt f = 0; f < w->n_fields; f++) {
    PetscCallMPI(MPI_Sendrecv(w->sums + (size_t)f * (size_t)w->n, n, MPI_UINT64_T, to, 0,
                              *sums + (size_t)f * (size_t)w->peer_n, peer_n, MPI_UINT64_T, from, 0,
                              w->grid->comm, MPI_STATUS_IGNORE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatWriterReadBackRange(const HeatWriter *w, PetscBool full, PetscInt k, PetscInt *j,
                                  PetscInt *n)
{
  const PetscInt rows = w->peer_n, picks = PetscMin(rows, SAMPLE_ROWS);

  if (full) *j = k * w->piece;
  else
    *j = k >= picks ? rows : picks > 1 ? (PetscInt)((PetscInt64)k * (rows - 1) / (picks - 1)) : 0;
  *n = PetscMin(full ? w->piece : 1, rows - *j);
  return *j < rows ? PETSC_TRUE : PETSC_FALSE;
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
