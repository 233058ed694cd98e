/** Setting up the state of a run (setup.h). */
#include "app/run/setup.h"

#include "io/field_file/cell_inputs.h"

/* Create the Vec of the temperature; fill it from the checkpoint or with the initial field. */
static PetscErrorCode SetUpTemperature(HeatRunState *state, const char *from,
                                       const HeatCellInputs *inputs, HeatRestart **restart)
{
  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateVec(state->grid, &state->T));
  if (from) PetscCall(HeatRestartRead(state, from, restart));
  else PetscCall(HeatRunStateSetInitial(state, inputs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSetUpFields(HeatRunState *state, const char *from, HeatPhases *phases,
                               HeatRestart **restart)
{
  HeatCellInputs inputs = {0};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  *restart = NULL;
  HeatPhaseBegin(phases, HEAT_PHASE_SETUP);
  PetscCall(HeatCellInputsRead(state->grid, state->c, &inputs));
  code = HeatRunStateCreateOperator(state, &inputs);
  HeatPhaseEnd(phases, HEAT_PHASE_SETUP);
  if (!code) {
    HeatPhaseBegin(phases, HEAT_PHASE_INITIAL);
    code = SetUpTemperature(state, from, &inputs, restart);
    HeatPhaseEnd(phases, HEAT_PHASE_INITIAL);
  }
  PetscCall(HeatCellInputsClear(state->c, &inputs));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSetUpStepping(HeatRunState *state, HeatRestart *checkpoint,
                                 PetscInt *most_at_once)
{
  PetscBool free;
  PetscReal dt;
  PetscInt  most;

  PetscFunctionBeginUser;
  PetscCall(HeatRunStateUpdateOperator(state, HeatRestartTime(checkpoint)));
  PetscCall(HeatStepperDestroy(&state->stepper));
  PetscCall(HeatStepperCreate(state->op, state->c->time.step, &state->stepper));
  free = HeatRunStateHasFreeSteps(state);
  if (checkpoint) PetscCall(HeatRestartLoadStepper(checkpoint, state));
  PetscCall(HeatRestartChooseStep(checkpoint, state, free, &dt));
  HeatClockStart(&state->clock, state->c, free, dt);
  if (checkpoint) PetscCall(HeatRestartAdopt(checkpoint, state));
  if (!state->events) PetscCall(HeatEventsCreate(state->c, &state->events));
  HeatClockSetEvents(&state->clock, state->events);
  PetscCall(HeatStepperMostAtOnce(state->stepper, &most));
  *most_at_once = PetscMin(most, HEAT_MOST_AT_ONCE);
  PetscFunctionReturn(PETSC_SUCCESS);
}
