/** The survey of the present state updates the operator to (t, T) before a flux is reported, and
 *  computes the two results that most reports need, the summary of the temperature and the energy
 *  account.
 *
 *  It is a module of its own for this reason: an operator whose coefficients depend on the
 *  temperature has to be updated before fluxes or surface temperatures are computed, which costs a
 *  pass over the grid and a halo exchange.  The survey remembers the step of its last update, so
 *  that any number of reports of one step update the operator once. */
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

/** Compute the summary and the account of the present state, and those of the fields that the
 *  scheme remembers, whether or not they are corrupted (health.h tests them).  Collective; one
 *  reduction.
 *  @param[in]     T       the present temperature, [nyl][nxl]
 *  @param[in]     row     whether a row of history.csv is to follow: zones, and the heat flows of
 *                         a linear operator, which is updated for them, are then part of the
 *                         reduction
 *  @param[in,out] failed  whether writing a file has failed, on this rank before, on any rank
 *                         afterwards; may be NULL */
PetscErrorCode HeatSurveyTake(HeatSurvey *survey, const HeatRunState *state, const PetscReal *T,
                              PetscBool row, PetscBool *failed);

/** Return the temperature's extremes and mean, and the energy account, at the last HeatSurveyTake;
 *  zero before the first one.  The pointer stays valid, the numbers change with the next
 *  HeatSurveyTake. */
const HeatSummary      *HeatSurveySummary(const HeatSurvey *survey);
const HeatEnergyReport *HeatSurveyAccount(const HeatSurvey *survey);

/** Return whether a formula had been undefined on some rank at the last HeatSurveyTake:
 *  HeatOperatorCheckFormulas then raises the error. */
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
