/* The peaks and dips of formulas of t: each is found, however short the pulse is, and formulas
 *  that rise or fall throughout have none. */
#include "case_test.h"

#include <math.h>

#include "solver/case/turns.h"

/* Assert that a formula turns in (0, end] at the given times, to 1e-9 of the run, and at no
   other. */
static void TurnsAt(const char *text, PetscReal end, int n, const PetscReal *expected)
{
  HeatTurns *turns;
  PetscReal  time, known, after = 0.0;

  OK(HeatTurnsCreate(text, end, &turns));
  if (!turns) fail_msg("%s has no part that depends on t alone", text);
  for (int k = 0; k < n; k++) {
    HeatTurnsNext(turns, after, end, &time, &known);
    if (!(fabs(time - expected[k]) <= 1e-9 * end))
      fail_msg("%s: turn %d at %.17g, expected %.17g (known to %g)", text, k, time, expected[k],
               known);
    after = time;
  }
  HeatTurnsNext(turns, after, end, &time, &known);
  if (time != PETSC_MAX_REAL || known < end)
    fail_msg("%s: another turn at %.17g (known to %g)", text, time, known);
  OK(HeatTurnsDestroy(&turns));
  assert_null(turns);
}

#define AT(text, end, ...)                                                                         \
  do {                                                                                             \
    const PetscReal times_[] = {__VA_ARGS__};                                                      \
    TurnsAt((text), (end), (int)(sizeof times_ / sizeof *times_), times_);                         \
  } while (0)

static void smooth_pulses_turn_at_their_peaks(void **state)
{
  (void)state;
  AT("1e7*exp(-((t - 400)/5)^2)", 86400.0, 400.0);
  AT("1e7*exp(-((t - 400)/5)^2)", 800.0, 400.0); /* where an interval is halved */
  AT("1/(1 + ((t - 1e6)/0.01)^2)", 1e7, 1e6);
  AT("tanh(t - 40000) - tanh(t - 40010)", 86400.0, 40005.0);
  AT("1/cosh((t - 70)/2)", 1e6, 70.0);
  AT("t*exp(0 - t)", 1e5, 1.0);
  AT("-exp(-((t - 7)/0.1)^2)", 1e4, 7.0); /* a dip */
  AT("t^3 - 15*t^2 + 48*t", 10.0, 2.0, 8.0);
}

static void waves_turn_twice_a_period(void **state)
{
  PetscReal expected[200];

  (void)state;
  for (int k = 0; k < 200; k++) expected[k] = 5.0 + 10.0 * k;
  TurnsAt("sin(pi*t/10)", 2000.0, 200, expected);
}

static void parts_that_depend_on_t_alone_are_searched_inside_larger_formulas(void **state)
{
  (void)state;
  AT("1e7*(x < 0.5)*exp(-((t - 40)/5)^2)", 1000.0, 40.0);
  AT("exp(-((t - 40)/5)^2 - (x/0.01)^2)", 1000.0, 40.0);
  AT("T + exp(-((t - 40)/5)^2)*x", 1000.0, 40.0);
  AT("exp(-(((t - 400)/0.1)^2 + (x/0.01)^2))", 86400.0, 400.0);
}

static void monotone_formulas_do_not_turn(void **state)
{
  static const char *const texts[] = {"t",         "exp(-t)",   "3*t^3 + t",  "tanh(t - 50)",
                                      "1/(t + 1)", "(t > 5)*x", "floor(t/7)", "(x - 3*t)^2",
                                      "sqrt(t)"};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(texts); k++) TurnsAt(texts[k], 1e3, 0, NULL);
}

static void formulas_without_time_have_no_parts(void **state)
{
  static const char *const texts[] = {"1", "x", "T^2", "exp(-x^2)"};
  HeatTurns               *turns;

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(texts); k++) {
    OK(HeatTurnsCreate(texts[k], 10.0, &turns));
    assert_null(turns);
  }
}

static void a_peak_between_the_ends_of_a_step_is_hidden_by_its_height(void **state)
{
  HeatTurns *turns;

  (void)state;
  OK(HeatTurnsCreate("exp(-((t - 400)/5)^2)", 1000.0, &turns));
  assert_true(fabs(HeatTurnsHidden(turns, 300.0, 400.0, 500.0) - 1.0) < 1e-9);
  assert_true(HeatTurnsHidden(turns, 399.0, 400.0, 401.0) < 0.05);
  OK(HeatTurnsDestroy(&turns));
}

static PetscBool IsFast(const char *text, PetscReal end)
{
  HeatTurns *turns;
  PetscBool  fast;

  OK(HeatTurnsCreate(text, end, &turns));
  fast = HeatTurnsAreFast(turns);
  OK(HeatTurnsDestroy(&turns));
  return fast;
}

static void waves_of_a_million_turns_are_fast(void **state)
{
  (void)state;
  assert_true(IsFast("sin(2*pi*50*t)", 86400.0));
  assert_false(IsFast("sin(2*pi*t/600)", 86400.0));
  assert_false(IsFast("exp(-((t - 1)/0.001)^2)", 86400.0));
  assert_false(IsFast("5*t", 86400.0));
}

/* Walk from 0 to the end as controlled steps of any length do, and return the steps that end
   where the formula exceeds the given value. */
static int StepsAbove(const char *text, PetscReal end, PetscReal value)
{
  HeatTurns *turns;
  PetscReal  time = 0.0;
  int        n    = 0;

  OK(HeatTurnsCreate(text, end, &turns));
  for (int k = 0; time < end; k++) {
    PetscReal turn, known;

    assert_true(k < 1000);
    HeatTurnsNext(turns, time, end, &turn, &known);
    time = HeatTurnsFollow(turns, time, PetscMin(turn, end));
    n += exp(-PetscSqr((time - 40000.0) / 5.0)) > value;
  }
  OK(HeatTurnsDestroy(&turns));
  return n;
}

static void steps_that_follow_a_pulse_resolve_it(void **state)
{
  (void)state;
  assert_true(StepsAbove("3*exp(-((t - 40000)/5)^2)", 86400.0, 0.1) >= 3);
  assert_true(StepsAbove("x*exp(-((t - 40000)/5)^2 - (x/0.1)^2)", 86400.0, 0.1) >= 3);
  assert_int_equal(StepsAbove("5*t + 3", 86400.0, 0.1), 0);
}

/* Return whether a step hides a steep change, which then begins and ends within 3 `width` of
   `middle`. */
static PetscBool IsSteep(const char *text, PetscReal from, PetscReal to, PetscReal middle,
                         PetscReal width)
{
  HeatTurns      *turns;
  PetscReal       between[2];
  PetscBool       steep;
  const PetscReal end = 1000.0;

  OK(HeatTurnsCreate(text, end, &turns));
  steep = HeatTurnsSteep(turns, from, to, between);
  if (steep) {
    assert_true(between[0] < middle && middle < between[1]);
    assert_true(between[0] > middle - 3.0 * width && between[1] < middle + 3.0 * width);
  }
  OK(HeatTurnsDestroy(&turns));
  return steep;
}

static void a_change_within_a_small_part_of_a_step_is_steep(void **state)
{
  (void)state;
  assert_true(IsSteep("1e6*(1 + tanh((t - 403)/0.01))/2", 400.0, 410.0, 403.0, 0.01));
  assert_true(IsSteep("1e6*(1 + tanh((t - 405)/0.01))/2", 400.0, 410.0, 405.0, 0.01));
  assert_true(IsSteep("x*(1 - tanh((t - 405)/0.01))", 400.0, 410.0, 405.0, 0.01));
  assert_true(IsSteep("1/(1 + exp(-(t - 403)/0.01))", 400.0, 410.0, 403.0, 0.02));
  assert_true(IsSteep("atan((t - 403)/0.001)", 400.0, 410.0, 403.0, 0.03)); /* it has long tails */
  assert_false(IsSteep("1e6*(1 + tanh((t - 403)/0.01))/2", 300.0, 310.0, 0.0, 0.0));
  assert_false(IsSteep("1e6*(1 + tanh((t - 403)/5))/2", 400.0, 410.0, 0.0, 0.0));
  assert_false(IsSteep("t", 0.0, 500.0, 0.0, 0.0));
  assert_false(IsSteep("sin(pi*t/1000)", 0.0, 500.0, 0.0, 0.0));
  assert_false(IsSteep("t*x", 0.0, 0.0, 0.0, 0.0));
}

/* At 405 s, the middle of the step, the formula is on the line between its ends. */
static void a_steep_change_in_the_middle_of_a_step_is_followed(void **state)
{
  HeatTurns *turns;

  (void)state;
  OK(HeatTurnsCreate("1 + tanh((t - 405)/0.01)", 1000.0, &turns));
  assert_true(HeatTurnsFollow(turns, 400.0, 410.0) <= 405.0);
  assert_true(HeatTurnsFollow(turns, 404.99, 410.0) <= 405.02);
  OK(HeatTurnsDestroy(&turns));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(smooth_pulses_turn_at_their_peaks),
      cmocka_unit_test(waves_turn_twice_a_period),
      cmocka_unit_test(parts_that_depend_on_t_alone_are_searched_inside_larger_formulas),
      cmocka_unit_test(monotone_formulas_do_not_turn),
      cmocka_unit_test(formulas_without_time_have_no_parts),
      cmocka_unit_test(waves_of_a_million_turns_are_fast),
      cmocka_unit_test(steps_that_follow_a_pulse_resolve_it),
      cmocka_unit_test(a_change_within_a_small_part_of_a_step_is_steep),
      cmocka_unit_test(a_steep_change_in_the_middle_of_a_step_is_followed),
      cmocka_unit_test(a_peak_between_the_ends_of_a_step_is_hidden_by_its_height),
  };

  return RUN_TESTS(tests);
}
