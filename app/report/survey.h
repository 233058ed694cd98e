/** The survey of the present state computes what reports need: the summary of the temperature, the
 *  energy account, the heat flows, the summaries of zones and of the fields that the scheme
 *  remembers.
 *
 *  An operator whose coefficients depend on the temperature has to be updated to (t, T) before heat
 *  flows or surface temperatures are computed, which costs a pass over the grid and a halo
 *  exchange.  The survey remembers the step of its last update and of its last results, so that any
 *  number of reports of one step update the operator and compute each result once. */
#ifndef HEAT_APP_SURVEY_H
#define HEAT_APP_SURVEY_H

#include "app/state/run_state.h"
#include "solver/measure/diagnostics.h"

typedef struct HeatSurvey HeatSurvey;

/** Create a survey that has not seen any state.  Not collective. */
PetscErrorCode HeatSurveyCreate(HeatSurvey **survey);

/** Update sides, sources and ambients of the operator to the present time, and where the operator
 *  is not linear its coefficients to the temperature.  Do nothing if that was done at this step.
 *  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_NUMERICS where a coefficient is undefined at these temperatures. */
PetscErrorCode HeatSurveyPrepare(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T);

/** Update only what temperatures at points need: for a linear operator the boundary values, which
 *  is cheap enough for every step; for any other operator everything (HeatSurveyPrepare).
 *  Collective.
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatSurveyPrepareSides(HeatSurvey *survey, const HeatRunState *state,
                                      const PetscReal *T);

/** Forget the last update, because a step or a rollback changes (t, T).  Not collective. */
void HeatSurveyInvalidate(HeatSurvey *survey);

/** Compute the summary and the account of the present state, and the summary and stored heat of the
 *  fields that the scheme remembers.  The fields may be corrupted: health.h tests the results.
 *  Collective; one reduction, or none where the survey of this state has been taken and not been
 *  invalidated: *failed is then false, and a failure is found by the next survey.
 *  @param[in]     T       the present temperature, [nyl][nxl]
 *  @param[in]     row     a row of history.csv follows: include in the reduction the summaries of
 *                         zones and, if the operator is linear, the heat flows, for which it is
 *                         updated
 *  @param[in,out] failed  on entry: writing a file has failed on this rank; on return: on some
 *                         rank; may be NULL
 *  Errors: with `row`, HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatSurveyTake(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                              PetscBool row, PetscBool *failed);

/** Do what HeatSurveyTake does, in a reduction to which the caller has added other quantities.
 *  Collective.
 *  @param[in,out] r  is run, and not destroyed */
PetscErrorCode HeatSurveyTakeWith(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                                  PetscBool row, PetscBool *failed, HeatReduction *r);

/** Return the temperature's extremes and mean, and the energy account, at the last HeatSurveyTake;
 *  zero before the first one.  The pointer stays valid, the numbers change with the next
 *  HeatSurveyTake. */
const HeatSummary      *HeatSurveySummary(const HeatSurvey *survey);
const HeatEnergyReport *HeatSurveyAccount(const HeatSurvey *survey);

/** Return whether, at the last HeatSurveyTake, some rank had found a formula without a value.
 *  HeatOperatorCheckFormulas then raises the error.  Equal on all ranks.  Not collective. */
PetscBool HeatSurveyFoundFault(const HeatSurvey *survey);

/** Return the summary of the field k that the scheme remembers (HeatStepperMemory), and its stored
 *  heat [J/m], at the last HeatSurveyTake. */
void HeatSurveyRemembered(const HeatSurvey *survey, PetscInt k, HeatSummary *summary,
                          PetscReal *stored);

/** Heat flows at the present state [W/m]. */
typedef struct {
  PetscReal  heat[HEAT_FLOWS]; /* of HeatDiagnosticsFlows */
  PetscReal *segments;         /* of HeatDiagnosticsSegmentHeat, if a side has several segments */
  PetscReal *interfaces;       /* [output.n_interfaces] of HeatDiagnosticsInterfaceHeat */
} HeatSurveyedFlows;

/** Store in *flows the heat flows at the present state, computed once a step; they belong to the
 *  survey and stay valid until the next step.  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatSurveyFlows(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               const HeatSurveyedFlows **flows);

/** Store in *zones the summary of every named region, [HeatZonesCount(state->zones)], computed once
 *  a step; it belongs to the survey and stays valid until the next step.  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl] */
PetscErrorCode HeatSurveyZones(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                               const HeatSummary **zones);

/** Destroy the survey; *survey may be NULL.  Not collective. */
PetscErrorCode HeatSurveyDestroy(HeatSurvey **survey);

#endif
