/** The watchdog: a thread of each rank that ends the process when the rank makes no progress.
 *
 *  A rank that waits for one that is stopped, dead or cut off makes none either, so somebody always
 *  notices; the launcher then ends the rest, as far as it reaches them: beyond a cut network the ranks
 *  end by their own watchdogs.  The thread calls neither MPI nor PETSc, and counts the
 *  time by its own waking up: a rank that was stopped and goes on has not been idle meanwhile. */
#ifndef HEAT_APP_WATCHDOG_H
#define HEAT_APP_WATCHDOG_H

#include "solver/base/error.h"

enum { HEAT_EXIT_STALLED = 76 };

typedef struct HeatWatchdog HeatWatchdog;

/** Rank 0 is first to speak; others give it up to two seconds.  Not collective.
 *  @param[in] stall  [s] without a beat (solver/base/heartbeat.h); 0: no watchdog, *dog is NULL */
PetscErrorCode HeatWatchdogStart(PetscReal stall, PetscMPIInt rank, HeatWatchdog **dog);

/** *dog may be NULL.  Not collective. */
PetscErrorCode HeatWatchdogStop(HeatWatchdog **dog);

#endif
