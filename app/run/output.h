/** What a run writes while it runs: snapshots, tables; checkpoints when they are due. */
#ifndef HEAT_APP_OUTPUT_H
#define HEAT_APP_OUTPUT_H

#include "app/run/simulation_data.h"

/** Open the tables and the snapshot series, at a restart as sim->resumed left them.  Collective. */
PetscErrorCode HeatOutputOpen(HeatSimulation *sim);

/** Everything that is due after the present step; `last` forces the final row and snapshot.
 *  Nothing is written of a state that is found bad (sim->health).  Collective.
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS where a coefficient has no meaning. */
PetscErrorCode HeatOutputStep(HeatSimulation *sim, PetscBool last);

/** Whether anything is due once the clock stands as given, some steps ahead.  Not collective, the same
 *  on all ranks. */
PetscBool HeatOutputIsDue(const HeatSimulation *sim, const HeatClock *clock);

/** For a run that begins at its end (a restart with nothing left to do): the numbers that checks
 *  and record need, and the final snapshot where there is none.  Collective. */
PetscErrorCode HeatOutputNothingLeft(HeatSimulation *sim);

/** Write what is buffered, close the files.  Collective. */
PetscErrorCode HeatOutputClose(HeatSimulation *sim);

#endif
