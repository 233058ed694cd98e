/* The comparison of a committed field with its history: a right row passes, and a wrong value or a
   value that is not a number is seen wherever in the row it is. */
#include "case_test.h"

#include <math.h>

#include "app/bench/bench_history.h"
#include "app/bench/draw.h"

enum { CELLS = 64, CYCLE = 1 };

static HeatBenchId Id(HeatBenchWorkload workload)
{
  return (HeatBenchId){HeatBenchFindClass("tiny"), workload, 12345};
}

/* Return the error of a row at the nonce's initial field, to which no step leads, with `wrong` in
   the place of one value. */
static double ErrorWith(HeatBenchWorkload workload, int place, double wrong)
{
  const HeatBenchId id = Id(workload);
  double            values[CELLS], error;
  HeatHistoryRow    row = {.row = 100, .first = 200, .n = CELLS, .values = values};

  for (int k = 0; k < CELLS; k++)
    values[k] = HeatDrawTemperature(id.nonce, CYCLE, row.first + k, row.row);
  if (place >= 0) values[place] = wrong;
  OK(HeatHistoryCompare(&id, CYCLE, 0, &row, &error));
  return error;
}

static void the_initial_field_is_its_own_history(void **state)
{
  (void)state;
  assert_true(ErrorWith(HEAT_BENCH_EXPLICIT, -1, 0.0) == 0.0);
  assert_true(ErrorWith(HEAT_BENCH_IMPLICIT, -1, 0.0) == 0.0);
}

static void a_wrong_value_is_the_error(void **state)
{
  (void)state;
  for (int k = 0; k < CELLS; k++) {
    assert_true(ErrorWith(HEAT_BENCH_EXPLICIT, k, 300.0) > 40.0);
    assert_true(ErrorWith(HEAT_BENCH_EXPLICIT, k, INFINITY) == INFINITY);
  }
}

static void a_value_that_is_not_a_number_is_within_no_bound(void **state)
{
  (void)state;
  for (int k = 0; k < CELLS; k++) {
    for (int w = HEAT_BENCH_IMPLICIT; w <= HEAT_BENCH_EXPLICIT; w++) {
      const HeatBenchWorkload workload = (HeatBenchWorkload)w;

      if (ErrorWith(workload, k, NAN) <= HeatHistoryBound(workload))
        fail_msg("%s: a NaN in cell %d passes", HeatBenchWorkloadNames[w], k);
    }
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_initial_field_is_its_own_history),
      cmocka_unit_test(a_wrong_value_is_the_error),
      cmocka_unit_test(a_value_that_is_not_a_number_is_within_no_bound),
  };

  return RUN_TESTS(tests);
}
