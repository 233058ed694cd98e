/* Reductions over the field; local sums are compensated, so they do not drift with the grid. */
#include "solver/diagnostics.h"

#include "solver/expression.h"
#include "solver/sum.h"

PetscErrorCode HeatDiagnosticsSummary(const HeatOperator *op, const PetscReal *T,
                                      HeatSummary *summary)
{
  const HeatGrid *g           = HeatOperatorGrid(op);
  const size_t    n           = HeatGridLocalCells(g);
  PetscReal       extremes[2] = {PETSC_MIN_REAL, PETSC_MIN_REAL}, sums[2] = {0.0, 0.0};
  HeatAccumulator sum = {0.0, 0.0};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < n; cell++) {
    if (PetscIsInfOrNanReal(T[cell])) {
      sums[1] += 1.0;
      continue;
    }
    extremes[0] = PetscMax(extremes[0], -T[cell]);
    extremes[1] = PetscMax(extremes[1], T[cell]);
    HeatAccumulate(&sum, T[cell]);
  }
  sums[0] = HeatAccumulated(sum);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 2, MPIU_REAL, MPIU_MAX, g->comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPIU_REAL, MPI_SUM, g->comm));
  summary->min        = -extremes[0];
  summary->max        = extremes[1];
  summary->mean       = sums[0] / ((PetscReal)g->nx * (PetscReal)g->ny - sums[1]);
  summary->non_finite = (PetscInt64)sums[1];
  PetscFunctionReturn(0);
}

PetscErrorCode HeatDiagnosticsIntegral(const HeatOperator *op, const PetscReal *T,
                                       HeatWeight weight, PetscReal *integral)
{
  const HeatGrid *g        = HeatOperatorGrid(op);
  const HeatCase *c        = HeatOperatorCase(op);
  const uint16_t *material = HeatOperatorMaterial(op);
  HeatAccumulator sum      = {0.0, 0.0};
  PetscReal       total;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    const HeatMaterial *m = &c->materials[material[cell]];
    PetscReal           w = 1.0;

    if (weight == HEAT_WEIGHT_DENSITY) w = m->density;
    else if (weight == HEAT_WEIGHT_HEAT_CAPACITY) w = m->density * m->specific_heat;
    HeatAccumulate(&sum, w * T[cell]);
  }
  total = HeatAccumulated(sum);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPIU_REAL, MPI_SUM, g->comm));
  *integral = total * g->hx * g->hy;
  PetscFunctionReturn(0);
}

PetscErrorCode HeatDiagnosticsError(const HeatOperator *op, const PetscReal *T,
                                    const HeatFormula *exact, PetscReal t, PetscReal *l2,
                                    PetscReal *max)
{
  const HeatGrid *g = HeatOperatorGrid(op);
  HeatExpression *e;
  HeatAccumulator squares = {0.0, 0.0};
  PetscReal      *x, *y, *value, results[2], largest = 0.0;
  char            message[256];

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionCreate(exact, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T, &e, message,
                                 sizeof message));
  PetscCheck(e, g->comm, PETSC_ERR_PLIB, "expression was not validated: %s", message);
  PetscCall(PetscMalloc3(g->nxl, &x, g->nxl, &y, g->nxl, &value));
  for (PetscInt i = 0; i < g->nxl; i++) x[i] = HeatGridX(g, g->xs + i);
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *row = T + (size_t)j * (size_t)g->nxl;

    for (PetscInt i = 0; i < g->nxl; i++) y[i] = HeatGridY(g, g->ys + j);
    PetscCall(HeatExpressionEvaluate(e, g->nxl, x, y, t, NULL, value));
    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscReal d = PetscAbsReal(row[i] - value[i]);

      HeatAccumulate(&squares, d * d);
      if (!(d <= largest)) largest = d; /* keeps a NaN */
    }
  }
  PetscCall(PetscFree3(x, y, value));
  PetscCall(HeatExpressionDestroy(&e));
  results[0] = HeatAccumulated(squares);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, results, 1, MPIU_REAL, MPI_SUM, g->comm));
  PetscCallMPI(MPI_Allreduce(&largest, &results[1], 1, MPIU_REAL, MPIU_MAX, g->comm));
  *l2  = PetscSqrtReal(results[0] / ((PetscReal)g->nx * (PetscReal)g->ny));
  *max = PetscIsNanReal(*l2) ? *l2 : results[1];
  PetscFunctionReturn(0);
}

PetscErrorCode HeatDiagnosticsSideHeat(HeatOperator *op, const PetscReal *T, PetscReal t,
                                       PetscReal heat[HEAT_SIDES])
{
  HeatFlows flows;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetSurfaceTime(op, t));
  PetscCall(HeatOperatorFlows(op, T, &flows));
  PetscCall(PetscArraycpy(heat, flows.side, HEAT_SIDES));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, heat, HEAT_SIDES, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(0);
}
