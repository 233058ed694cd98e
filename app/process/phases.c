/** Wall time per phase (see phases.h). */
#include "app/process/phases.h"

#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

const char *const HeatPhaseNames[HEAT_PHASES] = {
    "start-up",  "setup",       "initial state", "steps",  "diagnostics",
    "snapshots", "checkpoints", "files",         "stream", "unaccounted"};

/* The kind of communication of each phase, for messages whose sender sets no kind of its own. */
static const HeatTrafficKind kinds[HEAT_PHASES] = {
    [HEAT_PHASE_SETUP] = HEAT_TRAFFIC_SETUP,     [HEAT_PHASE_INITIAL] = HEAT_TRAFFIC_SETUP,
    [HEAT_PHASE_STEP] = HEAT_TRAFFIC_REDUCTION,  [HEAT_PHASE_DIAGNOSTICS] = HEAT_TRAFFIC_REDUCTION,
    [HEAT_PHASE_SNAPSHOT] = HEAT_TRAFFIC_OUTPUT, [HEAT_PHASE_CHECKPOINT] = HEAT_TRAFFIC_OUTPUT,
    [HEAT_PHASE_FILES] = HEAT_TRAFFIC_OUTPUT};

void HeatPhasesStart(HeatPhases *p, PetscReal began)
{
  p->origin                       = began;
  p->seconds[HEAT_PHASE_START_UP] = HeatMonotonicTime() - began;
  p->calls[HEAT_PHASE_START_UP]   = 1;
}

void HeatPhaseBegin(HeatPhases *p, HeatPhase phase)
{
  HeatBeatPhase(HeatPhaseNames[phase]);
  p->before  = HeatTrafficSet(kinds[phase]);
  p->running = PETSC_TRUE;
  p->current = phase;
  p->started = HeatMonotonicTime();

  p->mpi_before    = HeatMpiTimeNow();
  p->coarse_before = HeatTrafficCoarseSeconds();
  if (phase == HEAT_PHASE_STEP && p->to_first_step == 0.0)
    p->to_first_step = p->started - p->origin;
}

void HeatPhaseEnd(HeatPhases *p, HeatPhase phase)
{
  const HeatMpiTimes mpi = HeatMpiTimeNow();

  p->seconds[phase] += HeatMonotonicTime() - p->started;
  p->coarse[phase] += HeatTrafficCoarseSeconds() - p->coarse_before;
  HeatMpiTimeAddBetween(&p->mpi_before, &mpi, &p->mpi[phase]);
  p->calls[phase] += 1;
  p->running = PETSC_FALSE;
  (void)HeatTrafficSet(p->before);
}

/* Compute the time of each phase until now, and in the last place what is in none. */
static void SecondsUntilNow(const HeatPhases *p, PetscReal seconds[HEAT_PHASES])
{
  const PetscReal now         = HeatMonotonicTime();
  PetscReal       unaccounted = now - p->origin;

  for (int k = 0; k < HEAT_PHASE_UNACCOUNTED; k++) {
    seconds[k] = p->seconds[k];
    if (p->running && p->current == (HeatPhase)k) seconds[k] += now - p->started;
    unaccounted -= seconds[k];
  }
  seconds[HEAT_PHASE_UNACCOUNTED] = PetscMax(0.0, unaccounted); /* no rounding below zero */
}

PetscErrorCode HeatPhasesAdd(HeatReduction *r, const HeatPhases *p, HeatSpreadTotals *totals)
{
  PetscReal seconds[HEAT_PHASES];

  PetscFunctionBeginUser;
  SecondsUntilNow(p, seconds);
  PetscCall(HeatSpreadAdd(r, HEAT_PHASES, seconds, totals));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatPhasesGet(const HeatPhases *p, const HeatSpreadTotals *totals, PetscMPIInt size,
                   HeatPhaseSpread spread[HEAT_PHASES])
{
  for (int k = 0; k < HEAT_PHASES; k++)
    spread[k] = (HeatPhaseSpread){HeatSpreadGet(totals, size, k), p->calls[k]};
}
