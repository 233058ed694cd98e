/* The hierarchy of levels: what matrix each level has, and on which ranks.
 *
 * Finest level.  The matrix is the operator's network, solver/README.md eq. (11), times a power of
 * two that brings its largest diagonal entry to between 1/2 and 1: all numbers are then far from
 * the ends of single precision's range.  Coefficients are stored as pairs of floats (48 bits), of
 * which the cycle uses the high halves.
 *
 * Coarse levels.  A coarse cell joins two cells along x, two along y, or four.  Its coefficients,
 * eq. (12), are the ones of a discretisation on the coarse grid:
 *
 *       +-----+-----+                 +-----------+
 *       g2 m2 |  m3 |                 |           |     M  = m0 + m1 + m2 + m3
 *       +-----+-----+    ------->     G     M     |     G  = (g0 + g2)/2: twice the area,
 *       g0 m0 |  m1 |                 |           |          twice the distance of the centres
 *       +-----+-----+                 +-----------+
 *
 *    joined along x and y: G = g      along x alone: G = g/2      along y alone: G = 2 g
 *    for faces crossed along x, where all g are equal
 *
 * The factor 1/2 for the distance is what makes piecewise constants good enough: Galerkin's coarse
 * matrix would be twice too stiff.  A side's conductance is a half cell in series with a film (4).
 * On the coarse level the half cell's conductance, summed over the joined faces, is halved too
 * where the half cell has become twice as thick; the film's conductance is only summed.
 *
 * Cells are joined along the direction of the stronger couplings alone, until both directions'
 * couplings are similar: point smoothing removes errors along strong couplings only.  The hierarchy
 * ends where every cell's own mass outweighs half its conductances, since smoothing alone is
 * accurate enough there, or with one cell.
 *
 * A level whose blocks would be thin lies on fewer ranks (HeatDistributionJoinThin,
 * level_layout.h). */
#include "solver/multigrid/multigrid_impl.h"

#include <math.h>

#include "solver/base/traffic.h"

/* The part of the cells' diagonals that is not towards other cells, while the hierarchy is made.
   The mass is apart from the sides, and the sides are apart as half cells and films, because they
   change in different ways from one level to the next.  Scaled like the matrix. */
typedef struct {
  float *mass;    /* without sides, in the shape of the level; borrowed: the level's u */
  float *half[2]; /* conductances of the half cells at sides crossed along x, y; owned, in `memory`;
                     NULL where no side conducts */
  float *film[2]; /* conductances of the films there, infinite where none; owned like `half` */
  void  *memory;  /* owned */
} Ground;

enum {
  /* Places of a half row up to which a row's coefficients are also kept in double precision.
     Chosen: 8 half rows of 4096 doubles are 256 kB, a quarter of a level-2 cache of 1 MB.  Larger:
     the rows push the vectors out of the cache.  Smaller: long rows are updated from pairs of
     floats, in twice the time. */
  LONGEST_WIDE = 4096
};

/* Allocate the ground of a level.
   @param[in] u  an array of zeros of the level, which nothing else uses during set-up: the mass */
static PetscErrorCode GroundAllocate(const HeatLevelShape *s, PetscBool sides, float *u, Ground *g)
{
  float **arrays[] = {&g->half[0], &g->half[1], &g->film[0], &g->film[1]};

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(g, sizeof *g));
  g->mass = u;
  if (sides) PetscCall(HeatLevelShapeAllocate(s, 4, arrays, &g->memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Free the ground, and give the level's u back with zeros. */
static PetscErrorCode GroundFree(const HeatLevelShape *s, Ground *g)
{
  PetscFunctionBeginUser;
  if (g->mass) PetscCall(PetscArrayzero(g->mass, s->size));
  PetscCall(HeatLevelShapeFree(&g->memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Transfer the ground between distributions, or into halos.  Collective. */
static PetscErrorCode GroundMove(HeatTransfer *t, PetscBool sides, const Ground *from, Ground *to)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTransferRun(t, from->mass, to->mass));
  for (int axis = 0; sides && axis < 2; axis++) {
    PetscCall(HeatTransferRun(t, from->half[axis], to->half[axis]));
    PetscCall(HeatTransferRun(t, from->film[axis], to->film[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the conductance of a half cell and a film in series; an infinite film is no film. */
static double InSeries(double half, double film)
{
  if (half <= 0.0 || film <= 0.0) return 0.0;
  return isinf(film) ? half : half * film / (half + film);
}

static PetscErrorCode AllocateRowPointers(const HeatLevel *l, HeatRows *rows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(l->s.all.hi[1] - l->s.all.lo[1] + 3, &rows->row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Point each row to its place in the array, or to the row below it if both have the same values. */
static PetscErrorCode ShareEqualRows(const HeatLevel *l, HeatRows *rows)
{
  const PetscInt first = l->s.all.lo[1] - 1, n = l->s.all.hi[1] + 1 - first;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; l->s.half && k < n; k++) {
    const float *row  = rows->array + HeatLevelShapeRow(&l->s, first + k);
    PetscBool    same = PETSC_FALSE;

    if (k > 0) PetscCall(PetscMemcmp(row, rows->row[k - 1], sizeof(float) * l->s.row, &same));
    rows->row[k] = same ? rows->row[k - 1] : row;
  }
  if (l->s.half) rows->row[n] = rows->row[n - 1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set masses to 1.  Places without a cell keep this value, so that no kernel divides by zero. */
static void FillOnes(const HeatLevelShape *s, float *array)
{
  for (size_t k = 0; k < s->size; k++) array[k] = 1.0F;
}

/* ------- arrays and transfers of a level ------- */

/* Plan the transfers of a level whose distributions and shapes are known. */
static PetscErrorCode CreateTransfers(HeatLevel *l)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTransferCreate(&l->d, &l->s, &l->d, &l->s, HEAT_HALO, PETSC_TRUE, &l->halo));
  l->gather = l->halo;
  if (l->moved)
    PetscCall(HeatTransferCreate(&l->landing_d, &l->landing_s, &l->d, &l->s, HEAT_HALO, PETSC_FALSE,
                                 &l->gather));
  PetscCall(HeatTransferCreate(&l->d, &l->s, &l->landing_d, &l->landing_s, HEAT_COARSE_HALO,
                               l->moved ? PETSC_FALSE : PETSC_TRUE, &l->scatter));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateDiagonals(const HeatLevelShape *s, HeatDiagonals *diagonals)
{
  HeatLevelShape rows = *s;
  float         *first, **array = &first;

  PetscFunctionBeginUser;
  rows.size = s->half ? HEAT_DIAGONALS * s->row : 0;
  PetscCall(HeatLevelShapeAllocate(&rows, 1, &array, &diagonals->memory));
  for (int k = 0; s->half && k < HEAT_DIAGONALS; k++)
    diagonals->slot[k] = first + (size_t)k * s->row;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create all arrays and transfers of a level whose distributions are known.  The finest level has
   five arrays more: p, and the low halves of r and of the coefficients. */
static PetscErrorCode CreateArrays(HeatMultigrid *mg, HeatLevel *l, PetscBool finest)
{
  float **arrays[]  = {&l->u,      &l->b,  &l->gx.array,      &l->gy.array,      &l->m.array,
                       &mg->r_low, &mg->p, &mg->gx_low.array, &mg->gy_low.array, &mg->m_low.array};
  float **landing[] = {&l->landing_u, &l->landing_b};

  PetscFunctionBeginUser;
  l->s         = HeatLevelShapeMake(&l->d, HEAT_HALO);
  l->landing_s = HeatLevelShapeMake(&l->landing_d, HEAT_HALO);
  l->stepwise  = HeatDistributionIsStepwise(&l->d);
  PetscCall(HeatLevelShapeAllocate(&l->s, finest ? 10 : 5, arrays, &l->memory));
  if (l->moved) PetscCall(HeatLevelShapeAllocate(&l->landing_s, 2, landing, &l->landing_memory));
  else {
    l->landing_u = l->u;
    l->landing_b = l->b;
  }
  PetscCall(CreateDiagonals(&l->s, &l->diagonals));
  PetscCall(AllocateRowPointers(l, &l->gx));
  PetscCall(AllocateRowPointers(l, &l->gy));
  PetscCall(AllocateRowPointers(l, &l->m));
  for (int k = 0; k < 2; k++) PetscCall(PetscCalloc1(l->s.half + 2 * HEAT_LANES, &l->line[k]));
  PetscCall(CreateTransfers(l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- the finest level ------- */

/* Return the conductance of the face west (axis 0) or south (axis 1) of own cell (i, j), and 0 for
   a face on the boundary, whose conductance is part of the ground. */
static PetscReal InnerConductance(const HeatOperator *op, int axis, PetscInt i, PetscInt j)
{
  const HeatGrid  *g     = HeatOperatorGrid(op);
  const PetscReal *G     = HeatOperatorConductances(op, axis);
  const PetscInt   start = axis == 0 ? g->xs : g->ys, n = axis == 0 ? g->nx : g->ny;
  const PetscInt   local = axis == 0 ? i : j;

  if (n == 1 || (!g->periodic[axis] && start + local == 0)) return 0.0;
  return G[(size_t)j * (size_t)(axis == 0 ? g->nxl + 1 : g->nxl) + (size_t)i];
}

/* Return the diagonal entry of cell i of a row, m + sum of all conductances.
   @param[in] mass, gx, gs  the row's masses, and its faces crossed along x and south of it */
static PetscReal Diagonal(const HeatGrid *g, const PetscReal *mass, const PetscReal *gx,
                          const PetscReal *gs, PetscInt i)
{
  return mass[i] + ((gx[i] + gx[i + 1]) + (gs[i] + gs[i + g->nxl]));
}

/* Find scale_A and the lower bound on the mass of a level of one cell.
 *
 * A body that hardly any side holds has a one-cell level whose mass is nearly zero.  The right-hand
 * side there is the sum over all residuals, each rounded to single precision; divided by a mass
 * much smaller than the sum of the diagonal's roundings, it would be noise.  Nor is an exact mass
 * needed: the level is one eigenvector, which conjugate gradients find by themselves.  The bound is
 *
 *     least mass = noise * sum over cells of the diagonal entry d
 *
 * where d, below 1 after scaling, is rounded up to sixteenths: a sum of integers is exact in any
 * order.  noise is chosen: a sixth of the unit roundoff of floats, 2^-24 = 6e-8, since the
 * roundings of many cells partly cancel.  Larger: the cycle removes less of the mean temperature's
 * error.  Smaller: what it adds to the mean is rounding. */
static PetscErrorCode FindScaleAndLeastMass(HeatMultigrid *mg, PetscReal mass)
{
  const HeatGrid  *g       = HeatOperatorGrid(mg->op);
  const PetscReal *gx      = HeatOperatorConductances(mg->op, 0);
  const PetscReal *gs      = HeatOperatorConductances(mg->op, 1);
  const PetscReal  noise   = 1e-8;
  PetscReal        largest = 0.0, to_sixteenths = 0.0, *row;
  PetscInt64       sixteenths = 0; /* sum of d, each rounded up to 1/16 */

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(g->nxl, &row));
  for (int pass = 0; pass < 2; pass++) {
    for (PetscInt j = 0; j < g->nyl; j++) {
      HeatOperatorMassRow(mg->op, mass, j, row);
      for (PetscInt i = 0; i < g->nxl; i++) {
        const PetscReal d = Diagonal(g, row, gx + j * (g->nxl + 1), gs + j * g->nxl, i);

        if (pass == 0) largest = PetscMax(largest, d);
        else sixteenths += (PetscInt64)ceil(to_sixteenths * d);
      }
    }
    if (pass) continue;
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &largest, 1, MPIU_REAL, MPIU_MAX, mg->comm));
    mg->scale_A   = largest > 0.0 && largest <= PETSC_MAX_REAL ? -ilogb(largest) - 1 : 0;
    to_sixteenths = ldexp(16.0, mg->scale_A);
  }
  PetscCall(PetscFree(row));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &sixteenths, 1, MPIU_INT64, MPI_SUM, mg->comm));
  mg->least_mass = (float)(noise * (PetscReal)sixteenths / 16.0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the sides' conductances to the half cells and films of the cells behind them.  A boundary
   face has G = half film/(half + film); its film is therefore G half/(half - G). */
static void AddSides(const HeatMultigrid *mg, const HeatLevelShape *s, Ground *ground, double scale)
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
static PetscErrorCode FillFinest(HeatMultigrid *mg, PetscReal mass, Ground *ground)
{
  const HeatGrid *g     = HeatOperatorGrid(mg->op);
  HeatLevel      *l     = &mg->levels[0];
  const double    scale = ldexp(1.0, mg->scale_A);
  PetscReal      *row;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(g->nxl, &row));
  FillOnes(&l->s, l->m.array);
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

/* Return whether any boundary face of the domain conducts.  Collective. */
static PetscErrorCode SidesConduct(const HeatMultigrid *mg, PetscBool *conduct)
{
  int some = 0;

  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatBoundaryFaces faces = HeatBoundariesGet(HeatOperatorBoundaries(mg->op),
                                                      (HeatSide)side);

    for (PetscInt k = 0; k < faces.length; k++) some |= faces.G[k] > 0.0;
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &some, 1, MPI_INT, MPI_LOR, mg->comm));
  *conduct = some ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the arrays of the finest level, and what it alone has. */
static PetscErrorCode CreateFinest(HeatMultigrid *mg)
{
  HeatLevel *l = &mg->levels[0];

  PetscFunctionBeginUser;
  PetscCall(HeatDistributionCreate(HeatOperatorGrid(mg->op), &l->d));
  PetscCall(HeatDistributionCreate(HeatOperatorGrid(mg->op), &l->landing_d));
  PetscCall(CreateArrays(mg, l, PETSC_TRUE));
  l->prefetched[0] = mg->p;
  l->prefetched[1] = mg->r_low;
  PetscCall(AllocateRowPointers(l, &mg->gx_low));
  PetscCall(AllocateRowPointers(l, &mg->gy_low));
  PetscCall(AllocateRowPointers(l, &mg->m_low));
  PetscCall(PetscCalloc1(l->s.half, &mg->zeros));
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS && l->s.half <= LONGEST_WIDE; k++)
    PetscCall(PetscMalloc1(l->s.half + 1, &mg->wide.row[k]));
  mg->n_made = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill the finest level and its halos. */
static PetscErrorCode SetUpFinest(HeatMultigrid *mg, PetscReal mass, PetscBool sides,
                                  Ground *ground)
{
  HeatLevel *l      = &mg->levels[0];
  HeatRows  *rows[] = {&l->gx, &l->gy, &l->m, &mg->gx_low, &mg->gy_low, &mg->m_low};

  PetscFunctionBeginUser;
  mg->wide.filled = PETSC_FALSE;
  PetscCall(GroundAllocate(&l->s, sides, l->u, ground));
  PetscCall(FindScaleAndLeastMass(mg, mass));
  PetscCall(FillFinest(mg, mass, ground));
  if (sides) AddSides(mg, &l->s, ground, ldexp(1.0, mg->scale_A));
  for (int k = 0; k < 6; k++) {
    PetscCall(HeatTransferRun(l->halo, rows[k]->array, rows[k]->array));
    PetscCall(ShareEqualRows(l, rows[k]));
  }
  PetscCall(GroundMove(l->halo, sides, ground, ground));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- coarse levels ------- */

/* Counts of a level's cells. */
typedef struct {
  PetscInt64 coupled;   /* cells whose conductances matter beside their mass */
  PetscInt64 strong[2]; /* of these, cells that are much more strongly coupled along x, along y */
} Couplings;

/* Count the couplings of all cells of a level, with x = gw + ge and y = gs + gn.  Collective.
 *
 *     coupled:      x + y >= dominant m
 *     strong[0]:    x > strong y,  coupled;     strong[1]:  y > strong x,  coupled
 *
 * dominant is chosen.  On a level without coupled cells a half-sweep leaves, in the cells that it
 * updates, at most (x + y)/(m + x + y) < 2/3 of the largest error of their neighbours, and the
 * seven half-sweeps of a cycle (of eight, since the two black ones at the turn are one) leave at
 * most (2/3)^6 = 0.09 of the largest error.  Larger: fewer levels, of which the coarsest is
 * smoothed less well.  Smaller: more levels than are needed.
 *
 * strong is chosen.  Joining along one axis divides the ratio of the couplings by 4, so that ratios
 * above 2 come nearer to 1.  Larger: point smoothing has to cope with a larger ratio.  Smaller:
 * more levels, since joining along one axis halves the cells and joining along both quarters them.
 * */
static PetscErrorCode CountCouplings(const HeatMultigrid *mg, const HeatLevel *l, Couplings *all)
{
  const float           dominant = 2.0F, strong = 1.5F;
  const HeatLevelShape *s = &l->s;
  Couplings             c = {0, {0, 0}};

  PetscFunctionBeginUser;
  for (PetscInt j = s->own.lo[1]; j < s->own.hi[1]; j++) {
    for (int parity = 0; parity < 2; parity++) {
      HeatHalfRow r;
      PetscInt    begin, end;

      HeatLevelHalfRow(l, j, parity, &r);
      HeatLevelShapePlaces(s, s->own.lo[0], s->own.hi[0], parity, &begin, &end);
      for (PetscInt k = begin; k < end; k++) {
        const float x = r.gw[k] + r.ge[k], y = r.gs[k] + r.gn[k];

        if (x + y < dominant * r.m[k]) continue;
        c.coupled++;
        c.strong[0] += x > strong * y;
        c.strong[1] += y > strong * x;
      }
    }
  }
  PetscCallMPI(MPI_Allreduce(&c, all, 3, MPIU_INT64, MPI_SUM, mg->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose along which axes the cells of a level are joined: along each axis of more than one cell,
   unless the cells that are strong along the other axis outnumber those that are strong along this
   axis by more than half of the coupled cells.  If the other axis has one cell, this axis is joined
   all the same.  A level without coupled cells is joined along no axis and is the coarsest, and so
   is a level of one cell.  Collective. */
static PetscErrorCode ChooseJoins(const HeatMultigrid *mg, HeatLevel *l)
{
  Couplings c;

  PetscFunctionBeginUser;
  PetscCall(CountCouplings(mg, l, &c));
  for (int axis = 0; axis < 2; axis++) {
    const PetscInt64 lead = c.strong[!axis] - c.strong[axis];

    l->joins[axis] = (c.coupled && l->d.n[axis] > 1 &&
                      (2 * lead <= c.coupled || l->d.n[!axis] == 1))
                         ? PETSC_TRUE
                         : PETSC_FALSE;
  }
  l->coarsest = (!l->joins[0] && !l->joins[1]) ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The fine cells of a coarse cell: one, two or four. */
typedef struct {
  const HeatLevel *fine;
  PetscInt         lo[2], hi[2]; /* lo <= (i, j) < hi */
} Children;

static Children ChildrenOf(const HeatLevel *fine, PetscInt ci, PetscInt cj)
{
  const PetscInt at[2] = {ci, cj};
  Children       c     = {.fine = fine};

  for (int axis = 0; axis < 2; axis++) {
    const PetscInt by = fine->joins[axis] ? 2 : 1;

    c.lo[axis] = at[axis] * by;
    c.hi[axis] = PetscMin(c.lo[axis] + by, fine->d.n[axis]);
  }
  return c;
}

/* Return the sum of an array of the fine level over these cells. */
static double SumOver(const Children *c, const float *array)
{
  double sum = 0.0;

  for (PetscInt j = c->lo[1]; j < c->hi[1]; j++)
    for (PetscInt i = c->lo[0]; i < c->hi[0]; i++)
      sum += (double)array[HeatLevelShapeCell(&c->fine->s, i, j)];
  return sum;
}

/* Return the conductance of the coarse cell's face west (axis 0) or south (axis 1), eq. (12).  A
   cell that is alone along a periodic axis is its own neighbour: no heat flows there, and smoothing
   must not take its image for another cell, so that the conductance is 0. */
static double SumFaces(const Children *c, int axis, const float *array)
{
  const double distance = c->fine->joins[axis] ? 0.5 : 1.0;
  Children     first    = *c;

  if (c->hi[axis] - c->lo[axis] == c->fine->d.n[axis]) return 0.0;
  first.hi[axis] = first.lo[axis] + 1;
  return distance * SumOver(&first, array);
}

/* The coefficients of a coarse level's own cells, in the shape of its landing. */
typedef struct {
  float *gx, *gy, *m;
  Ground ground;
} Coefficients;

/* Compute the coefficients of coarse cell (ci, cj) and store them at `place`. */
static void FillCoarseCell(const HeatLevel *fine, const Ground *ground, PetscInt ci, PetscInt cj,
                           size_t place, PetscBool sides, Coefficients *c)
{
  const Children children = ChildrenOf(fine, ci, cj);
  double         m        = SumOver(&children, ground->mass);

  c->gx[place]          = (float)SumFaces(&children, 0, fine->gx.array);
  c->gy[place]          = (float)SumFaces(&children, 1, fine->gy.array);
  c->ground.mass[place] = (float)m;
  for (int axis = 0; sides && axis < 2; axis++) {
    const double half = (fine->joins[axis] ? 0.5 : 1.0) * SumOver(&children, ground->half[axis]);
    const double film = SumOver(&children, ground->film[axis]);

    c->ground.half[axis][place] = (float)half;
    c->ground.film[axis][place] = (float)film;
    m += InSeries(half, film);
  }
  c->m[place] = (float)m;
}

/* Compute the coefficients of this rank's own cells of a coarse level, at its landing. */
static void FillOwnCells(const HeatLevel *fine, const Ground *ground, const HeatLevel *l,
                         PetscBool sides, float least_mass, Coefficients *c)
{
  const HeatLevelShape *s = &l->landing_s;

  FillOnes(s, c->m);
  for (PetscInt cj = s->own.lo[1]; cj < s->own.hi[1]; cj++)
    for (PetscInt ci = s->own.lo[0]; ci < s->own.hi[0]; ci++)
      FillCoarseCell(fine, ground, ci, cj, HeatLevelShapeCell(s, ci, cj), sides, c);
  if (l->d.n[0] * l->d.n[1] == 1 && !HeatBoxIsEmpty(&s->own)) {
    float *whole = &c->m[HeatLevelShapeCell(s, 0, 0)];

    *whole = PetscMax(*whole, least_mass);
  }
}

/* Compute the coefficients of a coarse level at its landing, and transfer them to the level and its
   halo.  Collective.
   @param[out] ground  the level's ground, in the level's shape */
static PetscErrorCode FillCoarse(const HeatLevel *fine, const Ground *fine_ground, HeatLevel *l,
                                 PetscBool sides, float least_mass, Ground *ground)
{
  Coefficients c         = {l->gx.array, l->gy.array, l->m.array, {0}};
  float      **landing[] = {&c.gx, &c.gy, &c.m};
  HeatRows    *rows[]    = {&l->gx, &l->gy, &l->m};
  void        *memory    = NULL;

  PetscFunctionBeginUser;
  PetscCall(GroundAllocate(&l->s, sides, l->u, ground));
  c.ground = *ground;
  if (l->moved) {
    PetscCall(GroundAllocate(&l->landing_s, sides, l->landing_u, &c.ground));
    PetscCall(HeatLevelShapeAllocate(&l->landing_s, 3, landing, &memory));
    FillOnes(&l->s, l->m.array);
  }
  FillOwnCells(fine, fine_ground, l, sides, least_mass, &c);
  for (int k = 0; k < 3; k++) {
    PetscCall(HeatTransferRun(l->gather, *landing[k], rows[k]->array));
    PetscCall(ShareEqualRows(l, rows[k]));
  }
  PetscCall(GroundMove(l->gather, sides, &c.ground, ground));
  if (l->moved) PetscCall(GroundFree(&l->landing_s, &c.ground));
  PetscCall(HeatLevelShapeFree(&memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the distributions, arrays and transfers of level `index` from the level above it. */
static PetscErrorCode CreateCoarse(HeatMultigrid *mg, PetscInt index)
{
  const HeatLevel *fine = &mg->levels[index - 1];
  HeatLevel       *l    = &mg->levels[index];

  PetscFunctionBeginUser;
  PetscCall(HeatDistributionCoarsen(&fine->d, fine->joins, &l->landing_d));
  PetscCall(HeatDistributionJoinThin(&l->landing_d, &l->d, &l->moved));
  PetscCall(CreateArrays(mg, l, PETSC_FALSE));
  mg->n_made = index + 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the joins of level `index - 1` and create level `index`, unless there is none or it exists
   from an earlier set-up with the same joins; levels from other joins are freed. */
static PetscErrorCode PrepareNextLevel(HeatMultigrid *mg, PetscInt index)
{
  HeatLevel      *l         = &mg->levels[index - 1];
  const PetscBool before[2] = {l->joins[0], l->joins[1]};

  PetscFunctionBeginUser;
  PetscCall(ChooseJoins(mg, l));
  if (l->coarsest) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCheck(index < HEAT_MAX_LEVELS, mg->comm, PETSC_ERR_PLIB, "too many levels");
  if (mg->n_made > index && (before[0] != l->joins[0] || before[1] != l->joins[1]))
    PetscCall(HeatMultigridClear(mg, index));
  if (mg->n_made <= index) PetscCall(CreateCoarse(mg, index));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridSetUp(HeatMultigrid *mg, PetscReal mass)
{
  const HeatTrafficKind before = HeatTrafficSet(HEAT_TRAFFIC_SETUP);
  PetscBool             sides;
  Ground                ground, coarse;

  PetscFunctionBeginUser;
  PetscCall(SidesConduct(mg, &sides));
  if (mg->n_made == 0) PetscCall(CreateFinest(mg));
  PetscCall(SetUpFinest(mg, mass, sides, &ground));
  for (mg->n_levels = 1;; mg->n_levels++) {
    HeatLevel *l = &mg->levels[mg->n_levels - 1];

    PetscCall(PrepareNextLevel(mg, mg->n_levels));
    if (l->coarsest) break;
    PetscCall(FillCoarse(l, &ground, l + 1, sides, mg->least_mass, &coarse));
    PetscCall(GroundFree(&l->s, &ground));
    ground = coarse;
  }
  PetscCall(GroundFree(&mg->levels[mg->n_levels - 1].s, &ground));
  (void)HeatTrafficSet(before);
  PetscFunctionReturn(PETSC_SUCCESS);
}
