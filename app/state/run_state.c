/** Setting up the state of a run: operator, initial field, and the choice of the step. */
#include "app/state/run_state.h"

#include "io/field_file/cell_inputs.h"
#include "io/field_file/field_file.h"

PetscErrorCode HeatRunStateCreateOperator(HeatRunState *state, const HeatCellInputs *inputs)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSizesMeasure(state->grid, state->c, inputs, &state->sizes));
  PetscCall(HeatOperatorCreate(state->grid, state->c, inputs, &state->op));
  PetscCall(HeatZonesCreate(state->grid, state->c, inputs, &state->zones));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the field that was read from a file, with the temperatures of regions painted over it. */
static PetscErrorCode CheckFromFile(const HeatRunState *state, const PetscReal *T)
{
  const HeatCase *c = state->c;
  char            where[128];

  PetscFunctionBeginUser;
  PetscCall(HeatCellInputsFindNonFinite(state->grid, T, where, sizeof where));
  HeatCheck(!where[0], state->grid->comm, HEAT_ERR_FILE,
            "%s: dataset %s is %s; give a finite temperature to every cell that no region with a "
            "temperature covers",
            c->initial.file, c->initial.dataset ? c->initial.dataset : "/temperature", where);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunStateSetInitial(HeatRunState *state, const HeatCellInputs *inputs)
{
  const HeatCase *c         = state->c;
  const PetscBool from_file = c->initial.file ? PETSC_TRUE : PETSC_FALSE;
  PetscReal      *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(state->T, &T));
  if (from_file) {
    const char *dataset = c->initial.dataset ? c->initial.dataset : "/temperature";

    PetscCall(HeatFieldFileRead(state->grid, c->initial.file, dataset, HEAT_ELEMENT_DOUBLE, T));
  }
  PetscCall(HeatOperatorInitialField(state->op, inputs, from_file, T));
  if (from_file) PetscCall(CheckFromFile(state, T));
  PetscCall(HeatEnergyStart(&state->energy, state->op, T));
  PetscCall(VecRestoreArrayWrite(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunStateUpdateOperator(HeatRunState *state, PetscReal t)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(state->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(HeatOperatorBring(state->op, t, T, HEAT_ERR_INPUT, "the initial field"));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatRunStateHasFreeSteps(const HeatRunState *state)
{
  const HeatScheme scheme = state->c->time.scheme;

  if (HeatStepperIsAdaptive(state->stepper)) return PETSC_TRUE;
  return state->c->time.step_auto && !HeatOperatorIsLinear(state->op) &&
                 (scheme == HEAT_SCHEME_FTCS || scheme == HEAT_SCHEME_RKL2)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscErrorCode HeatRunStateChooseStep(HeatRunState *state, PetscReal t, PetscBool free,
                                      PetscReal *dt)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  *dt = c->time.step;
  if (c->time.scheme == HEAT_SCHEME_STEADY) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperFirstStep(state->stepper, t, state->T, dt));
  if (c->time.step > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(*dt > 0.0 && *dt < PETSC_MAX_REAL, state->grid->comm, c, "time.step",
                   "any step is stable here, so `auto` cannot choose one; give a number");
  if (free || c->time.end <= 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(HeatTimeGridCounts(c->time.end / *dt), state->grid->comm, c, "time.end",
                   "found %g, which makes %g steps of the largest stable length, %g s; take a "
                   "shorter run, or an implicit scheme such as bdf2",
                   (double)c->time.end, (double)(c->time.end / *dt), (double)*dt);
  *dt = HeatTimeGridStep(c->time.end, *dt);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunStateDestroy(HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatStepperDestroy(&state->stepper));
  PetscCall(HeatEventsDestroy(&state->events));
  PetscCall(HeatZonesDestroy(&state->zones));
  PetscCall(HeatSizesClear(&state->sizes));
  PetscCall(VecDestroy(&state->T));
  PetscCall(HeatOperatorDestroy(&state->op));
  PetscCall(HeatGridDestroy(&state->grid));
  PetscFunctionReturn(PETSC_SUCCESS);
}
