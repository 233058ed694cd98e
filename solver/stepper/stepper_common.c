/** What the schemes share: creating the stage, bringing the operator to a time and a field, and
 *  heat flows of a Vec. */
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

PetscErrorCode HeatStepperCreateStage(HeatStepper *s, PetscReal multiple, PetscReal dt)
{
  PetscFunctionBeginUser;
  /* Without a step the set-up takes the largest stable explicit step, or 1 s where every step is
     stable.  Both are chosen: any value will do, since the first step sets up again. */
  if (dt <= 0.0) {
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
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorTryBring(s->op, t, values, valid));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperBring(HeatStepper *s, PetscReal t, Vec T)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorBring(s->op, t, values, HEAT_ERR_NUMERICS, "a step"));
  PetscCall(VecRestoreArrayRead(T, &values));
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

void HeatStepperFormatStep(PetscReal t, char *text, size_t size)
{
  (void)snprintf(text, size, "the step from t = %g s", (double)t);
}
