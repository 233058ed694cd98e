/* The hierarchy of levels: what matrix each level has, and on which ranks.
 *
 * The finest level (multigrid_finest.c) has the operator's matrix.
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
 *    for a face between west and east neighbours, where all g are equal
 *
 * This is for piecewise constants.  Below a level that interpolates, which levels of rough bodies
 * do, coefficients are projected instead (multigrid_project.c).
 *
 * The factor 1/2 for the distance is what makes piecewise constants good enough: Galerkin's coarse
 * matrix would be twice too stiff.  A side's conductance combines a half cell and a film in series,
 * eq. (4).  On the coarse level the half cell's conductance, summed over the joined faces, is
 * halved too where the half cell has become twice as thick; the film's conductance is only summed.
 *
 * Along which axes cells are joined, and where the hierarchy ends, follows from the numbers of
 * cells with strong couplings along each axis (level_joins.c).
 *
 * A level whose blocks would be thin lies on fewer ranks (HeatDistributionJoinThin). */
#include <math.h>
#include <string.h>

#include "solver/base/traffic.h"
#include "solver/multigrid/level_joins.h"
#include "solver/multigrid/multigrid_interpolation_impl.h"
#include "solver/multigrid/multigrid_levels_impl.h"

/* Return the conductance of a half cell and a film in series; a film of infinite conductance has no
   resistance. */
static double InSeries(double half, double film)
{
  if (half <= 0.0 || film <= 0.0) return 0.0;
  return isinf(film) ? half : half * film / (half + film);
}

/* Count the couplings of all cells of a level; on the finest level, find the lower bound on the
   mass of a level of one cell in the same message.  Collective. */
static PetscErrorCode CountCouplings(HeatMultigrid *mg, const HeatLevel *l, HeatCouplings *all)
{
  const HeatLevelShape *s = &l->s;
  HeatCouplings         c = {0};
  PetscReal             numbers[HEAT_COUPLINGS + 1];

  PetscFunctionBeginUser;
  for (PetscInt j = s->own.lo[1]; j < s->own.hi[1]; j++) {
    for (int parity = 0; parity < 2; parity++) {
      HeatHalfRow r;
      PetscInt    begin, end;

      HeatLevelHalfRow(l, j, parity, &r);
      HeatLevelShapePlaces(s, s->own.lo[0], s->own.hi[0], parity, &begin, &end);
      for (PetscInt k = begin; k < end; k++)
        HeatCouplingsAdd(&c, 1.0, (HeatCellCouplings){r.gw[k], r.ge[k], r.gs[k], r.gn[k], r.m[k]});
    }
  }
  memcpy(numbers, &c, sizeof c);
  numbers[HEAT_COUPLINGS] = mg->sixteenths;
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, numbers, HEAT_COUPLINGS + 1, MPIU_REAL, MPI_SUM, mg->comm));
  memcpy(all, numbers, sizeof *all);
  if (l == mg->levels) HeatMultigridSetLeastMass(mg, numbers[HEAT_COUPLINGS]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose along which axes the cells of a level are joined (level_joins.h).  Collective. */
static PetscErrorCode ChooseJoins(HeatMultigrid *mg, HeatLevel *l)
{
  const PetscBool finest = l == mg->levels ? PETSC_TRUE : PETSC_FALSE;
  HeatCouplings   c;

  PetscFunctionBeginUser;
  PetscCall(CountCouplings(mg, l, &c));
  HeatJoinsChoose(&c, l->d.n, finest, &mg->rough, l->joins);
  l->coarsest     = (!l->joins[0] && !l->joins[1]) ? PETSC_TRUE : PETSC_FALSE;
  l->interpolates = (mg->rough && !l->stepwise && !l->coarsest) ? PETSC_TRUE : PETSC_FALSE;
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

/* Return the conductance of the coarse cell's face west (axis 0) or south (axis 1), eq. (12). */
static double SumFaces(const Children *c, int axis, const float *array)
{
  const double distance = c->fine->joins[axis] ? 0.5 : 1.0;
  Children     first    = *c;

  first.hi[axis] = first.lo[axis] + 1;
  return distance * SumOver(&first, array);
}

/* The coefficients of a coarse level's own cells, in the shape of its landing. */
typedef struct {
  float     *gx, *gy, *m;
  HeatGround ground;
} Coefficients;

/* Compute the coefficients of coarse cell (ci, cj) and store them at `place`, unless they have been
   projected; add the sides.  A cell that is alone along a periodic axis is its own neighbour.  Its
   conductance along that axis is set to 0, because no heat flows and smoothing must not treat the
   cell's image as another cell. */
static void FillCoarseCell(const HeatLevel *fine, const HeatGround *ground, PetscInt ci,
                           PetscInt cj, size_t place, PetscBool sides, Coefficients *c)
{
  const Children children = ChildrenOf(fine, ci, cj);
  double m = fine->interpolates ? (double)c->ground.mass[place] : SumOver(&children, ground->mass);

  if (!fine->interpolates) {
    c->gx[place]          = (float)SumFaces(&children, 0, fine->gx.array);
    c->gy[place]          = (float)SumFaces(&children, 1, fine->gy.array);
    c->ground.mass[place] = (float)m;
  }
  if (fine->d.n[0] == children.hi[0] - children.lo[0]) c->gx[place] = 0.0F;
  if (fine->d.n[1] == children.hi[1] - children.lo[1]) c->gy[place] = 0.0F;
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
static void FillOwnCells(const HeatLevel *fine, const HeatGround *ground, const HeatLevel *l,
                         PetscBool sides, float least_mass, Coefficients *c)
{
  const HeatLevelShape *s = &l->landing_s;

  HeatLevelFillOnes(s, c->m);
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
static PetscErrorCode FillCoarse(HeatLevel *fine, const HeatGround *fine_ground, HeatLevel *l,
                                 PetscBool sides, float least_mass, HeatGround *ground)
{
  Coefficients c         = {l->gx.array, l->gy.array, l->m.array, {0}};
  float      **landing[] = {&c.gx, &c.gy, &c.m};
  HeatRows    *rows[]    = {&l->gx, &l->gy, &l->m};
  void        *memory    = NULL;

  PetscFunctionBeginUser;
  PetscCall(HeatGroundAllocate(&l->s, sides, l->u, ground));
  c.ground = *ground;
  if (l->moved) {
    PetscCall(HeatGroundAllocate(&l->landing_s, sides, l->landing_u, &c.ground));
    PetscCall(HeatLevelShapeAllocate(&l->landing_s, 3, landing, &memory));
    HeatLevelFillOnes(&l->s, l->m.array);
  }
  if (fine->interpolates)
    PetscCall(HeatInterpolationProject(fine, fine_ground->mass, l, c.ground.mass, c.gx, c.gy));
  FillOwnCells(fine, fine_ground, l, sides, least_mass, &c);
  for (int k = 0; k < 3; k++) {
    PetscCall(HeatTransferRun(l->gather, *landing[k], rows[k]->array));
    PetscCall(HeatRowsShareEqual(l, rows[k]));
  }
  PetscCall(HeatGroundMove(l->gather, sides, &c.ground, ground));
  if (l->moved) PetscCall(HeatGroundFree(&l->landing_s, &c.ground));
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
  PetscCall(HeatLevelCreateArrays(mg, l, PETSC_FALSE));
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
  HeatGround            ground, coarse;

  PetscFunctionBeginUser;
  if (mg->n_made == 0) PetscCall(HeatMultigridCreateFinest(mg));
  PetscCall(HeatMultigridSetUpFinest(mg, mass, &sides, &ground));
  for (mg->n_levels = 1;; mg->n_levels++) {
    HeatLevel *l = &mg->levels[mg->n_levels - 1];

    PetscCall(PrepareNextLevel(mg, mg->n_levels));
    if (l->coarsest) break;
    PetscCall(FillCoarse(l, &ground, l + 1, sides, mg->least_mass, &coarse));
    PetscCall(HeatGroundFree(&l->s, &ground));
    ground = coarse;
  }
  PetscCall(HeatGroundFree(&mg->levels[mg->n_levels - 1].s, &ground));
  (void)HeatTrafficSet(before);
  PetscFunctionReturn(PETSC_SUCCESS);
}
