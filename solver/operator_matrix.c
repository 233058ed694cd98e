/* The operator as a matrix, its diagonal, its spectrum's bound, and the heat through faces. */
#include "solver/operator_impl.h"
#include "solver/sum.h"

/* Sums of a cell's face conductances: all of them, and those to other cells only. */
static void ConductanceSums(const HeatOperator *op, PetscInt j, PetscInt i, PetscReal *all,
                            PetscReal *inner)
{
  const HeatGrid  *g                   = op->grid;
  const PetscReal *gx                  = op->gx + (size_t)j * (size_t)(g->nxl + 1) + i;
  const PetscReal *gy                  = op->gy + (size_t)j * (size_t)g->nxl + i;
  const PetscReal  G[HEAT_SIDES]       = {gx[0], gx[1], gy[0], gy[g->nxl]};
  const PetscBool  outside[HEAT_SIDES] = {
       (g->boundary[HEAT_LEFT] && i == 0) ? PETSC_TRUE : PETSC_FALSE,
      (g->boundary[HEAT_RIGHT] && i == g->nxl - 1) ? PETSC_TRUE : PETSC_FALSE,
      (g->boundary[HEAT_BOTTOM] && j == 0) ? PETSC_TRUE : PETSC_FALSE,
      (g->boundary[HEAT_TOP] && j == g->nyl - 1) ? PETSC_TRUE : PETSC_FALSE};

  *all   = (G[0] + G[1]) + (G[2] + G[3]);
  *inner = 0.0;
  for (int s = 0; s < HEAT_SIDES; s++) *inner += outside[s] ? 0.0 : G[s];
}

PetscErrorCode HeatOperatorDiagonal(const HeatOperator *op, PetscReal mass, PetscReal *d)
{
  const HeatGrid *g = op->grid;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t cell = (size_t)j * (size_t)g->nxl + (size_t)i;
      PetscReal    all, inner;

      ConductanceSums(op, j, i, &all, &inner);
      d[cell] = mass * op->capacity[cell] + all;
    }
  }
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorStableStep(const HeatOperator *op, PetscReal *dt)
{
  const HeatGrid *g     = op->grid;
  PetscReal       bound = 0.0;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      PetscReal all, inner;

      ConductanceSums(op, j, i, &all, &inner);
      bound = PetscMax(bound, (all + inner) / op->capacity[(size_t)j * (size_t)g->nxl + (size_t)i]);
    }
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bound, 1, MPIU_REAL, MPIU_MAX, g->comm));
  *dt = bound > 0.0 ? 2.0 / bound : PETSC_MAX_REAL;
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorAssemble(const HeatOperator *op, PetscReal mass, Mat A)
{
  const HeatGrid *g = op->grid;

  PetscFunctionBeginUser;
  PetscCall(MatZeroEntries(A));
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t     cell = (size_t)j * (size_t)g->nxl + (size_t)i;
      const PetscReal *gx = op->gx + (size_t)j * (size_t)(g->nxl + 1) + i, *gy = op->gy + cell;
      const PetscReal  G[HEAT_SIDES]       = {gx[0], gx[1], gy[0], gy[g->nxl]};
      const PetscInt   step[HEAT_SIDES][2] = {{-1, 0}, {1, 0}, {0, -1}, {0, 1}};
      const MatStencil row                 = {.i = g->xs + i, .j = g->ys + j};
      MatStencil       columns[HEAT_SIDES + 1];
      PetscScalar      values[HEAT_SIDES + 1];
      PetscReal        all, inner;
      PetscInt         n = 1;

      ConductanceSums(op, j, i, &all, &inner);
      columns[0] = row;
      values[0]  = mass * op->capacity[cell] + all;
      for (int s = 0; s < HEAT_SIDES; s++) {
        const PetscInt  column_i = row.i + step[s][0], column_j = row.j + step[s][1];
        const PetscBool outside = ((!g->periodic[0] && (column_i < 0 || column_i >= g->nx)) ||
                                   (!g->periodic[1] && (column_j < 0 || column_j >= g->ny)))
                                      ? PETSC_TRUE
                                      : PETSC_FALSE;

        if (outside) continue;
        columns[n]  = (MatStencil){.i = column_i, .j = column_j};
        values[n++] = -G[s];
      }
      PetscCall(MatSetValuesStencil(A, 1, &row, n, columns, values, ADD_VALUES));
    }
  }
  PetscCall(MatAssemblyBegin(A, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(A, MAT_FINAL_ASSEMBLY));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorSegmentHeat(const HeatOperator *op, const PetscReal *T, PetscReal *heat)
{
  HeatFlows flows;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorFlows(op, T, &flows));
  for (int s = 0; s < HEAT_SIDES; s++) heat[s] = flows.side[s];
  PetscFunctionReturn(0);
}

PetscErrorCode HeatOperatorFlows(const HeatOperator *op, const PetscReal *T, HeatFlows *flows)
{
  const HeatGrid *g          = op->grid;
  HeatAccumulator magnitudes = {0.0, 0.0};

  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(op->boundaries, (HeatSide)s);
    HeatAccumulator         sum   = {0.0, 0.0};

    for (PetscInt k = 0; k < faces.length; k++) {
      const PetscReal cell = T[HeatBoundaryCell(g, (HeatSide)s, k, (size_t)g->nxl)];

      const PetscReal face = faces.G[k] * (faces.T[k] - cell) + faces.F[k];

      HeatAccumulate(&sum, face);
      HeatAccumulate(&magnitudes, PetscAbsReal(face));
    }
    flows->side[s] = HeatAccumulated(sum);
  }
  flows->source   = HeatSourceLocalTotal(op->source);
  flows->exchange = 0.0;
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
