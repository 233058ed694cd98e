/* heat2d's default solver, through its public interface. */
#include "tests/benchmark/bench_solvers.h"

#include "solver/implicit/linear.h"

PetscErrorCode BenchSolverLabel(BenchSolver *s, KSP ksp)
{
  KSPType ksp_type;
  PCType  pc_type;
  PC      pc;

  PetscFunctionBeginUser;
  PetscCall(KSPGetType(ksp, &ksp_type));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCGetType(pc, &pc_type));
  PetscCall(PetscSNPrintf(s->label, sizeof s->label, "%s+%s", ksp_type, pc_type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Create(BenchProblem *p, BenchSolver *s)
{
  HeatLinear *linear;

  PetscFunctionBeginUser;
  PetscCall(HeatLinearCreate(p->op, p->mass, &linear));
  s->data = linear;
  PetscCall(BenchSolverLabel(s, HeatLinearKSP(linear)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solve(BenchSolver *s, PetscReal tolerance, Vec b, Vec x, PetscInt *iterations,
                            PetscBool *solved)
{
  HeatSolveInfo info;

  PetscFunctionBeginUser;
  PetscCall(KSPSetTolerances(HeatLinearKSP(s->data), tolerance, PETSC_DEFAULT, PETSC_DEFAULT,
                             PETSC_DEFAULT));
  PetscCall(HeatLinearTry(s->data, b, x, &info, solved));
  *iterations = info.iterations;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(BenchSolver *s)
{
  HeatLinear *linear = s->data;

  PetscFunctionBeginUser;
  PetscCall(HeatLinearDestroy(&linear));
  s->data = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create heat2d's preconditioner under PETSc's CG, with the option that a user would give.  If the
   default were PETSc's CG already, there would be nothing to compare. */
static PetscErrorCode CreateUnderCG(BenchProblem *p, BenchSolver *s)
{
  PetscBool own;
  PC        pc;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsSetValue(NULL, "-ksp_type", KSPCG));
  PetscCall(Create(p, s));
  PetscCall(PetscOptionsClearValue(NULL, "-ksp_type"));
  PetscCall(KSPGetPC(HeatLinearKSP(s->data), &pc));
  PetscCall(PetscObjectTypeCompare((PetscObject)pc, "heatmg", &own));
  if (own) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Destroy(s));
  PetscCall(PetscSNPrintf(s->why_not, sizeof s->why_not, "no heatmg: the same as ours"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const BenchSolverType BenchOurs   = {"ours", NULL, Create, Solve, Destroy};
const BenchSolverType BenchOursCG = {"ours-cg", NULL, CreateUnderCG, Solve, Destroy};
