/* The largest magnitude and the norm in one reduction: accuracy, ends of the range, and bits that
   depend neither on the order nor on the ranks. */
#include "solver/base/largest_and_norm.h"

#include "solver_test.h"

enum { N = 4000 };

/* Fill x with pseudo-random numbers whose magnitudes cover 2^-range to 1 times `scale`, the largest
   ones in the first half. */
static void Fill(PetscReal *x, PetscReal scale, PetscReal range)
{
  for (int k = 0; k < N; k++)
    x[k] = scale * HeatTestNoise(k, 0, 1) * exp2(-range * fabs(HeatTestNoise(k, k % 2, 2)));
}

static PetscReal NormOnSelf(size_t n, const PetscReal *x)
{
  PetscReal largest, norm;

  OK(HeatLargestAndNorm(PETSC_COMM_SELF, n, x, &largest, &norm));
  return norm;
}

/* Scales are taken out by the test in powers of two, so that its own sum is in range. */
static void norm_is_accurate_at_any_scale(void **state)
{
  const int exponents[] = {0, 1, 29, 30, 31, -15, -16, 400, 1000, -400, -900};

  (void)state;
  for (size_t e = 0; e < sizeof exponents / sizeof *exponents; e++) {
    PetscReal   x[N], largest, norm, most = 0.0;
    long double sum = 0.0L;

    Fill(x, 1.0, 40.0);
    for (int k = 0; k < N; k++) {
      sum += (long double)x[k] * x[k];
      most = PetscMax(most, fabs(x[k]));
      x[k] = ldexp(x[k], exponents[e]);
    }
    OK(HeatLargestAndNorm(PETSC_COMM_SELF, N, x, &largest, &norm));
    assert_true(largest == ldexp(most, exponents[e]));
    /* 1e-14: N 2^-60 is dropped, the rest is rounding of squares and of the root */
    AT_MOST(fabs(ldexp(norm, -exponents[e]) / sqrt((double)sum) - 1.0), 1e-14);
  }
}

/* All small squares are rounded alike, to a multiple of 2^-60 of the unit: the worst case. */
static void many_small_elements_count(void **state)
{
  enum { MANY = 5000000 }; /* more than a chunk */
  PetscReal *x;

  (void)state;
  if (HeatTestSize() > 1) return;
  OK(PetscMalloc1(MANY, &x));
  for (int k = 0; k < MANY; k++) x[k] = 1e-6;
  x[MANY / 2] = 1.0;
  AT_MOST(fabs(NormOnSelf(MANY, x) / sqrt(1.0 + (MANY - 1) * 1e-12) - 1.0), MANY * 0x1p-60);
  OK(PetscFree(x));
}

static void ends_of_the_range_are_kept(void **state)
{
  const PetscReal zeros[2] = {0.0, -0.0}, one[1] = {-3.0}, tiny[1] = {0x1p-1074},
                  huge[1] = {0x1p1023};
  PetscReal largest, norm;

  (void)state;
  OK(HeatLargestAndNorm(PETSC_COMM_SELF, 2, zeros, &largest, &norm));
  assert_true(largest == 0.0 && norm == 0.0);
  OK(HeatLargestAndNorm(PETSC_COMM_SELF, 0, NULL, &largest, &norm));
  assert_true(largest == 0.0 && norm == 0.0);
  assert_true(NormOnSelf(1, one) == 3.0);
  assert_true(NormOnSelf(1, tiny) == 0x1p-1074); /* never below the largest magnitude */
  assert_true(NormOnSelf(1, huge) == 0x1p1023);
}

/* Deal the elements to the ranks in several ways, also such that some ranks have none or only small
   ones, whose highest digit is lower. */
static void ranks_do_not_matter(void **state)
{
  const PetscReal ranges[] = {0.0, 10.0, 60.0, 200.0};
  const int       size     = HeatTestSize();
  PetscMPIInt     rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int r = 0; r < 4; r++) {
    for (int deal = 0; deal < 6; deal++) {
      PetscReal x[N], own[N], largest, norm;
      size_t    n = 0;

      Fill(x, pow(10.0, deal), ranges[r]);
      for (int k = 0; k < N; k++) {
        const int by_size = PetscMin((int)(-log2(fabs(x[k]) + 1e-300)) / 16 + 2, size - 1);
        const int to      = deal == 0 ? 0 : deal == 1 ? PetscMax(by_size, 0) : k * deal % 17 % size;

        if (to == rank) own[n++] = x[k];
      }
      OK(HeatLargestAndNorm(PETSC_COMM_WORLD, n, own, &largest, &norm));
      ALL(norm == NormOnSelf(N, x));
    }
  }
}

/* Squares just below a unit of the highest digit are one such unit with a negative remainder on a
   rank that has that digit, and many units of the next digit on a rank that has not. */
static void carries_do_not_depend_on_the_ranks(void **state)
{
  const int   size = HeatTestSize();
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int shift = 0; shift < 2; shift++) {
    PetscReal x[N], own[N], largest, norm;
    size_t    n = 0;

    for (int k = 0; k < N; k++) x[k] = ldexp(sqrt(0.9 + 0.01 * HeatTestNoise(k, 0, 3)), 15 * shift);
    x[0] = ldexp(1.5, 15 * shift + 3);
    for (int k = 0; k < N; k++)
      if ((k == 0 && rank == 0) || (k > 0 && rank == k % PetscMax(size - 1, 1) + (size > 1)))
        own[n++] = x[k];
    OK(HeatLargestAndNorm(PETSC_COMM_WORLD, n, own, &largest, &norm));
    ALL(norm == NormOnSelf(N, x));
  }
}

/* Many small squares have remainders below the last digit that the largest square requires.  A rank
   without this square has another digit, in which the sum of these remainders has carries. */
static void dropped_remainders_do_not_depend_on_the_ranks(void **state)
{
  enum { MANY = 1 << 18, TRIALS = 12 };
  const int   size = HeatTestSize();
  PetscMPIInt rank;
  PetscReal  *x, *own;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  OK(PetscMalloc2(MANY, &x, MANY, &own));
  for (int t = 0; t < TRIALS; t++) {
    PetscReal largest, norm;
    size_t    n = 0;

    for (int k = 0; k < MANY; k++) x[k] = 5e-4 * HeatTestNoise(k, t, 4);
    x[MANY - 5] = 1.1 + 0.1 * HeatTestNoise(0, t, 5);
    for (int k = 0; k < MANY; k++)
      if (rank == (k == MANY - 5 ? size - 1 : k % PetscMax(size - 1, 1))) own[n++] = x[k];
    OK(HeatLargestAndNorm(PETSC_COMM_WORLD, n, own, &largest, &norm));
    ALL(norm == NormOnSelf(MANY, x));
  }
  OK(PetscFree2(x, own));
}

/* Elements of any rank alone: the place of what is not finite, and the number of elements beside
   it, do not matter to a loop in vectors. */
static void largest_magnitude_is_infinite_where_an_element_is_not_finite(void **state)
{
  enum { MOST = 40 };
  const PetscReal bad[] = {NAN, INFINITY, -INFINITY};

  (void)state;
  assert_true(HeatLargestMagnitude(0, NULL) == 0.0);
  for (int n = 1; n <= MOST; n++) {
    PetscReal x[MOST];

    for (int at = 0; at < n; at++) {
      for (int k = 0; k < n; k++) x[k] = -0.5 + HeatTestNoise(k, n, 6) * 0.1;
      x[at] = at % 2 ? 3.0 : -3.0;
      assert_true(HeatLargestMagnitude((size_t)n, x) == 3.0);
      x[at] = bad[at % 3];
      assert_true(HeatLargestMagnitude((size_t)n, x) == INFINITY);
    }
  }
}

static void ranks_agree_on_what_is_not_finite(void **state)
{
  const PetscReal bad[] = {NAN, INFINITY, -INFINITY};
  PetscMPIInt     rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int k = 0; k < 3; k++) {
    const PetscReal x[3] = {1.0, rank == HeatTestSize() - 1 ? bad[k] : 2.0, 1e300};
    PetscReal       largest, norm;

    OK(HeatLargestAndNorm(PETSC_COMM_WORLD, 3, x, &largest, &norm));
    ALL(largest == INFINITY && norm == INFINITY);
  }
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(norm_is_accurate_at_any_scale),
    cmocka_unit_test(many_small_elements_count),
    cmocka_unit_test(ends_of_the_range_are_kept),
    cmocka_unit_test(ranks_do_not_matter),
    cmocka_unit_test(carries_do_not_depend_on_the_ranks),
    cmocka_unit_test(dropped_remainders_do_not_depend_on_the_ranks),
    cmocka_unit_test(largest_magnitude_is_infinite_where_an_element_is_not_finite),
    cmocka_unit_test(ranks_agree_on_what_is_not_finite),
};

int main(void) { return RUN_TESTS(Tests); }
