/* Interpolation in tables of time and value. */
#include "case_test.h"

#include "solver/case/time_series.h"

static PetscReal Times[]  = {-1.0, 0.0, 4.0, 5.0, 20.0};
static PetscReal Values[] = {10.0, 20.0, 12.0, 12.0, -3.0};

static const HeatSeries Table = {.n = 5, .t = Times, .value = Values};

static void entries_are_found_exactly(void **state)
{
  (void)state;
  for (PetscInt k = 0; k < Table.n; k++) assert_true(HeatSeriesAt(&Table, Times[k]) == Values[k]);
}

/* The numbers are binary fractions, so the results are exact. */
static void between_two_entries_it_is_linear(void **state)
{
  (void)state;
  assert_true(HeatSeriesAt(&Table, -0.25) == 17.5);
  assert_true(HeatSeriesAt(&Table, 1.0) == 18.0);
  assert_true(HeatSeriesAt(&Table, 4.5) == 12.0);
  assert_true(HeatSeriesAt(&Table, 12.5) == 4.5);
}

static void beyond_the_ends_it_is_held(void **state)
{
  (void)state;
  assert_true(HeatSeriesAt(&Table, -7.0) == 10.0);
  assert_true(HeatSeriesAt(&Table, 1e9) == -3.0);
}

static void single_entry_holds_always(void **state)
{
  PetscReal        t = 3.0, value = 7.0;
  const HeatSeries one = {.n = 1, .t = &t, .value = &value};

  (void)state;
  assert_true(HeatSeriesAt(&one, 0.0) == 7.0);
  assert_true(HeatSeriesAt(&one, 3.0) == 7.0);
  assert_true(HeatSeriesAt(&one, 4.0) == 7.0);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(entries_are_found_exactly),
    cmocka_unit_test(between_two_entries_it_is_linear),
    cmocka_unit_test(beyond_the_ends_it_is_held),
    cmocka_unit_test(single_entry_holds_always),
};

int main(void) { return RUN_TESTS(Tests); }
