/** Interpolation at points (probes.h), with the weights of point_weights.c.
 *
 *  The value is linear in T, so that a probe is a list of weights on cells and surfaces, each held
 *  by the rank that owns the cell.  A sample needs no message, and the values one reduction.  The
 *  reduction gathers single terms, each of which is computed by one rank, and not sums of terms, so
 *  that the value has the same bits on any decomposition.  Where conductivities depend on T
 *  the weights are computed again for each sample. */
#include "solver/measure/probes.h"

#include <stdlib.h>

#include "solver/measure/point_weights_impl.h"

/* A point with at least one cell on this rank. */
typedef struct {
  PetscInt        probe; /* index among all probes */
  HeatPointPlace  place;
  HeatPointMedium medium;
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

/* Find along one axis the cell that contains coordinate x and the neighbour of that cell nearer
   to x, cells = {cell, neighbour}, and *distance = u or v of the drawing in point_weights.c.  A
   point that is outside the domain by rounding is moved onto the boundary. */
static void PlaceAxis(PetscReal x, PetscReal x0, PetscReal h, PetscInt n, PetscBool periodic,
                      int axis, PetscInt cells[2], HeatPointPlace *p, PetscReal *distance)
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

static HeatPointPlace PlacePoint(const HeatGrid *g, const PetscReal at[2])
{
  HeatPointPlace p;

  PlaceAxis(at[0], g->x0, g->hx, g->nx, g->periodic[0], 0, p.i, &p, &p.u);
  PlaceAxis(at[1], g->y0, g->hy, g->ny, g->periodic[1], 1, p.j, &p, &p.v);
  return p;
}

/* Return whether this rank owns cell q of a place, and if so store its local index.  A cell beyond
   the domain is not owned. */
static PetscBool OwnCell(const HeatGrid *g, const HeatPointPlace *p, int q, size_t *cell)
{
  const PetscInt i = p->i[q & 1] - g->xs, j = p->j[q >> 1] - g->ys;

  if (((q & 1) && p->outside[0]) || ((q >> 1) && p->outside[1])) return PETSC_FALSE;
  if (i < 0 || i >= g->nxl || j < 0 || j >= g->nyl) return PETSC_FALSE;
  *cell = (size_t)j * (size_t)g->nxl + (size_t)i;
  return PETSC_TRUE;
}

/* Return whether this rank owns a cell of the place. */
static PetscBool HasOwnCell(const HeatGrid *g, const HeatPointPlace *p)
{
  size_t cell;

  for (int q = 0; q < CELLS; q++)
    if (OwnCell(g, p, q, &cell)) return PETSC_TRUE;
  return PETSC_FALSE;
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
  const HeatGrid        *g = HeatOperatorGrid(probes->op);
  const HeatPointPlace  *p = &point->place;
  const HeatPointWeights w = HeatPointWeightsOf(HeatOperatorCase(probes->op), p, &point->medium);
  const size_t           first = (size_t)point->probe * HEAT_PROBE_TERMS, ends = first + 3 * CELLS;

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
   to all.  Collective, unless there are no probes. */
static PetscErrorCode ComputeTerms(HeatProbes *probes)
{
  enum { NUMBERS = 2 * CELLS };
  const HeatGrid *g = HeatOperatorGrid(probes->op);
  PetscReal      *k;

  PetscFunctionBeginUser;
  if (probes->n == 0) PetscFunctionReturn(PETSC_SUCCESS);
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
static int AxisOfFace(const HeatPointPlace *p, int f, int *high_cell)
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
    const Point          *point = &probes->points[q / FACES];
    const HeatPointPlace *p     = &point->place;
    int                   high;
    const int             f = (int)(q % FACES), axis = AxisOfFace(p, f, &high);
    size_t                cell;

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
    HeatPointFace  *face  = &point->medium.face[f / 2][f % 2];

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
    const HeatPointPlace p = PlacePoint(g, at[probe]);

    here += HasOwnCell(g, &p) ? 1 : 0;
  }
  PetscCall(PetscCalloc1(here, &probes->points));
  PetscCall(PetscMalloc1((size_t)here * HEAT_PROBE_TERMS, &probes->terms));
  for (PetscInt probe = 0; probe < n; probe++) {
    const HeatPointPlace p = PlacePoint(g, at[probe]);

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
