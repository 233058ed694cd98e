/** The watchdog (see watchdog.h).  The thread wakes up periodically and compares the number of
 * heartbeats with the one that it saw before. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/watchdog.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "solver/base/heartbeat.h"

struct HeatWatchdog {
  pthread_t   thread;
  atomic_int  over;     /* 1: the thread must return */
  double      stall;    /* [s] limits.stall */
  PetscMPIInt rank;     /* in MPI_COMM_WORLD, for message and delay */
  char        host[64]; /* host name, cut at 63 characters; "?" if unknown */
};

/* Print the message with a single write, so that the lines of several ranks do not mix, and end the
   process, whatever its main thread is waiting for. */
static void ReportAndExit(const HeatWatchdog *dog, const HeatPulse *pulse)
{
  char      line[400];
  const int n = snprintf(
      line, sizeof line,
      "heat2d: error: rank %d on %s made no progress for %.4g s (limits.stall), in phase "
      "'%s' after step %ld; the job ends. The cause is probably a rank that does not print this: "
      "it is stopped, dead, cut off from the network, or still working; continue with "
      "--restart latest\n",
      (int)dog->rank, dog->host, dog->stall, pulse->phase, pulse->step);

  if (n > 0 && write(STDERR_FILENO, line, PetscMin((size_t)n, sizeof line - 1)) < 0) {
    _exit(HEAT_EXIT_STALLED); /* nothing more can be done about a failed write */
  }
  _exit(HEAT_EXIT_STALLED);
}

/* The thread: end the process after `limit` seconds without a heartbeat.
   The period is a twentieth of `stall`, so that the idle time is known to 5 %, but at least 0.05 s,
   so that the thread takes next to no processor time, and at most 1 s, so that it stops soon.  The
   other ranks wait longer than rank 0, 0.5 s per rank up to 2 s, so that rank 0 is usually the one
   that prints.  All these numbers are chosen. */
static void *Watch(void *context)
{
  HeatWatchdog *dog    = context;
  const double  period = PetscMax(0.05, PetscMin(1.0, 0.05 * dog->stall));  /* [s] */
  const double  limit  = dog->stall + 0.5 * (double)PetscMin(dog->rank, 4); /* [s] */
  HeatPulse     last   = HeatPulseNow();
  double        idle   = 0.0;

  while (!atomic_load(&dog->over)) {
    const struct timespec pause = {(time_t)period, (long)(1e9 * (period - (double)(time_t)period))};
    HeatPulse             now;

    (void)nanosleep(&pause, NULL);
    now  = HeatPulseNow();
    idle = now.beats == last.beats ? idle + period : 0.0;
    last = now;
    if (idle >= limit && !atomic_load(&dog->over)) ReportAndExit(dog, &now);
  }
  return NULL;
}

PetscErrorCode HeatWatchdogStart(PetscReal stall, PetscMPIInt rank, HeatWatchdog **out)
{
  HeatWatchdog *dog;
  sigset_t      all, before;
  int           failed;

  PetscFunctionBeginUser;
  *out = NULL;
  if (stall == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&dog));
  dog->stall = (double)stall;
  dog->rank  = rank;
  if (gethostname(dog->host, sizeof dog->host - 1) != 0)
    (void)snprintf(dog->host, sizeof dog->host, "?");
  (void)sigfillset(&all); /* the main thread receives all signals */
  (void)pthread_sigmask(SIG_SETMASK, &all, &before);
  failed = pthread_create(&dog->thread, NULL, Watch, dog);
  (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failed) PetscCall(PetscFree(dog));
  PetscCheck(!failed, PETSC_COMM_SELF, PETSC_ERR_SYS, "the watchdog's thread cannot be started");
  *out = dog;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWatchdogStop(HeatWatchdog **dog)
{
  PetscFunctionBeginUser;
  if (!*dog) PetscFunctionReturn(PETSC_SUCCESS);
  atomic_store(&(*dog)->over, 1);
  (void)pthread_join((*dog)->thread, NULL);
  PetscCall(PetscFree(*dog));
  PetscFunctionReturn(PETSC_SUCCESS);
}
