/** The end of the time loop (run_end.h). */
#include "app/run/run_end.h"

PetscErrorCode HeatRunEndStopped(HeatReporter *reporter, HeatCheckpoints *checkpoints)
{
  const HeatRunState *state = reporter->state;

  PetscFunctionBeginUser;
  if (!state->clock.steady) PetscCall(HeatCheckpointsWrite(checkpoints, state, NULL));
  PetscCall(HeatCheckpointsFinish(checkpoints));
  HeatPhaseBegin(reporter->phases, HEAT_PHASE_FILES);
  PetscCall(HeatOutputClose(reporter->output, state));
  HeatPhaseEnd(reporter->phases, HEAT_PHASE_FILES);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunEndFinished(HeatReporter *reporter, HeatCheckpoints *checkpoints,
                                  const HeatStop *stop)
{
  const HeatRunState *state = reporter->state;
  HeatCapture         capture;
  PetscErrorCode      code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&capture));
  if (state->c->checkpoint.every > 0 || stop->checkpoint_interval > 0.0)
    code = HeatCheckpointsWriteLast(checkpoints, state);
  PetscCall(HeatReporterEndLast(reporter, &capture, code));
  PetscCall(HeatCheckpointsFinish(checkpoints));
  PetscCall(HeatCaptureBegin(&capture));
  HeatPhaseBegin(reporter->phases, HEAT_PHASE_FILES);
  code = HeatOutputClose(reporter->output, state);
  HeatPhaseEnd(reporter->phases, HEAT_PHASE_FILES);
  PetscCall(HeatReporterEndLast(reporter, &capture, code));
  PetscFunctionReturn(PETSC_SUCCESS);
}
