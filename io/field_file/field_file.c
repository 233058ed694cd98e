/** Write a field file synchronously: bookkeeping, slabs, sync, reading back, rename.
 *
 *  Every step ends in a meeting point, where the ranks agree whether all of them succeeded
 *  (field_file_writer.h has the diagram).  Rank 0 writes the bookkeeping with HDF5.  After that
 *  each rank that has rows writes them to their places by POSIX calls, syncs them, and reads back
 *  the rows of another rank, as the threads of an asynchronous write do.  It opens the file once
 *  for all of this: on 4000 nodes 10^5 ranks open the file at the same time, and the server of the
 *  file system has to serve each further open of each of them.  Ranks that are no writers
 *  (output.writers) have no rows: they send their cells and do not touch the file.  Compressed
 *  files reach the same meeting points by another way: all ranks compress, and rank 0 alone writes
 *  (field_file_deflate.c).
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

/* Redistribute one piece of field f, then write this rank's rows of it, which begin at row `from`
   of the slab.  A rank that has failed redistributes as well, because the others need its
   cells. */
static PetscErrorCode WritePiece(HeatWriter *w, int file, PetscInt f, PetscInt from)
{
  const HeatFileField *field = &w->fields[f];
  double               start = HeatMonotonicTime();
  PetscInt             n;
  const void          *rows;

  PetscFunctionBeginUser;
  PetscCall(HeatSlabGetPiece(w->slab, HeatElementMPIType(field->element), field->block, from,
                             w->piece, w->rows, &n, &rows));
  w->stats.seconds_exchange += HeatMonotonicTime() - start;
  start = HeatMonotonicTime();
  if (n > 0) HeatWriterPutRows(w, file, f, from, n, rows);
  w->stats.seconds_write += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write this rank's rows of all fields, piece by piece, and their checksums, and sync them.
   Collective on grid->comm; every rank returns with the same w->error. */
static PetscErrorCode WriteRows(HeatWriter *w, int file)
{
  double start;

  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < w->n_fields; f++) {
    for (PetscInt from = 0; from < HeatSlabMostRows(w->slab); from += w->piece)
      PetscCall(WritePiece(w, file, f, from));
    if (w->n > 0) HeatWriterPutSums(w, file, f);
  }
  start = HeatMonotonicTime();
  /* Rank 0 syncs the bookkeeping, too. */
  if (w->n > 0 || w->grid->rank == 0) HeatFileSyncOpen(file, w->error);
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_sync += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Open the complete skeleton on each rank that has rows to write or to read back; return the
   descriptor, or -1.  Rank 0 uses the one that it has.  Collective on grid->comm; every rank
   returns with the same w->error. */
static PetscErrorCode OpenForRows(HeatWriter *w, int *file)
{
  const PetscBool reads = w->options->verify != HEAT_READ_BACK_NONE ? PETSC_TRUE : PETSC_FALSE;
  const double    start = HeatMonotonicTime();

  PetscFunctionBeginUser;
  *file = -1;
  if (w->grid->rank == 0) {
    *file = w->descriptor;
    HeatH5HintsInForce(w->descriptor, w->part, w->options->hints, w->stats.hints,
                       sizeof(w->stats.hints), w->error);
  } else if (w->n > 0 || (reads && w->peer_n > 0)) {
    *file = HeatFileOpenOwn(w->part, w->n > 0 ? PETSC_TRUE : PETSC_FALSE, w->error);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_open += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the slab of each rank into the complete skeleton, sync it, and read it back where that is
   asked for.  A rank opens the file once, for itself, and calls no HDF5 here.  Collective on
   grid->comm; every rank returns with the same w->error. */
static PetscErrorCode WriteSlabs(HeatWriter *w)
{
  uint64_t *peer_sums;
  double    start;
  int       file;

  PetscFunctionBeginUser;
  PetscCall(OpenForRows(w, &file));
  if (!w->error->failed) PetscCall(WriteRows(w, file));
  start = HeatMonotonicTime();
  if (!w->error->failed && w->options->verify != HEAT_READ_BACK_NONE) {
    PetscCall(HeatWriterPeerSums(w, &peer_sums));
    if (w->peer_n > 0) HeatWriterReadBack(w, file, peer_sums);
    PetscCall(PetscFree(peer_sums));
  }
  w->stats.seconds_verify += HeatMonotonicTime() - start;
  start = HeatMonotonicTime();
  if (w->grid->rank > 0 && file >= 0 && close(file) != 0) HeatFileFailErrno(w->error, "close");
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

/* Seal, sync and check the closed, compressed file.  Collective on grid->comm; every rank returns
   with the same w->error. */
static PetscErrorCode SealCompressed(HeatWriter *w)
{
  double start = HeatMonotonicTime();

  PetscFunctionBeginUser;
  if (w->grid->rank == 0) {
    HeatWriterSeal(w);
    HeatFileSyncOpen(w->descriptor, w->error);
    w->stats.seconds_sync += HeatMonotonicTime() - start;
    start = HeatMonotonicTime();
    if (w->options->verify != HEAT_READ_BACK_NONE) HeatWriterCheckHeader(w);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_verify += HeatMonotonicTime() - start;
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
    const double bookkeeping_start = HeatMonotonicTime();

    PetscCall(HeatWriterBookkeeping(&w));
    w.stats.seconds_open = HeatMonotonicTime() - bookkeeping_start;
    if (!error->failed) PetscCall(WriteSlabs(&w));
  } else {
    PetscCall(WriteCompressed(&w));
    PetscCall(SealCompressed(&w));
  }
  PetscCall(HeatWriterPublish(&w, path));
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
