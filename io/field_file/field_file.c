/** Write a field file synchronously: skeleton, reservation of disk space, slabs, seal, sync,
 *  reading back, rename.
 *
 *  Every step ends in a meeting point, where the ranks agree whether all of them succeeded
 *  (field_file_writer.h has the diagram).  Each rank opens, flushes and closes the file for itself,
 *  with MPI-IO on a communicator of one rank, so no HDF5 call is collective and no rank waits in
 *  one for a rank that has failed.  Compressed files reach the same meeting points by another way:
 *  all ranks compress, and rank 0 alone writes (field_file_deflate.c).
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/field_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/field_file/field_file_writer.h"
#include "solver/base/monotonic.h"

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

/* Redistribute one piece of a field, then write this rank's rows of it, which begin at row `from`
   of the slab.  A rank that has failed redistributes as well, because the others need its cells. */
static PetscErrorCode WritePiece(HeatWriter *w, hid_t dataset, const HeatFileField *field,
                                 PetscInt from)
{
  double      start = HeatMonotonicTime();
  PetscInt    n;
  const void *rows;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabGetPiece(w->slab, HeatElementMPIType(field->element), field->block, from,
                             w->piece, w->rows, &n, &rows));
  w->stats.seconds_exchange += HeatMonotonicTime() - start;
  start = HeatMonotonicTime();
  if (n > 0 && !w->error->failed)
    HeatRowsWrite(dataset, HeatElementMemoryType(field->element), w->first + from, n, w->grid->nx,
                  HeatElementBytes(field->element), rows, w->error);
  w->stats.seconds_write += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write this rank's rows of field f, piece by piece, and then their checksums.  Collective on
   grid->row_comm. */
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

/* Open the file on each rank for itself, write its slab, flush and close.  Collective on
   grid->comm; every rank returns with the same w->error.  The driver is MPI-IO on a communicator of
   one rank.  With a communicator of all ranks H5Fclose is collective, and a rank whose last write
   fails in it leaves the others waiting forever.  With the serial driver HDF5 writes through a
   buffer of its own, which would overwrite rows of other ranks. */
static PetscErrorCode WriteSlabs(HeatWriter *w)
{
  MPI_Info hints  = HeatH5Hints(w->options->hints, w->error);
  hid_t    access = HeatH5WriteAccess(PETSC_COMM_SELF, hints, w->options->alignment, w->error),
        file      = -1;
  int    opened   = -1;
  char   name[64];
  double start = HeatMonotonicTime();

  PetscFunctionBeginUser;
  opened = HeatFileOpenOwn(w->part, PETSC_TRUE, w->error);
  HeatH5(w->error, file = H5Fopen(HeatFileOpenName(opened, w->part, name, sizeof(name)),
                                  H5F_ACC_RDWR, access));
  if (opened >= 0) (void)close(opened);
  HeatH5Close(w->error, &access);
  if (hints != MPI_INFO_NULL) PetscCallMPI(MPI_Info_free(&hints));
  if (w->grid->rank == 0)
    HeatH5HintsInForce(file, w->stats.hints, sizeof(w->stats.hints), w->error);
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_open += HeatMonotonicTime() - start;
  if (!w->error->failed) {
    for (PetscInt f = 0; f < w->n_fields; f++) PetscCall(WriteField(w, file, f));
  }
  start = HeatMonotonicTime();
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  HeatH5(w->error, H5Fflush(file, H5F_SCOPE_GLOBAL));
  HeatH5Close(w->error, &file);
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_close += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compress on all ranks and write on rank 0, which keeps the skeleton open in HDF5's serial driver.
   Collective on grid->comm; every rank returns with the same w->error. */
static PetscErrorCode WriteCompressed(HeatWriter *w)
{
  hid_t  file  = -1;
  double start = HeatMonotonicTime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    file = HeatSkeletonCreate(w->grid, w->part, w->options, w->n_fields, w->fields, &w->descriptor,
                              w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_open += HeatMonotonicTime() - start;
  if (!w->error->failed) {
    PetscCall(HeatDeflateWrite(w->grid, w->descriptor, file, w->n_fields, w->fields, w->sums,
                               &w->stats, w->error));
  }
  start = HeatMonotonicTime();
  if (file >= 0) {
    HeatSkeletonClose(&file, w->error);
    HeatFileTrim(w->descriptor, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_close += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read rows [first, first + n) of one field from the file, and compare both their checksums and the
   checksums stored in the file with `sums`, which were computed from the blocks. */
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

/* Read back the rows of another rank from the closed file: all of them, or a sample
   (HeatWriterReadBackRange).  Collective on grid->comm; a failure stays on its rank. */
static PetscErrorCode ReadBack(HeatWriter *w)
{
  const PetscBool full = w->options->verify == HEAT_READ_BACK_FULL ? PETSC_TRUE : PETSC_FALSE;
  const PetscInt  n    = w->peer_n;
  uint64_t       *sums;
  hid_t           file;

  PetscFunctionBeginUser;
  PetscCall(HeatWriterPeerSums(w, &sums));
  file = n > 0 ? HeatH5OpenRead(w->part, w->error) : -1;
  for (PetscInt f = 0; f < w->n_fields && file >= 0; f++) {
    const HeatFileField *field = &w->fields[f];
    const uint64_t      *row   = sums + (size_t)f * (size_t)n;

    PetscInt j, m;

    for (PetscInt k = 0; HeatWriterReadBackRange(w, full, k, &j, &m); k++)
      ReadBackRows(w, file, field, w->peer_first + j, m, row + j, w->error);
  }
  HeatH5Close(w->error, &file);
  PetscCall(PetscFree(sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Seal and sync the file, read it back when that is asked for, and give it its final name.
   Collective on grid->comm; every rank returns with the same w->error, and after a failure the
   temporary file is deleted. */
static PetscErrorCode Publish(HeatWriter *w, const char *path)
{
  const PetscBool verify = w->options->verify != HEAT_READ_BACK_NONE ? PETSC_TRUE : PETSC_FALSE;
  double          start  = HeatMonotonicTime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    HeatWriterSeal(w);
    HeatFileSyncOpen(w->descriptor, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_sync += HeatMonotonicTime() - start;
  start = HeatMonotonicTime();
  if (verify && !w->error->failed) {
    if (w->grid->rank == 0) HeatWriterCheckHeader(w);
    if (w->options->compression == HEAT_COMPRESSION_NONE) PetscCall(ReadBack(w));
    PetscCall(HeatFileShare(w->grid->comm, w->error));
  }
  w->stats.seconds_verify += HeatMonotonicTime() - start;
  PetscCall(HeatWriterPublish(w, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileTryWrite(const HeatGrid *grid, const char *path,
                                     const HeatFieldFileOptions *options, PetscInt n_fields,
                                     const HeatFileField *fields, HeatFileStats *stats,
                                     HeatFileError *error)
{
  const double start = HeatMonotonicTime();
  double       sums_start;
  HeatWriter   w = {
        .grid = grid, .options = options, .n_fields = n_fields, .fields = fields, .error = error};

  PetscFunctionBeginUser;
  if (stats) *stats = (HeatFileStats){0};
  PetscCall(HeatWriterBegin(&w, path));
  sums_start = HeatMonotonicTime();
  PetscCall(HeatWriterSums(&w));
  w.stats.seconds_exchange = HeatMonotonicTime() - sums_start;
  if (options->compression == HEAT_COMPRESSION_NONE) {
    const double skeleton_start = HeatMonotonicTime();

    PetscCall(HeatWriterSkeleton(&w));
    w.stats.seconds_open = HeatMonotonicTime() - skeleton_start;
    if (!error->failed) PetscCall(WriteSlabs(&w));
  } else PetscCall(WriteCompressed(&w));
  PetscCall(Publish(&w, path));
  if (!error->failed) PetscCall(HeatWriterStats(&w, HeatMonotonicTime() - start, stats));
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
