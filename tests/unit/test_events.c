/* The events of a case: knots of tables, switches of formulas and time.events, in one order. */
#include "case_test.h"

#include <math.h>

#include "solver/case/events.h"
#include "solver/case/switches.h"

/* Assert that the events up to `until` are these. */
static void EventsAre(HeatEvents *events, PetscReal until, int n, const PetscReal *expected)
{
  PetscReal time = 0.0;

  for (int k = 0; k < n; k++) {
    time = HeatEventsNext(events, time, until);
    if (!(fabs(time - expected[k]) <= HeatSwitchesMargin(expected[k])))
      fail_msg("event %d at %.17g, expected %.17g", k, time, expected[k]);
  }
  assert_true(HeatEventsNext(events, time, until) > until);
}

static HeatFormula Formula(const char *text)
{
  return (HeatFormula){.given = PETSC_TRUE, .text = (char *)text};
}

static HeatCase Case(HeatRegion *region, PetscReal *given, PetscInt n)
{
  HeatCase c = {.time = {.scheme = HEAT_SCHEME_BDF2, .end = 1000.0, .steps = -1}};

  c.regions       = region;
  c.n_regions     = 1;
  c.time.events   = given;
  c.time.n_events = n;
  return c;
}

static void formulas_and_given_times_are_merged(void **state)
{
  HeatRegion      region     = {.source = Formula("1e6*(t > 400)*(t < 410)")};
  PetscReal       given[]    = {7.0, 405.0};
  const PetscReal expected[] = {7.0, 400.0, 405.0, 410.0};
  HeatCase        c          = Case(&region, given, 2);
  HeatEvents     *events;

  (void)state;
  OK(HeatEventsCreate(&c, &events));
  EventsAre(events, 1000.0, 4, expected);
  assert_null(HeatEventsUnsearched(events));
  OK(HeatEventsDestroy(&events));
  assert_null(events);
}

static void asking_again_gives_the_same_answer(void **state)
{
  HeatRegion  region = {.source = Formula("5e4*(t - 100*floor(t/100) < 10)")};
  HeatCase    c      = Case(&region, NULL, 0);
  HeatEvents *events;

  (void)state;
  OK(HeatEventsCreate(&c, &events));
  for (int k = 0; k < 3; k++) { /* backwards in time too, as a rollback does */
    assert_true(HeatEventsNext(events, 905.0, 1000.0) == 910.0);
    assert_true(HeatEventsNext(events, 5.0, 1000.0) == 10.0);
    assert_true(HeatEventsNext(events, 10.0, 1000.0) == 100.0);
    assert_true(HeatEventsNext(events, 9.0, 9.5) > 9.5);
  }
  OK(HeatEventsDestroy(&events));
}

/* ftcs and rkl2 with step: auto and a number of steps: the end is found during the run. */
static void a_run_whose_end_is_not_known_has_its_events(void **state)
{
  HeatRegion      region     = {.source = Formula("1e6*(t > 400)*(t < 410)")};
  PetscReal       given[]    = {7.0};
  const PetscReal expected[] = {7.0, 400.0, 410.0};
  HeatCase        c          = Case(&region, given, 1);
  HeatEvents     *events;

  (void)state;
  c.time.scheme    = HEAT_SCHEME_FTCS;
  c.time.end       = -1.0;
  c.time.steps     = 100;
  c.time.step      = 0.0;
  c.time.step_auto = PETSC_TRUE;
  assert_true(isinf(HeatCaseEnd(&c)));
  OK(HeatEventsCreate(&c, &events));
  EventsAre(events, 1000.0, 3, expected);
  OK(HeatEventsDestroy(&events));
}

/* The bounds of its slope include 0 in every interval, so that it could be searched for ever. */
static void a_formula_whose_turns_cannot_be_found_is_followed_no_longer(void **state)
{
  HeatRegion  region = {.source = Formula("1e6*(sin(t)^2 + cos(t)^2)")};
  HeatCase    c      = Case(&region, NULL, 0);
  HeatEvents *events;

  (void)state;
  OK(HeatEventsCreate(&c, &events));
  for (int k = 0; k < 10000; k++) /* a search for each step would take minutes */
    assert_true(HeatEventsFollow(events, 0.1 * k, 0.1 * k + 0.1) == 0.1 * k + 0.1);
  OK(HeatEventsDestroy(&events));
}

/* Its two sides are equal at all times up to rounding, so that no interval can be excluded. */
static void a_formula_that_cannot_be_searched_is_named(void **state)
{
  HeatRegion  region = {.source = Formula("sin(t)^2 + cos(t)^2 > 1")};
  HeatCase    c      = Case(&region, NULL, 0);
  HeatEvents *events;

  (void)state;
  OK(HeatEventsCreate(&c, &events));
  (void)HeatEventsNext(events, 0.0, 1000.0);
  assert_non_null(HeatEventsUnsearched(events));
  assert_string_equal(HeatEventsUnsearched(events), "sin(t)^2 + cos(t)^2 > 1");
  OK(HeatEventsDestroy(&events));
}

/* When t < T switches depends on the field; the user can give the times.  T > 300 has none. */
static void a_comparison_of_time_with_temperature_is_named(void **state)
{
  static const struct {
    const char *text;
    PetscInt    given;
    PetscBool   named;
  } cases[] = {{"t < (T > 0 ? 3.3 : 2)", 0, PETSC_TRUE}, {"t < (T > 0 ? 3.3 : 2)", 1, PETSC_FALSE},
               {"x*floor(t + T)", 0, PETSC_TRUE},        {"(T > 300)*(t < 5)", 0, PETSC_FALSE},
               {"max(T - t, 0)", 0, PETSC_FALSE},        {"T > 300", 0, PETSC_FALSE}};
  PetscReal given[] = {3.3};

  (void)state;
  for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
    HeatRegion  region = {.source = Formula(cases[k].text)};
    HeatCase    c      = Case(&region, given, cases[k].given);
    HeatEvents *events;

    OK(HeatEventsCreate(&c, &events));
    if (cases[k].named) assert_string_equal(HeatEventsUnsearched(events), cases[k].text);
    else assert_null(HeatEventsUnsearched(events));
    OK(HeatEventsDestroy(&events));
  }
}

/* One operation that cannot be searched leaves the others of its formula to be found. */
static void the_rest_of_such_a_formula_is_found(void **state)
{
  HeatRegion      region = {.source = Formula("(t > 10)*(t < 11)*(1 + (sin(t)^2 + cos(t)^2 > 1))")};
  const PetscReal expected[] = {10.0, 11.0};
  HeatCase        c          = Case(&region, NULL, 0);
  HeatEvents     *events;

  (void)state;
  OK(HeatEventsCreate(&c, &events));
  EventsAre(events, 1000.0, 2, expected);
  assert_non_null(HeatEventsUnsearched(events));
  OK(HeatEventsDestroy(&events));
}

static void steady_and_constant_cases_have_none(void **state)
{
  HeatRegion  region = {.source = Formula("t < 10")};
  HeatCase    c      = Case(&region, NULL, 0);
  HeatEvents *events;

  (void)state;
  c.time.scheme = HEAT_SCHEME_STEADY;
  OK(HeatEventsCreate(&c, &events));
  assert_true(HeatEventsNext(events, 0.0, 1000.0) > 1000.0);
  OK(HeatEventsDestroy(&events));
  region.source = (HeatFormula){.given = PETSC_TRUE, .value = 5.0};
  c.time.scheme = HEAT_SCHEME_FTCS;
  OK(HeatEventsCreate(&c, &events));
  assert_true(HeatEventsNext(events, 0.0, 1000.0) > 1000.0);
  OK(HeatEventsDestroy(&events));
}

/* Return where a step of case `source` from 390 s to at most 400 s ends. */
static PetscReal Followed(const char *source)
{
  HeatCase    c = {.time = {.scheme = HEAT_SCHEME_BDF2, .end = 1000.0, .steps = -1}};
  HeatEvents *events;
  PetscReal   to;

  OK(PetscStrallocpy(source, &c.source.text));
  c.source.given = PETSC_TRUE;
  OK(HeatEventsCreate(&c, &events));
  to = HeatEventsFollow(events, 390.0, 400.0);
  OK(HeatEventsDestroy(&events));
  OK(PetscFree(c.source.text));
  return to;
}

static void a_flat_turn_just_before_the_end_of_a_step_leaves_no_tiny_step(void **state)
{
  (void)state;
  assert_true(Followed("exp(-((t - 399.99)/100)^2)") == 400.0);
  assert_true(Followed("sin(pi*(t - 399.999)/60 + pi/2)") == 400.0);
  /* A pulse of a millisecond with that turn, and a turn within the step, are not passed. */
  assert_true(Followed("exp(-((t - 399.99)/1e-3)^2)") <= 399.99 + 1e-6);
  assert_true(fabs(Followed("exp(-((t - 395)/100)^2)") - 395.0) < 1e-6);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(formulas_and_given_times_are_merged),
      cmocka_unit_test(asking_again_gives_the_same_answer),
      cmocka_unit_test(a_run_whose_end_is_not_known_has_its_events),
      cmocka_unit_test(a_formula_whose_turns_cannot_be_found_is_followed_no_longer),
      cmocka_unit_test(a_formula_that_cannot_be_searched_is_named),
      cmocka_unit_test(a_comparison_of_time_with_temperature_is_named),
      cmocka_unit_test(the_rest_of_such_a_formula_is_found),
      cmocka_unit_test(steady_and_constant_cases_have_none),
      cmocka_unit_test(a_flat_turn_just_before_the_end_of_a_step_leaves_no_tiny_step),
  };

  return RUN_TESTS(tests);
}
