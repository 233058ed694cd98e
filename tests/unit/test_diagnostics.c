/* Numbers about a field, and that all ranks get the same. */
#include "solver_test.h"

#include "solver/diagnostics.h"

/* 8 x 10 cells of 0.1 x 0.2; left half density 2, specific heat 3; right half 5 and 7. */
static HeatCase *Make(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){1.0, 1.0, 2.0, 3.0});

  (void)context;
  HeatTestAddMaterial(c, (HeatTestMaterial){1.0, 1.0, 5.0, 7.0});
  HeatTestRectangle(c, 1, 0.4, 0.8, 0.0, 2.0);
  return c;
}

/* Sets cell (i, j) where it is this rank's. */
static void Put(const HeatGrid *g, PetscReal *T, PetscInt i, PetscInt j, PetscReal value)
{
  if (i < g->xs || i >= g->xs + g->nxl || j < g->ys || j >= g->ys + g->nyl) return;
  T[(j - g->ys) * g->nxl + i - g->xs] = value;
}

/* T = 1 + 2 x + 3 y between the centres (0.05, 0.1) and (0.75, 1.9): mean at (0.4, 1). */
static PetscReal Summary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), worst = 0.0;
  HeatSummary s;

  OK(HeatDiagnosticsSummary(p->op, T, &s));
  worst = HeatTestMax(worst, fabs(s.min - 1.4));
  worst = HeatTestMax(worst, fabs(s.max - 8.2));
  worst = HeatTestMax(worst, fabs(s.mean - 4.8));
  if (s.non_finite != 0) worst = INFINITY;
  OK(PetscFree(T));
  return worst;
}

static void summary_has_the_extremes_and_the_mean_over_the_area(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, Summary, NULL), 1e-13);
}

static PetscReal ColdSummary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, -100.0, 2.0, 3.0);
  HeatSummary s;

  OK(HeatDiagnosticsSummary(p->op, T, &s));
  OK(PetscFree(T));
  return HeatTestMax(fabs(s.min + 99.6), fabs(s.max + 92.8));
}

static void field_below_zero_has_its_own_extremes(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ColdSummary, NULL), 1e-12);
}

/* 77 cells with 4, one each NaN, +infinity, -infinity. */
static PetscReal BrokenSummary(HeatProblem *p)
{
  PetscReal  *T = HeatTestLinearArray(p->g, 4.0, 0.0, 0.0);
  HeatSummary s;

  Put(p->g, T, 0, 0, NAN);
  Put(p->g, T, 7, 9, INFINITY); /* PETSC_INFINITY would be finite */
  Put(p->g, T, 3, 5, -INFINITY);
  OK(HeatDiagnosticsSummary(p->op, T, &s));
  OK(PetscFree(T));
  return s.non_finite != 3 || s.min != 4.0 || s.max != 4.0 || fabs(s.mean - 4.0) > 1e-14;
}

static void cells_that_are_not_finite_are_counted_and_left_out(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, BrokenSummary, NULL), 0.0);
}

static PetscReal Integrals(HeatProblem *p)
{
  /* the mean of T on the left half (0.2, 1) is 4.4, on the right half (0.6, 1) 5.2; each 0.8 m2 */
  const PetscReal  exact[3]  = {0.8 * (4.4 + 5.2), 0.8 * (2.0 * 4.4 + 5.0 * 5.2),
                                0.8 * (6.0 * 4.4 + 35.0 * 5.2)};
  const HeatWeight weight[3] = {HEAT_WEIGHT_NONE, HEAT_WEIGHT_DENSITY, HEAT_WEIGHT_HEAT_CAPACITY};
  PetscReal       *T = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), worst = 0.0;

  for (int k = 0; k < 3; k++) {
    PetscReal integral;

    OK(HeatDiagnosticsIntegral(p->op, T, weight[k], &integral));
    worst = HeatTestMax(worst, fabs(integral / exact[k] - 1.0));
  }
  OK(PetscFree(T));
  return worst;
}

static void integral_takes_each_cells_own_weight(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, Integrals, NULL), 1e-14);
}

/* ------- errors against an exact solution ------- */

static PetscReal ErrorNorms(HeatProblem *p)
{
  PetscReal  *T     = HeatTestLinearArray(p->g, 1.0, 2.0, 3.0), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "1 + 2*x + 3*y + 0.5*t");
  Put(p->g, T, 7, 9, 8.2 - 3.0);
  OK(HeatDiagnosticsError(p->op, T, &exact, 2.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  /* 79 cells are 1 below the solution at t = 2, one is 4 below */
  return HeatTestMax(fabs(l2 - sqrt((79.0 + 16.0) / 80.0)), fabs(max - 4.0));
}

static void error_is_taken_at_the_centres_at_that_time(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, ErrorNorms, NULL), 1e-13);
}

static PetscReal UndefinedSolution(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "sqrt(0.72 - x)"); /* not in the last column, 0.75 */
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  return l2 == l2 || max == max;
}

static void error_is_nan_where_the_solution_is_undefined(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, UndefinedSolution, NULL), 0.0);
}

/* 1/0: infinite, not NaN; the header promises NaN for all that is not finite. */
static PetscReal InfiniteSolution(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_FALSE, 0.0, NULL};

  HeatTestText(&exact, "1/(x > 0.72 ? 0 : 1)");
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(exact.text));
  OK(PetscFree(T));
  return l2 == l2 || max == max;
}

static void error_is_nan_where_the_solution_is_infinite(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, InfiniteSolution, NULL), 0.0);
}

static PetscReal BrokenField(HeatProblem *p)
{
  PetscReal  *T     = HeatTestArray(p->g), l2, max;
  HeatFormula exact = {PETSC_TRUE, 0.0, NULL};

  Put(p->g, T, 4, 4, NAN);
  OK(HeatDiagnosticsError(p->op, T, &exact, 0.0, &l2, &max));
  OK(PetscFree(T));
  return l2 <= 1e300 || max <= 1e300; /* would pass a check "below" */
}

static void field_that_is_not_finite_passes_no_check(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(Make, BrokenField, NULL), 0.0);
}

/* ------- heat through the sides ------- */

static HeatCase *MakeSides(const void *context)
{
  HeatCase *c = HeatTestCase(8, 10, 0.8, 2.0, (HeatTestMaterial){2.0, 0.5, 1.0, 1.0});

  (void)context;
  HeatTestTemperature(c, HEAT_LEFT, "t*(1 + 2*x + 3*y)");
  HeatTestFlux(c, HEAT_RIGHT, "10*t");
  HeatTestConvection(c, HEAT_TOP, "4", "7*t");
  return c;
}

/* T = t (1 + 2 x + 3 y) at t = 2; bottom insulated, top: film and half cell (0.1/0.5) in series. */
static PetscReal Sides(HeatProblem *p)
{
  PetscReal *T   = HeatTestLinearArray(p->g, 2.0, 4.0, 6.0), heat[HEAT_SIDES];
  PetscReal  top = 0.0, worst;

  for (int i = 0; i < 8; i++) {
    const PetscReal cell = 2.0 + 4.0 * (i + 0.5) * 0.1 + 6.0 * 1.9;

    top += 0.1 * (14.0 - cell) / (1.0 / 4.0 + 0.1 / 0.5);
  }
  OK(HeatDiagnosticsSideHeat(p->op, T, 2.0, heat));
  worst = fabs(heat[HEAT_LEFT] + 2.0 * 4.0 * 2.0); /* -k dT/dx over 2 m, leaving */
  worst = HeatTestMax(worst, fabs(heat[HEAT_RIGHT] - 10.0 * 2.0 * 2.0));
  worst = HeatTestMax(worst, fabs(heat[HEAT_BOTTOM]));
  worst = HeatTestMax(worst, fabs(heat[HEAT_TOP] - top));
  OK(PetscFree(T));
  return worst;
}

static void heat_through_each_side_is_that_of_the_time_and_counts_inwards(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSides, Sides, NULL), 1e-11);
}

static PetscReal SideHeatTwice(HeatProblem *p)
{
  PetscReal *T     = HeatTestLinearArray(p->g, 2.0, 4.0, 6.0), once[HEAT_SIDES], heat[HEAT_SIDES];
  PetscReal  worst = 0.0;

  OK(HeatDiagnosticsSideHeat(p->op, T, 2.0, once));
  OK(HeatDiagnosticsSideHeat(p->op, T, 5.0, heat));
  OK(HeatDiagnosticsSideHeat(p->op, T, 2.0, heat));
  for (int s = 0; s < HEAT_SIDES; s++) worst = HeatTestMax(worst, fabs(heat[s] - once[s]));
  OK(PetscFree(T));
  return worst;
}

static void asking_for_another_time_changes_nothing(void **state)
{
  (void)state;
  AT_MOST(HeatTestLayouts(MakeSides, SideHeatTwice, NULL), 0.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(summary_has_the_extremes_and_the_mean_over_the_area),
    cmocka_unit_test(field_below_zero_has_its_own_extremes),
    cmocka_unit_test(cells_that_are_not_finite_are_counted_and_left_out),
    cmocka_unit_test(integral_takes_each_cells_own_weight),
    cmocka_unit_test(error_is_taken_at_the_centres_at_that_time),
    cmocka_unit_test(error_is_nan_where_the_solution_is_undefined),
    cmocka_unit_test(error_is_nan_where_the_solution_is_infinite),
    cmocka_unit_test(field_that_is_not_finite_passes_no_check),
    cmocka_unit_test(heat_through_each_side_is_that_of_the_time_and_counts_inwards),
    cmocka_unit_test(asking_for_another_time_changes_nothing),
};

int main(void) { return RUN_TESTS(Tests); }
