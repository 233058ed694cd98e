/** Early end of a run, and checkpoints at intervals of wall time.
 *
 *  A run ends early after a signal (signals.h), before limits.wall_time, and before the end of its
 *  Slurm job.  All ranks must decide the same, which costs an MPI_Allreduce.  So they decide not
 *  after each step but about twice a second: from the measured time per step each rank derives the
 *  step after which they decide next, and all ranks derive the same one.
 *
 *  Within a step they decide as often, at calls from the iterations of its solver, so that a step
 *  that lasts minutes delays neither signal nor limit.
 *
 *  A time limit is kept with a reserve: the run stops as soon as the time left is no more than
 *  twice the longest checkpoint so far plus the time since the previous decision, which holds at
 *  least one step. */
#ifndef HEAT_APP_STOP_H
#define HEAT_APP_STOP_H

#include "app/process/slurm.h"
#include "solver/case/case.h"

/** Limits, measured times and the latest decision.  Plain data. */
typedef struct {
  PetscReal  wall_limit; /* [s] limits.wall_time, since the program began; 0: none */
  PetscReal  job_left;   /* [s] left in the Slurm job at `started`; infinite: no known limit */
  char       job[HEAT_JOB_ID];    /* number of the Slurm job; "": none, or limits.slurm is false */
  double     started;             /* [s] monotonic time of HeatStopStart */
  PetscReal  checkpoint_interval; /* [s] wall time between checkpoints; 0: none; Daly's interval
                                     follows the measured cost of checkpoints */
  PetscReal  mtbf;            /* [s] mean time between failures; 0: the interval is not Daly's */
  double     began;           /* [s] monotonic time at program start */
  double     last_checkpoint; /* [s] monotonic time from which the interval counts */
  double     asked;           /* [s] monotonic time of the previous decision */
  PetscInt64 asked_step;      /* the step after which the ranks decided last */
  PetscInt64 next_step;       /* the step after which they decide next */
  PetscReal  checkpoint_cost; /* [s] of the longest checkpoint; before the first one an estimate */
  PetscReal  checkpoint_sum;  /* [s] of all measured checkpoints together */
  PetscInt64 checkpoints;     /* number of measured checkpoints */
  PetscInt64 polls;           /* calls of HeatStopAskWithinStep so far */
  PetscInt64 next_poll;       /* the call in which the ranks decide next */
  PetscInt64 asked_poll;      /* the call in which they decided last */
  double     asked_within;    /* [s] monotonic time of that decision */
  PetscBool  stop;            /* decision: write a checkpoint and end the run */
  PetscBool  checkpoint;      /* decision: the interval is over, write a checkpoint */
  char       reason[96];      /* why the run stops: "signal TERM" */
} HeatStop;

/** Initialise *stop from the case, and look up the time left in the Slurm job unless limits.slurm
 *  is false.  Collective on comm.
 *  @param[in] began  [s] monotonic time at program start
 *  @param[in] step   steps done so far: 0, or those of the checkpoint that the run continues from
 *  @param[in] bytes  size of a checkpoint, divided by the number of nodes; gives the estimate of
 *                    its cost, at 200 MB/s per node, until the first one has been measured
 *  @param[in] in_job  whether rank 0 may be in a Slurm job, the same on all ranks; false saves the
 *                    message of the look-up */
PetscErrorCode HeatStopStart(HeatStop *stop, MPI_Comm comm, const HeatCase *c, double began,
                             PetscInt64 step, PetscReal bytes, PetscBool in_job);

/** Return Daly's interval between checkpoints [s] (J. Daly, Future Gener. Comput. Syst. 22 (2006)
 *  303), the one that loses the least time to checkpoints and to failures.
 *  @param[in] cost  [s] of one checkpoint, > 0
 *  @param[in] mtbf  [s] mean time between failures, > 0 */
PetscReal HeatStopDaly(PetscReal cost, PetscReal mtbf);

/** Decide whether to stop and whether a checkpoint is due: set stop->stop, stop->reason and
 *  stop->checkpoint.  Call it on all ranks after each step.  Collective on comm where step >=
 *  stop->next_step; otherwise it only clears stop->checkpoint and sends no message. */
PetscErrorCode HeatStopAsk(HeatStop *stop, MPI_Comm comm, PetscInt64 step);

/** Decide within a step, which may last long, whether to stop: set stop->stop and
 *  stop->reason.  Call it on all ranks in each iteration or stage of the step.  Collective on comm
 *  in the calls in which the ranks decide, about twice a second and at least in every 64th call;
 *  the others send no message. */
PetscErrorCode HeatStopAskWithinStep(HeatStop *stop, MPI_Comm comm);

/** Continue from an earlier step, after a rollback: the ranks decide next after step + 1.  Not
 *  collective; call it on all ranks. */
void HeatStopRewind(HeatStop *stop, PetscInt64 step);

/** Restart the interval between checkpoints, and take the cost of a written one into account.  Not
 *  collective; call it on all ranks.
 *  @param[in] seconds  time that the checkpoint took, the same on all ranks; 0: its cost is not
 *                      known, because it failed or is still being written asynchronously */
void HeatStopCheckpointed(HeatStop *stop, PetscReal seconds);

#endif
