/** ftcs, the explicit scheme of first order:
 *
 *      T_new = T + dt/C N(T, t),        stable for dt <= HeatOperatorStableStep
 *
 *  Where the limit changes with T, it is computed before each step.  Several steps can be taken in
 *  one sweep over the field (HeatOperatorTakeSteps). */
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

/* Relative excess over a stability limit that is accepted.  Chosen above the rounding of the limit
   and of the caller's times: a smaller value may refuse a step equal to the limit, a larger one
   accepts steps that grow. */
static const PetscReal LimitSlack = 1e-12;

/* Refuse a step of the case above the limit [s] of stability, before the run. */
static PetscErrorCode CheckStable(HeatStepper *s, PetscReal dt, PetscReal limit)
{
  PetscFunctionBeginUser;
  HeatCaseCheckKey(
      dt <= limit * (1.0 + LimitSlack), HeatOperatorGrid(s->op)->comm, HeatOperatorCase(s->op),
      "time.step",
      "%g s is unstable for ftcs on this grid: the largest stable step is %.6g s; take that, "
      "`step: auto`, or an implicit scheme such as backward-euler",
      (double)dt, (double)limit);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the limit [s] at the field of the operator's last update; it does not change where the
   operator is linear. */
static PetscErrorCode FindLimit(HeatStepper *s, PetscReal *limit)
{
  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(s->op))
    PetscCall(HeatOperatorLinearStableStep(s->op, PETSC_FALSE, limit));
  else PetscCall(HeatOperatorStableStep(s->op, limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  PetscReal limit;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSumExchange(s->op));
  /* FirstStep chooses a step that is not given. */
  if (!HeatOperatorIsLinear(s->op) || dt == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FindLimit(s, &limit));
  PetscCall(CheckStable(s, dt, limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the limit where it changes with T.  With `step: auto` shorten the step to it and propose
   it for the next step; else raise an error where the step is longer. */
static PetscErrorCode FollowLimit(HeatStepper *s, PetscReal t, HeatStepInfo *info)
{
  PetscReal limit;
  char      text[3][32];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorStableStep(s->op, &limit));
  if (HeatOperatorCase(s->op)->time.step_auto) {
    if (limit < PETSC_MAX_REAL) info->next = limit;
    info->dt = PetscMin(info->dt, limit);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  (void)snprintf(text[0], sizeof text[0], "%g", (double)t);
  (void)snprintf(text[1], sizeof text[1], "%g", (double)info->dt);
  (void)snprintf(text[2], sizeof text[2], "%.6g", (double)limit);
  HeatCheck(info->dt <= limit * (1.0 + LimitSlack), HeatOperatorGrid(s->op)->comm,
            HEAT_ERR_NUMERICS,
            "the step from t = %s s: %s s is unstable for ftcs with the temperatures reached: the "
            "largest stable step is %s s now; take shorter steps, `step: auto`, or an implicit "
            "scheme such as backward-euler",
            text[0], text[1], text[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute s->next = T + dt/C N(T, t). */
static PetscErrorCode Attempt(HeatStepper *s, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                              HeatAttempt *attempt)
{
  const PetscReal *old;
  PetscReal *new;

  PetscFunctionBeginUser;
  (void)attempt, (void)dt;
  PetscCall(HeatStepperBring(s, t, T));
  if (!HeatOperatorIsLinear(s->op)) PetscCall(FollowLimit(s, t, info));
  PetscCall(VecGetArrayRead(T, &old));
  PetscCall(VecGetArrayWrite(s->next, &new));
  PetscCall(HeatOperatorFlowsBesideExchange(s->op, old, &info->flows));
  PetscCall(HeatOperatorStep(s->op, info->dt, old, new));
  HeatOperatorTakeSettled(s->op, &info->settled);
  PetscCall(VecRestoreArrayWrite(s->next, &new));
  PetscCall(VecRestoreArrayRead(T, &old));
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode MostAtOnce(HeatStepper *s, PetscInt *most)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorMostSteps(s->op, most));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take several steps in place, in one sweep over the field. */
static PetscErrorCode TakeSeveral(HeatStepper *s, PetscInt steps, const PetscReal *times,
                                  PetscReal dt, const HeatCellRecord *record, Vec T,
                                  HeatStepInfo *info)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(T, &values));
  PetscCall(HeatOperatorTakeSteps(s->op, steps, dt, times, record, values, &info->flows));
  PetscCall(VecRestoreArray(T, &values));
  HeatOperatorTakeSettled(s->op, &info->settled);
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the limit in *dt for `step: auto` (*dt is 0), else check the case's step *dt against it.
   Create has checked the step of a linear operator. */
static PetscErrorCode FirstStep(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  PetscReal limit;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperBring(s, t, T));
  if (HeatOperatorIsLinear(s->op) && *dt > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FindLimit(s, &limit));
  if (*dt == 0.0) *dt = limit;
  PetscCall(CheckStable(s, *dt, limit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodFtcs = {.create     = Create,
                                   .attempt    = Attempt,
                                   .most       = MostAtOnce,
                                   .several    = TakeSeveral,
                                   .first_step = FirstStep};
