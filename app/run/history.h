/** history.csv: one row a reported step, and when a step is reported. */
#ifndef HEAT_APP_HISTORY_H
#define HEAT_APP_HISTORY_H

#include "app/run/simulation_data.h"

/** Open the table; at a restart its rows up to the present step stay.  Collective. */
PetscErrorCode HeatHistoryOpen(HeatSimulation *sim);

/** Whether the case, or else the rule of about a thousand rows a run, asks for a row when the clock
 *  stands as given.  It does not depend on where a run was interrupted. */
PetscBool HeatHistoryIsDue(const HeatSimulation *sim, const HeatClock *clock);

/** Append the row of the present state; sim->summary and sim->account must be those.
 *  Collective. */
PetscErrorCode HeatHistoryWrite(HeatSimulation *sim, const PetscReal *T);

#endif
