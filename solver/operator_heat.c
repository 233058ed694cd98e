/* The heat through faces: sides, segments, and flux densities. */
#include "solver/operator_impl.h"
#include "solver/sum.h"

/* Heat that enters through face k of a side, from the cell's temperature. */
static PetscReal FaceHeat(const HeatGrid *g, HeatSide side, const HeatBoundaryFaces *faces,
                          PetscInt k, const PetscReal *T)
{
  const PetscReal cell = T[HeatBoundaryCell(g, side, k)];

  return faces->G[k] * (faces->T[k] - cell) + faces->F[k];
}

PetscErrorCode HeatOperatorSegmentHeat(const HeatOperator *op, const PetscReal *T, PetscReal *heat)
{
  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);
    const PetscInt          n     = op->c->boundary[s].n;
    PetscInt                k     = 0;

    for (PetscInt segment = 0; segment < n; segment++) { /* their faces follow one another */
      HeatAccumulator sum = {0.0, 0.0};

      for (; k < faces.length && faces.segment[k] == segment; k++)
        HeatAccumulate(&sum, FaceHeat(op->grid, (HeatSide)s, &faces, k, T));
      *heat++ = HeatAccumulated(sum);
    }
  }
  PetscFunctionReturn(0);
}

/* The exchange over own cells, and its magnitudes. */
static PetscReal ExchangeHeat(const HeatOperator *op, const PetscReal *T,
                              HeatAccumulator *magnitudes)
{
  const PetscReal *E       = HeatExchangeConductance(op->exchange);
  const PetscReal *ambient = HeatExchangeAmbient(op->exchange);
  HeatAccumulator  sum     = {0.0, 0.0};

  for (size_t cell = 0; cell < HeatGridLocalCells(op->grid); cell++) {
    const PetscReal heat = E[cell] * (ambient[cell] - T[cell]);

    HeatAccumulate(&sum, heat);
    HeatAccumulate(magnitudes, PetscAbsReal(heat));
  }
  return HeatAccumulated(sum);
}

PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows)
{
  HeatAccumulator magnitudes = {0.0, 0.0};

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);
    HeatAccumulator         sum   = {0.0, 0.0};

    for (PetscInt k = 0; k < faces.length; k++) {
      const PetscReal face = FaceHeat(op->grid, (HeatSide)s, &faces, k, T);

      HeatAccumulate(&sum, face);
      HeatAccumulate(&magnitudes, PetscAbsReal(face));
    }
    flows->side[s] = HeatAccumulated(sum);
  }
  flows->source   = HeatSourceLocalTotal(op->source);
  flows->exchange = op->exchange ? ExchangeHeat(op, T, &magnitudes) : 0.0;
  flows->turnover = HeatAccumulated(magnitudes) + HeatSourceLocalTurnover(op->source);
  PetscFunctionReturn(0);
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
  PetscFunctionReturn(0);
}
