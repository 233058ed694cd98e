/** Wall time per phase of a run: how often and how long, and the spread over the ranks. */
#ifndef HEAT_APP_PHASES_H
#define HEAT_APP_PHASES_H

#include "app/process/mpi_time.h"
#include "app/process/spread.h"

typedef enum {
  HEAT_PHASE_START_UP,    /* initialise MPI and PETSc; read and validate the case */
  HEAT_PHASE_SETUP,       /* set up grid, operator and solver */
  HEAT_PHASE_INITIAL,     /* paint the initial field, or read it from a file or a checkpoint */
  HEAT_PHASE_STEP,        /* time steps with their solves and halo exchanges */
  HEAT_PHASE_DIAGNOSTICS, /* history, probes, checks, and the decision whether to stop */
  HEAT_PHASE_SNAPSHOT,    /* write snapshots and profiles */
  HEAT_PHASE_CHECKPOINT,  /* write checkpoints */
  HEAT_PHASE_FILES,       /* prepare the output folder, open and close tables, collect the record */
  HEAT_PHASE_STREAM,      /* measure the memory's bandwidth (--stream) */
  HEAT_PHASE_UNACCOUNTED, /* never begun: the wall time of the run that is in no other phase */
  HEAT_PHASES
} HeatPhase;

/** Names of the phases on the terminal, in results.json and in the watchdog's message. */
extern const char *const HeatPhaseNames[HEAT_PHASES];

/** The timers of this rank.  Plain data, zero at the start. */
typedef struct {
  PetscReal  seconds[HEAT_PHASES]; /* [s] total per phase */
  PetscInt64 calls[HEAT_PHASES];   /* how often each phase ended */
  PetscReal  origin;               /* [s] monotonic time at which the program began */
  PetscReal  started;              /* [s] monotonic time at which the current phase began */
  PetscReal  to_first_step;        /* [s] from `origin` to the first step; 0: no step yet */
  PetscReal  step_wait;            /* [s] of the steps in which this rank waited for halos */
  PetscBool  running;              /* whether a phase is running */
  HeatPhase  current;              /* the phase that is running, or the last one */

  HeatTrafficKind before; /* the kind of communication before the current phase */

  HeatMpiTimes mpi[HEAT_PHASES];    /* time in MPI by phase */
  PetscReal    coarse[HEAT_PHASES]; /* [s] time on coarse levels by phase */
  HeatMpiTimes mpi_before;          /* readings when the current phase began */
  PetscReal    coarse_before;
} HeatPhases;

/** One phase over all ranks. */
typedef struct {
  HeatSpread seconds; /* [s] */
  PetscInt64 calls;   /* on this rank; every rank passes through the phases equally often */
} HeatPhaseSpread;

/** Count the time since the program began as the phase of starting up.  Call it before the first
 *  phase begins.  Not collective.
 *  @param[in] began  [s] monotonic time at which the program began */
void HeatPhasesStart(HeatPhases *phases, PetscReal began);

/** Start and stop the timer of a phase.  There is one start time, so phases must not nest.  Begin
 *  also names the phase for the watchdog (solver/base/heartbeat.h), and sets the kind of
 *  communication of the phase (solver/base/traffic.h) until End.  Not collective. */
void HeatPhaseBegin(HeatPhases *phases, HeatPhase phase);
void HeatPhaseEnd(HeatPhases *phases, HeatPhase phase);

/** Add the time of each phase to a reduction, of a phase that is running until now, and the time
 *  since the program began that is in no phase.  Not collective.
 *  @param[out] totals  borrowed until the reduction's Run; then call HeatPhasesGet */
PetscErrorCode HeatPhasesAdd(HeatReduction *r, const HeatPhases *phases, HeatSpreadTotals *totals);

/** Store the spread of each phase over `size` ranks from the totals.  Not collective. */
void HeatPhasesGet(const HeatPhases *phases, const HeatSpreadTotals *totals, PetscMPIInt size,
                   HeatPhaseSpread spread[HEAT_PHASES]);

#endif
