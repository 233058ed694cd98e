/** Rollback (rollback.h): finding the checkpoint to return to. */
#include "app/run/rollback.h"

#include <stdio.h>

/* Read the newest whole checkpoint of the output folder if this process wrote it; else set
   *checkpoint to NULL.  A checkpoint of a step before `first_own` was written by an earlier process
   and need not belong to this run. */
static PetscErrorCode ReadOwn(HeatRunState *state, PetscInt64 first_own, HeatRestart **checkpoint)
{
  HeatCapture    capture;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *checkpoint = NULL;
  if (first_own < 0) PetscFunctionReturn(PETSC_SUCCESS);
  /* Suppress the message that the folder has no whole checkpoint: the run continues from the
     checkpoint that it started from, or ends with the message of ReadGood. */
  PetscCall(HeatCaptureBegin(&capture));
  code = HeatRestartReadLatest(state, checkpoint);
  PetscCall(HeatCaptureStop());
  if (code != HEAT_ERR_FILE && code)
    HeatCheck(PETSC_FALSE, state->grid->comm, code, "%s", capture.message);
  if (*checkpoint && HeatRestartStep(*checkpoint) < first_own)
    PetscCall(HeatRestartDestroy(checkpoint));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the checkpoint to return to: one of this process, else the one that it started from. */
static PetscErrorCode ReadGood(HeatRunState *state, const HeatRollbackCause *cause,
                               HeatRestart **checkpoint)
{
  PetscFunctionBeginUser;
  PetscCall(ReadOwn(state, cause->first_own, checkpoint));
  if (*checkpoint) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCheck(cause->origin, state->grid->comm, HEAT_ERR_NUMERICS,
            "%s; there is no checkpoint to go back to (checkpoint.every, or wall_interval, has "
            "them written)",
            cause->reason);
  PetscCall(HeatRestartReadFile(state, HeatRestartFile(cause->origin), checkpoint));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRollbackRead(HeatRollback *rollback, HeatRunState *state,
                                const HeatRollbackCause *cause, HeatRestart **checkpoint)
{
  PetscFunctionBeginUser;
  *checkpoint = NULL;
  HeatCheck(rollback->n == 0, state->grid->comm, HEAT_ERR_NUMERICS,
            "%s; the run has already gone back once, from step %" PetscInt64_FMT
            " to step %" PetscInt64_FMT ", so the fault recurs: check the case, then the machine; "
            "the checkpoints in %s are good",
            cause->reason, rollback->step, rollback->to_step, state->c->output.directory);
  PetscCall(ReadGood(state, cause, checkpoint));
  rollback->n       = 1;
  rollback->step    = state->clock.step;
  rollback->to_step = HeatRestartStep(*checkpoint);
  PetscCall(PetscStrncpy(rollback->reason, cause->reason, sizeof rollback->reason));
  if (state->grid->rank != 0) PetscFunctionReturn(PETSC_SUCCESS);
  (void)fflush(stdout);
  (void)fprintf(stderr,
                "heat2d: warning: %s\nheat2d: going back once, to step %" PetscInt64_FMT ", %s\n",
                cause->reason, rollback->to_step, HeatRestartFile(*checkpoint));
  (void)fflush(stderr);
  PetscFunctionReturn(PETSC_SUCCESS);
}
