/** The spread of a number over the ranks. */
#ifndef HEAT_APP_SPREAD_H
#define HEAT_APP_SPREAD_H

#include <petscsys.h>

#include "solver/base/error.h"

/** Least, mean and largest value of all ranks, and the lowest rank that has the largest. */
typedef struct {
  double      min, mean, max;
  PetscMPIInt rank;
} HeatSpread;

/** Compute the spread of each of n numbers, in the unit of the numbers.  Collective on comm: two
 *  reductions.
 *  @param[in]  values   [n] of this rank, n <= HEAT_SPREADS; NaN counts as 0
 *  @param[out] spreads  [n] the same on all ranks */
PetscErrorCode HeatSpreadReduce(MPI_Comm comm, int n, const double *values, HeatSpread *spreads);

/** Largest number of numbers in one call.  Chosen: more than any call has. */
enum { HEAT_SPREADS = 32 };

#endif
