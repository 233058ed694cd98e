/* Stopping early: signals and wall time, agreed by all ranks. */
#define _POSIX_C_SOURCE 200809L
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/stop.h"

#define OK(call) assert_int_equal((call), 0)

static void nothing_stops_a_run_without_limits(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 0.0}};
  HeatStop       stop;

  (void)state;
  HeatStopStart(&stop, &c, MPI_Wtime() - 1e6, 0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  assert_false(stop.checkpoint);
}

static void the_wall_time_limit_stops_before_it_is_reached(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 100.0}};
  HeatStop       stop;

  (void)state;
  HeatStopStart(&stop, &c, MPI_Wtime() - 90.0, 0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_false(stop.stop);
  HeatStopCheckpointed(&stop, 6.0); /* dear checkpoints need a larger margin */
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, stop.next_step));
  assert_true(stop.stop);
  assert_non_null(strstr(stop.reason, "limits.wall_time"));
}

static void the_clock_asks_for_a_checkpoint(void **state)
{
  const HeatCase c = {.checkpoint = {.wall_interval = 10.0}};
  HeatStop       stop;

  (void)state;
  HeatStopStart(&stop, &c, MPI_Wtime(), 0);
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
  HeatStopStart(&stop, &c, MPI_Wtime(), 0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.next_step > 2);
}

static void a_signal_to_one_rank_stops_all(void **state)
{
  const HeatCase c = {.limits = {.wall_time = 0.0}};
  HeatStop       stop;
  PetscMPIInt    rank, size;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  MPI_Comm_size(PETSC_COMM_WORLD, &size);
  OK(HeatStopInstallSignals());
  if (rank == size - 1) assert_int_equal(raise(SIGUSR1), 0);
  HeatStopStart(&stop, &c, MPI_Wtime(), 0);
  OK(HeatStopAsk(&stop, PETSC_COMM_WORLD, 1));
  assert_true(stop.stop);
  assert_string_equal(stop.reason, "signal USR1");
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_stops_a_run_without_limits),
      cmocka_unit_test(the_wall_time_limit_stops_before_it_is_reached),
      cmocka_unit_test(the_clock_asks_for_a_checkpoint),
      cmocka_unit_test(ranks_ask_seldom_when_steps_are_short),
      cmocka_unit_test(a_signal_to_one_rank_stops_all), /* last: the flag stays up */
  };

  if (PetscInitialize(&argc, &argv, NULL, NULL)) return 1;
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  return PetscFinalize() ? 1 : failed;
}
