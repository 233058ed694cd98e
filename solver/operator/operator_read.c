/** How many values of coefficients a pass over the field reads from memory
 *  (HeatOperatorAddCoefficientsRead).
 *
 *  A pass goes row by row.  Rows that share one array are neighbours, so that the second of them
 *  finds it in a cache: an array is counted once.  Sources of a single step are [nyl][nxl] and are
 *  not shared; a sweep shares equal rows of sources, too, and takes the coefficients of runs of
 *  equal cells from a list (wavefront_rows.c). */
#include "solver/operator/operator_steps_impl.h"

/* Return the number of arrays behind consecutive rows that begin at place[0], place[1], ... */
static PetscReal CountArrays(PetscInt rows, const size_t *place)
{
  PetscInt n = 1;

  for (PetscInt j = 1; j < rows; j++) n += place[j] != place[j - 1];
  return (PetscReal)n;
}

/* Count the values that a pass of a single step or stage reads on this rank. */
static HeatCoefficientsRead CountSingle(const HeatOperator *op)
{
  const PetscInt  ny = op->grid->nyl;
  const PetscReal nx = (PetscReal)op->grid->nxl, cells = nx * (PetscReal)ny;

  return (HeatCoefficientsRead){.capacity = nx * CountArrays(ny, op->capacity_row),
                                .gx       = (nx + 1.0) * CountArrays(ny, op->gx_row),
                                .gy       = nx * CountArrays(ny + 1, op->gy_row),
                                .sources  = op->q ? cells : 0.0,
                                .exchange = (op->ambient_exchange ? cells : 0.0) +
                                            (op->exchange_heat ? 2.0 * cells : 0.0),
                                .ambient = op->ambient_exchange ? cells : 0.0};
}

PetscErrorCode HeatOperatorAddCoefficientsRead(const HeatOperator *op, HeatReduction *r,
                                               HeatCoefficientsRead read[HEAT_PASSES])
{
  enum { NUMBERS = HEAT_PASSES * sizeof(HeatCoefficientsRead) / sizeof(PetscReal) };
  const HeatGrid            *g              = op->grid;
  const HeatCoefficientsRead none           = {0};
  PetscReal                 *values         = (PetscReal *)read;
  HeatExactSum               parts[NUMBERS] = {0};

  PetscFunctionBeginUser;
  read[HEAT_PASS_SINGLE] = CountSingle(op);
  read[HEAT_PASS_SWEEP]  = op->steps && op->steps->wavefront
                               ? HeatWavefrontCoefficientsRead(op->steps->wavefront)
                               : none;
  for (int k = 0; k < NUMBERS; k++)
    HeatExactSumAdd(&parts[k], values[k] / ((PetscReal)g->nx * (PetscReal)g->ny));
  PetscCall(HeatReductionAddSums(r, NUMBERS, parts, values));
  PetscFunctionReturn(PETSC_SUCCESS);
}
