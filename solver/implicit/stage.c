/** The solution of one stage equation (solver/README.md eq. (10)).
 *
 *  For a linear operator, with L the linear part of N and D the increment:
 *      (sigma C - L) D = N(guess) + r - sigma C (guess - T_base),   T = guess + D
 *  The right-hand side is the residual of the guess.  The tolerance, which is relative to it,
 *  therefore means the same however close the field is to rest.
 *
 *  For a non-linear operator:
 *      F(T) = sigma C (T - T_base) - N(T) - r = 0
 *  by Newton's method with a backtracking line search.  Products with the true Jacobian are
 *  computed matrix-free at each iterate.  The preconditioner holds the conductances fixed.  One
 *  with an assembled matrix is set up once a step; heatmg and jacobi, which read the operator
 *  itself, at each iterate (HeatLinearUpdateOperator).  Each linear solve is as accurate as
 *  Newton's method can use, and no more:
 *  S. Eisenstat, H. Walker, SIAM J. Sci. Comput. 17 (1996) 16.
 *
 *  F has a rounding error of about epsilon times its largest terms, epsilon ||d T|| with d the
 *  diagonal of the Jacobian.  Newton's method stops there whatever the tolerance, because below it
 *  F is noise. */
#include "solver/implicit/stage.h"

#include <petscdmshell.h>
#include <petscsnes.h>

#include "solver/base/exact_sum.h"
#include "solver/base/traffic.h"
#include "solver/implicit/newton_step.h"

struct HeatStage {
  HeatOperator     *op;          /* borrowed */
  HeatLinear       *linear;      /* owned, like everything below */
  SNES              snes;        /* Newton's method; NULL for a linear operator */
  Vec               rhs;         /* [W/m] linear: residual of the guess; non-linear: F */
  Vec               work;        /* [K] linear: increment; non-linear: the guess, as T_base */
  HeatStageEquation eq;          /* the present solve's; its Vecs are borrowed */
  PetscReal         rounding;    /* [W/m] rounding error of ||F|| */
  PetscReal         norm_first;  /* [W/m] ||F|| of the guess; 0: never computed */
  PetscReal         norm_before; /* [W/m] ||F|| one iterate before norm_last */
  PetscReal         norm_last;   /* [W/m] ||F|| of the latest iterate */
  HeatNewtonRun     newton;      /* the last run of Newton's method */
  HeatSolveInfo     solve;       /* the record of the last solve */
};

/* f = f + r - sigma C (T - T_base) [W/m]: with f = N(T) on entry this is -F(T). */
static PetscErrorCode AddMassAndExtra(HeatStage *s, const PetscReal *T, PetscReal *f)
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

/* f = N(T) + r - sigma C (T - T_base) = -F(T) [W/m]. */
static PetscErrorCode NegativeResidual(HeatStage *s, Vec T, Vec f)
{
  const PetscReal *values;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(VecGetArrayWrite(f, &out));
  PetscCall(HeatOperatorNet(s->op, values, out));
  PetscCall(AddMassAndExtra(s, values, out));
  PetscCall(VecRestoreArrayWrite(f, &out));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Bring the coefficients to the field T at the present time.  *valid is false where they are
   undefined there, see HeatOperatorUpdate. */
static PetscErrorCode UpdateTo(HeatStage *s, Vec T, PetscBool *valid)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorUpdate(s->op, values, valid));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Callbacks of SNES; context is the HeatStage. */

/* f = F(T) [W/m].  Where the coefficients are undefined at T, such as a conductivity that is not
   positive, F counts as infinite, and the line search takes a shorter step. */
static PetscErrorCode SnesFunction(SNES snes, Vec T, Vec f, void *context)
{
  HeatStage *s = context;
  PetscBool  valid;

  PetscFunctionBeginUser;
  PetscCall(UpdateTo(s, T, &valid));
  if (!valid) {
    PetscCall(SNESSetFunctionDomainError(snes));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(NegativeResidual(s, T, f));
  PetscCall(VecScale(f, -1.0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the relative tolerance eta of an iteration's linear solve by Eisenstat and Walker's choice 2,
   within bounds:
       eta_0 = 0.1,   eta_k = 0.9 (||F_k||/||F_{k-1}||)^2,
       0.1 goal/||F_k|| <= eta_k <= 0.5,   goal = max(solver.tolerance ||F_0||, rounding)
   SNES can do this, but only for a KSP that it created itself.  The factor 0.9 and the square are
   the paper's.  The other numbers are chosen.  A larger eta_first (0.1) or eta_most (0.5) saves
   linear iterations and costs Newton iterations.  `part` (0.1) ends the last linear solve a little
   below Newton's goal: with a larger value the goal may be missed, which costs one more Newton
   iteration; a smaller value solves more accurately than needed. */
static PetscErrorCode SetForcing(HeatStage *s, PetscInt iteration)
{
  const HeatCase *c         = HeatOperatorCase(s->op);
  const PetscReal eta_first = 0.1, gamma = 0.9, eta_most = 0.5, part = 0.1;
  const PetscReal goal = PetscMax(c->solver.tolerance * s->norm_first, s->rounding);
  PetscReal eta = iteration == 0 ? eta_first : gamma * PetscSqr(s->norm_last / s->norm_before);

  PetscFunctionBeginUser;
  eta = PetscMax(PetscMin(eta, eta_most), PetscMin(part * goal / s->norm_last, eta_most));
  PetscCall(KSPSetTolerances(HeatLinearKSP(s->linear), eta, PETSC_DEFAULT, PETSC_DEFAULT,
                             HeatLinearIterationLimit(s->linear)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Bring the matrix-free Jacobian to the iterate T and set the accuracy of its linear solve. */
static PetscErrorCode SnesJacobian(SNES snes, Vec T, Mat A, Mat P, void *context)
{
  HeatStage *s = context;
  PetscBool  valid;
  PetscInt   iteration;

  PetscFunctionBeginUser;
  (void)A, (void)P;
  PetscCall(UpdateTo(s, T, &valid)); /* F's last evaluation may have been at another T */
  PetscCall(SNESGetIterationNumber(snes, &iteration));
  PetscCall(SetForcing(s, iteration));
  PetscCall(HeatLinearUpdateOperator(s->linear));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Apply SNES's own test, accept an F within its rounding too, and end where the step is to be
   abandoned. */
static PetscErrorCode SnesConverged(SNES snes, PetscInt it, PetscReal xnorm, PetscReal snorm,
                                    PetscReal fnorm, SNESConvergedReason *reason, void *context)
{
  HeatStage *s = context;
  PetscBool  stop;

  PetscFunctionBeginUser;
  PetscCall(SNESConvergedDefault(snes, it, xnorm, snorm, fnorm, reason, NULL));
  PetscCall(HeatInterruptPoll(HeatOperatorInterrupt(s->op), &stop));
  if (stop) *reason = SNES_DIVERGED_INNER;
  if (it == 0) s->norm_first = fnorm;
  s->norm_before = s->norm_last;
  s->norm_last   = fnorm;
  if (!*reason && fnorm <= s->rounding) *reason = SNES_CONVERGED_FNORM_ABS;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

/* Give SNES the matrices of the linear solver, which a set-up may have replaced. */
static PetscErrorCode ConnectJacobian(HeatStage *s)
{
  Mat A, P;

  PetscFunctionBeginUser;
  PetscCall(KSPGetOperators(HeatLinearKSP(s->linear), &A, &P));
  PetscCall(SNESSetJacobian(s->snes, A, P, SnesJacobian, s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Everything that reads the user's options is here, so that the caller can report its errors as the
   user's. */
static PetscErrorCode ConfigureNewton(HeatStage *s)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  DM              shell;

  PetscFunctionBeginUser;
  PetscCall(
      SNESGetDM(s->snes, &shell)); /* SNES's own; methods other than newtonls make Vecs of it */
  PetscCall(DMShellSetGlobalVector(shell, s->rhs));
  PetscCall(SNESSetKSP(s->snes, HeatLinearKSP(s->linear)));
  PetscCall(SNESSetFunction(s->snes, s->rhs, SnesFunction, s));
  PetscCall(ConnectJacobian(s));
  PetscCall(SNESSetType(s->snes, SNESNEWTONLS));
  PetscCall(HeatNewtonBendSteps(s->snes, s->op));
  PetscCall(SNESSetTolerances(s->snes, 0.0, c->solver.tolerance, 0.0, c->solver.max_newton,
                              PETSC_MAX_INT));
  PetscCall(SNESSetConvergenceTest(s->snes, SnesConverged, s, NULL));
  PetscCall(SNESSetFromOptions(s->snes));
  PetscCall(HeatLinearWatchAgain(s->linear));
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
  PetscCall(HeatGridCreateVec(g, &s->rhs));
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

/* Solve for the increment D and add it to T, the guess. */
static PetscErrorCode SolveLinear(HeatStage *s, Vec T, PetscBool *solved)
{
  PetscFunctionBeginUser;
  PetscCall(NegativeResidual(s, T, s->rhs));
  PetscCall(HeatLinearTry(s->linear, s->rhs, s->work, &s->solve, solved));
  if (*solved) PetscCall(VecAXPY(T, 1.0, s->work));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the rounding error of ||F||, below which Newton's method cannot reduce it. */
static PetscErrorCode MeasureRounding(HeatStage *s, Vec T)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(HeatOperatorRounding(s->op, s->eq.sigma, PETSC_FALSE, values, &s->rounding));
  PetscCall(VecRestoreArrayRead(T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Run Newton's method from T and add its iterations to the record. */
static PetscErrorCode RunNewton(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_MULTIGRID);

  PetscFunctionBeginUser;
  PetscCall(HeatNewtonSolve(s->snes, s->op, T, &s->newton));
  (void)HeatTrafficSet(before);
  PetscCall(HeatInterruptDecided(HeatOperatorInterrupt(s->op)));
  *reason = s->newton.reason;
  s->solve.newton += s->newton.newton;
  s->solve.iterations += s->newton.linear;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Continue Newton's method from its last iterate T with GAMG instead of heatmg, after a linear
   solve that did not converge.  Nothing is done where no fallback is available or the coefficients
   are undefined at T. */
static PetscErrorCode ContinueWithAlgebraic(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  const PetscReal norm_first = s->norm_first;
  PetscBool       fell_back, valid;

  PetscFunctionBeginUser;
  PetscCall(UpdateTo(s, T, &valid));
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatLinearFallBack(s->linear, &fell_back));
  if (!fell_back) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ConnectJacobian(s));
  s->solve.rescue = HEAT_RESCUE_STRONG;
  PetscCall(RunNewton(s, T, reason));
  s->norm_first = norm_first;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve F(T) = 0 by Newton's method.  *solved is false where the coefficients are undefined at the
   guess or at the result, too. */
static PetscErrorCode SolveNonlinear(HeatStage *s, Vec T, PetscBool *solved)
{
  SNESConvergedReason reason;
  PetscReal           start;
  PetscBool           valid;

  PetscFunctionBeginUser;
  s->norm_first = s->norm_before = s->norm_last = 0.0;
  PetscCall(UpdateTo(s, T, &valid));
  *solved = valid;
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  if (!s->eq.base) {
    PetscCall(VecCopy(T, s->work));
    s->eq.base = s->work;
  }
  PetscCall(MeasureRounding(s, T));
  PetscCall(RunNewton(s, T, &reason));
  if (reason == SNES_DIVERGED_LINEAR_SOLVE) PetscCall(ContinueWithAlgebraic(s, T, &reason));
  /* The reported residual is relative to an ||F_0|| large enough for the tolerance to lie above
     rounding.  The ||F_0|| of a guess that already solves the equation is rounding. */
  start         = PetscMax(s->norm_first, s->rounding / HeatOperatorCase(s->op)->solver.tolerance);
  s->solve.left = s->norm_last;
  s->solve.residual = start > 0.0 ? s->norm_last / start : 0.0;
  if (reason > 0) PetscCall(UpdateTo(s, T, &valid));
  *solved        = (reason > 0 && valid) ? PETSC_TRUE : PETSC_FALSE;
  s->solve.loose = *solved &&
                           s->norm_last > HEAT_LINEAR_SLACK *
                                              PetscMax(HeatOperatorCase(s->op)->solver.tolerance *
                                                           s->norm_first,
                                                       s->rounding)
                       ? PETSC_TRUE
                       : PETSC_FALSE;
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
  PetscCall(HeatOperatorCheckFormulas(s->op)); /* the cause, where there is one */
  /* Newton's method never evaluated F: the coefficients are undefined at the guess. */
  if (!(s->norm_first > 0.0)) PetscCall(HeatOperatorRaiseUndefined(s->op, HEAT_ERR_NUMERICS, what));
  PetscCall(SNESGetConvergedReasonString(s->snes, &words));
  return HeatRaiseHere(
      HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "%s: Newton's method stopped without converging (%s) after %" PetscInt_FMT
      " iterations, ||F_0|| = %.3e W/m, ||F|| = %.3e W/m, solver.tolerance is "
      "%.3e: %s; take shorter steps or start nearer, or allow more iterations "
      "(solver.max_newton %" PetscInt_FMT ", solver.max_iterations %" PetscInt_FMT ")%s%s",
      what, words, s->solve.newton, (double)s->norm_first, (double)s->norm_last,
      (double)c->solver.tolerance, HeatNewtonAdvice(&s->newton), c->solver.max_newton,
      c->solver.max_iterations, remedy[0] ? "; " : "", remedy);
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
