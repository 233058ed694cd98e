/* The watchdog (see the header). */
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
  atomic_int  over;
  double      stall; /* [s] */
  PetscMPIInt rank;
  char        host[64];
};

/* One write, so that the lines of several ranks do not mix; then the process is gone, whatever its
   other thread waits for. */
static void Bite(const HeatWatchdog *dog, const HeatPulse *pulse)
{
  char      line[400];
  const int n = snprintf(
      line, sizeof line,
      "heat2d: error: rank %d on %s made no progress for %.4g s (limits.stall), in phase "
      "'%s' after step %ld: the job is ended. A rank that says nothing like this is "
      "likely the culprit: it is stopped, dead or cut off, or it is busy alone; go on with "
      "--restart latest\n",
      (int)dog->rank, dog->host, dog->stall, pulse->phase, pulse->step);

  if (n > 0 && write(STDERR_FILENO, line, PetscMin((size_t)n, sizeof line - 1)) < 0) {
    _exit(HEAT_EXIT_STALLED); /* there is nobody to tell it to */
  }
  _exit(HEAT_EXIT_STALLED);
}

static void *Watch(void *context)
{
  HeatWatchdog *dog    = context;
  const double  period = PetscMax(0.05, PetscMin(1.0, 0.05 * dog->stall)); /* [s] */
  const double  limit  = dog->stall + 0.5 * (double)PetscMin(dog->rank, 4);
  HeatPulse     last   = HeatPulseNow();
  double        idle   = 0.0;

  while (!atomic_load(&dog->over)) {
    const struct timespec pause = {(time_t)period, (long)(1e9 * (period - (double)(time_t)period))};
    HeatPulse             now;

    (void)nanosleep(&pause, NULL);
    now  = HeatPulseNow();
    idle = now.beats == last.beats ? idle + period : 0.0;
    last = now;
    if (idle >= limit && !atomic_load(&dog->over)) Bite(dog, &now);
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
  (void)sigfillset(&all); /* signals are the other thread's */
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
