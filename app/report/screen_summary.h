/** The summary that a run prints at its end. */
#ifndef HEAT_APP_SCREEN_SUMMARY_H
#define HEAT_APP_SCREEN_SUMMARY_H

#include "app/report/report_sources.h"

/** Print on rank 0 the time of each phase, communication, throughput, iterations, temperatures,
 *  heat and checks, and where the results are.  Collective.
 *  @param[in] quiet  print nothing but failed checks, and these on stderr */
PetscErrorCode HeatScreenPrintSummary(const HeatReportSources *from, HeatStatus status,
                                      PetscBool quiet);

#endif
