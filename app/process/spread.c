/** The spread over the ranks (spread.h).  The least number is the negative of a maximum, since a
 *  reduction has maxima alone. */
#include "app/process/spread.h"

PetscErrorCode HeatSpreadAdd(HeatReduction *r, int n, const double *values,
                             HeatSpreadTotals *totals)
{
  HeatExactSum sums[HEAT_SPREADS] = {0};
  PetscReal    most[HEAT_SPREADS], least[HEAT_SPREADS];

  PetscFunctionBeginUser;
  PetscCheck(n <= HEAT_SPREADS, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "%d numbers, at most %d",
             n, (int)HEAT_SPREADS);
  for (int k = 0; k < n; k++) {
    most[k]  = PetscIsNanReal(values[k]) ? 0.0 : values[k];
    least[k] = -most[k];
    HeatExactSumAdd(&sums[k], most[k]);
  }
  PetscCall(HeatReductionAddPlacedMaxima(r, n, most, totals->most, totals->rank));
  PetscCall(HeatReductionAddMaxima(r, n, least, totals->least));
  PetscCall(HeatReductionAddSums(r, n, sums, totals->sum));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatSpread HeatSpreadGet(const HeatSpreadTotals *totals, PetscMPIInt size, int k)
{
  return (HeatSpread){.min  = -totals->least[k],
                      .mean = totals->sum[k] / size,
                      .max  = totals->most[k],
                      .rank = totals->rank[k]};
}
