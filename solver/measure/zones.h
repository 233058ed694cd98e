/** The named regions of a case as sets of cells (zones), and the temperature in each.
 *
 *  A zone consists of the cells that the shape or the map of a region covers, also where later
 *  regions are painted over it.  Each rank keeps its own cells of each zone as runs of cells in a
 *  row. */
#ifndef HEAT_SOLVER_ZONES_H
#define HEAT_SOLVER_ZONES_H

#include "solver/measure/diagnostics.h"
#include "solver/physics/paint.h"

typedef struct HeatZones HeatZones;

/** Create one zone for each region with a name, in the case's order.  Not collective; owned by the
 *  caller; the grid must outlive the zones.
 *  @param[in] inputs  content of the case's files, NULL if it names none; not used afterwards */
PetscErrorCode HeatZonesCreate(const HeatGrid *grid, const HeatCase *c,
                               const HeatCellInputs *inputs, HeatZones **zones);

/** Return the number of zones. */
PetscInt HeatZonesCount(const HeatZones *zones);

/** Return the region of zone k, as an index into the case's regions. */
PetscInt HeatZonesRegion(const HeatZones *zones, PetscInt k);

/** Compute the summary of every zone; min, max and mean are NaN where a zone covers no cell with a
 *  finite temperature.  Collective; the same bits on any number of ranks.
 *  @param[in]  T          [K], [nyl][nxl]
 *  @param[out] summaries  [HeatZonesCount(zones)], the same on all ranks */
PetscErrorCode HeatZonesSummary(const HeatZones *zones, const PetscReal *T, HeatSummary *summaries);

/** The reduced numbers of a zone. */
typedef struct {
  PetscReal extremes[2]; /* [K] the negative of the lowest; the highest */
  PetscReal sums[3];     /* sum of the finite temperatures [K]; finite cells; other cells */
} HeatZoneTotals;

/** Add this rank's part of every zone's summary to a reduction.  Not collective.
 *  @param[out] totals  [HeatZonesCount(zones)] borrowed until the reduction's Run stores them; then
 *                      call HeatZonesGetSummary */
PetscErrorCode HeatZonesAddSummaries(const HeatZones *zones, const PetscReal *T, HeatReduction *r,
                                     HeatZoneTotals *totals);

/** Return the summary of a zone with these totals.  Zeros are positive.  Not collective. */
HeatSummary HeatZonesGetSummary(const HeatZoneTotals *totals);

/** Destroy the zones and set *zones to NULL; *zones may be NULL.  Not collective. */
PetscErrorCode HeatZonesDestroy(HeatZones **zones);

#endif
