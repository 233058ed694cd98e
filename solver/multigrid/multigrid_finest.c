/* The finest level: the operator's network, solver/README.md eq. (11), times a power of two that
 * brings its largest diagonal entry to between 1/2 and 1.  All numbers are then far from the ends
 * of single precision's range.  Coefficients are stored as pairs of floats (48 bits), of which the
 * cycle uses the high halves. */
#include <math.h>

#include "solver/multigrid/multigrid_levels_impl.h"

enum {
  /* Places of a half row up to which a row's coefficients are also kept in double precision.
     Chosen: 8 half rows of 4096 doubles are 256 kB, a quarter of a level-2 cache of 1 MB.  Larger:
     the rows push the vectors out of the cache.  Smaller: long rows are updated from pairs of
     floats, in twice the time. */
  LONGEST_WIDE = 4096
};

/* Return the conductance of the face west (axis 0) or south (axis 1) of own cell (i, j), and 0 for
   a face on the boundary, whose conductance is part of the ground. */
static PetscReal InnerConductance(const HeatOperator *op, int axis, PetscInt i, PetscInt j)
{
  const HeatGrid *g     = HeatOperatorGrid(op);
  const PetscInt  start = axis == 0 ? g->xs : g->ys, n = axis == 0 ? g->nx : g->ny;
  const PetscInt  local = axis == 0 ? i : j;

  if (n == 1 || (!g->periodic[axis] && start + local == 0)) return 0.0;
  return HeatOperatorConductances(op, axis, j)[i];
}

/* Return the diagonal entry of cell i of a row, m + sum of all conductances.
   @param[in] mass, gx, gs, gn  the row's masses, and its faces crossed along x, south and north of
                                it */
static PetscReal Diagonal(const PetscReal *mass, const PetscReal *gx, const PetscReal *gs,
                          const PetscReal *gn, PetscInt i)
{
  return mass[i] + ((gx[i] + gx[i + 1]) + (gs[i] + gn[i]));
}

/* Estimate the smallest eigenvalue of A, scaled: the least mass of a cell plus the contribution of
   the conductances.  The latter is taken as (pi/(2 n))^2/4 = 0.6/n^2 with n cells along the longer
   axis: its value for equal conductances where one side conducts.  Only the quantum of the first
   products depends on the estimate (multigrid_sums.c). */
static PetscReal LeastEigenvalue(const HeatMultigrid *mg, PetscReal least_mass)
{
  const HeatGrid *g = HeatOperatorGrid(mg->op);

  return ldexp(least_mass, mg->scale_A) + 0.6 / PetscSqr((PetscReal)PetscMax(g->nx, g->ny));
}

/* Return whether this rank has a part of a side that conducts. */
static PetscBool SomeSideConducts(const HeatOperator *op)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(op), (HeatSide)side);

    for (PetscInt k = 0; k < faces.length; k++)
      if (faces.G[k] > 0.0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Find scale_A, whether some side conducts, the estimate above, and this rank's part of the lower
 * bound on the mass of a level of one cell.
 *
 * In a nearly pure-Neumann problem the mass of the one-cell level is nearly zero.  The right-hand
 * side there is the sum over all residuals, each rounded to single precision; divided by a mass
 * much smaller than the sum of the diagonal's roundings, it would be noise.  Nor is an exact mass
 * needed: the level stands for one eigenvector, which conjugate gradients find by themselves.  The
 * bound is
 *
 *     least mass = noise * sum over cells of the diagonal entry d
 *
 * where d, below 1 after scaling, is rounded up to sixteenths: a sum of integers is exact in any
 * order.  noise is chosen: a sixth of the unit roundoff of floats, 2^-24 = 6e-8, since the
 * roundings of many cells partly cancel.  Larger: the cycle removes less of the mean temperature's
 * error.  Smaller: what it adds to the mean is rounding. */
static PetscErrorCode FindScale(HeatMultigrid *mg, PetscReal mass, PetscBool *sides)
{
  const HeatGrid *g             = HeatOperatorGrid(mg->op);
  PetscReal       to_sixteenths = 0.0, *row;
  /* largest d; - least mass; whether some side conducts */
  PetscReal extremes[3] = {0.0, -PETSC_MAX_REAL, SomeSideConducts(mg->op) ? 1.0 : 0.0};

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(g->nxl, &row));
  for (int pass = 0; pass < 2; pass++) {
    for (PetscInt j = 0; j < g->nyl; j++) {
      const PetscReal *gx = HeatOperatorConductances(mg->op, 0, j);
      const PetscReal *gs = HeatOperatorConductances(mg->op, 1, j);
      const PetscReal *gn = HeatOperatorConductances(mg->op, 1, j + 1);

      HeatOperatorMassRow(mg->op, mass, j, row);
      for (PetscInt i = 0; i < g->nxl; i++) {
        const PetscReal d = Diagonal(row, gx, gs, gn, i);

        if (pass == 0) {
          extremes[0] = PetscMax(extremes[0], d);
          extremes[1] = PetscMax(extremes[1], -row[i]);
        } else mg->sixteenths += ceil(to_sixteenths * d);
      }
    }
    if (pass) continue;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, extremes, 3, MPIU_REAL, MPIU_MAX, mg->comm));
    mg->scale_A = extremes[0] > 0.0 && extremes[0] <= PETSC_MAX_REAL ? -ilogb(extremes[0]) - 1 : 0;
    to_sixteenths        = ldexp(16.0, mg->scale_A);
    mg->least_eigenvalue = LeastEigenvalue(mg, -extremes[1]);
    mg->sixteenths       = 0.0;
    *sides               = extremes[2] > 0.0 ? PETSC_TRUE : PETSC_FALSE;
  }
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add each boundary face's conductances to the half cell and the film of the cell at that face.  A
   boundary face has G = half film/(half + film); its film is therefore G half/(half - G). */
static void AddSides(const HeatMultigrid *mg, const HeatLevelShape *s, HeatGround *ground,
                     double scale)
{
  const HeatGrid *g = HeatOperatorGrid(mg->op);

  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(mg->op),
                                                      (HeatSide)side);

    for (PetscInt k = 0; k < faces.length; k++) {
      const size_t cell  = HeatBoundaryCell(g, (HeatSide)side, k);
      const size_t place = HeatLevelShapeCell(s, g->xs + (PetscInt)(cell % (size_t)g->nxl),
                                              g->ys + (PetscInt)(cell / (size_t)g->nxl));
      const double G = faces.G[k], half = faces.half[k];

      if (G <= 0.0) continue;
      ground->half[side / 2][place] += (float)(scale * half);
      ground->film[side / 2][place] += G < half ? (float)(scale * G * half / (half - G)) : INFINITY;
    }
  }
}

/* Add the conductances of all sides to the diagonal of own row j. */
static void AddSidesToRow(const HeatOperator *op, PetscInt j, PetscReal *row)
{
  const HeatGrid *g = HeatOperatorGrid(op);

  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(op), (HeatSide)side);
    const PetscInt          edge  = side == HEAT_BOTTOM ? 0 : g->nyl - 1;

    if (faces.length == 0) continue;
    if (side == HEAT_LEFT) row[0] += faces.G[j];
    else if (side == HEAT_RIGHT) row[g->nxl - 1] += faces.G[j];
    else
      for (PetscInt i = 0; j == edge && i < g->nxl; i++) row[i] += faces.G[i];
  }
}

/* Fill the coefficients of own cells, as pairs of floats, and the ground without its sides.
   @param[in] mass  [1/s] */
static PetscErrorCode FillFinest(HeatMultigrid *mg, PetscReal mass, HeatGround *ground)
{
  const HeatGrid *g     = HeatOperatorGrid(mg->op);
  HeatLevel      *l     = &mg->levels[0];
  const double    scale = ldexp(1.0, mg->scale_A);
  PetscReal      *row;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(g->nxl, &row));
  HeatLevelFillOnes(&l->s, l->m.array);
  for (PetscInt j = 0; j < g->nyl; j++) {
    HeatOperatorMassRow(mg->op, mass, j, row);
    for (PetscInt i = 0; i < g->nxl; i++)
      ground->mass[HeatLevelShapeCell(&l->s, g->xs + i, g->ys + j)] = (float)(scale * row[i]);
    AddSidesToRow(mg->op, j, row);
    for (PetscInt i = 0; i < g->nxl; i++) {
      const size_t place = HeatLevelShapeCell(&l->s, g->xs + i, g->ys + j);

      HeatToPair(scale * InnerConductance(mg->op, 0, i, j), &l->gx.array[place],
                 &mg->gx_low.array[place]);
      HeatToPair(scale * InnerConductance(mg->op, 1, i, j), &l->gy.array[place],
                 &mg->gy_low.array[place]);
      /* The equation of a single cell without mass and sides is 0 u = 0; any m > 0 solves it. */
      if (g->nx * g->ny == 1 && row[i] == 0.0) row[i] = 1.0;
      HeatToPair(scale * row[i], &l->m.array[place], &mg->m_low.array[place]);
    }
  }
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridCreateFinest(HeatMultigrid *mg)
{
  HeatLevel *l = &mg->levels[0];

  PetscFunctionBeginUser;
  PetscCall(HeatDistributionCreate(HeatOperatorGrid(mg->op), &l->d));
  PetscCall(HeatDistributionCreate(HeatOperatorGrid(mg->op), &l->landing_d));
  PetscCall(HeatLevelCreateArrays(mg, l, PETSC_TRUE));
  l->prefetched[0] = mg->p;
  l->prefetched[1] = mg->r_low;
  PetscCall(HeatRowsAllocate(l, &mg->gx_low));
  PetscCall(HeatRowsAllocate(l, &mg->gy_low));
  PetscCall(HeatRowsAllocate(l, &mg->m_low));
  PetscCall(PetscCalloc1(l->s.half, &mg->zeros));
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS && l->s.half <= LONGEST_WIDE; k++)
    PetscCall(PetscMalloc1(l->s.half + 1, &mg->wide.row[k]));
  mg->n_made = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMultigridSetLeastMass(HeatMultigrid *mg, PetscReal sixteenths)
{
  const PetscReal noise = 1e-8; /* FindScale */

  mg->least_mass = (float)(noise * sixteenths / 16.0);
}

PetscErrorCode HeatMultigridSetUpFinest(HeatMultigrid *mg, PetscReal mass, PetscBool *sides,
                                        HeatGround *ground)
{
  HeatLevel *l      = &mg->levels[0];
  HeatRows  *rows[] = {&l->gx, &l->gy, &l->m, &mg->gx_low, &mg->gy_low, &mg->m_low};

  PetscFunctionBeginUser;
  mg->wide.filled = PETSC_FALSE;
  PetscCall(FindScale(mg, mass, sides));
  PetscCall(HeatGroundAllocate(&l->s, *sides, l->u, ground));
  PetscCall(FillFinest(mg, mass, ground));
  if (*sides) AddSides(mg, &l->s, ground, ldexp(1.0, mg->scale_A));
  for (int k = 0; k < 6; k++) {
    PetscCall(HeatTransferRun(l->halo, rows[k]->array, rows[k]->array));
    PetscCall(HeatRowsShareEqual(l, rows[k]));
  }
  PetscCall(HeatGroundMove(l->halo, *sides, ground, ground));
  PetscFunctionReturn(PETSC_SUCCESS);
}
