/* Evaluating the `check` section at the end of a run. */
#include "app/run/checks.h"

#include <math.h>
#include <stdio.h>

#include "app/run/survey.h"

static PetscErrorCode PointTemperature(HeatSimulation *sim, const HeatCaseCheck *check,
                                       const PetscReal *T, PetscReal *value)
{
  PetscReal   terms[HEAT_PROBE_TERMS];
  HeatProbes *probe;

  PetscFunctionBeginUser;
  PetscCall(HeatProbesCreate(sim->op, 1, &check->at, &probe));
  PetscCall(HeatProbesSample(probe, T, terms));
  PetscCall(HeatProbesReduce(sim->grid->comm, 1, terms, value));
  PetscCall(HeatProbesDestroy(&probe));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HeatFlow(HeatSimulation *sim, const HeatCaseCheck *check, const PetscReal *T,
                               PetscReal *value)
{
  PetscReal *heat, flows[HEAT_FLOWS];

  PetscFunctionBeginUser;
  if (check->between.names[0]) {
    PetscCall(HeatDiagnosticsInterfaceHeat(sim->op, T, 1, &check->between, value));
  } else if (check->segment >= 0) {
    PetscCall(PetscMalloc1(HeatDiagnosticsSegments(sim->c), &heat));
    PetscCall(HeatDiagnosticsSegmentHeat(sim->op, T, heat));
    *value = heat[HeatDiagnosticsFirstSegment(sim->c, check->side) + check->segment];
    PetscCall(PetscFree(heat));
  } else {
    PetscCall(HeatDiagnosticsFlows(sim->op, T, flows));
    *value = flows[check->side];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Minimum, maximum and mean, of the domain or of a region. */
static PetscErrorCode Summary(HeatSimulation *sim, const HeatCaseCheck *check, const PetscReal *T,
                              HeatSummary *summary)
{
  const PetscInt n = HeatZonesCount(sim->zones);
  HeatSummary   *zones;

  PetscFunctionBeginUser;
  *summary = sim->summary;
  if (check->region < 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(n, &zones));
  PetscCall(HeatZonesSummary(sim->zones, T, zones));
  for (PetscInt k = 0; k < n; k++)
    if (HeatZonesRegion(sim->zones, k) == check->region) *summary = zones[k];
  PetscCall(PetscFree(zones));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Quantity(HeatSimulation *sim, const HeatCaseCheck *check, const PetscReal *T,
                               PetscReal *value)
{
  HeatSummary summary;
  PetscReal   l2, max;

  PetscFunctionBeginUser;
  PetscCall(Summary(sim, check, T, &summary));
  switch (check->quantity) {
  case HEAT_CHECK_TEMPERATURE: PetscCall(PointTemperature(sim, check, T, value)); break;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX:
    PetscCall(HeatDiagnosticsError(sim->op, T, &check->exact, sim->clock.time, &l2, &max));
    *value = check->quantity == HEAT_CHECK_ERROR_L2 ? l2 : max;
    break;
  case HEAT_CHECK_INTEGRAL:
    PetscCall(HeatDiagnosticsIntegral(sim->op, T, check->weight, value));
    break;
  case HEAT_CHECK_HEAT_FLOW: PetscCall(HeatFlow(sim, check, T, value)); break;
  case HEAT_CHECK_ENERGY_BALANCE: *value = sim->account.relative; break;
  case HEAT_CHECK_MINIMUM: *value = summary.min; break;
  case HEAT_CHECK_MAXIMUM: *value = summary.max; break;
  case HEAT_CHECK_MEAN: *value = summary.mean; break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void DescribeHeatFlow(const HeatCaseCheck *check, char *text, size_t size)
{
  if (check->between.names[0]) {
    (void)snprintf(text, size, "heat flow, %.50s to %.50s [W/m]", check->between.names[0],
                   check->between.names[1]);
  } else if (check->segment >= 0) {
    (void)snprintf(text, size, "heat flow, %s, segment %" PetscInt_FMT " [W/m]",
                   HeatSideNames[check->side], check->segment);
  } else {
    (void)snprintf(text, size, "heat flow, %s [W/m]", HeatSideNames[check->side]);
  }
}

static void Describe(const HeatCaseCheck *check, char *text, size_t size)
{
  const char *name = HeatCheckQuantityNames[check->quantity];

  switch (check->quantity) {
  case HEAT_CHECK_TEMPERATURE:
    (void)snprintf(text, size, "%s at (%g, %g)", name, (double)check->at[0], (double)check->at[1]);
    break;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX:
    (void)snprintf(text, size, "%s against %.120s", name,
                   check->exact.text ? check->exact.text : "a constant");
    break;
  case HEAT_CHECK_INTEGRAL:
    (void)snprintf(text, size, "integral of temperature%s%s",
                   check->weight == HEAT_WEIGHT_NONE ? "" : " x ",
                   check->weight == HEAT_WEIGHT_NONE ? "" : HeatWeightNames[check->weight]);
    break;
  case HEAT_CHECK_HEAT_FLOW: DescribeHeatFlow(check, text, size); break;
  default:
    (void)snprintf(text, size, "%s%s%.100s", name, check->region >= 0 ? " of " : "",
                   check->region >= 0 ? check->region_name : "");
    break;
  }
}

PetscErrorCode HeatChecksEvaluate(HeatSimulation *sim, PetscBool *all_pass)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  *all_pass = PETSC_TRUE;
  PetscCall(PetscCalloc1(sim->c->n_checks, &sim->checks));
  PetscCall(VecGetArrayRead(sim->T, &T));
  if (sim->c->n_checks > 0) PetscCall(HeatSurveyPrepare(sim, T));
  for (PetscInt k = 0; k < sim->c->n_checks; k++) {
    const HeatCaseCheck *check = &sim->c->checks[k];
    HeatCheckResult     *r     = &sim->checks[k];

    Describe(check, r->description, sizeof r->description);
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
