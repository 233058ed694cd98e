/* Reproducible Vecs: each operation agrees with that of PETSc's Vec to rounding, and solvers
   find the same bits on every layout of the ranks, which they do not with PETSc's Vecs. */
#include "solver_test.h"

#include <petscsnes.h>

#include "solver/base/reproducible_vec.h"

enum { NX = 41, NY = 37 };

static const PetscReal Mass =
    2e4; /* [1/s]; chosen such that solves take about a hundred iterations */

/* Make two materials whose conductivities differ by a factor of 1000, with one side held. */
static HeatCase *Make(const void *context)
{
  HeatCase *c = HeatTestCase(NX, NY, 1.2, 0.9, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){1000.0, 300.0, 2.0, 3.0});
  HeatTestRectangle(c, 1, 0.3, 0.8, 0.2, 0.6);
  HeatTestTemperature(c, HEAT_LEFT, "1");
  return c;
}

static Vec Noise(const HeatGrid *g, int seed)
{
  PetscReal *values = HeatTestNoiseArray(g, seed);
  Vec        v      = HeatTestVec(g, values);

  OK(PetscFree(values));
  return v;
}

/* ------- operations ------- */

typedef struct {
  Vec x, y, z;
} Three;

static Three MakeThree(const HeatGrid *g) { return (Three){Noise(g, 1), Noise(g, 2), Noise(g, 3)}; }

static void DestroyThree(Three *v)
{
  OK(VecDestroy(&v->x));
  OK(VecDestroy(&v->y));
  OK(VecDestroy(&v->z));
}

enum { SUMS = 18 };

/* Store the results of all operations of PETSc that sum over a Vec. */
static void FindSums(Three *v, PetscReal values[SUMS])
{
  const Vec others[2] = {v->y, v->z};

  OK(VecDot(v->x, v->y, &values[0]));
  OK(VecTDot(v->x, v->z, &values[1]));
  OK(VecMDot(v->x, 2, others, &values[2]));
  OK(VecMTDot(v->y, 2, others, &values[4]));
  OK(VecNorm(v->x, NORM_1, &values[6]));
  OK(VecNorm(v->x, NORM_2, &values[7]));
  OK(VecNorm(v->y, NORM_FROBENIUS, &values[8]));
  OK(VecNorm(v->z, NORM_1_AND_2, &values[9]));
  OK(VecNorm(v->z, NORM_INFINITY, &values[11]));
  OK(VecDotNorm2(v->x, v->y, &values[12], &values[13]));
  OK(VecSum(v->x, &values[14]));
  OK(VecMean(v->y, &values[15]));
  OK(VecMax(v->x, NULL, &values[16]));
  OK(VecMin(v->x, NULL, &values[17]));
}

/* Store the results of the split-phase operations.  x is changed first, because PETSc caches a norm
   until the Vec changes. */
static void FindSplitSums(Three *v, PetscReal values[SUMS])
{
  const Vec others[2] = {v->y, v->z};

  memset(values, 0, SUMS * sizeof *values);
  OK(VecShift(v->x, 0.5));
  OK(VecDotBegin(v->x, v->y, &values[0]));
  OK(VecTDotBegin(v->x, v->z, &values[1]));
  OK(VecMDotBegin(v->x, 2, others, &values[2]));
  OK(VecMTDotBegin(v->y, 2, others, &values[4]));
  OK(VecNormBegin(v->x, NORM_1, &values[6]));
  OK(VecNormBegin(v->x, NORM_2, &values[7]));
  OK(VecNormBegin(v->z, NORM_1_AND_2, &values[8]));
  OK(VecNormBegin(v->z, NORM_INFINITY, &values[10]));
  OK(VecDotEnd(v->x, v->y, &values[0]));
  OK(VecTDotEnd(v->x, v->z, &values[1]));
  OK(VecMDotEnd(v->x, 2, others, &values[2]));
  OK(VecMTDotEnd(v->y, 2, others, &values[4]));
  OK(VecNormEnd(v->x, NORM_1, &values[6]));
  OK(VecNormEnd(v->x, NORM_2, &values[7]));
  OK(VecNormEnd(v->z, NORM_1_AND_2, &values[8]));
  OK(VecNormEnd(v->z, NORM_INFINITY, &values[10]));
}

static void Combine(Three *v, Vec result)
{
  const PetscScalar factors[2] = {0.3, -0.7};
  Vec               terms[2]   = {v->x, v->z};

  OK(VecAXPBY(result, 0.9, 0.0, v->z)); /* `result` is uninitialised before */
  OK(VecAXPY(result, 1.1, v->x));
  OK(VecAYPX(result, 0.2, v->y));
  OK(VecAXPBY(result, 0.6, 0.4, v->x));
  OK(VecMAXPY(result, 2, factors, terms));
  OK(VecAXPBYPCZ(result, 0.1, 0.7, 0.3, v->x, v->z));
  OK(VecWAXPY(v->z, 0.3, result, v->x));
  OK(VecCopy(v->z, result));
}

/* Return the largest deviation between the operations of plain Vecs and of reproducible ones. */
static PetscReal OperationsApart(HeatProblem *p)
{
  PetscReal        sums[2][SUMS], split[2][SUMS], worst = 0.0;
  Vec              result[2];
  const PetscReal *values;

  for (int k = 0; k < 2; k++) {
    if (k == 1) p->g->vec_type = HEAT_VEC_REPRODUCIBLE;
    Three v = MakeThree(p->g);
    OK(VecDuplicate(v.x, &result[k]));
    FindSums(&v, sums[k]);
    FindSplitSums(&v, split[k]);
    Combine(&v, result[k]);
    DestroyThree(&v);
  }
  for (int s = 0; s < SUMS; s++) {
    worst = HeatTestMax(worst, fabs(sums[0][s] - sums[1][s]));
    worst = HeatTestMax(worst, fabs(split[0][s] - split[1][s]));
  }
  OK(VecGetArrayRead(result[0], &values));
  worst = HeatTestMax(worst, HeatTestVecApart(p->g, result[1], values));
  OK(VecRestoreArrayRead(result[0], &values));
  for (int k = 0; k < 2; k++) OK(VecDestroy(&result[k]));
  return worst;
}

/* The sums have 1517 terms and reach a thousand. */
static void operations_are_those_of_plain_vecs_to_rounding(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, OperationsApart, NULL), 1e-11);
}

static PetscReal NotANumberShows(HeatProblem *p)
{
  PetscReal  norm[4];
  PetscReal *values;
  Vec        v;

  p->g->vec_type = HEAT_VEC_REPRODUCIBLE;
  v              = Noise(p->g, 1);
  OK(VecGetArray(v, &values));
  if (p->g->rank == p->g->size - 1) values[0] = NAN;
  OK(VecRestoreArray(v, &values));
  OK(VecNorm(v, NORM_INFINITY, &norm[0]));
  OK(VecNorm(v, NORM_2, &norm[1]));
  OK(VecNorm(v, NORM_1, &norm[2]));
  OK(VecDot(v, v, &norm[3]));
  OK(VecDestroy(&v));
  return isinf(norm[0]) && isnan(norm[1]) && isnan(norm[2]) && isnan(norm[3]) ? 0.0 : 1.0;
}

static void norms_show_what_is_not_a_number(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, NotANumberShows, NULL), 0.0);
}

/* ------- solvers ------- */

/* How to solve A x + cube x^3 = b, where x^3 is taken of each element. */
typedef struct {
  PetscBool   reproducible;
  const char *ksp, *pc;
  PCSide      side;
  PetscReal   cube;
} Method;

typedef struct {
  const Method *method;
  HeatProblem  *p;
  Vec           x; /* at which the present Jacobian is taken */
} Problem;

static PetscErrorCode Multiply(Mat A, Vec x, Vec y)
{
  const PetscReal *in, *at;
  PetscReal       *out;
  Problem         *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(VecGetArrayRead(x, &in));
  PetscCall(VecGetArrayWrite(y, &out));
  PetscCall(HeatOperatorApply(s->p->op, Mass, in, out));
  PetscCall(VecGetArrayRead(s->x, &at));
  for (size_t k = 0; k < HeatGridLocalCells(s->p->g); k++)
    out[k] += 3.0 * s->method->cube * at[k] * at[k] * in[k];
  PetscCall(VecRestoreArrayRead(s->x, &at));
  PetscCall(VecRestoreArrayWrite(y, &out));
  PetscCall(VecRestoreArrayRead(x, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Diagonal(Mat A, Vec d)
{
  PetscReal *out;
  Problem   *s;

  PetscFunctionBeginUser;
  PetscCall(MatShellGetContext(A, &s));
  PetscCall(VecGetArrayWrite(d, &out));
  PetscCall(HeatOperatorDiagonal(s->p->op, Mass, out));
  PetscCall(VecRestoreArrayWrite(d, &out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Function(SNES snes, Vec x, Vec f, void *context)
{
  const PetscReal *in;
  PetscReal       *out;
  Problem         *s = context;

  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(VecGetArrayRead(x, &in));
  PetscCall(VecGetArrayWrite(f, &out));
  PetscCall(HeatOperatorApply(s->p->op, Mass, in, out));
  for (size_t k = 0; k < HeatGridLocalCells(s->p->g); k++)
    out[k] += s->method->cube * in[k] * in[k] * in[k];
  PetscCall(VecRestoreArrayWrite(f, &out));
  PetscCall(VecRestoreArrayRead(x, &in));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Jacobian(SNES snes, Vec x, Mat A, Mat P, void *context)
{
  PetscFunctionBeginUser;
  (void)snes, (void)P;
  PetscCall(VecCopy(x, ((Problem *)context)->x));
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static Mat MakeMatrix(Problem *s)
{
  const PetscInt n = (PetscInt)HeatGridLocalCells(s->p->g);
  Mat            A;

  OK(MatCreateShell(s->p->g->comm, n, n, PETSC_DETERMINE, PETSC_DETERMINE, s, &A));
  OK(MatSetVecType(A, s->p->g->vec_type));
  OK(MatShellSetOperation(A, MATOP_MULT, (void (*)(void))Multiply));
  OK(MatShellSetOperation(A, MATOP_GET_DIAGONAL, (void (*)(void))Diagonal));
  return A;
}

static void Configure(const Problem *s, KSP ksp, PetscReal tolerance)
{
  PC pc;

  OK(KSPSetType(ksp, s->method->ksp));
  OK(KSPSetPCSide(ksp, s->method->side));
  OK(KSPSetTolerances(ksp, tolerance, PETSC_DEFAULT, PETSC_DEFAULT, 2000));
  OK(KSPGetPC(ksp, &pc));
  OK(PCSetType(pc, s->method->pc));
}

static PetscBool SolveLinear(Problem *s, Mat A, Vec b, Vec x)
{
  KSPConvergedReason reason;
  KSP                ksp;

  OK(KSPCreate(s->p->g->comm, &ksp));
  OK(KSPSetOperators(ksp, A, A));
  Configure(s, ksp, 1e-9);
  OK(KSPSetUp(ksp)); /* heat2d, too, sets the KSP up before it creates a Vec */
  OK(KSPSolve(ksp, b, x));
  OK(KSPGetConvergedReason(ksp, &reason));
  OK(KSPDestroy(&ksp));
  return reason > 0 ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool SolveNewton(Problem *s, Mat A, Vec b, Vec x)
{
  SNESConvergedReason reason;
  SNES                snes;
  KSP                 ksp;
  Vec                 f;

  OK(VecDuplicate(x, &f));
  OK(SNESCreate(s->p->g->comm, &snes));
  OK(SNESSetFunction(snes, f, Function, s));
  OK(SNESSetJacobian(snes, A, A, Jacobian, s));
  OK(SNESGetKSP(snes, &ksp));
  Configure(s, ksp, 1e-3);
  OK(SNESSolve(snes, b, x));
  OK(SNESGetConvergedReason(snes, &reason));
  OK(SNESDestroy(&snes));
  OK(VecDestroy(&f));
  return reason > 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the solution on p's ranks, or NaN in all elements if the solve failed. */
static Vec Solve(const Method *method, HeatProblem *p)
{
  Problem   s = {method, p, NULL};
  PetscBool solved;
  Vec       b, x;
  Mat       A;

  if (s.method->reproducible) p->g->vec_type = HEAT_VEC_REPRODUCIBLE;
  b = Noise(p->g, 6);
  OK(VecDuplicate(b, &x));
  OK(VecDuplicate(b, &s.x));
  OK(VecZeroEntries(x));
  OK(VecZeroEntries(s.x));
  A      = MakeMatrix(&s);
  solved = s.method->cube > 0.0 ? SolveNewton(&s, A, b, x) : SolveLinear(&s, A, b, x);
  if (!solved) OK(VecSet(x, NAN));
  OK(MatDestroy(&A));
  OK(VecDestroy(&s.x));
  OK(VecDestroy(&b));
  return x;
}

/* Count this rank's rows whose bits differ from the solution of one rank; infinite if it failed. */
static PetscReal RowsApart(HeatProblem *p)
{
  const HeatGrid  *g    = p->g;
  HeatProblem      one  = HeatTestSetUp(PETSC_COMM_SELF, Make(NULL));
  Vec              mine = Solve(p->context, p), whole = Solve(p->context, &one);
  const PetscReal *a, *b;
  PetscReal        apart = 0.0;

  OK(VecGetArrayRead(mine, &a));
  OK(VecGetArrayRead(whole, &b));
  if (isnan(b[0])) apart = INFINITY;
  for (PetscInt j = 0; j < g->nyl; j++)
    apart += memcmp(a + j * g->nxl, b + (g->ys + j) * NX + g->xs, (size_t)g->nxl * sizeof *a) != 0;
  OK(VecRestoreArrayRead(whole, &b));
  OK(VecRestoreArrayRead(mine, &a));
  OK(VecDestroy(&whole));
  OK(VecDestroy(&mine));
  HeatTestTearDown(&one);
  return apart;
}

static PetscReal LayoutsApart(PetscBool reproducible, const char *ksp, const char *pc, PCSide side,
                              PetscReal cube)
{
  const Method method = {reproducible, ksp, pc, side, cube};

  return HeatTestLayouts(Make, RowsApart, &method);
}

static void conjugate_gradients_find_the_same_bits(void **state)
{
  (void)state;
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPCG, PCNONE, PC_LEFT, 0.0), 0.0);
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPCG, PCJACOBI, PC_LEFT, 0.0), 0.0);
}

static void gmres_from_the_right_finds_the_same_bits(void **state)
{
  (void)state;
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPGMRES, PCNONE, PC_RIGHT, 0.0), 0.0);
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPGMRES, PCJACOBI, PC_RIGHT, 0.0), 0.0);
}

/* BiCGStab needs two dot products at once; the pipelined method overlaps split-phase sums with the
   product with the matrix. */
static void methods_with_other_sums_find_the_same_bits(void **state)
{
  (void)state;
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPBCGS, PCJACOBI, PC_LEFT, 0.0), 0.0);
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPPIPECG, PCJACOBI, PC_LEFT, 0.0), 0.0);
}

static void newtons_method_finds_the_same_bits(void **state)
{
  (void)state;
  AT_MOST(LayoutsApart(PETSC_TRUE, KSPGMRES, PCJACOBI, PC_RIGHT, 10.0), 0.0);
}

/* If plain Vecs gave the same bits, the tests above would show nothing. */
static void plain_vecs_do_not_give_the_same_bits(void **state)
{
  (void)state;
  if (HeatTestSize() == 1) skip();
  ALL(HeatTestWorst(LayoutsApart(PETSC_FALSE, KSPCG, PCJACOBI, PC_LEFT, 0.0)) > 0.0);
  ALL(HeatTestWorst(LayoutsApart(PETSC_FALSE, KSPGMRES, PCJACOBI, PC_RIGHT, 0.0)) > 0.0);
  ALL(HeatTestWorst(LayoutsApart(PETSC_FALSE, KSPGMRES, PCJACOBI, PC_RIGHT, 10.0)) > 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(operations_are_those_of_plain_vecs_to_rounding),
    cmocka_unit_test(norms_show_what_is_not_a_number),
    cmocka_unit_test(conjugate_gradients_find_the_same_bits),
    cmocka_unit_test(gmres_from_the_right_finds_the_same_bits),
    cmocka_unit_test(methods_with_other_sums_find_the_same_bits),
    cmocka_unit_test(newtons_method_finds_the_same_bits),
    cmocka_unit_test(plain_vecs_do_not_give_the_same_bits),
};

int main(void) { return RUN_TESTS(Tests); }
