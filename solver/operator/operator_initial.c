/** The initial field of a case, from what the case gives or, for a steady state, from what
 *  surrounds the domain.
 *
 *  A steady state does not depend on the field from which its iterations start, as long as some
 *  side fixes its level.  Without an initial temperature they start at the mean of what the sides
 *  prescribe: it lies between the lowest and the highest of these temperatures, so that
 *  conductivities k(T) and sources q(T) that hold for the solution hold for the start, too. */
#include <math.h>
#include <stdio.h>

#include "solver/operator/operator_impl.h"

/* The exact sums of which a mean is the quotient. */
enum { SUM, WEIGHT, SUMS };

/* Add the temperatures that own faces prescribe or exchange heat with, weighted by the length of
   the face [m]. */
static void AddSides(const HeatOperator *op, HeatExactSum sums[SUMS])
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces  = HeatBoundariesGet(op->boundaries, (HeatSide)side);
    const PetscReal         length = side < HEAT_BOTTOM ? op->grid->hy : op->grid->hx;

    for (PetscInt f = 0; f < faces.length; f++) {
      const HeatBoundaryType type = op->c->boundary[side].segments[faces.segment[f]].type;

      if (type != HEAT_BC_TEMPERATURE && type != HEAT_BC_CONVECTION && type != HEAT_BC_RADIATION)
        continue;
      HeatExactSumAdd(&sums[SUM], length * faces.T[f]);
      HeatExactSumAdd(&sums[WEIGHT], length);
    }
  }
}

/* Compute the mean temperature of the surroundings [K]: over the sides or, where no side prescribes
   a temperature or exchanges heat with one, over the ambient exchange; 0 without that, too.
   Collective. */
static PetscErrorCode MeanOfSurroundings(const HeatOperator *op, PetscReal *mean)
{
  HeatExactSum sums[2 * SUMS] = {0};
  PetscReal    found[2 * SUMS];

  PetscFunctionBeginUser;
  AddSides(op, sums);
  if (op->ambient_exchange) {
    const PetscReal *ambient = HeatAmbientExchangeAmbient(op->ambient_exchange);

    HeatExactSumAddArray(&sums[SUMS + SUM], HeatGridLocalCells(op->grid), ambient);
    HeatExactSumAdd(&sums[SUMS + WEIGHT], (PetscReal)HeatGridLocalCells(op->grid));
  }
  PetscCall(HeatExactSumReduce(op->grid->comm, 2 * SUMS, sums, found));
  *mean = 0.0;
  if (found[WEIGHT] > 0.0) *mean = found[SUM] / found[WEIGHT];
  else if (found[SUMS + WEIGHT] > 0.0) *mean = found[SUMS + SUM] / found[SUMS + WEIGHT];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_INPUT if a temperature of a file is below the absolute zero in some cell of any
   rank.  Collective. */
static PetscErrorCode CheckFile(const HeatOperator *op, const PetscReal *T)
{
  const HeatCase *c     = op->c;
  HeatFault       fault = {0};
  char            reason[100];
  const PetscReal zero = HeatCaseAbsoluteZero(c, reason, sizeof reason);

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(op->grid); cell++) {
    if (!(T[cell] < zero) || isinf(T[cell])) continue; /* infinite: refused with the file */
    if (!HeatFaultAdd(&fault, HeatFaultPlace(op->grid, cell))) continue;
    HeatFaultAtCell(&fault, op->grid);
    fault.value = T[cell];
    (void)snprintf(fault.path, sizeof fault.path, "initial.file");
    HeatFaultOfTemperature(&fault, c);
  }
  PetscCall(HeatFaultRaise(op->grid->comm, c, HEAT_ERR_INPUT, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorInitialField(const HeatOperator *op, const HeatCellInputs *inputs,
                                        PetscBool from_file, PetscReal *T)
{
  const HeatCase *c     = op->c;
  const PetscBool guess = (PetscBool)(c->time.scheme == HEAT_SCHEME_STEADY && !from_file &&
                                      !c->initial.temperature.given);

  PetscFunctionBeginUser;
  if (from_file) PetscCall(CheckFile(op, T));
  if (guess) {
    PetscReal mean;

    PetscCall(MeanOfSurroundings(op, &mean));
    for (size_t cell = 0; cell < HeatGridLocalCells(op->grid); cell++) T[cell] = mean;
  }
  PetscCall(HeatPaintTemperature(op->grid, c, inputs, (PetscBool)(from_file || guess), T));
  PetscFunctionReturn(PETSC_SUCCESS);
}
