/** The equation of ts:TYPE, as PETSc's TS evaluates and solves it.
 *
 *  Explicit types get the right-hand side N/C.  Implicit types get the residual f = T' - N/C, in
 *  which the mass matrix before T' is the identity since several types require that, and its
 *  Jacobian
 *
 *      J_TS = shift - C^-1 dN/dT = C^-1 (shift C - dN/dT)
 *
 *  Their linear systems J_TS x = f are (shift C - dN/dT) x = C f, which HeatLinear solves to the
 *  case's tolerance.  For PETSc this solve is the preconditioner (a PCSHELL) of a KSPPREONLY, so
 *  that -ksp_ and -pc_ options mean what they mean with heat2d's own schemes, while -ts_ and -snes_
 *  options reach PETSc's TS and SNES.
 *
 *      TS -> SNES -> KSPPREONLY ("ts_outer_") -> PCSHELL SolveSystem -> HeatLinear -> KSP, PC
 *
 *  The context of each function is the HeatStepper. */
#include "solver/implicit/newton_step.h"
#include "solver/stepper/stepper_ts_impl.h"

/* Compute out = in/C or in*C of own cells; out may be in. */
static void ScaleRows(const HeatOperator *op, const PetscReal *in, PetscBool divide, PetscReal *out)
{
  const HeatGrid *g = HeatOperatorGrid(op);

  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *C    = HeatOperatorCapacity(op, j);
    const PetscReal *from = in + (size_t)j * (size_t)g->nxl;
    PetscReal       *to   = out + (size_t)j * (size_t)g->nxl;

    for (PetscInt i = 0; i < g->nxl; i++) to[i] = divide ? from[i] / C[i] : from[i] * C[i];
  }
}

/* Compute out = in/C or in*C; out may be in. */
static PetscErrorCode Scale(const HeatStepper *s, Vec in, PetscBool divide, Vec out)
{
  const PetscReal *from;
  PetscReal       *to;

  PetscFunctionBeginUser;
  if (in == out) {
    PetscCall(VecGetArray(out, &to));
    ScaleRows(s->op, to, divide, to);
    PetscCall(VecRestoreArray(out, &to));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(VecGetArrayRead(in, &from));
  PetscCall(VecGetArrayWrite(out, &to));
  ScaleRows(s->op, from, divide, to);
  PetscCall(VecRestoreArrayWrite(out, &to));
  PetscCall(VecRestoreArrayRead(in, &from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* rate = N(T, t)/C [K/s]. */
static PetscErrorCode RightHandSide(TS ts, PetscReal t, Vec T, Vec rate, void *context)
{
  HeatStepper *s = context;

  PetscFunctionBeginUser;
  (void)ts;
  PetscCall(HeatInterruptPollOrReturn(HeatOperatorInterrupt(s->op)));
  PetscCall(HeatStepperBring(s, t, T));
  PetscCall(HeatStepperNet(s, T, rate, 0.0, NULL));
  PetscCall(Scale(s, rate, PETSC_TRUE, rate));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Remember a field at which the coefficients are undefined. */
static PetscErrorCode KeepUndefined(HeatStepperTs *o, PetscReal t, Vec T)
{
  PetscFunctionBeginUser;
  if (!o->T_undefined) PetscCall(VecDuplicate(T, &o->T_undefined));
  PetscCall(VecCopy(T, o->T_undefined));
  o->t_undefined = t;
  o->undefined   = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* f = T_dot - N(T, t)/C [K/s].  Where the coefficients are undefined at T, f counts as infinite. */
static PetscErrorCode Residual(TS ts, PetscReal t, Vec T, Vec T_dot, Vec f, void *context)
{
  HeatStepper   *s = context;
  HeatStepperTs *o = s->data;
  PetscBool      valid;
  SNES           snes;

  PetscFunctionBeginUser;
  PetscCall(HeatInterruptPollOrReturn(HeatOperatorInterrupt(s->op)));
  PetscCall(HeatStepperTryBring(s, t, T, &valid));
  if (!valid && !o->invalid) PetscCall(KeepUndefined(o, t, T));
  o->invalid = (PetscBool)!valid;
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

/* Set the linear solver up for shift C - dN/dT at t and T. */
static PetscErrorCode Jacobian(TS ts, PetscReal t, Vec T, Vec T_dot, PetscReal shift, Mat A, Mat P,
                               void *context)
{
  HeatStepper   *s = context;
  HeatStepperTs *o = s->data;

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

/* y = C^-1 (shift C - dN/dT) x. */
static PetscErrorCode JacobianMult(Mat J, Vec x, Vec y)
{
  HeatStepper *s;
  Mat          A;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(J, &s));
  PetscCall(KSPGetOperators(HeatLinearKSP(((HeatStepperTs *)s->data)->linear), &A, NULL));
  PetscCall(MatMult(A, x, y));
  PetscCall(Scale(s, y, PETSC_TRUE, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve (shift C - dN/dT) x = C f.  A non-linear operator is first brought back to where the
   Jacobian was requested, because Rosenbrock methods keep the Jacobian of the first stage and
   evaluate residuals at other times and fields in between. */
static PetscErrorCode SolveSystem(PC pc, Vec f, Vec x)
{
  HeatStepper   *s;
  HeatStepperTs *o;
  HeatSolveInfo  info;
  PetscBool      solved;

  PetscFunctionBeginUser;
  PetscCall(PCShellGetContext(pc, &s));
  o = s->data;
  if (!HeatOperatorIsLinear(s->op)) PetscCall(HeatStepperBring(s, o->t_jacobian, o->T_jacobian));
  PetscCall(Scale(s, f, PETSC_FALSE, o->scaled));
  PetscCall(HeatLinearTry(o->linear, o->scaled, x, &info, &solved));
  PetscCall(PCSetFailedReason(pc, solved ? PC_NOERROR : PC_SUBPC_ERROR));
  HeatSolveInfoAdd(&o->solve, &info);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Start Newton's method of a step of ts:bdf from the temperature before the step.  TS would
   extrapolate the guess from earlier steps; at extrapolated temperatures a steep conductivity may
   be larger by orders of magnitude, and no line search returns from there.  The scheme bdf2 starts
   from the temperature before the step, too. */
static PetscErrorCode GuessStart(SNES snes, Vec x, void *context)
{
  const HeatStepper *s = context;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(VecCopy(s->next, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give TS the residual, the Jacobian, and a KSP that applies SolveSystem once. */
static PetscErrorCode SetUpImplicit(HeatStepper *s)
{
  const HeatGrid *g = HeatOperatorGrid(s->op);
  HeatStepperTs  *o = s->data;
  SNES            snes;
  KSP             ksp;
  PetscBool       is_alpha, is_bdf;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateShell(g, s, &o->jacobian));
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
  /* Bending a Newton step needs the coefficients at the iterate.  alpha evaluates its Jacobian at
     another field, between two time levels, so that its steps cannot be bent. */
  PetscCall(PetscStrcmp(HeatOperatorCase(s->op)->time.ts_type, TSALPHA, &is_alpha));
  if (!HeatOperatorIsLinear(s->op) && !is_alpha) PetscCall(HeatNewtonBendSteps(snes, s->op));
  PetscCall(PetscStrcmp(HeatOperatorCase(s->op)->time.ts_type, TSBDF, &is_bdf));
  if (!HeatOperatorIsLinear(s->op) && is_bdf)
    PetscCall(SNESSetComputeInitialGuess(snes, GuessStart, s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepperTsSetUpSystem(HeatStepper *s, PetscBool explicit)
{
  HeatStepperTs *o = s->data;

  PetscFunctionBeginUser;
  if (explicit) PetscCall(TSSetRHSFunction(o->ts, NULL, RightHandSide, s));
  else PetscCall(SetUpImplicit(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}
