/** Faces between cells whose conductivity depends on T.  Faces within a material are computed here,
 *  faces between two materials in operator_interfaces.c.  Faces of which neither cell has such a
 *  conductivity are computed by the first Update alone.
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
 *  One pass over the rows computes the conductivities of a row, the faces within it, and the faces
 *  to the row before, which is still in the cache.  It is skipped if the field is that of the
 *  last Update.  The faces that the block shares with its neighbours follow after a halo exchange,
 *  which every Update makes, since a neighbour's cells may have changed where own ones have not.
 *  Faces are computed in runs of one material along a row of cells.  The two ranks that share a
 *  face compute it from the same numbers, in the order lower cell, higher cell.
 *  Source: solver/README.md eq. (3a), (8a). */
#include "solver/operator/operator_means_impl.h"

#include <string.h>

#include "solver/operator/operator_impl.h"
#include "solver/physics/mean.h"

struct HeatFaceMeans {
  PetscBool  complete; /* faces whose conductance does not depend on T have been computed */
  PetscBool  known;    /* own faces are those for `T`, and nothing was wrong there */
  PetscReal *T;        /* owned [nyl][nxl] field of the last Update [K] */
  PetscReal *materials[HEAT_SIDES]; /* owned [nyl] or [nxl]: indices of the materials beyond each
                                       side, as doubles, which the halo exchange carries; NULL at
                                       the domain's sides */
  uint16_t  *beyond[2]; /* owned [nxl] those beyond the bottom (0) and the top side (1) */
  PetscReal *x_a, *x_b, *y_a, *y_b; /* owned [nxl] centres of a line's cells [m] */
  PetscReal *k_ab, *k_ba;     /* owned [nxl] k at a's place and b's temperature, and the reverse */
  PetscReal *mean_a, *mean_b; /* owned [nxl] means of k at a's and at b's place [W/(m K)] */
};

typedef HeatFaceCells Cells;

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

/* Note n means by the rule of NoteMean.  The compiler vectorises the loop in which all are
   positive. */
static void NoteMeans(const Faces *f, const Cells *a, PetscInt n, const PetscReal *k_b,
                      const PetscReal *mean)
{
  int all = 1;

  _Pragma("omp simd reduction(& : all)") for (PetscInt i = 0; i < n; i++)
  {
    all &= (mean[i] > 0.0) & (mean[i] <= PETSC_MAX_REAL);
  }
  for (PetscInt i = 0; i < n && !all; i++) NoteMean(f, a, i, k_b[i], mean[i]);
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
    if (s < HEAT_BOTTOM) continue;
    PetscCall(PetscMalloc1(length, &op->means->beyond[s - HEAT_BOTTOM]));
    for (PetscInt k = 0; k < length; k++)
      op->means->beyond[s - HEAT_BOTTOM][k] = (uint16_t)ghost[k];
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
  PetscCall(PetscMalloc1(HeatGridLocalCells(op->grid), &m->T));
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
  for (int end = 0; end < 2; end++) PetscCall(PetscFree(m->beyond[end]));
  PetscCall(PetscFree(m->T));
  PetscCall(PetscFree4(m->x_a, m->x_b, m->y_a, m->y_b));
  PetscCall(PetscFree4(m->k_ab, m->k_ba, m->mean_a, m->mean_b));
  PetscCall(PetscFree(*means));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Faces. */

/* Return the index of the cell k cells after i, of n around a periodic axis; i + k is -1 to n. */
static PetscInt Around(PetscInt i, PetscInt k, PetscInt n)
{
  return i < 0 - k ? n - 1 : i < n - k ? i + k : 0;
}

/* Store the centres of n cells; cells beyond a periodic side have those of the opposite side. */
static void Places(const HeatGrid *g, PetscInt n, const Cells *cells, PetscReal *x, PetscReal *y)
{
  for (PetscInt k = 0; k < n; k++) {
    x[k] = HeatGridX(g, Around(cells->i, k, g->nx));
    y[k] = HeatGridY(g, Around(cells->j, 0, g->ny));
  }
}

/* Compute n faces of one material whose k depends on T alone. */
static PetscErrorCode FacesOfT(const Faces *f, HeatExpression *e, PetscInt n, size_t face,
                               const Cells *a, const Cells *b)
{
  HeatOperator   *op    = f->op;
  HeatFaceMeans  *m     = op->means;
  const PetscReal ratio = f->axis == 0 ? op->grid->hy / op->grid->hx : op->grid->hx / op->grid->hy;
  PetscReal      *G = (f->axis == 0 ? op->gx : op->gy) + face, *low = op->low[f->axis] + face,
            *high = op->high[f->axis] + face;

  PetscFunctionBeginUser;
  PetscCall(HeatMeanEvaluate(e, n, NULL, NULL, 0.0, a->T, b->T, a->k, b->k, m->mean_a));
  NoteMeans(f, a, n, b->k, m->mean_a);
  for (PetscInt i = 0; i < n; i++) G[i] = m->mean_a[i] * ratio;
  for (PetscInt i = 0; i < n; i++) low[i] = a->k[i] * ratio;
  for (PetscInt i = 0; i < n; i++) high[i] = b->k[i] * ratio;
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
                         HeatGridX(g, Around(cells->i, n, g->nx)),
                         HeatGridY(g, Around(cells->j, 0, g->ny)), cells->T[n], cells->k[n]};
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

/* Compute n faces between the cells of two lines of one material, whose conductivity e depends on
   T, from face `face` of gx or gy. */
static PetscErrorCode FaceRun(const Faces *f, HeatExpression *e, PetscInt n, size_t face,
                              const Cells *a, const Cells *b)
{
  PetscFunctionBeginUser;
  if (HeatExpressionVariables(e) & (HEAT_VAR_X | HEAT_VAR_Y))
    PetscCall(FacesOfPlaceAndT(f, e, n, face, a, b));
  else PetscCall(FacesOfT(f, e, n, face, a, b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute n faces between the cells of two lines, each of one material. */
static PetscErrorCode Run(const Faces *f, PetscInt n, size_t face, PetscInt material_a,
                          const Cells *a, PetscInt material_b, const Cells *b)
{
  HeatExpression *e_a = HeatConductivityOfT(f->op->conductivity, f->axis, material_a);
  HeatExpression *e_b = HeatConductivityOfT(f->op->conductivity, f->axis, material_b);

  PetscFunctionBeginUser;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (e_a && material_a == material_b) {
    PetscCall(FaceRun(f, e_a, n, face, a, b));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (!e_a && !e_b && f->op->means->complete) PetscFunctionReturn(PETSC_SUCCESS);
  HeatOperatorFaceLine(f->op, f->axis, n, face, a, b);
  if (e_a || e_b) PetscCall(InterfaceRun(f, n, face, material_a, a, material_b, b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the faces across x of row j between own cells: within each run of one material, then at
   its end. */
static PetscErrorCode OwnVerticalFaces(const Faces *f, const PetscReal *T, PetscInt j)
{
  const PetscInt  nx    = f->op->grid->nxl;
  const uint16_t *row   = f->op->material + (size_t)j * (size_t)nx;
  const size_t    first = (size_t)j * (size_t)(nx + 1);

  PetscFunctionBeginUser;
  for (PetscInt i = 0, end; i < nx; i = end) {
    const Cells a = HeatOperatorOwnLine(f->op, f->axis, T, j, i);

    end = i + HeatPaintRunLength(row + i, nx - i);
    if (end - i > 1) {
      const Cells b = HeatOperatorOwnLine(f->op, f->axis, T, j, i + 1);

      PetscCall(Run(f, end - i - 1, first + (size_t)i + 1, row[i], &a, row[i], &b));
    }
    if (end < nx) {
      const Cells last = HeatOperatorOwnLine(f->op, f->axis, T, j, end - 1);
      const Cells next = HeatOperatorOwnLine(f->op, f->axis, T, j, end);

      PetscCall(Run(f, 1, first + (size_t)end, row[end - 1], &last, row[end], &next));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the face that own cell (j, 0) or (j, nxl - 1) shares with a ghost cell. */
static PetscErrorCode SharedFace(const Faces *f, const PetscReal *T, HeatSide side, PetscInt j)
{
  const HeatGrid *g      = f->op->grid;
  const PetscInt  i      = side == HEAT_LEFT ? 0 : g->nxl - 1;
  const PetscInt  inside = f->op->material[(size_t)j * (size_t)g->nxl + (size_t)i];
  const PetscInt  beyond = (PetscInt)f->op->means->materials[side][j];
  const Cells     own    = HeatOperatorOwnLine(f->op, f->axis, T, j, i);
  const Cells     ghost  = HeatOperatorGhostLine(f->op, side, j);
  const size_t    face   = (size_t)j * (size_t)(g->nxl + 1);

  PetscFunctionBeginUser;
  if (side == HEAT_LEFT) PetscCall(Run(f, 1, face, beyond, &ghost, inside, &own));
  else PetscCall(Run(f, 1, face + (size_t)g->nxl, inside, &own, beyond, &ghost));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the materials of row j, which may lie beyond the bottom or the top side. */
static const uint16_t *MaterialsOf(const HeatOperator *op, PetscInt j)
{
  if (j < 0) return op->means->beyond[0];
  if (j == op->grid->nyl) return op->means->beyond[1];
  return op->material + (size_t)j * (size_t)op->grid->nxl;
}

/* Return the line of cells of row j, which may lie beyond the bottom or the top side, from column i
   on. */
static Cells LineOf(const Faces *f, const PetscReal *T, PetscInt j, PetscInt i)
{
  if (j < 0) return HeatOperatorGhostLine(f->op, HEAT_BOTTOM, i);
  if (j == f->op->grid->nyl) return HeatOperatorGhostLine(f->op, HEAT_TOP, i);
  return HeatOperatorOwnLine(f->op, f->axis, T, j, i);
}

/* Compute the faces across y below row j, 0 to nyl. */
static PetscErrorCode HorizontalFaces(const Faces *f, const PetscReal *T, PetscInt j)
{
  const PetscInt  nx    = f->op->grid->nxl;
  const uint16_t *below = MaterialsOf(f->op, j - 1), *above = MaterialsOf(f->op, j);

  PetscFunctionBeginUser;
  for (PetscInt i = 0, end, end_a = 0, end_b = 0; i < nx; i = end) {
    const Cells a = LineOf(f, T, j - 1, i), b = LineOf(f, T, j, i);

    if (end_a <= i) end_a = i + HeatPaintRunLength(below + i, nx - i);
    if (end_b <= i) end_b = i + HeatPaintRunLength(above + i, nx - i);
    end = PetscMin(end_a, end_b);
    PetscCall(Run(f, end - i, (size_t)j * (size_t)nx + (size_t)i, below[i], &a, above[i], &b));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the faces that the block shares with its neighbours. */
static PetscErrorCode SharedFaces(const Faces *x, const Faces *y, const PetscReal *T)
{
  const HeatGrid *g = x->op->grid;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl && g->nx > 1; j++) {
    if (!g->boundary[HEAT_LEFT]) PetscCall(SharedFace(x, T, HEAT_LEFT, j));
    if (!g->boundary[HEAT_RIGHT]) PetscCall(SharedFace(x, T, HEAT_RIGHT, j));
  }
  if (g->ny > 1 && !g->boundary[HEAT_BOTTOM]) PetscCall(HorizontalFaces(y, T, 0));
  if (g->ny > 1 && !g->boundary[HEAT_TOP]) PetscCall(HorizontalFaces(y, T, g->nyl));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute own conductivities and the faces between own cells, unless they are those for T already:
   Newton's method, the energy account and reports ask for the same field in turn. */
static PetscErrorCode UpdateOwn(const Faces *x, const Faces *y, const PetscReal *T,
                                HeatFault *fault)
{
  HeatOperator    *op     = x->op;
  HeatFaceMeans   *m      = op->means;
  const PetscInt   n      = op->grid->nxl;
  const PetscInt64 before = fault->count;

  PetscFunctionBeginUser;
  if (m->known && memcmp(T, m->T, HeatGridLocalCells(op->grid) * sizeof *T) == 0)
    PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt j = 0; j < op->grid->nyl; j++) {
    PetscCall(PetscArraycpy(m->T + (size_t)j * (size_t)n, T + (size_t)j * (size_t)n, n));
    PetscCall(HeatConductivityUpdateRow(op->conductivity, j, T, fault));
    PetscCall(OwnVerticalFaces(x, T, j));
    if (j > 0) PetscCall(HorizontalFaces(y, T, j));
  }
  m->known = (PetscBool)(fault->count == before);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorUpdateFaces(HeatOperator *op, const PetscReal *T, HeatFault *fault)
{
  const Faces x = {op, 0, fault}, y = {op, 1, fault};

  PetscFunctionBeginUser;
  if (!op->means) PetscCall(CreateMeans(op));
  PetscCall(UpdateOwn(&x, &y, T, fault));
  PetscCall(HeatOperatorFetchGhosts(op, T));
  PetscCall(SharedFaces(&x, &y, T));
  op->means->complete = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}
