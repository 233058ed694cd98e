/** The ranks and nodes of a calibration, and the times of repeated calls (job.h). */
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

PetscErrorCode HeatJobPair(const HeatJob *job, MPI_Comm *pair)
{
  PetscMPIInt node = 0, place = job->on_node; /* 0 and 1: the ranks of the pair */

  PetscFunctionBeginUser;
  if (job->leaders != MPI_COMM_NULL) PetscCallMPI(MPI_Comm_rank(job->leaders, &node));
  PetscCallMPI(MPI_Bcast(&node, 1, MPI_INT, 0, job->node));
  if (job->per_node == 1) place = job->on_node == 0 ? node : 2;
  else if (node > 0) place = 2;
  PetscCallMPI(MPI_Comm_split(job->world, place < 2 ? 0 : MPI_UNDEFINED, place, pair));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Largest number of samples of a function and of calls in a sample, and the shortest sample [s].
   Chosen such that reading the clock and the barriers, about a microsecond each, do not matter. */
enum { MOST_SAMPLES = 15, MOST_CALLS = 100000 };
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

static int Compare(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;

  return (x > y) - (x < y);
}

PetscErrorCode HeatJobTime(const HeatJob *job, MPI_Comm comm, double slice, PetscInt n,
                           HeatTimed *timed)
{
  double   samples[HEAT_TIMED][MOST_SAMPLES], all = 0.0;
  PetscInt calls[HEAT_TIMED], turns;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) { /* the first call also warms caches and pages */
    double first;

    PetscCall(Sample(comm, 1, &timed[k], &first));
    first    = PetscMax(first, 1e-9);
    calls[k] = (PetscInt)PetscClipInterval(ceil(LeastSample / first), 1.0, (double)MOST_CALLS);
    all += first * (double)calls[k];
  }
  turns = (PetscInt)PetscClipInterval(slice * (double)n / all, 3.0, (double)MOST_SAMPLES);
  for (PetscInt turn = 0; turn < turns; turn++)
    for (PetscInt k = 0; k < n; k++)
      PetscCall(Sample(comm, calls[k], &timed[k], &samples[k][turn]));
  for (PetscInt k = 0; k < n; k++) {
    qsort(samples[k], (size_t)turns, sizeof samples[k][0], Compare);
    timed[k].seconds = PetscMax(samples[k][job->least ? 0 : turns / 2], 1e-12);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
