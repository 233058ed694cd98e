/** Wall time between barriers, so that a measured time is that of the slowest rank. */
#ifndef HEAT_TESTS_BENCH_CLOCK_H
#define HEAT_TESTS_BENCH_CLOCK_H

#include <time.h>

#include "solver/base/error.h"
#include "solver/base/monotonic.h"

/** Return the processor time of this process [s]: on a machine that others use, too, a measure of
 *  work on one rank.  Several ranks also count the time in which they poll for messages. */
static inline PetscReal BenchProcessorTime(void)
{
  return (PetscReal)clock() / (PetscReal)CLOCKS_PER_SEC;
}

/** Wait for all ranks, then store the time of this rank [s].  Collective. */
static inline PetscErrorCode BenchNow(MPI_Comm comm, PetscReal *now)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(comm));
  *now = HeatMonotonicTime();
  PetscFunctionReturn(PETSC_SUCCESS);
}

/** Wait for all ranks, then store the time since `start` [s], the largest over all ranks.
 *  Collective. */
static inline PetscErrorCode BenchSince(MPI_Comm comm, PetscReal start, PetscReal *seconds)
{
  PetscFunctionBeginUser;
  PetscCall(BenchNow(comm, seconds));
  *seconds -= start;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPIU_REAL, MPIU_MAX, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

#endif
