/** Normals of interfaces at faces, from the shapes that painted the cells.
 *
 *  Of the regions that gave two cells their materials, the one that was painted later covers one of
 *  the cells, called the inner cell, and not the other one.  The edge of its shape therefore
 *  crosses the line between the two centres, and the crossing nearest to the face's middle is the
 *  interface.  A shape that reaches beyond a periodic side is cut off there, so that the side
 *  itself is the interface. */
#include "solver/physics/interfaces.h"

#include <math.h>

#include "solver/grid/deep_halo.h"
#include "solver/physics/map_interface.h"

/* Material and region of what lies beyond the domain; more than any index. */
static const uint16_t Outside = UINT16_MAX;

/* Smallest |n.e|.  Chosen: far below what any resolved interface has, and large enough for a face
   without contact to be the limit of a vanishing resistance.  With 0, the face at the pole of a
   circle would be closed to heat for any resistance. */
static const PetscReal SmallestCosine = 1e-6;

struct HeatInterfaces {
  const HeatGrid   *grid;     /* borrowed */
  const HeatCase   *c;        /* borrowed */
  uint16_t         *material; /* owned [nyl + 2][nxl + 2]: own cells and one beyond each side */
  uint16_t         *region;   /* owned [nyl + 2][nxl + 2]: region that gave the material */
  HeatMapInterface *map;      /* owned; NULL: no map gives a material */
};

/* Return whether some region of the case is a map. */
static PetscBool HasMap(const HeatCase *c)
{
  for (PetscInt r = 0; r < c->n_regions; r++)
    if (c->regions[r].shape == HEAT_SHAPE_MAP) return PETSC_TRUE;
  return PETSC_FALSE;
}

/* Return the place of local cell (j, i) in the arrays. */
static size_t Place(const HeatGrid *g, PetscInt j, PetscInt i)
{
  return (size_t)(j + 1) * (size_t)(g->nxl + 2) + (size_t)(i + 1);
}

/* Return the place of the cell on the low side of a face. */
static size_t LowPlace(const HeatGrid *g, int axis, PetscInt j, PetscInt i)
{
  return axis == 0 ? Place(g, j, i - 1) : Place(g, j - 1, i);
}

HeatFacePair HeatInterfacesMaterials(const HeatInterfaces *s, int axis, PetscInt j, PetscInt i)
{
  const uint16_t low  = s->material[LowPlace(s->grid, axis, j, i)],
                 high = s->material[Place(s->grid, j, i)];

  return low == Outside || high == Outside ? (HeatFacePair){-1, -1} : (HeatFacePair){low, high};
}

/* Return the region that was painted later, of those that gave a face's two cells their materials;
   HEAT_NO_REGION where none did.
   @param[out] high_is_inner  the cell on the high side is the one in that region */
static PetscInt LaterRegion(const HeatInterfaces *s, int axis, PetscInt j, PetscInt i,
                            PetscBool *high_is_inner)
{
  const PetscInt low  = s->region[LowPlace(s->grid, axis, j, i)],
                 high = s->region[Place(s->grid, j, i)];

  *high_is_inner = high != HEAT_NO_REGION && (low == HEAT_NO_REGION || low <= high) ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
  return *high_is_inner ? high : low;
}

/* Return whether a face is an interface that a map describes. */
static PetscBool IsOfMap(const HeatInterfaces *s, int axis, PetscInt j, PetscInt i)
{
  const HeatFacePair pair = HeatInterfacesMaterials(s, axis, j, i);
  PetscBool          unused;

  if (pair.low == pair.high) return PETSC_FALSE;
  const PetscInt r = LaterRegion(s, axis, j, i, &unused);

  return r != HEAT_NO_REGION && s->c->regions[r].shape == HEAT_SHAPE_MAP ? PETSC_TRUE : PETSC_FALSE;
}

/* Compute the size of a pixel of the maps [cells]: the largest divisor, up to HEAT_MOST_REFINED, of
   the numbers of cells and of the global columns and rows of all faces that maps describe.  It is
   the same on all ranks.  Collective. */
static PetscErrorCode FindPixel(const HeatInterfaces *s, PetscInt *pixel)
{
  const HeatGrid *g        = s->grid;
  PetscInt        divisors = 0; /* bit d: d divides all */

  PetscFunctionBeginUser;
  for (PetscInt d = 1; d <= HEAT_MOST_REFINED; d++)
    if (g->nx % d == 0 && g->ny % d == 0) divisors |= (PetscInt)1 << d;
  for (int axis = 0; axis < 2; axis++) {
    for (PetscInt j = 0; j < g->nyl && divisors > 2; j++) {
      for (PetscInt i = 0; i < g->nxl; i++) {
        const PetscInt at = axis == 0 ? g->xs + i : g->ys + j;

        if (!IsOfMap(s, axis, j, i)) continue;
        for (PetscInt d = 2; d <= HEAT_MOST_REFINED; d++)
          if (at % d) divisors &= ~((PetscInt)1 << d);
      }
    }
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &divisors, 1, MPIU_INT, MPI_BAND, g->comm));
  for (PetscInt d = 1; d <= HEAT_MOST_REFINED; d++)
    if (divisors & ((PetscInt)1 << d)) *pixel = d;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInterfacesCreate(const HeatGrid *g, const HeatCase *c,
                                    const HeatCellInputs *inputs, const uint16_t *material,
                                    HeatInterfaces **out)
{
  HeatInterfaces *interfaces;
  uint16_t       *region;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&interfaces));
  *out             = interfaces;
  interfaces->grid = g;
  interfaces->c    = c;
  PetscCall(PetscMalloc1(HeatSurroundingsSize(g, 1), &interfaces->material));
  PetscCall(HeatSurroundingsFetch(g, material, 1, Outside, interfaces->material));
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &region));
  PetscCall(HeatPaintMaterialRegions(g, c, inputs, region));
  PetscCall(PetscMalloc1(HeatSurroundingsSize(g, 1), &interfaces->region));
  PetscCall(HeatSurroundingsFetch(g, region, 1, Outside, interfaces->region));
  PetscCall(PetscFree(region));
  if (HasMap(c)) {
    PetscInt pixel;

    PetscCall(FindPixel(interfaces, &pixel));
    PetscCall(HeatMapInterfaceCreate(g, material, pixel, &interfaces->map));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A line through two neighbouring cells' centres, parallel to an axis. */
typedef struct {
  int       axis;
  PetscReal across; /* [m] its coordinate along the other axis */
  PetscReal middle; /* [m] along the axis: the middle of the face between the cells */
  PetscReal reach;  /* [m] distance from the middle up to which a crossing lies between the cells */
} CentreLine;

/* Return the line of a face of an inner cell, given by its global column and row.  A crossing may
   miss a centre by the rounding that painting allows for (HEAT_PAINT_TOLERANCE); 1e-6 of a cell is
   chosen, above that.
   @param[in] sign  -1: the face on the low side of the cell; 1: on its high side */
static CentreLine LineOf(const HeatGrid *g, int axis, PetscInt i, PetscInt j, PetscReal sign)
{
  const PetscReal x = HeatGridX(g, i), y = HeatGridY(g, j);
  const PetscReal h = axis == 0 ? g->hx : g->hy, reach = (0.5 + 1e-6) * h;

  if (axis == 0) return (CentreLine){0, y, x + sign * 0.5 * h, reach};
  return (CentreLine){1, x, y + sign * 0.5 * h, reach};
}

/* Return |n.e| of a circle where it crosses a line; 1 where it covers both cells' centres. */
static PetscReal CircleCosine(const HeatRegion *r, const CentreLine *line)
{
  const PetscReal off  = line->across - r->centre[1 - line->axis];
  const PetscReal half = PetscSqrtReal(PetscMax(r->radius * r->radius - off * off, 0.0));
  const PetscReal at   = PetscAbsReal(line->middle - r->centre[line->axis]);

  return half - at <= line->reach ? half / r->radius : 1.0;
}

/* Return |n.e| of the polygon's edge whose crossing with a line is nearest to the middle; 1 where
   none crosses within the line's reach.  The line is moved by the tolerance with which painting
   decides on which side of an edge a centre lies, so that both agree at vertices. */
static PetscReal PolygonCosine(const HeatRegion *r, const CentreLine *line, PetscReal tolerance)
{
  const int       u = line->axis, v = 1 - u; /* along and across the line */
  const PetscReal across  = line->across + tolerance;
  PetscReal       nearest = line->reach, cosine = 1.0;

  for (PetscInt a = 0, b = r->n_vertices - 1; a < r->n_vertices; b = a++) {
    const PetscReal *p = r->vertices[a], *q = r->vertices[b];

    if ((p[v] > across) == (q[v] > across)) continue;
    const PetscReal along    = p[u] + (across - p[v]) / (q[v] - p[v]) * (q[u] - p[u]);
    const PetscReal distance = PetscAbsReal(along - line->middle);

    if (distance > nearest) continue;
    nearest = distance;
    cosine  = PetscAbsReal(q[v] - p[v]) / hypot(q[u] - p[u], q[v] - p[v]);
  }
  return cosine;
}

/* Return |n.e| of region r at a face of an inner cell, as LineOf takes it. */
static PetscReal ShapeCosine(const HeatInterfaces *s, PetscInt r, int axis, PetscInt i, PetscInt j,
                             PetscReal sign)
{
  const HeatGrid   *g      = s->grid;
  const HeatRegion *region = &s->c->regions[r];
  const CentreLine  line   = LineOf(g, axis, i, j, sign);

  if (region->shape == HEAT_SHAPE_CIRCLE) return CircleCosine(region, &line);
  if (region->shape == HEAT_SHAPE_POLYGON)
    return PolygonCosine(region, &line, HEAT_PAINT_TOLERANCE * (axis == 0 ? g->hy : g->hx));
  return 1.0;
}

/* Return the global index, from 0 to n - 1, of a cell or of one that lies one beyond a periodic
   side. */
static PetscInt Wrap(PetscInt index, PetscInt n) { return (index + n) % n; }

/* The inner cell is the one whose region was painted later.  Its global indices, and not those of
   the rank's block, give the coordinates, so that they have the same bits on all ranks. */
PetscReal HeatInterfacesCosine(const HeatInterfaces *s, int axis, PetscInt j, PetscInt i)
{
  const HeatGrid *g = s->grid;
  PetscBool       high_is_inner;
  const PetscInt  later = LaterRegion(s, axis, j, i, &high_is_inner), back = high_is_inner ? 0 : 1;
  PetscReal       cosine;

  if (later == HEAT_NO_REGION) return 1.0;
  if (s->c->regions[later].shape == HEAT_SHAPE_MAP) {
    cosine = HeatMapInterfaceCosine(s->map, axis, j, i);
  } else {
    cosine = ShapeCosine(s, later, axis, Wrap(g->xs + i - (axis == 0 ? back : 0), g->nx),
                         Wrap(g->ys + j - (axis == 1 ? back : 0), g->ny),
                         high_is_inner ? -1.0 : 1.0);
  }
  return PetscClipInterval(cosine, SmallestCosine, 1.0);
}

PetscErrorCode HeatInterfacesDestroy(HeatInterfaces **out)
{
  PetscFunctionBeginUser;
  if (!*out) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatMapInterfaceDestroy(&(*out)->map));
  PetscCall(PetscFree((*out)->material));
  PetscCall(PetscFree((*out)->region));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
