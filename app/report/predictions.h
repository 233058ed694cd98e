/** What all ranks should have sent in a run, predicted from the layout of blocks; results.json has
 *  each prediction beside its count. */
#ifndef HEAT_APP_PREDICTIONS_H
#define HEAT_APP_PREDICTIONS_H

#include "app/report/report_sources.h"

/** Predict the communication of the run so far.  The numbers of exchanges, transfers and solves are
 *  those that were counted; what each of them sends comes from solver/grid/layout.h and
 *  solver/multigrid/level_traffic.h.  Not collective.
 *  @param[out] predicted  -1 where nothing is predicted: collective operations of libraries, and
 *                         messages of PETSc's own preconditioners */
PetscErrorCode HeatPredictCommunication(const HeatReportSources *from,
                                        HeatResultsTraffic       predicted[HEAT_TRAFFIC_KINDS]);

#endif
