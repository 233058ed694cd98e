/* Pulses that move over a domain: how long a place is heated is found, whatever the path is, and
   controlled steps follow the pulse while it passes, and only then. */
#include "case_test.h"

#include <math.h>

#include "solver/case/moving.h"

/* A domain of 0.1 m by 0.02 m, and a run of 86400 s. */
static const HeatMovingRange Plate = {.x = {0.0, 0.1}, .y = {0.0, 0.02}, .end = 86400.0};

/* Return the length of a formula's pulses; 0 if it has none, -1 if it cannot have any. */
static PetscReal Length(const char *text, const HeatMovingRange *range)
{
  HeatMoving *moving;
  PetscReal   place[2], length;

  OK(HeatMovingCreate(text, range, &moving));
  if (!moving) return -1.0;
  length = HeatMovingLength(moving, place);
  if (length < PETSC_MAX_REAL) {
    assert_true(place[0] >= range->x[0] && place[0] <= range->x[1]);
    assert_true(place[1] >= range->y[0] && place[1] <= range->y[1]);
  }
  OK(HeatMovingDestroy(&moving));
  assert_null(moving);
  return length < PETSC_MAX_REAL ? length : 0.0;
}

/* Assert that the length is at most `expected` [s] and not much less. */
#define IS(text, expected)                                                                         \
  do {                                                                                             \
    const PetscReal length_ = Length((text), &Plate);                                              \
    if (!(length_ <= (expected) * (1.0 + 1e-6) && length_ > 0.8 * (expected)))                     \
      fail_msg("%s: %g s, expected %g s", (text), (double)length_, (double)(expected));            \
  } while (0)

static void pulses_have_the_time_for_which_they_heat_a_place(void **state)
{
  (void)state;
  IS("1e6*(abs(x - 0.01*t) < 0.001)", 0.2);
  IS("t > 10*x && t < 10*x + 0.1", 0.1);
  IS("(t > 100*y)*(t < 100*y + 0.5)", 0.5);
  IS("floor((t - 100*x)/7)", 7.0);
  IS("1e6*max(0, 1 - abs(x - 0.01*t)/0.002)", 0.4);           /* a triangle */
  IS("1e6*((x - 0.01*t)^2 + (y - 0.0107)^2 < 0.001^2)", 0.2); /* a disc on a line */
  IS("1e6*((x - 0.05)^2 + (y - 0.001*t)^2 < 0.0005^2)", 1.0);
}

static void pulses_that_come_late_are_found(void **state)
{
  (void)state;
  IS("1e6*(abs(x - 0.01*(t - 40000)) < 0.001)", 0.2);
  IS("1e6*((x - 0.01*(t - 40000))^2 + (y - 0.013)^2 < 0.001^2)", 0.2);
}

/* Follow a pulse from a time on; return the first step. */
static PetscReal StepAt(const char *text, PetscReal end, PetscReal from)
{
  HeatMovingRange range = Plate;
  HeatMoving     *moving;
  PetscReal       to;

  range.end = end;
  OK(HeatMovingCreate(text, &range, &moving));
  to = HeatMovingFollow(moving, from, from + 50.0);
  OK(HeatMovingDestroy(&moving));
  return to - from;
}

/* A spot of 2 mm at x = 1e-5 m/s2 t^2 is at 1 mm after 10 s with 0.2 mm/s, at 90 mm after 95 s with
   1.9 mm/s; one that goes to and fro with 0.05 m/s passes a place in 0.04 s. */
static void a_pulse_that_becomes_faster_is_followed_at_its_speed(void **state)
{
  const char *faster = "abs(x - 1e-5*t^2) < 0.001";

  (void)state;
  assert_true(StepAt(faster, 100.0, 10.0) > 1.0);
  assert_true(StepAt(faster, 100.0, 95.0) <= 0.5 * 1.3);
  assert_true(StepAt("abs(x - 0.05 - 0.05*sin(t)) < 0.001", 10.0, 6.2832) <= 0.5 * 0.1);
  assert_true(StepAt("abs(x - 0.05 - 0.05*sin(t)) < 0.001", 1000.0, 628.32) <= 0.5 * 0.1);
}

static void a_front_that_passes_once_has_no_pulse(void **state)
{
  (void)state;
  assert_true(Length("1e6*(t > 100*y)", &Plate) == 0.0);
  assert_true(Length("1e6*(x < 0.001*t)", &Plate) == 0.0);
  assert_true(Length("x > 1 + t", &Plate) == 0.0);
}

static void formulas_that_switch_at_a_time_or_a_place_do_not_move(void **state)
{
  (void)state;
  assert_true(Length("1e6*(t > 10)*(t < 11)*(x < 0.05)", &Plate) == -1.0);
  assert_true(Length("sin(t - x)", &Plate) == -1.0);
  assert_true(Length("T > 300 + t*x", &Plate) == -1.0);
}

static void pulses_between_given_times_need_no_steps(void **state)
{
  static const PetscReal given[] = {400.0, 410.0};
  HeatMovingRange        range   = Plate;

  (void)state;
  IS("1e7*(0*x + t > 400)*(0*x + t < 410)", 10.0);
  range.n_given = 2;
  range.given   = given;
  assert_true(Length("1e7*(0*x + t > 400)*(0*x + t < 410)", &range) == 0.0);
}

static void a_pulse_on_a_side_is_found(void **state)
{
  const HeatMovingRange top = {.x = {0.0, 0.1}, .y = {0.02, 0.02}, .end = 100.0};

  (void)state;
  assert_true(fabs(Length("1e6*(abs(x - 0.01*t) < 0.001)", &top) - 0.2) < 1e-6);
}

static void controlled_steps_follow_a_pulse_while_it_passes(void **state)
{
  HeatMoving *moving;
  PetscReal   t      = 0.0, place[2];
  int         before = 0, during = 0, after = 0;

  (void)state;
  OK(HeatMovingCreate("1e6*(abs(x - 0.01*(t - 40000)) < 0.001)", &Plate, &moving));
  assert_false(HeatMovingIsFast(moving));
  assert_true(HeatMovingLength(moving, place) < 0.21);
  while (t < Plate.end) {
    const PetscReal to = HeatMovingFollow(moving, t, PetscMin(t + 5000.0, Plate.end));

    assert_true(to > t);
    if (to < 39999.0) before++;
    else if (t > 40011.0) after++;
    else during++;
    if (t > 40000.0 && to < 40010.0) assert_true(to - t <= 0.1 * (1.0 + 1e-6));
    t = to;
  }
  assert_true(before < 40 && after < 20 && during > 100 && during < 400);
  OK(HeatMovingDestroy(&moving));
}

static void pulses_of_a_millionth_of_the_run_are_not_followed(void **state)
{
  HeatMoving *moving;

  (void)state;
  OK(HeatMovingCreate("abs(x - 100*t + floor(100*t)) < 1e-4", &Plate, &moving));
  assert_non_null(moving);
  assert_true(HeatMovingIsFast(moving));
  assert_true(HeatMovingFollow(moving, 0.0, 50.0) == 50.0);
  OK(HeatMovingDestroy(&moving));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(pulses_have_the_time_for_which_they_heat_a_place),
      cmocka_unit_test(pulses_that_come_late_are_found),
      cmocka_unit_test(a_pulse_that_becomes_faster_is_followed_at_its_speed),
      cmocka_unit_test(a_front_that_passes_once_has_no_pulse),
      cmocka_unit_test(formulas_that_switch_at_a_time_or_a_place_do_not_move),
      cmocka_unit_test(pulses_between_given_times_need_no_steps),
      cmocka_unit_test(a_pulse_on_a_side_is_found),
      cmocka_unit_test(controlled_steps_follow_a_pulse_while_it_passes),
      cmocka_unit_test(pulses_of_a_millionth_of_the_run_are_not_followed),
  };

  return RUN_TESTS(tests);
}
