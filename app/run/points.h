/** Temperatures at points: probes.csv, a row a step, and profile_NAME.csv, lines of points written
 *  with every snapshot. */
#ifndef HEAT_APP_POINTS_H
#define HEAT_APP_POINTS_H

#include "app/run/simulation_data.h"

/** Where the points lie, for the operator.  Collective; writes nothing. */
PetscErrorCode HeatPointsCreate(HeatSimulation *sim);

/** Open the tables; at a restart their rows up to the present step stay.  Collective. */
PetscErrorCode HeatPointsOpen(HeatSimulation *sim);

/** Take the probes' row of the present step.  A message only when the buffer is full, and for an
 *  operator that is not linear; collective. */
PetscErrorCode HeatPointsSample(HeatSimulation *sim, const PetscReal *T);

/** Sum the buffered rows over the ranks and append them to the table.  Collective. */
PetscErrorCode HeatPointsFlush(HeatSimulation *sim);

/** Append the profiles of the present state; one reduction a profile.  Collective. */
PetscErrorCode HeatPointsWriteProfiles(HeatSimulation *sim, const PetscReal *T);

/** Hand all rows of all tables to the system.  Collective. */
PetscErrorCode HeatPointsSync(HeatSimulation *sim);

/** Write what is buffered, close the tables.  Collective. */
PetscErrorCode HeatPointsClose(HeatSimulation *sim);

/** Collective. */
PetscErrorCode HeatPointsDestroy(HeatSimulation *sim);

#endif
