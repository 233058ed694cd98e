/** Where the time goes: named phases of a run, with calls and wall time, and their spread over
 *  ranks. */
#ifndef HEAT_APP_PHASES_H
#define HEAT_APP_PHASES_H

#include <petscsys.h>

#include "solver/base/error.h"

typedef enum {
  HEAT_PHASE_SETUP,       /* case, grid, operator, solver */
  HEAT_PHASE_INITIAL,     /* painting, reading initial fields or a checkpoint */
  HEAT_PHASE_STEP,        /* time steps, with their solves and halo exchanges */
  HEAT_PHASE_DIAGNOSTICS, /* sums for history, probes, checks, agreement on stopping */
  HEAT_PHASE_SNAPSHOT,
  HEAT_PHASE_CHECKPOINT,
  HEAT_PHASES
} HeatPhase;

extern const char *const HeatPhaseNames[HEAT_PHASES];

typedef struct {
  PetscReal  seconds[HEAT_PHASES]; /* on this rank */
  PetscInt64 calls[HEAT_PHASES];
  PetscReal  started;
} HeatPhases;

/** min, mean and max over ranks [s]. */
typedef struct {
  PetscReal  min, mean, max;
  PetscInt64 calls;
} HeatPhaseSpread;

/** Phases do not nest.  Not collective. */
void HeatPhaseBegin(HeatPhases *phases, HeatPhase phase);
void HeatPhaseEnd(HeatPhases *phases, HeatPhase phase);

/** Collective on comm. */
PetscErrorCode HeatPhasesReduce(MPI_Comm comm, const HeatPhases *phases,
                                HeatPhaseSpread spread[HEAT_PHASES]);

#endif
