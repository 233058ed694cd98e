/** Heat that enters the domain, by side, by segment and from the ambient, and heat flux densities.
 *
 *  Heat is summed exactly (base/exact_sum.h), so that the energy account has the same bits on any
 *  number of ranks.  Values are gathered in batches, because adding an array costs less than half
 *  of adding its values one by one (1.0 ns and 2.5 ns a term, solver/MEASURED.md). */
#include "solver/operator/operator_impl.h"

/* Return the heat that enters through face k of a side, G (T_b - T_c) + F [W/m], with `cell` the
   temperature T_c of the cell behind it [K]. */
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

/* Number of faces or cells whose heat is summed at a time.  Chosen: 4 KB on the stack, two blocks
   of 256 of HeatExactSumAddArray.  Fewer than 256 would fall back to adding one by one; more gains
   nothing and takes more of the first-level cache. */
enum { BATCH = 512 };

void HeatFlowsAdd(HeatFlows *sum, PetscReal weight, const HeatFlows *flows)
{
  for (int k = 0; k < HEAT_FLOWS; k++) {
    const PetscReal factor = k == HEAT_FLOW_TURNOVER ? PetscAbsReal(weight) : weight;

    HeatExactSumAddScaled(&sum->sum[k], factor, &flows->sum[k]);
  }
}

/* Add n values of heat [W/m] to a kind of flow, and their magnitudes to the turnover. */
static void AddHeat(HeatFlows *flows, int kind, size_t n, const PetscReal *heat)
{
  HeatExactSumAddWithMagnitudes(&flows->sum[kind], &flows->sum[HEAT_FLOW_TURNOVER], n, heat);
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

PetscBool HeatOperatorSideConducts(const HeatOperator *op, HeatSide side)
{
  const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, side);

  for (PetscInt k = 0; k < faces.length; k++) {
    if (faces.G[k] != 0.0 || faces.F[k] != 0.0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Add the heat that enters through a side at the field T [nyl][nxl], whose cells along the left and
   right side are in as many lines of memory. */
static PetscErrorCode AddSide(const HeatOperator *op, HeatSide side, const PetscReal *T,
                              HeatFlows *flows)
{
  const HeatGrid *g      = op->grid;
  const PetscInt  length = HeatBoundariesGet(op->boundaries, side).length;
  PetscReal      *cells;

  PetscFunctionBeginUser;
  if (!HeatOperatorSideConducts(op, side)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(length, &cells));
  for (PetscInt k = 0; k < length; k++) cells[k] = T[HeatBoundaryCell(g, side, k)];
  HeatOperatorAddSideHeat(op, side, cells, flows);
  PetscCall(PetscFree(cells));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the heat E (T_amb - T) of the ambient exchange at the field T [nyl][nxl]. */
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

PetscErrorCode HeatOperatorFlowsBesideExchange(const HeatOperator *op, const PetscReal *T,
                                               HeatFlows *flows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(flows, sizeof *flows));
  flows->sum[HEAT_FLOW_SOURCE]   = *HeatSourceLocalTotal(op->source);
  flows->sum[HEAT_FLOW_TURNOVER] = *HeatSourceLocalTurnover(op->source);
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(AddSide(op, (HeatSide)s, T, flows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorFlowsBesideExchange(op, T, flows));
  if (op->ambient_exchange) AddAmbientExchange(op, T, flows);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the mean of the heat through the two faces of a cell along one axis, in the direction of
   increasing coordinate [W/m]:

       ((G_before (before - T) + F_before) - (G_after (after - T) + F_after))/2

   with `before` and `after` the temperatures beyond the faces [K], and F prescribed heat that
   enters through a boundary face [W/m], 0 elsewhere. */
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
      const PetscReal *gx = op->gx + op->gx_row[j] + i, *gs = op->gy + op->gy_row[j] + i;
      const PetscReal *gn    = op->gy + op->gy_row[j + 1] + i;
      const PetscReal  west  = i > 0 ? T[cell - 1] : beyond[HEAT_LEFT][j];
      const PetscReal  east  = i < nx - 1 ? T[cell + 1] : beyond[HEAT_RIGHT][j];
      const PetscReal  south = j > 0 ? T[cell - (size_t)nx] : beyond[HEAT_BOTTOM][i];
      const PetscReal  north = j < ny - 1 ? T[cell + (size_t)nx] : beyond[HEAT_TOP][i];

      qx[cell] = AxisHeat(gx[0], west, i == 0 ? F[HEAT_LEFT][j] : 0.0, T[cell], gx[1], east,
                          i == nx - 1 ? F[HEAT_RIGHT][j] : 0.0) /
                 g->hy;
      qy[cell] = AxisHeat(gs[0], south, j == 0 ? F[HEAT_BOTTOM][i] : 0.0, T[cell], gn[0], north,
                          j == ny - 1 ? F[HEAT_TOP][i] : 0.0) /
                 g->hx;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
