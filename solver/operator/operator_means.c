/** Faces between cells whose conductivity depends on T.  Faces within a material are computed here,
 *  faces between two materials in operator_interfaces.c.
 *
 *  The heat through a face within a material towards its lower cell a is that of Kirchhoff's
 *  transformation,
 *
 *      G (T_b - T_a) = A/h (integral of k over T from T_a to T_b),
 *      G = A/h (mean of k over T from T_a to T_b),   low = A/h k(T_a),   high = A/h k(T_b)
 *
 *  which is continuous and monotone in both temperatures even where k jumps.  With a mean of the
 *  two cells' k instead, the heat would jump where k jumps, and a field that balances it need not
 *  exist.  With these low and high, -J is an M-matrix.  Where k depends on the place too, each cell
 *  has a mean of its own; these means are k_a and k_b of solver/README.md eq. (3), and (8a) holds.
 *
 *  Faces are computed in runs of one material along a row of cells.  The two ranks that share a
 *  face compute it from the same numbers, in the order lower cell, higher cell.
 *  Source: solver/README.md eq. (3a), (8a). */
#include "solver/operator/operator_means_impl.h"

#include "solver/operator/operator_impl.h"
#include "solver/physics/mean.h"

struct HeatFaceMeans {
  PetscReal *materials[HEAT_SIDES]; /* owned [nyl] or [nxl]: indices of the materials beyond each
                                       side, as doubles, which the halo exchange carries; NULL at
                                       the domain's sides */
  PetscReal *x_a, *x_b, *y_a, *y_b; /* owned [nxl] centres of a line's cells [m] */
  PetscReal *k_ab, *k_ba;     /* owned [nxl] k at a's place and b's temperature, and the reverse */
  PetscReal *mean_a, *mean_b; /* owned [nxl] means of k at a's and at b's place [W/(m K)] */
};

/* A line of cells along x, of one material. */
typedef struct {
  const PetscReal *k, *T; /* [W/(m K)], [K] of its cells */
  PetscInt         i, j;  /* global column and row of the first cell */
} Cells;

/* The faces across one axis. */
typedef struct {
  HeatOperator *op;
  int           axis;
  HeatFault    *fault;
} Faces;

/* Note a mean between cell n of line a and its neighbour that is not positive and finite, unless
   the conductivity of one of the two cells is wrong itself.  k_b is the neighbour's conductivity.
   Of the two ranks that share a face, the owner of the lower cell notes it. */
static void NoteMean(const Faces *f, const Cells *a, PetscInt n, PetscReal k_b, PetscReal mean)
{
  const HeatGrid *g = f->op->grid;
  const PetscInt  i = a->i + n - g->xs, j = a->j - g->ys;

  if ((mean > 0.0 && mean <= PETSC_MAX_REAL) || !(k_b > 0.0) || i < 0 || j < 0) return;
  HeatConductivityNoteMean(f->op->conductivity, f->axis, (size_t)j * (size_t)g->nxl + (size_t)i,
                           a->T[n], mean, f->fault);
}

/* Set-up. */

/* Fetch the materials of the cells beyond each side of the block.  Collective. */
static PetscErrorCode FetchMaterials(HeatOperator *op)
{
  const HeatGrid *g = op->grid;
  const size_t    n = HeatGridLocalCells(g);
  PetscReal      *numbers;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &numbers));
  for (size_t cell = 0; cell < n; cell++) numbers[cell] = (PetscReal)op->material[cell];
  PetscCall(HeatHaloBegin(op->halo, numbers));
  PetscCall(HeatHaloEnd(op->halo));
  for (int s = 0; s < HEAT_SIDES; s++) {
    const PetscReal *ghost  = HeatHaloGhost(op->halo, (HeatSide)s);
    const PetscInt   length = s < HEAT_BOTTOM ? g->nyl : g->nxl;

    if (!ghost) continue;
    PetscCall(PetscMalloc1(length, &op->means->materials[s]));
    PetscCall(PetscArraycpy(op->means->materials[s], ghost, length));
  }
  PetscCall(PetscFree(numbers));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateMeans(HeatOperator *op)
{
  const PetscInt n = op->grid->nxl;
  HeatFaceMeans *m;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&m));
  op->means = m;
  PetscCall(PetscMalloc4(n, &m->x_a, n, &m->x_b, n, &m->y_a, n, &m->y_b));
  PetscCall(PetscMalloc4(n, &m->k_ab, n, &m->k_ba, n, &m->mean_a, n, &m->mean_b));
  PetscCall(FetchMaterials(op));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorMeansDestroy(HeatFaceMeans **means)
{
  HeatFaceMeans *m = *means;

  PetscFunctionBeginUser;
  if (!m) PetscFunctionReturn(PETSC_SUCCESS);
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(PetscFree(m->materials[s]));
  PetscCall(PetscFree4(m->x_a, m->x_b, m->y_a, m->y_b));
  PetscCall(PetscFree4(m->k_ab, m->k_ba, m->mean_a, m->mean_b));
  PetscCall(PetscFree(*means));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Faces. */

/* Store the centres of n cells; cells beyond a periodic side have those of the opposite side. */
static void Places(const HeatGrid *g, PetscInt n, const Cells *cells, PetscReal *x, PetscReal *y)
{
  for (PetscInt k = 0; k < n; k++) {
    x[k] = HeatGridX(g, (cells->i + k + g->nx) % g->nx);
    y[k] = HeatGridY(g, (cells->j + g->ny) % g->ny);
  }
}

/* Compute n faces of one material whose k depends on T alone. */
static PetscErrorCode FacesOfT(const Faces *f, HeatExpression *e, PetscInt n, size_t face,
                               const Cells *a, const Cells *b)
{
  HeatOperator   *op    = f->op;
  HeatFaceMeans  *m     = op->means;
  const PetscReal ratio = f->axis == 0 ? op->grid->hy / op->grid->hx : op->grid->hx / op->grid->hy;
  PetscReal      *G     = (f->axis == 0 ? op->gx : op->gy) + face;

  PetscFunctionBeginUser;
  PetscCall(HeatMeanEvaluate(e, n, NULL, NULL, 0.0, a->T, b->T, a->k, b->k, m->mean_a));
  for (PetscInt i = 0; i < n; i++) {
    NoteMean(f, a, i, b->k[i], m->mean_a[i]);
    G[i]                                = m->mean_a[i] * ratio;
    op->low[f->axis][face + (size_t)i]  = a->k[i] * ratio;
    op->high[f->axis][face + (size_t)i] = b->k[i] * ratio;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute n faces of one material whose k depends on the place too, from the means of k at both
   places, p and q, and the mean of these two:
       harmonic:    G = 2 p q/(p + q) A/h,   low = 2 (k_a(T_a) q^2 + k_b(T_a) p^2)/(p + q)^2 A/h
       arithmetic:  G = (p + q)/2 A/h,       low = (k_a(T_a) + k_b(T_a))/2 A/h
   and high has T_b in place of T_a (eq. (8a)). */
static PetscErrorCode FacesOfPlaceAndT(const Faces *f, HeatExpression *e, PetscInt n, size_t face,
                                       const Cells *a, const Cells *b)
{
  HeatOperator   *op       = f->op;
  HeatFaceMeans  *m        = op->means;
  const PetscBool harmonic = (PetscBool)(op->c->solver.face_average == HEAT_FACE_HARMONIC);
  const PetscReal ratio = f->axis == 0 ? op->grid->hy / op->grid->hx : op->grid->hx / op->grid->hy;
  PetscReal      *G = (f->axis == 0 ? op->gx : op->gy) + face, *low = op->low[f->axis] + face,
            *high = op->high[f->axis] + face;

  PetscFunctionBeginUser;
  Places(op->grid, n, a, m->x_a, m->y_a);
  Places(op->grid, n, b, m->x_b, m->y_b);
  PetscCall(HeatExpressionEvaluate(e, n, m->x_a, m->y_a, 0.0, b->T, m->k_ab));
  PetscCall(HeatExpressionEvaluate(e, n, m->x_b, m->y_b, 0.0, a->T, m->k_ba));
  PetscCall(HeatMeanEvaluate(e, n, m->x_a, m->y_a, 0.0, a->T, b->T, a->k, m->k_ab, m->mean_a));
  PetscCall(HeatMeanEvaluate(e, n, m->x_b, m->y_b, 0.0, a->T, b->T, m->k_ba, b->k, m->mean_b));
  for (PetscInt i = 0; i < n; i++) {
    const PetscReal p = m->mean_a[i], q = m->mean_b[i];
    const PetscReal of_p = harmonic ? 2.0 * PetscSqr(q / (p + q)) : 0.5,
                    of_q = harmonic ? 2.0 * PetscSqr(p / (p + q)) : 0.5;

    NoteMean(f, a, i, b->k[i], p);
    if (p > 0.0) NoteMean(f, a, i, b->k[i], q);
    G[i]    = (harmonic ? 2.0 * p * q / (p + q) : 0.5 * (p + q)) * ratio;
    low[i]  = (of_p * a->k[i] + of_q * m->k_ba[i]) * ratio;
    high[i] = (of_p * m->k_ab[i] + of_q * b->k[i]) * ratio;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return cell n of a line whose cells have the given material. */
static HeatCellPoint PointOf(const Faces *f, PetscInt material, const Cells *cells, PetscInt n)
{
  const HeatGrid *g = f->op->grid;

  return (HeatCellPoint){HeatConductivityOfT(f->op->conductivity, f->axis, material),
                         HeatGridX(g, (cells->i + n + g->nx) % g->nx),
                         HeatGridY(g, (cells->j + g->ny) % g->ny), cells->T[n], cells->k[n]};
}

/* Compute n faces between cells of two materials.  With the arithmetic mean the heat follows the k
   of the two cells (solver/README.md eq. (3)), and nothing is to be done. */
static PetscErrorCode InterfaceRun(const Faces *f, PetscInt n, size_t face, PetscInt material_a,
                                   const Cells *a, PetscInt material_b, const Cells *b)
{
  PetscFunctionBeginUser;
  if (f->op->c->solver.face_average != HEAT_FACE_HARMONIC) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0; i < n; i++) {
    const HeatCellPoint p = PointOf(f, material_a, a, i), q = PointOf(f, material_b, b, i);

    PetscBool valid;

    PetscCall(HeatInterfaceUpdate(f->op, f->axis, face + (size_t)i, &p, &q, &valid));
    if (!valid) NoteMean(f, a, i, q.k, 0.0);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute n faces between the cells of two lines of one material, from face `face` of gx or gy. */
static PetscErrorCode FaceRun(const Faces *f, PetscInt material, PetscInt n, size_t face,
                              const Cells *a, const Cells *b)
{
  HeatExpression *e = HeatConductivityOfT(f->op->conductivity, f->axis, material);

  PetscFunctionBeginUser;
  if (!e || n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (HeatExpressionVariables(e) & (HEAT_VAR_X | HEAT_VAR_Y))
    PetscCall(FacesOfPlaceAndT(f, e, n, face, a, b));
  else PetscCall(FacesOfT(f, e, n, face, a, b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the line of own cells from (j, i) on. */
static Cells OwnCells(const Faces *f, const PetscReal *T, PetscInt j, PetscInt i)
{
  const HeatGrid *g    = f->op->grid;
  const size_t    cell = (size_t)j * (size_t)g->nxl + (size_t)i;

  return (Cells){HeatConductivityField(f->op->conductivity, f->axis) + cell, T + cell, g->xs + i,
                 g->ys + j};
}

/* Return the line of ghost cells beyond a side, from entry k of its strip on. */
static Cells GhostCells(const Faces *f, HeatSide side, PetscInt k)
{
  const HeatGrid       *g = f->op->grid;
  const HeatGhostCells *s = &f->op->ghosts[side];
  const PetscInt        i = side == HEAT_LEFT ? -1 : side == HEAT_RIGHT ? g->nxl : k;
  const PetscInt        j = side == HEAT_BOTTOM ? -1 : side == HEAT_TOP ? g->nyl : k;

  return (Cells){s->k + k, s->T + k, g->xs + i, g->ys + j};
}

/* Compute n faces between the cells of two lines, each of one material. */
static PetscErrorCode Run(const Faces *f, PetscInt n, size_t face, PetscInt material_a,
                          const Cells *a, PetscInt material_b, const Cells *b)
{
  PetscFunctionBeginUser;
  if (material_a == material_b) PetscCall(FaceRun(f, material_a, n, face, a, b));
  else PetscCall(InterfaceRun(f, n, face, material_a, a, material_b, b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the face that own cell (j, 0) or (j, nxl - 1) shares with a ghost cell. */
static PetscErrorCode SharedFace(const Faces *f, const PetscReal *T, HeatSide side, PetscInt j)
{
  const HeatGrid *g      = f->op->grid;
  const PetscInt  i      = side == HEAT_LEFT ? 0 : g->nxl - 1;
  const PetscInt  inside = f->op->material[(size_t)j * (size_t)g->nxl + (size_t)i];
  const PetscInt  beyond = (PetscInt)f->op->means->materials[side][j];
  const Cells     own = OwnCells(f, T, j, i), ghost = GhostCells(f, side, j);
  const size_t    face = (size_t)j * (size_t)(g->nxl + 1);

  PetscFunctionBeginUser;
  if (side == HEAT_LEFT) PetscCall(Run(f, 1, face, beyond, &ghost, inside, &own));
  else PetscCall(Run(f, 1, face + (size_t)g->nxl, inside, &own, beyond, &ghost));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the faces across x of row j: within each run of one material, then at its end. */
static PetscErrorCode VerticalFaces(const Faces *f, const PetscReal *T, PetscInt j)
{
  const HeatGrid *g     = f->op->grid;
  const PetscInt  nx    = g->nxl;
  const uint16_t *row   = f->op->material + (size_t)j * (size_t)nx;
  const size_t    first = (size_t)j * (size_t)(nx + 1);

  PetscFunctionBeginUser;
  for (PetscInt i = 0, end; i < nx; i = end) {
    const Cells a = OwnCells(f, T, j, i);

    for (end = i + 1; end < nx && row[end] == row[i];) end++;
    if (end - i > 1) {
      const Cells b = OwnCells(f, T, j, i + 1);

      PetscCall(FaceRun(f, row[i], end - i - 1, first + (size_t)i + 1, &a, &b));
    }
    if (end < nx) {
      const Cells last = OwnCells(f, T, j, end - 1), next = OwnCells(f, T, j, end);

      PetscCall(InterfaceRun(f, 1, first + (size_t)end, row[end - 1], &last, row[end], &next));
    }
  }
  if (g->nx == 1) PetscFunctionReturn(PETSC_SUCCESS);
  if (!g->boundary[HEAT_LEFT]) PetscCall(SharedFace(f, T, HEAT_LEFT, j));
  if (!g->boundary[HEAT_RIGHT]) PetscCall(SharedFace(f, T, HEAT_RIGHT, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the material of cell i of row j, which may lie beyond the bottom or the top side. */
static PetscInt MaterialOf(const HeatOperator *op, PetscInt j, PetscInt i)
{
  if (j < 0) return (PetscInt)op->means->materials[HEAT_BOTTOM][i];
  if (j == op->grid->nyl) return (PetscInt)op->means->materials[HEAT_TOP][i];
  return op->material[(size_t)j * (size_t)op->grid->nxl + (size_t)i];
}

/* Compute the faces across y below row j. */
static PetscErrorCode HorizontalFaces(const Faces *f, const PetscReal *T, PetscInt j)
{
  const HeatGrid     *g  = f->op->grid;
  const HeatOperator *op = f->op;
  const PetscInt      nx = g->nxl;

  PetscFunctionBeginUser;
  if (g->ny == 1 || (j == 0 && g->boundary[HEAT_BOTTOM]) || (j == g->nyl && g->boundary[HEAT_TOP]))
    PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0, end; i < nx; i = end) {
    const PetscInt below = MaterialOf(op, j - 1, i), above = MaterialOf(op, j, i);

    for (end = i + 1;
         end < nx && MaterialOf(op, j, end) == above && MaterialOf(op, j - 1, end) == below;)
      end++;
    const Cells a = j > 0 ? OwnCells(f, T, j - 1, i) : GhostCells(f, HEAT_BOTTOM, i);
    const Cells b = j < g->nyl ? OwnCells(f, T, j, i) : GhostCells(f, HEAT_TOP, i);

    PetscCall(Run(f, end - i, (size_t)j * (size_t)nx + (size_t)i, below, &a, above, &b));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorUpdateMeans(HeatOperator *op, const PetscReal *T, HeatFault *fault)
{
  const Faces x = {op, 0, fault}, y = {op, 1, fault};

  PetscFunctionBeginUser;
  if (!op->means) PetscCall(CreateMeans(op));
  for (PetscInt j = 0; j < op->grid->nyl; j++) PetscCall(VerticalFaces(&x, T, j));
  for (PetscInt j = 0; j <= op->grid->nyl; j++) PetscCall(HorizontalFaces(&y, T, j));
  PetscFunctionReturn(PETSC_SUCCESS);
}
