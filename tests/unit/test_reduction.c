/* Several reductions in one collective call have the results of one call each. */
#include "solver/base/reduction.h"

#include "solver_test.h"

/* Collective calls of this process so far.  The linker takes this function for MPI's own, which
   PETSc's macro, of the same name, calls. */
static int calls;

#undef MPI_Allreduce
int MPI_Allreduce(const void *from, void *to, int n, MPI_Datatype type, MPI_Op op, MPI_Comm comm)
{
  calls++;
  return PMPI_Allreduce(from, to, n, type, op, comm);
}

static HeatReduction *New(void)
{
  HeatReduction *r;

  OK(HeatReductionCreate(PETSC_COMM_WORLD, &r));
  return r;
}

enum { N = 20 };

/* Quantities are added in turns, so that the results of each have to find their places. */
static void sums_and_maxima_are_those_of_calls_of_their_own(void **state)
{
  HeatReduction *r          = New();
  HeatExactSum   sums[N][3] = {0};
  PetscReal      values[N][2], totals[N][3], maxima[N][2], alone[3], largest[2];
  PetscMPIInt    rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int k = 0; k < N; k++) {
    for (int s = 0; s < 3; s++) {
      for (int t = 0; t < 5000; t++)
        HeatExactSumAdd(&sums[k][s], HeatTestNoise(t, rank, s + 3 * k) * exp2(t % 90 - 40));
    }
    for (int m = 0; m < 2; m++) values[k][m] = -3.0 + HeatTestNoise(k, rank, m);
    OK(HeatReductionAddMaxima(r, 2, values[k], maxima[k]));
    OK(HeatReductionAddSums(r, 3, sums[k], totals[k]));
  }
  calls = 0;
  OK(HeatReductionRun(r));
  assert_int_equal(calls, 1);
  assert_true(totals[0][0] != totals[1][0] && maxima[0][0] != maxima[1][0]); /* places matter */
  for (int k = 0; k < N; k++) {
    OK(HeatExactSumReduce(PETSC_COMM_WORLD, 3, sums[k], alone));
    ALL(memcmp(alone, totals[k], sizeof alone) == 0);
    PMPI_Allreduce(values[k], largest, 2, MPIU_REAL, MPI_MAX, PETSC_COMM_WORLD);
    ALL(memcmp(largest, maxima[k], sizeof largest) == 0);
  }
  OK(HeatReductionDestroy(&r));
}

static void a_reduction_begins_anew_after_it_has_run(void **state)
{
  const HeatExactSum one   = {0};
  HeatReduction     *r     = New();
  PetscReal          first = 5.0, value = 2.0, total = -1.0;
  HeatExactSum       sum = one;

  (void)state;
  OK(HeatReductionAddMaxima(r, 1, &first, &first));
  OK(HeatReductionRun(r));
  ALL(first == 5.0);
  first = 7.0; /* must stay: it is no longer part of the reduction */
  HeatExactSumAdd(&sum, 1.0);
  OK(HeatReductionAddSums(r, 1, &sum, &total));
  OK(HeatReductionAddMaxima(r, 1, &value, &value)); /* in place */
  OK(HeatReductionRun(r));
  ALL(first == 7.0 && value == 2.0 && total == HeatTestSize());
  OK(HeatReductionDestroy(&r));
}

static void what_is_not_finite_stays(void **state)
{
  HeatReduction *r       = New();
  HeatExactSum   sums[2] = {0};
  PetscReal      totals[2], lowest = PETSC_MIN_REAL;
  PetscMPIInt    rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  HeatExactSumAdd(&sums[0], rank == HeatTestSize() - 1 ? INFINITY : 1.0);
  HeatExactSumAdd(&sums[1], rank == 0 ? NAN : 1.0);
  OK(HeatReductionAddSums(r, 2, sums, totals));
  OK(HeatReductionAddMaxima(r, 1, &lowest, &lowest));
  OK(HeatReductionRun(r));
  ALL(totals[0] == INFINITY && isnan(totals[1]) && lowest == PETSC_MIN_REAL);
  OK(HeatReductionDestroy(&r));
}

/* Return whether a number has the same bits on all ranks. */
static int IsAlike(PetscReal value)
{
  uint64_t bits, extremes[2], all[2];

  memcpy(&bits, &value, sizeof bits);
  extremes[0] = bits;
  extremes[1] = ~bits;
  PMPI_Allreduce(extremes, all, 2, MPI_UINT64_T, MPI_MAX, PETSC_COMM_WORLD);
  return all[0] == ~all[1];
}

/* NaN of either sign, on each rank in turn and on all; every rank has the bits of every other. */
static void maximum_is_nan_where_a_part_is(void **state)
{
  PetscReal   parts[3], maxima[3];
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int bad = 0; bad <= HeatTestSize(); bad++) {
    HeatReduction  *r    = New();
    const PetscReal sign = bad % 2 ? -1.0 : 1.0;
    const int       mine = rank == bad || bad == HeatTestSize();

    parts[0] = mine ? copysign(NAN, rank % 2 ? -sign : sign) : (PetscReal)rank;
    parts[1] = (PetscReal)rank;
    parts[2] = mine ? NAN : INFINITY;
    OK(HeatReductionAddMaxima(r, 3, parts, maxima));
    OK(HeatReductionRun(r));
    ALL(isnan(maxima[0]) && isnan(maxima[2]));
    ALL(maxima[1] == HeatTestSize() - 1);
    assert_true(IsAlike(maxima[0]) && IsAlike(maxima[2]));
    OK(HeatReductionDestroy(&r));
  }
}

/* MPI combines the parts in another order on each rank. */
static void zeros_of_both_signs_have_the_maximum_plus_zero(void **state)
{
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int plus = 0; plus < HeatTestSize(); plus++) {
    HeatReduction *r = New();
    PetscReal      parts[2], maxima[2];

    parts[0] = rank == plus ? 0.0 : -0.0;
    parts[1] = rank == plus ? -0.0 : -1.0;
    OK(HeatReductionAddMaxima(r, 2, parts, maxima));
    OK(HeatReductionRun(r));
    ALL(maxima[0] == 0.0 && !signbit(maxima[0]) && maxima[1] == 0.0);
    assert_true(IsAlike(maxima[1]));
    OK(HeatReductionDestroy(&r));
  }
}

static void nothing_is_reduced_without_a_message(void **state)
{
  HeatReduction *r     = New();
  HeatExactSum   sum   = {0};
  PetscReal      value = 3.0, total = -1.0, largest = -1.0;

  (void)state;
  calls = 0;
  OK(HeatReductionRun(r));
  OK(HeatReductionAddSums(r, 0, NULL, NULL));
  OK(HeatReductionAddMaxima(r, 0, NULL, NULL));
  OK(HeatReductionRun(r));
  assert_int_equal(calls, 0);
  HeatExactSumAdd(&sum, 2.0); /* empty additions between others leave their places */
  OK(HeatReductionAddSums(r, 0, NULL, NULL));
  OK(HeatReductionAddSums(r, 1, &sum, &total));
  OK(HeatReductionAddMaxima(r, 1, &value, &largest));
  OK(HeatReductionAddMaxima(r, 0, NULL, NULL));
  OK(HeatReductionRun(r));
  assert_int_equal(calls, 1);
  ALL(total == 2.0 * HeatTestSize() && largest == 3.0);
  OK(HeatReductionDestroy(&r));
}

static void only_maxima_or_only_sums_can_be_reduced(void **state)
{
  HeatReduction *r     = New();
  HeatExactSum   empty = {0};
  PetscReal      value = -7.0, total = -1.0;

  (void)state;
  OK(HeatReductionAddMaxima(r, 1, &value, &value));
  OK(HeatReductionRun(r));
  OK(HeatReductionAddSums(r, 1, &empty, &total)); /* an empty sum is 0 */
  OK(HeatReductionRun(r));
  ALL(value == -7.0 && total == 0.0 && !signbit(total));
  OK(HeatReductionDestroy(&r));
}

/* Each rank in turn has the largest number, and all have the same. */
static void placed_maxima_name_the_lowest_rank_that_has_them(void **state)
{
  const int   size = HeatTestSize();
  PetscMPIInt rank;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  for (int first = 0; first < size; first++) {
    HeatReduction  *r       = New();
    const PetscReal parts[] = {rank == first ? 5.0 : -rank, rank >= first ? 2.0 : 1.0,
                               rank >= first ? NAN : 7.0, rank % 2 ? 0.0 : -0.0};
    PetscReal   maxima[4];
    PetscMPIInt ranks[4];

    OK(HeatReductionAddPlacedMaxima(r, 1, parts, maxima, ranks));
    OK(HeatReductionAddPlacedMaxima(r, 3, parts + 1, maxima + 1, ranks + 1));
    calls = 0;
    OK(HeatReductionRun(r));
    assert_int_equal(calls, 1);
    ALL(maxima[0] == 5.0 && maxima[1] == 2.0 && isnan(maxima[2]) && maxima[3] == 0.0);
    ALL(ranks[0] == first && ranks[1] == first && ranks[2] == first && ranks[3] == 0);
    assert_true(IsAlike(maxima[2]) && IsAlike(maxima[3]));
    OK(HeatReductionDestroy(&r));
  }
}

static void counts_are_exact_sums_of_integers(void **state)
{
  const PetscInt64 large = (PetscInt64)1 << 60;
  HeatReduction   *r     = New();
  PetscInt64       parts[2], in_place = -1;
  PetscMPIInt      rank, size         = HeatTestSize();

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  parts[0] = rank == 0 ? large + 1 : -1;
  parts[1] = rank;
  OK(HeatReductionAddCounts(r, 2, parts, parts));
  OK(HeatReductionAddCounts(r, 1, &in_place, &in_place));
  OK(HeatReductionRun(r));
  ALL(parts[0] == large + 2 - size && parts[1] == size * (size - 1) / 2 && in_place == -size);
  OK(HeatReductionDestroy(&r));
}

static void text_is_that_of_the_lowest_rank_that_has_one(void **state)
{
  HeatReduction *r = New();
  char           mine[2 * HEAT_REDUCTION_TEXT], text[3][HEAT_REDUCTION_TEXT], expected[32];
  PetscMPIInt    rank, last = HeatTestSize() - 1;

  (void)state;
  MPI_Comm_rank(PETSC_COMM_WORLD, &rank);
  (void)snprintf(mine, sizeof mine, "of rank %d", rank);
  OK(HeatReductionAddText(r, rank > 0 || last == 0 ? mine : "", text[0]));
  OK(HeatReductionAddText(r, "", text[1]));
  memset(mine, 'x', sizeof mine - 1);
  mine[sizeof mine - 1] = 0;
  OK(HeatReductionAddText(r, rank == last ? mine : "", text[2]));
  OK(HeatReductionRun(r));
  (void)snprintf(expected, sizeof expected, "of rank %d", PetscMin(last, 1));
  ALL(strcmp(text[0], expected) == 0 && text[1][0] == 0);
  ALL(strlen(text[2]) == HEAT_REDUCTION_TEXT - 1 && text[2][0] == 'x');
  OK(HeatReductionDestroy(&r));
}

/* One quantity of each kind, in an order that is not the message's. */
static void kinds_share_one_message(void **state)
{
  HeatReduction *r    = New();
  HeatExactSum   sum  = {0};
  PetscReal      most = 3.0, placed = 4.0, total;
  PetscInt64     count = 1;
  PetscMPIInt    at;
  char           text[HEAT_REDUCTION_TEXT];

  (void)state;
  HeatExactSumAdd(&sum, 0.5);
  OK(HeatReductionAddSums(r, 1, &sum, &total));
  OK(HeatReductionAddText(r, "all", text));
  OK(HeatReductionAddCounts(r, 1, &count, &count));
  OK(HeatReductionAddPlacedMaxima(r, 1, &placed, &placed, &at));
  OK(HeatReductionAddMaxima(r, 1, &most, &most));
  calls = 0;
  OK(HeatReductionRun(r));
  assert_int_equal(calls, 1);
  ALL(total == 0.5 * HeatTestSize() && count == HeatTestSize() && most == 3.0);
  ALL(placed == 4.0 && at == 0 && strcmp(text, "all") == 0);
  OK(HeatReductionDestroy(&r));
}

static void nothing_can_be_destroyed(void **state)
{
  HeatReduction *r = NULL;

  (void)state;
  OK(HeatReductionDestroy(&r));
  assert_null(r);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(sums_and_maxima_are_those_of_calls_of_their_own),
    cmocka_unit_test(a_reduction_begins_anew_after_it_has_run),
    cmocka_unit_test(what_is_not_finite_stays),
    cmocka_unit_test(maximum_is_nan_where_a_part_is),
    cmocka_unit_test(zeros_of_both_signs_have_the_maximum_plus_zero),
    cmocka_unit_test(nothing_is_reduced_without_a_message),
    cmocka_unit_test(only_maxima_or_only_sums_can_be_reduced),
    cmocka_unit_test(placed_maxima_name_the_lowest_rank_that_has_them),
    cmocka_unit_test(counts_are_exact_sums_of_integers),
    cmocka_unit_test(text_is_that_of_the_lowest_rank_that_has_one),
    cmocka_unit_test(kinds_share_one_message),
    cmocka_unit_test(nothing_can_be_destroyed),
};

int main(void) { return RUN_TESTS(Tests); }
