/** Reductions over the field.  All sums are exact and all other reductions are maxima, so that
 *  every result has the same bits on any decomposition.  All sums of a function are reduced
 *  together. */
#include "solver/measure/diagnostics.h"

#include <math.h>
#include <stdio.h>

#include "solver/case/expression.h"
#include "solver/physics/fault.h"

/* [cells] Cells whose extremes and sum are computed together while they are in the cache.  Chosen:
   32 kB, a first-level cache; a larger number reads T from memory twice, a smaller one has more
   calls. */
static const size_t ChunkCells = 4096;

/* Raise extremes = {-lowest, highest} to those of the finite ones of n temperatures. */
static void RaiseExtremes(size_t n, const PetscReal *T, PetscReal extremes[2])
{
  PetscReal low = extremes[0], high = extremes[1];

  _Pragma("omp simd reduction(max : low, high)") for (size_t k = 0; k < n; k++)
  {
    const PetscReal x = T[k], size = fabs(x);
    const PetscReal a = size <= PETSC_MAX_REAL ? -x : PETSC_MIN_REAL;
    const PetscReal b = size <= PETSC_MAX_REAL ? x : PETSC_MIN_REAL;

    low  = a > low ? a : low;
    high = b > high ? b : high;
  }
  extremes[0] = low;
  extremes[1] = high;
}

PetscErrorCode HeatDiagnosticsAddSummary(const HeatOperator *op, const PetscReal *T,
                                         HeatReduction *r, HeatSummaryTotals *totals)
{
  const HeatGrid *g           = HeatOperatorGrid(op);
  const size_t    n           = HeatGridLocalCells(g);
  PetscReal       extremes[2] = {PETSC_MIN_REAL, PETSC_MIN_REAL};
  HeatExactSum    sums[2]     = {0};

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < n; cell += ChunkCells) {
    const size_t chunk = PetscMin(ChunkCells, n - cell);

    RaiseExtremes(chunk, T + cell, extremes);
    HeatExactSumAddArray(&sums[0], chunk, T + cell);
  }
  HeatExactSumAdd(&sums[1], (PetscReal)HeatExactSumDropNonFinite(&sums[0]));
  PetscCall(HeatReductionAddMaxima(r, 2, extremes, totals->extremes));
  PetscCall(HeatReductionAddSums(r, 2, sums, totals->sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Adding 0.0 turns -0 into 0.  Which of the two a maximum of a rank's cells returns depends on
   their order. */
HeatSummary HeatDiagnosticsGetSummary(const HeatOperator *op, const HeatSummaryTotals *totals)
{
  const HeatGrid *g     = HeatOperatorGrid(op);
  const PetscReal cells = (PetscReal)g->nx * (PetscReal)g->ny - totals->sums[1];

  return (HeatSummary){.min        = -totals->extremes[0] + 0.0,
                       .max        = totals->extremes[1] + 0.0,
                       .mean       = totals->sums[0] / cells,
                       .non_finite = (PetscInt64)totals->sums[1]};
}

PetscErrorCode HeatDiagnosticsSummary(const HeatOperator *op, const PetscReal *T,
                                      HeatSummary *summary)
{
  HeatReduction    *r;
  HeatSummaryTotals totals;

  PetscFunctionBeginUser;
  PetscCall(HeatReductionCreate(HeatOperatorGrid(op)->comm, &r));
  PetscCall(HeatDiagnosticsAddSummary(op, T, r, &totals));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  *summary = HeatDiagnosticsGetSummary(op, &totals);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* integral = hx hy (sum of w_i T_i), with the weight w_i of cell i. */
PetscErrorCode HeatDiagnosticsIntegral(const HeatOperator *op, const PetscReal *T,
                                       HeatWeight weight, PetscReal *integral)
{
  const HeatGrid *g    = HeatOperatorGrid(op);
  const PetscReal area = g->hx * g->hy;
  HeatExactSum    sum  = {0};
  PetscReal       total;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++) {
    PetscReal w = 1.0;

    if (weight == HEAT_WEIGHT_DENSITY) w = HeatOperatorDensity(op, cell);
    else if (weight == HEAT_WEIGHT_HEAT_CAPACITY) w = HeatOperatorCapacityAt(op, cell) / area;
    HeatExactSumAdd(&sum, w * T[cell]);
  }
  PetscCall(HeatExactSumReduce(g->comm, 1, &sum, &total));
  *integral = total * area;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Note the cells of row j of the block whose n values are no numbers.
   @param[in] of_t  whether the values depend on the time t [s] */
static void NoteRow(const HeatGrid *g, PetscInt j, const PetscReal *value, PetscReal t,
                    PetscBool of_t, HeatFault *fault)
{
  for (PetscInt i = 0; i < g->nxl; i++) {
    const size_t cell = (size_t)j * (size_t)g->nxl + (size_t)i;

    if (HeatIsNumber(value[i]) || !HeatFaultAdd(fault, HeatFaultPlace(g, cell))) continue;
    HeatFaultAtCell(fault, g);
    fault->value = value[i];
    fault->t     = t;
    fault->of_t  = of_t;
  }
}

PetscErrorCode HeatDiagnosticsRequireExact(const HeatGrid *g, const HeatCase *c,
                                           const HeatFormula *exact, PetscReal t, const char *path)
{
  HeatExpression *e;
  HeatFault       fault = {0};
  PetscReal      *x, *y, *value;
  char            message[256];
  PetscBool       of_t;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionCreate(exact, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &e, message,
                                 sizeof message));
  PetscCheck(e, g->comm, PETSC_ERR_PLIB, "expression was not validated: %s", message);
  of_t = HeatExpressionVariables(e) & HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;
  PetscCall(PetscMalloc3(g->nxl, &x, g->nxl, &y, g->nxl, &value));
  for (PetscInt i = 0; i < g->nxl; i++) x[i] = HeatGridX(g, g->xs + i);
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) y[i] = HeatGridY(g, g->ys + j);
    PetscCall(HeatExpressionEvaluate(e, g->nxl, x, y, t, NULL, value));
    NoteRow(g, j, value, t, of_t, &fault);
  }
  PetscCall(PetscFree3(x, y, value));
  PetscCall(HeatExpressionDestroy(&e));
  (void)snprintf(fault.path, sizeof fault.path, "%s", path);
  (void)snprintf(fault.what, sizeof fault.what, "the exact temperature");
  (void)snprintf(fault.unit, sizeof fault.unit, "%.15s", c->output.temperature_unit);
  (void)snprintf(fault.rule, sizeof fault.rule, "it must be a number in every cell at the end");
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiagnosticsError(const HeatOperator *op, const PetscReal *T,
                                    const HeatFormula *exact, PetscReal t, PetscReal *l2,
                                    PetscReal *max)
{
  const HeatGrid *g = HeatOperatorGrid(op);
  HeatExpression *e;
  HeatExactSum    squares = {0};
  PetscReal      *x, *y, *value, sum, largest = 0.0;
  char            message[256];

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionCreate(exact, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &e, message,
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

      HeatExactSumAdd(&squares, d * d);
      if (!(d <= largest)) largest = d; /* a NaN may be lost here, but not in the sum of squares */
    }
  }
  PetscCall(PetscFree3(x, y, value));
  PetscCall(HeatExpressionDestroy(&e));
  PetscCall(HeatExactSumReduce(g->comm, 1, &squares, &sum));
  PetscCallMPI(MPI_Allreduce(&largest, max, 1, MPIU_REAL, MPIU_MAX, g->comm));
  *l2 = PetscSqrtReal(sum / ((PetscReal)g->nx * (PetscReal)g->ny));
  if (PetscIsInfOrNanReal(*l2)) *l2 = *max = NAN;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiagnosticsAddFlows(const HeatOperator *op, const PetscReal *T, HeatReduction *r,
                                       PetscReal heat[HEAT_FLOWS])
{
  HeatFlows flows;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorFlows(op, T, &flows));
  PetscCall(HeatReductionAddSums(r, HEAT_FLOWS, flows.sum, heat));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiagnosticsFlows(const HeatOperator *op, const PetscReal *T,
                                    PetscReal heat[HEAT_FLOWS])
{
  HeatFlows flows;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorFlows(op, T, &flows));
  PetscCall(HeatExactSumReduce(HeatOperatorGrid(op)->comm, HEAT_FLOWS, flows.sum, heat));
  PetscFunctionReturn(PETSC_SUCCESS);
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

PetscErrorCode HeatDiagnosticsAddSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                             HeatReduction *r, PetscReal *heat)
{
  const PetscInt n = HeatDiagnosticsSegments(HeatOperatorCase(op));
  HeatExactSum  *sums;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(n, &sums));
  PetscCall(HeatOperatorSegmentHeat(op, T, sums));
  PetscCall(HeatReductionAddSums(r, n, sums, heat));
  PetscCall(PetscFree(sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiagnosticsSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                          PetscReal *heat)
{
  HeatReduction *r;

  PetscFunctionBeginUser;
  PetscCall(HeatReductionCreate(HeatOperatorGrid(op)->comm, &r));
  PetscCall(HeatDiagnosticsAddSegmentHeat(op, T, r, heat));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Interfaces. */

/* The context of AddFaceHeat. */
typedef struct {
  PetscInt             n;     /* pairs of materials */
  const HeatInterface *pairs; /* [n] borrowed */
  HeatExactSum        *sums;  /* [n] [W/m] this rank's heat from the first material to the second */
} InterfaceSums;

/* Add the heat of one face [W/m], from material `from` to material `to`, to every pair that it
   belongs to. */
static void AddFaceHeat(PetscInt from, PetscInt to, PetscReal heat, void *context)
{
  InterfaceSums *s = context;

  if (from == to) return;
  for (PetscInt k = 0; k < s->n; k++) {
    const PetscInt *pair = s->pairs[k].material;

    if (pair[0] == from && pair[1] == to) HeatExactSumAdd(&s->sums[k], heat);
    else if (pair[0] == to && pair[1] == from) HeatExactSumAdd(&s->sums[k], -heat);
  }
}

PetscErrorCode HeatDiagnosticsAddInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                               const HeatInterface *pairs, HeatReduction *r,
                                               PetscReal *heat)
{
  InterfaceSums s = {n, pairs, NULL};

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(n, &s.sums));
  PetscCall(HeatOperatorVisitFaces(op, T, AddFaceHeat, &s));
  PetscCall(HeatReductionAddSums(r, n, s.sums, heat));
  PetscCall(PetscFree(s.sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDiagnosticsInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                            const HeatInterface *pairs, PetscReal *heat)
{
  HeatReduction *r;

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatReductionCreate(HeatOperatorGrid(op)->comm, &r));
  PetscCall(HeatDiagnosticsAddInterfaceHeat(op, T, n, pairs, r, heat));
  PetscCall(HeatReductionRun(r));
  PetscCall(HeatReductionDestroy(&r));
  PetscFunctionReturn(PETSC_SUCCESS);
}
