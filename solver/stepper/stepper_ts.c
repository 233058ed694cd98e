/* ts:TYPE: any time integrator of PETSc, on T' = N(T, t)/C.
 *
 * Explicit types take the right-hand side.  Implicit ones take the residual T' - N/C, with the
 * identity before T' since several of them ask for that, and the Jacobian
 *     shift - C^-1 dN/dT = C^-1 (shift C - dN/dT):
 * their linear systems J x = f are (shift C - dN/dT) x = C f, which our linear solver solves to the
 * case's tolerance inside what PETSc takes for a preconditioner.  So -ksp_ and -pc_ options mean what
 * they mean with our own schemes, and -ts_ and -snes_ options are PETSc's.
 *
 * One Advance is one accepted step of TS. */
#include <petscts.h>
#include <stdio.h>

#include "solver/stepper/stepper_impl.h"

typedef struct {
  TS            ts;         /* owned, like everything below */
  HeatLinear   *linear;     /* NULL for explicit types */
  Mat           jacobian;   /* shell */
  PC            pc;         /* borrowed: our solve in PETSc's clothes */
  Vec           T;          /* TS's solution */
  Vec           scaled;     /* C f */
  Vec           T_jacobian; /* not linear: where, */
  PetscReal     t_jacobian; /* and when the Jacobian was asked for last */
  HeatSolveInfo solve;      /* of the present step */
} Ts;

static PetscErrorCode IsExplicit(const char *type, PetscBool *explicit)
{
  const char *const types[] = {TSEULER, TSRK, TSSSP, TSGLEE};

  PetscFunctionBeginUser;
  *explicit = PETSC_FALSE;
  for (size_t k = 0; k < sizeof types / sizeof types[0] && !*explicit; k++)
    PetscCall(PetscStrcmp(type, types[k], explicit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* out = in/C or in*C. */
static PetscErrorCode Scale(const HeatStepper *s, Vec in, PetscBool divide, Vec out)
{
  const size_t     n = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal *C = HeatOperatorCapacity(s->op);
  const PetscReal *from;
  PetscReal       *to;

  PetscFunctionBeginUser;
  if (in == out) {
    PetscCall(VecGetArray(out, &to));
    for (size_t i = 0; i < n; i++) to[i] = divide ? to[i] / C[i] : to[i] * C[i];
    PetscCall(VecRestoreArray(out, &to));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecGetArrayRead(in, &from));
  PetscCall(VecGetArrayWrite(out, &to));
  for (size_t i = 0; i < n; i++) to[i] = divide ? from[i] / C[i] : from[i] * C[i];
  PetscCall(VecRestoreArrayWrite(out, &to));
  PetscCall(VecRestoreArrayRead(in, &from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TS calls. */

static PetscErrorCode RightHandSide(TS ts, PetscReal t, Vec T, Vec rate, void *context)
{
  HeatStepper *s = context;

  PetscFunctionBeginUser;
  (void)ts;
  PetscCall(HeatStepperBring(s, t, T));
  PetscCall(HeatStepperNet(s, T, rate, 0.0, NULL));
  PetscCall(Scale(s, rate, PETSC_TRUE, rate));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Residual(TS ts, PetscReal t, Vec T, Vec T_dot, Vec f, void *context)
{
  HeatStepper *s = context;
  PetscBool    valid;
  SNES         snes;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperTryBring(s, t, T, &valid));
  if (!valid) {
    PetscCall(TSGetSNES(ts, &snes));
    PetscCall(SNESSetFunctionDomainError(snes));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatStepperNet(s, T, f, 0.0, NULL));
  PetscCall(Scale(s, f, PETSC_TRUE, f));
  PetscCall(VecAYPX(f, -1.0, T_dot));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec T, Vec T_dot, PetscReal shift, Mat A, Mat P,
                               void *context)
{
  HeatStepper *s = context;
  Ts          *o = s->own;

  PetscFunctionBeginUser;
  (void)ts, (void)T_dot, (void)P;
  if (HeatOperatorIsLinear(s->op)) {
    PetscCall(HeatLinearSetMass(o->linear, shift));
  } else {
    PetscCall(VecCopy(T, o->T_jacobian));
    o->t_jacobian = t;
    PetscCall(HeatStepperBring(s, t, T));
    PetscCall(HeatLinearUpdate(o->linear, shift));
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode JacobianMult(Mat J, Vec x, Vec y)
{
  HeatStepper *s;
  Mat          A;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(J, &s));
  PetscCall(KSPGetOperators(HeatLinearKSP(((Ts *)s->own)->linear), &A, NULL));
  PetscCall(MatMult(A, x, y));
  PetscCall(Scale(s, y, PETSC_TRUE, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rosenbrock methods keep the Jacobian of the first stage, and evaluate the residual elsewhere in
   between: back to where it was asked for. */
static PetscErrorCode SolveSystem(PC pc, Vec f, Vec x)
{
  HeatStepper  *s;
  Ts           *o;
  HeatSolveInfo info;
  PetscBool     solved;

  PetscFunctionBeginUser;
  PetscCall(PCShellGetContext(pc, &s));
  o = s->own;
  if (!HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperBring(s, o->t_jacobian, o->T_jacobian));
  PetscCall(Scale(s, f, PETSC_FALSE, o->scaled));
  PetscCall(HeatLinearTry(o->linear, o->scaled, x, &info, &solved));
  PetscCall(PCSetFailedReason(pc, solved ? PC_NOERROR : PC_SUBPC_ERROR));
  HeatSolveInfoAdd(&o->solve, &info);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

static PetscErrorCode SetUpImplicit(HeatStepper *s)
{
  const HeatGrid *g = HeatOperatorGrid(s->op);
  const PetscInt  n = (PetscInt)HeatGridLocalCells(g), all = g->nx * g->ny;
  Ts             *o = s->own;
  SNES            snes;
  KSP             ksp;

  PetscFunctionBeginUser;
  PetscCall(MatCreateShell(g->comm, n, n, all, all, s, &o->jacobian));
  PetscCall(MatShellSetOperation(o->jacobian, MATOP_MULT, (void (*)(void))JacobianMult));
  PetscCall(TSSetIFunction(o->ts, NULL, Residual, s));
  PetscCall(TSSetIJacobian(o->ts, o->jacobian, o->jacobian, Jacobian, s));
  PetscCall(KSPCreate(g->comm, &ksp));
  PetscCall(KSPSetOptionsPrefix(ksp, "ts_outer_"));
  PetscCall(KSPSetType(ksp, KSPPREONLY));
  PetscCall(KSPGetPC(ksp, &o->pc));
  PetscCall(PCSetType(o->pc, PCSHELL));
  PetscCall(PCShellSetContext(o->pc, s));
  PetscCall(PCShellSetApply(o->pc, SolveSystem));
  PetscCall(TSGetSNES(o->ts, &snes));
  PetscCall(SNESSetKSP(snes, ksp));
  PetscCall(KSPDestroy(&ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All that reads the user's options.  Errors are measured in the largest cell unless the user wants
   otherwise; PETSc has an option for that and no function. */
static PetscErrorCode Configure(HeatStepper *s, const char *type, PetscBool explicit)
{
  static const char *const norm = "-ts_adapt_wnormtype";
  Ts                      *o    = s->own;
  TSAdapt                  adapt;
  PetscBool                chosen;

  PetscFunctionBeginUser;
  PetscCall(TSSetType(o->ts, type));
  if (HeatOperatorIsLinear(s->op)) PetscCall(TSSetProblemType(o->ts, TS_LINEAR));
  if (explicit) PetscCall(TSSetRHSFunction(o->ts, NULL, RightHandSide, s));
  else PetscCall(SetUpImplicit(s));
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

static PetscErrorCode Create(HeatStepper *s, PetscReal dt)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  const HeatGrid *g = HeatOperatorGrid(s->op);
  char            where[256], doing[400];
  PetscBool explicit;
  Ts *o;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&o));
  s->own = o;
  PetscCall(IsExplicit(c->time.ts_type, &explicit));
  if (!explicit) {
    if (dt <= 0.0) dt = 1.0; /* the first step sets up again */
    PetscCall(HeatLinearCreate(s->op, 1.0 / dt, &o->linear));
  }
  PetscCall(VecDuplicate(s->next, &o->T));
  PetscCall(VecDuplicate(s->next, &o->scaled));
  if (!HeatOperatorIsLinear(s->op)) PetscCall(VecDuplicate(s->next, &o->T_jacobian));
  PetscCall(TSCreate(g->comm, &o->ts));
  (void)snprintf(doing, sizeof doing, "%stime.scheme: ts:%s cannot be set up",
                 HeatCaseLocate(c, "time.scheme", where, sizeof where), c->time.ts_type);
  HeatUserCall(g->comm, doing, Configure(s, c->time.ts_type, explicit));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step. */

/* The tolerated error [K]; where nothing has a spread yet, of what this step heats. */
static PetscErrorCode SetTolerance(HeatStepper *s, PetscReal dt, Vec T)
{
  Ts              *o = s->own;
  const PetscReal *values;
  PetscReal        spread;
  TSAdapt          adapt;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatStepControlSee(&s->control, s->op, values));
  PetscCall(VecRestoreArrayRead(T, &values));
  spread = s->control.high - s->control.low;
  if (spread == 0.0) {
    PetscCall(HeatStepperNet(s, T, o->scaled, 0.0, NULL));
    PetscCall(Scale(s, o->scaled, PETSC_TRUE, o->scaled));
    PetscCall(VecNorm(o->scaled, NORM_INFINITY, &spread));
    spread *= dt;
  }
  if (spread == 0.0) spread = 1.0; /* [K]: at rest */
  PetscCall(TSSetTolerances(o->ts, s->control.tolerance * spread, NULL, 0.0, NULL));
  PetscCall(TSGetAdapt(o->ts, &adapt));
  if (s->control.min > 0.0 || s->control.max > 0.0)
    PetscCall(TSAdaptSetStepLimits(adapt, PetscMin(dt, s->control.min),
                                   s->control.max > 0.0 ? s->control.max : PETSC_MAX_REAL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Newton's method stops at the rounding of the residual [K/s], as in stage.c. */
static PetscErrorCode SetNewtonTolerance(HeatStepper *s, PetscReal dt, Vec T)
{
  const HeatCase  *c = HeatOperatorCase(s->op);
  Ts              *o = s->own;
  const PetscReal *values;
  PetscReal        norm;
  SNES             snes;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorRounding(s->op, 1.0 / dt, PETSC_TRUE, values, &norm));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscCall(TSGetSNES(o->ts, &snes));
  PetscCall(
      SNESSetTolerances(snes, norm, c->solver.tolerance, 0.0, c->solver.max_newton, PETSC_MAX_INT));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Raise(HeatStepper *s, PetscReal t)
{
  Ts                 *o = s->own;
  TSConvergedReason   reason;
  SNESConvergedReason newton_reason = SNES_CONVERGED_ITERATING;
  PetscReal           norm          = 0.0;
  PetscInt            iterations    = 0;
  SNES                snes;
  char                what[64];

  PetscFunctionBeginUser;
  HeatStepperName(t, what, sizeof what);
  PetscCall(TSGetConvergedReason(o->ts, &reason));
  if (o->linear) {
    PetscCall(TSGetSNES(o->ts, &snes));
    PetscCall(SNESGetConvergedReason(snes, &newton_reason));
    PetscCall(SNESGetIterationNumber(snes, &iterations));
    PetscCall(SNESGetFunctionNorm(snes, &norm));
  }
  return HeatRaiseHere(HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
                       "%s: ts:%s stopped (%s; %s after %" PetscInt_FMT " Newton iterations, "
                       "||F|| = %.3e K/s, linear residual %.3e of the initial one, "
                       "solver.tolerance is %.3e); take shorter steps, or allow more iterations "
                       "(solver.max_newton, solver.max_iterations)",
                       what, HeatOperatorCase(s->op)->time.ts_type, TSConvergedReasons[reason],
                       SNESConvergedReasons[newton_reason], iterations, (double)norm,
                       (double)o->solve.residual,
                       (double)HeatOperatorCase(s->op)->solver.tolerance);
}

/* What TS proposes; a step that was clipped by the caller does not shorten it. */
static PetscErrorCode Propose(HeatStepper *s, PetscReal wanted, HeatStepInfo *info)
{
  const PetscReal before = s->control.next;
  PetscReal       next;

  PetscFunctionBeginUser;
  PetscCall(TSGetTimeStep(((Ts *)s->own)->ts, &next));
  if (info->rejected == 0 && before > 0.0 && wanted < before * (1.0 - 1e-12))
    next = PetscMax(next, before);
  s->control.next = info->next = next;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode StepOnce(HeatStepper *s, PetscReal t, PetscReal dt, HeatStepInfo *info)
{
  Ts                 *o    = s->own;
  const HeatSolveInfo none = {0};
  PetscInt            rejected[2], newton[2];
  PetscReal           time;
  TSConvergedReason   reason;

  PetscFunctionBeginUser;
  o->solve = none;
  if (o->pc) PetscCall(PCSetFailedReason(o->pc, PC_NOERROR));
  PetscCall(TSSetTime(o->ts, t));
  PetscCall(TSSetTimeStep(o->ts, dt));
  PetscCall(TSGetStepRejections(o->ts, &rejected[0]));
  PetscCall(TSGetSNESIterations(o->ts, &newton[0]));
  PetscCall(TSStep(o->ts));
  PetscCall(TSGetConvergedReason(o->ts, &reason));
  if (reason < 0) PetscCall(Raise(s, t));
  PetscCall(TSGetStepRejections(o->ts, &rejected[1]));
  PetscCall(TSGetSNESIterations(o->ts, &newton[1]));
  PetscCall(TSGetTime(o->ts, &time));
  info->rejected = rejected[1] - rejected[0];
  info->dt       = info->rejected > 0 ? time - t : dt;
  info->solve    = o->solve;
  if (!HeatOperatorIsLinear(s->op)) info->solve.newton = newton[1] - newton[0];
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Advance(HeatStepper *s, PetscReal t, PetscReal dt, Vec *T, HeatStepInfo *info)
{
  Ts      *o = s->own;
  PetscInt step;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperBring(s, t, *T));
  PetscCall(HeatStepperAddFlows(s, *T, 0.5, &info->flows));
  if (s->control.tolerance > 0.0) PetscCall(SetTolerance(s, dt, *T));
  if (o->linear && !HeatOperatorIsLinear(s->op)) PetscCall(SetNewtonTolerance(s, dt, *T));
  PetscCall(VecCopy(*T, o->T));
  PetscCall(StepOnce(s, t, dt, info));
  PetscCall(HeatStepperBring(s, t + info->dt, o->T)); /* may raise: *T is the last good one */
  PetscCall(HeatStepperAddFlows(s, o->T, 0.5, &info->flows));
  PetscCall(VecCopy(o->T, *T));
  if (s->control.tolerance > 0.0) PetscCall(Propose(s, dt, info));
  PetscCall(TSGetStepNumber(o->ts, &step));
  PetscCall(TSMonitor(o->ts, step, t + info->dt, o->T));
  info->stages = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What TS remembers of earlier steps is its own: it starts again at order one. */
static PetscErrorCode Load(HeatStepper *s, const HeatStepperMemory *memory)
{
  PetscFunctionBeginUser;
  (void)memory;
  PetscCall(TSRestartStep(((Ts *)s->own)->ts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static HeatLinear *Linear(HeatStepper *s) { return ((Ts *)s->own)->linear; }

static PetscErrorCode Destroy(HeatStepper *s)
{
  Ts *o = s->own;

  PetscFunctionBeginUser;
  PetscCall(TSDestroy(&o->ts));
  PetscCall(MatDestroy(&o->jacobian));
  PetscCall(HeatLinearDestroy(&o->linear));
  PetscCall(VecDestroy(&o->T));
  PetscCall(VecDestroy(&o->scaled));
  PetscCall(VecDestroy(&o->T_jacobian));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatMethod HeatMethodTs = {.growth      = 2.0,
                                 .first_order = 2,
                                 .create      = Create,
                                 .advance     = Advance,
                                 .linear      = Linear,
                                 .load        = Load,
                                 .destroy     = Destroy};
