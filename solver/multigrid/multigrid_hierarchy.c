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
 * Cells are joined along the direction of the stronger couplings alone, until both directions'
 * couplings are similar: point smoothing removes errors along strong couplings only.  The hierarchy
 * ends where every cell's own mass outweighs half its conductances, since smoothing alone is
 * accurate enough there, or with one cell.
 *
 * A level whose blocks would be thin lies on fewer ranks (HeatDistributionJoinThin). */
#include <math.h>

#include "solver/base/traffic.h"
#include "solver/multigrid/level_plan.h"
#include "solver/multigrid/multigrid_interpolation_impl.h"
#include "solver/multigrid/multigrid_levels_impl.h"

/* Return the conductance of a half cell and a film in series; a film of infinite conductance has no
   resistance. */
static double InSeries(double half, double film)
{
  if (half <= 0.0 || film <= 0.0) return 0.0;
  return isinf(film) ? half : half * film / (half + film);
}

/* Numbers of cells of a level, all ranks together.  A coupled cell is inner if all its four faces
   conduct. */
typedef struct {
  PetscInt64 coupled;   /* cells whose conductances are not negligible beside their mass */
  PetscInt64 strong[2]; /* coupled cells with stronger couplings along x, along y */
  PetscInt64 very[2];   /* inner cells with very much stronger couplings along x, along y */
  PetscInt64 jumps;     /* inner cells whose conductances jump, along x or y */
  PetscInt64 very_without_jump[2]; /* the cells of `very` that are not in `jumps` */
} Couplings;

/* Return whether the conductances of a cell's two opposite faces differ by more than a factor.  It
   is chosen below 2: with harmonic means, the face between a cell and a much better conductor
   conducts only twice as well as the cell's opposite face. */
static PetscBool Jumps(float a, float b)
{
  const float factor = 1.5F;

  return (a > factor * b || b > factor * a) ? PETSC_TRUE : PETSC_FALSE;
}

/* Count the couplings of all cells of a level, with x = gw + ge and y = gs + gn.  Collective.
 *
 *     coupled:      x + y >= dominant m
 *     strong[0]:    x > strong y,  coupled;     strong[1]:  y > strong x,  coupled
 *     very[0]:      x > very y,    inner;       very[1]:    y > very x,    inner
 *
 * dominant is chosen.  On a level without coupled cells a half-sweep leaves, in the cells that it
 * updates, at most (x + y)/(m + x + y) < 2/3 of the largest error of their neighbours.  A cycle has
 * eight half-sweeps, of which the last one down and the first one up are both black and count as
 * one.  After these seven, the cells updated by the last but one have at most (2/3)^6 = 0.09 of the
 * largest error, the others less.  Larger: fewer levels, of which the coarsest is
 * smoothed less well.  Smaller: more levels than are needed.
 *
 * strong is chosen.  Joining along one axis divides the ratio of the couplings by 4, so that ratios
 * above 2 come nearer to 1.  Larger: point smoothing has to cope with a larger ratio.  Smaller:
 * more levels, since joining along one axis halves the cells and joining along both quarters them.
 *
 * very is chosen (ChooseJoins). */
static PetscErrorCode CountCouplings(const HeatMultigrid *mg, const HeatLevel *l, Couplings *all)
{
  const float           dominant = HEAT_JOIN_DOMINANT, strong = HEAT_JOIN_STRONG;
  const float           very = HEAT_JOIN_VERY;
  const HeatLevelShape *s    = &l->s;
  Couplings             c    = {0};

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
        if (r.gw[k] <= 0.0F || r.ge[k] <= 0.0F || r.gs[k] <= 0.0F || r.gn[k] <= 0.0F) continue;
        c.very[0] += x > very * y;
        c.very[1] += y > very * x;
        if (Jumps(r.gw[k], r.ge[k]) || Jumps(r.gs[k], r.gn[k])) c.jumps++;
        else {
          c.very_without_jump[0] += x > very * y;
          c.very_without_jump[1] += y > very * x;
        }
      }
    }
  }
  PetscCallMPI(MPI_Allreduce(&c, all, sizeof c / sizeof c.coupled, MPIU_INT64, MPI_SUM, mg->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Decide from the finest level whether the hierarchy interpolates, or uses piecewise constants,
   which are cheaper.
 *
 *     mismatched = cells without a jump whose couplings along one axis are very much the stronger
 *                  ones, where cells are nevertheless joined along the other axis
 *     interpolate if  jumps + mismatched > 40 sqrt(cells),  or  jumps + mismatched > cells/4,
 *                     or  mismatched > cells/32
 *
 * The first bound does not depend on the resolution of a body.  A jump has a cell on either side,
 * so that at this bound the interfaces together are 20 times as long as the domain is wide.  40 is
 * chosen from the table of iterations (solver/MEASURED.md), as are 1/4 and 1/32: TeaLeaf's pipe has
 * 7, 15 interfaces right across the domain have 30, the quick start has 80, and 32 x 32 random
 * blocks have 120.  Smaller: bodies of a few shapes pay for interpolation that saves them nothing.
 * Larger: bodies of many parts converge slowly. */
static PetscBool IsRough(const HeatLevel *l, const Couplings *c)
{
  const double most  = 40.0;
  PetscInt64   rough = c->jumps, mismatched = 0;
  const double cells = (double)l->d.n[0] * (double)l->d.n[1];

  if (l->joins[1]) mismatched += c->very_without_jump[0];
  if (l->joins[0]) mismatched += c->very_without_jump[1];
  rough += mismatched;
  return ((double)rough * (double)rough > most * most * cells || 4.0 * (double)rough > cells ||
          32.0 * (double)mismatched > cells)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Choose along which axes the cells of a level are joined: along each axis of more than one cell,
   unless the cells that are strong along the other axis outnumber those that are strong along this
   axis by more than a fraction of the coupled cells.  If the other axis has one cell, this axis is
   joined all the same.  A level without coupled cells is joined along no axis.
   @param[in] strong     cells that are strong along x, along y
   @param[in] one_in     the fraction, 1/one_in */
static void JoinWhereWeak(HeatLevel *l, const Couplings *c, const PetscInt64 strong[2],
                          PetscInt64 one_in)
{
  for (int axis = 0; axis < 2; axis++) {
    const PetscInt64 lead = strong[!axis] - strong[axis];

    l->joins[axis] = (c->coupled && l->d.n[axis] > 1 &&
                      (one_in * lead <= c->coupled || l->d.n[!axis] == 1))
                         ? PETSC_TRUE
                         : PETSC_FALSE;
  }
}

/* Choose along which axes the cells of a level are joined.  A level joined along no axis is the
   coarsest, and so is a level of one cell.  Collective.
 *
 * With piecewise constants, the majority of the coupled cells decides: cells are joined along the
 * axis of its stronger couplings.  A hierarchy that interpolates converges well as long as the
 * couplings of the two axes differ by less than the factor `very`, whichever way cells are joined.
 * There the cells whose couplings differ more decide, as soon as they are one cell in 32, chosen.
 * With it the quick start, whose substrate has 6 % of the cells, takes 13 iterations in place of 23
 * (solver/MEASURED.md).  A larger part: a substrate that conducts along one axis alone is
 * smoothed badly.  A smaller part: a few cells double the size of the next level. */
static PetscErrorCode ChooseJoins(HeatMultigrid *mg, HeatLevel *l)
{
  Couplings c;

  PetscFunctionBeginUser;
  PetscCall(CountCouplings(mg, l, &c));
  JoinWhereWeak(l, &c, c.strong, 2);
  if (l == mg->levels) mg->rough = IsRough(l, &c);
  if (mg->rough) JoinWhereWeak(l, &c, c.very, 32);
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
  PetscCall(HeatMultigridSidesConduct(mg, &sides));
  if (mg->n_made == 0) PetscCall(HeatMultigridCreateFinest(mg));
  PetscCall(HeatMultigridSetUpFinest(mg, mass, sides, &ground));
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
