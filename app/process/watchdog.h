/** Watchdog: a thread of each rank that ends the process when the rank makes no progress.
 *
 *  MPI has no time-outs: when a rank is stopped or dead, or the network is cut, the other ranks
 *  wait for ever.  A rank that waits makes no progress, so its watchdog ends it, and the launcher
 *  then ends the rest of the job.  The launcher does not reach ranks beyond a cut network; each of
 *  those is ended by its own watchdog.
 *
 *  The thread calls neither MPI nor PETSc.  It measures idle time by counting its own wake-ups, not
 *  by a clock, so a process that was stopped for a while and continues has not been idle
 *  meanwhile. */
#ifndef HEAT_APP_WATCHDOG_H
#define HEAT_APP_WATCHDOG_H

#include "solver/base/error.h"

/* Exit code of a rank without progress (README.md, exit codes). */
enum { HEAT_EXIT_STALLED = 76 };

typedef struct HeatWatchdog HeatWatchdog;

/** Start the thread.  Rank 0 ends after `stall`; rank r waits min(r, 4) / 2 s longer, so that the
 *  one message comes from rank 0 if rank 0 can still print.  Not collective.
 *  @param[in]  stall  [s] without a heartbeat (solver/base/heartbeat.h); 0: no watchdog, *dog is
 *                     NULL
 *  @param[out] dog    owned; stop it with HeatWatchdogStop
 *  Errors: PETSC_ERR_SYS if the thread cannot be started. */
PetscErrorCode HeatWatchdogStart(PetscReal stall, PetscMPIInt rank, HeatWatchdog **dog);

/** Stop the thread and free *dog, which may be NULL.  Takes up to one wake-up period, at most 1 s.
 *  Not collective. */
PetscErrorCode HeatWatchdogStop(HeatWatchdog **dog);

#endif
