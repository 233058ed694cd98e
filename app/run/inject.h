/** Faults on purpose, for tests: the environment variable
 *      HEAT2D_INJECT=STEP:I:J:VALUE[:TIMES[:MEMORY]]
 *  puts VALUE (also nan, inf) into cell (I, J) when step STEP was taken, again each time that step
 *  is taken, TIMES times (default 1); with MEMORY into that field of those that the scheme remembers,
 *  from 0, in place of the temperature.  One line on stderr says so. */
#ifndef HEAT_APP_INJECT_H
#define HEAT_APP_INJECT_H

#include "app/run/simulation_data.h"

/** Look for the variable.  Collective.  Errors: HEAT_ERR_INPUT where it makes no sense. */
PetscErrorCode HeatInjectStart(HeatSimulation *sim);

/** After a step.  Collective. */
PetscErrorCode HeatInjectStep(HeatSimulation *sim);

#endif
