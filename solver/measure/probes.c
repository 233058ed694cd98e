/* Interpolation at points.
 *
 * A point lies in one quarter of a cell A.  Its values: the centre of A, the face towards the x
 * neighbour B, the face towards the y neighbour C, and the corner shared with the diagonal
 * neighbour D, all as seen from A.  With r = h/(2 k) of either half cell and R of a layer between
 *      face   T_A + r_A/(r_A + R + r_B) (T_B - T_A)        (continuous flux across the face)
 *      corner the mean of interpolating first in x then in y, and first in y then in x
 * On the boundary the surface takes the face's place: T_s = T_A + (G (T_b - T_A) + F) / G_half.
 * A point on a face with a layer is seen from both sides, and reads the mean.
 * All of this is linear in T, so a probe is a list of weights on cells and surfaces, each held by
 * the rank that owns the cell; a sample needs no message, only one reduction at the end.  That
 * brings together the terms, each of which one rank has, and not sums of them, so that the value has
 * the same bits however the point's cells are shared.
 * Where conductivities depend on T the weights are made anew for each sample. */
#include "solver/measure/probes.h"

enum { A, B, C, D, CORNERS }; /* the cell, its x neighbour, its y neighbour, the diagonal one */
enum { NEAR, FAR };           /* of two parallel faces the one of A, the other one */

/* Points nearer to a face than this part of half a cell lie on it. */
static const PetscReal on_face = 1e-9;

typedef struct {
  PetscReal cell[CORNERS];
  PetscReal surface_x[CORNERS]; /* weight of the surface of that cell on the x side; A and C only */
  PetscReal surface_y[CORNERS]; /* likewise on the y side; A and B only */
  PetscReal end[2];             /* weight of what the x and the y side prescribe in A's corner */
} Weights;

typedef struct {
  PetscInt  i[2], j[2]; /* columns of A and B, rows of A and C, global */
  PetscBool outside[2]; /* B, C lie beyond the domain */
  HeatSide  side[2];    /* the side there */
  PetscReal u, v;       /* distance from the centre of A, 0 to 1 at the face */
} Place;

/* What the weights are made of: along x and y, conductivities of the corners [W/(m K)], and the
   resistances [m2 K/W] times 2/h of the faces across x (A-B, C-D) and across y (A-C, B-D). */
typedef struct {
  PetscReal k[2][CORNERS];
  PetscReal R[2][2];
} Medium;

/* A point with corners on this rank. */
typedef struct {
  PetscInt probe;
  Place    place;
  Medium   medium;
} Point;

typedef struct {
  size_t    place; /* among all terms of all probes */
  size_t    cell;  /* local */
  PetscBool surface;
  HeatSide  side; /* of a surface */
  PetscInt  face; /* its index along the side; from the side's length on: an end of it */
  PetscReal weight;
} Term;

struct HeatProbes {
  const HeatOperator *op;
  PetscInt            n, n_points, n_terms;
  Point              *points; /* owned; in the order of the probes */
  Term               *terms;  /* owned; those of own cells */
};

/* Where a point lies. */

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

/* Local index of corner `q` of a place, or PETSC_FALSE when it is not this rank's or not a cell. */
static PetscBool OwnCorner(const HeatGrid *g, const Place *p, int q, size_t *cell)
{
  const PetscInt i = p->i[q & 1] - g->xs, j = p->j[q >> 1] - g->ys;

  if (((q & 1) && p->outside[0]) || ((q >> 1) && p->outside[1])) return PETSC_FALSE;
  if (i < 0 || i >= g->nxl || j < 0 || j >= g->nyl) return PETSC_FALSE;
  *cell = (size_t)j * (size_t)g->nxl + (size_t)i;
  return PETSC_TRUE;
}

static PetscBool IsHere(const HeatGrid *g, const Place *p)
{
  size_t cell;

  for (int q = 0; q < CORNERS; q++)
    if (OwnCorner(g, p, q, &cell)) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Weights. */

/* The part of the way from T_a to T_b that lies before the face, and the part beyond it: between
   conductivities a and b, and a layer of 2 R/h. */
static PetscReal Before(PetscReal a, PetscReal b, PetscReal R) { return b / (a + b + a * b * R); }
static PetscReal Beyond(PetscReal a, PetscReal b, PetscReal R)
{
  return (a + a * b * R) / (a + b + a * b * R);
}

/* w += factor * (value on the face between cells a and b, seen from a), or on a's surface when b is
   outside. */
static void AddFace(PetscReal factor, int a, int b, PetscBool outside, const PetscReal k[CORNERS],
                    PetscReal R, PetscReal surface[CORNERS], Weights *w)
{
  if (outside) {
    surface[a] += factor;
  } else {
    w->cell[a] += factor * Beyond(k[a], k[b], R);
    w->cell[b] += factor * Before(k[a], k[b], R);
  }
}

/* A corner of the domain: what the sides prescribe there, the mean where both do; where none does,
   linear from the centre over both surfaces. */
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

/* Along a side: between the surfaces of A and its neighbour b. */
static void AddSurfaces(PetscReal factor, int b, const PetscReal k[CORNERS], PetscReal R,
                        PetscReal surface[CORNERS])
{
  surface[A] += factor * Beyond(k[A], k[b], R);
  surface[b] += factor * Before(k[A], k[b], R);
}

/* The two ways to the corner: over the faces across x, then along y between them, and the other way
   round; the second leg crosses what lies between A and its neighbour. */
static void AddInnerCorner(PetscReal factor, const Medium *m, Weights *w)
{
  const PetscReal *kx = m->k[0], *ky = m->k[1];
  const PetscReal  near_y = 0.5 * (ky[A] + ky[B]), far_y = 0.5 * (ky[C] + ky[D]);
  const PetscReal  near_x = 0.5 * (kx[A] + kx[C]), far_x = 0.5 * (kx[B] + kx[D]);
  const PetscReal  Rx = m->R[0][NEAR], Ry = m->R[1][NEAR];

  factor *= 0.5;
  AddFace(factor * Beyond(near_y, far_y, Ry), A, B, PETSC_FALSE, kx, Rx, w->surface_x, w);
  AddFace(factor * Before(near_y, far_y, Ry), C, D, PETSC_FALSE, kx, m->R[0][FAR], w->surface_x, w);
  AddFace(factor * Beyond(near_x, far_x, Rx), A, C, PETSC_FALSE, ky, Ry, w->surface_y, w);
  AddFace(factor * Before(near_x, far_x, Rx), B, D, PETSC_FALSE, ky, m->R[1][FAR], w->surface_y, w);
}

/* As seen from A. */
static Weights ViewFrom(const HeatCase *c, const Place *p, const Medium *m)
{
  const PetscReal corner = p->u * p->v;
  Weights         w      = {{0}, {0}, {0}, {0}};

  w.cell[A] += (1.0 - p->u) * (1.0 - p->v);
  AddFace(p->u * (1.0 - p->v), A, B, p->outside[0], m->k[0], m->R[0][NEAR], w.surface_x, &w);
  AddFace((1.0 - p->u) * p->v, A, C, p->outside[1], m->k[1], m->R[1][NEAR], w.surface_y, &w);
  if (p->outside[0] && p->outside[1]) AddDomainCorner(corner, c, p, &w);
  else if (p->outside[0]) AddSurfaces(corner, C, m->k[1], m->R[1][NEAR], w.surface_x);
  else if (p->outside[1]) AddSurfaces(corner, B, m->k[0], m->R[0][NEAR], w.surface_y);
  else AddInnerCorner(corner, m, &w);
  return w;
}

/* The medium as the corner q sees it: q in the place of A. */
static Medium Mirror(const Medium *m, int q)
{
  Medium mirrored;

  for (int axis = 0; axis < 2; axis++) {
    for (int corner = 0; corner < CORNERS; corner++)
      mirrored.k[axis][corner] = m->k[axis][corner ^ q];
  }
  for (int f = NEAR; f <= FAR; f++) {
    mirrored.R[0][f] = m->R[0][f ^ (q >> 1)];
    mirrored.R[1][f] = m->R[1][f ^ (q & 1)];
  }
  return mirrored;
}

/* Seen from A, and on a face with a layer from beyond it too. */
static Weights WeightsOf(const HeatCase *c, const Place *p, const Medium *m)
{
  const PetscBool both_x = p->u > 1.0 - on_face && m->R[0][NEAR] > 0.0 ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool both_y = p->v > 1.0 - on_face && m->R[1][NEAR] > 0.0 ? PETSC_TRUE : PETSC_FALSE;
  const PetscReal part   = (both_x ? 0.5 : 1.0) * (both_y ? 0.5 : 1.0);
  Weights         sum    = {{0}, {0}, {0}, {0}};

  for (int q = 0; q < CORNERS; q++) {
    if (((q & 1) && !both_x) || ((q >> 1) && !both_y)) continue;
    const Medium  mirrored = Mirror(m, q);
    const Weights view     = ViewFrom(c, p, &mirrored);

    for (int corner = 0; corner < CORNERS; corner++) {
      sum.cell[corner ^ q] += part * view.cell[corner];
      sum.surface_x[corner ^ q] += part * view.surface_x[corner];
      sum.surface_y[corner ^ q] += part * view.surface_y[corner];
    }
    for (int axis = 0; axis < 2; axis++) sum.end[axis] += part * view.end[axis];
  }
  return sum;
}

/* Terms. */

static void AddTerm(HeatProbes *probes, size_t place, size_t cell, PetscBool surface, HeatSide side,
                    PetscInt face, PetscReal weight)
{
  const Term term = {place, cell, surface, side, face, weight};

  if (weight != 0.0) probes->terms[probes->n_terms++] = term;
}

/* Keep the weights that fall on own cells. */
static void AddOwnTerms(HeatProbes *probes, const Point *point)
{
  const HeatGrid *g     = HeatOperatorGrid(probes->op);
  const Place    *p     = &point->place;
  const Weights   w     = WeightsOf(HeatOperatorCase(probes->op), p, &point->medium);
  const size_t    first = (size_t)point->probe * HEAT_PROBE_TERMS, ends = first + 3 * CORNERS;

  for (int q = 0; q < CORNERS; q++) {
    const size_t place = first + 3 * (size_t)q;
    size_t       cell;

    if (!OwnCorner(g, p, q, &cell)) continue;
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

/* Bring own points' conductivities up to date and make the terms.  Of each point some rank owns
   each corner, so a sum over all ranks tells them to all. */
static PetscErrorCode MakeTerms(HeatProbes *probes)
{
  enum { NUMBERS = 2 * CORNERS };
  const HeatGrid *g = HeatOperatorGrid(probes->op);
  PetscReal      *k;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)probes->n * NUMBERS, &k));
  for (PetscInt q = 0; q < probes->n_points * CORNERS; q++) {
    const Point *point  = &probes->points[q / CORNERS];
    const int    corner = (int)(q % CORNERS);
    size_t       cell;

    if (!OwnCorner(g, &point->place, corner, &cell)) continue;
    for (int axis = 0; axis < 2; axis++) {
      k[point->probe * NUMBERS + axis * CORNERS + corner] = HeatOperatorConductivity(probes->op,
                                                                                     axis, cell);
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

/* The layers around own points; materials do not change.  Without contacts there are none. */
static PetscErrorCode FindLayers(HeatProbes *probes)
{
  static const int pairs[2][2][2] = {{{A, B}, {C, D}}, {{A, C}, {B, D}}};
  const HeatGrid  *g              = HeatOperatorGrid(probes->op);
  int             *material; /* of each corner, plus one; 0 beyond the domain */

  PetscFunctionBeginUser;
  if (HeatOperatorCase(probes->op)->n_contacts == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1((size_t)probes->n * CORNERS, &material));
  for (PetscInt q = 0; q < probes->n_points * CORNERS; q++) {
    const Point *point = &probes->points[q / CORNERS];
    size_t       cell;

    if (OwnCorner(g, &point->place, (int)(q % CORNERS), &cell))
      material[point->probe * CORNERS + q % CORNERS] = 1 + HeatOperatorMaterial(probes->op)[cell];
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, material, (PetscMPIInt)(probes->n * CORNERS), MPI_INT,
                             MPI_SUM, g->comm));
  for (PetscInt q = 0; q < probes->n_points; q++) {
    const int *m = material + probes->points[q].probe * CORNERS;

    for (int f = 0; f < 4; f++) {
      const int      *pair = pairs[f / 2][f % 2];
      const PetscReal h    = f / 2 == 0 ? g->hx : g->hy;

      if (m[pair[0]] == 0 || m[pair[1]] == 0) continue;
      probes->points[q].medium.R[f / 2][f % 2] = 2.0 / h *
                                                 HeatOperatorContactResistance(
                                                     probes->op, m[pair[0]] - 1, m[pair[1]] - 1);
    }
  }
  PetscCall(PetscFree(material));
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

    here += IsHere(g, &p) ? 1 : 0;
  }
  PetscCall(PetscCalloc1(here, &probes->points));
  PetscCall(PetscMalloc1((size_t)here * HEAT_PROBE_TERMS, &probes->terms));
  for (PetscInt probe = 0; probe < n; probe++) {
    const Place p = PlacePoint(g, at[probe]);

    if (!IsHere(g, &p)) continue;
    probes->points[probes->n_points].probe   = probe;
    probes->points[probes->n_points++].place = p;
  }
  PetscCall(FindLayers(probes));
  if (HeatOperatorIsLinear(op)) PetscCall(MakeTerms(probes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Values. */

/* Of a face of a cell at temperature T; at an end of a side, what the side prescribes there. */
static PetscReal SurfaceTemperature(const HeatOperator *op, const Term *term, PetscReal T)
{
  const HeatBoundaryFaces f    = HeatBoundariesGet(HeatOperatorBoundaries(op), term->side);
  const PetscInt          face = term->face;

  if (face >= f.length) return f.T[face];
  return T + (f.G[face] * (f.T[face] - T) + f.F[face]) / f.half[face];
}

PetscErrorCode HeatProbesSample(HeatProbes *probes, const PetscReal *T, PetscReal *terms)
{
  PetscFunctionBeginUser;
  if (!HeatOperatorIsLinear(probes->op)) PetscCall(MakeTerms(probes));
  PetscCall(PetscArrayzero(terms, (size_t)probes->n * HEAT_PROBE_TERMS));
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    const Term *term  = &probes->terms[k];
    PetscReal   value = T[term->cell];

    if (term->surface) value = SurfaceTemperature(probes->op, term, value);
    terms[term->place] = term->weight * value;
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
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
