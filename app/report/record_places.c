/** Regions, segments and interfaces of a record (record_places.h). */
#include "app/report/record_places.h"

#include <math.h>

/* Fill in the heat flows through the segments of sides that have several.
   @param[in] heat  of HeatSurveyedFlows */
static PetscErrorCode FillSegments(const HeatCase *c, const PetscReal *heat, HeatResults *r,
                                   HeatRecordPlaces *places)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatDiagnosticsSegments(c), &places->segments));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt first = HeatDiagnosticsFirstSegment(c, (HeatSide)side);

    for (PetscInt k = 0; k < c->boundary[side].n && c->boundary[side].n > 1; k++) {
      places->segments[r->energy.n_segments++] = (HeatResultsSegment){(HeatSide)side, k,
                                                                      heat[first + k]};
    }
  }
  r->energy.segments = places->segments;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in the heat flows between materials.
   @param[in] heat  of HeatSurveyedFlows */
static PetscErrorCode FillInterfaces(const HeatCase *c, const PetscReal *heat, HeatResults *r,
                                     HeatRecordPlaces *places)
{
  const HeatInterface *pairs = c->output.interfaces;
  const PetscInt       n     = c->output.n_interfaces;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &places->interfaces));
  for (PetscInt k = 0; k < n; k++)
    places->interfaces[k] = (HeatResultsInterface){pairs[k].names[0], pairs[k].names[1], heat[k]};
  r->energy.n_interfaces = n;
  r->energy.interfaces   = places->interfaces;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the sizes of each attribute that is visible on less than size->left, the part of the region
   where later regions leave at least one of its attributes. */
static void FillParts(const HeatRegionSize *size, HeatResultsRegion *region)
{
  for (int a = 0; a < HEAT_ATTRIBUTES; a++) {
    const HeatPartSize *part = &size->of[a];
    const PetscReal     bits = 1e-12 * size->shape; /* rounding */

    if (!(size->attributes & 1u << a)) continue;
    if (part->cells == size->left.cells && part->exact >= size->left.exact - bits) continue;
    region->parts[region->n_parts++] = (HeatResultsPart){HeatAttributeNames[a], part->painted,
                                                         part->exact};
  }
}

/* Fill in the sizes and powers of the regions.  Regions that cover the domain by definition are
   left out, unless they have a name or a power. */
static PetscErrorCode FillRegions(const HeatRunState *state, HeatResults *r,
                                  HeatRecordPlaces *places)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(c->n_regions, &places->regions));
  for (PetscInt k = 0; k < c->n_regions; k++) {
    const HeatRegion     *region = &c->regions[k];
    const HeatRegionSize *size   = &state->sizes.regions[k];
    PetscReal             power;

    if (region->shape == HEAT_SHAPE_ALL && !region->name && !region->power.given) continue;
    PetscCall(HeatSourcePower(HeatOperatorSource(state->op), k, state->clock.time, &power));
    places->regions[r->n_regions] = (HeatResultsRegion){
        .region  = k,
        .name    = region->name,
        .shape   = region->shape == HEAT_SHAPE_MAP ? "map" : HeatShapeNames[region->shape],
        .painted = size->left.painted,
        .exact   = size->left.exact,
        .power   = power,
        .min     = NAN,
        .mean    = NAN,
        .max     = NAN};
    FillParts(size, &places->regions[r->n_regions++]);
  }
  r->regions = places->regions;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillSegmentSizes(const HeatRunState *state, HeatResults *r,
                                       HeatRecordPlaces *places)
{
  const HeatSizes *sizes = &state->sizes;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(sizes->n_segments, &places->segment_sizes));
  for (PetscInt k = 0; k < sizes->n_segments; k++) {
    const HeatSegmentSize *size    = &sizes->segments[k];
    const HeatSegment     *segment = &state->c->boundary[size->side].segments[size->segment];

    places->segment_sizes[k] = (HeatResultsSegmentSize){size->side, size->segment,
                                                        HeatBoundaryTypeNames[segment->type],
                                                        size->painted, size->exact};
  }
  r->n_segments = sizes->n_segments;
  r->segments   = places->segment_sizes;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill in the temperatures of the regions with a name. */
static PetscErrorCode FillZones(const HeatReportSources *from, const PetscReal *T,
                                const HeatResults *r, HeatRecordPlaces *places)
{
  const HeatRunState *state = from->state;
  const PetscInt      n     = HeatZonesCount(state->zones);
  const HeatSummary  *zones;
  PetscInt            k = 0;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyZones(from->survey, state, T, &zones));
  for (PetscInt i = 0; i < r->n_regions && k < n; i++) {
    if (places->regions[i].region != HeatZonesRegion(state->zones, k)) continue;
    places->regions[i].min  = zones[k].min;
    places->regions[i].mean = zones[k].mean;
    places->regions[i].max  = zones[k].max;
    k++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordPlacesFill(const HeatReportSources *from, HeatResults *r,
                                    HeatRecordPlaces *places)
{
  const HeatRunState      *state = from->state;
  const HeatCase          *c     = state->c;
  const HeatSurveyedFlows *flows;
  const PetscReal         *T;

  PetscFunctionBeginUser;
  PetscCall(FillRegions(state, r, places));
  PetscCall(FillSegmentSizes(state, r, places));
  if (r->status == HEAT_STATUS_ERROR && !from->finished) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(HeatSurveyPrepare(from->survey, state, T));
  if (HeatDiagnosticsSegments(c) > HEAT_SIDES || c->output.n_interfaces > 0) {
    PetscCall(HeatSurveyFlows(from->survey, state, T, &flows));
    PetscCall(FillSegments(c, flows->segments, r, places));
    PetscCall(FillInterfaces(c, flows->interfaces, r, places));
  }
  PetscCall(FillZones(from, T, r, places));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRecordPlacesFree(HeatRecordPlaces *places)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(places->segments));
  PetscCall(PetscFree(places->interfaces));
  PetscCall(PetscFree(places->regions));
  PetscCall(PetscFree(places->segment_sizes));
  PetscFunctionReturn(PETSC_SUCCESS);
}
