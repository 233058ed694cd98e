/** Between a run and its checkpoints: what goes into one, and going on from one. */
#ifndef HEAT_APP_RESTART_H
#define HEAT_APP_RESTART_H

#include "app/run/simulation_data.h"

/** Everything of the present state but the temperature; borrows from the run, and through `memory`
 *  from the stepper, until Release.  Collective. */
PetscErrorCode HeatRestartFill(HeatSimulation *sim, HeatStepperMemory *memory,
                               HeatCheckpointState *state);
PetscErrorCode HeatRestartRelease(HeatStepperMemory *memory, HeatCheckpointState *state);

/** Find the checkpoint that --restart names and read it: the temperature into sim->T, the rest into
 *  sim->resumed.  Collective.  Errors: HEAT_ERR_INPUT, HEAT_ERR_FILE. */
PetscErrorCode HeatRestartRead(HeatSimulation *sim);

/** Whether the checkpoint was made by the scheme of the case; only after Read. */
PetscBool HeatRestartIsSameScheme(const HeatSimulation *sim);

/** Set the clock, which was started, and the energy account to those of sim->resumed. */
PetscErrorCode HeatRestartAdopt(HeatSimulation *sim);

/** Give the stepper back what it remembered, unless that was another scheme; then one line on
 *  stderr says so.  Collective. */
PetscErrorCode HeatRestartLoadStepper(HeatSimulation *sim);

#endif
