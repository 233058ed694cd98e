/* Measure exact sums (solver/base/exact_sum.h) against other sums of the same terms.  * *
   bench_sum [-terms 1000000] [-repeats 9] * * In turns, the terms are added *     one by one
   HeatExactSumAdd *     as an array   HeatExactSumAddArray *     compensated   by Neumaier's
   algorithm (Z. Angew. Math. Mech. 54 (1974) 39), in doubles *     plain         in doubles, one
   after the other * once the terms of a field, between 250 and 350, and once terms of both signs
   whose magnitudes span * twelve decades.  Printed are medians over the repeats [ns a term].  As
   a test it fails if the two * exact sums, and the exact sum of the terms in reverse order,
   differ in a bit.  Times are those of the processor, so that * other programs on the machine
   matter little. */
#include "solver/base/exact_sum.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/benchmark/bench_median.h"

enum { ONE_BY_ONE, ARRAY, COMPENSATED, PLAIN, WAYS, MOST_REPEATS = 99 };

static const char *const names[WAYS] = {"one by one", "as an array", "compensated", "plain"};

static PetscReal AddOneByOne(PetscInt n, const PetscReal *terms)
{
  HeatExactSum sum = {0};

  for (PetscInt i = 0; i < n; i++) HeatExactSumAdd(&sum, terms[i]);
  return HeatExactSumValue(&sum);
}

static PetscReal AddArray(PetscInt n, const PetscReal *terms)
{
  HeatExactSum sum = {0};

  HeatExactSumAddArray(&sum, (size_t)n, terms);
  return HeatExactSumValue(&sum);
}

static PetscReal AddCompensated(PetscInt n, const PetscReal *terms)
{
  PetscReal sum = 0.0, lost = 0.0;

  for (PetscInt i = 0; i < n; i++) {
    const PetscReal next  = sum + terms[i];
    const PetscBool large = (PetscBool)(PetscAbsReal(sum) >= PetscAbsReal(terms[i]));

    lost += large ? (sum - next) + terms[i] : (terms[i] - next) + sum;
    sum = next;
  }
  return sum + lost;
}

static PetscReal AddPlain(PetscInt n, const PetscReal *terms)
{
  PetscReal sum = 0.0;

  for (PetscInt i = 0; i < n; i++) sum += terms[i];
  return sum;
}

static PetscReal (*const ways[WAYS])(PetscInt, const PetscReal *) = {AddOneByOne, AddArray,
                                                                     AddCompensated, AddPlain};

/* Fill terms of a field, or terms of both signs whose magnitudes span twelve decades. */
static PetscErrorCode FillTerms(PetscInt n, PetscBool decades, PetscReal *terms)
{
  PetscRandom random;

  PetscFunctionBeginUser;
  PetscCall(PetscRandomCreate(PETSC_COMM_SELF, &random));
  PetscCall(PetscRandomSetInterval(random, decades ? -1.0 : 250.0, decades ? 1.0 : 350.0));
  for (PetscInt i = 0; i < n; i++) {
    PetscCall(PetscRandomGetValueReal(random, &terms[i]));
    if (decades) terms[i] *= PetscPowReal(10.0, (PetscReal)(i % 13) - 6.0);
  }
  PetscCall(PetscRandomDestroy(&random));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the exact sums with the sum in reverse order, which changes the order of the terms. */
static PetscErrorCode CheckOrder(PetscInt n, PetscReal *terms, const PetscReal sums[WAYS])
{
  PetscReal reversed;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n / 2; i++) {
    const PetscReal swap = terms[i];

    terms[i]         = terms[n - 1 - i];
    terms[n - 1 - i] = swap;
  }
  reversed = AddArray(n, terms);
  HeatCheck(sums[ONE_BY_ONE] == sums[ARRAY] && sums[ARRAY] == reversed, PETSC_COMM_SELF,
            HEAT_ERR_NUMERICS, "exact sums of the same terms differ: %.17g, %.17g, reversed %.17g",
            (double)sums[ONE_BY_ONE], (double)sums[ARRAY], (double)reversed);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add n terms in all ways, and print the times. */
static PetscErrorCode Measure(PetscInt n, PetscInt repeats, PetscBool decades, PetscReal *terms)
{
  PetscReal sums[WAYS], times[WAYS][MOST_REPEATS];

  PetscFunctionBeginUser;
  PetscCall(FillTerms(n, decades, terms));
  for (PetscInt r = 0; r < repeats; r++) {
    for (int way = 0; way < WAYS; way++) {
      const PetscReal start = BenchProcessorTime();

      sums[way]     = ways[way](n, terms);
      times[way][r] = BenchProcessorTime() - start;
    }
  }
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "%s\n", decades ? "twelve decades" : "a field"));
  for (int way = 0; way < WAYS; way++)
    PetscCall(PetscPrintf(PETSC_COMM_SELF, "  %-12s %6.2f ns a term, sum %.17g\n", names[way],
                          1e9 * BenchMedian(times[way], repeats) / (PetscReal)n, sums[way]));
  PetscCall(CheckOrder(n, terms, sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  PetscReal *terms;
  PetscInt   n = 1000000, repeats = 9;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-terms", &n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeats", &repeats, NULL));
  HeatCheck(n >= 1 && repeats >= 1 && repeats <= MOST_REPEATS, PETSC_COMM_WORLD, HEAT_ERR_INPUT,
            "-terms at least 1, -repeats 1 to %d", MOST_REPEATS);
  PetscCall(PetscMalloc1(n, &terms));
  PetscCall(Measure(n, repeats, PETSC_FALSE, terms));
  PetscCall(Measure(n, repeats, PETSC_TRUE, terms));
  PetscCall(PetscFree(terms));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
