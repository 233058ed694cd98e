/** Measuring the speeds of the ranks (measure_speeds.h).
 *
 *  All ranks compute at the same time, since ranks of a node share its memory bandwidth.  The
 *  number of applications of the operator is doubled until the fastest rank has computed for
 *  LEAST_TIME, or until a batch takes MOST_TIME, for example because ranks share cores and wait
 *  for one another.  The shortest of BATCHES batches of that length is used, so that an
 *  interruption by the system does not count. */
#include "app/run/measure_speeds.h"

#include <math.h>

#include "app/process/communication.h"
#include "app/run/setup.h"
#include "io/case_file/case_file.h"
#include "solver/base/monotonic.h"

/* [s] Least time of a batch on the fastest rank.  Chosen: far above the resolution of the clock,
   and short enough not to delay the run noticeably. */
#define LEAST_TIME 0.02

/* [s] Time after which batches are not made longer.  Chosen: four of them delay the run by a
   second. */
#define MOST_TIME 0.2

/* Batches of which the shortest is used.  Chosen: at least one of three is nearly always free of
   interruptions. */
enum { BATCHES = 3 };

/* Speeds are rounded to 1/PARTS of their mean.  Chosen: repeated measurements on one machine differ
   by some percent, which must not make blocks unequal.  A whole number divided by ten is the number
   that its decimal text reads as, so that the record can be run again with the same blocks. */
#define PARTS 10.0

/* Apply the operator n times to state->T; *seconds is the time in which this rank computes.
   Collective. */
static PetscErrorCode TimeBatch(HeatRunState *state, PetscInt n, Vec net, double *seconds)
{
  const PetscReal *T;
  PetscReal       *y;
  const double     start = HeatMonotonicTime();
  const PetscReal  wait  = HeatOperatorHaloCounts(state->op).wait;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(VecGetArray(net, &y));
  for (PetscInt k = 0; k < n; k++) PetscCall(HeatOperatorNet(state->op, T, y));
  PetscCall(VecRestoreArray(net, &y));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  *seconds = HeatMonotonicTime() - start - (HeatOperatorHaloCounts(state->op).wait - wait);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the cells per second of this rank.  Collective. */
static PetscErrorCode Measure(HeatRunState *state, double *speed)
{
  const double cells = (double)HeatGridLocalCells(state->grid);
  PetscInt     n     = 1;
  double       seconds, least;
  Vec          net;

  PetscFunctionBeginUser;
  PetscCall(VecDuplicate(state->T, &net));
  PetscCall(TimeBatch(state, 1, net, &least)); /* the first touch of all memory, not measured */
  for (;; n *= 2) {
    const double start = HeatMonotonicTime();
    double       times[2]; /* minus the least time of a rank; the time of the batch */

    PetscCall(TimeBatch(state, n, net, &least));
    times[0] = -least;
    times[1] = HeatMonotonicTime() - start;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, times, 2, MPI_DOUBLE, MPI_MAX, state->grid->comm));
    if (-times[0] >= LEAST_TIME || times[1] >= MOST_TIME) break;
  }
  for (int batch = 1; batch < BATCHES; batch++) {
    PetscCall(TimeBatch(state, n, net, &seconds));
    least = PetscMin(least, seconds);
  }
  *speed = cells * (double)n / PetscMax(least, 1e-9); /* 1e-9 s: the resolution of the clock */
  PetscCall(VecDestroy(&net));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gather the speeds, divide them by their mean and round them.
   @param[out] speeds  [ranks of comm] */
static PetscErrorCode Gather(MPI_Comm comm, double speed, PetscMPIInt size, PetscReal *speeds)
{
  PetscReal mine = (PetscReal)speed, mean = 0.0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allgather(&mine, 1, MPIU_REAL, speeds, 1, MPIU_REAL, comm));
  for (PetscMPIInt r = 0; r < size; r++) mean += speeds[r] / (PetscReal)size;
  for (PetscMPIInt r = 0; r < size; r++)
    speeds[r] = PetscMax(1.0, round(PARTS * speeds[r] / mean)) / PARTS;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMeasureSpeeds(MPI_Comm comm, HeatCase *c, HeatPhases *phases)
{
  HeatRunState state   = {.c = c};
  HeatRestart *restart = NULL;
  HeatTraffic  before[HEAT_TRAFFIC_KINDS];
  PetscReal   *speeds;
  PetscMPIInt  rank, size;
  double       speed = 0.0;

  PetscFunctionBeginUser;
  if (c->decomposition.weights != HEAT_WEIGHTS_MEASURED || c->decomposition.n_speeds > 0)
    PetscFunctionReturn(PETSC_SUCCESS);
  HeatCommunicationSave(before);
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(HeatGridCreate(comm, c, &state.grid));
  PetscCall(HeatSetUpFields(&state, NULL, phases, &restart));
  HeatPhaseBegin(phases, HEAT_PHASE_SETUP);
  PetscCall(HeatRunStateUpdateOperator(&state, 0.0));
  PetscCall(Measure(&state, &speed));
  PetscCall(HeatRunStateDestroy(&state));
  PetscCall(PetscMalloc1(size, &speeds));
  PetscCall(Gather(comm, speed, size, speeds));
  PetscCall(HeatCaseSetSpeeds(c, size, speeds, rank == 0 ? PETSC_TRUE : PETSC_FALSE));
  PetscCall(PetscFree(speeds));
  HeatCommunicationRestore(before);
  HeatPhaseEnd(phases, HEAT_PHASE_SETUP);
  PetscFunctionReturn(PETSC_SUCCESS);
}
