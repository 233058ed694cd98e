/* Stopping early, by signals, limits of the wall time and the end of a Slurm job, and the times of
   checkpoints by the wall clock.  All ranks agree. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "app/process/signals.h"
#include "app/process/stop.h"

#include "solver/base/monotonic.h"

#define OK(call) assert_int_equal((call), 0)

/* Start as a program that began `ago` seconds ago and whose checkpoints have 1 kB. */
static void start(HeatStop *stop, const HeatCase *c, double ago)
{
  OK(HeatStopStart(stop, PETSC_COMM_WORLD, c, HeatMonotonicTime() - ago, 0, 1e3, PETSC_TRUE));
}

/* Set the environment of a Slurm job that ends in `left` seconds, or of no job for a negative
   number. */
static void pretend_job(long left)
{
  char end[32];

  if (left < 0) {
    (void)unsetenv("SLURM_JOB_ID");
    (void)unsetenv("SLURM_JOB_END_TIME");
    return;
  }
  snprintf(end, sizeof end, "%ld", (long)time(NULL) + left);
  (void)setenv("SLURM_JOB_ID", "4711", 1);
  (void)setenv("SLURM_JOB_END_TIME", end, 1);
}

static void nothing_stops_a_run_without_limits(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 0.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 1e6);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  assert_false(stop.checkpoint);
}

static void the_wall_time_limit_stops_before_it_is_reached(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 100.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 90.0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  HeatStopCheckpointed(&stop, 6.0); /* costly checkpoints need a larger margin */
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, stop.next_step));
  assert_true(stop.stop);
  assert_non_null(strstr(stop.reason, "limits.wall_time"));
}

static void a_checkpoint_that_was_never_written_is_reserved_for(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 100.0}};
  HeatStop       stop;

  (void)state;
  OK(HeatStopStart(&stop, PETSC_COMM_WORLD, &c, HeatMonotonicTime() - 90.0, 0, 1.2e9,
                   PETSC_FALSE)); /* estimated at 6 s */
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.stop);
}

static void a_long_step_is_reserved_for(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 100.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 90.0);
  stop.asked -= 15.0; /* as if the last step had taken 15 s */
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.stop);
}

static void the_end_of_a_slurm_job_stops_a_run(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 1e6, .slurm = PETSC_TRUE}};
  HeatStop       stop;

  (void)state;
  pretend_job(1000);
  start(&stop, &c, 0.0);
  assert_true(stop.job_left > 990.0 && stop.job_left <= 1000.0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  stop.started -= 996.0;
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, stop.next_step));
  assert_true(stop.stop);
  assert_string_equal(stop.reason, "the end of Slurm job 4711 (limits.slurm)");
  pretend_job(-1);
}

static void a_wall_time_before_the_end_of_the_job_wins(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 100.0, .slurm = PETSC_TRUE}};
  HeatStop       stop;

  (void)state;
  pretend_job(1000);
  start(&stop, &c, 99.9);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.stop);
  assert_non_null(strstr(stop.reason, "limits.wall_time"));
  pretend_job(-1);
}

static void a_job_can_be_ignored(void **state)
{
  const HeatCase c = {.limits = {.slurm = PETSC_FALSE}};
  HeatStop       stop;

  (void)state;
  pretend_job(1);
  start(&stop, &c, 0.0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  assert_string_equal(stop.job, "");
  pretend_job(-1);
}

static void output_of_squeue_is_understood(void **state)
{
  (void)state;
  assert_true(HeatSlurmParseLeft("1-02:03:04\n") == 93784.0);
  assert_true(HeatSlurmParseLeft("2:03:04\n") == 7384.0);
  assert_true(HeatSlurmParseLeft("3:04\n") == 184.0);
  assert_true(isinf(HeatSlurmParseLeft("UNLIMITED\n")));
  assert_true(isinf(HeatSlurmParseLeft("INVALID")));
  assert_true(isinf(HeatSlurmParseLeft("")));
}

/* For checkpoints of 5 minutes the interval is 117, 57 and 9.1 minutes with a mean time between
   failures M of a day, 6 hours and 15 minutes.  If a checkpoint costs more than 2 M it is M. */
static void dalys_interval_is_that_of_the_paper(void **state)
{
  (void)state;
  assert_true(fabs(HeatStopDaly(300.0, 86400.0) / 60.0 - 117.0) < 0.5);
  assert_true(fabs(HeatStopDaly(300.0, 21600.0) / 60.0 - 57.0) < 0.5);
  assert_true(fabs(HeatStopDaly(300.0, 900.0) / 60.0 - 9.1) < 0.05);
  assert_true(HeatStopDaly(300.0, 100.0) == 100.0);
}

static void dalys_interval_follows_the_cost_of_checkpoints(void **state)
{
  const HeatCase c = {.checkpoint = {.daly = PETSC_TRUE, .mtbf = 86400.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 0.0);
  assert_true(stop.checkpoint_interval == 60.0); /* before the first checkpoint */
  HeatStopCheckpointed(&stop, 0.0);              /* failed: its cost is still unknown */
  assert_true(stop.checkpoint_interval == 60.0);
  HeatStopCheckpointed(&stop, 100.0);
  HeatStopCheckpointed(&stop, 500.0);
  assert_true(stop.checkpoint_interval == HeatStopDaly(300.0, 86400.0));
  assert_true(stop.checkpoint_cost == 500.0);
  stop.last_checkpoint -= stop.checkpoint_interval;
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.checkpoint);
}

static void the_clock_asks_for_a_checkpoint(void **state)
{
  const HeatCase c = {.checkpoint = {.wall_interval = 10.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 0.0);
  stop.last_checkpoint -= 11.0;
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.checkpoint);
  HeatStopCheckpointed(&stop, 0.1);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, stop.next_step));
  assert_false(stop.checkpoint);
}

static void ranks_ask_seldom_when_steps_are_short(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 0.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 0.0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.next_step > 2);
}

/* Ranks decide in the first call and at least in every 64th, however short the iterations are. */
static void a_limit_is_kept_within_a_step_too(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 1000.0}};
  HeatStop       stop;

  (void)state;
  start(&stop, &c, 0.0);
  for (int k = 0; k < 200; k++) {
    const PetscInt64 before = stop.asked_poll;

    OK(HeatStopAskWithinStep(&stop, PETSC_COMM_WORLD));
    assert_true(k > 0 || stop.asked_poll == 1);
    assert_true(stop.asked_poll - before <= 64);
    assert_false(stop.stop);
  }
  assert_true(stop.next_poll - stop.asked_poll > 1);
  stop.began -= 1000.0;
  for (int k = 0; k < 64 && !stop.stop; k++) OK(HeatStopAskWithinStep(&stop, PETSC_COMM_WORLD));
  assert_true(stop.stop);
  assert_string_equal(stop.reason, "the wall-time limit of 1000 s (limits.wall_time)");
}

static void a_signal_to_one_rank_stops_all(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 0.0}};
  HeatStop       stop;
  PetscMPIInt    rank, size;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  OK(HeatSignalsCatch(PETSC_FALSE, PETSC_FALSE));
  HeatSignalsSetUpDone();
  if (rank == size - 1) {
    assert_int_equal(raise(SIGUSR1), 0);
    assert_int_equal(raise(SIGXCPU), 0); /* the first one is named */
  }
  start(&stop, &c, 0.0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.stop);
  assert_string_equal(stop.reason, "signal USR1");
  start(&stop, &c, 0.0);
  OK(HeatStopAskWithinStep(&stop, PETSC_COMM_WORLD));
  assert_true(stop.stop);
  assert_string_equal(stop.reason, "signal USR1");
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_stops_a_run_without_limits),
      cmocka_unit_test(the_wall_time_limit_stops_before_it_is_reached),
      cmocka_unit_test(a_checkpoint_that_was_never_written_is_reserved_for),
      cmocka_unit_test(a_long_step_is_reserved_for),
      cmocka_unit_test(the_end_of_a_slurm_job_stops_a_run),
      cmocka_unit_test(a_wall_time_before_the_end_of_the_job_wins),
      cmocka_unit_test(a_job_can_be_ignored),
      cmocka_unit_test(output_of_squeue_is_understood),
      cmocka_unit_test(dalys_interval_is_that_of_the_paper),
      cmocka_unit_test(dalys_interval_follows_the_cost_of_checkpoints),
      cmocka_unit_test(the_clock_asks_for_a_checkpoint),
      cmocka_unit_test(ranks_ask_seldom_when_steps_are_short),
      cmocka_unit_test(a_limit_is_kept_within_a_step_too),
      cmocka_unit_test(a_signal_to_one_rank_stops_all), /* last: the signal stays set */
  };

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return PetscFinalize() ? 1 : failed;
}
