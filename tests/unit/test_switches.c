/* The times at which formulas switch: each is found to rounding, however short the time between
   two of them is, and a formula that is too involved says so. */
#include "case_test.h"

#include <math.h>

#include "solver/case/switches.h"

/* Assert that a formula switches in (0, until] at the given times and at no other. */
static void SwitchesAt(const char *text, PetscReal until, int n, const PetscReal *expected)
{
  HeatSwitches *switches;
  PetscReal     time, known, after = 0.0;

  OK(HeatSwitchesCreate(text, PETSC_TRUE, &switches));
  if (!switches) fail_msg("%s does not switch", text);
  for (int k = 0; k < n; k++) {
    HeatSwitchesNext(switches, after, until, &time, &known);
    if (!(fabs(time - expected[k]) <= HeatSwitchesMargin(expected[k])))
      fail_msg("%s: switch %d at %.17g, expected %.17g (known to %g)", text, k, time, expected[k],
               known);
    after = time;
  }
  HeatSwitchesNext(switches, after, until, &time, &known);
  if (time != PETSC_MAX_REAL || known < until)
    fail_msg("%s: another switch at %.17g (known to %g)", text, time, known);
  OK(HeatSwitchesDestroy(&switches));
}

#define AT(text, until, ...)                                                                       \
  do {                                                                                             \
    const PetscReal times_[] = {__VA_ARGS__};                                                      \
    SwitchesAt((text), (until), (int)(sizeof times_ / sizeof *times_), times_);                    \
  } while (0)

static void comparisons_and_choices_of_t_switch(void **state)
{
  (void)state;
  AT("1e6*(t > 400)*(t < 410)", 86400.0, 400.0, 410.0);
  AT("t < 10 ? 1 : 0", 100.0, 10.0);
  AT("t^2 > 4 && t < 5", 100.0, 2.0, 5.0);
  AT("sqrt(t) > 3", 100.0, 9.0);
  AT("exp(-t) < 0.5", 100.0, PetscLogReal(2.0));
  AT("(t < 7)*x + (T > 300)", 10.0, 7.0);
  AT("(t < 10 ? 5 - t : ln(0 - t)) > 0", 20.0, 5.0, 10.0); /* one branch is defined nowhere */
}

static void floor_sign_abs_min_and_max_switch(void **state)
{
  (void)state;
  AT("floor(t/60)", 200.0, 60.0, 120.0, 180.0);
  AT("max(0, 1 - abs(t - 100))", 1000.0, 99.0, 100.0, 101.0);
  AT("sign(t - 5)", 10.0, 5.0);
  AT("min(t, 3)", 10.0, 3.0);
}

static void periodic_switches_are_all_found(void **state)
{
  PetscReal expected[2000];

  (void)state;
  AT("sin(t) > 0.5", 7.0, PETSC_PI / 6, 5 * PETSC_PI / 6, 2 * PETSC_PI + PETSC_PI / 6);
  for (int k = 0; k < 1000; k++) {
    expected[2 * k]     = 100.0 * k + 10.0;
    expected[2 * k + 1] = 100.0 * k + 100.0;
  }
  SwitchesAt("5e4*(t - 100*floor(t/100) < 10)", 1e5, 2000, expected);
}

static void a_short_pulse_in_a_long_run_is_found(void **state)
{
  (void)state;
  AT("(t > 1e6) * (t < 1000000.001)", 1e9, 1e6, 1000000.001);
}

static void formulas_that_do_not_depend_on_t_alone_do_not_switch(void **state)
{
  static const char *const texts[] = {"x",          "sin(t)", "t < x",      "T > 300 ? 1 : 2",
                                      "abs(T - t)", "3 < 4",  "floor(x)*t", "max(x, t)",
                                      "t/3",        "1/x",    "t^-x"};
  HeatSwitches            *switches;

  (void)state;
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    OK(HeatSwitchesCreate(texts[k], PETSC_TRUE, &switches));
    if (switches) fail_msg("%s switches", texts[k]);
  }
}

/* Switches that crowd to where no search of bounded length ends: what is found is right, and the
   formula says up to which time. */
static void a_formula_that_is_too_involved_says_so(void **state)
{
  HeatSwitches *switches;
  PetscReal     time, known;

  (void)state;
  OK(HeatSwitchesCreate("sin(exp(t)) > 0", PETSC_TRUE, &switches));
  assert_non_null(switches);
  HeatSwitchesNext(switches, 0.0, 100.0, &time, &known);
  assert_true(fabs(time - PetscLogReal(PETSC_PI)) <= HeatSwitchesMargin(time));
  HeatSwitchesNext(switches, 40.0, 100.0, &time, &known);
  assert_true(time < PETSC_MAX_REAL || known < 100.0);
  OK(HeatSwitchesDestroy(&switches));
}

static void poles_are_switches(void **state)
{
  (void)state;
  AT("sqrt((t - 5)^2)/(t - 5)", 10.0, 5.0);
  AT("atan2(t - 3, 0 - 1)", 10.0, 3.0);
  AT("atan(tan(t))", 5.0, PETSC_PI / 2, 3 * PETSC_PI / 2);
  AT("atan((t - 4)^-1)", 10.0, 4.0);
  AT("x/(t - 5)", 10.0, 5.0);
}

/* Differences whose derivative is 0 over an interval do not change there. */
static void sides_that_are_equal_over_an_interval_are_steady(void **state)
{
  (void)state;
  SwitchesAt("100*(t == t)", 86400.0, 0, NULL);
  SwitchesAt("2*t > t + t", 86400.0, 0, NULL);
  SwitchesAt("floor(t - t + 0.5)", 86400.0, 0, NULL);
  AT("min(t, 5) == t", 86400.0, 5.0);
  AT("(t < 3 ? t : 3) < t", 10.0, 3.0);
}

/* 200 watched operations, each of which switches at more times than can be found. */
static void a_search_takes_bounded_effort_whatever_the_formula(void **state)
{
  char          text[8000];
  size_t        used = 0;
  HeatSwitches *switches;
  PetscReal     time, known;

  (void)state;
  for (int k = 0; k < 200; k++)
    used += (size_t)snprintf(text + used, sizeof text - used, "%s(sin(exp(9*t+%d))>0)",
                             k ? "+" : "", k);
  OK(HeatSwitchesCreate(text, PETSC_TRUE, &switches));
  HeatSwitchesNext(switches, 40.0, 100.0, &time, &known);
  /* 100 intervals of 200 operations of some 10 each, two evaluations for an interval's ends. */
  assert_true(HeatSwitchesWork(switches) < 2e6);
  OK(HeatSwitchesDestroy(&switches));
}

static void no_change_at_a_point_of_undefined_values_is_invented(void **state)
{
  (void)state;
  AT("sqrt(t - 5) > 1", 100.0, 6.0);
  AT("log(t) > 0", 10.0, 1.0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(comparisons_and_choices_of_t_switch),
      cmocka_unit_test(floor_sign_abs_min_and_max_switch),
      cmocka_unit_test(periodic_switches_are_all_found),
      cmocka_unit_test(a_short_pulse_in_a_long_run_is_found),
      cmocka_unit_test(formulas_that_do_not_depend_on_t_alone_do_not_switch),
      cmocka_unit_test(a_formula_that_is_too_involved_says_so),
      cmocka_unit_test(poles_are_switches),
      cmocka_unit_test(sides_that_are_equal_over_an_interval_are_steady),
      cmocka_unit_test(a_search_takes_bounded_effort_whatever_the_formula),
      cmocka_unit_test(no_change_at_a_point_of_undefined_values_is_invented),
  };

  return RUN_TESTS(tests);
}
