/** `heat2d plan`: what a run would be like on any number of ranks and nodes. */
#ifndef HEAT_APP_COMMAND_PLAN_H
#define HEAT_APP_COMMAND_PLAN_H

#include "app/process/options.h"

/** Plan a case and print the plan; write plan.json and the map where the options ask for them.
 *  Collective on comm: rank 0 does the work, and every rank returns with the same error.
 *  Errors: HEAT_ERR_INPUT for the command line and the case, HEAT_ERR_FILE for a file that cannot
 *  be written. */
PetscErrorCode HeatCommandPlan(MPI_Comm comm, const HeatOptions *options);

#endif
