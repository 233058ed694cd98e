/* hypre's PFMG under its own PCG, the structured multigrid most similar to heat2d's.  Each rank
 * has one box, and a symmetric stencil has the entries of the assembled matrix.  The time of a
 * solve includes copying b in and x out, as that of heat2d's solver does.
 *
 * There are two settings, each of which was the fastest in some trials: red-black Gauss-Seidel
 * and weighted Jacobi, both with non-Galerkin coarse operators and without relaxation on levels
 * where it does not help. */
#include "tests/benchmark/bench_solvers.h"

#ifdef HAVE_HYPRE

  #include <HYPRE.h>
  #include <HYPRE_struct_ls.h>
  #include <HYPRE_utilities.h>

  #define HypreCall(call)                                                                          \
    do {                                                                                           \
      const HYPRE_Int code_ = (call);                                                              \
      PetscCheck(!code_, PETSC_COMM_SELF, PETSC_ERR_LIB, "hypre: error %d in %s", (int)code_,      \
                 #call);                                                                           \
    } while (0)

typedef struct {
  HYPRE_Int           low[2], high[2]; /* the box of this rank */
  HYPRE_StructGrid    grid;
  HYPRE_StructStencil stencil;
  HYPRE_StructMatrix  A;
  HYPRE_StructVector  b, x;
  HYPRE_StructSolver  pcg, pfmg;
} Peer;

static PetscErrorCode CreateGrid(Peer *h, const HeatGrid *g)
{
  PetscFunctionBeginUser;
  h->low[0]  = (HYPRE_Int)g->xs;
  h->low[1]  = (HYPRE_Int)g->ys;
  h->high[0] = (HYPRE_Int)(g->xs + g->nxl - 1);
  h->high[1] = (HYPRE_Int)(g->ys + g->nyl - 1);
  HypreCall(HYPRE_StructGridCreate(g->comm, 2, &h->grid));
  HypreCall(HYPRE_StructGridSetExtents(h->grid, h->low, h->high));
  HypreCall(HYPRE_StructGridAssemble(h->grid));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the matrix entries of cell (j, i) for the cell itself, its western and its southern
   neighbour. */
static PetscErrorCode StencilRow(BenchProblem *p, PetscInt j, PetscInt i, PetscInt width,
                                 PetscInt ghost_i, PetscInt ghost_j, HYPRE_Real *values)
{
  const HeatGrid *g          = p->g;
  const PetscInt  row        = (g->ys + j - ghost_j) * width + g->xs + i - ghost_i;
  const PetscInt  columns[3] = {row, row - 1, row - width};
  const PetscBool there[3]   = {PETSC_TRUE, g->xs + i > 0 ? PETSC_TRUE : PETSC_FALSE,
                              g->ys + j > 0 ? PETSC_TRUE : PETSC_FALSE};

  PetscFunctionBeginUser;
  for (int k = 0; k < 3; k++) {
    values[k] = 0.0;
    if (there[k]) PetscCall(MatGetValuesLocal(p->A, 1, &row, 1, &columns[k], &values[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateMatrix(Peer *h, BenchProblem *p)
{
  const HeatGrid *g             = p->g;
  HYPRE_Int       offsets[3][2] = {{0, 0}, {-1, 0}, {0, -1}}, entries[3] = {0, 1, 2};
  HYPRE_Real     *values;
  PetscInt        ghost_i, ghost_j, width;
  DM              da;

  PetscFunctionBeginUser;
  HypreCall(HYPRE_StructStencilCreate(2, 3, &h->stencil));
  for (HYPRE_Int k = 0; k < 3; k++)
    HypreCall(HYPRE_StructStencilSetElement(h->stencil, k, offsets[k]));
  HypreCall(HYPRE_StructMatrixCreate(g->comm, h->grid, h->stencil, &h->A));
  HypreCall(HYPRE_StructMatrixSetSymmetric(h->A, 1));
  HypreCall(HYPRE_StructMatrixInitialize(h->A));
  PetscCall(HeatGridGetDMDA(g, &da));
  PetscCall(DMDAGetGhostCorners(da, &ghost_i, &ghost_j, NULL, &width, NULL, NULL));
  PetscCall(PetscMalloc1(3 * HeatGridLocalCells(g), &values));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++)
      PetscCall(StencilRow(p, j, i, width, ghost_i, ghost_j, &values[3 * (j * g->nxl + i)]));
  }
  HypreCall(HYPRE_StructMatrixSetBoxValues(h->A, h->low, h->high, 3, entries, values));
  HypreCall(HYPRE_StructMatrixAssemble(h->A));
  PetscCall(PetscFree(values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateVector(Peer *h, MPI_Comm comm, HYPRE_StructVector *v)
{
  PetscFunctionBeginUser;
  HypreCall(HYPRE_StructVectorCreate(comm, h->grid, v));
  HypreCall(HYPRE_StructVectorInitialize(*v));
  HypreCall(HYPRE_StructVectorSetConstantValues(*v, 0.0));
  HypreCall(HYPRE_StructVectorAssemble(*v));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpWith(BenchProblem *p, BenchSolver *s, HYPRE_Int relax)
{
  Peer      *h          = s->data;
  HYPRE_Real spacing[3] = {p->g->hx, p->g->hy, 1.0};

  PetscFunctionBeginUser;
  HypreCall(HYPRE_StructPFMGCreate(p->g->comm, &h->pfmg));
  HypreCall(HYPRE_StructPFMGSetMaxIter(h->pfmg, 1));
  HypreCall(HYPRE_StructPFMGSetTol(h->pfmg, 0.0));
  HypreCall(HYPRE_StructPFMGSetZeroGuess(h->pfmg));
  HypreCall(HYPRE_StructPFMGSetRAPType(h->pfmg, 1));
  HypreCall(HYPRE_StructPFMGSetRelaxType(h->pfmg, relax));
  HypreCall(HYPRE_StructPFMGSetSkipRelax(h->pfmg, 1));
  HypreCall(HYPRE_StructPFMGSetNumPreRelax(h->pfmg, 1));
  HypreCall(HYPRE_StructPFMGSetNumPostRelax(h->pfmg, 1));
  HypreCall(HYPRE_StructPFMGSetDxyz(h->pfmg, spacing));
  HypreCall(HYPRE_StructPCGCreate(p->g->comm, &h->pcg));
  HypreCall(HYPRE_StructPCGSetMaxIter(h->pcg, 500));
  HypreCall(HYPRE_StructPCGSetTwoNorm(h->pcg, 1));
  HypreCall(
      HYPRE_StructPCGSetPrecond(h->pcg, HYPRE_StructPFMGSolve, HYPRE_StructPFMGSetup, h->pfmg));
  HypreCall(HYPRE_StructPCGSetup(h->pcg, h->A, h->b, h->x));
  PetscCall(PetscSNPrintf(s->label, sizeof s->label, "pcg+pfmg"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpGaussSeidel(BenchProblem *p, BenchSolver *s)
{
  const HYPRE_Int red_black = 2;

  PetscFunctionBeginUser;
  PetscCall(SetUpWith(p, s, red_black));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpJacobi(BenchProblem *p, BenchSolver *s)
{
  const HYPRE_Int weighted_jacobi = 1;

  PetscFunctionBeginUser;
  PetscCall(SetUpWith(p, s, weighted_jacobi));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode HandOver(BenchProblem *p, BenchSolver *s)
{
  Peer *h;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&h));
  s->data = h;
  HypreCall(HYPRE_Init());
  PetscCall(CreateGrid(h, p->g));
  PetscCall(CreateMatrix(h, p));
  PetscCall(CreateVector(h, p->g->comm, &h->b));
  PetscCall(CreateVector(h, p->g->comm, &h->x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Solve(BenchSolver *s, PetscReal tolerance, Vec b, Vec x, PetscInt *iterations,
                            PetscBool *solved)
{
  Peer            *h = s->data;
  const PetscReal *in;
  PetscReal       *out;
  HYPRE_Int        code, count;
  HYPRE_Real       residual;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(b, &in));
  HypreCall(HYPRE_StructVectorSetBoxValues(h->b, h->low, h->high, (HYPRE_Real *)in));
  PetscCall(VecRestoreArrayRead(b, &in));
  HypreCall(HYPRE_StructVectorSetConstantValues(h->x, 0.0));
  HypreCall(HYPRE_StructPCGSetTol(h->pcg, tolerance));
  code = HYPRE_StructPCGSolve(h->pcg, h->A, h->b, h->x);
  if (code && HYPRE_CheckError(code, HYPRE_ERROR_CONV)) code = HYPRE_ClearAllErrors();
  HypreCall(code);
  HypreCall(HYPRE_StructPCGGetNumIterations(h->pcg, &count));
  HypreCall(HYPRE_StructPCGGetFinalRelativeResidualNorm(h->pcg, &residual));
  PetscCall(VecGetArrayWrite(x, &out));
  HypreCall(HYPRE_StructVectorGetBoxValues(h->x, h->low, h->high, out));
  PetscCall(VecRestoreArrayWrite(x, &out));
  *iterations = count;
  *solved     = residual <= tolerance ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Destroy(BenchSolver *s)
{
  Peer *h = s->data;

  PetscFunctionBeginUser;
  HypreCall(HYPRE_StructPCGDestroy(h->pcg));
  HypreCall(HYPRE_StructPFMGDestroy(h->pfmg));
  HypreCall(HYPRE_StructVectorDestroy(h->x));
  HypreCall(HYPRE_StructVectorDestroy(h->b));
  HypreCall(HYPRE_StructMatrixDestroy(h->A));
  HypreCall(HYPRE_StructStencilDestroy(h->stencil));
  HypreCall(HYPRE_StructGridDestroy(h->grid));
  HypreCall(HYPRE_Finalize());
  PetscCall(PetscFree(h));
  s->data = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

const char *BenchHypreVersion(char *buffer, size_t size)
{
  snprintf(buffer, size, "%s", HYPRE_RELEASE_VERSION);
  return buffer;
}

#else

static PetscErrorCode SetUpGaussSeidel(BenchProblem *p, BenchSolver *s)
{
  PetscFunctionBeginUser;
  (void)p;
  PetscCall(PetscSNPrintf(s->why_not, sizeof s->why_not, "not found"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

  #define HandOver    NULL
  #define SetUpJacobi SetUpGaussSeidel
  #define Solve       NULL
  #define Destroy     NULL

const char *BenchHypreVersion(char *buffer, size_t size)
{
  snprintf(buffer, size, "not found");
  return buffer;
}

#endif

const BenchSolverType BenchPFMG       = {"pfmg", HandOver, SetUpGaussSeidel, Solve, Destroy};
const BenchSolverType BenchPFMGJacobi = {"pfmg-jacobi", HandOver, SetUpJacobi, Solve, Destroy};
