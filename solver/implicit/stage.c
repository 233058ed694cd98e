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
 *  computed matrix-free at each iterate.  The preconditioner holds the conductances fixed.  It is
 *  set up once a step; heatmg is set up again at a later iterate where the iterations that this
 *  saves pay for it (newton_lag.h), and jacobi, which costs next to nothing, at each iterate.  Each
 *  linear solve is as accurate as Newton's method can use, and no more:
 *  S. Eisenstat, H. Walker, SIAM J. Sci. Comput. 17 (1996) 16.
 *
 *  F has a rounding error of about epsilon times its largest terms, epsilon ||d T|| with d the
 *  diagonal of the Jacobian.  Newton's method stops there whatever the tolerance, because below it
 *  F is noise. */
#include "solver/implicit/stage.h"

#include <petscdmshell.h>
#include <petscsnes.h>
#include <stdio.h>

#include "solver/base/exact_sum.h"
#include "solver/base/traffic.h"
#include "solver/implicit/newton_lag.h"
#include "solver/implicit/newton_step.h"
#include "solver/multigrid/heat_petsc.h"

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
  PetscBool         continues;   /* a run of Newton's method continues an earlier one */
  HeatNewtonLag     lag;         /* linear solves since the last set-up of heatmg */
  PetscBool         used, stale; /* heatmg was used since its set-up; it had been used before the
                                    present linear solve */
  HeatSolveInfo     solve;       /* the record of the last solve */
};

/* f = sign (f + r - sigma C (T - T_base)) [W/m]: with f = N(T) on entry this is -F(T) or F(T). */
static PetscErrorCode AddMassAndExtra(HeatStage *s, PetscReal sign, const PetscReal *T,
                                      PetscReal *f)
{
  const HeatGrid  *g     = HeatOperatorGrid(s->op);
  const PetscReal  sigma = s->eq.sigma;
  const PetscReal *base = NULL, *extra = NULL;

  PetscFunctionBeginUser;
  if (s->eq.base && sigma != 0.0) PetscCall(VecGetArrayRead(s->eq.base, &base));
  if (s->eq.extra) PetscCall(VecGetArrayRead(s->eq.extra, &extra));
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *C     = HeatOperatorCapacity(s->op, j);
    const size_t     first = (size_t)j * (size_t)g->nxl;

    for (PetscInt column = 0; column < g->nxl; column++) {
      const size_t    i      = first + (size_t)column;
      const PetscReal stored = base ? f[i] - sigma * C[column] * (T[i] - base[i]) : f[i];

      f[i] = sign * (extra ? stored + extra[i] : stored);
    }
  }
  if (extra) PetscCall(VecRestoreArrayRead(s->eq.extra, &extra));
  if (base) PetscCall(VecRestoreArrayRead(s->eq.base, &base));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* f = sign (N(T) + r - sigma C (T - T_base)) [W/m]: F(T) with sign -1, -F(T) with 1. */
static PetscErrorCode SignedResidual(HeatStage *s, PetscReal sign, Vec T, Vec f)
{
  const PetscReal *values;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &values));
  PetscCall(VecGetArrayWrite(f, &out));
  PetscCall(HeatOperatorNet(s->op, values, out));
  PetscCall(AddMassAndExtra(s, sign, values, out));
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
  PetscCall(SignedResidual(s, -1.0, T, f));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the ||F|| at which Newton's method has converged [W/m]. */
static PetscReal Goal(const HeatStage *s)
{
  return PetscMax(HeatOperatorCase(s->op)->solver.tolerance * s->norm_first, s->rounding);
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
  const PetscReal eta_first = 0.1, gamma = 0.9, eta_most = 0.5, part = 0.1;
  const PetscInt  most = HeatLinearIterationLimit(s->linear);
  PetscReal eta = iteration == 0 ? eta_first : gamma * PetscSqr(s->norm_last / s->norm_before);

  PetscFunctionBeginUser;
  eta = PetscMax(PetscMin(eta, eta_most), PetscMin(part * Goal(s) / s->norm_last, eta_most));
  PetscCall(KSPSetTolerances(HeatLinearKSP(s->linear), eta, PETSC_DEFAULT, PETSC_DEFAULT,
                             HeatNewtonLagLimit(&s->lag, eta, most)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Have the preconditioner set up again in the next linear solve, at the present iterate. */
static PetscErrorCode Refresh(HeatStage *s)
{
  const HeatNewtonLag none = {0};

  PetscFunctionBeginUser;
  s->lag  = none;
  s->used = PETSC_FALSE;
  PetscCall(HeatLinearUpdateOperator(s->linear));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Record the linear solve of the iterate before, and have the preconditioner set up again if that
   pays. */
static PetscErrorCode RefreshIfDue(HeatStage *s, PetscInt iteration)
{
  const KSP ksp = HeatLinearKSP(s->linear);
  PetscBool ours;
  PetscInt  took;
  PetscReal left;
  PC        pc;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  PetscCall(KSPGetIterationNumber(ksp, &took));
  PetscCall(KSPGetResidualNorm(ksp, &left));
  if (iteration > 0 && s->norm_before > 0.0) HeatNewtonLagAdd(&s->lag, took, left / s->norm_before);
  if (!ours || HeatNewtonLagIsDue(&s->lag)) PetscCall(Refresh(s));
  s->stale = s->used;
  s->used  = PETSC_TRUE;
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
  PetscCall(RefreshIfDue(s, iteration));
  PetscCall(SetForcing(s, iteration));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Apply SNES's own test, accept an F within its rounding too, and end where the step is to be
   abandoned.  A run that continues another one has the goal of that one. */
static PetscErrorCode SnesConverged(SNES snes, PetscInt it, PetscReal xnorm, PetscReal snorm,
                                    PetscReal fnorm, SNESConvergedReason *reason, void *context)
{
  HeatStage *s = context;
  PetscBool  stop;

  PetscFunctionBeginUser;
  PetscCall(SNESConvergedDefault(snes, it, xnorm, snorm, fnorm, reason, NULL));
  PetscCall(HeatInterruptPoll(HeatOperatorInterrupt(s->op), &stop));
  if (stop) *reason = SNES_DIVERGED_INNER;
  if (it == 0 && !s->continues) s->norm_first = fnorm;
  s->norm_before = s->norm_last;
  s->norm_last   = fnorm;
  if (!*reason && fnorm <= (s->continues ? Goal(s) : s->rounding))
    *reason = SNES_CONVERGED_FNORM_ABS;
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
  const HeatNewtonLag none = {0};

  PetscFunctionBeginUser;
  if (!s->snes) {
    PetscCall(HeatLinearSetMass(s->linear, sigma));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatLinearUpdate(s->linear, sigma));
  s->lag  = none;
  s->used = PETSC_FALSE;
  PetscCall(ConnectJacobian(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solving. */

/* Solve for the increment D and add it to T, the guess. */
static PetscErrorCode SolveLinear(HeatStage *s, Vec T, PetscBool *solved)
{
  PetscFunctionBeginUser;
  PetscCall(SignedResidual(s, 1.0, T, s->rhs));
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

/* Continue Newton's method from its last iterate T, after a linear solve that did not converge:
   with heatmg set up there, if it was set up at an earlier iterate; otherwise with GAMG instead of
   heatmg.  Nothing is done where no fallback is available or the coefficients are undefined
   at T. */
static PetscErrorCode Continue(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  const PetscBool stale     = s->stale;
  PetscBool       fell_back = PETSC_FALSE, valid;

  PetscFunctionBeginUser;
  PetscCall(UpdateTo(s, T, &valid));
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  if (stale) PetscCall(Refresh(s));
  else PetscCall(HeatLinearFallBack(s->linear, &fell_back));
  if (!stale && !fell_back) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(ConnectJacobian(s));
  if (fell_back) s->solve.rescue = HEAT_RESCUE_STRONG;
  s->continues = PETSC_TRUE;
  PetscCall(RunNewton(s, T, reason));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Continue while a linear solve failed and there is another way to continue. */
static PetscErrorCode ContinueWhereSolvesFail(HeatStage *s, Vec T, SNESConvergedReason *reason)
{
  const PetscInt most   = HeatOperatorCase(s->op)->solver.max_newton;
  PetscInt       before = -1; /* linear iterations, which stay where there is none */

  PetscFunctionBeginUser;
  while (*reason == SNES_DIVERGED_LINEAR_SOLVE && before != s->solve.iterations &&
         s->solve.newton < most) {
    before = s->solve.iterations;
    PetscCall(Continue(s, T, reason));
  }
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
  s->continues                                  = PETSC_FALSE;
  PetscCall(UpdateTo(s, T, &valid));
  *solved = valid;
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  if (!s->eq.base) {
    PetscCall(VecCopy(T, s->work));
    s->eq.base = s->work;
  }
  PetscCall(MeasureRounding(s, T));
  PetscCall(RunNewton(s, T, &reason));
  PetscCall(ContinueWhereSolvesFail(s, T, &reason));
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

/* Write what helps where the conductivity spans so many decades that linear systems are not solved
   reliably; "" elsewhere.  Collective.  Solves were reliable up to 4 decades
   (solver/MEASURED.md, "Steep conductivities").  The advice begins at 5, chosen: the span over all
   cells also contains the ratio of different materials. */
static PetscErrorCode AdviseOnDecades(const HeatStage *s, char *text, size_t size)
{
  const HeatCase *c    = HeatOperatorCase(s->op);
  const HeatGrid *g    = HeatOperatorGrid(s->op);
  PetscReal extremes[] = {-PETSC_MAX_REAL, -PETSC_MAX_REAL}, decades; /* of -log10 k, log10 k */

  PetscFunctionBeginUser;
  text[0] = '\0';
  if (HeatOperatorIsSymmetric(s->op)) PetscFunctionReturn(PETSC_SUCCESS);
  for (size_t cell = 0; cell < 2 * HeatGridLocalCells(g); cell++) {
    const PetscReal k = HeatOperatorConductivity(s->op, (int)(cell % 2), cell / 2);

    if (!(k > 0.0)) continue;
    extremes[0] = PetscMax(extremes[0], -PetscLog10Real(k));
    extremes[1] = PetscMax(extremes[1], PetscLog10Real(k));
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPIU_REAL, MPIU_MAX, g->comm));
  decades = extremes[0] + extremes[1];
  if (!(decades > 5.0)) PetscFunctionReturn(PETSC_SUCCESS);
  (void)snprintf(
      text, size,
      "the conductivity changes by %.0f decades over the temperatures of the last "
      "iterate, and linear systems are solved reliably up to about four: %slet it change "
      "less, for example by max(k, K) with K 1e-4 of its largest value, which hardly "
      "changes the heat",
      (double)decades,
      c->time.scheme == HEAT_SCHEME_STEADY
          ? "run to a late end with controlled steps (time.scheme bdf2 or esdirk, step: "
            "auto) instead, or "
          : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStageRaise(HeatStage *s, const char *what, const char *remedy)
{
  const HeatCase *c = HeatOperatorCase(s->op);
  const char     *words;
  char            decades[400];

  PetscFunctionBeginUser;
  if (!s->snes) {
    PetscCall(HeatLinearRaise(s->linear, what, &s->solve));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatOperatorCheckFormulas(s->op)); /* the cause, where there is one */
  /* Newton's method never evaluated F: the coefficients are undefined at the guess. */
  if (!(s->norm_first > 0.0)) PetscCall(HeatOperatorRaiseUndefined(s->op, HEAT_ERR_NUMERICS, what));
  PetscCall(SNESGetConvergedReasonString(s->snes, &words));
  PetscCall(AdviseOnDecades(s, decades, sizeof decades));
  return HeatRaiseHere(
      HeatOperatorGrid(s->op)->comm, HEAT_ERR_NUMERICS,
      "%s: Newton's method stopped without converging (%s) after %" PetscInt_FMT
      " iterations, ||F_0|| = %.3e W/m, ||F|| = %.3e W/m, solver.tolerance is "
      "%.3e: %s; take shorter steps or start nearer, or allow more iterations "
      "(solver.max_newton %" PetscInt_FMT ", solver.max_iterations %" PetscInt_FMT ")%s%s",
      what, words, s->solve.newton, (double)s->norm_first, (double)s->norm_last,
      (double)c->solver.tolerance, decades[0] ? decades : HeatNewtonAdvice(&s->newton),
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
