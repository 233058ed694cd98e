/* The stage equation.
 *
 * Linear:      (sigma C - L) D = N(guess) + r - sigma C (guess - T_base),  T = guess + D.  Solving
 *              for the increment makes the right-hand side the initial residual, so the tolerance
 *              means the same however close the field is to rest.
 * Non-linear:  F(T) = sigma C (T - T_base) - N(T) - r = 0 by Newton's method with a backtracking
 *              line search; the products are those of the true Jacobian, matrix-free, at each
 *              iterate; the preconditioner is a matrix with frozen conductances, set up once a
 *              step.  The linear solves need not be more exact than Newton's method can use:
 *              S. Eisenstat, H. Walker, SIAM J. Sci. Comput. 17 (1996) 16.
 *
 * Rounding leaves in F about epsilon times its largest terms, epsilon ||d T|| with d the diagonal
 * of the Jacobian: there Newton's method stops whatever the tolerance, so it never works on
 * noise. */
#include "solver/implicit/stage.h"

#include <petscsnes.h>

#include "solver/base/exact_sum.h"

struct HeatStage {
  HeatOperator     *op;
  HeatLinear       *linear; /* owned, like everything below */
  SNES              snes;   /* NULL for a linear operator */
  Vec               rhs;    /* linear: the initial residual; non-linear: F */
  Vec               work;   /* linear: the increment; non-linear: base where it is the guess */
  HeatStageEquation eq;     /* of the present solve; not owned */
  PetscReal         noise;  /* rounding of ||F|| */
  PetscReal         first;  /* ||F|| of the guess */
  PetscReal         before, last; /* of the iterate before the present one, and of that */
  HeatSolveInfo     solve;        /* the last one */
};

/* F's parts besides N: f = N + r - sigma C (T - base), in place. */
static PetscErrorCode AddBaseAndExtra(HeatStage *s, const PetscReal *T, PetscReal *f)
{
  const size_t     n     = HeatGridLocalCells(HeatOperatorGrid(s->op));
  const PetscReal *C     = HeatOperatorCapacity(s->op);
  const PetscReal  sigma = s->eq.sigma;
  const PetscReal *base, *extra;

  PetscFunctionBeginUser;
  if (s->eq.base && sigma != 0.0) {
    PetscCall(VecGetArrayRead(s->eq.base, &base));
    for (size_t i = 0; i < n; i++) f[i] -= sigma * C[i] * (T[i] - base[i]);
    PetscCall(VecRestoreArrayRead(s->eq.base, &base));
  }
  if (s->eq.extra) {
    PetscCall(VecGetArrayRead(s->eq.extra, &extra));
    for (size_t i = 0; i < n; i++) f[i] += extra[i];
    PetscCall(VecRestoreArrayRead(s->eq.extra, &extra));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Residual(HeatStage *s, Vec T, Vec f)
{
  const PetscReal *values;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(VecGetArrayWrite(f, &out));
  PetscCall(HeatOperatorNet(s->op, values, out));
  PetscCall(AddBaseAndExtra(s, values, out));
  PetscCall(VecRestoreArrayWrite(f, &out));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode UpdateTo(HeatStage *s, Vec T, PetscBool *valid)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorUpdate(s->op, values, valid));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What SNES calls. */

static PetscErrorCode Function(SNES snes, Vec T, Vec f, void *context)
{
  HeatStage *s = context;
  PetscBool  valid;

  PetscFunctionBeginUser;
  PetscCall(UpdateTo(s, T, &valid));
  if (!valid) {
    PetscCall(SNESSetFunctionDomainError(snes)); /* the line search comes nearer */
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Residual(s, T, f));
  PetscCall(VecScale(f, -1.0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How far to solve the linear system of an iteration: Eisenstat and Walker's choice 2, and no
   further than a tenth of what Newton's own tolerance asks for.  SNES has this too, but only for a
   KSP that it made itself. */
static PetscErrorCode SetForcing(HeatStage *s, PetscInt iteration)
{
  const HeatCase *c     = HeatOperatorCase(s->op);
  const PetscReal first = 0.1, gamma = 0.9, most = 0.5, below = 0.1;
  const PetscReal goal = PetscMax(c->solver.tolerance * s->first, s->noise);
  PetscReal       eta  = iteration == 0 ? first : gamma * PetscSqr(s->last / s->before);

  PetscFunctionBeginUser;
  eta = PetscMax(PetscMin(eta, most), PetscMin(below * goal / s->last, most));
  PetscCall(KSPSetTolerances(HeatLinearKSP(s->linear), eta, PETSC_DEFAULT, PETSC_DEFAULT,
                             HeatLinearPatience(s->linear)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(SNES snes, Vec T, Mat A, Mat P, void *context)
{
  HeatStage *s = context;
  PetscBool  valid;
  PetscInt   iteration;

  PetscFunctionBeginUser;
  (void)A, (void)P;
  PetscCall(UpdateTo(s, T, &valid)); /* the line search may have looked elsewhere last */
  PetscCall(SNESGetIterationNumber(snes, &iteration));
  PetscCall(SetForcing(s, iteration));
  PetscCall(HeatLinearUpdateOperator(s->linear));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Converged(SNES snes, PetscInt it, PetscReal xnorm, PetscReal snorm,
                                PetscReal fnorm, SNESConvergedReason *reason, void *context)
{
  HeatStage *s = context;

  PetscFunctionBeginUser;
  PetscCall(SNESConvergedDefault(snes, it, xnorm, snorm, fnorm, reason, NULL));
  if (it == 0) s->first = fnorm;
  s->before = s->last;
  s->last   = fnorm;
  if (!*reason && fnorm <= s->noise) *reason = SNES_CONVERGED_FNORM_ABS;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

/* Newton's method works with the matrices that the linear solver has at present. */
static PetscErrorCode ConnectJacobian(HeatStage *s)
{
  Mat A, P;

  PetscFunctionBeginUser;
  PetscCall(KSPGetOperators(HeatLinearKSP(s->linear), &A, &P));
  PetscCall(SNESSetJacobian(s->snes, A, P, Jacobian, s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All that reads the user's options. */
static PetscErrorCode ConfigureNewton(HeatStage *s)
{
  const HeatCase *c = HeatOperatorCase(s->op);

  PetscFunctionBeginUser;
  PetscCall(SNESSetKSP(s->snes, HeatLinearKSP(s->linear)));
  PetscCall(SNESSetFunction(s->snes, s->rhs, Function, s));
  PetscCall(ConnectJacobian(s));
  PetscCall(SNESSetType(s->snes, SNESNEWTONLS));
  PetscCall(SNESSetTolerances(s->snes, 0.0, c->solver.tolerance, 0.0, c->solver.max_newton,
                              PETSC_MAX_INT));
  PetscCall(SNESSetConvergenceTest(s->snes, Converged, s, NULL));
  PetscCall(SNESSetFromOptions(s->snes));
  PetscCall(SNESSetUp(s->snes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStageCreate(HeatOperator *op, PetscReal sigma, HeatStage **stage)
{
  const HeatGrid *g = HeatOperatorGrid(op);
  HeatStage      *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *stage = s;
  s->op  = op;
  PetscCall(DMCreateGlobalVector(g->da, &s->rhs));
  PetscCall(VecDuplicate(s->rhs, &s->work));
  PetscCall(HeatLinearCreate(op, sigma, &s->linear));
  if (HeatOperatorIsLinear(op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SNESCreate(g->comm, &s->snes));
  HeatUserCall(g->comm, "setting up Newton's method", ConfigureNewton(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStagePrepare(HeatStage *s, PetscReal sigma)
{
  PetscFunctionBeginUser;
  if (!s->snes) {
    PetscCall(HeatLinearSetMass(s->linear, sigma));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatLinearUpdate(s->linear, sigma));
  PetscCall(ConnectJacobian(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solving. */

static PetscErrorCode SolveLinear(HeatStage *s, Vec T, PetscBool *solved)
{
  PetscFunctionBeginUser;
  PetscCall(Residual(s, T, s->rhs));
  PetscCall(HeatLinearTry(s->linear, s->rhs, s->work, &s->solve, solved));
  if (*solved) PetscCall(VecAXPY(T, 1.0, s->work));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Newton's method can reduce ||F|| to its rounding and no further. */
static PetscErrorCode MeasureNoise(HeatStage *s, Vec T)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorRounding(s->op, s->eq.sigma, PETSC_FALSE, values, &s->noise));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunNewton(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  PetscInt newton, linear;

  PetscFunctionBeginUser;
  PetscCall(SNESSolve(s->snes, NULL, T));
  PetscCall(SNESGetConvergedReason(s->snes, reason));
  PetscCall(SNESGetIterationNumber(s->snes, &newton));
  PetscCall(SNESGetLinearSolveIterations(s->snes, &linear));
  s->solve.newton += newton;
  s->solve.iterations += linear;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* From the last iterate, with another multigrid. */
static PetscErrorCode GoOnAlgebraically(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  const PetscReal first = s->first;
  PetscBool       there_is, valid;

  PetscFunctionBeginUser;
  PetscCall(UpdateTo(s, T, &valid));
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatLinearFallBack(s->linear, &there_is));
  if (!there_is) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ConnectJacobian(s));
  s->solve.rescue = HEAT_RESCUE_STRONG;
  PetscCall(RunNewton(s, T, reason));
  s->first = first;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SolveNonlinear(HeatStage *s, Vec T, PetscBool *solved)
{
  SNESConvergedReason reason;
  PetscReal           start;
  PetscBool           valid;

  PetscFunctionBeginUser;
  s->first = s->before = s->last = 0.0;
  PetscCall(UpdateTo(s, T, &valid));
  *solved = valid;
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  if (!s->eq.base) {
    PetscCall(VecCopy(T, s->work));
    s->eq.base = s->work;
  }
  PetscCall(MeasureNoise(s, T));
  PetscCall(RunNewton(s, T, &reason));
  if (reason == SNES_DIVERGED_LINEAR_SOLVE) PetscCall(GoOnAlgebraically(s, T, &reason));
  /* Relative to a first residual that the tolerance can be reached from: a guess at rest has
     none. */
  start             = PetscMax(s->first, s->noise / HeatOperatorCase(s->op)->solver.tolerance);
  s->solve.left     = s->last;
  s->solve.residual = start > 0.0 ? s->last / start : 0.0;
  if (reason > 0) PetscCall(UpdateTo(s, T, &valid));
  *solved = (reason > 0 && valid) ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStageSolve(HeatStage *s, const HeatStageEquation *eq, Vec T, HeatSolveInfo *info,
                              PetscBool *solved)
{
  const HeatSolveInfo none = {0};

  PetscFunctionBeginUser;
  s->eq    = *eq;
  s->solve = none;
  PetscCall(HeatOperatorSetTime(s->op, eq->t));
  if (s->snes) PetscCall(SolveNonlinear(s, T, solved));
  else PetscCall(SolveLinear(s, T, solved));
  HeatSolveInfoAdd(info, &s->solve);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStageRaise(HeatStage *s, const char *what, const char *remedy)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  const char     *words;

  PetscFunctionBeginUser;
  if (!s->snes) {
    PetscCall(HeatLinearRaise(s->linear, what, &s->solve));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (!(s->first > 0.0)) PetscCall(HeatOperatorRaiseUndefined(s->op, HEAT_ERR_NUMERICS, what));
  PetscCall(SNESGetConvergedReasonString(s->snes, &words));
  return HeatRaiseHere(
      HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "%s: Newton's method stopped without converging (%s) after %" PetscInt_FMT
      " iterations, ||F_0|| = %.3e W/m, ||F|| = %.3e W/m, solver.tolerance is "
      "%.3e; take shorter steps or start nearer, or allow more iterations "
      "(solver.max_newton %" PetscInt_FMT ", solver.max_iterations %" PetscInt_FMT ")%s%s",
      what, words, s->solve.newton, (double)s->first, (double)s->last, (double)c->solver.tolerance,
      c->solver.max_newton, c->solver.max_iterations, remedy[0] ? "; " : "", remedy);
}

HeatLinear *HeatStageLinear(HeatStage *s) { return s->linear; }

PetscErrorCode HeatStageDestroy(HeatStage **stage)
{
  HeatStage *s = *stage;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(SNESDestroy(&s->snes));
  PetscCall(HeatLinearDestroy(&s->linear));
  PetscCall(VecDestroy(&s->rhs));
  PetscCall(VecDestroy(&s->work));
  PetscCall(PetscFree(*stage));
  PetscFunctionReturn(PETSC_SUCCESS);
}
