/** `heat2d run CASE.yaml`: read a case, simulate it, and record the result. */
#ifndef HEAT_APP_COMMAND_RUN_H
#define HEAT_APP_COMMAND_RUN_H

#include "app/process/options.h"
#include "app/process/process_start.h"

/** Run the case named by the operand, or with --show print one of its values.  Collective on
 *  comm.
 *  @param[in]  start      of the program
 *  @param[out] exit_code  0, 4 if the run finished but a file is missing, 5 if a check failed, 75
 *                         if the run stopped early after a checkpoint; undefined on error
 *  Errors: HEAT_ERR_INPUT, HEAT_ERR_NUMERICS, HEAT_ERR_FILE.  If HeatSimulationRun fails with
 *  HEAT_ERR_NUMERICS or HEAT_ERR_FILE, results.json is written with status `error`. */
PetscErrorCode HeatCommandRun(MPI_Comm comm, const HeatOptions *options,
                              const HeatProcessStart *start, int *exit_code);

#endif
