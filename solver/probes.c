/* Interpolation at points.
 *
 * A point lies in one quarter of a cell A.  Its values: the centre of A, the face towards the x
 * neighbour B, the face towards the y neighbour C, and the corner shared with the diagonal
 * neighbour D.
 *      face   (k_A T_A + k_B T_B) / (k_A + k_B)          (continuous flux across the face)
 *      corner the mean of interpolating first in x then in y, and first in y then in x
 * On the boundary the surface takes the face's place: T_s = T_A + (G (T_b - T_A) + F) / G_half.
 * All of this is linear, so a probe is a list of weights on cells and surfaces, each held by the
 * rank that owns the cell; a sample needs no message, only one sum over the ranks at the end. */
#include "solver/probes.h"

enum { A, B, C, D, CORNERS }; /* the cell, its x neighbour, its y neighbour, the diagonal one */

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

typedef struct {
  PetscInt  probe;
  size_t    cell; /* local */
  PetscBool surface;
  HeatSide  side; /* of a surface */
  PetscInt  face; /* its index along the side; from the side's length on: an end of it */
  PetscReal weight;
} Term;

struct HeatProbes {
  const HeatOperator *op;
  PetscInt            n, n_terms;
  Term               *terms; /* owned; those of own cells */
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

/* Weights. */

/* w += factor * (value on the face between cells a and b), or on a's surface when b is outside. */
static void AddFace(PetscReal factor, int a, int b, PetscBool outside, const PetscReal k[CORNERS],
                    PetscReal surface[CORNERS], Weights *w)
{
  if (outside) {
    surface[a] += factor;
  } else {
    w->cell[a] += factor * k[a] / (k[a] + k[b]);
    w->cell[b] += factor * k[b] / (k[a] + k[b]);
  }
}

/* A corner of the domain: what the sides prescribe there, the mean where both do; where none does,
   linear from the centre over both surfaces. */
static void AddDomainCorner(PetscReal factor, const HeatCase *c, const Place *p, Weights *w)
{
  PetscBool held[2];

  for (int axis = 0; axis < 2; axis++) {
    held[axis] = c->boundary[p->side[axis]].segments[0].type == HEAT_BC_TEMPERATURE ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
  }
  for (int axis = 0; axis < 2; axis++) {
    if (held[axis]) w->end[axis] += held[1 - axis] ? 0.5 * factor : factor;
  }
  if (held[0] || held[1]) return;
  w->surface_x[A] += factor;
  w->surface_y[A] += factor;
  w->cell[A] -= factor;
}

static void AddCorner(PetscReal factor, const HeatCase *c, const Place *p,
                      const PetscReal kx[CORNERS], const PetscReal ky[CORNERS], Weights *w)
{
  if (p->outside[0] && p->outside[1]) {
    AddDomainCorner(factor, c, p, w);
  } else if (p->outside[0]) { /* along a left or right side: between the surfaces of A and C */
    w->surface_x[A] += factor * ky[A] / (ky[A] + ky[C]);
    w->surface_x[C] += factor * ky[C] / (ky[A] + ky[C]);
  } else if (p->outside[1]) {
    w->surface_y[A] += factor * kx[A] / (kx[A] + kx[B]);
    w->surface_y[B] += factor * kx[B] / (kx[A] + kx[B]);
  } else {
    const PetscReal near_y = ky[A] + ky[B], far_y = ky[C] + ky[D];
    const PetscReal near_x = kx[A] + kx[C], far_x = kx[B] + kx[D];

    AddFace(0.5 * factor * near_y / (near_y + far_y), A, B, PETSC_FALSE, kx, w->surface_x, w);
    AddFace(0.5 * factor * far_y / (near_y + far_y), C, D, PETSC_FALSE, kx, w->surface_x, w);
    AddFace(0.5 * factor * near_x / (near_x + far_x), A, C, PETSC_FALSE, ky, w->surface_y, w);
    AddFace(0.5 * factor * far_x / (near_x + far_x), B, D, PETSC_FALSE, ky, w->surface_y, w);
  }
}

static Weights WeightsOf(const HeatCase *c, const Place *p, const PetscReal kx[CORNERS],
                         const PetscReal ky[CORNERS])
{
  Weights w = {{0}, {0}, {0}, {0}};

  w.cell[A] += (1.0 - p->u) * (1.0 - p->v);
  AddFace(p->u * (1.0 - p->v), A, B, p->outside[0], kx, w.surface_x, &w);
  AddFace((1.0 - p->u) * p->v, A, C, p->outside[1], ky, w.surface_y, &w);
  AddCorner(p->u * p->v, c, p, kx, ky, &w);
  return w;
}

/* Conductivities of the corners of every point, known to all: [n][2][CORNERS], kx then ky. */
static PetscErrorCode GatherConductivities(const HeatOperator *op, PetscInt     n,
                                           const PetscReal (*at)[2], PetscReal *k)
{
  const HeatGrid *g = HeatOperatorGrid(op);

  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(k, n * 2 * CORNERS));
  for (PetscInt q = 0; q < n * CORNERS; q++) {
    const PetscInt probe  = q / CORNERS;
    const int      corner = (int)(q % CORNERS);
    const Place    p      = PlacePoint(g, at[probe]);
    size_t         cell;

    if (!OwnCorner(g, &p, corner, &cell)) continue;
    for (int axis = 0; axis < 2; axis++) {
      k[(2 * probe + axis) * CORNERS + corner] = HeatOperatorConductivity(op, axis, cell);
    }
  }
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, k, (PetscMPIInt)(n * 2 * CORNERS), MPIU_REAL, MPI_SUM, g->comm));
  PetscFunctionReturn(0);
}

static void AddTerm(HeatProbes *probes, PetscInt probe, size_t cell, PetscBool surface,
                    HeatSide side, PetscInt face, PetscReal weight)
{
  const Term term = {probe, cell, surface, side, face, weight};

  if (weight != 0.0) probes->terms[probes->n_terms++] = term;
}

/* Keep the weights that fall on own cells. */
static void AddOwnTerms(HeatProbes *probes, PetscInt probe, const Place *p, const Weights *w)
{
  const HeatGrid *g = HeatOperatorGrid(probes->op);

  for (int q = 0; q < CORNERS; q++) {
    size_t cell;

    if (!OwnCorner(g, p, q, &cell)) continue;
    AddTerm(probes, probe, cell, PETSC_FALSE, HEAT_LEFT, 0, w->cell[q]);
    AddTerm(probes, probe, cell, PETSC_TRUE, p->side[0], (PetscInt)(cell / (size_t)g->nxl),
            w->surface_x[q]);
    AddTerm(probes, probe, cell, PETSC_TRUE, p->side[1], (PetscInt)(cell % (size_t)g->nxl),
            w->surface_y[q]);
    if (q != A) continue;
    AddTerm(probes, probe, cell, PETSC_TRUE, p->side[0],
            g->nyl + (p->side[1] == HEAT_BOTTOM ? 0 : 1), w->end[0]);
    AddTerm(probes, probe, cell, PETSC_TRUE, p->side[1], g->nxl + (p->side[0] == HEAT_LEFT ? 0 : 1),
            w->end[1]);
  }
}

PetscErrorCode HeatProbesCreate(const HeatOperator *op, PetscInt n, const PetscReal (*at)[2],
                                HeatProbes **out)
{
  HeatProbes *probes;
  PetscReal  *k;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&probes));
  *out       = probes;
  probes->op = op;
  probes->n  = n;
  PetscCall(PetscMalloc1((3 * CORNERS + 2) * n, &probes->terms));
  PetscCall(PetscMalloc1(2 * CORNERS * n, &k));
  PetscCall(GatherConductivities(op, n, at, k));
  for (PetscInt probe = 0; probe < n; probe++) {
    const Place   p = PlacePoint(HeatOperatorGrid(op), at[probe]);
    const Weights w = WeightsOf(HeatOperatorCase(op), &p, k + 2 * probe * CORNERS,
                                k + (2 * probe + 1) * CORNERS);

    AddOwnTerms(probes, probe, &p, &w);
  }
  PetscCall(PetscFree(k));
  PetscFunctionReturn(0);
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

PetscErrorCode HeatProbesSample(const HeatProbes *probes, const PetscReal *T, PetscReal *share)
{
  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(share, probes->n));
  for (PetscInt k = 0; k < probes->n_terms; k++) {
    const Term *term  = &probes->terms[k];
    PetscReal   value = T[term->cell];

    if (term->surface) value = SurfaceTemperature(probes->op, term, value);
    share[term->probe] += term->weight * value;
  }
  PetscFunctionReturn(0);
}

PetscErrorCode HeatProbesValues(HeatProbes *probes, HeatOperator *op, const PetscReal *T,
                                PetscReal t, PetscReal *values)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorSetSurfaceTime(op, t));
  PetscCall(HeatProbesSample(probes, T, values));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, values, (PetscMPIInt)probes->n, MPIU_REAL, MPI_SUM,
                             HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(0);
}

PetscErrorCode HeatProbesDestroy(HeatProbes **out)
{
  HeatProbes *probes = *out;

  PetscFunctionBeginUser;
  if (!probes) PetscFunctionReturn(0);
  PetscCall(PetscFree(probes->terms));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(0);
}
