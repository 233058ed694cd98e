/* Exact sums: the result is the exact sum of all terms, rounded once, whatever their order and
   their distribution over the ranks. */
#include "solver_test.h"

#include <float.h>

#include "solver/base/exact_sum.h"

static PetscReal SumOf(const PetscReal *values, int n)
{
  HeatExactSum sum = {0};

  for (int k = 0; k < n; k++) HeatExactSumAdd(&sum, values[k]);
  return HeatExactSumValue(&sum);
}

#define SUM(...)                                                                                   \
  SumOf((const PetscReal[]){__VA_ARGS__},                                                          \
        (int)(sizeof((PetscReal[]){__VA_ARGS__}) / sizeof(PetscReal)))

static int SameBits(PetscReal a, PetscReal b) { return memcmp(&a, &b, sizeof a) == 0; }

/* Fill an array with pseudo-random numbers of both signs and of magnitudes 10^-decades to
   10^decades. */
static void Fill(PetscReal *values, int n, int decades)
{
  for (int k = 0; k < n; k++)
    values[k] = HeatTestNoise(k, 0, 1) * pow(10.0, decades * HeatTestNoise(k, 1, 2));
}

/* ------- exactness ------- */

static void sum_of_nothing_is_zero(void **state)
{
  const HeatExactSum nothing = {0};

  (void)state;
  assert_true(SameBits(HeatExactSumValue(&nothing), 0.0));
  assert_true(SameBits(SUM(-0.0), 0.0));
  assert_true(SameBits(SUM(1.0, -1.0), 0.0));
}

/* The sum is Neumaier's example, for which Kahan's summation gives 0. */
static void small_numbers_survive_larger_ones_that_cancel(void **state)
{
  (void)state;
  assert_true(SUM(1.0, 1e100, 1.0, -1e100) == 2.0);
  assert_true(SUM(1e16, 1.0, 1.0, -1e16) == 2.0);
  assert_true(SUM(DBL_MAX, 4.9e-324, -DBL_MAX) == 4.9e-324);
}

/* 0.1 is stored as 0.1 + 5.55e-18, so a million of them add up to 1e5 + 5.6e-12; the double
   nearest to that is 1e5. */
static void a_million_tenths_are_right_to_the_last_bit(void **state)
{
  HeatExactSum sum = {0};

  (void)state;
  for (int k = 0; k < 1000000; k++) HeatExactSumAdd(&sum, 0.1);
  assert_true(HeatExactSumValue(&sum) == 1e5);
}

/* Terms with all bits set and an exponent such that their upper part has 52 bits fill a chunk of
   the sum fastest. */
static void carries_come_before_a_chunk_is_full(void **state)
{
  const PetscReal full = 0x1.fffffffffffffp+9;
  HeatExactSum    sum  = {0};

  (void)state;
  for (int k = 0; k < 100000; k++) HeatExactSumAdd(&sum, full);
  assert_true(HeatExactSumValue(&sum) == full * 1e5);
  for (int k = 0; k < 100000; k++) HeatExactSumAdd(&sum, -full);
  assert_true(HeatExactSumValue(&sum) == 0.0);
}

static void negative_numbers_mirror_positive_ones(void **state)
{
  (void)state;
  assert_true(SUM(0.1, 1e15, 0.3) == -SUM(-0.1, -1e15, -0.3));
}

/* ------- rounding ------- */

static void sum_is_rounded_to_nearest_and_ties_to_even(void **state)
{
  const PetscReal half = 0x1p-53, next = 1.0 + 0x1p-52, tiny = 4.9e-324;

  (void)state;
  assert_true(SUM(1.0, half) == 1.0);
  assert_true(SUM(1.0, half, tiny) == next);
  assert_true(SUM(1.0, half, -tiny) == 1.0);
  assert_true(SUM(next, half) == 1.0 + 0x1p-51);
  assert_true(SUM(-1.0, -half, -tiny) == -next);
}

static void denormal_numbers_are_numbers(void **state)
{
  (void)state;
  assert_true(SUM(4.9e-324, 4.9e-324) == 9.9e-324);
  assert_true(SUM(DBL_MIN, -4.9e-324) == 0x0.fffffffffffffp-1022);
  assert_true(SUM(0x1p-1023, 0x1p-1023) == DBL_MIN);
}

static void only_the_sum_can_be_too_large(void **state)
{
  (void)state;
  assert_true(SUM(DBL_MAX, DBL_MAX, -DBL_MAX) == DBL_MAX);
  assert_true(SUM(DBL_MAX, 0x1p969) == DBL_MAX);
  assert_true(SUM(DBL_MAX, 0x1p970) == INFINITY);
  assert_true(SUM(-DBL_MAX, -DBL_MAX) == -INFINITY);
}

static void what_is_not_finite_stays(void **state)
{
  (void)state;
  assert_true(SUM(1.0, INFINITY, -DBL_MAX) == INFINITY);
  assert_true(SUM(-INFINITY, 1.0) == -INFINITY);
  assert_true(isnan(SUM(INFINITY, 1.0, -INFINITY)));
  assert_true(isnan(SUM(1.0, NAN, INFINITY)));
}

/* ------- arrays ------- */

/* Lengths are several blocks and a part of one.  Wide ranges of magnitude exceed what a block of
   the fast path can add; the widest has terms that are too small for it. */
static void array_is_the_sum_of_its_terms(void **state)
{
  enum { N = 3000 };
  static const int decades[5] = {0, 3, 20, 150, 300};
  PetscReal        values[N];

  (void)state;
  for (int d = 0; d < 5; d++) {
    Fill(values, N, decades[d]);
    for (int n = 250; n <= N; n += 250) {
      HeatExactSum sum = {0};

      HeatExactSumAddArray(&sum, (size_t)n, values);
      assert_true(SameBits(HeatExactSumValue(&sum), SumOf(values, n)));
    }
  }
}

static void array_keeps_what_is_not_finite(void **state)
{
  enum { N = 1000 };
  static const PetscReal odd[3] = {INFINITY, -INFINITY, NAN};
  PetscReal              values[N];

  (void)state;
  for (int k = 0; k < 3; k++) {
    for (int at = 0; at < N; at += 333) {
      HeatExactSum sum = {0};

      Fill(values, N, 3);
      values[at] = odd[k];
      HeatExactSumAddArray(&sum, N, values);
      if (k < 2) assert_true(HeatExactSumValue(&sum) == odd[k]);
      else assert_true(isnan(HeatExactSumValue(&sum)));
    }
  }
}

/* Blocks of one sign, of both signs and of zeros, and what is not finite, in arrays of several
   blocks and a part of one. */
static void magnitudes_are_summed_beside_the_values(void **state)
{
  enum { N = 900 };
  static const PetscReal odd[4] = {0.0, INFINITY, -INFINITY, NAN};
  PetscReal              values[N], magnitudes[N];

  (void)state;
  for (int sign = -1; sign <= 2; sign++) {
    for (int k = 0; k < 4; k++) {
      HeatExactSum sum = {0}, both = {0};

      Fill(values, N, 40);
      for (int i = 0; i < N; i++) {
        if (sign < 2) values[i] = sign * PetscAbsReal(values[i]);
        if (i % 7 == 0) values[i] = -0.0;
      }
      if (k > 0) values[300] = odd[k];
      for (int i = 0; i < N; i++) magnitudes[i] = PetscAbsReal(values[i]);
      HeatExactSumAddWithMagnitudes(&sum, &both, N, values);
      if (k == 3) {
        assert_true(isnan(HeatExactSumValue(&sum)) && isnan(HeatExactSumValue(&both)));
        continue;
      }
      assert_true(SameBits(HeatExactSumValue(&sum), SumOf(values, N)));
      assert_true(SameBits(HeatExactSumValue(&both), SumOf(magnitudes, N)));
    }
  }
}

static void products_are_rounded_and_then_added_exactly(void **state)
{
  enum { N = 700 };
  PetscReal    x[N], y[N], product[N];
  HeatExactSum sum = {0};

  (void)state;
  Fill(x, N, 3);
  Fill(y, N, 5);
  for (int k = 0; k < N; k++) product[k] = x[k] * y[k];
  HeatExactSumAddProducts(&sum, N, x, y);
  assert_true(SameBits(HeatExactSumValue(&sum), SumOf(product, N)));
}

/* ------- sums of sums ------- */

/* -0.1 times a sum equals the sum of -0.1 times its terms, when each product is added with its
   rounding error. */
static void scaling_distributes_exactly(void **state)
{
  enum { N = 500 };
  PetscReal    values[N];
  HeatExactSum sum = {0}, scaled = {0}, expected = {0};

  (void)state;
  Fill(values, N, 30);
  HeatExactSumAddArray(&sum, N, values);
  HeatExactSumAddScaled(&scaled, -0.1, &sum);
  for (int k = 0; k < N; k++) {
    const PetscReal product = -0.1 * values[k];

    HeatExactSumAdd(&expected, product);
    HeatExactSumAdd(&expected, fma(-0.1, values[k], -product));
  }
  assert_true(SameBits(HeatExactSumValue(&scaled), HeatExactSumValue(&expected)));
  HeatExactSumAddScaled(&scaled, -1.0, &expected);
  assert_true(HeatExactSumValue(&scaled) == 0.0);
}

static void scaling_keeps_the_ends_of_the_range(void **state)
{
  HeatExactSum large = {0}, odd = {0}, half = {0}, minus = {0};

  (void)state;
  HeatExactSumAdd(&large, DBL_MAX);
  HeatExactSumAddScaled(&half, 0.5, &large);
  assert_true(HeatExactSumValue(&half) == 0.5 * DBL_MAX);
  HeatExactSumAdd(&odd, INFINITY);
  HeatExactSumAddScaled(&minus, -2.0, &odd);
  assert_true(HeatExactSumValue(&minus) == -INFINITY);
}

/* ------- order and ranks ------- */

static void order_does_not_matter(void **state)
{
  enum { N = 1000 };
  PetscReal values[N], reversed[N];

  (void)state;
  Fill(values, N, 17);
  for (int k = 0; k < N; k++) reversed[k] = values[N - 1 - k];
  assert_true(SameBits(SumOf(values, N), SumOf(reversed, N)));
}

/* Three sums at once, with their terms distributed over the ranks in five ways. */
static void ranks_do_not_matter(void **state)
{
  enum { N = 2000, SUMS = 3 };
  const int   size = HeatTestSize();
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int deal = 1; deal < 6; deal++) {
    HeatExactSum sums[SUMS] = {0};
    PetscReal    values[N], found[SUMS];

    for (int s = 0; s < SUMS; s++) {
      Fill(values, N, 10 * s);
      for (int k = 0; k < N; k++)
        if ((k * deal % 17) % size == rank) HeatExactSumAdd(&sums[s], values[k]);
    }
    OK(HeatExactSumReduce(PETSC_COMM_WORLD, SUMS, sums, found));
    for (int s = 0; s < SUMS; s++) {
      Fill(values, N, 10 * s);
      ALL(SameBits(found[s], SumOf(values, N)));
    }
  }
}

static void ranks_agree_on_what_is_not_finite(void **state)
{
  const PetscMPIInt last    = HeatTestSize() - 1;
  HeatExactSum      sums[3] = {0};
  PetscReal         found[3];
  PetscMPIInt       rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int s = 0; s < 3; s++) HeatExactSumAdd(&sums[s], 1.0);
  if (rank == last) HeatExactSumAdd(&sums[0], INFINITY);
  if (rank == 0) HeatExactSumAdd(&sums[1], INFINITY);
  if (rank == last) HeatExactSumAdd(&sums[1], -INFINITY);
  if (rank == last) HeatExactSumAdd(&sums[2], NAN);
  OK(HeatExactSumReduce(PETSC_COMM_WORLD, 3, sums, found));
  ALL(found[0] == INFINITY && isnan(found[1]) && isnan(found[2]));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(sum_of_nothing_is_zero),
    cmocka_unit_test(small_numbers_survive_larger_ones_that_cancel),
    cmocka_unit_test(a_million_tenths_are_right_to_the_last_bit),
    cmocka_unit_test(carries_come_before_a_chunk_is_full),
    cmocka_unit_test(negative_numbers_mirror_positive_ones),
    cmocka_unit_test(sum_is_rounded_to_nearest_and_ties_to_even),
    cmocka_unit_test(denormal_numbers_are_numbers),
    cmocka_unit_test(only_the_sum_can_be_too_large),
    cmocka_unit_test(what_is_not_finite_stays),
    cmocka_unit_test(array_is_the_sum_of_its_terms),
    cmocka_unit_test(array_keeps_what_is_not_finite),
    cmocka_unit_test(magnitudes_are_summed_beside_the_values),
    cmocka_unit_test(products_are_rounded_and_then_added_exactly),
    cmocka_unit_test(scaling_distributes_exactly),
    cmocka_unit_test(scaling_keeps_the_ends_of_the_range),
    cmocka_unit_test(order_does_not_matter),
    cmocka_unit_test(ranks_do_not_matter),
    cmocka_unit_test(ranks_agree_on_what_is_not_finite),
};

int main(void) { return RUN_TESTS(Tests); }
