/** The survey of the present state (survey.h). */
#include "app/report/survey.h"

#include <stdio.h>

struct HeatSurvey {
  PetscInt64       prepared_step; /* step to whose (t, T) the operator was updated; -1: none */
  HeatSummary      summary;       /* at the last HeatSurveyTake */
  HeatEnergyReport account;       /* at the last HeatSurveyTake */
  PetscInt64       zones_step;    /* step at which `zones` was computed; -1: none */
  HeatSummary     *zones;         /* owned; NULL before the first HeatSurveyZones */
};

PetscErrorCode HeatSurveyCreate(HeatSurvey **survey)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(survey));
  (*survey)->prepared_step = (*survey)->zones_step = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyPrepare(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T)
{
  const HeatClock *clock = &state->clock;
  char             when[40];

  PetscFunctionBeginUser;
  if (survey->prepared_step == clock->step) PetscFunctionReturn(PETSC_SUCCESS);
  (void)snprintf(when, sizeof when, "step %" PetscInt64_FMT, clock->step);
  PetscCall(HeatOperatorBring(state->op, clock->time, T, HEAT_ERR_NUMERICS, when));
  survey->prepared_step = clock->step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyPrepareSides(HeatSurvey *survey, const HeatRunState *state,
                                      const PetscReal *T)
{
  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(state->op))
    PetscCall(HeatOperatorSetSurfaceTime(state->op, state->clock.time));
  else PetscCall(HeatSurveyPrepare(survey, state, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSurveyInvalidate(HeatSurvey *survey) { survey->prepared_step = survey->zones_step = -1; }

PetscErrorCode HeatSurveyTake(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatDiagnosticsSummary(state->op, T, &survey->summary));
  PetscCall(HeatEnergyClose(&state->energy, state->op, T, state->clock.steady, &survey->account));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatSummary *HeatSurveySummary(const HeatSurvey *survey) { return &survey->summary; }

const HeatEnergyReport *HeatSurveyAccount(const HeatSurvey *survey) { return &survey->account; }

PetscErrorCode HeatSurveyZones(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               const HeatSummary **zones)
{
  PetscFunctionBeginUser;
  if (!survey->zones) PetscCall(PetscMalloc1(HeatZonesCount(state->zones), &survey->zones));
  if (survey->zones_step != state->clock.step)
    PetscCall(HeatZonesSummary(state->zones, T, survey->zones));
  survey->zones_step = state->clock.step;
  *zones             = survey->zones;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyDestroy(HeatSurvey **survey)
{
  PetscFunctionBeginUser;
  if (*survey) PetscCall(PetscFree((*survey)->zones));
  PetscCall(PetscFree(*survey));
  PetscFunctionReturn(PETSC_SUCCESS);
}
