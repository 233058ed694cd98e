/** Writing a field file at once: skeleton, reservation, independent slabs, sync, read back, rename.
 *
 *  Every step ends in a meeting point where the ranks agree whether all went well; the collective
 *  calls of HDF5 (parallel open, flush, close) lie between two of them, so that no rank waits for
 *  one that has left.  Compressed files take another way to the same meeting points: the ranks
 *  compress, rank 0 writes (field_file_deflate.c).
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/field_file_writer.h"

#define SAMPLE_ROWS 64 /* of a slab and field that `verify: sample` reads back */

void HeatFileStatsAdd(HeatFileStats *a, const HeatFileStats *b)
{
  a->files += b->files;
  a->bytes += b->bytes;
  a->seconds += b->seconds;
  a->seconds_open += b->seconds_open;
  a->seconds_exchange += b->seconds_exchange;
  a->seconds_write += b->seconds_write;
  a->seconds_close += b->seconds_close;
  a->seconds_sync += b->seconds_sync;
  a->seconds_verify += b->seconds_verify;
  if (b->hints[0]) memcpy(a->hints, b->hints, sizeof(a->hints));
}

/* A rank reads back what the rank half of all away wrote: one of another node, where there are
   several of one size. */
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
  HeatPathPart(path, w->part, sizeof(w->part));
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
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterSums(HeatWriter *w)
{
  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < w->n_fields; ++f) {
    PetscCall(HeatSlabRowSums(w->slab, HeatElementBytes(w->fields[f].element), w->fields[f].block,
                              w->sums + (size_t)f * (size_t)w->n));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Size of a file, 0 when it cannot be told. */
static PetscInt64 FileBytes(const char *path)
{
  struct stat status;

  return stat(path, &status) == 0 ? (PetscInt64)status.st_size : 0;
}

PetscErrorCode HeatWriterSkeleton(HeatWriter *w)
{
  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    hid_t file = HeatSkeletonCreate(w->grid, w->part, w->options, w->n_fields, w->fields, w->error);

    HeatSkeletonClose(&file, w->error);
    HeatFileTrim(w->part, w->error);
    HeatFileReserve(w->part, FileBytes(w->part), PETSC_FALSE, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* One piece of a field: exchange (always, so that the peers get their cells), then this rank's rows. */
static PetscErrorCode WritePiece(HeatWriter *w, hid_t dataset, const HeatFileField *field,
                                 PetscInt from)
{
  double      start = MPI_Wtime();
  PetscInt    n;
  const void *rows;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabGetPiece(w->slab, HeatElementMPIType(field->element), field->block, from,
                             w->piece, w->rows, &n, &rows));
  w->stats.seconds_exchange += MPI_Wtime() - start;
  start = MPI_Wtime();
  if (n > 0 && !w->error->failed)
    HeatRowsWrite(dataset, HeatElementMemoryType(field->element), w->first + from, n, w->grid->nx,
                  HeatElementBytes(field->element), rows, w->error);
  w->stats.seconds_write += MPI_Wtime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteField(HeatWriter *w, hid_t file, PetscInt f)
{
  const HeatFileField *field   = &w->fields[f];
  hid_t                dataset = -1;

  PetscFunctionBeginUser;
  if (w->n > 0) HeatH5(w->error, dataset = H5Dopen2(file, field->name, H5P_DEFAULT));
  for (PetscInt from = 0; from < HeatSlabMostRows(w->slab); from += w->piece)
    PetscCall(WritePiece(w, dataset, field, from));
  HeatH5Close(w->error, &dataset);
  if (w->n > 0 && !w->error->failed)
    HeatSumsWrite(file, field->name, w->first, w->n, w->sums + (size_t)f * (size_t)w->n, w->error);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Each rank opens the file for itself, writes, flushes, closes.  Agreed.  With a communicator of all
   ranks HDF5 would close together, and a rank whose last write fails there would leave the others
   waiting for ever; with the serial driver HDF5 would write more than the rows, through buffers that
   know nothing of the other ranks.  So it is the MPI-IO driver on a communicator of one. */
static PetscErrorCode WriteSlabs(HeatWriter *w)
{
  MPI_Info hints  = HeatH5Hints(w->options->hints, w->error);
  hid_t    access = HeatH5WriteAccess(PETSC_COMM_SELF, hints, w->options->alignment, w->error),
        file      = -1;
  double start    = MPI_Wtime();

  PetscFunctionBeginUser;
  HeatH5(w->error, file = H5Fopen(w->part, H5F_ACC_RDWR, access));
  HeatH5Close(w->error, &access);
  if (hints != MPI_INFO_NULL) PetscCallMPI(MPI_Info_free(&hints));
  if (w->grid->rank == 0)
    HeatH5HintsInForce(file, w->stats.hints, sizeof(w->stats.hints), w->error);
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_open += MPI_Wtime() - start;
  if (!w->error->failed) {
    for (PetscInt f = 0; f < w->n_fields; ++f) PetscCall(WriteField(w, file, f));
  }
  start = MPI_Wtime();
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  HeatH5(w->error, H5Fflush(file, H5F_SCOPE_GLOBAL));
  HeatH5Close(w->error, &file);
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_close += MPI_Wtime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rank 0 keeps the serial file; the ranks compress and hand over.  Agreed. */
static PetscErrorCode WriteCompressed(HeatWriter *w)
{
  hid_t  file  = -1;
  double start = MPI_Wtime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    file = HeatSkeletonCreate(w->grid, w->part, w->options, w->n_fields, w->fields, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_open += MPI_Wtime() - start;
  if (!w->error->failed) {
    PetscCall(HeatDeflateWrite(w->grid, w->part, file, w->n_fields, w->fields, w->sums, &w->stats,
                               w->error));
  }
  start = MPI_Wtime();
  if (file >= 0) {
    HeatSkeletonClose(&file, w->error);
    HeatFileTrim(w->part, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_close += MPI_Wtime() - start;
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
  for (PetscInt f = 0; f < w->n_fields; ++f) {
    PetscCallMPI(MPI_Sendrecv(w->sums + (size_t)f * (size_t)w->n, n, MPI_UINT64_T, to, 0,
                              *sums + (size_t)f * (size_t)w->peer_n, peer_n, MPI_UINT64_T, from, 0,
                              w->grid->comm, MPI_STATUS_IGNORE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Some of the peer's rows of one field, [first, first + n), and their stored checksums, against those
   of the blocks. */
static void ReadBackRows(HeatWriter *w, hid_t file, const HeatFileField *field, PetscInt first,
                         PetscInt n, const uint64_t *sums, HeatFileError *error)
{
  const size_t bytes   = HeatElementBytes(field->element);
  hid_t        dataset = -1;

  HeatH5(error, dataset = H5Dopen2(file, field->name, H5P_DEFAULT));
  HeatRowsRead(dataset, HeatElementMemoryType(field->element), first, n, w->grid->nx, bytes,
               w->rows, error);
  HeatH5Close(error, &dataset);
  HeatRowsCompare(bytes, w->rows, first, n, w->grid->nx, sums, field->name, error);
  HeatSumsCompare(file, field->name, first, n, sums, error);
}

PetscBool HeatWriterPick(const HeatWriter *w, PetscBool full, PetscInt k, PetscInt *j, PetscInt *n)
{
  const PetscInt rows = w->peer_n, picks = PetscMin(rows, SAMPLE_ROWS);

  if (full) *j = k * w->piece;
  else
    *j = k >= picks ? rows : picks > 1 ? (PetscInt)((PetscInt64)k * (rows - 1) / (picks - 1)) : 0;
  *n = PetscMin(full ? w->piece : 1, rows - *j);
  return *j < rows ? PETSC_TRUE : PETSC_FALSE;
}

/* The peer's rows of the closed file: all, or the first, the last and some between. */
static PetscErrorCode ReadBack(HeatWriter *w)
{
  const PetscBool full  = w->options->verify == HEAT_READ_BACK_FULL ? PETSC_TRUE : PETSC_FALSE;
  const PetscInt  n     = w->peer_n;
  uint64_t      *sums;
  hid_t          file;

  PetscFunctionBeginUser;
  PetscCall(HeatWriterPeerSums(w, &sums));
  file = n > 0 ? HeatH5OpenRead(w->part, w->error) : -1;
  for (PetscInt f = 0; f < w->n_fields && file >= 0; ++f) {
    const HeatFileField *field = &w->fields[f];
    const uint64_t      *row   = sums + (size_t)f * (size_t)n;

    PetscInt j, m;

    for (PetscInt k = 0; HeatWriterPick(w, full, k, &j, &m); ++k)
      ReadBackRows(w, file, field, w->peer_first + j, m, row + j, w->error);
  }
  HeatH5Close(w->error, &file);
  PetscCall(PetscFree(sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rank 0: axes, and what `extra` wrote. */
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
  w->stats.bytes       = FileBytes(w->part);
  w->stats.bookkeeping = seal.checksum;
}

PetscErrorCode HeatWriterPublish(HeatWriter *w, const char *path)
{
  const double start = MPI_Wtime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    HeatFilePublish(w->part, path, w->error);
    if (w->error->failed) unlink(w->part);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_sync += MPI_Wtime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Seal and sync, read back when asked for, give the final name.  Agreed; on a failure no part is
   left. */
static PetscErrorCode Publish(HeatWriter *w, const char *path)
{
  const PetscBool verify = w->options->verify != HEAT_READ_BACK_NONE ? PETSC_TRUE : PETSC_FALSE;
  double          start  = MPI_Wtime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    HeatWriterSeal(w);
    HeatFileSync(w->part, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_sync += MPI_Wtime() - start;
  start = MPI_Wtime();
  if (verify && !w->error->failed) {
    if (w->grid->rank == 0) HeatWriterCheckHeader(w);
    if (w->options->compression == HEAT_COMPRESSION_NONE) PetscCall(ReadBack(w));
    PetscCall(HeatFileShare(w->grid->comm, w->error));
  }
  w->stats.seconds_verify += MPI_Wtime() - start;
  PetscCall(HeatWriterPublish(w, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWriterStats(HeatWriter *w, double seconds, HeatFileStats *stats)
{
  double   mine[8], all[8];
  uint64_t values = 0;

  PetscFunctionBeginUser;
  for (size_t k = 0; k < (size_t)w->n_fields * (size_t)w->n; ++k) values += w->sums[k];
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &values, 1, MPI_UINT64_T, MPI_SUM, w->grid->comm));
  mine[0] = seconds;
  mine[1] = w->stats.seconds_open;
  mine[2] = w->stats.seconds_exchange;
  mine[3] = w->stats.seconds_write;
  mine[4] = w->stats.seconds_close;
  mine[5] = (double)w->stats.bytes; /* exact up to 2^53 */
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

PetscErrorCode HeatFieldFileTryWrite(const HeatGrid *grid, const char *path,
                                     const HeatFieldFileOptions *options, PetscInt n_fields,
                                     const HeatFileField *fields, HeatFileStats *stats,
                                     HeatFileError *error)
{
  const double start = MPI_Wtime();
  double       sums_start;
  HeatWriter   w = {
        .grid = grid, .options = options, .n_fields = n_fields, .fields = fields, .error = error};

  PetscFunctionBeginUser;
  if (stats) *stats = (HeatFileStats){0};
  PetscCall(HeatWriterBegin(&w, path));
  sums_start = MPI_Wtime();
  PetscCall(HeatWriterSums(&w));
  w.stats.seconds_exchange = MPI_Wtime() - sums_start;
  if (options->compression == HEAT_COMPRESSION_NONE) {
    const double skeleton_start = MPI_Wtime();

    PetscCall(HeatWriterSkeleton(&w));
    w.stats.seconds_open = MPI_Wtime() - skeleton_start;
    if (!error->failed) PetscCall(WriteSlabs(&w));
  } else PetscCall(WriteCompressed(&w));
  PetscCall(Publish(&w, path));
  if (!error->failed) PetscCall(HeatWriterStats(&w, MPI_Wtime() - start, stats));
  PetscCall(HeatWriterEnd(&w));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileWrite(const HeatGrid *grid, const char *path,
                                  const HeatFieldFileOptions *options, PetscInt n_fields,
                                  const HeatFileField *fields, HeatFileStats *stats)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileTryWrite(grid, path, options, n_fields, fields, stats, &error));
  HeatCheck(!error.failed, grid->comm, HEAT_ERR_FILE, "%s cannot be written: %s", path, error.text);
  PetscFunctionReturn(PETSC_SUCCESS);
}
