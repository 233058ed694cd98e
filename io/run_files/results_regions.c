/** The part of results.json about regions: sizes, power, temperatures. */
#include "io/run_files/results_impl.h"

/* Put the sizes of the attributes of a region. */
static void PutParts(HeatJson *json, const HeatResultsRegion *region)
{
  HeatJson *attributes = HeatJsonAddObject(json, "attributes");

  for (int k = 0; k < region->n_parts; k++) {
    HeatJson *part = HeatJsonAddObject(attributes, region->parts[k].attribute);

    HeatJsonPutNumber(part, "painted", region->parts[k].painted);
    HeatJsonPutNumber(part, "true", region->parts[k].exact);
  }
}

void HeatResultsPutRegions(HeatJson *root, const HeatResults *r)
{
  HeatJson *regions = HeatJsonAddArray(root, "regions");

  for (PetscInt i = 0; i < r->n_regions; i++) {
    HeatJson *region = HeatJsonCreate();

    HeatJsonPutCount(region, "region", r->regions[i].region);
    HeatJsonPutText(region, "name", r->regions[i].name);
    HeatJsonPutText(region, "shape", r->regions[i].shape);
    HeatJsonPutNumber(region, "painted", r->regions[i].painted);
    HeatJsonPutNumber(region, "true", r->regions[i].exact);
    PutParts(region, &r->regions[i]);
    HeatJsonPutNumber(region, "power", r->regions[i].power);
    HeatJsonPutNumber(region, "min", r->regions[i].min);
    HeatJsonPutNumber(region, "mean", r->regions[i].mean);
    HeatJsonPutNumber(region, "max", r->regions[i].max);
    HeatJsonAppend(regions, region);
  }
}
