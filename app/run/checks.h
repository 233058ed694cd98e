/** The `check` section: quantities of the final state against expected values. */
#ifndef HEAT_APP_CHECKS_H
#define HEAT_APP_CHECKS_H

#include "app/run/simulation_data.h"

/** Fill sim->checks, one result a check of the case.  Collective. */
PetscErrorCode HeatChecksEvaluate(HeatSimulation *sim, PetscBool *all_pass);

#endif
