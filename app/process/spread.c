/** The spread over the ranks (spread.h).  One MPI_MAXLOC of the numbers and of their negatives
 *  gives maximum, minimum and the rank of the maximum together. */
#include "app/process/spread.h"

PetscErrorCode HeatSpreadReduce(MPI_Comm comm, int n, const double *values, HeatSpread *spreads)
{
  struct {
    double value;
    int    rank;
  } extremes[2 * HEAT_SPREADS];
  double      sums[HEAT_SPREADS];
  PetscMPIInt rank, size;

  PetscFunctionBeginUser;
  PetscCheck(n <= HEAT_SPREADS, PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "%d numbers, at most %d",
             n, (int)HEAT_SPREADS);
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  for (int k = 0; k < n; k++) {
    sums[k]                   = PetscIsNanReal(values[k]) ? 0.0 : values[k];
    extremes[2 * k].value     = sums[k];
    extremes[2 * k + 1].value = -sums[k];
    extremes[2 * k].rank = extremes[2 * k + 1].rank = rank;
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2 * n, MPI_DOUBLE_INT, MPI_MAXLOC, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, n, MPI_DOUBLE, MPI_SUM, comm));
  for (int k = 0; k < n; k++)
    spreads[k] = (HeatSpread){.min  = -extremes[2 * k + 1].value,
                              .mean = sums[k] / size,
                              .max  = extremes[2 * k].value,
                              .rank = extremes[2 * k].rank};
  PetscFunctionReturn(PETSC_SUCCESS);
}
