/** The present state, looked at: what must be known before something is reported. */
#ifndef HEAT_APP_SURVEY_H
#define HEAT_APP_SURVEY_H

#include "app/run/simulation_data.h"

/** Bring the operator to the present time and field: sides and sources, and where it is not linear
 *  all that depends on the temperature.  Once a step, however often it is called.  Collective.
 *  Errors: HEAT_ERR_NUMERICS where a coefficient has no meaning at these temperatures. */
PetscErrorCode HeatSurveyPrepare(HeatSimulation *sim, const PetscReal *T);

/** Likewise, but of a linear operator only the sides, which is all that temperatures at points
 *  need: for every step. */
PetscErrorCode HeatSurveyPrepareSides(HeatSimulation *sim, const PetscReal *T);

/** Fill sim->summary and sim->account, whatever the field; health.h judges them.  Collective. */
PetscErrorCode HeatSurveyTake(HeatSimulation *sim, const PetscReal *T);

#endif
