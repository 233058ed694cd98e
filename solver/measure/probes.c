/** Interpolation at points.
 *
 *  A point lies in one quarter of a cell A.  B is the neighbour of A along x, C along y, both
 *  towards the point, and D the diagonal one.  Letters are the cells' centres:
 *
 *          C ----- + ----- D
 *          |       |       |       u, v  position of the point p: 0 at the centre of A, 1 at a face
 *         fy ----- c ----- +       fx    face between A and B
 *       1  |   p   |       |       fy    face between A and C
 *       v  |       |       |       c     corner that the four cells share
 *       0  A ---- fx ----- B
 *          0   u   1
 *
 *  The value is bilinear between A, fx, fy and c, all as seen from A.  With the resistance
 *  r = h/(2 k) of each half cell and the resistance R of a layer between them:
 *      T_fx = T_A + r_A/(r_A + R + r_B) (T_B - T_A)        continuous flux across the face
 *  Between cells of one material whose k depends on T, Kirchhoff's integral of k over T is linear,
 *  as in the heat through the face (solver/README.md eq. (3a)).  For k linear in T, from k_A to
 *  k_B, the temperature at the part s of the way from A to B is
 *      T_s = T_A + w (T_B - T_A),   w(s) = s (k_A + k_B)/(k_A + sqrt((1 - s) k_A^2 + s k_B^2))
 *  which replaces T_fx (s = 1/2) and the straight line from A to it.  For any other k(T) the error
 *  is of third order in T_B - T_A.
 *      T_c  = mean of interpolating first in x, then in y, and first in y, then in x
 *  On the boundary the surface takes the face's place: T_s = T_A + (G (T_b - T_A) + F)/G_half.
 *  A point on a face with a layer reads the mean of the values seen from both sides.
 *
 *  The value is linear in T, so that a probe is a list of weights on cells and surfaces, each held
 *  by the rank that owns the cell.  A sample needs no message, and the values one reduction.  The
 *  reduction gathers single terms, each of which is computed by one rank, and not sums of terms, so
 *  that the value has the same bits on any decomposition.  Where conductivities depend on T
 *  the weights are computed again for each sample. */
#include "solver/measure/probes.h"

#include <stdlib.h>

/* The cells around a point, drawn above: bit 0 is the neighbour along x, bit 1 along y. */
enum { A, B, C, D, CELLS };

/* Of two parallel faces: the face of A, and the opposite face of the neighbour. */
enum { NEAR, FAR };

/* Points nearer to a face than this part of half a cell count as on the face.  Chosen above the
   rounding of coordinates: a larger value averages both sides of a layer for points beside the
   face, a smaller one may miss points that are meant to lie on it. */
static const PetscReal OnFace = 1e-9;

/* The weights of cells, surfaces and ends in a point's temperature. */
typedef struct {
  PetscReal cell[CELLS];      /* of each cell's temperature */
  PetscReal surface_x[CELLS]; /* of each cell's surface on the side across x; A and C only */
  PetscReal surface_y[CELLS]; /* of each cell's surface on the side across y; A and B only */
  PetscReal end[2];           /* of the temperatures that both sides prescribe in A's corner */
} Weights;

/* The place of a point in the grid. */
typedef struct {
  PetscInt  i[2], j[2]; /* global columns of A and B, global rows of A and C */
  PetscBool outside[2]; /* whether B lies beyond the domain; whether C does */
  HeatSide  side[2];    /* side of A towards B; side of A towards C */
  PetscReal u, v;       /* along x and y: 0 at the centre of A, 1 at the face */
} Place;

/* A face between two cells. */
typedef struct {
  PetscReal R;      /* [m K/W] contact resistance times 2/h */
  PetscBool smooth; /* the face lies within one material whose k depends on T alone */
} Face;

/* The conductivities and faces around a point, from which the weights follow. */
typedef struct {
  PetscReal k[2][CELLS]; /* [W/(m K)] conductivity along x, along y, of each cell */
  Face      face[2][2];  /* [0] the faces A-B and C-D across x, [1] A-C and B-D across y */
} Medium;

/* A point with at least one cell on this rank. */
typedef struct {
  PetscInt probe; /* index among all probes */
  Place    place;
  Medium   medium;
} Point;

/* One term of a probe's value that this rank computes. */
typedef struct {
  size_t    place;   /* index among the terms of all probes */
  size_t    cell;    /* local index of the cell */
  PetscBool surface; /* the term is on the cell's surface, not at its centre */
  HeatSide  side;    /* side of a surface */
  PetscInt  face;    /* index of a surface along its side; length, length + 1: ends of the side */
  PetscReal weight;
  PetscInt  slot; /* index of the cell in `cells` of the probes; for a linear operator */
} Term;

struct HeatProbes {
  const HeatOperator *op;       /* borrowed */
  PetscInt            n;        /* number of all probes */
  PetscInt            n_points; /* number of points with a cell on this rank */
  PetscInt            n_terms;  /* number of terms of own cells */
  Point              *points;   /* owned [n_points], in the order of the probes */
  Term               *terms;    /* owned [n_points * HEAT_PROBE_TERMS], n_terms in use */
  PetscInt            n_cells;  /* for a linear operator */
  size_t             *cells;    /* owned [n_cells], as HeatProbesCells returns them */
};

/* Places. */

/* Find along one axis the cell that contains coordinate x and the neighbour of that cell nearer to
   x, cells = {cell, neighbour}, and *distance = u or v of the drawing.  A point that is outside the
   domain by rounding is moved onto the boundary. */
static void PlaceAxis(PetscReal x, PetscReal x0, PetscReal h, PetscInt n, PetscBool periodic,
                      int axis, PetscInt cells[2], Place *p, PetscReal *distance)
{
  const PetscReal s     = PetscClipInterval((x - x0) / h, 0.0, (PetscReal)n);
  const PetscInt  cell  = PetscMin((PetscInt)PetscFloorReal(s), n - 1);
  const PetscReal d     = s - ((PetscReal)cell + 0.5);
  const PetscInt  other = cell + (d < 0.0 ? -1 : 1);

  cells[0]         = cell;
  cells[1]         = (other + n) % n;
  p->outside[axis] = (!periodic && (other < 0 || other >= n)) ? PETSC_TRUE : PETSC_FALSE;
  p->side[axis]    = (HeatSide)(2 * axis + (d < 0.0 ? 0 : 1));
  *distance        = PetscMin(2.0 * PetscAbsReal(d), 1.0);
}

static Place PlacePoint(const HeatGrid *g, const PetscReal at[2])
{
  Place p;

  PlaceAxis(at[0], g->x0, g->hx, g->nx, g->periodic[0], 0, p.i, &p, &p.u);
  PlaceAxis(at[1], g->y0, g->hy, g->ny, g->periodic[1], 1, p.j, &p, &p.v);
  return p;
}

/* Return whether this rank owns cell q of a place, and if so store its local index.  A cell beyond
   the domain is not owned. */
static PetscBool OwnCell(const HeatGrid *g, const Place *p, int q, size_t *cell)
{
  const PetscInt i = p->i[q & 1] - g->xs, j = p->j[q >> 1] - g->ys;

  if (((q & 1) && p->outside[0]) || ((q >> 1) && p->outside[1])) return PETSC_FALSE;
  if (i < 0 || i >= g->nxl || j < 0 || j >= g->nyl) return PETSC_FALSE;
  *cell = (size_t)j * (size_t)g->nxl + (size_t)i;
  return PETSC_TRUE;
}

/* Return whether this rank owns a cell of the place. */
static PetscBool HasOwnCell(const HeatGrid *g, const Place *p)
{
  size_t cell;

  for (int q = 0; q < CELLS; q++)
    if (OwnCell(g, p, q, &cell)) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Weights. */

/* Return w(s), defined at the top of this file, from a cell with conductivity a to one with b. */
static PetscReal KirchhoffWeight(PetscReal a, PetscReal b, PetscReal s)
{
  return s * (a + b) / (a + PetscSqrtReal((1.0 - s) * a * a + s * b * b));
}

/* The temperature, seen from a, of the face between cells with conductivities a and b and a layer
   of resistance R h/2 between them:
       T_f = FaceWeightNear T_a + FaceWeightFar T_b
       FaceWeightFar = b/(a + b + a b R),   FaceWeightNear = (a + a b R)/(a + b + a b R)
   If the layer insulates so well that a b R overflows, the far weight is 0 and the near one 1.
   Within a material whose k depends on T, the weights are w(1/2) of KirchhoffWeight and 1 - w(1/2).
 */
static PetscReal FaceWeightFar(PetscReal a, PetscReal b, const Face *face)
{
  if (face->smooth) return KirchhoffWeight(a, b, 0.5);
  return b / (a + b + a * b * face->R);
}
static PetscReal FaceWeightNear(PetscReal a, PetscReal b, const Face *face)
{
  const PetscReal layer = a * b * face->R;

  if (face->smooth) return KirchhoffWeight(b, a, 0.5);
  return layer > PETSC_MAX_REAL ? 1.0 : (a + layer) / (a + b + layer);
}

/* Add factor * (the temperature of the face between cells a and b, seen from a) to the weights; if
   b is outside, add factor * (the temperature of a's surface). */
static void AddFace(PetscReal factor, int a, int b, PetscBool outside, const PetscReal k[CELLS],
                    const Face *face, PetscReal surface[CELLS], Weights *w)
{
  if (outside) {
    surface[a] += factor;
  } else {
    w->cell[a] += factor * FaceWeightNear(k[a], k[b], face);
    w->cell[b] += factor * FaceWeightFar(k[a], k[b], face);
  }
}

/* Add factor * (the temperature of a corner of the domain) to the weights: the temperature that a
   side prescribes there, or the mean if both do.  If none does, it is T_x + T_y - T_A, the linear
   continuation from the centre of A over its two surfaces. */
static void AddDomainCorner(PetscReal factor, const HeatCase *c, const Place *p, Weights *w)
{
  PetscBool held[2];

  for (int axis = 0; axis < 2; axis++) {
    const HeatSide across = p->side[1 - axis];

    held[axis] = HeatBoundaryHoldsEnd(c, p->side[axis],
                                      across == HEAT_RIGHT || across == HEAT_TOP ? 1 : 0);
  }
  for (int axis = 0; axis < 2; axis++) {
    if (held[axis]) w->end[axis] += held[1 - axis] ? 0.5 * factor : factor;
  }
  if (held[0] || held[1]) return;
  w->surface_x[A] += factor;
  w->surface_y[A] += factor;
  w->cell[A] -= factor;
}

/* Add factor * (the temperature on a side of the domain between the surfaces of A and its neighbour
   b) to the weights. */
static void AddSurfaces(PetscReal factor, int b, const PetscReal k[CELLS], const Face *face,
                        PetscReal surface[CELLS])
{
  surface[A] += factor * FaceWeightNear(k[A], k[b], face);
  surface[b] += factor * FaceWeightFar(k[A], k[b], face);
}

/* Add factor * (the temperature of a corner inside the domain) to the weights.  It is the mean of
   two interpolations: along x to the faces A-B and C-D, then along y between them; and along y to
   A-C and B-D, then along x.  The second step of each uses the contact resistance of A's face, and
   the mean conductivity of the two cells on either side. */
static void AddInnerCorner(PetscReal factor, const Medium *m, Weights *w)
{
  const PetscReal *kx = m->k[0], *ky = m->k[1];
  const PetscReal  near_y = 0.5 * (ky[A] + ky[B]), far_y = 0.5 * (ky[C] + ky[D]);
  const PetscReal  near_x = 0.5 * (kx[A] + kx[C]), far_x = 0.5 * (kx[B] + kx[D]);
  const Face      *x = m->face[0], *y = m->face[1];

  factor *= 0.5;
  AddFace(factor * FaceWeightNear(near_y, far_y, &y[NEAR]), A, B, PETSC_FALSE, kx, &x[NEAR],
          w->surface_x, w);
  AddFace(factor * FaceWeightFar(near_y, far_y, &y[NEAR]), C, D, PETSC_FALSE, kx, &x[FAR],
          w->surface_x, w);
  AddFace(factor * FaceWeightNear(near_x, far_x, &x[NEAR]), A, C, PETSC_FALSE, ky, &y[NEAR],
          w->surface_y, w);
  AddFace(factor * FaceWeightFar(near_x, far_x, &x[NEAR]), B, D, PETSC_FALSE, ky, &y[FAR],
          w->surface_y, w);
}

/* Return (T - T_A)/(T_f - T_A) at the part u of the distance from A's centre to its face with cell
   b, whose temperature is T_f. */
static PetscReal PartInTemperature(PetscReal u, PetscReal k_A, PetscReal k_b, const Face *face)
{
  if (!face->smooth) return u;
  return KirchhoffWeight(k_A, k_b, 0.5 * u) / KirchhoffWeight(k_A, k_b, 0.5);
}

/* Compute the weights as seen from A, bilinear in the parts that PartInTemperature returns for u
   and v. */
static Weights WeightsFromA(const HeatCase *c, const Place *p, const Medium *m)
{
  const Face     *x = m->face[0], *y = m->face[1];
  const PetscReal u      = PartInTemperature(p->u, m->k[0][A], m->k[0][B], &x[NEAR]);
  const PetscReal v      = PartInTemperature(p->v, m->k[1][A], m->k[1][C], &y[NEAR]);
  const PetscReal corner = u * v;
  Weights         w      = {{0}, {0}, {0}, {0}};

  w.cell[A] += (1.0 - u) * (1.0 - v);
  AddFace(u * (1.0 - v), A, B, p->outside[0], m->k[0], &x[NEAR], w.surface_x, &w);
  AddFace((1.0 - u) * v, A, C, p->outside[1], m->k[1], &y[NEAR], w.surface_y, &w);
  if (p->outside[0] && p->outside[1]) AddDomainCorner(corner, c, p, &w);
  else if (p->outside[0]) AddSurfaces(corner, C, m->k[1], &y[NEAR], w.surface_x);
  else if (p->outside[1]) AddSurfaces(corner, B, m->k[0], &x[NEAR], w.surface_y);
  else AddInnerCorner(corner, m, &w);
  return w;
}

/* Return the medium, mirrored such that cell q takes the place of A. */
static Medium Mirror(const Medium *m, int q)
{
  Medium mirrored;

  for (int axis = 0; axis < 2; axis++) {
    for (int n = 0; n < CELLS; n++) mirrored.k[axis][n] = m->k[axis][n ^ q];
  }
  for (int f = NEAR; f <= FAR; f++) {
    mirrored.face[0][f] = m->face[0][f ^ (q >> 1)];
    mirrored.face[1][f] = m->face[1][f ^ (q & 1)];
  }
  return mirrored;
}

/* Compute the weights of a point: as seen from A or, on a face with a layer, the mean of both
   sides. */
static Weights PointWeights(const HeatCase *c, const Place *p, const Medium *m)
{
  const PetscBool both_x = p->u > 1.0 - OnFace && m->face[0][NEAR].R > 0.0 ? PETSC_TRUE
                                                                           : PETSC_FALSE;
  const PetscBool both_y = p->v > 1.0 - OnFace && m->face[1][NEAR].R > 0.0 ? PETSC_TRUE
                                                                           : PETSC_FALSE;
  const PetscReal part   = (both_x ? 0.5 : 1.0) * (both_y ? 0.5 : 1.0);
  Weights         sum    = {{0}, {0}, {0}, {0}};

  for (int q = 0; q < CELLS; q++) {
    if (((q & 1) && !both_x) || ((q >> 1) && !both_y)) continue;
    const Medium  mirrored = Mirror(m, q);
    const Weights view     = WeightsFromA(c, p, &mirrored);

    for (int n = 0; n < CELLS; n++) {
      sum.cell[n ^ q] += part * view.cell[n];
      sum.surface_x[n ^ q] += part * view.surface_x[n];
      sum.surface_y[n ^ q] += part * view.surface_y[n];
    }
    for (int axis = 0; axis < 2; axis++) sum.end[axis] += part * view.end[axis];
  }
  return sum;
}

/* Terms. */

/* Append a term unless its weight is 0. */
static void AddTerm(HeatProbes *probes, size_t place, size_t cell, PetscBool surface, HeatSide side,
                    PetscInt face, PetscReal weight)
{
  const Term term = {place, cell, surface, side, face, weight, 0};

  if (weight != 0.0) probes->terms[probes->n_terms++] = term;
}

/* Append the terms of a point that belong to own cells, with places in the order drawn above
   HEAT_PROBE_TERMS. */
static void AddOwnTerms(HeatProbes *probes, const Point *point)
{
  const HeatGrid *g     = HeatOperatorGrid(probes->op);
  const Place    *p     = &point->place;
  const Weights   w     = PointWeights(HeatOperatorCase(probes->op), p, &point->medium);
  const size_t    first = (size_t)point->probe * HEAT_PROBE_TERMS, ends = first + 3 * CELLS;

  for (int q = 0; q < CELLS; q++) {
    const size_t place = first + 3 * (size_t)q;
    size_t       cell;

    if (!OwnCell(g, p, q, &cell)) continue;
    AddTerm(probes, place, cell, PETSC_FALSE, HEAT_LEFT, 0, w.cell[q]);
    AddTerm(probes, place + 1, cell, PETSC_TRUE, p->side[0], (PetscInt)(cell / (size_t)g->nxl),
            w.surface_x[q]);
    AddTerm(probes, place + 2, cell, PETSC_TRUE, p->side[1], (PetscInt)(cell % (size_t)g->nxl),
            w.surface_y[q]);
    if (q != A) continue;
    AddTerm(probes, ends, cell, PETSC_TRUE, p->side[0],
            g->nyl + (p->side[1] == HEAT_BOTTOM ? 0 : 1), w.end[0]);
    AddTerm(probes, ends + 1, cell, PETSC_TRUE, p->side[1],
            g->nxl + (p->side[0] == HEAT_LEFT ? 0 : 1), w.end[1]);
  }
}

/* Compute the terms of own cells with the operator's present conductivities.  Each conductivity
   around a point is known to the one rank that owns the cell, so that a sum over all ranks gives it
   to all.  Collective. */
static PetscErrorCode ComputeTerms(HeatProbes *probes)
{
  enum { NUMBERS = 2 * CELLS };
  const HeatGrid *g = HeatOperatorGrid(probes->op);
  PetscReal      *k;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)probes->n * NUMBERS, &k));
  for (PetscInt q = 0; q < probes->n_points * CELLS; q++) {
    const Point *point = &probes->points[q / CELLS];
    const int    which = (int)(q % CELLS);
    size_t       cell;

    if (!OwnCell(g, &point->place, which, &cell)) continue;
    for (int axis = 0; axis < 2; axis++) {
      k[point->probe * NUMBERS + axis * CELLS + which] = HeatOperatorConductivity(probes->op, axis,
                                                                                  cell);
    }
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, k, (PetscMPIInt)(probes->n * NUMBERS), MPIU_REAL,
                             MPI_SUM, g->comm));
  probes->n_terms = 0;
  for (PetscInt q = 0; q < probes->n_points; q++) {
    Point *point = &probes->points[q];

    PetscCall(PetscArraycpy(&point->medium.k[0][0], k + point->probe * NUMBERS, NUMBERS));
    AddOwnTerms(probes, point);
  }
  PetscCall(PetscFree(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The faces around a point, by the cells on both sides: A-B, C-D across x, A-C, B-D across y. */
enum { FACES = 4 };

static const int pairs[FACES][2] = {{A, B}, {C, D}, {A, C}, {B, D}};

/* Return the axis across which face f around a point lies, and store the cell on its high side,
   whose west or south face it is. */
static int AxisOfFace(const Place *p, int f, int *high_cell)
{
  const int axis = f / 2;

  *high_cell = pairs[f][p->side[axis] == HEAT_RIGHT || p->side[axis] == HEAT_TOP ? 1 : 0];
  return axis;
}

/* Find the contact resistances around own points, once, since they do not change.  Each is known to
   the one rank that owns the cell on the high side of the face, so that a sum over all ranks gives
   it to all.  Collective. */
static PetscErrorCode FindLayers(HeatProbes *probes)
{
  const HeatGrid *g = HeatOperatorGrid(probes->op);
  PetscReal      *R;

  PetscFunctionBeginUser;
  if (HeatOperatorCase(probes->op)->n_contacts == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1((size_t)probes->n * FACES, &R));
  for (PetscInt q = 0; q < probes->n_points * FACES; q++) {
    const Point *point = &probes->points[q / FACES];
    const Place *p     = &point->place;
    int          high;
    const int    f = (int)(q % FACES), axis = AxisOfFace(p, f, &high);
    size_t       cell;

    if (p->outside[axis] || !OwnCell(g, p, high, &cell)) continue;
    R[point->probe * FACES + f] = HeatOperatorContactResistance(probes->op, axis, cell);
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, R, (PetscMPIInt)(probes->n * FACES), MPIU_REAL, MPI_SUM,
                             g->comm));
  for (PetscInt q = 0; q < probes->n_points * FACES; q++) {
    Point    *point = &probes->points[q / FACES];
    const int f     = (int)(q % FACES);

    point->medium.face[f / 2][f % 2].R = 2.0 / (f / 2 == 0 ? g->hx : g->hy) *
                                         R[point->probe * FACES + f];
  }
  PetscCall(PetscFree(R));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the faces around own points that lie within a material whose k depends on T, once.  Each
   cell is known to the one rank that owns it, so that a sum over all ranks gives its material to
   all.  Collective. */
static PetscErrorCode FindSmoothFaces(HeatProbes *probes)
{
  enum { NUMBERS = 2 * CELLS };
  PetscInt *material;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)probes->n * NUMBERS, &material));
  for (PetscInt q = 0; q < probes->n_points * NUMBERS; q++) {
    const Point *point = &probes->points[q / NUMBERS];
    const int    axis = (int)(q % NUMBERS) / CELLS, which = (int)(q % CELLS);
    size_t       cell;

    if (OwnCell(HeatOperatorGrid(probes->op), &point->place, which, &cell))
      material[point->probe * NUMBERS + axis * CELLS + which] = HeatOperatorKirchhoffMaterial(
          probes->op, axis, cell);
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, material, (PetscMPIInt)(probes->n * NUMBERS), MPIU_INT,
                             MPI_SUM, HeatOperatorGrid(probes->op)->comm));
  for (PetscInt q = 0; q < probes->n_points * FACES; q++) {
    Point          *point = &probes->points[q / FACES];
    const int       f     = (int)(q % FACES);
    const PetscInt *m     = &material[point->probe * NUMBERS + f / 2 * CELLS];
    Face           *face  = &point->medium.face[f / 2][f % 2];

    face->smooth = (PetscBool)(face->R == 0.0 && m[pairs[f][0]] > 0 &&
                               m[pairs[f][0]] == m[pairs[f][1]]);
  }
  PetscCall(PetscFree(material));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int Ascending(const void *a, const void *b)
{
  const size_t x = *(const size_t *)a, y = *(const size_t *)b;

  return (x > y) - (x < y);
}

/* List the cells of all terms, and where each term finds its cell. */
static PetscErrorCode ListCells(HeatProbes *probes)
{
  PetscInt n = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(probes->n_terms, &probes->cells));
  for (PetscInt k = 0; k < probes->n_terms; k++) probes->cells[k] = probes->terms[k].cell;
  if (probes->n_terms > 0)
    qsort(probes->cells, (size_t)probes->n_terms, sizeof *probes->cells, Ascending);
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    if (n == 0 || probes->cells[k] != probes->cells[n - 1]) probes->cells[n++] = probes->cells[k];
  }
  probes->n_cells = n;
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    const size_t *found = bsearch(&probes->terms[k].cell, probes->cells, (size_t)n,
                                  sizeof *probes->cells, Ascending);

    probes->terms[k].slot = (PetscInt)(found - probes->cells);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProbesCreate(const HeatOperator *op, PetscInt n, const PetscReal (*at)[2],
                                HeatProbes **out)
{
  const HeatGrid *g = HeatOperatorGrid(op);
  HeatProbes     *probes;
  PetscInt        here = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&probes));
  *out       = probes;
  probes->op = op;
  probes->n  = n;
  for (PetscInt probe = 0; probe < n; probe++) {
    const Place p = PlacePoint(g, at[probe]);

    here += HasOwnCell(g, &p) ? 1 : 0;
  }
  PetscCall(PetscCalloc1(here, &probes->points));
  PetscCall(PetscMalloc1((size_t)here * HEAT_PROBE_TERMS, &probes->terms));
  for (PetscInt probe = 0; probe < n; probe++) {
    const Place p = PlacePoint(g, at[probe]);

    if (!HasOwnCell(g, &p)) continue;
    probes->points[probes->n_points].probe   = probe;
    probes->points[probes->n_points++].place = p;
  }
  PetscCall(FindLayers(probes));
  if (HeatOperatorIsLinear(op)) {
    PetscCall(ComputeTerms(probes));
    PetscCall(ListCells(probes));
  } else {
    PetscCall(FindSmoothFaces(probes));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Values. */

/* Return the surface temperature [K] of the term's face, whose cell has the temperature T:
       T_s = T + (G (T_b - T) + F)/G_half
   For an end of a side, return the temperature that the side prescribes there. */
static PetscReal SurfaceTemperature(const HeatOperator *op, const Term *term, PetscReal T)
{
  const HeatBoundaryFaces f    = HeatBoundariesGet(HeatOperatorBoundaries(op), term->side);
  const PetscInt          face = term->face;

  if (face >= f.length) return f.T[face];
  return T + (f.G[face] * (f.T[face] - T) + f.F[face]) / f.half[face];
}

/* Return a term [K], whose cell is at T [K]. */
static PetscReal ValueOfTerm(const HeatProbes *probes, const Term *term, PetscReal T)
{
  return term->weight * (term->surface ? SurfaceTemperature(probes->op, term, T) : T);
}

PetscErrorCode HeatProbesSample(HeatProbes *probes, const PetscReal *T, PetscReal *terms)
{
  PetscFunctionBeginUser;
  if (!HeatOperatorIsLinear(probes->op)) PetscCall(ComputeTerms(probes));
  PetscCall(PetscArrayzero(terms, (size_t)probes->n * HEAT_PROBE_TERMS));
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    const Term *term = &probes->terms[k];

    terms[term->place] = ValueOfTerm(probes, term, T[term->cell]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatProbesCells(const HeatProbes *probes, PetscInt *n, const size_t **cells)
{
  *n     = probes->n_cells;
  *cells = probes->cells;
}

PetscErrorCode HeatProbesSampleCells(const HeatProbes *probes, const PetscReal *T, PetscReal *terms)
{
  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(terms, (size_t)probes->n * HEAT_PROBE_TERMS));
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    const Term *term = &probes->terms[k];

    terms[term->place] = ValueOfTerm(probes, term, T[term->slot]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProbesReduce(MPI_Comm comm, PetscInt n, const PetscReal *terms,
                                PetscReal *values)
{
  const size_t count = (size_t)n * HEAT_PROBE_TERMS;
  PetscReal   *all;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(count, &all));
  PetscCallMPI(MPI_Allreduce(terms, all, (PetscMPIInt)count, MPIU_REAL, MPI_SUM, comm));
  for (PetscInt k = 0; k < n; k++) {
    values[k] = 0.0;
    for (int q = 0; q < HEAT_PROBE_TERMS; q++) values[k] += all[k * HEAT_PROBE_TERMS + q];
  }
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProbesValues(HeatProbes *probes, HeatOperator *op, const PetscReal *T,
                                PetscReal t, PetscReal *values)
{
  PetscReal *terms;

  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(op)) {
    PetscCall(HeatOperatorSetSurfaceTime(op, t));
  } else {
    PetscCall(HeatOperatorBring(op, t, T, HEAT_ERR_NUMERICS, "a value at a point"));
  }
  PetscCall(PetscMalloc1((size_t)probes->n * HEAT_PROBE_TERMS, &terms));
  PetscCall(HeatProbesSample(probes, T, terms));
  PetscCall(HeatProbesReduce(HeatOperatorGrid(op)->comm, probes->n, terms, values));
  PetscCall(PetscFree(terms));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProbesDestroy(HeatProbes **out)
{
  HeatProbes *probes = *out;

  PetscFunctionBeginUser;
  if (!probes) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(probes->points));
  PetscCall(PetscFree(probes->terms));
  PetscCall(PetscFree(probes->cells));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
