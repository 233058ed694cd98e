/* Means of expressions over intervals of temperatures, and roots of increasing functions. */
#include "solver_test.h"

#include "solver/physics/mean.h"
#include "solver/physics/monotone_root.h"

/* Compile an expression and find its knots around 300 K to 1500 K. */
static HeatExpression *Compiled(const char *text)
{
  HeatFormula     formula = {PETSC_TRUE, 0.0, NULL};
  HeatCase       *c       = HeatTestCase(2, 2, 1.0, 1.0, (HeatTestMaterial){1.0, 1.0, 1.0, 1.0});
  HeatExpression *e;
  char            message[256];

  HeatTestNumber(&c->initial.temperature, 300.0);
  OK(HeatCaseSetSegments(c, HEAT_LEFT, 1));
  c->boundary[HEAT_LEFT].segments[0].type = HEAT_BC_TEMPERATURE;
  HeatTestNumber(&c->boundary[HEAT_LEFT].segments[0].value, 1500.0);

  OK(PetscStrallocpy(text, &formula.text));
  OK(HeatExpressionCreate(&formula, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TEMPERATURE, &e, message,
                          sizeof message));
  assert_non_null(e);
  OK(HeatExpressionFindKnots(e, c, &formula));
  OK(PetscFree(formula.text));
  OK(HeatCaseDestroy(&c));
  return e;
}

/* Store the means of an expression of T over n intervals. */
static void Means(HeatExpression *e, PetscInt n, const PetscReal *T0, const PetscReal *T1,
                  PetscReal *mean)
{
  PetscReal *e0, *e1;

  OK(PetscMalloc2(n, &e0, n, &e1));
  OK(HeatExpressionEvaluate(e, n, NULL, NULL, 0.0, T0, e0));
  OK(HeatExpressionEvaluate(e, n, NULL, NULL, 0.0, T1, e1));
  OK(HeatMeanEvaluate(e, n, NULL, NULL, 0.0, T0, T1, e0, e1, mean));
  OK(PetscFree2(e0, e1));
}

static PetscReal MeanOf(const char *text, PetscReal T0, PetscReal T1)
{
  HeatExpression *e = Compiled(text);
  PetscReal       mean;

  Means(e, 1, &T0, &T1, &mean);
  OK(HeatExpressionDestroy(&e));
  return mean;
}

static const struct {
  const char *text;
  PetscReal   T0, T1, mean;
} Integrals[] = {
    {"14 + 0.016*(T - 293)", 300.0, 900.0, 14.0 + 0.016 * 307.0},
    {"1 + 1e-3*T + 1e-6*T^2", 0.0, 1000.0, 1.0 + 0.5 + 1.0 / 3.0},
    {"1e5/T", 500.0, 1500.0, 100.0 * 1.0986122886681098},        /* ln 3 */
    {"exp(T/30)", 0.0, 300.0, 0.1 * (22026.465794806718 - 1.0)}, /* e^10 */
    {"50 - 25*min(1, max(0, (T - 995)/10))", 900.0, 1100.0, 37.5},
    {"2 - min(1, max(0, (T - 995)*10))", 990.0, 1000.0, 1.505},
    {"2.2*(T < 273.15) + 0.6*(T >= 273.15)", 270.15, 280.15, 0.3 * 2.2 + 0.7 * 0.6},
    {"1 + 999*(T > 500)", 499.0, 501.0, 500.5},
    /* Features far narrower than the interval; sqrt(pi) = 1.7724538509055160. */
    {"1 + 100*exp(-((T - 800)/0.1)^2)", 700.0, 1000.0, 1.0 + 10.0 * 1.7724538509055160 / 300.0},
    {"1 + 1e5*exp(-((T - 811)/1e-3)^2)", 700.0, 1000.0, 1.0 + 100.0 * 1.7724538509055160 / 300.0},
    {"1 - 0.99*exp(-((T - 811)/0.1)^2)", 700.0, 1000.0, 1.0 - 0.099 * 1.7724538509055160 / 300.0},
    {"abs(T - 813) < 0.5 ? 101 : 1", 700.0, 1000.0, 1.0 + 100.0 / 300.0},
    {"1 + floor(T/7)", 700.0, 1400.0, 1.0 + 149.5},
    {"1 + T/7 - floor(T/7)", 700.0, 1400.0, 1.5},
    {"2 + sin(10*T)", 300.0, 1500.0, 1.9999561269093988},
};
enum { N_INTEGRALS = sizeof Integrals / sizeof Integrals[0] };

/* The quadrature promises 1e-9. */
static void mean_is_the_integral_over_the_interval(void **state)
{
  (void)state;
  for (int k = 0; k < N_INTEGRALS; k++) {
    const PetscReal there = MeanOf(Integrals[k].text, Integrals[k].T0, Integrals[k].T1);
    const PetscReal back  = MeanOf(Integrals[k].text, Integrals[k].T1, Integrals[k].T0);

    if (!(fabs(there / Integrals[k].mean - 1.0) < 1e-9))
      fail_msg("%s: %.12g, not %.12g", Integrals[k].text, (double)there, (double)Integrals[k].mean);
    AT_MOST(fabs(back / there - 1.0), 1e-9); /* the error of the rule */
  }
}

static void mean_over_no_interval_is_the_value(void **state)
{
  (void)state;
  AT_MOST(fabs(MeanOf("exp(T/300)", 400.0, 400.0) / exp(4.0 / 3.0) - 1.0), 1e-15);
  AT_MOST(fabs(MeanOf("1 + (T < 400)", 400.0, 400.0) - 1.0), 0.0);
}

/* In steps of 1e-7 K across the jump, the integral grows by the lower to the higher value times the
   step; in all 2000 steps before the jump and 2000 after it, by 2000 times each value. */
static void integral_is_continuous_and_grows_across_a_jump(void **state)
{
  HeatExpression *e  = Compiled("T < 273.15 ? 2.2 : 0.6");
  const PetscReal T0 = 260.0, step = 1e-7;
  PetscReal       before = 0.0, at_first = 0.0;

  (void)state;
  for (int k = -2000; k <= 2000; k++) {
    const PetscReal T1 = 273.15 + k * step;
    PetscReal       mean, integral;

    Means(e, 1, &T0, &T1, &mean);
    integral = mean * (T1 - T0);
    /* 1e-12: a rounding of the integral, 29, is 4e-15, and of the place of the jump 1e-13. */
    if (k > -2000 &&
        !(integral - before > 0.6 * step - 1e-12 && integral - before < 2.2 * step + 1e-12))
      fail_msg("at %d: the integral grows by %.6g in %g K", k, (double)(integral - before),
               (double)step);
    if (k == -2000) at_first = integral;
    before = integral;
  }
  AT_MOST(fabs(before - at_first - 2000.0 * step * (2.2 + 0.6)), 1e-12);
  OK(HeatExpressionDestroy(&e));
}

/* The two ranks that share a face compute it among other faces. */
static void mean_has_the_same_bits_among_any_other_points(void **state)
{
  enum { N = 700 };
  HeatExpression *e = Compiled("50 - 25*min(1, max(0, (T - 995)/10)) + exp(T/400)*(T > 700)");
  PetscReal       T0[N], T1[N], all[N];

  (void)state;
  for (int k = 0; k < N; k++) {
    T0[k] = 300.0 + 1.7 * k;
    T1[k] = T0[k] + 30.0 * sin(k);
  }
  Means(e, N, T0, T1, all);
  for (int k = 0; k < N; k++) {
    PetscReal alone;

    Means(e, 1, &T0[k], &T1[k], &alone);
    assert_true(isfinite(alone) && alone > 0.0);
    if (memcmp(&alone, &all[k], sizeof alone) != 0)
      fail_msg("point %d: %.17g, not %.17g", k, (double)alone, (double)all[k]);
  }
  OK(HeatExpressionDestroy(&e));
}

static void mean_uses_the_place_of_each_point(void **state)
{
  HeatExpression *e    = Compiled("(1 + x)*(T < 5 ? y : 3*y)");
  const PetscReal x[2] = {0.0, 1.0}, y[2] = {1.0, 10.0}, T0[2] = {0.0, 0.0}, T1[2] = {10.0, 10.0};
  const PetscReal e0[2] = {1.0, 20.0}, e1[2] = {3.0, 60.0};
  PetscReal       mean[2];

  (void)state;
  OK(HeatMeanEvaluate(e, 2, x, y, 0.0, T0, T1, e0, e1, mean));
  AT_MOST(fabs(mean[0] / 2.0 - 1.0), 1e-9);
  AT_MOST(fabs(mean[1] / 40.0 - 1.0), 1e-9);
  OK(HeatExpressionDestroy(&e));
}

static void mean_of_what_is_no_number_is_no_number(void **state)
{
  (void)state;
  assert_true(isnan(MeanOf("sqrt(T)", -1.0, 1.0)));
}

/* An increasing function with a jump of its slope by 1000 at 1, undefined above 3; its root is
   `context`. */
static PetscErrorCode Bent(void *context, PetscReal T, PetscReal *value, PetscReal *slope)
{
  const PetscReal root    = *(PetscReal *)context,
                  at_root = root < 1.0 ? root : 1.0 + 1000.0 * (root - 1.0);

  *slope = T < 1.0 ? 1.0 : 1000.0;
  *value = (T < 1.0 ? T : 1.0 + 1000.0 * (T - 1.0)) - at_root;
  if (T > 3.0) *value = PETSC_MAX_REAL;
  return PETSC_SUCCESS;
}

static void root_is_found_across_jumps_of_the_slope_and_undefined_places(void **state)
{
  (void)state;
  for (int k = 0; k < 5; k++) {
    PetscReal at = (PetscReal[]){-4.0, 0.999, 1.0, 1.3, 2.9}[k], root;

    OK(HeatMonotoneRoot(Bent, &at, -10.0, 10.0, k % 2 ? 9.0 : -9.0, &root));
    AT_MOST(fabs(root - at), 1e-14);
  }
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(mean_is_the_integral_over_the_interval),
    cmocka_unit_test(mean_over_no_interval_is_the_value),
    cmocka_unit_test(integral_is_continuous_and_grows_across_a_jump),
    cmocka_unit_test(mean_has_the_same_bits_among_any_other_points),
    cmocka_unit_test(mean_uses_the_place_of_each_point),
    cmocka_unit_test(mean_of_what_is_no_number_is_no_number),
    cmocka_unit_test(root_is_found_across_jumps_of_the_slope_and_undefined_places),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
