/** When and how a run writes its checkpoints: at once, or behind the computation's back. */
#ifndef HEAT_APP_CHECKPOINTS_H
#define HEAT_APP_CHECKPOINTS_H

#include "app/run/simulation_data.h"

/** A checkpoint of the present state, at once; one that is under way is finished first.  Collective.
 *  A bad state is not written: sim->health.bad is set.
 *  @param[out] written  NULL: a failure is raised.  Else it is reported, and the run may go on */
PetscErrorCode HeatCheckpointsWrite(HeatSimulation *sim, PetscBool *written);

/** A checkpoint that is due while the run goes on: as checkpoint.mode has it.  Collective. */
PetscErrorCode HeatCheckpointsDue(HeatSimulation *sim);

/** End the one that is under way, if it can be ended without waiting; after a step at which the ranks
 *  have asked each other anyway.  Collective. */
PetscErrorCode HeatCheckpointsPoll(HeatSimulation *sim);

/** Wait for the one that is under way, and end it.  Collective. */
PetscErrorCode HeatCheckpointsFinish(HeatSimulation *sim);

#endif
