/** The spread of a number over the ranks. */
#ifndef HEAT_APP_SPREAD_H
#define HEAT_APP_SPREAD_H

#include "solver/base/error.h"
#include "solver/base/reduction.h"

/** Least, mean and largest value of all ranks, and the lowest rank that has the largest. */
typedef struct {
  double      min, mean, max;
  PetscMPIInt rank;
} HeatSpread;

/** Largest number of numbers in one call.  Chosen: more than any call has. */
enum { HEAT_SPREADS = 32 };

/** The reduced numbers of up to HEAT_SPREADS spreads. */
typedef struct {
  PetscReal   most[HEAT_SPREADS], least[HEAT_SPREADS]; /* `least`: of the negatives */
  PetscReal   sum[HEAT_SPREADS];
  PetscMPIInt rank[HEAT_SPREADS];
} HeatSpreadTotals;

/** Add n numbers of this rank to a reduction.  Not collective.
 *  @param[in]  values  [n], n <= HEAT_SPREADS; NaN counts as 0
 *  @param[out] totals  borrowed until the reduction's Run; then call HeatSpreadGet */
PetscErrorCode HeatSpreadAdd(HeatReduction *r, int n, const double *values,
                             HeatSpreadTotals *totals);

/** Return spread k of the totals over `size` ranks, in the unit of the numbers.  Not collective. */
HeatSpread HeatSpreadGet(const HeatSpreadTotals *totals, PetscMPIInt size, int k);

#endif
