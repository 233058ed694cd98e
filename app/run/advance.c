/** Take steps (advance.h). */
#include "app/run/advance.h"

#include <stdio.h>

/* Return whether the user chose a solver or an option of PETSc.  Solves may then fail with an error
   of PETSc that is no defect of heat2d. */
static PetscBool ChoosesPetsc(const HeatOptions *o, const HeatCase *c)
{
  PetscBool ours = PETSC_FALSE;

  (void)PetscStrcmp(c->solver.preconditioner, "multigrid", &ours);
  return o->petsc_argc > 1 || o->environment.n > 0 || c->n_petsc > 0 || c->record.n_options > 0 ||
                 !ours || c->time.scheme == HEAT_SCHEME_TS
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscErrorCode HeatAdvanceCreateGuard(MPI_Comm comm, const HeatOptions *options, const HeatCase *c,
                                      HeatGuard **guard)
{
  PetscFunctionBeginUser;
  *guard = NULL;
  if (ChoosesPetsc(options, c)) PetscCall(HeatGuardCreate(comm, guard));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return why free steps are as short as dt [s], and the remedy: a key of the case that bounds them,
   or else a difficulty that the scheme may have met. */
static const char *CauseOfShortSteps(const HeatRunState *state, PetscReal dt)
{
  const HeatClock  *clock                 = &state->clock;
  const PetscReal   longest               = state->c->time.adaptive.max;
  const char *const outputs[HEAT_OUTPUTS] = {
      [HEAT_OUTPUT_SNAPSHOT] = "each multiple of output.snapshots.interval ends a step: make it "
                               "longer, or take snapshots every so many steps",
      [HEAT_OUTPUT_HISTORY]  = "each multiple of output.history.interval ends a step: make it "
                               "longer, or take rows every so many steps"};

  for (int k = 0; k < HEAT_OUTPUTS; k++)
    if (clock->interval[k] > 0.0 && clock->interval[k] <= clock->dt && dt < clock->dt)
      return outputs[k];
  /* 0.5: where a tiny step would follow, the clock takes at least half of the proposal */
  if (clock->free && longest > 0.0 && dt >= 0.5 * longest)
    return "time.adaptive.max_step is too short for time.end: raise it, or end the run earlier";
  return "look for what grows without bound, or for a source or conductivity that jumps at a "
         "temperature (write the jump as a steep slope), or that switches at very many times, or "
         "raise time.adaptive.tolerance";
}

/* Raise the error that steps have become too short for the run to reach its end. */
static PetscErrorCode RaiseCollapsed(const HeatRunState *state, PetscReal dt)
{
  const HeatClock *clock = &state->clock;

  return HeatRaiseHere(state->grid->comm, HEAT_ERR_NUMERICS,
                       "step %" PetscInt64_FMT
                       " (t = %.17g s): the step has collapsed to %g s, so that the run would not "
                       "end; %s",
                       clock->step + 1, (double)clock->time, (double)dt,
                       CauseOfShortSteps(state, dt));
}

/* Have the stepper take one step, or several at once; both ways give equal bits. */
static PetscErrorCode CallStepper(HeatRunState *state, PetscInt n, const PetscReal *times,
                                  PetscReal dt)
{
  PetscFunctionBeginUser;
  if (n > 1)
    PetscCall(HeatStepperAdvanceSeveral(state->stepper, n, times, dt, state->record, &state->T,
                                        &state->last_step));
  else PetscCall(HeatStepperAdvance(state->stepper, times[0], dt, &state->T, &state->last_step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Call the stepper; an error of PETSc under the user's options becomes one of the numerics. */
static PetscErrorCode CallStepperGuarded(HeatRunState *state, HeatGuard *guard, PetscInt n,
                                         const PetscReal *times, PetscReal dt)
{
  HeatCapture    capture;
  char           doing[160];
  PetscErrorCode code;

  PetscFunctionBeginUser;
  if (!guard) PetscFunctionReturn(CallStepper(state, n, times, dt));
  PetscCall(HeatCaptureBegin(&capture));
  code = CallStepper(state, n, times, dt);
  (void)snprintf(doing, sizeof doing,
                 "step %" PetscInt64_FMT
                 " (from t = %g s) cannot be taken with the chosen solver and "
                 "options of PETSc",
                 state->clock.step + 1, (double)state->clock.time);
  PetscFunctionReturn(HeatGuardEnd(guard, &capture, doing, code));
}

PetscErrorCode HeatAdvance(HeatRunState *state, HeatGuard *guard, PetscInt n,
                           const HeatClockStep *steps, const PetscReal *times)
{
  if (HeatClockHasCollapsed(&state->clock, &steps[0])) return RaiseCollapsed(state, steps[0].dt);
  return CallStepperGuarded(state, guard, n, times, steps[0].dt);
}

PetscErrorCode HeatAdvanceHandleEvent(HeatRunState *state)
{
  PetscReal dt;

  PetscFunctionBeginUser;
  if (!state->clock.at_event) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperBeginAnew(state->stepper, state->clock.time, state->T, &dt));
  if (dt > 0.0) HeatClockPropose(&state->clock, dt);
  PetscFunctionReturn(PETSC_SUCCESS);
}
