/** A run: everything between a validated case and its results.
 *
 *  The only place where solver and io meet.  Create sets up and checks all that can be wrong
 *  before anything is written, and has the initial field or the checkpoint's; Start makes the
 *  output folder; Run does the time steps and their outputs; Finish evaluates the checks and
 *  writes the record. */
#ifndef HEAT_APP_SIMULATION_H
#define HEAT_APP_SIMULATION_H

#include "app/run/simulation_data.h"

/** Grid, the case's files, operator, field, stepper, probes; then every PETSc option must have been
 *  read.  Collective on comm.
 *  Errors: HEAT_ERR_INPUT; HEAT_ERR_FILE for a file that the case or --restart names.  Nothing is
 *  written. */
PetscErrorCode HeatSimulationCreate(MPI_Comm comm, const HeatCase *c, const HeatOptions *options,
                                    double began, HeatSimulation **sim);

/** Output folder, tables.  Collective. */
PetscErrorCode HeatSimulationStart(HeatSimulation *sim);

/** The first outputs of a fresh run, and the time steps.  Collective.  On HEAT_ERR_NUMERICS the last
 *  good state was checkpointed. */
PetscErrorCode HeatSimulationRun(HeatSimulation *sim);

/** Checks, results.json, closing table.  @param[out] status  ok, check-failed or stopped */
PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status);

/** Collective; *sim may be NULL. */
PetscErrorCode HeatSimulationDestroy(HeatSimulation **sim);

#endif
