/** The parts of results.json about places: regions, segments of sides, and interfaces. */
#ifndef HEAT_APP_RECORD_PLACES_H
#define HEAT_APP_RECORD_PLACES_H

#include "app/report/report_sources.h"

/** Arrays that a record borrows, owned; each is NULL until it is filled.  {0} is empty. */
typedef struct {
  HeatResultsSegment     *segments;
  HeatResultsInterface   *interfaces;
  HeatResultsRegion      *regions;
  HeatResultsSegmentSize *segment_sizes;
} HeatRecordPlaces;

/** Fill in the sizes of regions and segments; and, unless an error has ended the run, the heat
 *  through segments and interfaces and the temperatures of regions, of the final field.
 *  Collective.
 *  @param[in,out] r       the record, whose status is known
 *  @param[out]    places  must outlive the record; freed with HeatRecordPlacesFree
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatRecordPlacesFill(const HeatReportSources *from, HeatResults *r,
                                    HeatRecordPlaces *places);

/** Free the arrays.  Not collective. */
PetscErrorCode HeatRecordPlacesFree(HeatRecordPlaces *places);

#endif
