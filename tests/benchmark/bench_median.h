/** The middle of several measurements. */
#ifndef HEAT_TESTS_BENCH_MEDIAN_H
#define HEAT_TESTS_BENCH_MEDIAN_H

#include <petscsys.h>

/** Sorts the values, n > 0.  Not collective. */
static inline PetscReal BenchMedian(PetscReal *values, PetscInt n)
{
  (void)PetscSortReal(n, values);
  return values[n / 2];
}

#endif
