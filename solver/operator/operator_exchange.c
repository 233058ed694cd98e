/** The heat of the ambient exchange in explicit steps (HeatExchangeHeat in operator.h).
 *
 *  A step adds its heat [W/m] to the sum of each cell; operator_stencil.c does so in single steps
 *  and stages, wavefront_kernels.c in sweeps, with the same additions in each cell.  The sums are
 *  settled, multiplied by the length of a step, at the end of the step with the
 *  HEAT_EXCHANGE_TERMS-th addition, and when the length of the step changes.  A sweep of ftcs
 *  settles each row after the step that fills it, while the row is in the cache (wavefront.c).
 *
 *  The turnover is the sum of magnitudes of what is settled, cell by cell: where the exchange of a
 *  cell changes its sign between two settlements, it is smaller than the sum over all steps, and
 *  the relative error of the account is larger. */
#include <stdint.h>

#include "solver/operator/operator_impl.h"

/* [bytes] Alignment of the sums: a line of the cache, so that vectors of the sweep lie in one. */
enum { LINE = 64 };

void HeatFlowsAddExchange(HeatFlows *flows, size_t n, const PetscReal *heat)
{
  HeatExactSumAddWithMagnitudes(&flows->sum[HEAT_FLOW_EXCHANGE], &flows->sum[HEAT_FLOW_TURNOVER], n,
                                heat);
}

PetscErrorCode HeatOperatorSumExchange(HeatOperator *op)
{
  const size_t bytes = HeatGridLocalCells(op->grid) * sizeof(PetscReal) + LINE;
  uintptr_t    start;

  PetscFunctionBeginUser;
  if (!op->ambient_exchange) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExchangeDestroy(op));
  PetscCall(PetscNew(&op->exchange_heat));
  PetscCall(PetscCalloc(bytes, &op->exchange_heat->memory));
  start                    = (uintptr_t)op->exchange_heat->memory;
  op->exchange_heat->cells = (PetscReal *)((start + LINE - 1) / LINE * LINE);
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatExchangeHeat *HeatOperatorExchangeHeat(const HeatOperator *op)
{
  return op->exchange_heat;
}

void HeatOperatorTakeSettled(HeatOperator *op, HeatFlows *settled)
{
  const HeatFlows none = {0};

  *settled = none;
  if (!op->exchange_heat) return;
  *settled                   = op->exchange_heat->settled;
  op->exchange_heat->settled = none;
}

/* Add the heat of all cells that is not settled [J/m]. */
static void AddCells(const HeatOperator *op, HeatFlows *heat)
{
  const HeatExchangeHeat *sum   = op->exchange_heat;
  HeatFlows               flows = {0};

  if (sum->terms == 0) return;
  HeatFlowsAddExchange(&flows, HeatGridLocalCells(op->grid), sum->cells);
  HeatFlowsAdd(heat, sum->dt, &flows);
}

void HeatOperatorAddUnsettled(const HeatOperator *op, HeatFlows *heat)
{
  if (!op->exchange_heat) return;
  AddCells(op, heat);
  HeatFlowsAdd(heat, 1.0, &op->exchange_heat->settled);
}

PetscErrorCode HeatOperatorLoadExchange(HeatOperator *op, const PetscReal *cells, PetscInt terms,
                                        PetscReal dt)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSumExchange(op));
  if (!op->exchange_heat || !cells) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArraycpy(op->exchange_heat->cells, cells, HeatGridLocalCells(op->grid)));
  op->exchange_heat->terms = terms;
  op->exchange_heat->dt    = dt;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Settle the heat of all cells. */
static void Settle(HeatOperator *op)
{
  HeatExchangeHeat *sum = op->exchange_heat;

  AddCells(op, &sum->settled);
  for (size_t k = 0; k < HeatGridLocalCells(op->grid); k++) sum->cells[k] = 0.0;
  sum->terms = 0;
}

void HeatExchangeBegin(HeatOperator *op, PetscReal dt)
{
  HeatExchangeHeat *sum = op->exchange_heat;

  if (!sum) return;
  if (sum->terms > 0 && sum->dt != dt) Settle(op);
  sum->dt = dt;
}

void HeatExchangeEnd(HeatOperator *op, PetscInt n)
{
  HeatExchangeHeat *sum = op->exchange_heat;

  if (!sum) return;
  sum->terms += n;
  if (sum->terms >= HEAT_EXCHANGE_TERMS) Settle(op);
}

PetscInt HeatExchangeFull(const HeatOperator *op, PetscInt n)
{
  const HeatExchangeHeat *sum = op->exchange_heat;

  return sum && sum->terms + n >= HEAT_EXCHANGE_TERMS ? HEAT_EXCHANGE_TERMS - sum->terms : 0;
}

PetscErrorCode HeatExchangeDestroy(HeatOperator *op)
{
  PetscFunctionBeginUser;
  if (!op->exchange_heat) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(op->exchange_heat->memory));
  PetscCall(PetscFree(op->exchange_heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}
