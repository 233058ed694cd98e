/* Signals and wall time.  The flag is file-static, as nothing else in the program but the heartbeat
 * (solver/base/heartbeat.c): a signal handler can reach nothing else. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/stop.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>

static volatile sig_atomic_t caught_signal = 0;

static void NoteSignal(int number) { caught_signal = number; }

PetscErrorCode HeatStopInstallSignals(void)
{
  const int        stopping[] = {SIGTERM, SIGINT, SIGUSR1};
  struct sigaction action;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(&action, sizeof action));
  PetscCheck(sigemptyset(&action.sa_mask) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
             "sigemptyset failed");
  action.sa_handler = NoteSignal;
  action.sa_flags   = SA_RESTART;
  for (size_t k = 0; k < sizeof stopping / sizeof stopping[0]; k++) {
    PetscCheck(sigaction(stopping[k], &action, NULL) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
               "sigaction failed");
  }
  action.sa_handler = SIG_IGN;
  PetscCheck(sigaction(SIGXFSZ, &action, NULL) == 0, PETSC_COMM_SELF, PETSC_ERR_SYS,
             "sigaction failed");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Daly's interval needs the cost of a checkpoint, so the first one comes early: after a minute, or a
   tenth of the time between failures where that is less. */
static PetscReal FirstInterval(PetscReal mtbf) { return PetscMin(60.0, 0.1 * mtbf); }

PetscReal HeatStopDaly(PetscReal d, PetscReal M)
{
  if (d >= 2.0 * M) return M;
  return PetscSqrtReal(2.0 * d * M) * (1.0 + PetscSqrtReal(d / (2.0 * M)) / 3.0 + d / (18.0 * M)) -
         d;
}

PetscErrorCode HeatStopStart(HeatStop *s, MPI_Comm comm, const HeatCase *c, double began,
                             PetscInt64 step, PetscReal bytes)
{
  const HeatStop  fresh = {0};
  const PetscReal slow  = 200e6; /* [B/s] of a node, written, synced and read back: a slow disk */

  PetscFunctionBeginUser;
  *s                     = fresh;
  s->wall_limit          = c->limits.wall_time;
  s->mtbf                = c->checkpoint.daly ? c->checkpoint.mtbf : 0.0;
  s->checkpoint_interval = c->checkpoint.daly ? FirstInterval(s->mtbf)
                                              : c->checkpoint.wall_interval;
  s->checkpoint_cost     = bytes / slow;
  s->job_left            = INFINITY;
  if (c->limits.slurm) PetscCall(HeatSlurmTimeLeft(comm, &s->job_left, s->job));
  s->began   = began;
  s->started = s->last_checkpoint = s->asked = MPI_Wtime();
  s->asked_step                              = step;
  s->next_step                               = step + 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const char *SignalName(int number)
{
  return number == SIGTERM ? "TERM" : number == SIGINT ? "INT" : "USR1";
}

/* Steps that fit into about half a second, at most ten times as many as last time. */
static PetscInt64 StepsUntilNextTime(const HeatStop *s, PetscInt64 step, double seconds)
{
  const PetscInt64 done = PetscMax(step - s->asked_step, 1);
  const double     fit  = 0.5 * (double)done / PetscMax(seconds, 1e-9);

  return (PetscInt64)PetscMax(1.0, PetscMin(fit, 10.0 * (double)done));
}

/* One of the limits is near: `seconds` since the ranks last agreed may pass before they do again. */
static void LookAtLimits(HeatStop *s, double run, double job, double seconds)
{
  const double slack   = 5.0; /* [s] Slurm's clock, and the job script's own end */
  const double reserve = 2.0 * s->checkpoint_cost + PetscMax(0.5, seconds);

  if (s->wall_limit > 0.0 && run + reserve >= s->wall_limit) {
    s->stop = PETSC_TRUE;
    (void)snprintf(s->reason, sizeof s->reason, "the wall-time limit of %g s (limits.wall_time)",
                   (double)s->wall_limit);
  } else if (job + reserve + slack >= s->job_left) {
    s->stop = PETSC_TRUE;
    (void)snprintf(s->reason, sizeof s->reason, "the end of Slurm job %s (limits.slurm)", s->job);
  }
}

PetscErrorCode HeatStopAsk(HeatStop *s, MPI_Comm comm, PetscInt64 step)
{
  const double now = MPI_Wtime();
  double all[5] = {(double)caught_signal, now - s->began, now - s->asked, now - s->last_checkpoint,
                   now - s->started};

  PetscFunctionBeginUser;
  s->checkpoint = PETSC_FALSE;
  if (step < s->next_step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, all, 5, MPI_DOUBLE, MPI_MAX, comm));
  s->next_step  = step + StepsUntilNextTime(s, step, all[2]);
  s->asked      = now;
  s->asked_step = step;
  s->checkpoint = (s->checkpoint_interval > 0.0 && all[3] >= s->checkpoint_interval) ? PETSC_TRUE
                                                                                     : PETSC_FALSE;
  if (all[0] > 0.0) {
    s->stop = PETSC_TRUE;
    PetscCall(PetscSNPrintf(s->reason, sizeof s->reason, "signal %s", SignalName((int)all[0])));
  } else LookAtLimits(s, all[1], all[4], all[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatStopRewind(HeatStop *s, PetscInt64 step)
{
  s->checkpoint = PETSC_FALSE;
  s->asked      = MPI_Wtime();
  s->asked_step = step;
  s->next_step  = step + 1;
}

void HeatStopCheckpointed(HeatStop *s, PetscReal seconds)
{
  s->last_checkpoint = MPI_Wtime();
  if (seconds <= 0.0) return;
  s->checkpoint_cost = s->checkpoints == 0 ? seconds : PetscMax(s->checkpoint_cost, seconds);
  s->checkpoint_sum += seconds;
  s->checkpoints += 1;
  if (s->mtbf > 0.0)
    s->checkpoint_interval = HeatStopDaly(s->checkpoint_sum / (PetscReal)s->checkpoints, s->mtbf);
}
