/** Smooth changes that move over the domain: their length is found wherever and whenever they are,
 *  and controlled steps follow them while they pass, and only then. */
#include "case_test.h"

#include <math.h>

#include "solver/case/smooth.h"

/* A domain of 0.1 m by 0.02 m. */
static const PetscReal X[2] = {0.0, 0.1}, Y[2] = {0.0, 0.02};

static HeatSmooth *Create(const char *text, PetscReal end)
{
  HeatSmooth *smooth;

  OK(HeatSmoothCreate(text, X, Y, end, PETSC_TRUE, &smooth));
  return smooth;
}

/* Return the length of a formula's changes in a day: 0 if it is constant at each place, -1 if it
   has no part that moves. */
static PetscReal Length(const char *text)
{
  HeatSmooth *smooth = Create(text, 86400.0);
  PetscReal   place[2], length;

  if (!smooth) return -1.0;
  assert_false(HeatSmoothIsUnsearched(smooth));
  length = HeatSmoothLength(smooth, PETSC_FALSE, place);
  assert_true(place[0] >= X[0] && place[0] <= X[1] && place[1] >= Y[0] && place[1] <= Y[1]);
  OK(HeatSmoothDestroy(&smooth));
  assert_null(smooth);
  return length;
}

/* Assert that the length is about `expected` [s]: the largest rate is found to a fifth. */
#define IS(text, expected)                                                                         \
  do {                                                                                             \
    const PetscReal length_ = Length(text);                                                        \
    if (!(fabs(length_ - (expected)) < 0.25 * (expected)))                                         \
      fail_msg("%s: %g s, expected %g s", (text), (double)length_, (double)(expected));            \
  } while (0)

/* exp(-(t/tau)^2) changes by its range within sqrt(e/2) tau = 1.166 tau. */
static void the_shortest_change_is_found(void **state)
{
  (void)state;
  IS("1e9*exp(-((x - 0.02*(t - 500))^2 + (y - 0.01)^2)/0.001^2)", 0.0583);
  IS("1e9*exp(-((x - 0.02*(t - 500))^2 + y^2)/0.001^2)", 0.0583);
  IS("exp(-((t - 5000 - x/0.01)/2)^2)", 2.332);
  IS("exp(-((t - 80000 - x/100)/2e-5)^2)", 2.332e-5);
  IS("1/cosh((t - 5000 - x/0.01)/2)", 4.0);
  IS("1/(1 + ((t - 5000 - x/0.01)/2)^2)", 3.079);
  IS("1/(1 + (x - 0.02*(t - 500))*(x - 0.02*(t - 500))*1e6)", 0.077);
  IS("1/(1 + exp(-(t - 500 - 10*x)/0.01))", 0.04);
  IS("exp(-abs(x - 0.02*(t - 500))/0.001)", 0.05);
  IS("exp(-sqrt((x - 0.02*(t - 500))^2 + (y - 0.01)^2)/0.001)", 0.05);
  IS("exp(-(x - 0.02*t + 0.1*floor(t/5))^2/0.001^2)", 0.0583); /* over and over */
  IS("1e6*max(0, 1 - abs(x - 0.01*t)/0.002)", 0.2);
  IS("exp(-((x - 0.02*(t - 500))/0.001)^2)*(1 - T/5000)", 0.0583);
  IS("exp(-((x - 0.02*(t - 500))/0.001)^2 - T/5000)", 0.0583);
}

static void each_term_of_a_sum_has_its_own_range(void **state)
{
  (void)state;
  IS("300 + 1e6*x + 50*exp(-((x - 0.02*(t - 500))/0.001)^2)", 0.0583);
  IS("1e9*exp(-((x - 0.02*(t - 500))/0.001)^2) - exp(-((x - 0.2*(t - 50000))/0.001)^2)", 0.00583);
}

static void products_of_a_shape_and_factors_of_time_do_not_move(void **state)
{
  (void)state;
  assert_true(Length("sin(x)*exp(-((t - 400)/5)^2) + x*y*cos(t)/2 - y*(t > 400)") == -1.0);
  assert_true(Length("exp(-x^2 - t/5)*sin(t)") == -1.0);
  assert_true(Length("x < 0.05 ? t : y*sin(t)") == -1.0);
  assert_true(Length("(1 - T/5000)*x*sin(t)") == -1.0);
  assert_true(Length("x*y") == -1.0);
}

static void jumps_are_left_to_others(void **state)
{
  (void)state;
  assert_true(Length("1e6*(abs(x - 0.01*t) < 0.001)") == -1.0);
  assert_true(Length("floor(x - t)") == -1.0);
  IS("(t > 501)*exp(-((x - 0.02*(t - 500))/0.001)^2)", 0.0583);
  IS("(x < 0.05)*exp(-((x - 0.02*(t - 500))/0.001)^2)", 0.0583);
}

/* Steps through a run: how many there are before, within and after a time window, and the longest
   one within. */
typedef struct {
  int       before, during, after;
  PetscReal longest;
} Steps;

static Steps StepThrough(const char *text, PetscReal end, PetscReal from, PetscReal to)
{
  HeatSmooth *smooth = Create(text, end);
  Steps       steps  = {0};
  PetscReal   t      = 0.0;

  while (t < end) {
    const PetscReal next = HeatSmoothFollow(smooth, t, PetscMin(t + end / 10.0, end));

    assert_true(next > t);
    if (next <= from) steps.before++;
    else if (t >= to) steps.after++;
    else steps.during++;
    if (t >= from && next <= to) steps.longest = PetscMax(steps.longest, next - t);
    t = next;
  }
  OK(HeatSmoothDestroy(&smooth));
  return steps;
}

static void controlled_steps_follow_a_change_while_it_is_there(void **state)
{
  const Steps spot = StepThrough("exp(-((x - 0.02*(t - 500))^2 + (y - 0.01)^2)/0.001^2)", 1e5,
                                 499.9, 505.1);
  const Steps wave = StepThrough("exp(-((t - 5000 - x/1000)/1e-4)^2)", 1e5, 4999.9998, 5000.0003);

  (void)state;
  assert_true(spot.longest <= 0.7 * 0.0583);
  assert_true(spot.before < 60 && spot.after < 60 && spot.during > 100 && spot.during < 600);
  assert_true(wave.longest <= 0.7 * 1.17e-4);
  assert_true(wave.before < 60 && wave.after < 60 && wave.during < 100);
}

static void a_step_ends_where_a_change_begins(void **state)
{
  const char     *text   = "exp(-((x - 0.02*(t - 40000))/0.001)^2)";
  HeatSmooth     *smooth = Create(text, 86400.0);
  const PetscReal ends   = HeatSmoothFollow(smooth, 39990.0, 86400.0);

  (void)state;
  assert_true(ends > 39990.0 && ends < 40000.0);
  OK(HeatSmoothDestroy(&smooth));
}

/* A restarted run asks for other times first. */
static void steps_do_not_depend_on_what_was_asked_before(void **state)
{
  const char *text  = "exp(-((x - 0.05 - 0.05*sin(t))^2 + y^2)/0.01^2)*(1 + 0.2*cos(t/100))";
  HeatSmooth *fresh = NULL, *used = Create(text, 1e4);
  PetscReal   t = 0.0;

  (void)state;
  for (int k = 0; k < 3000; k++) {
    const PetscReal next = HeatSmoothFollow(used, t, t + 50.0);

    if (k % 100 == 0) {
      fresh = Create(text, 1e4);
      assert_true(HeatSmoothFollow(fresh, t, t + 50.0) == next);
      OK(HeatSmoothDestroy(&fresh));
      assert_true(HeatSmoothFollow(used, 9000.0, 9001.0) > 9000.0);
      assert_true(HeatSmoothFollow(used, t, t + 50.0) == next);
    }
    t = next;
  }
  OK(HeatSmoothDestroy(&used));
}

/* Steps that would not end are left out, and formulas without bounds are told. */
static void what_cannot_be_followed_is_known(void **state)
{
  static const char *const fast[] = {"sin(1000*t - x)", "exp(-((x - 0.1*sin(t))/0.001)^2)",
                                     "atan2(y, x - t/1e6)"};
  PetscReal                place[2];

  (void)state;
  for (int k = 0; k < 3; k++) {
    HeatSmooth *smooth = Create(fast[k], 1e5);

    assert_true(HeatSmoothLength(smooth, PETSC_TRUE, place) < 0.02);
    assert_true(HeatSmoothFollow(smooth, 0.0, 1e4) == 1e4);
    assert_true(HeatSmoothWork(smooth) < 3e6); /* a tenth of a second */
    OK(HeatSmoothDestroy(&smooth));
  }
  HeatSmooth *pole = Create("1/sqrt((x - 0.02*(t - 500))^2 + y^2)", 1e5);

  assert_true(HeatSmoothIsUnsearched(pole));
  assert_true(HeatSmoothFollow(pole, 0.0, 1e4) == 1e4);
  OK(HeatSmoothDestroy(&pole));
}

static void usual_formulas_are_searched_in_some_hundredths_of_a_second(void **state)
{
  static const char *const texts[] = {"1e9*exp(-((x - 0.02*(t - 500))^2 + y^2)/0.001^2)",
                                      "exp(-((t - 5000 - x/0.01)/2)^2)",
                                      "1 + tanh((x - 0.02*(t - 500))/0.001)"};

  (void)state;
  for (int k = 0; k < 3; k++) {
    HeatSmooth *smooth = Create(texts[k], 1e5);

    assert_true(HeatSmoothWork(smooth) < 4e5); /* operations of some 30 ns */
    OK(HeatSmoothDestroy(&smooth));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_shortest_change_is_found),
      cmocka_unit_test(each_term_of_a_sum_has_its_own_range),
      cmocka_unit_test(products_of_a_shape_and_factors_of_time_do_not_move),
      cmocka_unit_test(jumps_are_left_to_others),
      cmocka_unit_test(controlled_steps_follow_a_change_while_it_is_there),
      cmocka_unit_test(a_step_ends_where_a_change_begins),
      cmocka_unit_test(steps_do_not_depend_on_what_was_asked_before),
      cmocka_unit_test(what_cannot_be_followed_is_known),
      cmocka_unit_test(usual_formulas_are_searched_in_some_hundredths_of_a_second),
  };

  return RUN_TESTS(tests);
}
