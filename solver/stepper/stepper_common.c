/* What the schemes share. */
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

PetscErrorCode HeatStepperCreateStage(HeatStepper *s, PetscReal multiple, PetscReal dt)
{
  PetscFunctionBeginUser;
  if (dt <= 0.0) { /* any step will do to set up with; the first one sets up again */
    PetscCall(HeatOperatorStableStep(s->op, &dt));
    if (dt == PETSC_MAX_REAL) dt = 1.0;
  }
  PetscCall(HeatStageCreate(s->op, multiple / dt, &s->stage));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperTryBring(HeatStepper *s, PetscReal t, Vec T, PetscBool *valid)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  *valid = PETSC_TRUE;
  PetscCall(HeatOperatorSetTime(s->op, t));
  if (HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorUpdate(s->op, values, valid));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperBring(HeatStepper *s, PetscReal t, Vec T)
{
  PetscBool valid;
  char      time[32];

  PetscFunctionBeginUser;
  PetscCall(HeatStepperTryBring(s, t, T, &valid));
  (void)snprintf(time, sizeof time, "%g", (double)t);
  HeatCheck(valid, HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
            "at t = %s s a conductivity is not positive, or a source or side not finite, with the "
            "temperatures that were computed; look at the case's expressions of T, or take shorter "
            "steps",
            time);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperNet(HeatStepper *s, Vec T, Vec net, PetscReal weight, HeatFlows *sum)
{
  const PetscReal *values;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(VecGetArrayWrite(net, &out));
  PetscCall(HeatOperatorNet(s->op, values, out));
  PetscCall(VecRestoreArrayWrite(net, &out));
  PetscCall(VecRestoreArrayRead(T, &values));
  if (sum) PetscCall(HeatStepperAddFlows(s, T, weight, sum));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperAddFlows(HeatStepper *s, Vec T, PetscReal weight, HeatFlows *sum)
{
  const PetscReal *values;
  HeatFlows        flows;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorFlows(s->op, values, &flows));
  PetscCall(VecRestoreArrayRead(T, &values));
  HeatFlowsAdd(sum, weight, &flows);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatStepperName(PetscReal t, char *text, size_t size)
{
  (void)snprintf(text, size, "the step from t = %g s", (double)t);
}
