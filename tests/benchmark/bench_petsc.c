/* Peers from PETSc: its CG on the assembled matrix, with several of its preconditioners.  Each
 * reads the user's options with a prefix (-bench_gamg_, -bench_pcmg_, ...), so that other
 * settings can be tried.
 *
 * PCMG gets the best coarse operators known for jumping coefficients: piecewise-constant
 * interpolation P, coarse mass P^T M P, and half the Galerkin product of the rest, 1/2 P^T L P.
 * That is the rediscretised operator: P^T L P adds up the conductances of the two fine faces on
 * a coarse one, and twice the distance halves them.  The smoother is one symmetric SOR sweep
 * before and one after the coarse correction: the fastest of those tried; PETSc's default takes
 * twice as long. */
#include "tests/benchmark/bench_solvers.h"

#define COARSEST 16 /* a level is solved directly below twice as many cells along an axis; chosen */

static PetscErrorCode CreateCG(BenchProblem *p, BenchSolver *s, const char *prefix, PCType type)
{
  const PetscReal tiny = 1e-300, growth = 1e10; /* so far off that neither ends a solve */
  KSP             ksp;
  PC              pc;

  PetscFunctionBeginUser;
  PetscCall(KSPCreate(p->g->comm, &ksp));
  s->data = ksp;
  PetscCall(KSPSetOptionsPrefix(ksp, prefix));
  PetscCall(KSPSetType(ksp, KSPCG));
  PetscCall(KSPSetNormType(ksp, KSP_NORM_UNPRECONDITIONED));
  PetscCall(KSPSetTolerances(ksp, PETSC_DEFAULT, tiny, growth, p->c->solver.max_iterations));
  PetscCall(KSPSetOperators(ksp, p->A, p->A));
  PetscCall(KSPGetPC(ksp, &pc));
  PetscCall(PCSetType(pc, type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FinishSetUp(BenchSolver *s)
{
  KSP ksp = s->data;

  PetscFunctionBeginUser;
  PetscCall(KSPSetFromOptions(ksp));
  PetscCall(KSPSetUp(ksp));
  PetscCall(KSPSetUpOnBlocks(ksp));
  PetscCall(BenchSolverLabel(s, ksp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solve(BenchSolver *s, PetscReal tolerance, Vec b, Vec x, PetscInt *iterations,
                            PetscBool *solved)
{
  KSP                ksp = s->data;
  KSPConvergedReason reason;

  PetscFunctionBeginUser;
  PetscCall(KSPSetTolerances(ksp, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT));
  PetscCall(KSPSolve(ksp, b, x));
  PetscCall(KSPGetIterationNumber(ksp, iterations));
  PetscCall(KSPGetConvergedReason(ksp, &reason));
  *solved = reason > 0 ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(BenchSolver *s)
{
  KSP ksp = s->data;

  PetscFunctionBeginUser;
  PetscCall(KSPDestroy(&ksp));
  s->data = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateJacobi(BenchProblem *p, BenchSolver *s)
{
  PetscFunctionBeginUser;
  PetscCall(CreateCG(p, s, "bench_jacobi_", PCJACOBI));
  PetscCall(FinishSetUp(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateGAMG(BenchProblem *p, BenchSolver *s)
{
  PetscFunctionBeginUser;
  PetscCall(CreateCG(p, s, "bench_gamg_", PCGAMG));
  PetscCall(FinishSetUp(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateGAMGBest(BenchProblem *p, BenchSolver *s)
{
  PetscReal threshold = 0.05;
  PC        pc;

  PetscFunctionBeginUser;
  PetscCall(CreateCG(p, s, "bench_gamg_best_", PCGAMG));
  PetscCall(KSPGetPC(s->data, &pc));
  PetscCall(PCGAMGSetThreshold(pc, &threshold, 1));
  PetscCall(FinishSetUp(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- PCMG ------- */

typedef struct {
  DM  dm;
  Mat L;    /* -J, the matrix of the conductances */
  Vec mass; /* C/dt, the rest of the diagonal */
} Level;

static PetscErrorCode DestroyLevel(Level *level)
{
  PetscFunctionBeginUser;
  PetscCall(DMDestroy(&level->dm));
  PetscCall(MatDestroy(&level->L));
  PetscCall(VecDestroy(&level->mass));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create a DMDA with the grid's distribution. */
static PetscErrorCode LayoutOf(const HeatGrid *g, DM *dm)
{
  const PetscInt *columns, *rows;
  DM              da;

  PetscFunctionBeginUser;
  PetscCall(HeatGridGetDMDA(g, &da));
  PetscCall(DMDAGetOwnershipRanges(da, &columns, &rows, NULL));
  PetscCall(DMDACreate2d(g->comm, DM_BOUNDARY_NONE, DM_BOUNDARY_NONE, DMDA_STENCIL_STAR, g->nx,
                         g->ny, g->px, g->py, 1, 1, columns, rows, dm));
  PetscCall(DMSetUp(*dm));
  PetscCall(DMDASetInterpolationType(*dm, DMDA_Q0)); /* inherited by coarser levels */
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FinestLevel(BenchProblem *p, Level *level)
{
  PetscReal *mass;

  PetscFunctionBeginUser;
  PetscCall(LayoutOf(p->g, &level->dm));
  PetscCall(VecDuplicate(p->initial, &level->mass));
  PetscCall(VecGetArrayWrite(level->mass, &mass));
  for (size_t i = 0; i < HeatGridLocalCells(p->g); i++)
    mass[i] = -p->mass * HeatOperatorCapacityAt(p->op, i);
  PetscCall(VecRestoreArrayWrite(level->mass, &mass));
  PetscCall(MatDuplicate(p->A, MAT_COPY_VALUES, &level->L));
  PetscCall(MatDiagonalSet(level->L, level->mass, ADD_VALUES));
  PetscCall(VecScale(level->mass, -1.0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace a level by the next coarser one; store the interpolation between them and its
   operator. */
static PetscErrorCode Coarsen(Level *level, Mat *P, Mat *A)
{
  Level coarse;

  PetscFunctionBeginUser;
  PetscCall(DMCoarsen(level->dm, PetscObjectComm((PetscObject)level->dm), &coarse.dm));
  PetscCall(DMCreateInterpolation(coarse.dm, level->dm, P, NULL));
  PetscCall(DMCreateGlobalVector(coarse.dm, &coarse.mass));
  PetscCall(MatMultTranspose(*P, level->mass, coarse.mass));
  PetscCall(MatPtAP(level->L, *P, MAT_INITIAL_MATRIX, PETSC_DEFAULT, &coarse.L));
  PetscCall(MatScale(coarse.L, 0.5));
  PetscCall(MatDuplicate(coarse.L, MAT_COPY_VALUES, A));
  PetscCall(MatDiagonalSet(*A, coarse.mass, ADD_VALUES));
  PetscCall(MatSetOption(*A, MAT_SPD, PETSC_TRUE));
  PetscCall(DestroyLevel(level));
  *level = coarse;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the number of levels: one more than both axes can be halved, which PETSc's
   piecewise-constant interpolation requires. */
static PetscInt CountLevels(const HeatGrid *g)
{
  PetscInt levels = 1;

  for (PetscInt nx = g->nx, ny = g->ny; nx % 2 == 0 && ny % 2 == 0; nx /= 2, ny /= 2) {
    if (PetscMin(nx, ny) / 2 < COARSEST || nx / 2 < g->px || ny / 2 < g->py) break;
    levels++;
  }
  return levels;
}

static PetscErrorCode SetSmoother(PC mg, PetscInt l)
{
  KSP smoother;
  PC  pc;

  PetscFunctionBeginUser;
  PetscCall(PCMGGetSmoother(mg, l, &smoother));
  PetscCall(KSPSetType(smoother, KSPRICHARDSON));
  PetscCall(KSPSetTolerances(smoother, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, 1));
  PetscCall(KSPGetPC(smoother, &pc));
  PetscCall(PCSetType(pc, PCSOR));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FillLevels(BenchProblem *p, PC pc)
{
  const PetscInt levels = CountLevels(p->g);
  Level          level;
  Mat            P, A;
  KSP            coarser;

  PetscFunctionBeginUser;
  PetscCall(PCMGSetLevels(pc, levels, NULL));
  PetscCall(FinestLevel(p, &level));
  for (PetscInt l = levels - 1; l > 0; l--) {
    PetscCall(SetSmoother(pc, l));
    PetscCall(Coarsen(&level, &P, &A));
    PetscCall(PCMGSetInterpolation(pc, l, P));
    PetscCall(PCMGGetSmoother(pc, l - 1, &coarser));
    PetscCall(KSPSetOperators(coarser, A, A));
    PetscCall(MatDestroy(&P));
    PetscCall(MatDestroy(&A));
  }
  PetscCall(DestroyLevel(&level));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreatePCMG(BenchProblem *p, BenchSolver *s)
{
  PC pc;

  PetscFunctionBeginUser;
  PetscCall(CreateCG(p, s, "bench_pcmg_", PCMG));
  PetscCall(KSPGetPC(s->data, &pc));
  PetscCall(FillLevels(p, pc));
  PetscCall(FinishSetUp(s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const BenchSolverType BenchGAMG     = {"gamg", NULL, CreateGAMG, Solve, Destroy};
const BenchSolverType BenchGAMGBest = {"gamg-0.05", NULL, CreateGAMGBest, Solve, Destroy};
const BenchSolverType BenchPCMG     = {"pcmg", NULL, CreatePCMG, Solve, Destroy};
const BenchSolverType BenchJacobi   = {"jacobi", NULL, CreateJacobi, Solve, Destroy};
