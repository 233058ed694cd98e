/** results.json of a run: collects what the ranks know and hands it to io. */
#ifndef HEAT_APP_RECORD_H
#define HEAT_APP_RECORD_H

#include "app/simulation.h"

/** Collective.  @param[in] error  why the run ended early, or NULL */
PetscErrorCode HeatRecordWrite(HeatSimulation *sim, HeatStatus status, const char *error);

#endif
