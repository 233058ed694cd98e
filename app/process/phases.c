/** Wall time per phase (see phases.h).  One MPI_MAX of the times and of their negatives gives
 * maximum and minimum together. */
#include "app/process/phases.h"

#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

const char *const HeatPhaseNames[HEAT_PHASES] = {"setup",       "initial state", "steps",
                                                 "diagnostics", "snapshots",     "checkpoints"};

/* The kind of what communicates in a phase and does not name a kind of its own. */
static const HeatTrafficKind kinds[HEAT_PHASES] = {
    [HEAT_PHASE_SETUP] = HEAT_TRAFFIC_SETUP,     [HEAT_PHASE_INITIAL] = HEAT_TRAFFIC_SETUP,
    [HEAT_PHASE_STEP] = HEAT_TRAFFIC_REDUCTION,  [HEAT_PHASE_DIAGNOSTICS] = HEAT_TRAFFIC_REDUCTION,
    [HEAT_PHASE_SNAPSHOT] = HEAT_TRAFFIC_OUTPUT, [HEAT_PHASE_CHECKPOINT] = HEAT_TRAFFIC_OUTPUT};

void HeatPhaseBegin(HeatPhases *p, HeatPhase phase)
{
  HeatBeatPhase(HeatPhaseNames[phase]);
  p->before  = HeatTrafficSet(kinds[phase]);
  p->started = HeatMonotonicTime();
}

void HeatPhaseEnd(HeatPhases *p, HeatPhase phase)
{
  p->seconds[phase] += HeatMonotonicTime() - p->started;
  p->calls[phase] += 1;
  (void)HeatTrafficSet(p->before);
}

PetscErrorCode HeatPhasesReduce(MPI_Comm comm, const HeatPhases *p,
                                HeatPhaseSpread spread[HEAT_PHASES])
{
  PetscReal   extremes[2 * HEAT_PHASES], sums[HEAT_PHASES];
  PetscMPIInt size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  for (int k = 0; k < HEAT_PHASES; k++) {
    extremes[2 * k]     = p->seconds[k];
    extremes[2 * k + 1] = -p->seconds[k];
    sums[k]             = p->seconds[k];
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2 * HEAT_PHASES, MPIU_REAL, MPIU_MAX, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, HEAT_PHASES, MPIU_REAL, MPI_SUM, comm));
  for (int k = 0; k < HEAT_PHASES; k++) {
    spread[k].max   = extremes[2 * k];
    spread[k].min   = -extremes[2 * k + 1];
    spread[k].mean  = sums[k] / size;
    spread[k].calls = p->calls[k];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
