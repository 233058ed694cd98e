/** The lines of the closing table about the use of the machine. */
#ifndef HEAT_APP_SCREEN_METRICS_H
#define HEAT_APP_SCREEN_METRICS_H

#include "io/run_files/results_metrics.h"

/** Print to stdout what is known; call it on rank 0 alone.  Not collective.
 *  @param[in] ranks  of the run; efficiencies and parts of the time are printed for several */
void HeatScreenPrintMetrics(const HeatResultsMetrics *metrics, PetscInt ranks);

#endif
