/** When to stop early and when to checkpoint by the clock: signals and wall time.
 *
 *  Ranks must agree, which costs a reduction; so they ask only about twice a second, after a
 *  number of steps that they derive together from the time a step takes.  A limit is kept with a
 *  reserve: twice the dearest checkpoint, and the time since they last asked, in which at least one
 *  step was done. */
#ifndef HEAT_APP_STOP_H
#define HEAT_APP_STOP_H

#include "app/process/slurm.h"
#include "solver/case/case.h"

typedef struct {
  PetscReal  wall_limit;          /* [s] since the program began; 0: none */
  PetscReal  job_left;            /* [s] until the Slurm job ends, at `started`; infinite: none */
  char       job[HEAT_JOB_ID];    /* "" : none */
  double     started;             /* MPI_Wtime */
  PetscReal  checkpoint_interval; /* [s]; 0: none; Daly's changes with what checkpoints cost */
  PetscReal  mtbf;                /* [s]; 0: the interval is the case's */
  double     began, last_checkpoint; /* MPI_Wtime */
  double     asked;                  /* when the ranks last agreed */
  PetscInt64 asked_step, next_step;
  PetscReal  checkpoint_cost; /* [s] of the dearest so far; before the first one an estimate */
  PetscReal  checkpoint_sum;  /* [s] of those written */
  PetscInt64 checkpoints;     /* how many they are */
  PetscBool  stop;            /* leave after a checkpoint; `reason` says why */
  PetscBool  checkpoint;      /* the clock asks for one */
  char       reason[96];
} HeatStop;

/** Catch TERM, INT and USR1, ignore SIGXFSZ (a full quota is an error of a write, not a death). */
PetscErrorCode HeatStopInstallSignals(void);

/** Collective on comm: the Slurm job is looked up.
 *  @param[in] bytes  of a checkpoint, a node: until one was written its cost is estimated from them,
 *                    at 200 MB/s */
PetscErrorCode HeatStopStart(HeatStop *stop, MPI_Comm comm, const HeatCase *c, double began,
                             PetscInt64 step, PetscReal bytes);

/** Daly's interval between checkpoints [s] (J. Daly, Future Gener. Comput. Syst. 22 (2006) 303).
 *  @param[in] cost  [s] of a checkpoint, > 0
 *  @param[in] mtbf  [s] mean time between failures, > 0 */
PetscReal HeatStopDaly(PetscReal cost, PetscReal mtbf);

/** Agree, if it is time to.  Collective on comm when step >= stop->next_step; call it after each
 *  step. */
PetscErrorCode HeatStopAsk(HeatStop *stop, MPI_Comm comm, PetscInt64 step);

/** The run went back to an earlier step: ask after the next one. */
void HeatStopRewind(HeatStop *stop, PetscInt64 step);

/** A checkpoint was written and took `seconds`, the same on all ranks; 0: it failed. */
void HeatStopCheckpointed(HeatStop *stop, PetscReal seconds);

#endif
