/** Memory bandwidth and the file system (calibrate.h). */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "app/calibrate/calibrate.h"
#include "io/file/file_util.h"
#include "solver/base/monotonic.h"
#include "solver/measure/stream.h"

/* Memory. */

/* Limits of an array of the triad on one rank [B].  Chosen: above second-level caches, and small
   enough that three arrays of every rank fit into any node.  Between the limits, the arrays of a
   node together have four times the size of its last-level caches, as STREAM's rules require. */
static const double LeastArray = 16 << 20, MostArray = 128 << 20;

PetscErrorCode HeatCalibrateMemory(const HeatJob *job, HeatMachine *m)
{
  PetscFunctionBeginUser;
  for (PetscMPIInt n = 1; n / 2 < job->per_node; n *= 2) {
    const PetscMPIInt ranks  = PetscMin(n, job->per_node);
    const double      wanted = PetscClipInterval(4.0 / 3.0 * m->cache_per_node / ranks, LeastArray,
                                                 MostArray);
    double            rate   = 0.0;
    MPI_Comm          comm;

    PetscCall(HeatJobFirst(job, ranks, &comm));
    if (comm != MPI_COMM_NULL) {
      HeatStream *stream;

      PetscCall(HeatStreamCreate(comm, (PetscInt64)wanted, &stream));
      PetscCall(HeatStreamRun(stream, job->budget / 60.0, &rate));
      PetscCall(HeatStreamDestroy(&stream));
      PetscCallMPI(MPI_Comm_free(&comm));
    }
    PetscCallMPI(MPI_Bcast(&rate, 1, MPI_DOUBLE, 0, job->world));
    /* the rate is that of all nodes together */
    HeatCurveAdd(&m->memory_bandwidth, (double)ranks, rate / (double)job->nodes);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Files. */

/* Bytes that a node writes: 1 MiB for each second of the budget, from 4 MiB to 1 GiB. */
static size_t FileBytes(const HeatJob *job)
{
  return (size_t)PetscClipInterval(job->budget, 4.0, 1024.0) << 20;
}

/* Write and sync a file; store the time [s]. */
static void WriteFile(const char *path, const char *buffer, size_t bytes, double *seconds,
                      HeatFileError *error)
{
  const double start = HeatMonotonicTime();
  const int    file  = HeatFileCreate(path, error);

  HeatFileWriteAt(file, buffer, bytes, 0, error);
  HeatFileSyncOpen(file, error);
  if (file >= 0) (void)close(file);
  *seconds = HeatMonotonicTime() - start;
}

/* Read a file, from the disk where the system drops its cached pages; store the time [s]. */
static void ReadFile(const char *path, char *buffer, size_t bytes, double *seconds,
                     HeatFileError *error)
{
  double start;
  int    file;

  HeatFileDropCache(path);
  start = HeatMonotonicTime();
  file  = HeatFileOpenOwn(path, PETSC_FALSE, error);
  HeatFileReadAt(file, buffer, bytes, 0, error);
  if (file >= 0) (void)close(file);
  *seconds = HeatMonotonicTime() - start;
}

/* Write, read and delete a large file, and create a small one.  Collective on job->leaders.
   @param[out] seconds  [s] of the slowest leader: to write, to read, to create the small file */
static PetscErrorCode UseFiles(const HeatJob *job, const char *path, double seconds[3],
                               HeatFileError *error)
{
  const size_t bytes = FileBytes(job);
  char         name[PETSC_MAX_PATH_LEN];
  char        *buffer;
  double       start;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(bytes, &buffer));
  for (size_t i = 0; i < bytes; i++) buffer[i] = (char)(i * 7 + i / 4096);
  (void)snprintf(name, sizeof name, "%s.probe%d", path, job->rank);
  WriteFile(name, buffer, bytes, &seconds[0], error);
  PetscCallMPI(MPI_Barrier(job->leaders));
  ReadFile(name, buffer, bytes, &seconds[1], error);
  start = HeatMonotonicTime();
  HeatFileReplace(name, "heat2d\n", 7, error);
  seconds[2] = HeatMonotonicTime() - start;
  (void)unlink(name);
  PetscCall(PetscFree(buffer));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 3, MPI_DOUBLE, MPI_MAX, job->leaders));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCalibrateFiles(const HeatJob *job, const char *path, HeatMachine *m)
{
  const double  all        = (double)FileBytes(job) * (double)job->nodes;
  double        seconds[3] = {0};
  HeatFileError error      = {0};

  PetscFunctionBeginUser;
  if (job->leaders != MPI_COMM_NULL) PetscCall(UseFiles(job, path, seconds, &error));
  PetscCall(HeatFileAgree(job->world, path, "written", &error));
  PetscCallMPI(MPI_Bcast(seconds, 3, MPI_DOUBLE, 0, job->world));
  m->write = all / PetscMax(seconds[0], 1e-9);
  m->read  = all / PetscMax(seconds[1], 1e-9);
  m->file  = PetscMax(seconds[2], 1e-9);
  PetscFunctionReturn(PETSC_SUCCESS);
}
