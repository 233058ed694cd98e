/** The survey of the present state (survey.h). */
#include "app/report/survey.h"

#include <stdio.h>

struct HeatSurvey {
  PetscInt64       taken_step;    /* step of the last HeatSurveyTake; -1: none */
  PetscBool        taken_row;     /* whether that was for a row */
  PetscInt64       prepared_step; /* step to whose (t, T) the operator was updated; -1: none */
  HeatSummary      summary;       /* at the last HeatSurveyTake */
  HeatEnergyReport account;       /* at the last HeatSurveyTake */
  PetscBool        fault;         /* at the last HeatSurveyTake */

  HeatSummary remembered[HEAT_MEMORY_FIELDS];        /* at the last HeatSurveyTake */
  PetscReal   remembered_stored[HEAT_MEMORY_FIELDS]; /* [J/m] sum of C T of these fields */

  PetscInt64      zones_step;  /* step at which `zones` was computed; -1: none */
  PetscInt        n_zones;     /* size of the arrays */
  HeatSummary    *zones;       /* owned [n_zones] */
  HeatZoneTotals *zone_totals; /* owned [n_zones] */

  PetscInt64         flows_step; /* step at which `flows` was computed; -1: none */
  HeatSurveyedFlows *flows;      /* owned; NULL before it is first computed */
};

PetscErrorCode HeatSurveyCreate(HeatSurvey **survey)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(survey));
  HeatSurveyInvalidate(*survey);
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

void HeatSurveyInvalidate(HeatSurvey *survey)
{
  survey->prepared_step = survey->zones_step = survey->flows_step = survey->taken_step = -1;
}

/* The fields that the scheme remembers. */

/* The reduced numbers of such a field. */
typedef struct {
  HeatSummaryTotals summary;
  PetscReal         stored; /* [J/m] */
} RememberedTotals;

static PetscErrorCode AddRemembered(const HeatRunState *state, HeatReduction *r,
                                    const HeatStepperMemory *memory, RememberedTotals *totals)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < memory->n_fields; k++) {
    PetscCall(VecGetArrayRead(memory->fields[k], &T));
    PetscCall(HeatDiagnosticsAddSummary(state->op, T, r, &totals[k].summary));
    PetscCall(HeatEnergyAddStored(state->op, T, r, &totals[k].stored));
    PetscCall(VecRestoreArrayRead(memory->fields[k], &T));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSurveyRemembered(const HeatSurvey *survey, PetscInt k, HeatSummary *summary,
                          PetscReal *stored)
{
  *summary = survey->remembered[k];
  *stored  = survey->remembered_stored[k];
}

/* Zones. */

static PetscErrorCode AllocateZones(HeatSurvey *survey, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  if (survey->zones) PetscFunctionReturn(PETSC_SUCCESS);
  survey->n_zones = HeatZonesCount(state->zones);
  PetscCall(PetscMalloc1(survey->n_zones + 1, &survey->zones));
  PetscCall(PetscMalloc1(survey->n_zones + 1, &survey->zone_totals));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddZones(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               HeatReduction *r)
{
  PetscFunctionBeginUser;
  PetscCall(AllocateZones(survey, state));
  PetscCall(HeatZonesAddSummaries(state->zones, T, r, survey->zone_totals));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void GetZones(HeatSurvey *survey, const HeatRunState *state)
{
  for (PetscInt k = 0; k < survey->n_zones; k++)
    survey->zones[k] = HeatZonesGetSummary(&survey->zone_totals[k]);
  survey->zones_step = state->clock.step;
}

PetscErrorCode HeatSurveyZones(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               const HeatSummary **zones)
{
  PetscFunctionBeginUser;
  PetscCall(AllocateZones(survey, state));
  if (survey->zones_step != state->clock.step)
    PetscCall(HeatZonesSummary(state->zones, T, survey->zones));
  survey->zones_step = state->clock.step;
  *zones             = survey->zones;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Heat flows. */

static PetscErrorCode AllocateFlows(const HeatRunState *state, HeatSurveyedFlows **flows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(flows));
  PetscCall(PetscMalloc1(HeatDiagnosticsSegments(state->c), &(*flows)->segments));
  PetscCall(PetscMalloc1(state->c->output.n_interfaces + 1, &(*flows)->interfaces));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat flows at the present (t, T), to which the operator has been updated. */
static PetscErrorCode AddFlows(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               HeatReduction *r)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  if (!survey->flows) PetscCall(AllocateFlows(state, &survey->flows));
  PetscCall(HeatDiagnosticsAddFlows(state->op, T, r, survey->flows->heat));
  if (HeatDiagnosticsSegments(c) > HEAT_SIDES)
    PetscCall(HeatDiagnosticsAddSegmentHeat(state->op, T, r, survey->flows->segments));
  PetscCall(HeatDiagnosticsAddInterfaceHeat(state->op, T, c->output.n_interfaces,
                                            c->output.interfaces, r, survey->flows->interfaces));
  survey->flows_step = state->clock.step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyFlows(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               const HeatSurveyedFlows **flows)
{
  HeatReduction *r;

  PetscFunctionBeginUser;
  if (survey->flows_step != state->clock.step) {
    PetscCall(HeatSurveyPrepare(survey, state, T));
    PetscCall(HeatReductionCreate(state->grid->comm, &r));
    PetscCall(AddFlows(survey, state, T, r));
    PetscCall(HeatReductionRun(r));
    PetscCall(HeatReductionDestroy(&r));
  }
  *flows = survey->flows;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The survey.  Only a linear operator is updated before the field has been tested for corruption:
   the coefficients of any other may be undefined at a corrupted field. */
PetscErrorCode HeatSurveyTakeWith(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                                  PetscBool row, PetscBool *failed, HeatReduction *r)
{
  const PetscBool flows = row && HeatOperatorIsLinear(state->op) ? PETSC_TRUE : PETSC_FALSE;
  PetscReal found[2] = {HeatOperatorHasFault(state->op) ? 1.0 : 0.0, failed && *failed ? 1.0 : 0.0};
  HeatSummaryTotals summary;
  HeatEnergyTotals  account;
  HeatStepperMemory memory = {0};
  RememberedTotals  remembered[HEAT_MEMORY_FIELDS];

  PetscFunctionBeginUser;
  PetscCall(HeatStepperSave(state->stepper, &memory));
  if (flows) PetscCall(HeatSurveyPrepare(survey, state, T));
  PetscCall(HeatReductionAddMaxima(r, 2, found, found));
  PetscCall(HeatDiagnosticsAddSummary(state->op, T, r, &summary));
  PetscCall(HeatEnergyAddTotals(&state->energy, state->op, T, r, &account));
  PetscCall(AddRemembered(state, r, &memory, remembered));
  if (row) PetscCall(AddZones(survey, state, T, r));
  if (flows) PetscCall(AddFlows(survey, state, T, r));
  PetscCall(HeatReductionRun(r));
  survey->fault   = found[0] > 0.0 ? PETSC_TRUE : PETSC_FALSE;
  survey->summary = HeatDiagnosticsGetSummary(state->op, &summary);
  survey->account = HeatEnergyGet(&state->energy, &account, state->clock.steady);
  if (state->clock.steady) PetscCall(HeatEnergyWidenToRounding(state->op, T, &survey->account));
  for (PetscInt k = 0; k < memory.n_fields; k++) {
    survey->remembered[k]        = HeatDiagnosticsGetSummary(state->op, &remembered[k].summary);
    survey->remembered_stored[k] = remembered[k].stored;
  }
  if (row) GetZones(survey, state);
  survey->taken_step = state->clock.step;
  survey->taken_row  = row;
  if (failed) *failed = found[1] > 0.0 ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurveyTake(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                              PetscBool row, PetscBool *failed)
{
  HeatReduction *r;

  PetscFunctionBeginUser;
  if (survey->taken_step == state->clock.step && (survey->taken_row || !row)) {
    if (failed) *failed = PETSC_FALSE; /* ranks that failed since then agree on it later */
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatReductionCreate(state->grid->comm, &r));
  PetscCall(HeatSurveyTakeWith(survey, state, T, row, failed, r));
  PetscCall(HeatReductionDestroy(&r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatSummary *HeatSurveySummary(const HeatSurvey *survey) { return &survey->summary; }

const HeatEnergyReport *HeatSurveyAccount(const HeatSurvey *survey) { return &survey->account; }

PetscBool HeatSurveyFoundFault(const HeatSurvey *survey) { return survey->fault; }

PetscErrorCode HeatSurveyDestroy(HeatSurvey **survey)
{
  HeatSurvey *s = *survey;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(s->zones));
  PetscCall(PetscFree(s->zone_totals));
  if (s->flows) {
    PetscCall(PetscFree(s->flows->segments));
    PetscCall(PetscFree(s->flows->interfaces));
  }
  PetscCall(PetscFree(s->flows));
  PetscCall(PetscFree(*survey));
  PetscFunctionReturn(PETSC_SUCCESS);
}
