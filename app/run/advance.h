/** Take the steps of a run.  A failure of PETSc under the user's PETSc options, and a step that has
 *  become too short for the run to reach its end, are errors of the numerics. */
#ifndef HEAT_APP_ADVANCE_H
#define HEAT_APP_ADVANCE_H

#include "app/process/options.h"
#include "app/state/run_state.h"
#include "solver/base/error.h"

/** Create the guard of the steps if the user chose a solver or an option of PETSc: solves may then
 *  fail with an error of PETSc that is no defect of heat2d.  Collective on comm.
 *  @param[out] guard  NULL if the user chose nothing of PETSc */
PetscErrorCode HeatAdvanceCreateGuard(MPI_Comm comm, const HeatOptions *options, const HeatCase *c,
                                      HeatGuard **guard);

/** Take one step, or several of equal length at once; both ways give equal bits.  The clock does
 *  not advance.  Collective.
 *  @param[in] guard  from HeatAdvanceCreateGuard
 *  @param[in] steps  [n] the steps, from HeatScheduleSteps
 *  @param[in] times  [n] [s] when each step begins
 *  Errors: HEAT_ERR_NUMERICS, also for steps that have collapsed; state->T is then the field before
 *  the step.  HEAT_STOPPED, which is no error, where the operator's interrupt abandons the step. */
PetscErrorCode HeatAdvance(HeatRunState *state, HeatGuard *guard, PetscInt n,
                           const HeatClockStep *steps, const PetscReal *times);

/** Begin the scheme anew where a source or a side switches at the present time.  Call it before
 *  anything is written, so that a checkpoint holds what the next step starts from.  Collective. */
PetscErrorCode HeatAdvanceHandleEvent(HeatRunState *state);

#endif
