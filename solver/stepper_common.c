/* What the schemes share. */
#include <stdio.h>

#include "solver/stepper_impl.h"

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

void HeatFlowsAdd(HeatFlows *sum, PetscReal weight, const HeatFlows *flows)
{
  for (int k = 0; k < HEAT_SIDES; k++) sum->side[k] += weight * flows->side[k];
  sum->source += weight * flows->source;
  sum->exchange += weight * flows->exchange;
  sum->turnover += weight * flows->turnover;
}

void HeatFlowsScale(HeatFlows *sum, PetscReal factor)
{
  const HeatFlows flows = *sum;

  HeatFlowsAdd(sum, factor - 1.0, &flows);
}

PetscErrorCode HeatFlowsPack(const HeatStepper *s, const HeatFlows *flows,
                             PetscReal numbers[HEAT_FLOW_NUMBERS])
{
  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_SIDES; k++) numbers[k] = flows->side[k];
  numbers[HEAT_SIDES]     = flows->source;
  numbers[HEAT_SIDES + 1] = flows->exchange;
  numbers[HEAT_SIDES + 2] = flows->turnover;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, numbers, HEAT_FLOW_NUMBERS, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(s->op)->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatFlowsUnpack(const HeatStepper *s, const PetscReal numbers[HEAT_FLOW_NUMBERS],
                     HeatFlows *flows)
{
  const HeatFlows none = {.source = 0.0};

  *flows = none;
  if (HeatOperatorGrid(s->op)->rank != 0) return;
  for (int k = 0; k < HEAT_SIDES; k++) flows->side[k] = numbers[k];
  flows->source   = numbers[HEAT_SIDES];
  flows->exchange = numbers[HEAT_SIDES + 1];
  flows->turnover = numbers[HEAT_SIDES + 2];
}

void HeatStepperName(PetscReal t, char *text, size_t size)
{
  (void)snprintf(text, size, "the step from t = %g s", (double)t);
}
