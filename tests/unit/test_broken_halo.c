/* Halo exchanges that are left out on purpose (HeatOperatorBreakHalo): which ones, what the
   stencil reads then, and the test that finds them. */
#include "solver_test.h"

/* A grid of square unit cells with conductivity 1, so that all conductances are 1. */
static HeatCase *Make(const void *context)
{
  (void)context;
  return HeatTestCase(12, 9, 12.0, 9.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
}

static PetscInt SideLength(const HeatGrid *g, int side)
{
  return side < HEAT_BOTTOM ? g->nyl : g->nxl;
}

/* With every = 3 the test makes exchanges 0, 1 and 2, and leaves out exchange 3. */
static PetscReal TestMissesOneOfFour(HeatProblem *p)
{
  PetscInt64 wrong[HEAT_SIDES], of[HEAT_SIDES];
  PetscReal  deviation = 0.0;

  OK(HeatOperatorBreakHalo(p->op, 3));
  OK(HeatOperatorTestHalo(p->op, wrong, of));
  for (int side = 0; side < HEAT_SIDES; side++) {
    const PetscInt64 n = p->g->boundary[side] ? 0 : SideLength(p->g, side);

    deviation += wrong[side] != n;
    deviation += of[side] != 4 * n;
  }
  return deviation;
}

static void the_test_finds_the_one_exchange_of_four_that_is_left_out(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, TestMissesOneOfFour, NULL), 0.0);
}

/* Compute the net heat of the noise fields 1, 2, ..., n in turn, as a scheme does step by step. */
static void NetOfNoise(HeatProblem *p, int n, PetscReal *net)
{
  for (int seed = 1; seed <= n; seed++) {
    PetscReal *T = HeatTestNoiseArray(p->g, seed);

    OK(HeatOperatorNet(p->op, T, net));
    OK(PetscFree(T));
  }
}

/* Return what cell (i, j) of the noise field `then` has more than in the field `now`. */
static PetscReal Older(PetscInt i, PetscInt j, int then, int now)
{
  return HeatTestNoise(i, j, then) - HeatTestNoise(i, j, now);
}

/* Add to `net` what a cell gets if the cells beyond this rank's block hold the values of the field
   `then` instead of `now`. */
static void AddOld(const HeatGrid *g, int then, int now, PetscReal *net)
{
  for (PetscInt j = g->ys; j < g->ys + g->nyl; j++) {
    for (PetscInt i = g->xs; i < g->xs + g->nxl; i++) {
      PetscReal *cell = net + (j - g->ys) * g->nxl + (i - g->xs);

      if (i == g->xs && !g->boundary[HEAT_LEFT]) *cell += Older(i - 1, j, then, now);
      if (i == g->xs + g->nxl - 1 && !g->boundary[HEAT_RIGHT]) *cell += Older(i + 1, j, then, now);
      if (j == g->ys && !g->boundary[HEAT_BOTTOM]) *cell += Older(i, j - 1, then, now);
      if (j == g->ys + g->nyl - 1 && !g->boundary[HEAT_TOP]) *cell += Older(i, j + 1, then, now);
    }
  }
}

static PetscReal Distance(const HeatGrid *g, const PetscReal *a, const PetscReal *b)
{
  PetscReal largest = 0.0;

  for (size_t k = 0; k < HeatGridLocalCells(g); k++)
    largest = HeatTestMax(largest, PetscAbsReal(a[k] - b[k]));
  return largest;
}

/* With every = 2 and n fields, return the distance of the last net heat from the one with the
   neighbours' values of the field `then`. */
static PetscReal NetWith(HeatProblem *p, int n, int then)
{
  PetscReal *right = HeatTestArray(p->g), *broken = HeatTestArray(p->g), distance;

  NetOfNoise(p, n, right);
  AddOld(p->g, then, n, right);
  OK(HeatOperatorBreakHalo(p->op, 2));
  NetOfNoise(p, n, broken);
  distance = Distance(p->g, right, broken);
  OK(PetscFree(right));
  OK(PetscFree(broken));
  return distance;
}

static PetscReal ThirdIsLeftOut(HeatProblem *p) { return NetWith(p, 3, 2); }

static PetscReal FourthIsMade(HeatProblem *p) { return NetWith(p, 4, 4); }

/* The tolerance is a rounding of sums of a few values below 8. */
static void the_stencil_reads_the_values_of_the_exchange_before(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ThirdIsLeftOut, NULL), 1e-14);
  AT_MOST(HeatTestLayouts(Make, FourthIsMade, NULL), 1e-14);
}

/* Two fields, then two products: with every = 1 the second field's exchange is the only one that
   is left out. */
static PetscReal ProductsAreRight(HeatProblem *p)
{
  PetscReal *net = HeatTestArray(p->g), *right = HeatTestArray(p->g), *y = HeatTestArray(p->g);
  PetscReal *x = HeatTestNoiseArray(p->g, 7), distance;

  OK(HeatOperatorApply(p->op, 2.0, x, right));
  OK(HeatOperatorBreakHalo(p->op, 1));
  NetOfNoise(p, 2, net);
  for (int k = 0; k < 2; k++) OK(HeatOperatorApply(p->op, 2.0, x, y));
  distance = Distance(p->g, right, y) + (PetscReal)(HeatOperatorBrokenHalo(p->op).single +
                                                    HeatOperatorBrokenHalo(p->op).deep - 1);
  OK(PetscFree(net));
  OK(PetscFree(right));
  OK(PetscFree(y));
  OK(PetscFree(x));
  return distance;
}

static void products_of_a_linear_solver_are_right(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ProductsAreRight, NULL), 0.0);
}

static PetscReal NothingIsLeftOut(HeatProblem *p)
{
  PetscReal           *net  = HeatTestArray(p->g);
  const HeatBrokenHalo none = HeatOperatorBrokenHalo(p->op);

  NetOfNoise(p, 3, net);
  OK(PetscFree(net));
  return (PetscReal)(none.every + HeatOperatorBrokenHalo(p->op).single);
}

static void a_healthy_operator_leaves_nothing_out(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, NothingIsLeftOut, NULL), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(the_test_finds_the_one_exchange_of_four_that_is_left_out),
    cmocka_unit_test(the_stencil_reads_the_values_of_the_exchange_before),
    cmocka_unit_test(products_of_a_linear_solver_are_right),
    cmocka_unit_test(a_healthy_operator_leaves_nothing_out),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
