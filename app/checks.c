/* Evaluating the `check` section at the end of a run. */
#include "app/checks.h"

#include <stdio.h>

static PetscErrorCode PointTemperature(HeatSimulation *sim, const HeatCaseCheck *check,
                                       const PetscReal *T, PetscReal *value)
{
  HeatProbes *probe;

  PetscFunctionBeginUser;
  PetscCall(HeatProbesCreate(sim->op, 1, &check->at, &probe));
  PetscCall(HeatProbesValues(probe, sim->op, T, HeatSimulationTime(sim, sim->step), value));
  PetscCall(HeatProbesDestroy(&probe));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Quantity(HeatSimulation *sim, const HeatCaseCheck *check, const PetscReal *T,
                               PetscReal *value)
{
  const PetscReal time = HeatSimulationTime(sim, sim->step);
  PetscReal       l2, max, heat[HEAT_SIDES];

  PetscFunctionBeginUser;
  switch (check->quantity) {
  case HEAT_CHECK_TEMPERATURE: PetscCall(PointTemperature(sim, check, T, value)); break;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX:
    PetscCall(HeatDiagnosticsError(sim->op, T, &check->exact, time, &l2, &max));
    *value = check->quantity == HEAT_CHECK_ERROR_L2 ? l2 : max;
    break;
  case HEAT_CHECK_INTEGRAL:
    PetscCall(HeatDiagnosticsIntegral(sim->op, T, check->weight, value));
    break;
  case HEAT_CHECK_HEAT_FLOW:
    PetscCall(HeatDiagnosticsSideHeat(sim->op, T, time, heat));
    *value = heat[check->side];
    break;
  case HEAT_CHECK_ENERGY_BALANCE: *value = sim->account.relative; break;
  case HEAT_CHECK_MINIMUM: *value = sim->summary.min; break;
  case HEAT_CHECK_MAXIMUM: *value = sim->summary.max; break;
  case HEAT_CHECK_MEAN: *value = sim->summary.mean; break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Describe(const HeatCaseCheck *check, char *text, size_t size)
{
  const char *name = HeatCheckQuantityNames[check->quantity];

  PetscFunctionBeginUser;
  switch (check->quantity) {
  case HEAT_CHECK_TEMPERATURE:
    (void)snprintf(text, size, "%s at (%g, %g)", name, (double)check->at[0], (double)check->at[1]);
    break;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX:
    PetscCall(PetscSNPrintf(text, size, "%s against %s", name,
                            check->exact.text ? check->exact.text : "a constant"));
    break;
  case HEAT_CHECK_INTEGRAL:
    PetscCall(PetscSNPrintf(
        text, size, "integral of temperature%s%s", check->weight == HEAT_WEIGHT_NONE ? "" : " x ",
        check->weight == HEAT_WEIGHT_NONE ? "" : HeatWeightNames[check->weight]));
    break;
  case HEAT_CHECK_HEAT_FLOW:
    PetscCall(PetscSNPrintf(text, size, "heat flow, %s [W/m]", HeatSideNames[check->side]));
    break;
  default: PetscCall(PetscSNPrintf(text, size, "%s", name)); break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatChecksEvaluate(HeatSimulation *sim, PetscBool *all_pass)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  *all_pass = PETSC_TRUE;
  PetscCall(PetscCalloc1(sim->c->n_checks, &sim->checks));
  PetscCall(VecGetArrayRead(sim->T, &T));
  for (PetscInt k = 0; k < sim->c->n_checks; k++) {
    const HeatCaseCheck *check = &sim->c->checks[k];
    HeatCheckResult     *r     = &sim->checks[k];

    PetscCall(Describe(check, r->description, sizeof r->description));
    PetscCall(Quantity(sim, check, T, &r->value));
    if (check->below >= 0.0) {
      r->expected  = NAN;
      r->tolerance = check->below;
      r->pass      = PetscAbsReal(r->value) < check->below ? PETSC_TRUE : PETSC_FALSE;
    } else {
      r->expected  = check->value;
      r->tolerance = check->relative >= 0.0 ? check->relative * PetscAbsReal(check->value)
                                            : check->tolerance;
      r->pass = PetscAbsReal(r->value - r->expected) <= r->tolerance ? PETSC_TRUE : PETSC_FALSE;
    }
    if (!r->pass) *all_pass = PETSC_FALSE;
  }
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}
