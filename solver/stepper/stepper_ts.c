/** ts:TYPE: any time integrator of PETSc, for dT/dt = N(T, t)/C.
 *
 *  This file sets TS up and takes its steps; stepper_ts_system.c holds the functions with which TS
 *  evaluates and solves the equation.  One HeatStepperAdvance is one accepted step of TS. */
#include <stdio.h>

#include "solver/base/traffic.h"
#include "solver/stepper/stepper_ts_impl.h"

/* Store in *explicit whether the type is one of PETSc's that never solve a system. */
static PetscErrorCode IsExplicit(const char *type, PetscBool *explicit)
{
  const char *const types[] = {TSEULER, TSRK, TSSSP};

  PetscFunctionBeginUser;
  *explicit = PETSC_FALSE;
  for (size_t k = 0; k < sizeof types / sizeof types[0] && !*explicit; k++)
    PetscCall(PetscStrcmp(type, types[k], explicit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

/* Configure TS.  Everything that reads the user's options is in this function, so that the
   caller can report its errors as caused by the user.  The norm of TS's error is the maximum
   over the cells unless the user chose one; PETSc has an option for that and no function, so the
   option is set and cleared again. */
static PetscErrorCode Configure(HeatStepper *s, const char *type, PetscBool explicit)
{
  static const char *const norm = "-ts_adapt_wnormtype";
  HeatStepperTs           *o    = s->data;
  TSAdapt                  adapt;
  PetscBool                chosen;

  PetscFunctionBeginUser;
  PetscCall(TSSetType(o->ts, type));
  if (HeatOperatorIsLinear(s->op)) PetscCall(TSSetProblemType(o->ts, TS_LINEAR));
  PetscCall(HeatStepperTsSetUpSystem(s, explicit));
  PetscCall(TSSetExactFinalTime(o->ts, TS_EXACTFINALTIME_STEPOVER));
  PetscCall(TSSetMaxSteps(o->ts, PETSC_MAX_INT - 1));
  PetscCall(TSSetErrorIfStepFails(o->ts, PETSC_FALSE));
  PetscCall(TSSetMaxSNESFailures(o->ts, s->control.tolerance > 0.0 ? -1 : 1));
  PetscCall(TSGetAdapt(o->ts, &adapt));
  PetscCall(TSAdaptSetType(adapt, s->control.tolerance > 0.0 ? TSADAPTBASIC : TSADAPTNONE));
  PetscCall(TSSetSolution(o->ts, o->T));
  PetscCall(PetscOptionsHasName(NULL, NULL, norm, &chosen));
  if (!chosen) PetscCall(PetscOptionsSetValue(NULL, norm, "infinity"));
  PetscCall(TSSetFromOptions(o->ts));
  if (!chosen) PetscCall(PetscOptionsClearValue(NULL, norm));
  PetscCall(TSSetUp(o->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store in o->once whether each stage is one linear system, and check that it then has its own
   matrix: SNESKSPONLY does not notice an older one, and would return wrong fields. */
static PetscErrorCode CheckLag(const HeatStepper *s, HeatStepperTs *o)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  char            where[256];
  SNES            snes;
  PetscInt        lag;

  PetscFunctionBeginUser;
  PetscCall(TSGetSNES(o->ts, &snes));
  PetscCall(PetscObjectTypeCompare((PetscObject)snes, SNESKSPONLY, &o->once));
  PetscCall(SNESGetLagJacobian(snes, &lag));
  HeatCheck(!o->once || lag == 1, HeatOperatorGrid(s->op)->comm, HEAT_ERR_INPUT,
            "%s-snes_lag_jacobian %" PetscInt_FMT ": ts:%s solves one linear system for each stage "
            "here and would take the matrix of an earlier step; leave the option out",
            HeatCaseLocate(c, "petsc.snes_lag_jacobian", where, sizeof where), lag,
            c->time.ts_type);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the case's step against the field T; for a linear operator Create has done so. */
static PetscErrorCode FirstStep(HeatStepper *s, PetscReal t, Vec T, PetscReal *dt)
{
  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperBring(s, t, T));
  PetscCall(HeatStepperTsCheckStable(s, ((const HeatStepperTs *)s->data)->interval, *dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  const HeatGrid *g = HeatOperatorGrid(s->op);
  char            where[256], doing[400];
  TSType          type;
  PetscBool explicit, kept;
  HeatStepperTs *o;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&o));
  s->data = o;
  PetscCall(IsExplicit(c->time.ts_type, &explicit));
  if (!explicit) {
    if (dt <= 0.0) dt = 1.0; /* [s] chosen: any value will do, since the first step sets up again */
    PetscCall(HeatLinearCreate(s->op, 1.0 / dt, &o->linear));
  }
  PetscCall(VecDuplicate(s->next, &o->T));
  PetscCall(VecDuplicate(s->next, &o->scaled));
  if (!HeatOperatorIsLinear(s->op)) PetscCall(VecDuplicate(s->next, &o->T_jacobian));
  PetscCall(TSCreate(g->comm, &o->ts));
  (void)snprintf(doing, sizeof doing, "%stime.scheme: ts:%s cannot be set up",
                 HeatCaseLocate(c, "time.scheme", where, sizeof where), c->time.ts_type);
  HeatUserCall(g->comm, doing, Configure(s, c->time.ts_type, explicit));
  PetscCall(TSGetType(o->ts, &type));
  PetscCall(PetscStrcmp(type, c->time.ts_type, &kept));
  HeatCheck(
      kept, g->comm, HEAT_ERR_INPUT,
      "-ts_type %s: time.scheme is ts:%s; leave the option out, and give the type in the case "
      "or with --set time.scheme=ts:%s",
      type, c->time.ts_type, type);
  if (!explicit) PetscCall(CheckLag(s, o));
  if (!explicit || s->control.tolerance > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperTsInterval(o->ts, &o->interval));
  if (HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperTsCheckStable(s, o->interval, dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step. */

/* Set TS's absolute tolerance [K] to the tolerated error of the field T, and its largest step.  TS
   does not know the least step, at which it would accept any error: see CheckLeast. */
static PetscErrorCode SetTolerance(HeatStepper *s, Vec T)
{
  HeatStepperTs   *o = s->data;
  const PetscReal *values;
  TSAdapt          adapt;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatStepControlWidenRange(&s->control, s->op, values));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscCall(TSSetTolerances(o->ts, HeatStepControlTolerated(&s->control), NULL, 0.0, NULL));
  PetscCall(TSGetAdapt(o->ts, &adapt));
  if (s->control.max > 0.0) PetscCall(TSAdaptSetStepLimits(adapt, PETSC_DEFAULT, s->control.max));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Let Newton's method stop at the rounding error of the residual [K/s], as in stage.c. */
static PetscErrorCode SetNewtonTolerance(HeatStepper *s, PetscReal dt, Vec T)
{
  const HeatCase  *c = HeatOperatorCase(s->op);
  HeatStepperTs   *o = s->data;
  const PetscReal *values;
  PetscReal        norm;
  SNES             snes;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorRounding(s->op, 1.0 / dt, PETSC_TRUE, values, &norm));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscCall(TSGetSNES(o->ts, &snes));
  /* 1e-300: where the field and its rate are 0, the residual and its rounding are 0, too, and
     Newton's method has converged. */
  norm = PetscMax(norm, 1e-300);
  PetscCall(
      SNESSetTolerances(snes, norm, c->solver.tolerance, 0.0, c->solver.max_newton, PETSC_MAX_INT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise the error of coefficients that became undefined on the way.  A Rosenbrock method continues
   after that, with fields that are not finite, until PETSc finds a linear solve at fault. */
static PetscErrorCode RaiseUndefined(HeatStepper *s, const char *what)
{
  const HeatStepperTs *o = s->data;
  PetscBool            valid;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperTryBring(s, o->t_undefined, o->T_undefined, &valid));
  if (!valid) PetscCall(HeatOperatorRaiseUndefined(s->op, HEAT_ERR_NUMERICS, what));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise the error of a step that TS could not take. */
static PetscErrorCode Raise(HeatStepper *s, PetscReal t)
{
  HeatStepperTs      *o = s->data;
  TSConvergedReason   reason;
  SNESConvergedReason newton_reason = SNES_CONVERGED_ITERATING;
  PetscReal           norm          = 0.0;
  PetscInt            iterations    = 0;
  SNES                snes;
  char                what[64];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorCheckFormulas(s->op)); /* the cause, where there is one */
  HeatStepperFormatStep(t, what, sizeof what);
  if (o->undefined) PetscCall(RaiseUndefined(s, what));
  PetscCall(TSGetConvergedReason(o->ts, &reason));
  if (o->linear) {
    PetscCall(TSGetSNES(o->ts, &snes));
    PetscCall(SNESGetConvergedReason(snes, &newton_reason));
    PetscCall(SNESGetIterationNumber(snes, &iterations));
    PetscCall(SNESGetFunctionNorm(snes, &norm));
  }
  return HeatRaiseHere(
      HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "%s: ts:%s stopped (%s; %s after %" PetscInt_FMT " Newton iterations, "
      "||F|| = %.3e K/s, linear residual %.3e of the initial one, "
      "solver.tolerance is %.3e); take shorter steps%s%s, or allow more iterations "
      "(solver.max_newton, solver.max_iterations)",
      what, HeatOperatorCase(s->op)->time.ts_type, TSConvergedReasons[reason],
      SNESConvergedReasons[newton_reason], iterations, (double)norm, (double)o->solve.residual,
      (double)HeatOperatorCase(s->op)->solver.tolerance,
      newton_reason == SNES_DIVERGED_LINE_SEARCH ? ", -snes_type newtontr" : "",
      o->linear && !HeatOperatorIsLinear(s->op) ? ", heat2d's own bdf2 or esdirk" : "");
}

/* Raise an error where TS made a step from the time t [s], of length `wanted`, shorter than the
   case's least step because its error was too large. */
static PetscErrorCode CheckLeast(HeatStepper *s, PetscReal t, PetscReal wanted,
                                 const HeatStepInfo *info)
{
  const PetscReal least = PetscMin(wanted, s->control.min);
  char            what[64];

  PetscFunctionBeginUser;
  HeatStepperFormatStep(t, what, sizeof what);
  HeatCheck(info->rejected == 0 || info->dt >= least * (1.0 - 1e-12), HeatOperatorGrid(s->op)->comm,
            HEAT_ERR_NUMERICS,
            "%s: the tolerated error needs a step of %g s, which is below %g s, "
            "time.adaptive.min_step; lower time.adaptive.min_step, or raise "
            "time.adaptive.tolerance",
            what, (double)info->dt, (double)least);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store TS's proposal for the next step, at least the case's least step.  A step that the caller
   cut short does not shorten the proposal; as in step_control.c, a relative difference of 1e-12 is
   rounding and not a cut. */
static PetscErrorCode Propose(HeatStepper *s, PetscReal wanted, HeatStepInfo *info)
{
  const PetscReal before = s->control.next;
  PetscReal       next;

  PetscFunctionBeginUser;
  PetscCall(TSGetTimeStep(((HeatStepperTs *)s->data)->ts, &next));
  if (info->rejected == 0 && before > 0.0 && wanted < before * (1.0 - 1e-12))
    next = PetscMax(next, before);
  next            = PetscMax(next, s->control.min);
  s->control.next = info->next = next;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take one step of TS from o->T.  info->dt is the dt asked for where TS took it, so that it has no
   rounding of t + dt - t. */
static PetscErrorCode StepOnce(HeatStepper *s, PetscReal t, PetscReal dt, HeatStepInfo *info)
{
  HeatStepperTs      *o    = s->data;
  const HeatSolveInfo none = {0};
  PetscInt            rejected[2], newton[2];
  PetscReal           time;
  TSConvergedReason   reason;
  HeatTrafficKind     before;
  PetscErrorCode      code;

  PetscFunctionBeginUser;
  o->solve     = none;
  o->undefined = o->invalid = PETSC_FALSE;
  if (o->pc) PetscCall(PCSetFailedReason(o->pc, PC_NOERROR));
  PetscCall(TSSetTime(o->ts, t));
  PetscCall(TSSetTimeStep(o->ts, dt));
  PetscCall(TSGetStepRejections(o->ts, &rejected[0]));
  PetscCall(TSGetSNESIterations(o->ts, &newton[0]));
  before = HeatTrafficSet(HEAT_TRAFFIC_MULTIGRID);
  code   = TSStep(o->ts);
  (void)HeatTrafficSet(before);
  PetscCall(code);
  PetscCall(TSGetConvergedReason(o->ts, &reason));
  if (reason < 0) PetscCall(Raise(s, t));
  PetscCall(TSGetStepRejections(o->ts, &rejected[1]));
  PetscCall(TSGetSNESIterations(o->ts, &newton[1]));
  PetscCall(TSGetTime(o->ts, &time));
  info->rejected = rejected[1] - rejected[0];
  info->dt       = info->rejected > 0 ? time - t : dt;
  info->solve    = o->solve;
  if (!o->once) info->solve.loose = PETSC_FALSE; /* Newton's method checks its own residual */
  if (!HeatOperatorIsLinear(s->op)) info->solve.newton = newton[1] - newton[0];
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Advance(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T, HeatStepInfo *info)
{
  HeatStepperTs *o = s->data;
  PetscInt       step;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperBring(s, t, *T));
  PetscCall(HeatStepperTsFollowLimit(s, o->interval, t, dt));
  PetscCall(HeatStepperAddFlows(s, *T, 0.5, &info->flows));
  if (s->control.tolerance > 0.0) PetscCall(SetTolerance(s, *T));
  if (o->linear && !HeatOperatorIsLinear(s->op)) PetscCall(SetNewtonTolerance(s, dt, *T));
  PetscCall(VecCopy(*T, o->T));
  if (o->linear && !HeatOperatorIsLinear(s->op)) PetscCall(VecCopy(*T, s->next)); /* GuessStart */
  PetscCall(StepOnce(s, t, dt, info));
  PetscCall(CheckLeast(s, t, dt, info));
  PetscCall(HeatStepperBring(s, t + info->dt, o->T)); /* on error *T is unchanged */
  PetscCall(HeatStepperAddFlows(s, o->T, 0.5, &info->flows));
  PetscCall(VecCopy(o->T, *T));
  if (s->control.tolerance > 0.0) PetscCall(Propose(s, dt, info));
  PetscCall(TSGetStepNumber(o->ts, &step));
  PetscCall(TSMonitor(o->ts, step, t + info->dt, o->T));
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Restart TS at order one, since the earlier steps that it stores cannot be read or set from
   outside. */
static PetscErrorCode Load(HeatStepper *s, const HeatStepperMemory *memory)
{
  PetscFunctionBeginUser;
  (void)memory;
  PetscCall(TSRestartStep(((HeatStepperTs *)s->data)->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Forget(HeatStepper *s)
{
  PetscFunctionBeginUser;
  PetscCall(TSRestartStep(((HeatStepperTs *)s->data)->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static HeatLinear *Linear(HeatStepper *s) { return ((HeatStepperTs *)s->data)->linear; }

static PetscErrorCode Destroy(HeatStepper *s)
{
  HeatStepperTs *o = s->data;

  PetscFunctionBeginUser;
  PetscCall(TSDestroy(&o->ts));
  PetscCall(MatDestroy(&o->jacobian));
  PetscCall(HeatLinearDestroy(&o->linear));
  PetscCall(VecDestroy(&o->T));
  PetscCall(VecDestroy(&o->scaled));
  PetscCall(VecDestroy(&o->T_jacobian));
  PetscCall(VecDestroy(&o->T_undefined));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* TS limits the growth of its steps itself, so that `growth` is not used. */
const HeatMethod HeatMethodTs = {.growth      = 2.0,
                                 .first_order = 2,
                                 .create      = Create,
                                 .advance     = Advance,
                                 .first_step  = FirstStep,
                                 .linear      = Linear,
                                 .load        = Load,
                                 .forget      = Forget,
                                 .destroy     = Destroy};
