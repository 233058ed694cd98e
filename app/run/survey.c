/* Looking at the present state (see the header). */
#include "app/run/survey.h"

PetscErrorCode HeatSurveyPrepare(HeatSimulation *sim, const PetscReal *T)
{
  PetscBool valid = PETSC_TRUE;

  PetscFunctionBeginUser;
  if (sim->prepared_step == sim->clock.step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatOperatorSetTime(sim->op, sim->clock.time));
  if (!HeatOperatorIsLinear(sim->op)) PetscCall(HeatOperatorUpdate(sim->op, T, &valid));
  HeatCheck(
      valid, sim->grid->comm, HEAT_ERR_NUMERICS,
      "step %" PetscInt64_FMT
      " (t = %g s): a conductivity is not positive, or a source or side is not finite, at the "
      "temperatures reached; the case's expressions of T must hold there",
      sim->clock.step, (double)sim->clock.time);
  sim->prepared_step = sim->clock.step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyPrepareSides(HeatSimulation *sim, const PetscReal *T)
{
  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(sim->op))
    PetscCall(HeatOperatorSetSurfaceTime(sim->op, sim->clock.time));
  else PetscCall(HeatSurveyPrepare(sim, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyTake(HeatSimulation *sim, const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatDiagnosticsSummary(sim->op, T, &sim->summary));
  PetscCall(HeatEnergyClose(&sim->energy, sim->op, T, sim->clock.steady, &sim->account));
  PetscFunctionReturn(PETSC_SUCCESS);
}
