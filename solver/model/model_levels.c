/** The levels of the multigrid, predicted without its fields (model_levels.h).
 *
 *  In a body of one material, a coarse cell that joins wI x wJ cells of the grid has
 *
 *      mass        sigma C wI wJ
 *      west face   gx wJ / 2^a        after a joins along x
 *      south face  gy wI / 2^b        after b joins along y
 *
 *  with the conductances gx, gy and the capacity C of a cell of the grid.  Only the last column and
 *  the last row can have smaller wI and wJ.  Cells are therefore of nine kinds: first, inner and
 *  last columns times first, inner and last rows.  The rules of solver/multigrid/level_joins.h are
 *  applied to kinds in place of cells. */
#include "solver/model/model_levels.h"

#include <math.h>

#include "solver/case/expression.h"
#include "solver/physics/paint.h"

/* Largest number of cells of the sample along an axis.  Chosen: finer than the regions of most
   cases; a larger sample takes longer. */
enum { SAMPLE = 64 };

/* Bodies. */

/* Evaluate a conductivity [W/(m K)] in the middle of the domain at T = 0.  If a formula is not
   positive there, 1 takes its place: chosen, since a plan needs some number. */
static PetscErrorCode ConductivityOf(const HeatCase *c, const HeatFormula *k, PetscReal *value)
{
  HeatExpression *e = NULL;
  char            message[256];

  PetscFunctionBeginUser;
  *value = k->value;
  if (!k->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(k, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TEMPERATURE, &e, message,
                                 sizeof message));
  if (e)
    PetscCall(HeatExpressionAt(e, 0.5 * (c->grid.x[0] + c->grid.x[1]),
                               0.5 * (c->grid.y[0] + c->grid.y[1]), 0.0, value));
  PetscCall(HeatExpressionDestroy(&e));
  if (!(*value > 0.0)) *value = 1.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return how many of two neighbours with conductivities a and b see a jump there: the face between
   them has the harmonic mean, and the opposite faces of the two cells have a and b. */
static int JumpsBetween(PetscReal a, PetscReal b)
{
  const PetscReal face = 2.0 * a * b / (a + b);

  return (HeatConductancesJump(face, a) ? 1 : 0) + (HeatConductancesJump(face, b) ? 1 : 0);
}

/* Estimate the number of cells of the grid beside jumps from a sample, as if jumps were lines. */
static PetscReal CountJumps(const HeatCase *c, const HeatGrid *sample, const HeatModelBody *body,
                            const uint16_t *material)
{
  const PetscInt nx = sample->nx, ny = sample->ny;
  PetscReal      jumps = 0.0;

  for (PetscInt j = 0; j < ny; j++) {
    for (PetscInt i = 0; i < nx; i++) {
      const uint16_t *m = &material[j * nx + i];

      if (i > 0)
        jumps += JumpsBetween(body->gx[m[0]], body->gx[m[-1]]) * (PetscReal)c->grid.cells[1] /
                 (PetscReal)ny;
      if (j > 0)
        jumps += JumpsBetween(body->gy[m[0]], body->gy[m[-nx]]) * (PetscReal)c->grid.cells[0] /
                 (PetscReal)nx;
    }
  }
  return jumps;
}

/* Find the share of each material, and the jumps, in a sample of the domain, painted from the
   regions' shapes.  The materials' conductances are known. */
static PetscErrorCode SampleBody(const HeatCase *c, HeatModelBody *body)
{
  const PetscInt nx = PetscMin(c->grid.cells[0], SAMPLE), ny = PetscMin(c->grid.cells[1], SAMPLE);
  const HeatGrid g = {.comm = PETSC_COMM_SELF,
                      .size = 1,
                      .nx   = nx,
                      .ny   = ny,
                      .x0   = c->grid.x[0],
                      .y0   = c->grid.y[0],
                      .hx   = (c->grid.x[1] - c->grid.x[0]) / (PetscReal)nx,
                      .hy   = (c->grid.y[1] - c->grid.y[0]) / (PetscReal)ny,
                      .px   = 1,
                      .py   = 1,
                      .nxl  = nx,
                      .nyl  = ny};
  uint16_t      *material;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(nx * ny, &material));
  PetscCall(HeatPaintMaterials(&g, c, NULL, material));
  for (PetscInt k = 0; k < nx * ny; k++) body->share[material[k]] += 1.0 / (PetscReal)(nx * ny);
  body->jumps = CountJumps(c, &g, body, material);
  PetscCall(PetscFree(material));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatModelBodyCreate(const HeatCase *c, HeatModelBody *body)
{
  const PetscReal hx = (c->grid.x[1] - c->grid.x[0]) / (PetscReal)c->grid.cells[0];
  const PetscReal hy = (c->grid.y[1] - c->grid.y[0]) / (PetscReal)c->grid.cells[1];
  const PetscInt  n  = c->n_materials;

  PetscFunctionBeginUser;
  body->n = n;
  PetscCall(PetscCalloc4(n, &body->share, n, &body->gx, n, &body->gy, n, &body->capacity));
  for (PetscInt m = 0; m < n; m++) {
    const HeatMaterial *of = &c->materials[m];
    PetscReal           kx, ky;

    PetscCall(ConductivityOf(c, &of->conductivity[0], &kx));
    PetscCall(ConductivityOf(c, &of->conductivity[1], &ky));
    body->gx[m]       = kx * hy / hx;
    body->gy[m]       = ky * hx / hy;
    body->capacity[m] = of->density * of->specific_heat * hx * hy;
  }
  PetscCall(SampleBody(c, body));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatModelBodyDestroy(HeatModelBody *body)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree4(body->share, body->gx, body->gy, body->capacity));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sides. */

/* Return the conductance from a cell's centre to the outside of a side, by its first segment: the
   conductance `half` from the centre to the side, in series with the film on `faces` faces of the
   grid. */
static PetscReal SideConductance(const HeatCase *c, HeatSide side, PetscReal half, PetscReal faces)
{
  const HeatSegment *segment = &c->boundary[side].segments[0];
  const int          along   = side < HEAT_BOTTOM ? 1 : 0;
  const PetscReal    extent  = along ? c->grid.y[1] - c->grid.y[0] : c->grid.x[1] - c->grid.x[0];
  const PetscReal    film = segment->coefficient.value * extent / (PetscReal)c->grid.cells[along] *
                         faces;

  switch (segment->type) {
  case HEAT_BC_TEMPERATURE: return half;
  case HEAT_BC_CONVECTION: return film > 0.0 ? half * film / (half + film) : 0.0;
  default: return 0.0;
  }
}

PetscBool HeatModelSidesConduct(const HeatCase *c)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      const HeatBoundaryType type = c->boundary[side].segments[k].type;

      if (type == HEAT_BC_TEMPERATURE || type == HEAT_BC_CONVECTION || type == HEAT_BC_RADIATION)
        return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

/* Kinds of cells. */

/* A kind of columns, or of rows, of a level. */
typedef struct {
  PetscReal count;       /* number of columns of this kind */
  PetscReal width;       /* number of columns of the grid that each joins */
  int       faces;       /* faces towards other columns: 0, 1 or 2 */
  PetscBool first, last; /* the column lies at the lower, at the upper side of the domain */
} Kind;

/* A level of the model. */
typedef struct {
  PetscInt  n[2], joins[2]; /* along each axis: cells, and joins from the finest level to this */
  PetscBool periodic[2];
} Level;

/* List the kinds of columns (axis 0) or rows (axis 1) of a level of a grid of `cells`; return their
   number. */
static int ListKinds(const Level *l, int axis, PetscInt cells, Kind kinds[3])
{
  const PetscInt  n    = l->n[axis];
  const PetscReal full = ldexp(1.0, (int)l->joins[axis]);
  const PetscReal rest = (PetscReal)cells - (PetscReal)(n - 1) * full;
  const PetscBool open = l->periodic[axis];

  if (n == 1) {
    kinds[0] = (Kind){1.0, (PetscReal)cells, 0, !open, !open};
    return 1;
  }
  kinds[0] = (Kind){1.0, full, open ? 2 : 1, !open, PETSC_FALSE};
  kinds[1] = (Kind){1.0, rest, open ? 2 : 1, PETSC_FALSE, !open};
  kinds[2] = (Kind){(PetscReal)(n - 2), full, 2, PETSC_FALSE, PETSC_FALSE};
  return n > 2 ? 3 : 2;
}

/* A column alone on its axis has no face.  Of one with one face, the side of the domain is where it
   has none. */
static HeatCellCouplings CellOf(const HeatCase *c, const HeatModelBody *body, PetscInt material,
                                const Level *l, const Kind *i, const Kind *j, PetscReal sigma)
{
  const PetscReal gx = ldexp(body->gx[material] * j->width, -(int)l->joins[0]);
  const PetscReal gy = ldexp(body->gy[material] * i->width, -(int)l->joins[1]);

  HeatCellCouplings cell = {.west  = i->faces > (i->first ? 1 : 0) ? gx : 0.0,
                            .east  = i->faces > (i->last ? 1 : 0) ? gx : 0.0,
                            .south = j->faces > (j->first ? 1 : 0) ? gy : 0.0,
                            .north = j->faces > (j->last ? 1 : 0) ? gy : 0.0,
                            .mass  = sigma * body->capacity[material] * i->width * j->width};

  if (i->first) cell.mass += SideConductance(c, HEAT_LEFT, 2.0 * gx, j->width);
  if (i->last) cell.mass += SideConductance(c, HEAT_RIGHT, 2.0 * gx, j->width);
  if (j->first) cell.mass += SideConductance(c, HEAT_BOTTOM, 2.0 * gy, i->width);
  if (j->last) cell.mass += SideConductance(c, HEAT_TOP, 2.0 * gy, i->width);
  return cell;
}

/* The limit is 2/B, where B bounds the eigenvalues by Gershgorin's circles: the diagonal entry and
   the sum of a row's other entries (solver/operator/operator_matrix.c). */
PetscReal HeatModelStableStep(const HeatCase *c, const HeatModelBody *body)
{
  const Level l     = {.n        = {c->grid.cells[0], c->grid.cells[1]},
                       .periodic = {c->boundary[HEAT_LEFT].segments[0].type == HEAT_BC_PERIODIC,
                                    c->boundary[HEAT_BOTTOM].segments[0].type == HEAT_BC_PERIODIC}};
  PetscReal   limit = PETSC_MAX_REAL;
  Kind        columns[3], rows[3];
  const int   n = ListKinds(&l, 0, l.n[0], columns), m = ListKinds(&l, 1, l.n[1], rows);

  for (PetscInt material = 0; material < body->n; material++) {
    for (int k = 0; k < n * m && body->share[material] > 0.0; k++) {
      const HeatCellCouplings cell  = CellOf(c, body, material, &l, &columns[k % n], &rows[k / n],
                                             0.0);
      const PetscReal         faces = (cell.west + cell.east) + (cell.south + cell.north);
      const PetscReal         sum   = 2.0 * faces + cell.mass;

      if (sum > 0.0) limit = PetscMin(limit, 2.0 * body->capacity[material] / sum);
    }
  }
  return limit;
}

/* Count the couplings of the cells of a level.  Jumps between materials are known on the finest
   level alone, which is the only one where they count. */
static HeatCouplings CountCouplings(const HeatCase *c, const HeatModelBody *body, const Level *l,
                                    PetscReal sigma)
{
  HeatCouplings sum = {0};
  Kind          columns[3], rows[3];
  const int     n = ListKinds(l, 0, c->grid.cells[0], columns);
  const int     m = ListKinds(l, 1, c->grid.cells[1], rows);

  for (PetscInt material = 0; material < body->n; material++) {
    for (int k = 0; k < n * m; k++) {
      const Kind     *i = &columns[k % n], *j = &rows[k / n];
      const PetscReal count = body->share[material] * i->count * j->count;

      HeatCouplingsAdd(&sum, count, CellOf(c, body, material, l, i, j, sigma));
    }
  }
  if (sum.coupled > 0.0) sum.jumps += body->jumps;
  return sum;
}

PetscErrorCode HeatModelLevels(const HeatCase *c, const HeatModelBody *body,
                               const HeatLayout *layout, PetscReal sigma, PetscInt *n,
                               HeatLevelPlan *levels)
{
  Level l = {.n = {layout->nx, layout->ny}, .periodic = {layout->periodic[0], layout->periodic[1]}};
  PetscBool rough = PETSC_FALSE;

  PetscFunctionBeginUser;
  *n = 0;
  if (!HeatLayoutCanCount(layout)) PetscFunctionReturn(PETSC_SUCCESS);
  for (*n = 1; *n < HEAT_MAX_LEVELS; (*n)++) {
    const HeatCouplings couplings = CountCouplings(c, body, &l, sigma);
    PetscBool          *joins     = levels[*n - 1].joins;

    HeatJoinsChoose(&couplings, l.n, *n == 1 ? PETSC_TRUE : PETSC_FALSE, &rough, joins);
    if (!joins[0] && !joins[1]) break;
    for (int axis = 0; axis < 2; axis++) {
      l.n[axis] = HeatJoinedCells(l.n[axis], joins[axis]);
      l.joins[axis] += joins[axis] ? 1 : 0;
    }
  }
  PetscCall(HeatLevelsPlan(layout, *n, levels));
  PetscFunctionReturn(PETSC_SUCCESS);
}
