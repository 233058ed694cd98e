/* The problems are made with the helpers of the unit tests, which build cases in C. */
#include "tests/benchmark/bench_problem.h"

#include "tests/benchmark/bench_clock.h"
#include "tests/unit/solver_test.h"

#define SIDE   10.0  /* length of the domain's sides [m], as in TeaLeaf's decks */
#define STEP   0.004 /* time step [s], as in TeaLeaf's decks */
#define BLOCKS 32    /* blocks of the random field along each axis; chosen */

static HeatCase *Blank(PetscInt n, PetscReal conductivity, PetscReal density)
{
  const HeatTestMaterial m = {conductivity, conductivity, density, 1.0 / density};
  HeatCase              *c = HeatTestCase(n, n, SIDE, SIDE, m);

  c->time.scheme           = HEAT_SCHEME_BACKWARD_EULER;
  c->time.step             = STEP;
  c->solver.max_iterations = 50000; /* never reached: CG with Jacobi takes some thousands */
  return c;
}

/* Make the problem of inputs/tealeaf/tea_bm_4.in on n x n cells; conductivity is 1/density,
   temperature density * energy. */
static HeatCase *Deck(PetscInt n)
{
  const PetscReal block = 100.0, pipe = 0.1; /* densities */
  const PetscReal paint[4][5] = {            /* extent in x and y, energy */
                                 {0.0, 1.0, 1.0, 2.0, 25.0},
                                 {1.0, 6.0, 1.0, 2.0, 0.1},
                                 {5.0, 6.0, 1.0, 8.0, 0.1},
                                 {5.0, 10.0, 7.0, 8.0, 0.1}};
  HeatCase       *c           = Blank(n, 1.0 / block, block);

  HeatTestAddMaterial(c, (HeatTestMaterial){1.0 / pipe, 1.0 / pipe, pipe, 1.0 / pipe});
  HeatTestNumber(&c->initial.temperature, block * 1e-4);
  for (int k = 0; k < 4; k++) {
    const PetscReal *p = paint[k];

    HeatTestNumber(&HeatTestRectangle(c, 1, p[0], p[1], p[2], p[3])->temperature, pipe * p[4]);
  }
  c->solver.face_average = HEAT_FACE_ARITHMETIC;
  c->solver.paint        = HEAT_PAINT_TEALEAF;
  return c;
}

/* Make a problem of conductivity 1 whose initial field has a smooth part and a jump. */
static HeatCase *Unit(PetscInt n)
{
  HeatCase *c = Blank(n, 1.0, 1.0);

  HeatTestText(&c->initial.temperature, "cos(0.3*pi*x)*cos(0.2*pi*y)/4");
  HeatTestText(&HeatTestRectangle(c, -1, 2.0, 4.5, 1.0, 6.0)->temperature,
               "1 + cos(0.3*pi*x)*cos(0.2*pi*y)/4");
  return c;
}

/* Return the conductivity contrast^u of own cells, with u uniform in [0, 1) for each block. */
static PetscReal *RandomBlocks(const HeatGrid *g)
{
  const PetscReal contrast = 1000.0;
  PetscReal      *k        = HeatTestArray(g);

  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscInt block_i = (g->xs + i) * BLOCKS / g->nx, block_j = (g->ys + j) * BLOCKS / g->ny;

      k[j * g->nxl + i] = pow(contrast, (HeatTestNoise(block_i, block_j, 1) + 1.0) / 2.0);
    }
  }
  return k;
}

static PetscErrorCode PaintInitial(BenchProblem *p)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateVec(p->g, &p->initial));
  PetscCall(VecGetArrayWrite(p->initial, &values));
  PetscCall(HeatPaintTemperature(p->g, p->c, NULL, PETSC_FALSE, values));
  PetscCall(VecRestoreArrayWrite(p->initial, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AssembleMatrix(BenchProblem *p)
{
  PetscReal start;

  PetscFunctionBeginUser;
  PetscCall(BenchNow(p->g->comm, &start));
  PetscCall(HeatGridCreateMatrix(p->g, &p->A));
  PetscCall(HeatOperatorAssemble(p->op, p->mass, p->A));
  PetscCall(MatSetOption(p->A, MAT_SPD, PETSC_TRUE));
  PetscCall(BenchSince(p->g->comm, start, &p->assembly));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchProblemCreate(MPI_Comm comm, const char *name, PetscInt n,
                                  BenchProblem **problem)
{
  const PetscBool deck     = strcmp(name, "deck") == 0 ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool random   = strcmp(name, "random") == 0 ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool constant = strcmp(name, "constant") == 0 ? PETSC_TRUE : PETSC_FALSE;
  HeatCellInputs  inputs   = {0};
  BenchProblem   *p;

  PetscFunctionBeginUser;
  HeatCheck(deck || random || constant, comm, HEAT_ERR_INPUT,
            "-problem: found '%s'; it must be deck, constant or random", name);
  PetscCall(PetscNew(&p));
  *problem            = p;
  const HeatProblem h = HeatTestSetUpGrid(comm, deck ? Deck(n) : Unit(n));
  p->c                = h.c;
  p->g                = h.g;
  p->mass             = 1.0 / p->c->time.step;
  if (random) inputs.properties[HEAT_PROPERTY_CONDUCTIVITY] = RandomBlocks(p->g);
  PetscCall(HeatOperatorCreate(p->g, p->c, &inputs, &p->op));
  PetscCall(PetscFree(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY]));
  PetscCall(HeatOperatorSetTime(p->op, 0.0)); /* nothing depends on time */
  PetscCall(PaintInitial(p));
  PetscCall(AssembleMatrix(p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchProblemRightSide(BenchProblem *p, Vec u, Vec b)
{
  const PetscReal *in;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(u, &in));
  PetscCall(VecGetArrayWrite(b, &out));
  PetscCall(HeatOperatorNet(p->op, in, out));
  PetscCall(VecRestoreArrayWrite(b, &out));
  PetscCall(VecRestoreArrayRead(u, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchProblemResidual(BenchProblem *p, Vec b, Vec x, PetscReal *residual,
                                    PetscReal *rounding)
{
  const size_t     n = HeatGridLocalCells(p->g);
  const PetscReal *values, *right;
  PetscReal       *y, sums[3] = {0.0, 0.0, 0.0}; /* sums of squares: b - A x, d x, b */

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &y));
  PetscCall(VecGetArrayRead(x, &values));
  PetscCall(VecGetArrayRead(b, &right));
  PetscCall(HeatOperatorApply(p->op, p->mass, values, y));
  for (size_t i = 0; i < n; i++) {
    sums[0] += PetscSqr(right[i] - y[i]);
    sums[2] += PetscSqr(right[i]);
  }
  PetscCall(HeatOperatorDiagonal(p->op, p->mass, y));
  for (size_t i = 0; i < n; i++) sums[1] += PetscSqr(y[i] * values[i]);
  PetscCall(VecRestoreArrayRead(b, &right));
  PetscCall(VecRestoreArrayRead(x, &values));
  PetscCall(PetscFree(y));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 3, MPIU_REAL, MPI_SUM, p->g->comm));
  *residual = PetscSqrtReal(sums[0] / sums[2]);
  *rounding = PETSC_MACHINE_EPSILON * PetscSqrtReal(sums[1] / sums[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchProblemIntegral(BenchProblem *p, Vec u, PetscReal *integral)
{
  const size_t     n = HeatGridLocalCells(p->g);
  const PetscReal *values;
  PetscReal        sum = 0.0;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(u, &values));
  for (size_t i = 0; i < n; i++) sum += HeatOperatorDensity(p->op, i) * values[i];
  PetscCall(VecRestoreArrayRead(u, &values));
  PetscCallMPI(MPI_Allreduce(&sum, integral, 1, MPIU_REAL, MPI_SUM, p->g->comm));
  *integral *= p->g->hx * p->g->hy;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchProblemDestroy(BenchProblem **problem)
{
  BenchProblem *p = *problem;

  PetscFunctionBeginUser;
  if (!p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MatDestroy(&p->A));
  PetscCall(VecDestroy(&p->initial));
  PetscCall(HeatOperatorDestroy(&p->op));
  PetscCall(HeatGridDestroy(&p->g));
  PetscCall(HeatCaseDestroy(&p->c));
  PetscCall(PetscFree(*problem));
  PetscFunctionReturn(PETSC_SUCCESS);
}
