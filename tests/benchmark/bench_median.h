/** The median of measurements. */
#ifndef HEAT_TESTS_BENCH_MEDIAN_H
#define HEAT_TESTS_BENCH_MEDIAN_H

#include <petscsys.h>

/** Return the median of n > 0 values, which are sorted.  Not collective. */
static inline PetscReal BenchMedian(PetscReal *values, PetscInt n)
{
  (void)PetscSortReal(n, values);
  return values[n / 2];
}

#endif
