/* When the preconditioner of Newton's linear solves is set up again. */
#include "solver/implicit/newton_lag.h"
#include "solver_test.h"

/* Return a record of a first solve that took 3 iterations for each digit. */
static HeatNewtonLag AfterFirst(void)
{
  HeatNewtonLag lag = {0};

  HeatNewtonLagAdd(&lag, 6, 1e-2);
  return lag;
}

static void set_up_stays_while_solves_take_no_more_iterations(void **state)
{
  HeatNewtonLag lag = AfterFirst();

  (void)state;
  for (int k = 0; k < 100; k++) {
    assert_false(HeatNewtonLagIsDue(&lag));
    HeatNewtonLagAdd(&lag, 12, 1e-4);
    HeatNewtonLagAdd(&lag, 2, 1e-1); /* fewer do not pay for later ones */
  }
}

static void set_up_is_due_when_its_cost_was_spent_on_more_iterations(void **state)
{
  HeatNewtonLag lag = AfterFirst();
  int           solves;

  (void)state;
  for (solves = 0; !HeatNewtonLagIsDue(&lag); solves++) HeatNewtonLagAdd(&lag, 13, 1e-4);
  assert_int_equal(solves, 4); /* one iteration more in each of four solves */
}

static void solve_without_progress_makes_it_due(void **state)
{
  HeatNewtonLag lag = AfterFirst();

  (void)state;
  HeatNewtonLagAdd(&lag, 100, 1.0);
  assert_true(HeatNewtonLagIsDue(&lag));
  lag = AfterFirst();
  HeatNewtonLagAdd(&lag, 0, 0.0); /* nothing was left to solve */
  assert_false(HeatNewtonLagIsDue(&lag));
}

static void limit_holds_for_an_old_set_up_only(void **state)
{
  const HeatNewtonLag none = {0}, lag = AfterFirst();

  (void)state;
  assert_int_equal(HeatNewtonLagLimit(&none, 1e-4, 100), 100);
  assert_int_equal(HeatNewtonLagLimit(&lag, 1e-4, 100), 32); /* 12, and five times the cost 4 */
  assert_int_equal(HeatNewtonLagLimit(&lag, 1e-4, 20), 20);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(set_up_stays_while_solves_take_no_more_iterations),
    cmocka_unit_test(set_up_is_due_when_its_cost_was_spent_on_more_iterations),
    cmocka_unit_test(solve_without_progress_makes_it_due),
    cmocka_unit_test(limit_holds_for_an_old_set_up_only),
};

int main(void)
{
  if (PetscInitializeNoArguments() || HeatErrorInstall()) return 1;
  return HeatTestFinish(cmocka_run_group_tests(Tests, NULL, NULL));
}
