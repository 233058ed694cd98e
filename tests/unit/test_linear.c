/* The linear solve of an implicit step: its accuracy, which preconditioners need an assembled
   matrix, and its errors. */
#include "solver_test.h"

/* Make 12 x 9 cells of two materials whose conductivities differ by a factor of 1000, with one
   side at a given temperature. */
static HeatCase *Blank(const char *preconditioner, PetscReal tolerance)
{
  HeatCase *c = HeatTestCase(12, 9, 1.2, 0.9, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});

  HeatTestAddMaterial(c, (HeatTestMaterial){1000.0, 300.0, 2.0, 3.0});
  HeatTestRectangle(c, 1, 0.3, 0.8, 0.2, 0.6);
  HeatTestTemperature(c, HEAT_LEFT, "1");
  c->time.scheme      = HEAT_SCHEME_BACKWARD_EULER;
  c->solver.tolerance = tolerance;
  OK(PetscFree(c->solver.preconditioner));
  OK(PetscStrallocpy(preconditioner, &c->solver.preconditioner));
  return c;
}

/* Return the true residual ||b - A x||/||b||, with the matrix-free product. */
static PetscReal TrueResidual(HeatProblem *p, PetscReal mass, const PetscReal *b, Vec x)
{
  PetscReal       *y = HeatTestArray(p->g), norm, all = sqrt(HeatTestDot(p->g, b, b));
  const PetscReal *array;

  OK(VecGetArrayRead(x, &array));
  OK(HeatOperatorApply(p->op, mass, array, y));
  OK(VecRestoreArrayRead(x, &array));
  for (size_t k = 0; k < HeatGridLocalCells(p->g); k++) y[k] -= b[k];
  norm = sqrt(HeatTestDot(p->g, y, y));
  OK(PetscFree(y));
  return norm / all;
}

/* Solve for a noisy right-hand side, with x far from the solution, and return the true residual. */
static PetscReal Solve(HeatProblem *p, HeatLinear *linear, PetscReal mass, HeatSolveInfo *info)
{
  PetscReal *b   = HeatTestNoiseArray(p->g, 6), residual;
  Vec        rhs = HeatTestVec(p->g, b), x;

  OK(VecDuplicate(rhs, &x));
  OK(VecSet(x, 1e6));
  OK(HeatLinearSolve(linear, rhs, x, "a test", info));
  residual = TrueResidual(p, mass, b, x);
  OK(VecDestroy(&rhs));
  OK(VecDestroy(&x));
  OK(PetscFree(b));
  return residual;
}

static PetscReal SolveWith(const char *preconditioner)
{
  HeatProblem   p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(preconditioner, 1e-9));
  HeatLinear   *linear;
  HeatSolveInfo info;
  PetscReal     residual;

  OK(HeatLinearCreate(p.op, 2.0, &linear));
  residual = Solve(&p, linear, 2.0, &info);
  if (info.iterations < 1 || !(info.residual <= 1e-9)) residual = INFINITY;
  /* The solver must report this residual. */
  if (!(fabs(info.true_residual - residual) <= 1e-3 * residual)) residual = INFINITY;
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
  return residual;
}

/* The bound exceeds the tolerance by a tenth, because the recursive residual drifts from the
   true one by rounding times the condition number. */
static void solution_meets_the_tolerance_in_the_true_residual(void **state)
{
  (void)state;
  AT_MOST(SolveWith("none"), 1.1e-9);
  AT_MOST(SolveWith("jacobi"), 1.1e-9);
  AT_MOST(SolveWith("multigrid"), 1.1e-9);
  AT_MOST(SolveWith("bjacobi"), 1.1e-9);
}

static void steady_matrix_of_a_held_side_is_solved(void **state)
{
  HeatProblem   p = HeatTestSetUp(PETSC_COMM_WORLD, Blank("multigrid", 1e-9));
  HeatLinear   *linear;
  HeatSolveInfo info;

  (void)state;
  OK(HeatLinearCreate(p.op, 0.0, &linear));
  AT_MOST(Solve(&p, linear, 0.0, &info), 1.1e-9);
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
}

static void zero_right_hand_side_gives_exactly_zero(void **state)
{
  HeatProblem   p    = HeatTestSetUp(PETSC_COMM_WORLD, Blank("jacobi", 1e-9));
  PetscReal    *zero = HeatTestArray(p.g);
  Vec           b    = HeatTestVec(p.g, zero), x;
  HeatLinear   *linear;
  HeatSolveInfo info;

  (void)state;
  OK(VecDuplicate(b, &x));
  OK(VecSet(x, 7.0));
  OK(HeatLinearCreate(p.op, 2.0, &linear));
  OK(HeatLinearSolve(linear, b, x, "a test", &info));
  AT_MOST(HeatTestVecApart(p.g, x, zero), 0.0);
  ALL(info.iterations == 0 && info.residual == 0.0);
  OK(HeatLinearDestroy(&linear));
  OK(VecDestroy(&b));
  OK(VecDestroy(&x));
  OK(PetscFree(zero));
  HeatTestTearDown(&p);
}

/* Return the iterations of a solver whose mass was changed from 1e4 to 0.5, divided by those of a
   solver that was created with 0.5. */
static PetscReal IterationsAfterAnotherMass(const char *preconditioner)
{
  HeatProblem   p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(preconditioner, 1e-9));
  HeatLinear   *linear, *fresh;
  HeatSolveInfo info, info_fresh;

  OK(HeatLinearCreate(p.op, 1e4, &linear));
  AT_MOST(Solve(&p, linear, 1e4, &info), 1.1e-9);
  OK(HeatLinearSetMass(linear, 0.5));
  AT_MOST(Solve(&p, linear, 0.5, &info), 1.1e-9);
  OK(HeatLinearCreate(p.op, 0.5, &fresh));
  AT_MOST(Solve(&p, fresh, 0.5, &info_fresh), 1.1e-9);
  OK(HeatLinearDestroy(&fresh));
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
  return (PetscReal)info.iterations / (PetscReal)info_fresh.iterations;
}

/* With a preconditioner of the old matrix the solve would still converge, but take many more
   iterations than the bounds allow. */
static void another_mass_is_another_matrix(void **state)
{
  (void)state;
  AT_MOST(IterationsAfterAnotherMass("multigrid"), 2.5);
  AT_MOST(IterationsAfterAnotherMass("bjacobi"), 1.1);
  AT_MOST(IterationsAfterAnotherMass("none"), 1.1);
}

static void jacobi_takes_the_diagonal_of_another_mass(void **state)
{
  (void)state;
  AT_MOST(IterationsAfterAnotherMass("jacobi"), 1.1);
}

/* ------- what is assembled ------- */

static PetscBool IsMatrixFree(const char *preconditioner)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(preconditioner, 1e-9));
  HeatLinear *linear;
  Mat         A, P;
  PetscBool   A_shell, P_shell;

  OK(HeatLinearCreate(p.op, 2.0, &linear));
  OK(KSPGetOperators(HeatLinearKSP(linear), &A, &P));
  OK(PetscObjectTypeCompare((PetscObject)A, MATSHELL, &A_shell));
  OK(PetscObjectTypeCompare((PetscObject)P, MATSHELL, &P_shell));
  ALL(A_shell); /* only the preconditioner's matrix may be assembled */
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
  return P_shell;
}

static void jacobi_and_none_need_no_matrix(void **state)
{
  (void)state;
  ALL(IsMatrixFree("jacobi"));
  ALL(IsMatrixFree("none"));
}

static void block_jacobi_gets_an_assembled_matrix(void **state)
{
  (void)state;
  ALL(!IsMatrixFree("bjacobi"));
}

/* Return whether the set-up of a solver has created the grid's DMDA. */
static PetscBool HasDMDA(const char *preconditioner)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank(preconditioner, 1e-9));
  HeatLinear *linear;
  PetscBool   has;

  OK(HeatLinearCreate(p.op, 2.0, &linear));
  has = *p.g->da ? PETSC_TRUE : PETSC_FALSE;
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
  return has;
}

static void only_methods_that_need_a_matrix_create_a_dmda(void **state)
{
  (void)state;
  ALL(!HasDMDA("multigrid"));
  ALL(!HasDMDA("jacobi"));
  ALL(!HasDMDA("none"));
  ALL(HasDMDA("bjacobi"));
}

static void petscs_options_have_the_last_word(void **state)
{
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank("jacobi", 1e-9));
  HeatLinear *linear;
  KSPType     ksp_type;
  PCType      pc_type;
  PC          pc;
  PetscReal   tolerance;

  (void)state;
  OK(PetscOptionsSetValue(NULL, "-pc_type", "none"));
  OK(PetscOptionsSetValue(NULL, "-ksp_type", "minres"));
  OK(PetscOptionsSetValue(NULL, "-ksp_rtol", "1e-3"));
  OK(HeatLinearCreate(p.op, 2.0, &linear));
  OK(PetscOptionsClearValue(NULL, "-pc_type"));
  OK(PetscOptionsClearValue(NULL, "-ksp_type"));
  OK(PetscOptionsClearValue(NULL, "-ksp_rtol"));
  OK(KSPGetType(HeatLinearKSP(linear), &ksp_type));
  OK(KSPGetPC(HeatLinearKSP(linear), &pc));
  OK(PCGetType(pc, &pc_type));
  OK(KSPGetTolerances(HeatLinearKSP(linear), &tolerance, NULL, NULL, NULL));
  ALL(strcmp(ksp_type, "minres") == 0 && strcmp(pc_type, "none") == 0 && tolerance == 1e-3);
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
}

/* ------- errors ------- */

static void error_of_a_solve_that_does_not_converge_names_solve_and_reason(void **state)
{
  HeatCase     *c = Blank("none", 1e-12);
  HeatLinear   *linear;
  HeatSolveInfo info;

  (void)state;
  c->solver.max_iterations = 2;
  HeatProblem p            = HeatTestSetUp(PETSC_COMM_WORLD, c);
  PetscReal  *b            = HeatTestNoiseArray(p.g, 6);
  Vec         rhs          = HeatTestVec(p.g, b), x;
  OK(VecDuplicate(rhs, &x));
  OK(HeatLinearCreate(p.op, 0.1, &linear));
  RAISES(HEAT_ERR_NUMERICS, "the step from t = 1.5 s",
         HeatLinearSolve(linear, rhs, x, "the step from t = 1.5 s", &info));
  RAISES(HEAT_ERR_NUMERICS, "solver.tolerance", HeatLinearSolve(linear, rhs, x, "again", &info));
  OK(HeatLinearDestroy(&linear));
  OK(VecDestroy(&rhs));
  OK(VecDestroy(&x));
  OK(PetscFree(b));
  HeatTestTearDown(&p);
}

static void right_hand_side_that_is_not_finite_is_an_error_of_the_numerics(void **state)
{
  HeatProblem   p = HeatTestSetUp(PETSC_COMM_WORLD, Blank("jacobi", 1e-9));
  PetscReal    *b = HeatTestNoiseArray(p.g, 6);
  HeatLinear   *linear;
  HeatSolveInfo info;

  (void)state;
  if (p.g->rank == p.g->size - 1) b[0] = NAN; /* in one cell of one rank */
  Vec rhs = HeatTestVec(p.g, b), x;
  OK(VecDuplicate(rhs, &x));
  OK(HeatLinearCreate(p.op, 0.1, &linear));
  RAISES(HEAT_ERR_NUMERICS, "a test", HeatLinearSolve(linear, rhs, x, "a test", &info));
  OK(HeatLinearDestroy(&linear));
  OK(VecDestroy(&rhs));
  OK(VecDestroy(&x));
  OK(PetscFree(b));
  HeatTestTearDown(&p);
}

static void preconditioner_that_petsc_does_not_have_is_refused(void **state)
{
  HeatProblem p      = HeatTestSetUp(PETSC_COMM_WORLD, Blank("amgx", 1e-9)); /* needs a GPU */
  HeatLinear *linear = NULL;

  (void)state;
  RAISES(HEAT_ERR_INPUT, "amgx", HeatLinearCreate(p.op, 2.0, &linear));
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
}

/* PETSc's ILU is available on one rank only. */
static void preconditioner_that_cannot_run_in_parallel_is_refused(void **state)
{
  HeatLinear *linear = NULL;

  (void)state;
  if (HeatTestSize() == 1) skip();
  HeatProblem p = HeatTestSetUp(PETSC_COMM_WORLD, Blank("ilu", 1e-9));
  RAISES(HEAT_ERR_INPUT, "PETSc says", HeatLinearCreate(p.op, 2.0, &linear));
  OK(HeatLinearDestroy(&linear));
  HeatTestTearDown(&p);
}

static void nothing_can_be_destroyed(void **state)
{
  HeatLinear *linear = NULL;

  (void)state;
  OK(HeatLinearDestroy(&linear));
  assert_null(linear);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(solution_meets_the_tolerance_in_the_true_residual),
    cmocka_unit_test(steady_matrix_of_a_held_side_is_solved),
    cmocka_unit_test(zero_right_hand_side_gives_exactly_zero),
    cmocka_unit_test(another_mass_is_another_matrix),
    cmocka_unit_test(jacobi_takes_the_diagonal_of_another_mass),
    cmocka_unit_test(jacobi_and_none_need_no_matrix),
    cmocka_unit_test(block_jacobi_gets_an_assembled_matrix),
    cmocka_unit_test(only_methods_that_need_a_matrix_create_a_dmda),
    cmocka_unit_test(petscs_options_have_the_last_word),
    cmocka_unit_test(error_of_a_solve_that_does_not_converge_names_solve_and_reason),
    cmocka_unit_test(right_hand_side_that_is_not_finite_is_an_error_of_the_numerics),
    cmocka_unit_test(preconditioner_that_petsc_does_not_have_is_refused),
    cmocka_unit_test(preconditioner_that_cannot_run_in_parallel_is_refused),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
