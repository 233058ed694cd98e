/** Areas of shapes clipped to a rectangle, in closed form.
 *
 *  The part of a rectangle inside the clipping rectangle is a rectangle.
 *
 *  A circle of radius r is cut into vertical strips at the x where it meets the horizontal edges of
 *  the clipping rectangle.  Within a strip the upper bound is either the arc s(x) = sqrt(r^2 - x^2)
 *  or the edge, and the lower bound either the arc -s(x) or the edge; the centre is the origin.
 *  The integral of s(x) from a to b is
 *
 *      1/2 (b s(b) - a s(a)) + 1/2 r^2 angle(a, b)
 *
 *  where angle(a, b) is the angle between the points (a, s(a)) and (b, s(b)) of the arc.
 *
 *  A polygon is cut into horizontal strips at the y of its vertices, of its crossings with the
 *  vertical edges of the clipping rectangle, and of its crossings with itself.  Within a strip its
 *  edges do not cross; sorted by x, the strip is inside between the first and second edge, the
 *  third and fourth, and so on.  Each piece is a trapezium, whose area is the height of the strip
 *  times its width at mid-height.  With x clamped to the clipping rectangle this holds for the
 *  clipped pieces, since each edge is on one side of the vertical edges within a strip:
 *
 *      area = sum over strips  height * sum over pairs (clamp(x_2k+1) - clamp(x_2k))  */
#include "solver/case/region_area.h"

#include <math.h>
#include <stdlib.h>

/* Return the length of the intersection of two intervals [m]. */
static PetscReal Overlap(const PetscReal a[2], const PetscReal b[2])
{
  return PetscMax(PetscMin(a[1], b[1]) - PetscMax(a[0], b[0]), 0.0);
}

static int CompareReals(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

/* Circles. */

/* Return s(x) = sqrt(r^2 - x^2), 0 beyond the circle. */
static PetscReal ArcHeight(PetscReal r, PetscReal x)
{
  return PetscSqrtReal(PetscMax((r - x) * (r + x), 0.0));
}

/* Return the integral of s(x) from a to b, -r <= a <= b <= r.  The difference of the angles is
   computed in one step: their single values would lose digits where the circle is far larger than
   b - a. */
static PetscReal ArcIntegral(PetscReal r, PetscReal a, PetscReal b)
{
  const PetscReal sa = ArcHeight(r, a), sb = ArcHeight(r, b);

  return 0.5 * ((b * sb - a * sa) + r * r * atan2(b * sa - a * sb, sa * sb + a * b));
}

/* Return the area of a circle around the origin, in a rectangle. */
static PetscReal CircleArea(PetscReal r, const PetscReal x[2], const PetscReal y[2])
{
  PetscReal cuts[6] = {PetscMax(x[0], -r), PetscMin(x[1], r)}, area = 0.0;
  int       n = 2;

  if (!(cuts[0] < cuts[1])) return 0.0;
  for (int edge = 0; edge < 2; edge++) {
    const PetscReal meets[2] = {-ArcHeight(r, y[edge]), ArcHeight(r, y[edge])};

    for (int k = 0; k < 2; k++) {
      if (meets[k] > cuts[0] && meets[k] < cuts[1]) cuts[n++] = meets[k];
    }
  }
  qsort(cuts, (size_t)n, sizeof *cuts, CompareReals);
  for (int k = 0; k + 1 < n; k++) {
    const PetscReal a = cuts[k], b = cuts[k + 1], s = ArcHeight(r, 0.5 * (a + b));
    const PetscReal arc = ArcIntegral(r, a, b);

    if (!(PetscMin(y[1], s) > PetscMax(y[0], -s))) continue;
    area += (y[1] < s ? y[1] * (b - a) : arc) - (y[0] > -s ? y[0] * (b - a) : -arc);
  }
  return area;
}

/* Polygons. */

/* Limits of the exact area of a polygon.  Both are chosen: they bound its time to about half a
   second.  Smaller ones would make areas of polygons with many crossings inexact, larger ones would
   let a case file delay a run. */
enum { MOST_VERTICES = 4096, MOST_CUTS = 50000 };
/* Number of edges that StripArea reads in all its strips.  Chosen: it takes about half a second. */
static const PetscReal MostLookups = 1e8;

/* The values of y at which strips end. */
typedef struct {
  PetscInt   n, capacity;
  PetscReal *y; /* owned [capacity] */
} Cuts;

/* Append a y unless it lies outside y[0] to y[1], or there are too many. */
static void AddCut(Cuts *cuts, const PetscReal y[2], PetscReal at)
{
  if (at > y[0] && at < y[1] && cuts->n < cuts->capacity) cuts->y[cuts->n++] = at;
}

/* Return x of the line through p and q at height y. */
static PetscReal LineAt(const PetscReal p[2], const PetscReal q[2], PetscReal y)
{
  return p[0] + (y - p[1]) / (q[1] - p[1]) * (q[0] - p[0]);
}

/* Append the y at which edges p-q and a-b cross, if they do. */
static void CutCrossing(Cuts *cuts, const PetscReal y[2], const PetscReal p[2],
                        const PetscReal q[2], const PetscReal a[2], const PetscReal b[2])
{
  const PetscReal d = (q[0] - p[0]) * (b[1] - a[1]) - (q[1] - p[1]) * (b[0] - a[0]);

  if (d == 0.0) return;
  const PetscReal u = ((a[0] - p[0]) * (b[1] - a[1]) - (a[1] - p[1]) * (b[0] - a[0])) / d;
  const PetscReal v = ((a[0] - p[0]) * (q[1] - p[1]) - (a[1] - p[1]) * (q[0] - p[0])) / d;

  if (u >= 0.0 && u <= 1.0 && v >= 0.0 && v <= 1.0) AddCut(cuts, y, p[1] + u * (q[1] - p[1]));
}

/* Collect the y of vertices and of crossings, between y[0] and y[1]. */
static void FindCuts(const HeatRegion *r, const PetscReal x[2], const PetscReal y[2], Cuts *cuts)
{
  const PetscInt n = r->n_vertices;

  for (PetscInt i = 0; i < n; i++) {
    const PetscReal *p = r->vertices[i], *q = r->vertices[(i + 1) % n];

    AddCut(cuts, y, p[1]);
    for (int edge = 0; edge < 2; edge++) {
      if ((p[0] < x[edge]) != (q[0] < x[edge]))
        AddCut(cuts, y, p[1] + (x[edge] - p[0]) / (q[0] - p[0]) * (q[1] - p[1]));
    }
    for (PetscInt j = i + 1; j < n; j++)
      CutCrossing(cuts, y, p, q, r->vertices[j], r->vertices[(j + 1) % n]);
  }
}

/* Return the width of a polygon at height y, clipped to x[0] to x[1].
   @param[out] crossings  [n_vertices] scratch */
static PetscReal WidthAt(const HeatRegion *r, const PetscReal x[2], PetscReal y,
                         PetscReal *crossings)
{
  PetscInt  n     = 0;
  PetscReal width = 0.0;

  for (PetscInt i = 0, j = r->n_vertices - 1; i < r->n_vertices; j = i++) {
    const PetscReal *p = r->vertices[i], *q = r->vertices[j];

    if ((p[1] > y) != (q[1] > y)) crossings[n++] = PetscClipInterval(LineAt(p, q, y), x[0], x[1]);
  }
  qsort(crossings, (size_t)n, sizeof *crossings, CompareReals);
  for (PetscInt k = 0; k + 1 < n; k += 2) width += crossings[k + 1] - crossings[k];
  return width;
}

/* Return the area of a polygon in a rectangle, by strips that end at the cuts.
   @param[in,out] cuts       is sorted
   @param[out]    crossings  [n_vertices] scratch */
static PetscReal ExactArea(const HeatRegion *r, const PetscReal x[2], const PetscReal y[2],
                           Cuts *cuts, PetscReal *crossings)
{
  PetscReal area = 0.0, low = y[0];

  qsort(cuts->y, (size_t)cuts->n, sizeof *cuts->y, CompareReals);
  for (PetscInt k = 0; k <= cuts->n; k++) {
    const PetscReal high = k < cuts->n ? cuts->y[k] : y[1];

    if (high > low) area += (high - low) * WidthAt(r, x, low + 0.5 * (high - low), crossings);
    low = high;
  }
  return area;
}

/* Return the area of a polygon in a rectangle, by strips of equal height. */
static PetscReal StripArea(const HeatRegion *r, const PetscReal x[2], const PetscReal y[2],
                           PetscReal *crossings)
{
  const PetscReal strips = PetscClipInterval(PetscFloorReal(MostLookups / (PetscReal)r->n_vertices),
                                             100.0, 1e6);
  const PetscReal height = (y[1] - y[0]) / strips;
  PetscReal       area   = 0.0;

  for (PetscReal k = 0.5; k < strips; k += 1.0)
    area += height * WidthAt(r, x, y[0] + k * height, crossings);
  return area;
}

static PetscErrorCode PolygonArea(const HeatRegion *r, const PetscReal domain_x[2],
                                  const PetscReal domain_y[2], PetscReal *area)
{
  const PetscBool exact = (PetscBool)(r->n_vertices <= MOST_VERTICES);
  Cuts            cuts  = {.capacity = exact ? MOST_CUTS : 0};
  PetscReal       low[2], high[2], *crossings;

  PetscFunctionBeginUser;
  HeatRegionBox(r, domain_x, domain_y, low, high);
  const PetscReal y[2] = {PetscMax(low[1], domain_y[0]), PetscMin(high[1], domain_y[1])};

  *area = 0.0;
  if (!(y[0] < y[1])) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc2(cuts.capacity, &cuts.y, r->n_vertices, &crossings));
  if (exact) FindCuts(r, domain_x, y, &cuts);
  if (exact && cuts.n < cuts.capacity) *area = ExactArea(r, domain_x, y, &cuts, crossings);
  else *area = StripArea(r, domain_x, y, crossings);
  PetscCall(PetscFree2(cuts.y, crossings));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All shapes. */

void HeatRegionBox(const HeatRegion *r, const PetscReal domain_x[2], const PetscReal domain_y[2],
                   PetscReal low[2], PetscReal high[2])
{
  const PetscReal *x = r->shape == HEAT_SHAPE_RECTANGLE ? r->x : domain_x;
  const PetscReal *y = r->shape == HEAT_SHAPE_RECTANGLE ? r->y : domain_y;

  low[0]  = x[0];
  high[0] = x[1];
  low[1]  = y[0];
  high[1] = y[1];
  for (int axis = 0; axis < 2; axis++) {
    if (r->shape == HEAT_SHAPE_CIRCLE) {
      low[axis]  = r->centre[axis] - r->radius;
      high[axis] = r->centre[axis] + r->radius;
    }
    for (PetscInt i = 0; i < r->n_vertices && r->shape == HEAT_SHAPE_POLYGON; i++) {
      low[axis]  = i ? PetscMin(low[axis], r->vertices[i][axis]) : r->vertices[i][axis];
      high[axis] = i ? PetscMax(high[axis], r->vertices[i][axis]) : r->vertices[i][axis];
    }
  }
}

PetscErrorCode HeatRegionArea(const HeatRegion *r, const PetscReal x[2], const PetscReal y[2],
                              PetscReal *area)
{
  const PetscReal *c = r->centre;

  PetscFunctionBeginUser;
  switch (r->shape) {
  case HEAT_SHAPE_ALL: *area = (x[1] - x[0]) * (y[1] - y[0]); break;
  case HEAT_SHAPE_RECTANGLE: *area = Overlap(r->x, x) * Overlap(r->y, y); break;
  case HEAT_SHAPE_CIRCLE:
    *area = CircleArea(r->radius, (const PetscReal[]){x[0] - c[0], x[1] - c[0]},
                       (const PetscReal[]){y[0] - c[1], y[1] - c[1]});
    break;
  case HEAT_SHAPE_POLYGON: PetscCall(PolygonArea(r, x, y, area)); break;
  case HEAT_SHAPE_MAP: *area = NAN; break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
