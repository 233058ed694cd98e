/* The heat through faces: sides, segments, and flux densities. */
#include "solver/operator/operator_impl.h"

/* Heat that enters through face k of a side, from the cell's temperature. */
static PetscReal FaceHeat(const HeatBoundaryFaces *faces, PetscInt k, PetscReal cell)
{
  return faces->G[k] * (faces->T[k] - cell) + faces->F[k];
}

PetscErrorCode HeatOperatorSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                       HeatExactSum *heat)
{
  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

    for (PetscInt k = 0; k < faces.length; k++) {
      const PetscReal cell = T[HeatBoundaryCell(op->grid, (HeatSide)s, k)];

      HeatExactSumAdd(&heat[faces.segment[k]], FaceHeat(&faces, k, cell));
    }
    heat += op->c->boundary[s].n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Flows. */

enum { BATCH = 512 }; /* faces or cells whose heat is added at a time */

void HeatFlowsAdd(HeatFlows *sum, PetscReal weight, const HeatFlows *flows)
{
  for (int k = 0; k < HEAT_FLOWS; k++) HeatExactSumAddScaled(&sum->sum[k], weight, &flows->sum[k]);
}

/* Also the magnitudes, which take the place of heat. */
static void AddHeat(HeatFlows *flows, int kind, size_t n, PetscReal *heat)
{
  HeatExactSumAddArray(&flows->sum[kind], n, heat);
  for (size_t k = 0; k < n; k++) heat[k] = PetscAbsReal(heat[k]);
  HeatExactSumAddArray(&flows->sum[HEAT_FLOW_TURNOVER], n, heat);
}

void HeatOperatorAddSideHeat(const HeatOperator *op, HeatSide side, const PetscReal *cells,
                             HeatFlows *flows)
{
  const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, side);
  PetscReal               heat[BATCH];

  for (PetscInt begin = 0; begin < faces.length; begin += BATCH) {
    const PetscInt n = PetscMin(faces.length - begin, BATCH);

    for (PetscInt k = 0; k < n; k++) heat[k] = FaceHeat(&faces, begin + k, cells[begin + k]);
    AddHeat(flows, (int)side, (size_t)n, heat);
  }
}

static PetscErrorCode AddSide(const HeatOperator *op, HeatSide side, const PetscReal *T,
                              HeatFlows *flows)
{
  const HeatGrid *g      = op->grid;
  const PetscInt  length = HeatBoundariesGet(op->boundaries, side).length;
  PetscReal      *cells;

  PetscFunctionBeginUser;
  if (length == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(length, &cells));
  for (PetscInt k = 0; k < length; k++) cells[k] = T[HeatBoundaryCell(g, side, k)];
  HeatOperatorAddSideHeat(op, side, cells, flows);
  PetscCall(PetscFree(cells));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void AddAmbientExchange(const HeatOperator *op, const PetscReal *T, HeatFlows *flows)
{
  const size_t     cells   = HeatGridLocalCells(op->grid);
  const PetscReal *E       = HeatAmbientExchangeConductance(op->ambient_exchange);
  const PetscReal *ambient = HeatAmbientExchangeAmbient(op->ambient_exchange);
  PetscReal        heat[BATCH];

  for (size_t begin = 0; begin < cells; begin += BATCH) {
    const size_t n = PetscMin(cells - begin, (size_t)BATCH);

    for (size_t k = 0; k < n; k++) heat[k] = E[begin + k] * (ambient[begin + k] - T[begin + k]);
    AddHeat(flows, HEAT_FLOW_EXCHANGE, n, heat);
  }
}

PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(flows, sizeof *flows));
  flows->sum[HEAT_FLOW_SOURCE]   = *HeatSourceLocalTotal(op->source);
  flows->sum[HEAT_FLOW_TURNOVER] = *HeatSourceLocalTurnover(op->source);
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(AddSide(op, (HeatSide)s, T, flows));
  if (op->ambient_exchange) AddAmbientExchange(op, T, flows);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Heat in the direction of increasing coordinate through the two faces of a cell along one axis
   [W/m]: `before` and `after` are the neighbours' temperatures; F is a prescribed inflow at
   either end. */
static PetscReal AxisHeat(PetscReal G_before, PetscReal before, PetscReal F_before, PetscReal T,
                          PetscReal G_after, PetscReal after, PetscReal F_after)
{
  return 0.5 * ((G_before * (before - T) + F_before) - (G_after * (after - T) + F_after));
}

PetscErrorCode HeatOperatorFlux(HeatOperator *op, const PetscReal *T, PetscReal *qx, PetscReal *qy)
{
  const HeatGrid  *g  = op->grid;
  const PetscInt   nx = g->nxl, ny = g->nyl;
  const PetscReal *beyond[HEAT_SIDES], *F[HEAT_SIDES];

  PetscFunctionBeginUser;
  PetscCall(HeatHaloBegin(op->halo, T));
  PetscCall(HeatHaloEnd(op->halo));
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);

    beyond[s] = g->boundary[s] ? faces.T : HeatHaloGhost(op->halo, (HeatSide)s);
    F[s]      = g->boundary[s] ? faces.F : op->zeros;
  }
  for (PetscInt j = 0; j < ny; j++) {
    for (PetscInt i = 0; i < nx; i++) {
      const size_t     cell = (size_t)j * (size_t)nx + (size_t)i;
      const PetscReal *gx = op->gx + (size_t)j * (size_t)(nx + 1) + i, *gy = op->gy + cell;
      const PetscReal  west  = i > 0 ? T[cell - 1] : beyond[HEAT_LEFT][j];
      const PetscReal  east  = i < nx - 1 ? T[cell + 1] : beyond[HEAT_RIGHT][j];
      const PetscReal  south = j > 0 ? T[cell - (size_t)nx] : beyond[HEAT_BOTTOM][i];
      const PetscReal  north = j < ny - 1 ? T[cell + (size_t)nx] : beyond[HEAT_TOP][i];

      qx[cell] = AxisHeat(gx[0], west, i == 0 ? F[HEAT_LEFT][j] : 0.0, T[cell], gx[1], east,
                          i == nx - 1 ? F[HEAT_RIGHT][j] : 0.0) /
                 g->hy;
      qy[cell] = AxisHeat(gy[0], south, j == 0 ? F[HEAT_BOTTOM][i] : 0.0, T[cell], gy[nx], north,
                          j == ny - 1 ? F[HEAT_TOP][i] : 0.0) /
                 g->hx;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
