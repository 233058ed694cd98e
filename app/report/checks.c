/** Evaluate the `check` section at the end of a run (checks.h): Quantity computes the value of each
 *  check, Describe its name for the user, and Compare tests the value against its bound. */
#include "app/report/checks.h"

#include <math.h>
#include <stdio.h>

#include "solver/measure/probes.h"

static PetscErrorCode PointTemperature(const HeatRunState *state, const HeatCaseCheck *check,
                                       const PetscReal *T, PetscReal *value)
{
  PetscReal   terms[HEAT_PROBE_TERMS];
  HeatProbes *probe;

  PetscFunctionBeginUser;
  PetscCall(HeatProbesCreate(state->op, 1, &check->at, &probe));
  PetscCall(HeatProbesSample(probe, T, terms));
  PetscCall(HeatProbesReduce(state->grid->comm, 1, terms, value));
  PetscCall(HeatProbesDestroy(&probe));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the heat [W/m] from one material to another, or into the domain through a segment or a
   side. */
static PetscErrorCode HeatFlow(const HeatRunState *state, const HeatCaseCheck *check,
                               const PetscReal *T, PetscReal *value)
{
  PetscReal *heat, flows[HEAT_FLOWS];

  PetscFunctionBeginUser;
  if (check->between.names[0]) {
    PetscCall(HeatDiagnosticsInterfaceHeat(state->op, T, 1, &check->between, value));
  } else if (check->segment >= 0) {
    PetscCall(PetscMalloc1(HeatDiagnosticsSegments(state->c), &heat));
    PetscCall(HeatDiagnosticsSegmentHeat(state->op, T, heat));
    *value = heat[HeatDiagnosticsFirstSegment(state->c, check->side) + check->segment];
    PetscCall(PetscFree(heat));
  } else {
    PetscCall(HeatDiagnosticsFlows(state->op, T, flows));
    *value = flows[check->side];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute minimum, maximum and mean of the temperature in the region of a check.
   @param[in,out] summary  of the whole domain; unchanged if the check names no region */
static PetscErrorCode RegionSummary(const HeatRunState *state, HeatSurvey *survey,
                                    const HeatCaseCheck *check, const PetscReal *T,
                                    HeatSummary *summary)
{
  const PetscInt     n = HeatZonesCount(state->zones);
  const HeatSummary *zones;

  PetscFunctionBeginUser;
  if (check->region < 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSurveyZones(survey, state, T, &zones));
  for (PetscInt k = 0; k < n; k++)
    if (HeatZonesRegion(state->zones, k) == check->region) *summary = zones[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Quantity(const HeatRunState *state, HeatSurvey *survey,
                               const HeatCaseCheck *check, const PetscReal *T, PetscReal *value)
{
  HeatSummary summary = *HeatSurveySummary(survey);
  PetscReal   l2, max;

  PetscFunctionBeginUser;
  PetscCall(RegionSummary(state, survey, check, T, &summary));
  switch (check->quantity) {
  case HEAT_CHECK_TEMPERATURE: PetscCall(PointTemperature(state, check, T, value)); break;
  case HEAT_CHECK_ERROR_L2:
  case HEAT_CHECK_ERROR_MAX:
    PetscCall(HeatDiagnosticsError(state->op, T, &check->exact, state->clock.time, &l2, &max));
    *value = check->quantity == HEAT_CHECK_ERROR_L2 ? l2 : max;
    break;
  case HEAT_CHECK_INTEGRAL:
    PetscCall(HeatDiagnosticsIntegral(state->op, T, check->weight, value));
    break;
  case HEAT_CHECK_HEAT_FLOW: PetscCall(HeatFlow(state, check, T, value)); break;
  case HEAT_CHECK_ENERGY_BALANCE: *value = HeatSurveyAccount(survey)->relative; break;
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

/* Compare r->value with the expected value and bound of a check; a value that is NaN fails. */
static void Compare(const HeatCaseCheck *check, HeatCheckResult *r)
{
  if (check->below >= 0.0) {
    r->expected  = NAN;
    r->tolerance = check->below;
    r->pass      = PetscAbsReal(r->value) <= check->below ? PETSC_TRUE : PETSC_FALSE;
  } else {
    r->expected  = check->value;
    r->tolerance = check->relative >= 0.0 ? check->relative * PetscAbsReal(check->value)
                                          : check->tolerance;
    r->pass      = PetscAbsReal(r->value - r->expected) <= r->tolerance ? PETSC_TRUE : PETSC_FALSE;
  }
}

PetscErrorCode HeatChecksRequire(const HeatGrid *g, const HeatCase *c)
{
  const PetscReal end = HeatCaseEnd(c);
  char            path[48];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < c->n_checks && isfinite(end); k++) {
    if (!c->checks[k].exact.given || !c->checks[k].exact.text) continue;
    snprintf(path, sizeof path, "check[%" PetscInt_FMT "].exact", k);
    PetscCall(HeatDiagnosticsRequireExact(g, c, &c->checks[k].exact, end, path));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatChecksEvaluate(const HeatRunState *state, HeatSurvey *survey,
                                  HeatCheckResult **results, PetscBool *all_pass)
{
  const HeatCase  *c = state->c;
  const PetscReal *T;

  PetscFunctionBeginUser;
  *all_pass = PETSC_TRUE;
  PetscCall(PetscCalloc1(c->n_checks, results));
  PetscCall(VecGetArrayRead(state->T, &T));
  if (c->n_checks > 0) PetscCall(HeatSurveyPrepare(survey, state, T));
  for (PetscInt k = 0; k < c->n_checks; k++) {
    HeatCheckResult *r = &(*results)[k];

    Describe(&c->checks[k], r->description, sizeof r->description);
    PetscCall(Quantity(state, survey, &c->checks[k], T, &r->value));
    Compare(&c->checks[k], r);
    if (!r->pass) *all_pass = PETSC_FALSE;
  }
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}
