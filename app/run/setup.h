/** Setting up the state of a run, at time 0 or from a checkpoint. */
#ifndef HEAT_APP_SETUP_H
#define HEAT_APP_SETUP_H

#include "app/process/phases.h"
#include "app/run/restart.h"

/** Set up operator, zones and temperature of state->c on state->grid: everything that needs the
 *  files which the case names.  The cell-by-cell fields of these files are freed at the end.
 *  Collective.
 *  @param[in]     from     what `--restart` names; NULL: the initial field of the case
 *  @param[in,out] phases   count the time as HEAT_PHASE_SETUP and HEAT_PHASE_INITIAL
 *  @param[out]    restart  the checkpoint; NULL for a fresh run.  The caller destroys it
 *  Errors: HEAT_ERR_INPUT, HEAT_ERR_FILE as the functions of run_state.h and HeatRestartRead. */
PetscErrorCode HeatSetUpFields(HeatRunState *state, const char *from, HeatPhases *phases,
                               HeatRestart **restart);

/** Create the stepper, in place of an earlier one, and set the clock: for a fresh run to time 0;
 *  for a checkpoint set clock and energy account to its values.  Collective.
 *  @param[in]  checkpoint    the one whose temperature is in state->T; NULL: a fresh run
 *  @param[out] most_at_once  steps that the stepper can take at once, at most HEAT_MOST_AT_ONCE
 *  Errors: HEAT_ERR_INPUT as HeatStepperCreate, HeatRunStateUpdateOperator and
 *  HeatRunStateChooseStep. */
PetscErrorCode HeatSetUpStepping(HeatRunState *state, HeatRestart *checkpoint,
                                 PetscInt *most_at_once);

#endif
