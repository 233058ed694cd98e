/** The relative speeds of the ranks, measured before a run (decomposition.weights: measure). */
#ifndef HEAT_APP_MEASURE_SPEEDS_H
#define HEAT_APP_MEASURE_SPEEDS_H

#include "app/process/phases.h"
#include "solver/case/case.h"

/** Measure how many cells each rank of comm computes in a second, in the phase of the set-up, if
 *  the case asks for it and its speeds are not known yet; store the relative speeds in the case
 *  (HeatCaseSetSpeeds).  The operator of the case is created on equal blocks and applied to the
 *  initial field; the time in which a rank waits for messages does not count.  Messages are not
 *  counted.  Speeds are rounded to tenths of their mean.  Collective.
 *  Errors: those of HeatMemoryCheck and of HeatSetUpFields. */
PetscErrorCode HeatMeasureSpeeds(MPI_Comm comm, HeatCase *c, HeatPhases *phases);

#endif
