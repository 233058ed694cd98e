/** Entry `matrix`: the matrix of an implicit step, A = mass C - J (HeatOperatorApply;
 * solver/README.md eq. (11)), is symmetric and positive, and all its forms in the code are the
 * same matrix: the matrix-free product, the assembled matrix, its diagonal, and the change of the
 * net heat.
 *
 * The test vectors are random numbers that depend only on the global number of the cell and a seed,
 * so that every number of ranks measures the same. */
#include <math.h>

#include "app/verify/verify_entries.h"

/* Return a random number in (-1, 1) for a cell, by the increment and the finaliser of splitmix64.
   Its upper 53 bits are scaled by 2^53 = 9007199254740992. */
static PetscReal RandomNumber(uint64_t seed, uint64_t cell)
{
  uint64_t z = (cell + 1) * 0x9E3779B97F4A7C15u + seed;

  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  z ^= z >> 31;
  return 2.0 * ((PetscReal)(z >> 11) + 0.5) / 9007199254740992.0 - 1.0;
}

/* Create a global Vec of random numbers. */
static PetscErrorCode CreateRandom(const HeatGrid *g, uint64_t seed, Vec *x)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateVec(g, x));
  PetscCall(VecGetArrayWrite(*x, &values));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const uint64_t cell = (uint64_t)(g->ys + j) * (uint64_t)g->nx + (uint64_t)(g->xs + i);

      values[(size_t)j * (size_t)g->nxl + (size_t)i] = RandomNumber(seed, cell);
    }
  }
  PetscCall(VecRestoreArrayWrite(*x, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* y = A x, matrix-free. */
static PetscErrorCode Apply(HeatOperator *op, PetscReal mass, Vec x, Vec y)
{
  const PetscReal *in;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &in));
  PetscCall(VecGetArrayWrite(y, &out));
  PetscCall(HeatOperatorApply(op, mass, in, out));
  PetscCall(VecRestoreArrayWrite(y, &out));
  PetscCall(VecRestoreArrayRead(x, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* net = N(T), the net heat of each cell [W/m] (solver/README.md eq. (2)). */
static PetscErrorCode ComputeNetHeat(HeatOperator *op, Vec T, Vec net)
{
  const PetscReal *in;
  PetscReal       *out;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(T, &in));
  PetscCall(VecGetArrayWrite(net, &out));
  PetscCall(HeatOperatorNet(op, in, out));
  PetscCall(VecRestoreArrayWrite(net, &out));
  PetscCall(VecRestoreArrayRead(T, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute ||a - b|| / ||b||.  a is overwritten with a - b. */
static PetscErrorCode RelativeDifference(Vec a, Vec b, PetscReal *difference)
{
  PetscReal size;

  PetscFunctionBeginUser;
  PetscCall(VecAXPY(a, -1.0, b));
  PetscCall(VecNorm(a, NORM_2, difference));
  PetscCall(VecNorm(b, NORM_2, &size));
  *difference /= size;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure symmetry, the largest |x'Ay - y'Ax| / (||x|| ||Ay||), and positivity, the smallest
   x'Ax / x'x, over eight pairs of random vectors (chosen). */
static PetscErrorCode MeasureSymmetry(HeatVerify *v, HeatVerifyProblem *p, PetscReal mass,
                                      const char *name)
{
  PetscReal asymmetry = 0.0, smallest = INFINITY;

  PetscFunctionBeginUser;
  for (uint64_t seed = 1; seed <= 8; seed++) {
    Vec         x, y, Ax, Ay;
    PetscScalar xAy, yAx, xAx, xx;
    PetscReal   size_x, size_Ay;

    PetscCall(CreateRandom(p->grid, 2 * seed, &x));
    PetscCall(CreateRandom(p->grid, 2 * seed + 1, &y));
    PetscCall(VecDuplicate(x, &Ax));
    PetscCall(VecDuplicate(x, &Ay));
    PetscCall(Apply(p->op, mass, x, Ax));
    PetscCall(Apply(p->op, mass, y, Ay));
    PetscCall(VecDot(x, Ay, &xAy));
    PetscCall(VecDot(y, Ax, &yAx));
    PetscCall(VecDot(x, Ax, &xAx));
    PetscCall(VecDot(x, x, &xx));
    PetscCall(VecNorm(x, NORM_2, &size_x));
    PetscCall(VecNorm(Ay, NORM_2, &size_Ay));
    const PetscReal difference = PetscAbsReal(xAy - yAx) / (size_x * size_Ay);

    asymmetry = PetscMax(asymmetry, isfinite(difference) ? difference : INFINITY);
    smallest  = PetscMin(smallest, isfinite(xAx) ? xAx / xx : -INFINITY);
    PetscCall(VecDestroy(&x));
    PetscCall(VecDestroy(&y));
    PetscCall(VecDestroy(&Ax));
    PetscCall(VecDestroy(&Ay));
  }
  /* 1e-13 allows for the rounding of sums of some hundred products. */
  PetscCall(HeatVerifyBelow(v, asymmetry, 1e-13, "%s: asymmetry for random vectors", name));
  PetscCall(HeatVerifyBetween(v, smallest, PETSC_SMALL, INFINITY, "%s: smallest x'Ax/x'x", name));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the assembled matrix and the change of the net heat with the matrix-free product, and the
   operator's diagonal with that of the assembled matrix. */
static PetscErrorCode CompareForms(HeatVerify *v, HeatVerifyProblem *p, PetscReal mass,
                                   const char *name)
{
  Vec        x, Ax, other, T; /* T also takes the diagonal of the assembled matrix */
  Mat        A;
  PetscReal  difference;
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(CreateRandom(p->grid, 77, &x));
  PetscCall(VecDuplicate(x, &Ax));
  PetscCall(VecDuplicate(x, &other));
  PetscCall(VecDuplicate(x, &T));
  PetscCall(Apply(p->op, mass, x, Ax));
  PetscCall(HeatGridCreateMatrix(p->grid, &A));
  PetscCall(HeatOperatorAssemble(p->op, mass, A));
  PetscCall(MatMult(A, x, other));
  PetscCall(RelativeDifference(other, Ax, &difference));
  PetscCall(
      HeatVerifyBelow(v, difference, 1e-14, "%s: assembled against matrix-free product", name));

  PetscCall(VecGetArrayWrite(other, &values));
  PetscCall(HeatOperatorDiagonal(p->op, mass, values));
  PetscCall(VecRestoreArrayWrite(other, &values));
  PetscCall(MatGetDiagonal(A, T));
  PetscCall(RelativeDifference(other, T, &difference));
  PetscCall(HeatVerifyBelow(v, difference, 1e-14, "%s: diagonal against assembled matrix", name));
  PetscCall(MatDestroy(&A));

  /* N(T) - N(T + x) = A x for mass = 0: the contributions of sides and sources cancel. */
  PetscCall(Apply(p->op, 0.0, x, Ax));
  PetscCall(VecDestroy(&T));
  PetscCall(CreateRandom(p->grid, 5, &T));
  PetscCall(ComputeNetHeat(p->op, T, other));
  PetscCall(VecAXPY(T, 1.0, x));
  PetscCall(ComputeNetHeat(p->op, T, x));
  PetscCall(VecAXPY(other, -1.0, x));
  PetscCall(RelativeDifference(other, Ax, &difference));
  PetscCall(
      HeatVerifyBelow(v, difference, 1e-13, "%s: net heat against matrix-free product", name));
  PetscCall(VecDestroy(&x));
  PetscCall(VecDestroy(&Ax));
  PetscCall(VecDestroy(&other));
  PetscCall(VecDestroy(&T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyMatrix(HeatVerify *v)
{
  HeatVerifyProblem *p;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifyOpen(v, HeatVerifyJumpCase, &p));
  PetscCall(MeasureSymmetry(v, p, 1.0 / p->dt, "implicit step"));
  PetscCall(MeasureSymmetry(v, p, 0.0, "steady state"));
  PetscCall(CompareForms(v, p, 1.0 / p->dt, "sides"));
  PetscCall(HeatVerifyClose(v, &p));
  for (int s = 0; s < HEAT_SIDES; s++)
    PetscCall(HeatVerifySet(v, "boundary.%s={type: periodic}", HeatSideNames[s]));
  PetscCall(HeatVerifyOpen(v, HeatVerifyJumpCase, &p));
  PetscCall(MeasureSymmetry(v, p, 1.0 / p->dt, "periodic"));
  PetscCall(CompareForms(v, p, 1.0 / p->dt, "periodic"));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}
