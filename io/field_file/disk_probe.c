/** Measure the bandwidth of a plain file.
 *
 *  The probe writes as many bytes as a checkpoint, to the offsets of each rank's rows, in pieces of
 *  the size that the field file uses, so that the two can be compared.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/disk_probe.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/field_file/field_file_parts.h"
#include "io/field_file/slab.h"
#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

/* The part of the file that one rank writes or reads [bytes]. */
typedef struct {
  PetscInt64 start, bytes;
} Share;

/* Return the part of the file that belongs to a writer: its rows, each as long as all fields
   together. */
static Share ShareOf(const HeatGrid *grid, PetscMPIInt rank, PetscInt fields)
{
  const PetscInt64 row = (PetscInt64)grid->nx * (PetscInt64)fields * (PetscInt64)sizeof(double);
  PetscInt         first, n;

  HeatSlabRowsOf(grid, &grid->writers, rank, &first, &n);
  return (Share){(PetscInt64)first * row, (PetscInt64)n * row};
}

/* Fill a buffer with bytes that a file system cannot compress: Knuth's linear congruential
   generator of 64 bits (The Art of Computer Programming, volume 2, 3.3.4, line 26). */
static void FillRandom(void *buffer, size_t size)
{
  uint64_t *to = buffer, x = 1;

  for (size_t k = 0; k < size / sizeof *to; k++)
    to[k] = x = 6364136223846793005u * x + 1442695040888963407u;
}

/* Write a share from the buffer and sync it, or read a share into the buffer, in pieces of `size`
   bytes.  Each piece begins with its offset, so that no two pieces are equal.  Without bytes the
   file is not opened. */
static void TransferShare(const char *path, Share share, PetscBool write, void *buffer, size_t size,
                          HeatFileError *error)
{
  const int file = share.bytes > 0 ? HeatFileOpenOwn(path, write, error) : -1;

  if (share.bytes == 0) return;
  for (PetscInt64 at = 0; at < share.bytes && !error->failed; at += (PetscInt64)size) {
    const size_t     n      = (size_t)PetscMin((PetscInt64)size, share.bytes - at);
    const PetscInt64 offset = share.start + at;

    if (write) memcpy(buffer, &offset, PetscMin(n, sizeof offset));
    if (write) HeatFileWriteAt(file, buffer, n, offset, error);
    else HeatFileReadAt(file, buffer, n, offset, error);
    HeatBeat();
  }
  if (write) HeatFileSyncOpen(file, error);
  if (file >= 0) (void)close(file);
}

/* Create the file and reserve its disk space. */
static void CreateProbe(const char *path, PetscInt64 bytes, HeatFileError *error)
{
  const int file = HeatFileCreate(path, error);

  HeatFileReserve(file, bytes, PETSC_FALSE, error);
  if (file >= 0) (void)close(file);
}

/* Return the time since `start` [s] on the slowest rank.  Collective on comm; every rank returns
   with the same error. */
static PetscErrorCode SlowestSince(MPI_Comm comm, double start, double *seconds,
                                   HeatFileError *error)
{
  PetscFunctionBeginUser;
  PetscCall(HeatFileShare(comm, error));
  *seconds = HeatMonotonicTime() - start;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure writing, then reading.  Each writer reads the share of another writer, which is on
   another node if there are several nodes of equal size (solver/grid/writers.h).  Collective on
   grid->comm. */
static PetscErrorCode Measure(const HeatGrid *grid, const char *path, PetscInt fields, void *buffer,
                              size_t size, HeatDiskProbe *probe, HeatFileError *error)
{
  const PetscInt64 bytes = (PetscInt64)grid->nx * (PetscInt64)grid->ny * (PetscInt64)fields *
                           (PetscInt64)sizeof(double);
  const HeatWriters *w    = &grid->writers;
  const Share        mine = ShareOf(grid, grid->rank, fields);
  double             start;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(grid->comm));
  start = HeatMonotonicTime();
  if (grid->rank == 0) CreateProbe(path, bytes, error);
  PetscCall(HeatFileShare(grid->comm, error));
  if (!error->failed) TransferShare(path, mine, PETSC_TRUE, buffer, size, error);
  PetscCall(SlowestSince(grid->comm, start, &probe->write, error));
  if (w->is_one) HeatFileDropCache(path); /* every node has a writer and a page cache */
  PetscCallMPI(MPI_Barrier(grid->comm));
  start = HeatMonotonicTime();
  if (!error->failed && w->is_one)
    TransferShare(path, ShareOf(grid, w->reads, fields), PETSC_FALSE, buffer, size, error);
  PetscCall(SlowestSince(grid->comm, start, &probe->read, error));
  probe->bytes = error->failed ? 0 : bytes;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiskProbeRun(const HeatGrid *grid, const char *dir, PetscInt fields,
                                HeatDiskProbe *probe)
{
  const size_t  row  = (size_t)grid->nx * sizeof(double);
  const size_t  size = (size_t)HeatPieceRows(grid->nx) * row;
  char          name[PETSC_MAX_PATH_LEN], path[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};
  char         *buffer;

  PetscFunctionBeginUser;
  *probe = (HeatDiskProbe){0};
  (void)snprintf(name, sizeof(name), "%s/probe", dir);
  HeatPathTemporary(name, path, sizeof(path));
  PetscCall(PetscMalloc1(size, &buffer));
  FillRandom(buffer, size);
  PetscCall(Measure(grid, path, fields, buffer, size, probe, &error));
  PetscCall(PetscFree(buffer));
  if (grid->rank == 0) (void)unlink(path);
  if (error.failed) {
    *probe = (HeatDiskProbe){0};
    PetscCall(PetscFPrintf(grid->comm, PETSC_STDERR,
                           "heat2d: warning: the disk cannot be probed in %s: %s\n", dir,
                           error.text));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
