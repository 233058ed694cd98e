/** The set-up of PETSc's KSP around the operator: matrices, null space, preconditioner, Krylov
 *  method.
 *
 *  The default preconditioner is heat2d's multigrid (heatmg), and where nothing depends on the
 *  temperature the default method is conjugate gradients fused with it (heatcg).  heatmg, and
 *  preconditioners that need only products and the diagonal, get the MATSHELL.  All others get an
 *  assembled matrix (HeatOperatorAssemble): of a linear operator, the MATSHELL's entries; of a
 *  non-linear one, Picard's matrix, whose conductances are held fixed.
 *
 *  Each set-up of a preconditioner starts from nothing.  What PETSc would keep from the set-up
 *  before (GAMG's interpolation, the bounds of Chebyshev smoothers) would make a solve depend on
 *  the steps taken since the start of the process, and a restarted run would differ from an
 *  uninterrupted one.
 *
 *  Files: linear_solve.c has the solves and the fallbacks. */
#include "solver/implicit/linear.h"

#include <string.h>

#include "solver/base/exact_sum.h"
#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"
#include "solver/implicit/linear_impl.h"

/* Compute y = (mass C - J) x, the product of the matrix-free operator. */
static PetscErrorCode ShellMult(Mat A, Vec x, Vec y)
{
  HeatLinear      *l;
  const PetscReal *in;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &l));
  PetscCall(VecGetArrayRead(x, &in));
  PetscCall(VecGetArrayWrite(y, &out));
  PetscCall(HeatOperatorApply(l->op, l->system.mass, in, out));
  PetscCall(VecRestoreArrayWrite(y, &out));
  PetscCall(VecRestoreArrayRead(x, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the diagonal of mass C - J in d, for Jacobi. */
static PetscErrorCode ShellDiagonal(Mat A, Vec d)
{
  HeatLinear *l;
  PetscReal  *out;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &l));
  PetscCall(VecGetArrayWrite(d, &out));
  PetscCall(HeatOperatorDiagonal(l->op, l->system.mass, out));
  PetscCall(VecRestoreArrayWrite(d, &out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the matrix-free operator.  The transposed product is provided only where J is
   symmetric. */
static PetscErrorCode CreateShell(HeatLinear *l)
{
  const HeatGrid *g = HeatOperatorGrid(l->op);

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateShell(g, l, &l->shell));
  PetscCall(MatShellSetOperation(l->shell, MATOP_MULT, (void (*)(void))ShellMult));
  PetscCall(MatShellSetOperation(l->shell, MATOP_GET_DIAGONAL, (void (*)(void))ShellDiagonal));
  if (HeatOperatorIsSymmetric(l->op)) {
    PetscCall(MatShellSetOperation(l->shell, MATOP_MULT_TRANSPOSE, (void (*)(void))ShellMult));
    PetscCall(MatSetOption(l->shell, MAT_SYMMETRIC, PETSC_TRUE));
  }
  PetscCall(MatSetVecType(l->shell, g->vec_type)); /* of the Krylov method's work Vecs */
  PetscCall(HeatSystemAttach(l->shell, &l->system));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Subtract the mean from v.  The sum is exact, because the rounding of PETSc's own sum depends on
   the decomposition. */
static PetscErrorCode RemoveMean(MatNullSpace space, Vec v, void *context)
{
  const PetscReal *values;
  HeatExactSum     sum = {0};
  PetscReal        total;
  PetscInt         all, own;

  PetscFunctionBeginUser;
  (void)context;
  PetscCall(VecGetSize(v, &all));
  PetscCall(VecGetLocalSize(v, &own));
  PetscCall(VecGetArrayRead(v, &values));
  HeatExactSumAddArray(&sum, (size_t)own, values);
  PetscCall(VecRestoreArrayRead(v, &values));
  PetscCall(HeatExactSumReduce(PetscObjectComm((PetscObject)space), 1, &sum, &total));
  PetscCall(VecShift(v, -total / (PetscReal)all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Attach the constant vector as null space of A where the problem is steady and no side fixes the
   level of T: T + constant is then a solution too.  Otherwise mark A as positive definite, except
   the matrix-free operator where J is not symmetric. */
static PetscErrorCode AttachNullSpace(HeatLinear *l, Mat A)
{
  MatNullSpace constant;

  PetscFunctionBeginUser;
  if (l->system.mass > 0.0 || HeatBoundariesFixLevel(HeatOperatorCase(l->op))) {
    if (A != l->shell || HeatOperatorIsSymmetric(l->op))
      PetscCall(MatSetOption(A, MAT_SPD, PETSC_TRUE));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(MatNullSpaceCreate(PetscObjectComm((PetscObject)A),
                               A == l->shell ? PETSC_FALSE : PETSC_TRUE, 0, NULL, &constant));
  if (A == l->shell) PetscCall(MatNullSpaceSetFunction(constant, RemoveMean, NULL));
  PetscCall(MatSetNullSpace(A, constant));
  PetscCall(MatNullSpaceDestroy(&constant));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearAssemble(HeatLinear *l)
{
  PetscFunctionBeginUser;
  if (!l->assembled) {
    PetscCall(HeatGridCreateMatrix(HeatOperatorGrid(l->op), &l->assembled));
    PetscCall(AttachNullSpace(l, l->assembled));
    PetscCall(MatSetOption(l->assembled, MAT_SYMMETRIC, PETSC_TRUE));
  }
  PetscCall(HeatOperatorAssemble(l->op, l->system.mass, l->assembled));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether preconditioners of a type read entries of a matrix. */
static PetscBool NeedsMatrix(const char *type)
{
  const char *const matrix_free[] = {PCNONE, PCJACOBI, PCSHELL, PCHEATMG};

  for (size_t k = 0; k < sizeof matrix_free / sizeof matrix_free[0]; k++)
    if (strcmp(type, matrix_free[k]) == 0) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Give the preconditioner the grid's DMDA if its type, or the one that the user's -pc_type names,
   reads a matrix.  PCMG takes the number of its levels from the DMDA when it reads its options. */
static PetscErrorCode AttachDMDA(const HeatLinear *l, PC pc, const char *type)
{
  char      named[64];
  PetscBool given;
  DM        da;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-pc_type", named, sizeof named, &given));
  if (!NeedsMatrix(given ? named : type)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatGridGetDMDA(HeatOperatorGrid(l->op), &da));
  PetscCall(PCSetDM(pc, da));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the norm of the residual without preconditioning, by which the case defines the tolerance,
   for conjugate gradients and for GMRES, which is preconditioned from the right for this.  Methods
   without an unpreconditioned norm keep PETSc's default, and so do norms and sides that the user
   chose. */
static PetscErrorCode ChooseNorm(KSP ksp)
{
  PetscBool is_cg, is_gmres, chosen, chosen_side;

  PetscFunctionBeginUser;
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ksp, &is_cg, KSPCG, KSPFCG, KSPPIPECG,
                                      KSPGROPPCG, ""));
  PetscCall(PetscObjectTypeCompareAny((PetscObject)ksp, &is_gmres, KSPGMRES, KSPFGMRES, KSPLGMRES,
                                      KSPGCR, ""));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-ksp_norm_type", &chosen));
  PetscCall(PetscOptionsHasName(NULL, NULL, "-ksp_pc_side", &chosen_side));
  if (is_gmres && !chosen && !chosen_side) PetscCall(KSPSetPCSide(ksp, PC_RIGHT));
  if ((is_cg || (is_gmres && !chosen_side)) && !chosen)
    PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set the preconditioner's type and options: the case's, then the user's -pc_ options. */
static PetscErrorCode SetPreconditioner(HeatLinear *l, PC pc)
{
  const HeatCase *c = HeatOperatorCase(l->op);
  const char     *type;
  PetscBool       ours;

  PetscFunctionBeginUser;
  PetscCall(PetscStrcmp(c->solver.preconditioner, "multigrid", &ours));
  type = ours ? PCHEATMG : c->solver.preconditioner;
  PetscCall(AttachDMDA(l, pc, type));
  PetscCall(PCSetType(pc, type));
  PetscCall(PCSetFromOptions(pc));
  /* The preconditioner is used for several iterates of Newton's method.  It must smooth with the
     matrix that it was set up for, not with the Jacobian of the present iterate, since its
     Chebyshev bounds belong to that matrix.  (734 iterations become 61 for k = 10 + 0.1 T between 0
     and 100.) */
  if (!HeatOperatorIsLinear(l->op)) PetscCall(PCSetUseAmat(pc, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Symmetric Gauss-Seidel sweeps are the smoother instead of GAMG's default, Chebyshev, which needs
   bounds of the spectrum: their estimates fail for jumps of the conductivity of 1e7.

   Threshold of a coupling, relative to the diagonals, below which GAMG drops it; negative: none is
   dropped.  0.05 is chosen: a larger value drops more and may cut cells from their neighbours, a
   smaller value joins cells across jumps of the conductivity. */
PetscErrorCode HeatLinearMakeAlgebraic(PC pc, HeatRescue rescue)
{
  PetscReal threshold = rescue == HEAT_RESCUE_STRONG ? 0.05 : -1.0;

  PetscFunctionBeginUser;
  PetscCall(PCSetType(pc, rescue == HEAT_RESCUE_JACOBI ? PCJACOBI : PCGAMG));
  if (rescue == HEAT_RESCUE_JACOBI) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PCGAMGSetThreshold(pc, &threshold, 1));
  PetscCall(PCSetUseAmat(pc, PETSC_FALSE));
  PetscCall(PCSetOptionsPrefix(pc, "heat_rescue_"));
  PetscCall(PetscOptionsSetValue(NULL, "-heat_rescue_mg_levels_ksp_type", KSPRICHARDSON));
  PetscCall(PetscOptionsSetValue(NULL, "-heat_rescue_mg_levels_pc_type", PCSOR));
  PetscCall(PCSetFromOptions(pc));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace the preconditioner by a new one that keeps nothing of it; PCReset would keep parts of
   GAMG's old levels. */
static PetscErrorCode ReplacePreconditioner(HeatLinear *l)
{
  const HeatGrid *g = HeatOperatorGrid(l->op);
  PC              pc;

  PetscFunctionBeginUser;
  PetscCall(PCCreate(g->comm, &pc));
  PetscCall(PetscObjectIncrementTabLevel((PetscObject)pc, (PetscObject)l->ksp, 0));
  PetscCall(KSPSetPC(l->ksp, pc));
  PetscCall(PCDestroy(&pc)); /* the KSP holds a reference */
  PetscCall(KSPGetPC(l->ksp, &pc));
  if (l->fallen_back) PetscCall(HeatLinearMakeAlgebraic(pc, HEAT_RESCUE_STRONG));
  else PetscCall(SetPreconditioner(l, pc));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearSetUp(HeatLinear *l)
{
  const double          began  = HeatMonotonicTime();
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_SETUP);
  PC                    pc;
  PCType                type;
  PetscBool             needs_matrix, ours;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(l->ksp, &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  if (!ours || l->fallen_back)
    PetscCall(ReplacePreconditioner(l)); /* heatmg is set up from the operator alone */
  PetscCall(KSPGetPC(l->ksp, &pc));
  PetscCall(PCGetType(pc, &type));
  needs_matrix = NeedsMatrix(type);
  if (needs_matrix) PetscCall(HeatLinearAssemble(l));
  PetscCall(KSPSetOperators(l->ksp, l->shell, needs_matrix ? l->assembled : l->shell));
  PetscCall(KSPSetUp(l->ksp));
  PetscCall(KSPSetUpOnBlocks(l->ksp));
  l->times.set_ups++;
  l->times.set_up += HeatMonotonicTime() - began;
  (void)HeatTrafficSet(before);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refuse preconditioners whose result depends on the decomposition where `solver.reproducible` is
   set.  Those allowed here work cell by cell; all others work on each rank's block. */
static PetscErrorCode CheckReproducible(const HeatLinear *l, PC pc)
{
  const HeatCase *c = HeatOperatorCase(l->op);
  PetscBool       elementwise;
  PCType          type;

  PetscFunctionBeginUser;
  PetscCall(
      PetscObjectTypeCompareAny((PetscObject)pc, &elementwise, PCHEATMG, PCJACOBI, PCNONE, ""));
  PetscCall(PCGetType(pc, &type));
  HeatCaseCheckKey(
      elementwise || !c->solver.reproducible, HeatOperatorGrid(l->op)->comm, c,
      "solver.reproducible",
      "the result of the preconditioner %s depends on the decomposition; take multigrid, "
      "jacobi or none, or write false",
      type);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the Krylov method to use unless the user names one.  With heatmg GMRES has to be flexible:
   GMRES applies the preconditioner once more to form the solution, and heatmg's single precision
   would lose accuracy there; flexible GMRES combines the preconditioned vectors that it stored. */
static KSPType DefaultMethod(const HeatOperator *op, PetscBool ours)
{
  if (!HeatOperatorIsSymmetric(op)) return ours ? KSPFGMRES : KSPGMRES;
  return ours && HeatOperatorIsLinear(op) ? KSPHEATCG : KSPCG;
}

/* Everything that reads the user's options is here, so that the caller can report its errors as the
   user's. */
static PetscErrorCode Configure(HeatLinear *l)
{
  PC        pc;
  PetscBool ours, kept;

  PetscFunctionBeginUser;
  PetscCall(KSPGetPC(l->ksp, &pc));
  PetscCall(SetPreconditioner(l, pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, PCHEATMG, &ours));
  PetscCall(KSPSetType(l->ksp, DefaultMethod(l->op, ours)));
  PetscCall(KSPSetFromOptions(l->ksp));
  PetscCall(KSPGetInitialGuessNonzero(l->ksp, &kept));
  HeatCheck(!kept, HeatOperatorGrid(l->op)->comm, HEAT_ERR_INPUT,
            "-ksp_initial_guess_nonzero is refused: every solve starts from 0, so that a restart "
            "leaves the bits of an uninterrupted run; leave the option out");
  PetscCall(ChooseNorm(l->ksp));
  PetscCall(HeatLinearWatch(l, l->ksp));
  PetscCall(CheckReproducible(l, pc));
  PetscCall(HeatLinearSetUp(l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give a non-linear operator some coefficients before there is a field.  PETSc reads the options of
   a preconditioner's parts only while it sets the preconditioner up, and an option that was never
   read is an error before the run begins.  The coefficients are those of the case's initial
   temperature where this is a number.  They may be undefined; the first HeatLinearUpdate replaces
   them. */
static PetscErrorCode SetPlaceholderCoefficients(HeatOperator *op)
{
  const HeatFormula *initial = &HeatOperatorCase(op)->initial.temperature;
  const size_t       n       = HeatGridLocalCells(HeatOperatorGrid(op));
  const PetscReal    room = 300.0; /* [K] chosen: a room's temperature; no result depends on it */
  PetscReal         *T;
  PetscBool          valid;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &T));
  for (size_t i = 0; i < n; i++) T[i] = initial->given && !initial->text ? initial->value : room;
  PetscCall(HeatOperatorTryBring(op, 0.0, T, &valid));
  PetscCall(PetscFree(T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearCreate(HeatOperator *op, PetscReal mass, HeatLinear **linear)
{
  const HeatCase *c = HeatOperatorCase(op);
  const HeatGrid *g = HeatOperatorGrid(op);
  HeatLinear     *l;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&l));
  *linear        = l;
  l->op          = op;
  l->system.op   = op;
  l->system.mass = mass;
  PetscCall(HeatRegisterPetscTypes());
  if (!HeatOperatorIsLinear(op)) PetscCall(SetPlaceholderCoefficients(op));
  PetscCall(CreateShell(l));
  PetscCall(AttachNullSpace(l, l->shell));
  PetscCall(KSPCreate(g->comm, &l->ksp));
  PetscCall(KSPSetOperators(l->ksp, l->shell, l->shell));
  PetscCall(KSPSetTolerances(l->ksp, c->solver.tolerance, HEAT_LINEAR_ABSOLUTE, PETSC_DEFAULT,
                             c->solver.max_iterations));
  l->half_made = PETSC_TRUE;
  HeatUserCall(g->comm, "setting up the linear solver", Configure(l));
  l->half_made = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearUpdateOperator(HeatLinear *l)
{
  PetscFunctionBeginUser;
  PetscCall(MatAssemblyBegin(l->shell, MAT_FINAL_ASSEMBLY)); /* marks the matrix as changed */
  PetscCall(MatAssemblyEnd(l->shell, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearUpdate(HeatLinear *l, PetscReal mass)
{
  PetscFunctionBeginUser;
  l->system.mass = mass;
  l->fallen_back = PETSC_FALSE;
  PetscCall(KSPDestroy(&l->algebraic));
  PetscCall(HeatLinearUpdateOperator(l));
  l->half_made = PETSC_TRUE;
  HeatUserCall(HeatOperatorGrid(l->op)->comm, "setting up the linear solver", HeatLinearSetUp(l));
  l->half_made = PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLinearSetMass(HeatLinear *l, PetscReal mass)
{
  PetscFunctionBeginUser;
  if (mass != l->system.mass) PetscCall(HeatLinearUpdate(l, mass));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatLinearTimes HeatLinearGetTimes(const HeatLinear *l) { return l->times; }

KSP HeatLinearKSP(HeatLinear *l) { return l->ksp; }

PetscErrorCode HeatLinearDestroy(HeatLinear **linear)
{
  HeatLinear *l = *linear;

  PetscFunctionBeginUser;
  if (!l) PetscFunctionReturn(PETSC_SUCCESS);
  if (!l->half_made) PetscCall(KSPDestroy(&l->ksp));
  PetscCall(KSPDestroy(&l->algebraic));
  PetscCall(VecDestroy(&l->residual));
  PetscCall(VecDestroy(&l->correction));
  PetscCall(MatDestroy(&l->assembled));
  PetscCall(MatDestroy(&l->shell));
  PetscCall(PetscFree(*linear));
  PetscFunctionReturn(PETSC_SUCCESS);
}
