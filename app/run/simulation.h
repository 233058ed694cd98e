/** A run: everything between a validated case and its results.
 *
 *  The calls in their order: Create, Start, Run, Finish, Destroy.  Create finds everything that can
 *  be wrong with the case, its files and the options before Start writes the first byte.  After an
 *  error, call WriteError (if Start has succeeded) and Destroy.
 *
 *  All functions are collective on the communicator of Create. */
#ifndef HEAT_APP_SIMULATION_H
#define HEAT_APP_SIMULATION_H

#include "app/process/options.h"
#include "app/process/process_start.h"
#include "io/run_files/results.h"

typedef struct HeatSimulation HeatSimulation;

/** Set up a run: grid, operator, initial field or the checkpoint that `--restart` names, stepper,
 *  clock.  Nothing is written.
 *  @param[in]  options     borrowed; must outlive the simulation
 *  @param[in,out] c        borrowed; must outlive the simulation; measured speeds are stored in it
 *  @param[in]  start       of the program; must outlive the simulation
 *  @param[out] sim         destroy it after an error, too
 *  Errors: HEAT_ERR_INPUT for the case or an option, also a PETSc option that was not read;
 *  HEAT_ERR_FILE for a file that the case or `--restart` names; HEAT_ERR_NUMERICS as the solver. */
PetscErrorCode HeatSimulationCreate(MPI_Comm comm, HeatCase *c, const HeatOptions *options,
                                    const HeatProcessStart *start, HeatSimulation **sim);

/** Make and lock the output folder, print the header, open the tables.
 *  Errors: HEAT_ERR_FILE, also where another run holds the folder. */
PetscErrorCode HeatSimulationStart(HeatSimulation *sim);

/** Take the time steps and write their outputs, until the end, a signal or a limit of time.
 *  Errors: HEAT_ERR_NUMERICS where a solve fails, or where the state is corrupted and a rollback is
 *  impossible; after a failed solve the last good state is in a checkpoint if it could be written.
 *  HEAT_ERR_FILE. */
PetscErrorCode HeatSimulationRun(HeatSimulation *sim);

/** Evaluate the checks, write results.json, print the summary.
 *  @param[out] status  ok, check-failed, stopped before the end, or error where a file of the
 *                      output could not be written */
PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status);

/** Write results.json of a run that an error has ended.
 *  @param[in] message  of the error */
PetscErrorCode HeatSimulationWriteError(HeatSimulation *sim, const char *message);

/** Finish a checkpoint that is under way, unlock the output folder, free everything; *sim may be
 *  NULL. */
PetscErrorCode HeatSimulationDestroy(HeatSimulation **sim);

#endif
