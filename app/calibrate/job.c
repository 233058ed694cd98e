/** Ranks, nodes and repeated measurements (job.h). */
#include "app/calibrate/job.h"

#include <math.h>
#include <stdlib.h>

#include "solver/base/monotonic.h"

PetscErrorCode HeatJobCreate(MPI_Comm comm, double budget, PetscBool least, HeatJob *job)
{
  PetscMPIInt size, leader;

  PetscFunctionBeginUser;
  *job = (HeatJob){.world = comm, .began = HeatMonotonicTime(), .budget = budget, .least = least};
  PetscCallMPI(MPI_Comm_rank(comm, &job->rank));
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &job->node));
  PetscCallMPI(MPI_Comm_rank(job->node, &job->on_node));
  PetscCallMPI(MPI_Comm_size(job->node, &size));
  PetscCallMPI(MPI_Allreduce(&size, &job->per_node, 1, MPI_INT, MPI_MIN, comm));
  leader = job->on_node == 0;
  PetscCallMPI(MPI_Allreduce(&leader, &job->nodes, 1, MPI_INT, MPI_SUM, comm));
  PetscCall(HeatJobFirst(job, 1, &job->leaders));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatJobDestroy(HeatJob *job)
{
  PetscFunctionBeginUser;
  if (job->leaders != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_free(&job->leaders));
  PetscCallMPI(MPI_Comm_free(&job->node));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatJobFirst(const HeatJob *job, PetscMPIInt n, MPI_Comm *comm)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_split(job->world, job->on_node < n ? 0 : MPI_UNDEFINED, job->rank, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Most calls of a sample, and its least time [s]: chosen, so that the clock and the barriers, about
   a microsecond each, do not matter. */
enum { MOST_CALLS = 100000 };
static const double LeastSample = 0.002;

/* Call a function a number of times after a barrier; store the time of one call [s] on the slowest
   rank. */
static PetscErrorCode Sample(MPI_Comm comm, PetscInt calls, const HeatTimed *timed, double *seconds)
{
  double start;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(comm));
  start = HeatMonotonicTime();
  for (PetscInt k = 0; k < calls; k++) PetscCall(timed->call(timed->context));
  *seconds = (HeatMonotonicTime() - start) / (double)calls;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTimedStart(MPI_Comm comm, HeatTimed *timed, double *seconds)
{
  double first;

  PetscFunctionBeginUser;
  /* The first call sets up; the second one, with warm pages, tells how long a call takes. */
  for (int k = 0; k < 2; k++) PetscCall(Sample(comm, 1, timed, &first));
  first        = PetscMax(first, 1e-9);
  timed->calls = (PetscInt)PetscClipInterval(ceil(LeastSample / first), 1.0, (double)MOST_CALLS);
  timed->n     = 0;
  *seconds     = first * (double)timed->calls;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTimedSample(MPI_Comm comm, HeatTimed *timed)
{
  PetscFunctionBeginUser;
  if (timed->n < HEAT_SAMPLES)
    PetscCall(Sample(comm, timed->calls, timed, &timed->samples[timed->n++]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int Compare(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

void HeatTimedFinish(const HeatJob *job, HeatTimed *timed)
{
  qsort(timed->samples, (size_t)timed->n, sizeof timed->samples[0], Compare);
  timed->seconds = PetscMax(timed->samples[job->least ? 0 : timed->n / 4], 1e-12);
}

PetscErrorCode HeatJobTime(const HeatJob *job, MPI_Comm comm, double slice, PetscInt n,
                           HeatTimed *timed)
{
  double   all = 0.0;
  PetscInt turns;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    double seconds;

    PetscCall(HeatTimedStart(comm, &timed[k], &seconds));
    all += seconds;
  }
  turns = (PetscInt)PetscClipInterval(slice * (double)n / all, 3.0, (double)HEAT_SAMPLES);
  for (PetscInt turn = 0; turn < turns; turn++)
    for (PetscInt k = 0; k < n; k++) PetscCall(HeatTimedSample(comm, &timed[k]));
  for (PetscInt k = 0; k < n; k++) HeatTimedFinish(job, &timed[k]);
  PetscFunctionReturn(PETSC_SUCCESS);
}
