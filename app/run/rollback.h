/** Rollback: once in a run, return to the last checkpoint when the state turns out to be corrupted.
 *
 *  A rollback is a restart within the run: files are rewound as at a restart, so that a fault which
 *  does not recur leaves no trace in them.  This module finds the checkpoint, reads it and prints a
 *  warning; the time loop then sets up stepper, clock and files from it. */
#ifndef HEAT_APP_ROLLBACK_H
#define HEAT_APP_ROLLBACK_H

#include "app/run/restart.h"

/** The rollback of a run; all zero while there was none.  Other modules only read it. */
typedef struct {
  PetscInt   n;           /* 0 or 1 */
  PetscInt64 step;        /* at which the state was found corrupted */
  PetscInt64 to_step;     /* of the checkpoint */
  char       reason[256]; /* which test failed, for the user */
} HeatRollback;

/** What is known when the state is found corrupted.  Borrowed. */
typedef struct {
  const char        *reason;    /* which test failed, for the user */
  PetscInt64         first_own; /* step of the first checkpoint of this process; -1: none */
  const HeatRestart *origin;    /* the checkpoint that this process started from; NULL: none */
} HeatRollbackCause;

/** Read the newest whole checkpoint that this process wrote, else the one that it started from: the
 *  temperature into state->T, the rest into a new handle; print a warning and fill in `rollback`.
 *  Collective.
 *  @param[out] checkpoint  the caller destroys it
 *  Errors: HEAT_ERR_NUMERICS with the reason where there is no checkpoint, or there was a rollback
 *  before; HEAT_ERR_FILE where the checkpoint that this process started from cannot be read any
 *  more. */
PetscErrorCode HeatRollbackRead(HeatRollback *rollback, HeatRunState *state,
                                const HeatRollbackCause *cause, HeatRestart **checkpoint);

#endif
