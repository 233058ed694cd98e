/** Zones (zones.h): the cells of each named region as runs.  The summaries of all zones need one
 *  reduction together. */
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

PetscErrorCode HeatZonesAddSummaries(const HeatZones *zones, const PetscReal *T, HeatReduction *r,
                                     HeatZoneTotals *totals)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < zones->n; k++) {
    PetscReal    extremes[2];
    HeatExactSum sums[SUMS] = {0};

    SummariseZone(zones->grid, &zones->zones[k], T, extremes, sums);
    PetscCall(HeatReductionAddMaxima(r, 2, extremes, totals[k].extremes));
    PetscCall(HeatReductionAddSums(r, SUMS, sums, totals[k].sums));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Adding 0.0 turns -0 into 0: the lowest temperature is the negative of a maximum. */
HeatSummary HeatZonesGetSummary(const HeatZoneTotals *totals)
{
  const PetscReal *sums  = totals->sums;
  const PetscBool  empty = sums[CELLS] == 0.0 ? PETSC_TRUE : PETSC_FALSE;

  return (HeatSummary){.min        = empty ? NAN : -totals->extremes[0] + 0.0,
                       .max        = empty ? NAN : totals->extremes[1] + 0.0,
                       .mean       = empty ? NAN : sums[TEMPERATURE] / sums[CELLS],
                       .non_finite = (PetscInt64)sums[NON_FINITE]};
}

PetscErrorCode HeatZonesSummary(const HeatZones *zones, const PetscReal *T, HeatSummary *summaries)
{
  HeatReduction  *r;
  HeatZoneTotals *totals;

  PetscFunctionBeginUser;
  if (zones->n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(zones->n, &totals));
  PetscCall(HeatReductionCreate(zones->grid->comm, &r));
  PetscCall(HeatZonesAddSummaries(zones, T, r, totals));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  for (PetscInt k = 0; k < zones->n; k++) summaries[k] = HeatZonesGetSummary(&totals[k]);
  PetscCall(PetscFree(totals));
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
