/** Zones (zones.h): the cells of each named region as runs.  The summaries of all zones need two
 *  reductions together, one of maxima and one of exact sums. */
#include "solver/measure/zones.h"

#include <math.h>

/* Consecutive own cells in a row. */
typedef struct {
  PetscInt j, begin, end; /* local columns [begin, end) of local row j */
} Run;

/* This rank's part of a zone. */
typedef struct {
  PetscInt region;   /* index into the case's regions */
  PetscInt n;        /* runs in use */
  PetscInt capacity; /* runs allocated */
  Run     *runs;     /* owned [capacity] */
} Zone;

struct HeatZones {
  const HeatGrid *grid;  /* borrowed */
  PetscInt        n;     /* zones */
  Zone           *zones; /* owned [n] */
};

/* Append a run to the zone `context`; HeatPaintRegion calls it. */
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

/* The exact sums of a zone. */
enum {
  TEMPERATURE, /* [K] sum over the finite cells */
  CELLS,       /* number of finite cells */
  NON_FINITE,  /* number of other cells */
  SUMS
};

/* Compute this rank's part of a zone: extremes = {-lowest, highest} temperature [K], and the
   sums. */
static void SummariseZone(const HeatGrid *g, const Zone *zone, const PetscReal *T,
                          PetscReal extremes[2], HeatExactSum sums[SUMS])
{
  int64_t cells = 0, dropped;

  extremes[0] = extremes[1] = PETSC_MIN_REAL;
  for (PetscInt k = 0; k < zone->n; k++) {
    const Run       *run = &zone->runs[k];
    const PetscReal *row = T + (size_t)run->j * (size_t)g->nxl;

    for (PetscInt i = run->begin; i < run->end; i++) {
      if (PetscIsInfOrNanReal(row[i])) continue;
      extremes[0] = PetscMax(extremes[0], -row[i]);
      extremes[1] = PetscMax(extremes[1], row[i]);
    }
    HeatExactSumAddArray(&sums[TEMPERATURE], (size_t)(run->end - run->begin), row + run->begin);
    cells += run->end - run->begin;
  }
  dropped = HeatExactSumDropNonFinite(&sums[TEMPERATURE]);
  HeatExactSumAdd(&sums[CELLS], (PetscReal)(cells - dropped));
  HeatExactSumAdd(&sums[NON_FINITE], (PetscReal)dropped);
}

PetscErrorCode HeatZonesSummary(const HeatZones *zones, const PetscReal *T, HeatSummary *summaries)
{
  const PetscInt n = zones->n;
  HeatExactSum  *sums;
  PetscReal     *extremes, *found;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc3(2 * n, &extremes, SUMS * n, &sums, SUMS * n, &found));
  for (PetscInt k = 0; k < n; k++)
    SummariseZone(zones->grid, &zones->zones[k], T, extremes + 2 * k, sums + SUMS * k);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, (PetscMPIInt)(2 * n), MPIU_REAL, MPIU_MAX,
                             zones->grid->comm));
  PetscCall(HeatExactSumReduce(zones->grid->comm, SUMS * n, sums, found));
  for (PetscInt k = 0; k < n; k++) {
    const PetscReal *zone  = found + SUMS * k;
    const PetscBool  empty = zone[CELLS] == 0.0 ? PETSC_TRUE : PETSC_FALSE;

    summaries[k].min        = empty ? NAN : -extremes[2 * k];
    summaries[k].max        = empty ? NAN : extremes[2 * k + 1];
    summaries[k].mean       = empty ? NAN : zone[TEMPERATURE] / zone[CELLS];
    summaries[k].non_finite = (PetscInt64)zone[NON_FINITE];
  }
  PetscCall(PetscFree3(extremes, sums, found));
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
