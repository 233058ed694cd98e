/** When to stop early and when to checkpoint by the clock: signals and wall time.
 *
 *  Ranks must agree, which costs a reduction; so they ask only about twice a second, after a
 *  number of steps that they derive together from the time a step takes. / */
#ifndef HEAT_APP_STOP_H
#define HEAT_APP_STOP_H

#include "solver/case.h"

typedef struct {
  PetscReal  wall_limit;             /* [s] since the program began; 0: none */
  PetscReal  checkpoint_interval;    /* [s]; 0: none */
  double     began, last_checkpoint; /* MPI_Wtime */
  double     asked;                  /* when the ranks last agreed */
  PetscInt64 asked_step, next_step;
  PetscReal  checkpoint_cost; /* [s] of the dearest so far */
  PetscBool  stop;            /* leave after a checkpoint; `reason` says why */
  PetscBool  checkpoint;      /* the clock asks for one */
  char       reason[96];
} HeatStop;

/** Catch TERM, INT and USR1, ignore SIGXFSZ (a full quota is an error of a write, not a death). */
PetscErrorCode HeatStopInstallSignals(void);

void HeatStopStart(HeatStop *stop, const HeatCase *c, double began, PetscInt64 step);

/** Agree, if it is time to.  Collective on comm when step >= stop->next_step; call it after each
 *  step. */
PetscErrorCode HeatStopAsk(HeatStop *stop, MPI_Comm comm, PetscInt64 step);

/** A checkpoint was written and took `seconds`. */
void HeatStopCheckpointed(HeatStop *stop, PetscReal seconds);

#endif
