/** The header that a run prints before its first step. */
#ifndef HEAT_APP_SCREEN_HEADER_H
#define HEAT_APP_SCREEN_HEADER_H

#include "app/report/report_sources.h"

/** Print title, grid, ranks, halo, scheme, the environment's options, painted sizes that differ
 *  from the true ones, limits, the output folder and the checkpoint of a restart on stdout.  Not
 *  collective; call it on rank 0. */
PetscErrorCode HeatScreenPrintHeader(const HeatReportSources *from);

#endif
