/** The solves, their fallbacks, and the check of their residuals.
 *
 *  Where nothing depends on the temperature, ||b - A x|| is computed once more after the solve from
 *  the operator and x, because the residual that a Krylov method carries along drifts from it by
 *  rounding.  The residual is a difference of terms, with a rounding error of a few epsilon times
 *  these terms (HeatOperatorRounding): below this error nothing is left to solve, whatever the
 *  tolerance.  Where the residual is above both the tolerance and its rounding error, the system is
 *  solved again with the residual as right-hand side, at most twice.
 *
 *  Where heatcg gives up, PETSc's algebraic multigrid GAMG continues from its x.  GAMG reads the
 *  matrix's entries and joins only strongly coupled cells, where a geometric multigrid joins
 *  neighbours.  Each solve begins with V-cycles again, so that its result depends on the field and
 *  the step alone. */
#include "solver/base/exact_sum.h"
#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"
#include "solver/implicit/linear_impl.h"

/* Solve, and attribute the messages of the solve to the preconditioner.  The operator's own halo
   exchanges and set-ups name their kind themselves. */
static PetscErrorCode CallKSP(const HeatLinear *l, KSP ksp, Vec b, Vec x)
{
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_MULTIGRID);

  PetscFunctionBeginUser;
  PetscCall(KSPSolve(ksp, b, x));
  (void)HeatTrafficSet(before);
  PetscCall(HeatInterruptDecided(HeatOperatorInterrupt(l->op)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static const char *const RescueNames[] = {
    "V-cycles", "W-cycles", "algebraic multigrid on strong couplings",
    "algebraic multigrid on all couplings", "conjugate gradients scaled by the diagonal"};

const char *HeatRescueName(HeatRescue rescue) { return RescueNames[rescue]; }

void HeatSolveInfoAdd(HeatSolveInfo *all, const HeatSolveInfo *one)
{
  all->iterations += one->iterations;
  all->newton += one->newton;
  all->residual      = PetscMax(all->residual, one->residual);
  all->true_residual = PetscMax(all->true_residual, one->true_residual);
  all->left += one->left;
  all->rescue      = PetscMax(all->rescue, one->rescue);
  all->at_rounding = (all->at_rounding || one->at_rounding) ? PETSC_TRUE : PETSC_FALSE;
  all->loose       = (all->loose || one->loose) ? PETSC_TRUE : PETSC_FALSE;
}

/* Compute ||v||, by an exact sum: decisions that follow from it must not depend on the
   decomposition. */
static PetscErrorCode ExactNorm(Vec v, PetscReal *norm)
{
  const PetscReal *values;
  HeatExactSum     sum = {0};
  PetscInt         n;

  PetscFunctionBeginUser;
  PetscCall(VecGetLocalSize(v, &n));
  PetscCall(VecGetArrayRead(v, &values));
  HeatExactSumAddProducts(&sum, (size_t)n, values, values);
  PetscCall(VecRestoreArrayRead(v, &values));
  PetscCall(HeatExactSumReduce(PetscObjectComm((PetscObject)v), 1, &sum, norm));
  *norm = PetscSqrtReal(*norm);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute l->residual = b - A x and its norm [W/m]. */
static PetscErrorCode TrueResidual(HeatLinear *l, Vec b, Vec x, PetscReal *norm)
{
  PetscFunctionBeginUser;
  if (!l->residual) PetscCall(VecDuplicate(b, &l->residual));
  PetscCall(MatMult(l->shell, x, l->residual));
  PetscCall(VecAYPX(l->residual, -1.0, b));
  PetscCall(ExactNorm(l->residual, norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the norm [W/m] below which the residual of x is rounding. */
static PetscErrorCode RoundingNorm(HeatLinear *l, Vec x, PetscReal *norm)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &values));
  PetscCall(HeatOperatorRounding(l->op, l->system.mass, PETSC_FALSE, values, norm));
  PetscCall(VecRestoreArrayRead(x, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fallbacks. */

/* Iterations of one solve before the next method takes over: of heatmg inside Newton's method, and
   of GAMG with strong couplings.  Chosen: with a larger value more is spent on a method that does
   not converge; with a smaller value a method is left that would have converged, and the fallback's
   set-up is paid for nothing. */
enum { FALLBACK_ITERATIONS = 100 };

/* Create l->algebraic, conjugate gradients with the preconditioner of this fallback. */
static PetscErrorCode SetUpAlgebraic(HeatLinear *l, HeatRescue rescue)
{
  PC pc;

  PetscFunctionBeginUser;
  PetscCall(KSPDestroy(&l->algebraic));
  if (rescue != HEAT_RESCUE_JACOBI) PetscCall(HeatLinearAssemble(l));
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)l->ksp), &l->algebraic));
  PetscCall(KSPSetType(l->algebraic, KSPCG));
  PetscCall(KSPSetNormType(l->algebraic, KSP_NORM_UNPRECONDITIONED));
  PetscCall(HeatLinearWatch(l, l->algebraic));
  PetscCall(KSPSetTolerances(l->algebraic, PETSC_DEFAULT, HEAT_LINEAR_ABSOLUTE, PETSC_DEFAULT,
                             PETSC_DEFAULT));
  PetscCall(KSPSetOperators(l->algebraic, l->shell,
                            rescue == HEAT_RESCUE_JACOBI ? l->shell : l->assembled));
  PetscCall(KSPGetPC(l->algebraic, &pc));
  PetscCall(HeatLinearMakeAlgebraic(pc, rescue));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatLinearIterationLimit(const HeatLinear *l)
{
  const PetscInt all  = HeatOperatorCase(l->op)->solver.max_iterations;
  PetscBool      ours = PETSC_FALSE;

  (void)PetscStrcmp(HeatOperatorCase(l->op)->solver.preconditioner, "multigrid", &ours);
  return ours && !l->fallen_back ? PetscMin(FALLBACK_ITERATIONS, all) : all;
}

PetscErrorCode HeatLinearFallBack(HeatLinear *l, PetscBool *fell_back)
{
  PC        pc;
  PetscBool ours;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(l->ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  *fell_back = (ours && !HeatOperatorCase(l->op)->solver.reproducible) ? PETSC_TRUE : PETSC_FALSE;
  if (!*fell_back) PetscFunctionReturn(PETSC_SUCCESS);
  l->fallen_back = PETSC_TRUE;
  PetscCall(HeatLinearSetUp(l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve A correction = l->residual with the fallback's method, in at most `most` iterations, and
   add the correction to x, unless it is not finite. */
static PetscErrorCode SolveAlgebraic(HeatLinear *l, Vec x, PetscReal tolerance, PetscInt most,
                                     HeatAttemptRecord *tried)
{
  KSPConvergedReason reason;

  PetscFunctionBeginUser;
  if (!l->correction) PetscCall(VecDuplicate(x, &l->correction));
  PetscCall(KSPSetTolerances(l->algebraic, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, most));
  PetscCall(CallKSP(l, l->algebraic, l->residual, l->correction));
  PetscCall(KSPGetConvergedReason(l->algebraic, &reason));
  PetscCall(KSPGetIterationNumber(l->algebraic, &tried->iterations));
  if (reason != KSP_DIVERGED_NANORINF) PetscCall(VecAXPY(x, 1.0, l->correction));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a residual `norm` above the goal is nothing but rounding errors, so that the
   solution is accepted.  `initial` is the residual of x = 0.  Where rounding errors exceed a
   thousandth of it, as in nearly pure-Neumann problems, the heat flows of the solution are
   meaningless, and it is not accepted.  The part is chosen: usual bodies stay below 1e-6, and a
   smaller part would refuse solutions with a usable heat balance. */
static PetscBool IsRounding(PetscReal norm, PetscReal rounding, PetscReal initial)
{
  const PetscReal part = 1e-3;

  return norm <= rounding && norm <= part * initial ? PETSC_TRUE : PETSC_FALSE;
}

/* Continue from the x that heatcg reached until ||b - A x|| <= goal [W/m] or is rounding: with GAMG
   on strong couplings, then with GAMG on all couplings; with `solver.reproducible`, which allows
   only what works cell by cell, with conjugate gradients scaled by the diagonal.  `initial` is
   ||b|| [W/m]. */
static PetscErrorCode Rescue(HeatLinear *l, Vec b, Vec x, PetscReal initial, PetscReal goal,
                             HeatSolveInfo *info, PetscBool *solved)
{
  const HeatCase  *c      = HeatOperatorCase(l->op);
  const PetscInt   few    = PetscMin(FALLBACK_ITERATIONS, c->solver.max_iterations);
  const HeatRescue ways[] = {HEAT_RESCUE_STRONG, HEAT_RESCUE_ALL, HEAT_RESCUE_JACOBI};
  const int        begin = c->solver.reproducible ? 2 : 0, end = c->solver.reproducible ? 3 : 2;
  PetscReal        norm, rounding;

  PetscFunctionBeginUser;
  PetscCall(TrueResidual(l, b, x, &norm));
  for (int k = begin;; k++) {
    PetscCall(RoundingNorm(l, x, &rounding));
    *solved = (norm <= goal || IsRounding(norm, rounding, initial)) ? PETSC_TRUE : PETSC_FALSE;
    if (*solved || k == end || PetscIsInfOrNanReal(norm)) break; /* nothing can correct NaN */
    HeatAttemptRecord *tried = &l->tried[ways[k]];

    PetscCall(TrueResidual(l, b, x, &norm));
    info->rescue = ways[k];
    PetscCall(SetUpAlgebraic(l, ways[k]));
    PetscCall(SolveAlgebraic(l, x, goal / norm, k == 0 ? few : c->solver.max_iterations, tried));
    PetscCall(TrueResidual(l, b, x, &norm));
    tried->residual = norm / initial;
    info->iterations += tried->iterations;
  }
  info->residual = norm / initial;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve A correction = l->residual with the case's method, to this relative tolerance, and add the
   correction to x. */
static PetscErrorCode Refine(HeatLinear *l, Vec x, PetscReal tolerance, HeatSolveInfo *info)
{
  PetscReal keep;
  PetscInt  iterations;

  PetscFunctionBeginUser;
  if (!l->correction) PetscCall(VecDuplicate(x, &l->correction));
  PetscCall(KSPGetTolerances(l->ksp, &keep, NULL, NULL, NULL));
  PetscCall(KSPSetTolerances(l->ksp, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(CallKSP(l, l->ksp, l->residual, l->correction));
  PetscCall(KSPSetTolerances(l->ksp, keep, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPGetIterationNumber(l->ksp, &iterations));
  PetscCall(VecAXPY(x, 1.0, l->correction));
  info->iterations += iterations;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute ||b - A x|| [W/m] in one pass, without storing the residual.  Above `bound` the result
   means only "above the bound". */
static PetscErrorCode ResidualNorm(HeatLinear *l, Vec b, Vec x, PetscReal bound, PetscReal *norm)
{
  const PetscReal *b_values, *x_values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(b, &b_values));
  PetscCall(VecGetArrayRead(x, &x_values));
  PetscCall(HeatOperatorDefect(l->op, l->system.mass, x_values, b_values, bound, norm));
  PetscCall(VecRestoreArrayRead(x, &x_values));
  PetscCall(VecRestoreArrayRead(b, &b_values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute ||b - A x|| and its rounding error [W/m].  Where the norm is at most `accepted`, the
   rounding error may be left out, as 0.
   @param[in] tight  whether the norm is expected above `accepted`, where it is only rounding */
static PetscErrorCode NormAndRounding(HeatLinear *l, Vec b, Vec x, PetscReal accepted,
                                      PetscBool tight, PetscReal *norm, PetscReal *rounding)
{
  PetscFunctionBeginUser;
  *rounding = 0.0;
  if (!tight) PetscCall(ResidualNorm(l, b, x, accepted, norm));
  if (!tight && *norm <= accepted) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(RoundingNorm(l, x, rounding));
  PetscCall(ResidualNorm(l, b, x, PetscMax(accepted, *rounding), norm));
  if (!(*norm <= PetscMax(accepted, *rounding))) PetscCall(TrueResidual(l, b, x, norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Record ||b - A x|| [W/m] in info.  Where it is above the goal and above rounding, solve again
   with the residual as right-hand side first.  *solved becomes false where that does not help; a
   solve that has failed already (*solved is false) is not repeated. */
static PetscErrorCode Certify(HeatLinear *l, Vec b, Vec x, PetscReal initial, PetscReal goal,
                              HeatSolveInfo *info, PetscBool *solved)
{
  const PetscReal accepted = HEAT_LINEAR_SLACK * goal;
  /* A relative tolerance below which rounding is computed before the residual, so that one pass
     tells them apart.  Chosen: usual residuals end at 1e-13 to 1e-11 of ||b||.  Where it is larger,
     solves above rounding compute rounding in vain; where it is smaller, solves at rounding compute
     their residual twice. */
  const PetscBool tight = goal < 1e-11 * initial ? PETSC_TRUE : PETSC_FALSE;
  /* Solves for the residual.  Chosen: one removes the drift, and where two do not reach the goal x
     does not converge to it.  A larger value spends more time before the failure is reported, a
     smaller one reports a failure that one more solve would have avoided. */
  const int most = 2;
  PetscReal norm, rounding;

  PetscFunctionBeginUser;
  PetscCall(NormAndRounding(l, b, x, accepted, tight, &norm, &rounding));
  for (int k = 0; *solved && !(norm <= accepted); k++) {
    info->at_rounding = IsRounding(norm, rounding, initial);
    if (info->at_rounding) break;
    *solved = (k < most && norm <= PETSC_MAX_REAL) ? PETSC_TRUE : PETSC_FALSE;
    if (!*solved) break;
    PetscCall(TrueResidual(l, b, x, &norm));
    PetscCall(Refine(l, x, goal / norm, info));
    PetscCall(NormAndRounding(l, b, x, accepted, tight, &norm, &rounding));
  }
  info->true_residual = initial > 0.0 ? norm / initial : 0.0;
  info->left          = norm;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Record what heatcg did with V-cycles and with W-cycles.  *ours is false where the user chose
   another method than heatcg. */
static PetscErrorCode RecordCycles(HeatLinear *l, PetscReal initial, HeatSolveInfo *info,
                                   PetscBool *ours)
{
  HeatCGInfo cycles;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(l->tried, sizeof l->tried));
  PetscCall(PetscObjectTypeCompare((PetscObject)l->ksp, KSPHEATCG, ours));
  if (!*ours) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatKSPGetInfo(l->ksp, &cycles));
  for (int k = 0; k < 2; k++) {
    l->tried[k] = (HeatAttemptRecord){cycles.iterations[k], cycles.norm[k] / initial};
    if (cycles.iterations[k]) info->rescue = (HeatRescue)k;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute ||b|| [W/m]; heatcg has it from its own first pass. */
static PetscErrorCode InitialNorm(HeatLinear *l, Vec b, PetscReal *norm)
{
  PetscBool  ours;
  HeatCGInfo cycles;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompare((PetscObject)l->ksp, KSPHEATCG, &ours));
  PetscCall(HeatKSPGetInfo(l->ksp, &cycles));
  *norm = cycles.first;
  if (!ours) PetscCall(VecNorm(b, NORM_2, norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store in info->residual the relative residual of a method that computes no norm, such as
   KSPPREONLY. */
static PetscErrorCode MeasureUnwatched(HeatLinear *l, Vec b, Vec x, PetscReal initial,
                                       HeatSolveInfo *info)
{
  KSPNormType type;
  PetscReal   norm;

  PetscFunctionBeginUser;
  PetscCall(KSPGetNormType(l->ksp, &type));
  if (type != KSP_NORM_NONE || initial == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(TrueResidual(l, b, x, &norm));
  info->residual = norm / initial;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Solve with the case's method, then the fallbacks, then check the residual.  For a non-linear
   operator, which PETSc's TS solves through this function, there are neither fallbacks nor a check:
   an outer Newton iteration checks its own residual. */
static PetscErrorCode SolveAndCertify(HeatLinear *l, Vec b, Vec x, HeatSolveInfo *info,
                                      PetscBool *solved)
{
  const HeatSolveInfo none = {0};
  KSPConvergedReason  reason;
  PetscReal           initial, last, tolerance;
  PetscBool           ours;

  PetscFunctionBeginUser;
  *info = none;
  PetscCall(CallKSP(l, l->ksp, b, x));
  PetscCall(InitialNorm(l, b, &initial));
  PetscCall(KSPGetConvergedReason(l->ksp, &reason));
  PetscCall(KSPGetIterationNumber(l->ksp, &info->iterations));
  PetscCall(KSPGetResidualNorm(l->ksp, &last));
  PetscCall(KSPGetTolerances(l->ksp, &tolerance, NULL, NULL, NULL));
  info->residual = initial > 0.0 ? last / initial : 0.0;
  *solved        = reason > 0 ? PETSC_TRUE : PETSC_FALSE;
  if (!HeatOperatorIsLinear(l->op)) PetscCall(MeasureUnwatched(l, b, x, initial, info));
  if (!HeatOperatorIsLinear(l->op) || initial == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(RecordCycles(l, initial, info, &ours));
  if (ours && reason == KSP_DIVERGED_BREAKDOWN)
    PetscCall(Rescue(l, b, x, initial, tolerance * initial, info, solved));
  PetscCall(Certify(l, b, x, initial, tolerance * initial, info, solved));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearTry(HeatLinear *l, Vec b, Vec x, HeatSolveInfo *info, PetscBool *solved)
{
  const PetscReal most  = HEAT_LINEAR_SLACK * HeatOperatorCase(l->op)->solver.tolerance;
  const double    began = HeatMonotonicTime();

  PetscFunctionBeginUser;
  PetscCall(SolveAndCertify(l, b, x, info, solved));
  /* A residual below the absolute tolerance, as of a source that has all but vanished, is not due
     to an option. */
  const PetscBool tiny = (PetscBool)(HeatOperatorIsLinear(l->op) &&
                                     info->left <= HEAT_LINEAR_ABSOLUTE);

  info->loose = *solved && !info->at_rounding && !tiny &&
                        PetscMax(info->residual, info->true_residual) > most
                    ? PETSC_TRUE
                    : PETSC_FALSE;
  l->times.solve += HeatMonotonicTime() - began;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the methods tried into text: "; V-cycles: 12 iterations to 3.1e-03; ..." */
static PetscErrorCode DescribeAttempts(const HeatLinear *l, char *text, size_t size)
{
  PetscFunctionBeginUser;
  text[0] = '\0';
  for (int k = 0; k < HEAT_RESCUES; k++) {
    const HeatAttemptRecord *tried = &l->tried[k];
    const size_t             used  = strlen(text);

    if (tried->iterations == 0) continue;
    snprintf(text + used, size - used, "; %s: %" PetscInt_FMT " iterations to %.2e",
             HeatRescueName((HeatRescue)k), tried->iterations, (double)tried->residual);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearRaise(HeatLinear *l, const char *what, const HeatSolveInfo *info)
{
  const char *words, *advice = "";
  char        history[400];

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorCheckFormulas(l->op)); /* the cause, where there is one */
  PetscCall(KSPGetConvergedReasonString(l->ksp, &words));
  if (l->system.mass == 0.0)
    advice =
        "; a part of the domain that exchanges next to no heat with the sides and surroundings "
        "(tiny conductivities or coefficients, huge contact resistances) has no steady state "
        "that can be computed: hold its temperature, or choose a transient scheme";
  PetscCall(DescribeAttempts(l, history, sizeof history));
  return HeatRaiseHere(HeatOperatorGrid(l->op)->comm, HEAT_ERR_NUMERICS,
                       "%s: the linear solver stopped without converging (%s) after "
                       "%" PetscInt_FMT " iterations, residual %.3e of the initial one, "
                       "solver.tolerance is %.3e; allow more iterations "
                       "(solver.max_iterations), or choose another preconditioner%s%s",
                       what, words, info->iterations, (double)info->residual,
                       (double)HeatOperatorCase(l->op)->solver.tolerance, advice, history);
}

PetscErrorCode HeatLinearSolve(HeatLinear *l, Vec b, Vec x, const char *what, HeatSolveInfo *info)
{
  PetscBool solved;

  PetscFunctionBeginUser;
  PetscCall(HeatLinearTry(l, b, x, info, &solved));
  if (!solved) PetscCall(HeatLinearRaise(l, what, info));
  PetscFunctionReturn(PETSC_SUCCESS);
}
