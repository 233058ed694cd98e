/* Looking at the present state (see the header). */
#include "app/run/survey.h"

#include <stdio.h>

PetscErrorCode HeatSurveyPrepare(HeatSimulation *sim, const PetscReal *T)
{
  char when[40];

  PetscFunctionBeginUser;
  if (sim->prepared_step == sim->clock.step) PetscFunctionReturn(PETSC_SUCCESS);
  (void)snprintf(when, sizeof when, "step %" PetscInt64_FMT, sim->clock.step);
  PetscCall(HeatOperatorBring(sim->op, sim->clock.time, T, HEAT_ERR_NUMERICS, when));
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
