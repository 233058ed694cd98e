/** results.json of a run: collects numbers from all ranks and modules, and has io write them. */
#ifndef HEAT_APP_RECORD_H
#define HEAT_APP_RECORD_H

#include "app/process/binding.h"
#include "app/process/process_start.h"
#include "app/process/provenance.h"
#include "app/report/report_sources.h"

/** Write results.json into the output folder of the case.  Collective.
 *  @param[in] error  why the run ended early; NULL: it did not
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatRecordWrite(const HeatReportSources *from, HeatStatus status, const char *error);

/** Enter the build, the hosts, the command line and the elapsed time into a record.  Strings stay
 *  owned by the provenance.  Not collective.
 *  @param[in] start  of the program */
void HeatRecordProvenance(const HeatProvenance *p, const HeatProcessStart *start, HeatResults *r);

/** Fill hosts and binding into the record.  Not collective.  Arrays are borrowed, except `list`.
 *  @param[out] list  [b->n_hosts] memory for the record's list of hosts; free it with PetscFree */
PetscErrorCode HeatRecordBinding(const HeatBinding *b, HeatResults *r, HeatResultsHost **list);

#endif
