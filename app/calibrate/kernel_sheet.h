/** The problems of one grid on which kernels are timed.
 *
 *  Each rank has a grid of its own, nx x ny cells of equal sides, so that nothing is sent, and
 *  calls the steppers, the linear solver and the diagnostics of a run.  All problems stay in memory
 *  while others are timed, so that every kernel on every grid can have its turn again and again. */
#ifndef HEAT_APP_KERNEL_SHEET_H
#define HEAT_APP_KERNEL_SHEET_H

#include "app/calibrate/cost_fit.h"
#include "app/calibrate/job.h"

typedef struct HeatSheet HeatSheet;

/** Who is at work while a time is taken. */
typedef enum {
  HEAT_CREW_ALONE,    /* one rank of each node */
  HEAT_CREW_TOGETHER, /* all ranks of each node */
  HEAT_CREWS
} HeatCrew;

/** Create the problems of nx x ny cells.  Destroy with HeatSheetDestroy.  Not collective.
 *  Errors: HEAT_ERR_INPUT for options of PETSc that do not fit the solver. */
PetscErrorCode HeatSheetCreate(PetscInt nx, PetscInt ny, HeatCoefficients coefficients,
                               HeatSheet **sheet);

/** Free the problems and set *sheet to NULL, which it may be.  Not collective. */
PetscErrorCode HeatSheetDestroy(HeatSheet **sheet);

/** Prepare the times of a crew.  Collective on comm, the ranks of the crew.
 *  @param[out] seconds  [s] that one sample of each takes, about */
PetscErrorCode HeatSheetStart(HeatSheet *sheet, MPI_Comm comm, HeatCrew crew, double *seconds);

/** Take a sample of each time.  A call that is not timed goes before the first one on the same
 *  fields, so that it finds in the caches what the step before it left there, as in a run.
 *  Collective on comm. */
PetscErrorCode HeatSheetSample(HeatSheet *sheet, MPI_Comm comm, HeatCrew crew);

/** Return the number of sweeps in which the last call of a task of an explicit scheme took its
 *  steps or stages; 0: one by one.  Not collective; call HeatSheetStart first. */
PetscInt HeatSheetSweeps(const HeatSheet *sheet, HeatRaw raw);

/** Store the results.  Not collective. */
void HeatSheetFinish(const HeatJob *job, HeatSheet *sheet, HeatCrew crew, HeatRawTimes *raw);

#endif
