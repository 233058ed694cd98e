/* Named regions (see the header).  All zones share two reductions. */
#include "solver/zones.h"

#include <math.h>

#include "solver/sum.h"

typedef struct {
  PetscInt j, begin, end; /* local columns [begin, end) of local row j */
} Run;

typedef struct {
  PetscInt region;
  PetscInt n, capacity;
  Run     *runs; /* owned */
} Zone;

struct HeatZones {
  const HeatGrid *grid;
  PetscInt        n;
  Zone           *zones; /* owned [n] */
};

static PetscErrorCode AddRun(PetscInt j, PetscInt begin, PetscInt end, void *context)
{
  Zone *zone = context;

  PetscFunctionBeginUser;
  if (zone->n == zone->capacity) {
    zone->capacity = PetscMax(16, 2 * zone->capacity);
    PetscCall(PetscRealloc((size_t)zone->capacity * sizeof *zone->runs, &zone->runs));
  }
  zone->runs[zone->n++] = (Run){j, begin, end};
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatZonesCreate(const HeatGrid *g, const HeatCase *c, const HeatCellInputs *inputs,
                               HeatZones **out)
{
  HeatZones *zones;
  PetscInt   n = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&zones));
  *out        = zones;
  zones->grid = g;
  for (PetscInt r = 0; r < c->n_regions; r++) n += c->regions[r].name ? 1 : 0;
  PetscCall(PetscCalloc1(n, &zones->zones));
  for (PetscInt r = 0; r < c->n_regions; r++) {
    Zone *zone = &zones->zones[zones->n];

    if (!c->regions[r].name) continue;
    zones->n++;
    zone->region = r;
    PetscCall(HeatPaintRegion(g, c, r, inputs, AddRun, zone));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatZonesCount(const HeatZones *zones) { return zones->n; }

PetscInt HeatZonesRegion(const HeatZones *zones, PetscInt k) { return zones->zones[k].region; }

/* Own part: -min and max into extremes, sum, cells and cells that are not finite into sums. */
static void SummariseZone(const HeatGrid *g, const Zone *zone, const PetscReal *T,
                          PetscReal extremes[2], PetscReal sums[3])
{
  HeatAccumulator sum = {0.0, 0.0};

  extremes[0] = extremes[1] = PETSC_MIN_REAL;
  sums[1] = sums[2] = 0.0;
  for (PetscInt k = 0; k < zone->n; k++) {
    const Run       *run = &zone->runs[k];
    const PetscReal *row = T + (size_t)run->j * (size_t)g->nxl;

    for (PetscInt i = run->begin; i < run->end; i++) {
      if (PetscIsInfOrNanReal(row[i])) {
        sums[2] += 1.0;
        continue;
      }
      extremes[0] = PetscMax(extremes[0], -row[i]);
      extremes[1] = PetscMax(extremes[1], row[i]);
      HeatAccumulate(&sum, row[i]);
      sums[1] += 1.0;
    }
  }
  sums[0] = HeatAccumulated(sum);
}

PetscErrorCode HeatZonesSummary(const HeatZones *zones, const PetscReal *T, HeatSummary *summaries)
{
  const PetscInt n = zones->n;
  PetscReal     *extremes, *sums;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc2(2 * n, &extremes, 3 * n, &sums));
  for (PetscInt k = 0; k < n; k++)
    SummariseZone(zones->grid, &zones->zones[k], T, extremes + 2 * k, sums + 3 * k);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, (PetscMPIInt)(2 * n), MPIU_REAL, MPIU_MAX,
                             zones->grid->comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, (PetscMPIInt)(3 * n), MPIU_REAL, MPI_SUM,
                             zones->grid->comm));
  for (PetscInt k = 0; k < n; k++) {
    const PetscBool empty = sums[3 * k + 1] == 0.0 ? PETSC_TRUE : PETSC_FALSE;

    summaries[k].min        = empty ? NAN : -extremes[2 * k];
    summaries[k].max        = empty ? NAN : extremes[2 * k + 1];
    summaries[k].mean       = empty ? NAN : sums[3 * k] / sums[3 * k + 1];
    summaries[k].non_finite = (PetscInt64)sums[3 * k + 2];
  }
  PetscCall(PetscFree2(extremes, sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatZonesDestroy(HeatZones **out)
{
  HeatZones *zones = *out;

  PetscFunctionBeginUser;
  if (!zones) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < zones->n; k++) PetscCall(PetscFree(zones->zones[k].runs));
  PetscCall(PetscFree(zones->zones));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
