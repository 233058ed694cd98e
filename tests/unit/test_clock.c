/* The clock: events are hit bit for bit, shortened steps rejoin the grid of times, and a restarted
   clock continues with the same bits. */
#include "case_test.h"

#include <math.h>

#include "app/state/clock.h"

static HeatCase Case(PetscReal end, PetscInt steps, PetscReal snapshots, PetscReal history)
{
  HeatCase c = {.time = {.scheme = HEAT_SCHEME_BACKWARD_EULER, .end = end, .steps = steps}};

  c.output.snapshots_interval = snapshots;
  c.output.history_interval   = history;
  return c;
}

/* Take the steps that the clock asks for, at most `most`, and store their times and lengths.
   Return their number. */
static PetscInt Walk(HeatClock *clock, PetscInt most, PetscReal *times, PetscReal *lengths)
{
  PetscInt n = 0;

  while (!HeatClockIsDone(clock) && n < most) {
    const HeatClockStep step = HeatClockNext(clock);

    HeatClockAdvance(clock, &step, step.dt, 0.0, 0);
    times[n]     = clock->time;
    lengths[n++] = step.dt;
  }
  return n;
}

enum { MOST = 4000 };

static void whole_steps_have_the_same_length_and_times_are_products(void **state)
{
  const HeatCase c = Case(-1.0, 1000, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.1);
  assert_int_equal(HeatClockExpectedSteps(&clock), 1000);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 1000);
  for (int k = 0; k < 1000; k++) {
    assert_true(times[k] == (k + 1) * 0.1);
    assert_true(lengths[k] == 0.1);
  }
}

static void end_is_hit_exactly_by_a_shortened_last_step(void **state)
{
  const HeatCase c = Case(1.0, -1, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.3);
  assert_int_equal(HeatClockExpectedSteps(&clock), 4);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 4);
  assert_true(times[3] == 1.0);
  assert_true(fabs(lengths[3] - 0.1) < 1e-15);
}

/* Three steps of 1/3 rounded to 12 digits end 1e-12 before 1, three of 1/3 rounded up end 2e-13
   behind it: no step of such a length is taken. */
static void remainder_of_less_than_a_billionth_is_no_step(void **state)
{
  const HeatCase c = Case(1.0, -1, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.333333333333);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 3);
  assert_true(times[2] == 1.0);
  assert_true(lengths[2] == 0.333333333333);
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.3333333333334); /* ends behind 1 by 2e-13 */
  assert_int_equal(Walk(&clock, MOST, times, lengths), 3);
  assert_true(times[2] == 1.0);
}

/* After 1e8 steps of a microsecond, the rounding of a time is larger than 1e-9 of a step. */
static void end_far_away_coincides_with_the_point_next_to_it(void **state)
{
  const HeatCase c = Case(100.0, -1, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 1e-6);
  clock.point = clock.step = 99999998;
  clock.time               = 99999998 * 1e-6;
  assert_int_equal(Walk(&clock, MOST, times, lengths), 2);
  assert_true(times[1] == 100.0);
  assert_true(lengths[1] == 1e-6);
}

static void events_are_hit_bit_for_bit_and_the_grid_is_rejoined(void **state)
{
  const HeatCase c = Case(7.0, -1, 0.7, 1.1);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];
  PetscInt       n, snapshots = 0, rows = 0, points = 0;

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.3);
  assert_int_equal(HeatClockExpectedSteps(&clock), -1);
  n = Walk(&clock, MOST, times, lengths);
  for (PetscInt k = 0; k < n; k++) {
    for (int m = 1; m <= 10; m++) snapshots += times[k] == m * 0.7;
    for (int m = 1; m <= 6; m++) rows += times[k] == m * 1.1;
    for (int m = 1; m <= 23; m++) points += times[k] == m * 0.3;
    assert_true(lengths[k] > 1e-9 && lengths[k] <= 0.3);
    if (k > 0) assert_true(times[k] > times[k - 1]);
  }
  assert_int_equal(snapshots, 10);
  assert_int_equal(rows, 6);
  /* 23 points of the grid, less five that coincide with events and then have the events' bits: 2.1,
     4.2 and 6.3 are multiples of 0.7 as well as of 0.3, and 3.3 and 6.6 of 1.1. */
  assert_true(points >= 18);
  assert_true(times[n - 1] == 7.0);
  assert_int_equal(n, 10 + 6 + 23 - 5);
}

static void multiples_are_due_once_each(void **state)
{
  const HeatCase c = Case(3.0, -1, 0.3, 0.1);
  HeatClock      clock;
  PetscInt       snapshots = 0, rows = 0;

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.07);
  assert_true(HeatClockIsDue(&clock, HEAT_OUTPUT_SNAPSHOT));
  while (!HeatClockIsDone(&clock)) {
    const HeatClockStep step = HeatClockNext(&clock);

    HeatClockAdvance(&clock, &step, step.dt, 0.0, 0);
    snapshots += HeatClockIsDue(&clock, HEAT_OUTPUT_SNAPSHOT);
    rows += HeatClockIsDue(&clock, HEAT_OUTPUT_HISTORY);
  }
  assert_int_equal(snapshots, 10);
  assert_int_equal(rows, 30);
}

static void interval_of_whole_steps_cuts_nothing(void **state)
{
  const HeatCase c = Case(100.0, -1, 0.7, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.1);
  assert_int_equal(HeatClockExpectedSteps(&clock), 1000);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 1000);
  for (int k = 0; k < 1000; k++) assert_true(lengths[k] == 0.1);
}

/* Outputs that shorten steps must not change the time at which a run of `steps` steps ends. */
static void steps_count_points_of_the_grid(void **state)
{
  const HeatCase c = Case(-1.0, 10, 0.25, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST];
  PetscInt       n;

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.1);
  n = Walk(&clock, MOST, times, lengths);
  assert_true(times[n - 1] == 1.0);
  assert_int_equal(n, 12); /* two steps are divided, at 0.25 and 0.75 */
}

/* A clock that resumes from the numbers saved at any step takes the remaining steps bit for bit. */
static void clock_that_was_saved_continues_with_the_same_bits(void **state)
{
  const HeatCase c = Case(7.0, -1, 0.7, 1.1);
  HeatClock      straight, clock;
  PetscReal      times[MOST], lengths[MOST], again[MOST], anew[MOST], numbers[HEAT_CLOCK_NUMBERS];
  PetscInt       n;

  (void)state;
  HeatClockStart(&straight, &c, PETSC_FALSE, 0.3);
  n = Walk(&straight, MOST, times, lengths);
  for (PetscInt at = 0; at < n; at++) {
    HeatClockStart(&straight, &c, PETSC_FALSE, 0.3);
    (void)Walk(&straight, at, again, anew);
    HeatClockSave(&straight, numbers);
    HeatClockStart(&clock, &c, PETSC_FALSE, 0.3);
    HeatClockResume(&clock, PETSC_TRUE, straight.step, straight.time, straight.dt, numbers);
    assert_int_equal(Walk(&clock, MOST, again, anew), n - at);
    assert_memory_equal(again, times + at, (size_t)(n - at) * sizeof *times);
    assert_memory_equal(anew, lengths + at, (size_t)(n - at) * sizeof *lengths);
  }
}

static void another_step_begins_a_grid_where_the_checkpoint_stands(void **state)
{
  const HeatCase c = Case(2.0, -1, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST], numbers[HEAT_CLOCK_NUMBERS];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.3);
  (void)Walk(&clock, 3, times, lengths);
  HeatClockSave(&clock, numbers);
  const HeatClock saved = clock;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.5);
  HeatClockResume(&clock, PETSC_TRUE, saved.step, saved.time, saved.dt, numbers);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 3);
  assert_true(times[0] == saved.time + 0.5 && times[2] == 2.0);
}

/* A checkpoint of an older heat2d holds only step and time; the clock's numbers are then NaN. */
static void checkpoint_without_numbers_is_on_the_grid(void **state)
{
  const HeatCase c = Case(-1.0, 10, 0.0, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST], lengths[MOST], numbers[HEAT_CLOCK_NUMBERS];

  (void)state;
  for (int k = 0; k < HEAT_CLOCK_NUMBERS; k++) numbers[k] = NAN;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.1);
  HeatClockResume(&clock, PETSC_TRUE, 4, 4 * 0.1, 0.1, numbers);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 6);
  assert_true(times[5] == 10 * 0.1 && lengths[0] == 0.1);
}

/* ------- steps that the error controls ------- */

/* Take steps as with a stepper that proposes 1.5 times the last step each time and rejects one step
   before each.  Store the times and return their number. */
static PetscInt WalkFree(HeatClock *clock, PetscReal *times)
{
  PetscInt n = 0;

  while (!HeatClockIsDone(clock) && n < MOST) {
    const HeatClockStep step = HeatClockNext(clock);

    HeatClockAdvance(clock, &step, step.dt, 1.5 * step.dt, 1);
    times[n++] = clock->time;
  }
  return n;
}

static void controlled_steps_hit_events_without_slivers(void **state)
{
  const HeatCase c = Case(10.0, -1, 2.5, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST];
  PetscInt       n, hits = 0;

  (void)state;
  HeatClockStart(&clock, &c, PETSC_TRUE, 0.01);
  n = WalkFree(&clock, times);
  for (PetscInt k = 0; k < n; k++) {
    for (int m = 1; m <= 4; m++) hits += times[k] == m * 2.5;
  }
  assert_int_equal(hits, 4);
  assert_true(times[n - 1] == 10.0);
  assert_int_equal(clock.rejected, n);
  /* A step is at least half of the proposal, so at least 3/4 of the step before. */
  for (PetscInt k = 1; k < n - 1; k++)
    assert_true(times[k + 1] - times[k] > 0.74 * (times[k] - times[k - 1]));
}

static void step_shorter_than_asked_does_not_reach_the_event(void **state)
{
  const HeatCase      c = Case(1.0, -1, 0.0, 0.0);
  HeatClock           clock;
  const HeatClockStep step = {.dt = 1.0, .target = 1.0, .point = 1};

  (void)state;
  HeatClockStart(&clock, &c, PETSC_TRUE, 1.0);
  HeatClockAdvance(&clock, &step, 0.25, 0.5, 2);
  assert_true(clock.time == 0.25);
  assert_false(HeatClockIsDone(&clock));
  assert_true(HeatClockNext(&clock).dt ==
              0.375); /* 0.75 is less than twice the proposal 0.5: halfway */
  assert_true(clock.shortest == 0.25 && clock.longest == 0.25);
}

static void proposal_of_a_checkpoint_is_used(void **state)
{
  const HeatCase c = Case(10.0, -1, 2.5, 0.0);
  HeatClock      clock, saved;
  PetscReal      numbers[HEAT_CLOCK_NUMBERS];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_TRUE, 0.01);
  const HeatClockStep step = HeatClockNext(&clock);
  HeatClockAdvance(&clock, &step, step.dt, 0.123, 0);
  HeatClockSave(&clock, numbers);
  saved = clock;
  HeatClockStart(&clock, &c, PETSC_TRUE, 0.01);
  HeatClockResume(&clock, PETSC_TRUE, saved.step, saved.time, saved.dt, numbers);
  assert_true(HeatClockNext(&clock).dt == 0.123);
  HeatClockStart(&clock, &c, PETSC_TRUE, 0.01); /* another scheme starts with its own first step */
  HeatClockResume(&clock, PETSC_FALSE, saved.step, saved.time, saved.dt, numbers);
  assert_true(HeatClockNext(&clock).dt == 0.01);
}

/* A proposal far beyond the end must not make events coincide, though two events within 1e-9 of a
   step are treated as one. */
static void huge_proposal_misses_no_event(void **state)
{
  const HeatCase c = Case(1.0, -1, 0.25, 0.0);
  HeatClock      clock;
  PetscReal      times[MOST];

  (void)state;
  HeatClockStart(&clock, &c, PETSC_TRUE, 1e30);
  assert_int_equal(WalkFree(&clock, times), 4);
  assert_true(times[0] == 0.25 && times[3] == 1.0);
}

static void width_is_passed_once_a_multiple(void **state)
{
  const HeatCase c = Case(1.0, -1, 0.0, 0.0);
  HeatClock      clock;
  PetscInt       rows = 0;

  (void)state;
  HeatClockStart(&clock, &c, PETSC_TRUE, 1e-3);
  while (!HeatClockIsDone(&clock)) {
    const HeatClockStep step = HeatClockNext(&clock);

    HeatClockAdvance(&clock, &step, step.dt, 1e-3, 0);
    rows += HeatClockPassed(&clock, 0.1);
  }
  assert_int_equal(rows, 10);
}

static void steady_case_takes_one_step_and_no_time(void **state)
{
  HeatCase  c = Case(-1.0, -1, 0.0, 0.0);
  HeatClock clock;
  PetscReal times[MOST], lengths[MOST];

  (void)state;
  c.time.scheme = HEAT_SCHEME_STEADY;
  HeatClockStart(&clock, &c, PETSC_FALSE, 0.0);
  assert_int_equal(HeatClockExpectedSteps(&clock), 1);
  assert_int_equal(Walk(&clock, MOST, times, lengths), 1);
  assert_true(times[0] == 0.0 && lengths[0] == 1.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(whole_steps_have_the_same_length_and_times_are_products),
    cmocka_unit_test(end_is_hit_exactly_by_a_shortened_last_step),
    cmocka_unit_test(remainder_of_less_than_a_billionth_is_no_step),
    cmocka_unit_test(end_far_away_coincides_with_the_point_next_to_it),
    cmocka_unit_test(events_are_hit_bit_for_bit_and_the_grid_is_rejoined),
    cmocka_unit_test(multiples_are_due_once_each),
    cmocka_unit_test(interval_of_whole_steps_cuts_nothing),
    cmocka_unit_test(steps_count_points_of_the_grid),
    cmocka_unit_test(clock_that_was_saved_continues_with_the_same_bits),
    cmocka_unit_test(another_step_begins_a_grid_where_the_checkpoint_stands),
    cmocka_unit_test(checkpoint_without_numbers_is_on_the_grid),
    cmocka_unit_test(controlled_steps_hit_events_without_slivers),
    cmocka_unit_test(step_shorter_than_asked_does_not_reach_the_event),
    cmocka_unit_test(proposal_of_a_checkpoint_is_used),
    cmocka_unit_test(huge_proposal_misses_no_event),
    cmocka_unit_test(width_is_passed_once_a_multiple),
    cmocka_unit_test(steady_case_takes_one_step_and_no_time),
};

int main(void) { return RUN_TESTS(Tests); }
