/** Writing a field file: skeleton, reservation, independent slabs, sync, read back, rename.
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

#include "io/field_file_parts.h"
#include "io/slab.h"

/* What one write needs; each rank has its own. */
typedef struct {
  const HeatGrid             *grid;
  const HeatFieldFileOptions *options;
  PetscInt                    n_fields;
  const HeatFileField        *fields;
  char                        part[PETSC_MAX_PATH_LEN];
  HeatSlab                   *slab;
  PetscInt                    first, n; /* rows of the slab */
  void                       *rows;     /* [n][nx] of the widest element */
  uint64_t                   *sums;     /* [n_fields][n] row checksums, from the blocks */
  HeatFileStats               stats;
  HeatFileError              *error;
} Writer;

void HeatFileStatsAdd(HeatFileStats *a, const HeatFileStats *b)
{
  a->files += b->files;
  a->bytes += b->bytes;
  a->seconds += b->seconds;
  a->seconds_open += b->seconds_open;
  a->seconds_exchange += b->seconds_exchange;
  a->seconds_write += b->seconds_write;
  a->seconds_close += b->seconds_close;
}

static PetscErrorCode WriterBegin(Writer *w, const char *path)
{
  size_t cells;

  PetscFunctionBeginUser;
  HeatH5Begin();
  HeatPathPart(path, w->part, sizeof(w->part));
  PetscCheck(w->n_fields <= HEAT_MAX_FILE_FIELDS, w->grid->comm, PETSC_ERR_ARG_OUTOFRANGE,
             "a file holds at most %d fields", HEAT_MAX_FILE_FIELDS);
  PetscCall(HeatSlabCreate(w->grid, &w->slab));
  HeatSlabGetRows(w->slab, &w->first, &w->n);
  cells = (size_t)w->n * (size_t)w->grid->nx;
  PetscCall(PetscMalloc1((size_t)w->n_fields * (size_t)w->n, &w->sums));
  if (w->options->compression == HEAT_COMPRESSION_NONE)
    PetscCall(PetscMalloc(cells * sizeof(double), &w->rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriterEnd(Writer *w)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(w->rows));
  PetscCall(PetscFree(w->sums));
  PetscCall(HeatSlabDestroy(&w->slab));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RowSums(Writer *w)
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

/* Rank 0 makes the skeleton and reserves the disk space of the data.  Agreed. */
static PetscErrorCode MakeSkeleton(Writer *w)
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

/* One field: exchange (always, so that the peers get their cells), then this rank's rows. */
static PetscErrorCode WriteField(Writer *w, hid_t file, PetscInt f)
{
  const HeatFileField *field   = &w->fields[f];
  hid_t                dataset = -1;
  double               start   = MPI_Wtime();

  PetscFunctionBeginUser;
  PetscCall(HeatSlabToRows(w->slab, HeatElementMPIType(field->element), field->block, w->rows));
  w->stats.seconds_exchange += MPI_Wtime() - start;
  start = MPI_Wtime();
  if (w->n > 0 && !w->error->failed) {
    HeatH5(w->error, dataset = H5Dopen2(file, field->name, H5P_DEFAULT));
    HeatRowsWrite(dataset, HeatElementMemoryType(field->element), w->first, w->n, w->grid->nx,
                  HeatElementBytes(field->element), w->rows, w->error);
    HeatH5Close(w->error, &dataset);
    HeatSumsWrite(file, field->name, w->first, w->n, w->sums + (size_t)f * (size_t)w->n, w->error);
  }
  w->stats.seconds_write += MPI_Wtime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Each rank opens the file for itself, writes, flushes, closes.  Agreed.  With a communicator of all
   ranks HDF5 would close together, and a rank whose last write fails there would leave the others
   waiting for ever; with the serial driver HDF5 would write more than the rows, through buffers that
   know nothing of the other ranks.  So it is the MPI-IO driver on a communicator of one. */
static PetscErrorCode WriteSlabs(Writer *w)
{
  hid_t  access = HeatH5WriteAccess(PETSC_COMM_SELF, w->error), file = -1;
  double start = MPI_Wtime();

  PetscFunctionBeginUser;
  HeatH5(w->error, file = H5Fopen(w->part, H5F_ACC_RDWR, access));
  HeatH5Close(w->error, &access);
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
static PetscErrorCode WriteCompressed(Writer *w)
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

/* Read this rank's rows of the closed file and compare with the checksums of the blocks, and the
 * stored checksums with both.  The slab's memory is free for it. */
static void ReadBack(Writer *w)
{
  hid_t file = HeatH5OpenRead(w->part, w->error), dataset = -1;

  for (PetscInt f = 0; f < w->n_fields && file >= 0; ++f) {
    const HeatFileField *field = &w->fields[f];
    const uint64_t      *sums  = w->sums + (size_t)f * (size_t)w->n;
    const size_t         bytes = HeatElementBytes(field->element);

    HeatH5(w->error, dataset = H5Dopen2(file, field->name, H5P_DEFAULT));
    HeatRowsRead(dataset, HeatElementMemoryType(field->element), w->first, w->n, w->grid->nx, bytes,
                 w->rows, w->error);
    HeatH5Close(w->error, &dataset);
    HeatRowsCompare(bytes, w->rows, w->first, w->n, w->grid->nx, sums, field->name, w->error);
    HeatSumsCompare(file, field->name, w->first, w->n, sums, w->error);
  }
  HeatH5Close(w->error, &file);
}

/* Rank 0: the header of the closed file reads back as what was asked for. */
static void ReadBackHeader(const Writer *w)
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
}

/* Sync, read back when asked for, give the final name.  Agreed; on a failure no part is left. */
static PetscErrorCode Publish(Writer *w, const char *path)
{
  const double start = MPI_Wtime();

  PetscFunctionBeginUser;
  if (!w->error->failed && w->options->read_back) {
    if (w->grid->rank == 0) ReadBackHeader(w);
    if (w->n > 0 && w->rows) ReadBack(w);
    PetscCall(HeatFileShare(w->grid->comm, w->error));
  }
  if (w->grid->rank == 0) {
    HeatFileSync(w->part, w->error);
    w->stats.bytes = FileBytes(w->part);
    HeatFilePublish(w->part, path, w->error);
    if (w->error->failed) unlink(w->part);
  }
  PetscCall(HeatFileShare(w->grid->comm, w->error));
  w->stats.seconds_close += MPI_Wtime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The largest over ranks of each time; the size is rank 0's. */
static PetscErrorCode ReduceStats(Writer *w, double start, HeatFileStats *stats)
{
  double mine[6], all[6];

  PetscFunctionBeginUser;
  mine[0] = MPI_Wtime() - start;
  mine[1] = w->stats.seconds_open;
  mine[2] = w->stats.seconds_exchange;
  mine[3] = w->stats.seconds_write;
  mine[4] = w->stats.seconds_close;
  mine[5] = (double)w->stats.bytes; /* exact up to 2^53 */
  PetscCallMPI(MPI_Allreduce(mine, all, 6, MPI_DOUBLE, MPI_MAX, w->grid->comm));
  if (stats) {
    *stats = (HeatFileStats){.files            = 1,
                             .bytes            = (PetscInt64)all[5],
                             .seconds          = all[0],
                             .seconds_open     = all[1],
                             .seconds_exchange = all[2],
                             .seconds_write    = all[3],
                             .seconds_close    = all[4]};
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
  Writer       w = {
            .grid = grid, .options = options, .n_fields = n_fields, .fields = fields, .error = error};

  PetscFunctionBeginUser;
  if (stats) *stats = (HeatFileStats){0};
  PetscCall(WriterBegin(&w, path));
  sums_start = MPI_Wtime();
  PetscCall(RowSums(&w));
  w.stats.seconds_exchange = MPI_Wtime() - sums_start;
  if (options->compression == HEAT_COMPRESSION_NONE) {
    const double skeleton_start = MPI_Wtime();

    PetscCall(MakeSkeleton(&w));
    w.stats.seconds_open = MPI_Wtime() - skeleton_start;
    if (!error->failed) PetscCall(WriteSlabs(&w));
  } else PetscCall(WriteCompressed(&w));
  PetscCall(Publish(&w, path));
  if (!error->failed) PetscCall(ReduceStats(&w, start, stats));
  PetscCall(WriterEnd(&w));
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
