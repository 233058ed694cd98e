/** The commands. */
#ifndef HEAT_APP_COMMAND_RUN_H
#define HEAT_APP_COMMAND_RUN_H

#include "app/process/options.h"

/** `heat2d run CASE.yaml`.  Collective on comm.
 *  @param[in]  began      MPI_Wtime at program start
 *  @param[out] exit_code  0, 5 or 75 when the run came to its end; meaningless on error */
PetscErrorCode HeatCommandRun(MPI_Comm comm, const HeatOptions *options, double began,
                              int *exit_code);

#endif
