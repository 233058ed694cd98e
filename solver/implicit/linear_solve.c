/* Solving, and seeing to it that it is solved.
 *
 * Where nothing depends on the temperature the residual is computed once more at the end, from the
 * operator and x: what a Krylov method carries along drifts from it by rounding.  Below a few
 * epsilon times the terms that it is the difference of there is nothing left to solve, whatever the
 * tolerance.  A residual that is above both is solved for once more.
 *
 * Where heatcg gives up, an algebraic multigrid goes on from its x: it looks at the matrix's entries
 * and joins only what is strongly coupled, where a geometric one joins neighbours.  Each solve
 * begins with V-cycles again, so that it depends on the field and the step alone. */
#include "solver/base/exact_sum.h"
#include "solver/implicit/linear_impl.h"

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
}

/* By an exact sum: what is decided by it must not depend on the layout of blocks. */
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

/* residual = b - A x, and its norm. */
static PetscErrorCode TrueResidual(HeatLinear *l, Vec b, Vec x, PetscReal *norm)
{
  PetscFunctionBeginUser;
  if (!l->residual) PetscCall(VecDuplicate(b, &l->residual));
  PetscCall(MatMult(l->shell, x, l->residual));
  PetscCall(VecAYPX(l->residual, -1.0, b));
  PetscCall(ExactNorm(l->residual, norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The norm below which x's residual is rounding. */
static PetscErrorCode RoundingOf(HeatLinear *l, Vec x, PetscReal *norm)
{
  const PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &values));
  PetscCall(HeatOperatorRounding(l->op, l->system.mass, PETSC_FALSE, values, norm));
  PetscCall(VecRestoreArrayRead(x, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The algebraic multigrid. */

static PetscErrorCode SetUpAlgebraic(HeatLinear *l, HeatRescue rescue)
{
  PC pc;

  PetscFunctionBeginUser;
  PetscCall(KSPDestroy(&l->algebraic));
  if (rescue != HEAT_RESCUE_JACOBI) PetscCall(HeatLinearAssemble(l));
  PetscCall(KSPCreate(PetscObjectComm((PetscObject)l->ksp), &l->algebraic));
  PetscCall(KSPSetDM(l->algebraic, HeatOperatorGrid(l->op)->da)); /* its Vecs are of that kind */
  PetscCall(KSPSetDMActive(l->algebraic, PETSC_FALSE));
  PetscCall(KSPSetType(l->algebraic, KSPCG));
  PetscCall(KSPSetNormType(l->algebraic, KSP_NORM_UNPRECONDITIONED));
  PetscCall(KSPSetTolerances(l->algebraic, PETSC_DEFAULT, HEAT_LINEAR_ABSOLUTE, PETSC_DEFAULT,
                             PETSC_DEFAULT));
  PetscCall(KSPSetOperators(l->algebraic, l->shell,
                            rescue == HEAT_RESCUE_JACOBI ? l->shell : l->assembled));
  PetscCall(KSPGetPC(l->algebraic, &pc));
  PetscCall(HeatLinearMakeAlgebraic(pc, rescue));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatLinearPatience(const HeatLinear *l)
{
  const PetscInt all = HeatOperatorCase(l->op)->solver.max_iterations, few = 100;
  PetscBool      ours = PETSC_FALSE;

  (void)PetscStrcmp(HeatOperatorCase(l->op)->solver.preconditioner, "multigrid", &ours);
  return ours && !l->fallen_back ? PetscMin(few, all) : all;
}

PetscErrorCode HeatLinearFallBack(HeatLinear *l, PetscBool *there_is)
{
  PC        pc;
  PetscBool ours;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(l->ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  *there_is = (ours && !HeatOperatorCase(l->op)->solver.reproducible) ? PETSC_TRUE : PETSC_FALSE;
  if (!*there_is) PetscFunctionReturn(PETSC_SUCCESS);
  l->fallen_back = PETSC_TRUE;
  PetscCall(HeatLinearSetUp(l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* x += what the algebraic multigrid finds for the residual that is in the work vector. */
static PetscErrorCode SolveAlgebraic(HeatLinear *l, Vec x, PetscReal tolerance, PetscInt most,
                                     HeatAttemptRecord *tried)
{
  KSPConvergedReason reason;

  PetscFunctionBeginUser;
  if (!l->correction) PetscCall(VecDuplicate(x, &l->correction));
  PetscCall(KSPSetTolerances(l->algebraic, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, most));
  PetscCall(KSPSolve(l->algebraic, l->residual, l->correction));
  PetscCall(KSPGetConvergedReason(l->algebraic, &reason));
  PetscCall(KSPGetIterationNumber(l->algebraic, &tried->iterations));
  if (reason != KSP_DIVERGED_NANORINF) PetscCall(VecAXPY(x, 1.0, l->correction));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* From heatcg's x on, with couplings below a twentieth dropped, then with all; or, where the result
   must not depend on the layout, with what works cell by cell.  No further than to rounding. */
static PetscErrorCode Rescue(HeatLinear *l, Vec b, Vec x, PetscReal initial, PetscReal goal,
                             HeatSolveInfo *info, PetscBool *solved)
{
  const HeatCase  *c      = HeatOperatorCase(l->op);
  const PetscInt   few    = PetscMin(100, c->solver.max_iterations);
  const HeatRescue ways[] = {HEAT_RESCUE_STRONG, HEAT_RESCUE_ALL, HEAT_RESCUE_JACOBI};
  const int        begin = c->solver.reproducible ? 2 : 0, end = c->solver.reproducible ? 3 : 2;
  PetscReal        norm, rounding;

  PetscFunctionBeginUser;
  PetscCall(TrueResidual(l, b, x, &norm));
  for (int k = begin;; k++) {
    PetscCall(RoundingOf(l, x, &rounding));
    *solved = norm <= PetscMax(goal, rounding) ? PETSC_TRUE : PETSC_FALSE;
    if (*solved || k == end) break;
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

/* Once more from the residual that is in the work vector. */
static PetscErrorCode Refine(HeatLinear *l, Vec x, PetscReal tolerance, HeatSolveInfo *info)
{
  PetscReal keep;
  PetscInt  iterations;

  PetscFunctionBeginUser;
  if (!l->correction) PetscCall(VecDuplicate(x, &l->correction));
  PetscCall(KSPGetTolerances(l->ksp, &keep, NULL, NULL, NULL));
  PetscCall(KSPSetTolerances(l->ksp, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPSolve(l->ksp, l->residual, l->correction));
  PetscCall(KSPSetTolerances(l->ksp, keep, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPGetIterationNumber(l->ksp, &iterations));
  PetscCall(VecAXPY(x, 1.0, l->correction));
  info->iterations += iterations;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The norm of x's residual alone, in one pass. */
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

/* The residual of x; solved for again where it is neither small enough nor rounding. */
static PetscErrorCode Certify(HeatLinear *l, Vec b, Vec x, PetscReal initial, PetscReal goal,
                              HeatSolveInfo *info, PetscBool *solved)
{
  const PetscReal slack = 1.01; /* drift that is not worth an iteration */
  const int       most  = 2;
  PetscReal       norm, rounding;

  PetscFunctionBeginUser;
  PetscCall(ResidualNorm(l, b, x, slack * goal, &norm));
  if (!(norm <= slack * goal)) PetscCall(TrueResidual(l, b, x, &norm));
  for (int k = 0; *solved && !(norm <= slack * goal); k++) {
    PetscCall(RoundingOf(l, x, &rounding));
    info->at_rounding = norm <= rounding ? PETSC_TRUE : PETSC_FALSE;
    if (info->at_rounding) break;
    *solved = (k < most && norm <= PETSC_MAX_REAL) ? PETSC_TRUE : PETSC_FALSE;
    if (!*solved) break;
    PetscCall(TrueResidual(l, b, x, &norm));
    PetscCall(Refine(l, x, goal / norm, info));
    PetscCall(TrueResidual(l, b, x, &norm));
  }
  info->true_residual = initial > 0.0 ? norm / initial : 0.0;
  info->left          = norm;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What heatcg has tried; *ours false: another method was chosen. */
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

/* ||b||, which heatcg knows. */
static PetscErrorCode FirstNorm(HeatLinear *l, Vec b, PetscReal *norm)
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

static PetscErrorCode SolveAndCertify(HeatLinear *l, Vec b, Vec x, HeatSolveInfo *info,
                                      PetscBool *solved)
{
  const HeatSolveInfo none = {0};
  KSPConvergedReason  reason;
  PetscReal           initial, last, tolerance;
  PetscBool           ours;

  PetscFunctionBeginUser;
  *info = none;
  PetscCall(KSPSolve(l->ksp, b, x));
  PetscCall(FirstNorm(l, b, &initial));
  PetscCall(KSPGetConvergedReason(l->ksp, &reason));
  PetscCall(KSPGetIterationNumber(l->ksp, &info->iterations));
  PetscCall(KSPGetResidualNorm(l->ksp, &last));
  PetscCall(KSPGetTolerances(l->ksp, &tolerance, NULL, NULL, NULL));
  info->residual = initial > 0.0 ? last / initial : 0.0;
  *solved        = reason > 0 ? PETSC_TRUE : PETSC_FALSE;
  if (!HeatOperatorIsLinear(l->op) || initial == 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(RecordCycles(l, initial, info, &ours));
  if (ours && reason == KSP_DIVERGED_BREAKDOWN)
    PetscCall(Rescue(l, b, x, initial, tolerance * initial, info, solved));
  PetscCall(Certify(l, b, x, initial, tolerance * initial, info, solved));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearTry(HeatLinear *l, Vec b, Vec x, HeatSolveInfo *info, PetscBool *solved)
{
  const double began = MPI_Wtime();

  PetscFunctionBeginUser;
  PetscCall(SolveAndCertify(l, b, x, info, solved));
  l->times.solve += MPI_Wtime() - began;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* "; V-cycles: 12 iterations to 3.1e-03; ..." */
static PetscErrorCode History(const HeatLinear *l, char *text, size_t size)
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
  const char *words;
  char        history[400];

  PetscFunctionBeginUser;
  PetscCall(KSPGetConvergedReasonString(l->ksp, &words));
  PetscCall(History(l, history, sizeof history));
  return HeatRaiseHere(HeatOperatorGrid(l->op)->comm, HEAT_ERR_NUMERICS,
                       "%s: the linear solver stopped without converging (%s) after "
                       "%" PetscInt_FMT " iterations, residual %.3e of the initial one, "
                       "solver.tolerance is %.3e; allow more iterations "
                       "(solver.max_iterations), or choose another preconditioner%s",
                       what, words, info->iterations, (double)info->residual,
                       (double)HeatOperatorCase(l->op)->solver.tolerance, history);
}

PetscErrorCode HeatLinearSolve(HeatLinear *l, Vec b, Vec x, const char *what, HeatSolveInfo *info)
{
  PetscBool solved;

  PetscFunctionBeginUser;
  PetscCall(HeatLinearTry(l, b, x, info, &solved));
  if (!solved) PetscCall(HeatLinearRaise(l, what, info));
  PetscFunctionReturn(PETSC_SUCCESS);
}
