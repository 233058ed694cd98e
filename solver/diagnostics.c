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
  const HeatGrid  *g        = HeatOperatorGrid(op);
  const PetscReal *capacity = HeatOperatorCapacity(op);
  const PetscReal  area     = g->hx * g->hy;
  HeatAccumulator  sum      = {0.0, 0.0};
  PetscReal        total;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    PetscReal w = 1.0;

    if (weight == HEAT_WEIGHT_DENSITY) w = HeatOperatorDensity(op, cell);
    else if (weight == HEAT_WEIGHT_HEAT_CAPACITY) w = capacity[cell] / area;
    HeatAccumulate(&sum, w * T[cell]);
  }
  total = HeatAccumulated(sum);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &total, 1, MPIU_REAL, MPI_SUM, g->comm));
  *integral = total * area;
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

PetscErrorCode HeatDiagnosticsSideHeat(const HeatOperator *op, const PetscReal *T,
                                       PetscReal heat[HEAT_SIDES])
{
  HeatFlows flows;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorFlows(op, T, &flows));
  PetscCall(PetscArraycpy(heat, flows.side, HEAT_SIDES));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, heat, HEAT_SIDES, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(0);
}

PetscInt HeatDiagnosticsFirstSegment(const HeatCase *c, HeatSide side)
{
  PetscInt first = 0;

  for (int s = 0; s < (int)side; s++) first += c->boundary[s].n;
  return first;
}

PetscInt HeatDiagnosticsSegments(const HeatCase *c)
{
  return HeatDiagnosticsFirstSegment(c, HEAT_SIDES);
}

PetscErrorCode HeatDiagnosticsSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                          PetscReal *heat)
{
  const PetscInt n = HeatDiagnosticsSegments(HeatOperatorCase(op));

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSegmentHeat(op, T, heat));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, heat, (PetscMPIInt)n, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(0);
}

/* Interfaces. */

typedef struct {
  PetscInt             n;
  const HeatInterface *pairs;
  HeatAccumulator     *sums; /* [n] */
} InterfaceSums;

static void AddFaceHeat(PetscInt from, PetscInt to, PetscReal heat, void *context)
{
  InterfaceSums *s = context;

  if (from == to) return;
  for (PetscInt k = 0; k < s->n; k++) {
    const PetscInt *pair = s->pairs[k].material;

    if (pair[0] == from && pair[1] == to) HeatAccumulate(&s->sums[k], heat);
    else if (pair[0] == to && pair[1] == from) HeatAccumulate(&s->sums[k], -heat);
  }
}

PetscErrorCode HeatDiagnosticsInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                            const HeatInterface *pairs, PetscReal *heat)
{
  InterfaceSums s = {n, pairs, NULL};

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(0);
  PetscCall(PetscCalloc1(n, &s.sums));
  PetscCall(HeatOperatorVisitFaces(op, T, AddFaceHeat, &s));
  for (PetscInt k = 0; k < n; k++) heat[k] = HeatAccumulated(s.sums[k]);
  PetscCall(PetscFree(s.sums));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, heat, (PetscMPIInt)n, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(0);
}
