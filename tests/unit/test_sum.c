/* Compensated summation. */
#include "case_test.h"

#include <math.h>

#include "solver/sum.h"

static PetscReal SumOf(const PetscReal *values, int n)
{
  HeatAccumulator a = {0.0, 0.0};

  for (int k = 0; k < n; k++) HeatAccumulate(&a, values[k]);
  return HeatAccumulated(a);
}

static void sum_of_nothing_is_zero(void **state)
{
  (void)state;
  assert_true(SumOf(NULL, 0) == 0.0);
}

/* Neumaier's own example, where Kahan's summation gives 0. */
static void small_numbers_survive_larger_ones_that_cancel(void **state)
{
  const PetscReal values[4] = {1.0, 1e100, 1.0, -1e100};

  (void)state;
  assert_true(SumOf(values, 4) == 2.0);
}

static void large_number_first_loses_nothing_either(void **state)
{
  const PetscReal values[4] = {1e16, 1.0, 1.0, -1e16};

  (void)state;
  assert_true(SumOf(values, 4) == 2.0);
}

/* 0.1 is stored as 0.1 + 5.55e-18: a million of them add up to 1e5 + 5.6e-12, and 1e5 is the number
 * nearest to that; plain summation is off by 1e-6. */
static void a_million_tenths_are_right_to_the_last_bit(void **state)
{
  HeatAccumulator a     = {0.0, 0.0};
  volatile double plain = 0.0;

  (void)state;
  for (int k = 0; k < 1000000; k++) {
    HeatAccumulate(&a, 0.1);
    plain += 0.1;
  }
  assert_true(HeatAccumulated(a) == 1e5);
  assert_true(fabs(plain - 1e5) > 1e-7);
}

/* Terms of very different sizes; two orders may differ by the last rounding only. */
static void order_does_not_matter(void **state)
{
  enum { N = 1000 };
  PetscReal values[N], reversed[N];

  (void)state;
  for (int k = 0; k < N; k++) values[k] = (k % 2 ? -1.0 : 1.1) * pow(10.0, k % 17) / (k + 1.0);
  for (int k = 0; k < N; k++) reversed[k] = values[N - 1 - k];
  assert_true(fabs(SumOf(values, N) / SumOf(reversed, N) - 1.0) <= 2.0 * PETSC_MACHINE_EPSILON);
}

static void negative_numbers_mirror_positive_ones(void **state)
{
  const PetscReal values[3] = {0.1, 1e15, 0.3}, mirrored[3] = {-0.1, -1e15, -0.3};

  (void)state;
  assert_true(SumOf(values, 3) == -SumOf(mirrored, 3));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(sum_of_nothing_is_zero),
    cmocka_unit_test(small_numbers_survive_larger_ones_that_cancel),
    cmocka_unit_test(large_number_first_loses_nothing_either),
    cmocka_unit_test(a_million_tenths_are_right_to_the_last_bit),
    cmocka_unit_test(order_does_not_matter),
    cmocka_unit_test(negative_numbers_mirror_positive_ones),
};

int main(void) { return RUN_TESTS(Tests); }
