/** Going back to the last checkpoint, once a run, when the state turns out to be corrupted.
 *
 *  It is a restart within the run: the files are rewound as a restart does, so that a passing fault
 *  leaves no trace in them.  Between the two halves the driver makes clock and stepper anew. */
#ifndef HEAT_APP_ROLLBACK_H
#define HEAT_APP_ROLLBACK_H

#include "app/run/simulation_data.h"

/** Where the run set out, kept while it looks like a restart. */
typedef struct {
  char       restarted_from[PETSC_MAX_PATH_LEN];
  PetscInt64 first_step;
} HeatRollback;

/** Find the newest whole checkpoint that this run wrote, or restarted from, say what happened and
 *  read it: the temperature into sim->T, the rest into sim->resumed.  Collective.
 *  Errors: HEAT_ERR_NUMERICS with the message where there is none, or this is the second time. */
PetscErrorCode HeatRollbackBegin(HeatSimulation *sim, HeatRollback *back);

/** Account, tables, snapshots and the clock of stops as they were at that checkpoint; clock and
 *  stepper are there already.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatRollbackEnd(HeatSimulation *sim, const HeatRollback *back);

#endif
