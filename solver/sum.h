/** Sums of many numbers that lose nothing worth losing: Neumaier's compensated summation. */
#ifndef HEAT_SOLVER_SUM_H
#define HEAT_SOLVER_SUM_H

#include <petscsys.h>

typedef struct {
  PetscReal sum, lost;
} HeatAccumulator;

/** Source: A. Neumaier, ZAMM 54 (1974) 39. */
static inline void HeatAccumulate(HeatAccumulator *a, PetscReal value)
{
  const PetscReal t = a->sum + value;

  a->lost += PetscAbsReal(a->sum) >= PetscAbsReal(value) ? (a->sum - t) + value
                                                         : (value - t) + a->sum;
  a->sum = t;
}

static inline PetscReal HeatAccumulated(HeatAccumulator a) { return a.sum + a.lost; }

#endif
