/** The stepper that app sees: the table of schemes, and the loop of attempts at one step.
 *
 *  A scheme whose step is controlled is attempted with shorter and shorter steps: a quarter of the
 *  step after a solve that did not converge, the step that the controller computes after an error
 *  that is too large.  The temperature changes only when an attempt is accepted, so that an error
 *  leaves it unchanged. */
#include "solver/stepper/stepper.h"

#include <math.h>
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

/* The schemes, by HeatScheme. */
static const HeatMethod *const methods[] = {
    [HEAT_SCHEME_FTCS]           = &HeatMethodFtcs,
    [HEAT_SCHEME_RKL2]           = &HeatMethodRkl2,
    [HEAT_SCHEME_BACKWARD_EULER] = &HeatMethodBackwardEuler,
    [HEAT_SCHEME_CRANK_NICOLSON] = &HeatMethodCrankNicolson,
    [HEAT_SCHEME_BDF2]           = &HeatMethodBdf2,
    [HEAT_SCHEME_ESDIRK]         = &HeatMethodEsdirk,
    [HEAT_SCHEME_STEADY]         = &HeatMethodSteady,
    [HEAT_SCHEME_TS]             = &HeatMethodTs,
};

PetscErrorCode HeatStepperCreate(HeatOperator *op, PetscReal dt, HeatStepper **stepper)
{
  const HeatCase *c = HeatOperatorCase(op);
  HeatStepper    *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *stepper  = s;
  s->op     = op;
  s->method = methods[c->time.scheme];
  HeatStepControlInit(&s->control, c, s->method->growth);
  PetscCall(HeatGridCreateVec(HeatOperatorGrid(op), &s->next));
  PetscCall(s->method->create(s, dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Advancing. */

/* Shorten *dt to a quarter, but not below `least`, after a solve that did not converge.  Raise the
   error where the step is fixed, where *dt is `least` already, or after 12 such shortenings of this
   step.

   A quarter is chosen: a larger factor needs more attempts, a smaller one may leave a step that is
   much shorter than needed.  12 is chosen: the last attempt has 4^-12 = 6e-8 of the step wanted. */
static PetscErrorCode ShortenStepAfterFailure(HeatStepper *s, PetscReal t, PetscInt failures,
                                              PetscReal least, PetscReal *dt)
{
  const PetscInt most = 12;
  char           what[64], remedy[96] = "";

  PetscFunctionBeginUser;
  if (s->control.tolerance > 0.0 && *dt > least && failures < most) {
    *dt = PetscMax(0.25 * *dt, least);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  HeatStepperFormatStep(t, what, sizeof what);
  if (s->control.tolerance > 0.0)
    (void)snprintf(remedy, sizeof remedy, "%g s was the shortest of %d steps tried", (double)*dt,
                   (int)failures + 1);
  PetscCall(HeatStageRaise(s->stage, what, remedy));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Shorten *dt, but not below `least`, after an attempt whose error was too large by `ratio` > 1.
   Raise an error where *dt is `least` already, or where 30 attempts at this step have been rejected
   before.

   Each attempt shortens the step to 0.2 to 0.9 of its length.  30 is chosen: more attempts only
   delay the error where no step is short enough, as at a jump in time; fewer may end a run that a
   shorter step would continue. */
static PetscErrorCode ShortenStepForError(HeatStepper *s, PetscReal t, const HeatAttempt *attempt,
                                          PetscReal ratio, PetscInt rejected, PetscReal least,
                                          PetscReal *dt)
{
  const PetscInt most = 30;
  char           text[3][32];

  PetscFunctionBeginUser;
  (void)snprintf(text[0], sizeof text[0], "%g", (double)t);
  (void)snprintf(text[1], sizeof text[1], "%g", (double)*dt);
  (void)snprintf(text[2], sizeof text[2], "%g", (double)ratio);
  HeatCheck((*dt > least) && (rejected < most), HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
            "the step from t = %s s: even with %s s, %s, its error is %s times the tolerated one; "
            "%s, or raise time.adaptive.tolerance",
            text[0], text[1], *dt > least ? "after many attempts" : "time.adaptive.min_step",
            text[2],
            *dt > least ? "look for a source or a side that jumps there"
                        : "lower time.adaptive.min_step");
  *dt = PetscMax(HeatStepControlShorten(*dt, ratio, attempt->order), least);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the error ratio of an attempt, whose field is in s->next. */
static PetscErrorCode MeasureError(HeatStepper *s, const HeatAttempt *attempt, PetscReal *ratio)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(s->next, &values));
  PetscCall(HeatStepControlMeasure(&s->control, s->op, values, attempt->error, ratio));
  PetscCall(VecRestoreArrayRead(s->next, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Start the range of temperatures with the field that the run begins with, unless it has been
   started. */
static PetscErrorCode StartRange(HeatStepper *s, Vec T)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  if (s->control.tolerance == 0.0 || s->control.low <= s->control.high)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatStepControlWidenRange(&s->control, s->op, values));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Accept the attempt: propose the next step, let the scheme store what it needs, and swap *T and
   s->next. */
static PetscErrorCode Accept(HeatStepper *s, Vec *T, const HeatAttempt *attempt, HeatStepInfo *info)
{
  Vec swap;

  PetscFunctionBeginUser;
  if (s->control.tolerance > 0.0) {
    HeatStepControlAccept(&s->control, info->dt, info->error, attempt->order,
                          info->rejected > 0 ? PETSC_TRUE : PETSC_FALSE);
    info->next = s->control.next;
  }
  if (s->method->accept) PetscCall(s->method->accept(s, info->dt, *T, info));
  swap    = *T;
  *T      = s->next;
  s->next = swap;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Attempt the step, with a shorter one where a solve fails or the error is too large, until it
   can be accepted. */
static PetscErrorCode AttemptUntilAccepted(HeatStepper *s, PetscReal t, Vec *T, HeatStepInfo *info)
{
  const HeatFlows none     = {0};
  const PetscReal least    = PetscMin(info->dt, s->control.min);
  PetscInt        failures = 0;
  HeatAttempt     attempt;

  PetscFunctionBeginUser;
  PetscCall(StartRange(s, *T));
  for (;;) {
    attempt     = (HeatAttempt){.solved = PETSC_TRUE, .order = 1};
    info->flows = none;
    HeatOperatorSetStep(s->op, t, t + info->dt, s->method->rule);
    PetscCall(s->method->attempt(s, t, info->dt, *T, info, &attempt));
    if (!attempt.solved) {
      PetscCall(ShortenStepAfterFailure(s, t, failures++, least, &info->dt));
    } else {
      if (s->control.tolerance == 0.0) break;
      PetscCall(MeasureError(s, &attempt, &info->error));
      if (info->error <= 1.0) break;
      PetscCall(ShortenStepForError(s, t, &attempt, info->error, info->rejected, least, &info->dt));
    }
    info->rejected++;
  }
  PetscCall(Accept(s, T, &attempt, info));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperAdvance(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T,
                                  HeatStepInfo *info)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(info, sizeof *info));
  if (s->control.tolerance > 0.0 && s->control.max > 0.0) dt = PetscMin(dt, s->control.max);
  info->dt = dt;
  HeatOperatorSetStep(s->op, t, t + dt, s->method->rule);
  code = s->method->advance ? s->method->advance(s, t, dt, T, info)
                            : AttemptUntilAccepted(s, t, T, info);
  HeatOperatorSetStep(s->op, t, t, HEAT_TIME_EXACT);
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperMostAtOnce(HeatStepper *s, PetscInt *most)
{
  PetscFunctionBeginUser;
  *most = 1;
  if (s->method->most) PetscCall(s->method->most(s, most));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperAdvanceSeveral(HeatStepper *s, PetscInt steps, const PetscReal *times,
                                         PetscReal dt, const HeatCellRecord *record, Vec *T,
                                         HeatStepInfo *info)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(info, sizeof *info));
  info->dt = dt;
  PetscCall(s->method->several(s, steps, times, dt, record, *T, info));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The first step, memory, destruction. */

PetscBool HeatStepperIsAdaptive(const HeatStepper *s)
{
  return s->control.tolerance > 0.0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the length [s] of the step that is assumed while the first step is computed: the rest of
   the run, or a length above the rounding of t.  Only its beginning matters: formulas that switch
   at t have their values after t. */
static PetscReal AssumedStep(const HeatStepper *s, PetscReal t)
{
  const PetscReal end = HeatOperatorCase(s->op)->time.end;

  return end > t ? end - t : PetscMax(1.0, PetscAbsReal(t));
}

PetscErrorCode HeatStepperFirstStep(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  const HeatCase  *c     = HeatOperatorCase(s->op);
  const int        order = s->method->first_order;
  const PetscReal *values;

  PetscFunctionBeginUser;
  *dt = c->time.step;
  if (s->control.tolerance == 0.0) {
    if (s->method->first_step) PetscCall(s->method->first_step(s, t, T, dt));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (*dt > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatOperatorSetStep(s->op, t, t + AssumedStep(s, t), HEAT_TIME_EXACT);
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatStepControlFirstStep(&s->control, s->op, t, values, order, dt));
  PetscCall(VecRestoreArrayRead(T, &values));
  HeatOperatorSetStep(s->op, t, t, HEAT_TIME_EXACT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperBeginAnew(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  *dt = 0.0;
  if (s->method->forget) PetscCall(s->method->forget(s));
  if (s->control.tolerance == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  s->control.next = s->control.previous = 0.0;
  HeatOperatorSetStep(s->op, t, t + AssumedStep(s, t), HEAT_TIME_EXACT);
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatStepControlFirstStep(&s->control, s->op, t, values, s->method->first_order, dt));
  PetscCall(VecRestoreArrayRead(T, &values));
  HeatOperatorSetStep(s->op, t, t, HEAT_TIME_EXACT);
  s->control.next = *dt;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperSave(HeatStepper *s, HeatStepperMemory *memory)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(memory, sizeof *memory));
  if (s->control.tolerance > 0.0) HeatStepControlSave(&s->control, memory->numbers);
  if (s->method->save) PetscCall(s->method->save(s, memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperLoad(HeatStepper *s, const HeatStepperMemory *memory)
{
  PetscFunctionBeginUser;
  if (s->control.tolerance > 0.0) HeatStepControlLoad(&s->control, memory->numbers);
  if (s->method->load) PetscCall(s->method->load(s, memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatLinear *HeatStepperLinear(HeatStepper *s)
{
  if (s->method->linear) return s->method->linear(s);
  return s->stage ? HeatStageLinear(s->stage) : NULL;
}

PetscErrorCode HeatStepperDestroy(HeatStepper **stepper)
{
  HeatStepper *s = *stepper;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  if (s->method->destroy && s->data) PetscCall(s->method->destroy(s));
  PetscCall(PetscFree(s->data));
  PetscCall(HeatStageDestroy(&s->stage));
  PetscCall(VecDestroy(&s->next));
  PetscCall(VecDestroy(&s->net));
  PetscCall(PetscFree(*stepper));
  PetscFunctionReturn(PETSC_SUCCESS);
}
