/* The energy account (see the header). */
#include "solver/energy.h"

enum {
  SUM_SIDE            = 0,
  SUM_SOURCE          = 4,
  SUM_TURNOVER        = 5,
  SUM_STORED_INITIAL  = 6,
  SUM_CONTENT_INITIAL = 7,
  SUM_EXCHANGE        = 8
};

const char *const HeatEnergySumNames[HEAT_ENERGY_SUMS] = {
    "heat_left", "heat_right",     "heat_bottom",     "heat_top",     "heat_source",
    "turnover",  "stored_initial", "content_initial", "heat_exchange"};

/* Sum of C (T - level) over all cells. */
static PetscErrorCode StoredHeat(const HeatOperator *op, const PetscReal *T, PetscReal level,
                                 PetscReal *stored)
{
  const HeatGrid  *g   = HeatOperatorGrid(op);
  const PetscReal *C   = HeatOperatorCapacity(op);
  HeatAccumulator  sum = {0.0, 0.0};
  PetscReal        parts[2];

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++)
    HeatAccumulate(&sum, C[cell] * (T[cell] - level));
  parts[0] = sum.sum;
  parts[1] = sum.lost;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, parts, 2, MPIU_REAL, MPI_SUM, g->comm));
  *stored = parts[0] + parts[1];
  PetscFunctionReturn(0);
}

PetscErrorCode HeatEnergyStart(HeatEnergy *e, const HeatOperator *op, const PetscReal *T)
{
  const HeatGrid *g      = HeatOperatorGrid(op);
  PetscReal       lowest = PETSC_MAX_REAL;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(e, sizeof *e));
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) lowest = PetscMin(lowest, T[cell]);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &lowest, 1, MPIU_REAL, MPIU_MIN, g->comm));
  PetscCall(StoredHeat(op, T, 0.0, &e->before[SUM_STORED_INITIAL]));
  PetscCall(StoredHeat(op, T, lowest, &e->before[SUM_CONTENT_INITIAL]));
  PetscFunctionReturn(0);
}

void HeatEnergyAdd(HeatEnergy *e, const HeatFlows *flows, PetscReal dt)
{
  for (int s = 0; s < HEAT_SIDES; s++) HeatAccumulate(&e->side[s], flows->side[s] * dt);
  HeatAccumulate(&e->source, flows->source * dt);
  HeatAccumulate(&e->exchange, flows->exchange * dt);
  HeatAccumulate(&e->turnover, flows->turnover * dt);
}

PetscErrorCode HeatEnergySave(const HeatEnergy *e, const HeatOperator *op,
                              PetscReal sums[HEAT_ENERGY_SUMS])
{
  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(sums, HEAT_ENERGY_SUMS));
  for (int s = 0; s < HEAT_SIDES; s++) sums[SUM_SIDE + s] = HeatAccumulated(e->side[s]);
  sums[SUM_SOURCE]   = HeatAccumulated(e->source);
  sums[SUM_EXCHANGE] = HeatAccumulated(e->exchange);
  sums[SUM_TURNOVER] = HeatAccumulated(e->turnover);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, HEAT_ENERGY_SUMS, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) sums[k] += e->before[k];
  PetscFunctionReturn(0);
}

void HeatEnergyLoad(HeatEnergy *e, const PetscReal sums[HEAT_ENERGY_SUMS])
{
  const HeatEnergy fresh = {0};

  *e = fresh;
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++) e->before[k] = sums[k];
}

PetscErrorCode HeatEnergyClose(const HeatEnergy *e, const HeatOperator *op, const PetscReal *T,
                               PetscBool steady, HeatEnergyReport *report)
{
  PetscReal sums[HEAT_ENERGY_SUMS], came_in, scale;

  PetscFunctionBeginUser;
  PetscCall(HeatEnergySave(e, op, sums));
  PetscCall(StoredHeat(op, T, 0.0, &report->stored));
  report->stored_initial = sums[SUM_STORED_INITIAL];
  report->source         = sums[SUM_SOURCE];
  report->exchange       = sums[SUM_EXCHANGE];
  came_in                = report->source + report->exchange;
  for (int s = 0; s < HEAT_SIDES; s++) {
    report->side[s] = sums[SUM_SIDE + s];
    came_in += report->side[s];
  }
  report->error = steady ? came_in : (report->stored - report->stored_initial) - came_in;
  scale         = sums[SUM_TURNOVER] + (steady ? 0.0 : sums[SUM_CONTENT_INITIAL]);
  if (scale == 0.0) scale = PetscAbsReal(report->stored); /* uniform, nothing flows */
  report->relative = report->error == 0.0 ? 0.0 : PetscAbsReal(report->error) / scale;
  PetscFunctionReturn(0);
}
