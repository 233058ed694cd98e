/** Wall time per phase of a run: how often and how long, and the spread over the ranks. */
#ifndef HEAT_APP_PHASES_H
#define HEAT_APP_PHASES_H

#include <petscsys.h>

#include "solver/base/error.h"
#include "solver/base/traffic.h"

typedef enum {
  HEAT_PHASE_SETUP,       /* set up case, grid, operator and solver */
  HEAT_PHASE_INITIAL,     /* paint the initial field, or read it from a file or a checkpoint */
  HEAT_PHASE_STEP,        /* time steps with their solves and halo exchanges */
  HEAT_PHASE_DIAGNOSTICS, /* history, probes, checks, and the decision whether to stop */
  HEAT_PHASE_SNAPSHOT,    /* write snapshots and profiles */
  HEAT_PHASE_CHECKPOINT,  /* write checkpoints */
  HEAT_PHASES
} HeatPhase;

/** Names of the phases on the terminal, in results.json and in the watchdog's message. */
extern const char *const HeatPhaseNames[HEAT_PHASES];

/** The timers of this rank.  Plain data, zero at the start. */
typedef struct {
  PetscReal  seconds[HEAT_PHASES]; /* [s] total per phase */
  PetscInt64 calls[HEAT_PHASES];   /* how often each phase ended */
  PetscReal  started;              /* [s] monotonic time at which the current phase began */

  HeatTrafficKind before; /* the kind of communication before the current phase */
} HeatPhases;

/** One phase over all ranks. */
typedef struct {
  PetscReal  min, mean, max; /* [s] over the ranks */
  PetscInt64 calls;          /* on this rank; every rank passes through the phases equally often */
} HeatPhaseSpread;

/** Start and stop the timer of a phase.  There is one start time, so phases must not nest.  Begin
 *  also names the phase for the watchdog (solver/base/heartbeat.h), and sets the kind of
 *  communication of the phase (solver/base/traffic.h) until End.  Not collective. */
void HeatPhaseBegin(HeatPhases *phases, HeatPhase phase);
void HeatPhaseEnd(HeatPhases *phases, HeatPhase phase);

/** Compute minimum, mean and maximum of each phase over the ranks.  Collective on comm. */
PetscErrorCode HeatPhasesReduce(MPI_Comm comm, const HeatPhases *phases,
                                HeatPhaseSpread spread[HEAT_PHASES]);

#endif
