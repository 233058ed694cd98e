/** The fields of a snapshot. */
#ifndef HEAT_APP_SNAPSHOT_FIELDS_H
#define HEAT_APP_SNAPSHOT_FIELDS_H

#include "app/run/simulation_data.h"

/** Write the fields that the case wants, of the present state.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatSnapshotFieldsWrite(HeatSimulation *sim, const PetscReal *T);

#endif
