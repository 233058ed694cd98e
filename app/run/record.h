/** results.json of a run: collects what the ranks know and hands it to io. */
#ifndef HEAT_APP_RECORD_H
#define HEAT_APP_RECORD_H

#include "app/process/provenance.h"
#include "app/run/simulation_data.h"

/** Collective.  @param[in] error  why the run ended early, or NULL */
PetscErrorCode HeatRecordWrite(HeatSimulation *sim, HeatStatus status, const char *error);

/** What produced it, into the record; strings stay the provenance's.  Not collective.
 *  @param[in] began  MPI_Wtime at program start */
void HeatRecordProvenance(const HeatProvenance *p, double began, HeatResults *r);

#endif
