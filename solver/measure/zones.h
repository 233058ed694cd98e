/** The named regions as sets of cells, and the temperature in each.
 *
 *  A zone is what the shape (or map) of a region covers, whatever later regions paint over it.
 *  Each rank keeps its own cells of each zone as runs of rows. */
#ifndef HEAT_SOLVER_ZONES_H
#define HEAT_SOLVER_ZONES_H

#include "solver/measure/diagnostics.h"
#include "solver/physics/paint.h"

typedef struct HeatZones HeatZones;

/** One zone a region with a name, in order.  Not collective; the grid must outlive it.
 *  @param[in] inputs  what the case's files hold; NULL when it names none; not needed afterwards */
PetscErrorCode HeatZonesCreate(const HeatGrid *grid, const HeatCase *c,
                               const HeatCellInputs *inputs, HeatZones **zones);

PetscInt HeatZonesCount(const HeatZones *zones);

/** The region of zone k, as an index into the case's. */
PetscInt HeatZonesRegion(const HeatZones *zones, PetscInt k);

/** Of every zone; min, max and mean are NaN where a zone covers no cell of the grid.  Collective.
 *  @param[out] summaries  [count] */
PetscErrorCode HeatZonesSummary(const HeatZones *zones, const PetscReal *T, HeatSummary *summaries);

/** *zones may be NULL. */
PetscErrorCode HeatZonesDestroy(HeatZones **zones);

#endif
