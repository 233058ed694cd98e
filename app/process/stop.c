/** Early end of a run (see stop.h). */
#define _POSIX_C_SOURCE 200809L
#include "app/process/stop.h"

#include <math.h>
#include <stdio.h>

#include "app/process/signals.h"
#include "solver/base/monotonic.h"

/* [s] Target for the wall time between two decisions.  Chosen: a larger value delays the answer to
   a signal and widens the reserve before a limit, a smaller one costs more reductions. */
static const double decision_interval = 0.5;

/* Return the interval [s] before the first checkpoint.  Daly's formula needs the cost of a
   checkpoint, so the first one is written early: after a minute, or after a tenth of the mean time
   between failures where that is less.  Both are chosen: larger values lose more work to a failure
   before the first checkpoint, smaller ones spend a larger share of the first minutes on it. */
static PetscReal FirstInterval(PetscReal mtbf) { return PetscMin(60.0, 0.1 * mtbf); }

/* Daly's higher-order estimate of the interval tau [s], with d [s] the cost of a checkpoint and M
   [s] the mean time between failures:

       tau = sqrt(2 d M) (1 + sqrt(d/(2 M))/3 + d/(18 M)) - d   for d < 2 M,   else tau = M */
PetscReal HeatStopDaly(PetscReal d, PetscReal M)
{
  if (d >= 2.0 * M) return M;
  return PetscSqrtReal(2.0 * d * M) * (1.0 + PetscSqrtReal(d / (2.0 * M)) / 3.0 + d / (18.0 * M)) -
         d;
}

PetscErrorCode HeatStopStart(HeatStop *s, MPI_Comm comm, const HeatCase *c, double began,
                             PetscInt64 step, PetscReal bytes, PetscBool in_job)
{
  const HeatStop fresh = {0};
  /* [B/s] per node to write, sync and read back a checkpoint.  Chosen, as of a slow disk: a larger
     value could leave too little time for a first checkpoint before a limit, a smaller one stops
     runs earlier than necessary. */
  const PetscReal slow = 200e6;

  PetscFunctionBeginUser;
  *s                     = fresh;
  s->wall_limit          = c->limits.wall_time;
  s->mtbf                = c->checkpoint.daly ? c->checkpoint.mtbf : 0.0;
  s->checkpoint_interval = c->checkpoint.daly ? FirstInterval(s->mtbf)
                                              : c->checkpoint.wall_interval;
  s->checkpoint_cost     = bytes / slow;
  s->job_left            = INFINITY;
  /* A steady state is one step, which may be long, and has nothing to continue from. */
  if (c->time.scheme == HEAT_SCHEME_STEADY) HeatSignalsEndProcess();
  if (c->limits.slurm && in_job) PetscCall(HeatSlurmTimeLeft(comm, &s->job_left, s->job));
  s->began   = began;
  s->started = s->last_checkpoint = s->asked = s->asked_within = HeatMonotonicTime();
  s->asked_step                                                = step;
  s->next_step                                                 = step + 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the number of steps, or of calls within a step, until the next decision: those that fit
   into decision_interval at the speed of the `done` > 0 since the previous decision, which took
   `seconds`.  At most ten times as many as then (chosen), so that a few unusually short steps
   cannot put off the next decision for long.  1e-9 s avoids a division by zero. */
static PetscInt64 UntilDecision(PetscInt64 done, double seconds)
{
  const double fit = decision_interval * (double)done / PetscMax(seconds, 1e-9);

  return (PetscInt64)PetscMax(1.0, PetscMin(fit, 10.0 * (double)done));
}

/* Stop the run if a time limit would be exceeded at the next decision.
   `run`, `job`: time [s] since the program began and since HeatStopStart; `seconds`: since the
   previous decision.  The next one may be as far away as the previous one, so that much is
   reserved, and twice the longest checkpoint.  The slack for Slurm is chosen: it covers
   the difference between Slurm's clock and ours, and the end of the job script after the run; a
   larger one only ends runs earlier. */
static void CheckLimits(HeatStop *s, double run, double job, double seconds)
{
  const double slack   = 5.0; /* [s] */
  const double reserve = 2.0 * s->checkpoint_cost + PetscMax(decision_interval, seconds);

  if (s->wall_limit > 0.0 && run + reserve >= s->wall_limit) {
    s->stop = PETSC_TRUE;
    (void)snprintf(s->reason, sizeof s->reason, "the wall-time limit of %g s (limits.wall_time)",
                   (double)s->wall_limit);
  } else if (job + reserve + slack >= s->job_left) {
    s->stop = PETSC_TRUE;
    (void)snprintf(s->reason, sizeof s->reason, "the end of Slurm job %s (limits.slurm)", s->job);
  }
}

/* Stop the run after a signal, or before a limit; the times are those of CheckLimits. */
static void Decide(HeatStop *s, int number, double run, double job, double seconds)
{
  if (number > 0) {
    s->stop = PETSC_TRUE;
    (void)snprintf(s->reason, sizeof s->reason, "signal %s", HeatSignalsName(number));
  } else CheckLimits(s, run, job, seconds);
}

PetscErrorCode HeatStopAsk(HeatStop *s, MPI_Comm comm, PetscInt64 step)
{
  const double now    = HeatMonotonicTime();
  double       all[5] = {(double)HeatSignalsCaught(), now - s->began, now - s->asked,
                         now - s->last_checkpoint, now - s->started};

  PetscFunctionBeginUser;
  s->checkpoint = PETSC_FALSE;
  if (step < s->next_step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, all, 5, MPI_DOUBLE, MPI_MAX, comm));
  s->next_step  = step + UntilDecision(PetscMax(step - s->asked_step, 1), all[2]);
  s->asked      = now;
  s->asked_step = step;
  s->checkpoint = (s->checkpoint_interval > 0.0 && all[3] >= s->checkpoint_interval) ? PETSC_TRUE
                                                                                     : PETSC_FALSE;
  Decide(s, (int)all[0], all[1], all[4], all[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Most calls from one decision within a step to the next.  Chosen: each call stands for an
   iteration, which has a reduction of its own, so that a decision costs next to nothing even at
   this distance; a larger value delays a decision where iterations suddenly become slower, as with
   a fallback. */
enum { MOST_POLLS = 64 };

PetscErrorCode HeatStopAskWithinStep(HeatStop *s, MPI_Comm comm)
{
  const double now    = HeatMonotonicTime();
  double       all[4] = {(double)HeatSignalsCaught(), now - s->began, now - s->started,
                         now - s->asked_within};

  PetscFunctionBeginUser;
  if (++s->polls < s->next_poll) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, all, 4, MPI_DOUBLE, MPI_MAX, comm));
  s->next_poll  = s->polls + PetscMin(UntilDecision(s->polls - s->asked_poll, all[3]), MOST_POLLS);
  s->asked_poll = s->polls;
  s->asked_within = now;
  Decide(s, (int)all[0], all[1], all[2], all[3]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatStopRewind(HeatStop *s, PetscInt64 step)
{
  s->checkpoint = PETSC_FALSE;
  s->asked      = HeatMonotonicTime();
  s->asked_step = step;
  s->next_step  = step + 1;
}

void HeatStopCheckpointed(HeatStop *s, PetscReal seconds)
{
  s->last_checkpoint = HeatMonotonicTime();
  if (seconds <= 0.0) return;
  s->checkpoint_cost = s->checkpoints == 0 ? seconds : PetscMax(s->checkpoint_cost, seconds);
  s->checkpoint_sum += seconds;
  s->checkpoints += 1;
  if (s->mtbf > 0.0)
    s->checkpoint_interval = HeatStopDaly(s->checkpoint_sum / (PetscReal)s->checkpoints, s->mtbf);
}
