/** The energy account: exact sums of this rank, the sums from before a restart, and the balance.
 *
 *  With S the stored heat (sum of C T) and H the heat that came in (sum over steps of dt h):
 *      error    = (S(t) - S(0)) - H     for a steady state error = H, where H is a heat flow
 *      relative = |error|/(|H| + K)     with |H| the sum of all magnitudes in H
 *      K        = sum of C (T - min T)  the content at t = 0; 0 for a steady state
 *  If the |H| of a steady state is only rounding, HeatEnergyWidenToRounding replaces it. */
#include "solver/measure/energy.h"

/* Indices of the sums, as listed in energy.h. */
enum {
  SUM_SIDE            = 0,
  SUM_SOURCE          = 4,
  SUM_TURNOVER        = 5,
  SUM_STORED_INITIAL  = 6,
  SUM_CONTENT_INITIAL = 7,
  SUM_EXCHANGE        = 8,
  SUM_RESTS           = 9
};

/* Names of the rests with number n, in the order of the flows (HEAT_FLOW_...). */
#define REST_NAMES(n)                                                                              \
  "heat_left_rest_" n, "heat_right_rest_" n, "heat_bottom_rest_" n, "heat_top_rest_" n,            \
      "heat_source_rest_" n, "heat_exchange_rest_" n, "turnover_rest_" n

const char *const HeatEnergySumNames[HEAT_ENERGY_SUMS] = {
    "heat_left",     "heat_right",    "heat_bottom",    "heat_top",
    "heat_source",   "turnover",      "stored_initial", "content_initial",
    "heat_exchange", REST_NAMES("1"), REST_NAMES("2"),  REST_NAMES("3")};

/* The index of the sum to which each kind of heat flow (HEAT_FLOW_...) is added. */
static const int SumOfFlow[HEAT_FLOWS] = {SUM_SIDE,   SUM_SIDE + 1, SUM_SIDE + 2, SUM_SIDE + 3,
                                          SUM_SOURCE, SUM_EXCHANGE, SUM_TURNOVER};

/* The index of rest r, from 0, of the sum of flow k. */
static int RestOfFlow(int r, int k) { return SUM_RESTS + r * HEAT_FLOWS + k; }

/* Compute the stored heat and the lowest temperature [K] of all ranks in one reduction. */
static PetscErrorCode StoredAndLowest(const HeatOperator *op, const PetscReal *T, PetscReal *stored,
                                      PetscReal *lowest)
{
  const HeatGrid *g    = HeatOperatorGrid(op);
  PetscReal       most = PETSC_MIN_REAL; /* of -T */
  HeatReduction  *r;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) most = PetscMax(most, -T[cell]);
  PetscCall(HeatReductionCreate(g->comm, &r));
  PetscCall(HeatEnergyAddStored(op, T, r, stored));
  PetscCall(HeatReductionAddMaxima(r, 1, &most, &most));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  *lowest = -most;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the content, the sum of C (T - the lowest T) over all cells [J/m]. */
static PetscErrorCode ContentAbove(const HeatOperator *op, const PetscReal *T, PetscReal lowest,
                                   PetscReal *content)
{
  const HeatGrid *g   = HeatOperatorGrid(op);
  HeatExactSum    sum = {0};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++)
    HeatExactSumAdd(&sum, HeatOperatorCapacityAt(op, cell) * (T[cell] - lowest));
  PetscCall(HeatExactSumReduce(g->comm, 1, &sum, content));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEnergyStart(HeatEnergy *e, const HeatOperator *op, const PetscReal *T)
{
  PetscReal lowest;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(e, sizeof *e));
  PetscCall(StoredAndLowest(op, T, &e->before[SUM_STORED_INITIAL], &lowest));
  PetscCall(ContentAbove(op, T, lowest, &e->before[SUM_CONTENT_INITIAL]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatEnergyAdd(HeatEnergy *e, const HeatFlows *flows, PetscReal dt)
{
  HeatFlowsAdd(&e->heat, dt, flows);
}

void HeatEnergyAddStep(HeatEnergy *e, const HeatStepInfo *info)
{
  HeatEnergyAdd(e, &info->flows, info->dt);
  HeatFlowsAdd(&e->heat, 1.0, &info->settled);
}

/* Set sums to those at the start of the process, with the sums of heat flows replaced by the
   present ones, which include what came before.  The rests remain those at the start. */
static void AddHeatSince(const HeatEnergy *e, const PetscReal heat[HEAT_FLOWS],
                         PetscReal sums[HEAT_ENERGY_SUMS])
{
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) sums[k] = e->before[k];
  for (int k = 0; k < HEAT_FLOWS; k++) sums[SumOfFlow[k]] = heat[k];
}

PetscErrorCode HeatEnergySave(const HeatEnergy *e, const HeatOperator *op,
                              PetscReal sums[HEAT_ENERGY_SUMS])
{
  const HeatGrid         *g        = HeatOperatorGrid(op);
  const HeatExchangeHeat *exchange = HeatOperatorExchangeHeat(op);
  HeatFlows               left     = e->heat; /* what the doubles so far leave of the exact sums */
  PetscReal               heat[HEAT_FLOWS];

  PetscFunctionBeginUser;
  if (exchange) HeatFlowsAdd(&left, 1.0, &exchange->settled); /* by a step that was abandoned */
  PetscCall(HeatExactSumReduce(g->comm, HEAT_FLOWS, left.sum, heat));
  AddHeatSince(e, heat, sums);
  for (int r = 0; r < HEAT_ENERGY_RESTS; r++) {
    if (g->rank == 0)
      for (int k = 0; k < HEAT_FLOWS; k++)
        HeatExactSumAdd(&left.sum[k], -sums[r == 0 ? SumOfFlow[k] : RestOfFlow(r - 1, k)]);
    PetscCall(HeatExactSumReduce(g->comm, HEAT_FLOWS, left.sum, &sums[RestOfFlow(r, 0)]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatEnergyLoad(HeatEnergy *e, const HeatOperator *op, const PetscReal sums[HEAT_ENERGY_SUMS])
{
  const HeatEnergy fresh = {0};

  *e = fresh;
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) e->before[k] = sums[k];
  if (HeatOperatorGrid(op)->rank > 0) return;
  for (int k = 0; k < HEAT_FLOWS; k++) {
    HeatExactSumAdd(&e->heat.sum[k], sums[SumOfFlow[k]]);
    for (int r = 0; r < HEAT_ENERGY_RESTS; r++)
      HeatExactSumAdd(&e->heat.sum[k], sums[RestOfFlow(r, k)]);
  }
}

PetscErrorCode HeatEnergyLoadExchange(HeatEnergy *e, HeatOperator *op, const PetscReal *cells,
                                      PetscInt terms, PetscReal dt)
{
  HeatFlows flows = {0};

  PetscFunctionBeginUser;
  if (HeatOperatorExchangeHeat(op)) {
    PetscCall(HeatOperatorLoadExchange(op, cells, terms, dt));
  } else if (cells) {
    HeatFlowsAddExchange(&flows, HeatGridLocalCells(HeatOperatorGrid(op)), cells);
    HeatFlowsAdd(&e->heat, dt, &flows);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A turnover of up to a hundred times the rounding errors counts as rounding.  100 is chosen:
   solves leave a little more than the rounding errors themselves. */
PetscErrorCode HeatEnergyWidenToRounding(const HeatOperator *op, const PetscReal *T,
                                         HeatEnergyReport *report)
{
  PetscReal rounding;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorRounding(op, 0.0, PETSC_FALSE, T, &rounding));
  if (report->turnover > 100.0 * rounding || report->error == 0.0)
    PetscFunctionReturn(PETSC_SUCCESS);
  report->turnover = rounding / (4.0 * PETSC_MACHINE_EPSILON);
  report->relative = PetscAbsReal(report->error) / report->turnover;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEnergyAddStored(const HeatOperator *op, const PetscReal *T, HeatReduction *r,
                                   PetscReal *stored)
{
  const HeatGrid *g   = HeatOperatorGrid(op);
  HeatExactSum    sum = {0};

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++)
    HeatExactSumAddProducts(&sum, (size_t)g->nxl, HeatOperatorCapacity(op, j),
                            T + (size_t)j * (size_t)g->nxl);
  PetscCall(HeatReductionAddSums(r, 1, &sum, stored));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEnergyAddTotals(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                                   HeatReduction *r, HeatEnergyTotals *totals)
{
  HeatFlows heat = e->heat;

  PetscFunctionBeginUser;
  HeatOperatorAddUnsettled(op, &heat);
  PetscCall(HeatReductionAddSums(r, HEAT_FLOWS, heat.sum, totals->heat));
  PetscCall(HeatEnergyAddStored(op, T, r, &totals->stored));
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatEnergyReport HeatEnergyGet(const HeatEnergy *e, const HeatEnergyTotals *totals,
                               PetscBool steady)
{
  HeatEnergyReport report;
  PetscReal        sums[HEAT_ENERGY_SUMS], came_in, scale;

  AddHeatSince(e, totals->heat, sums);
  report.stored         = totals->stored;
  report.stored_initial = sums[SUM_STORED_INITIAL];
  report.source         = sums[SUM_SOURCE];
  report.exchange       = sums[SUM_EXCHANGE];
  came_in               = report.source + report.exchange;
  for (int s = 0; s < HEAT_SIDES; s++) {
    report.side[s] = sums[SUM_SIDE + s];
    came_in += report.side[s];
  }
  report.error = steady ? came_in : (report.stored - report.stored_initial) - came_in;
  scale        = sums[SUM_TURNOVER] + (steady ? 0.0 : sums[SUM_CONTENT_INITIAL]);
  if (scale == 0.0) scale = PetscAbsReal(report.stored); /* a uniform field without heat flows */
  report.turnover = scale;
  report.relative = report.error == 0.0 ? 0.0 : PetscAbsReal(report.error) / scale;
  return report;
}

PetscErrorCode HeatEnergyClose(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                               PetscBool steady, HeatEnergyReport *report)
{
  HeatReduction   *r;
  HeatEnergyTotals totals;

  PetscFunctionBeginUser;
  PetscCall(HeatReductionCreate(HeatOperatorGrid(op)->comm, &r));
  PetscCall(HeatEnergyAddTotals(e, op, T, r, &totals));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  *report = HeatEnergyGet(e, &totals, steady);
  if (steady) PetscCall(HeatEnergyWidenToRounding(op, T, report));
  PetscFunctionReturn(PETSC_SUCCESS);
}
