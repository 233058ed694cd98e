/** Crossings of the edges of a polygon (polygon.h).
 *
 *  The outline is scaled to an extent of 1, and repeated vertices are dropped.  Two of its edges
 *  cross in one of three ways:
 *
 *      in the middle of both      at a vertex on an edge      where two vertices coincide
 *
 *            \   /                   before                        \   /
 *             \ /                        \                          \ /
 *              X                    ------o------                    o
 *             / \                          \                        / \
 *            /   \                        after                    /   \
 *
 *  At a vertex the outline crosses if what comes before and what comes after lie on different
 *  sides.  Where either runs along the other edge the outline touches itself and does not cross.
 *
 *  Pairs of edges are found by a sweep along the axis across which most edges run, so that the
 *  edges' extents along the sweep are small: edges are sorted by the beginning of their extents,
 *  and each is compared with those that begin before it ends. */
#include "solver/case/polygon.h"

#include <math.h>
#include <stdlib.h>

/* Distance from an edge, relative to the polygon's extent, up to which a vertex lies on the edge.
   Chosen: vertices of case files often have nine digits or more; a crossing of that depth changes
   an area by 1e-9 at most. */
static const PetscReal Touching = 1e-9;

/* Angle [rad] up to which two edges at a common vertex have the same direction.  Chosen as
   Touching. */
static const PetscReal SameDirection = 1e-9;

/* The outline, scaled and without repeated vertices. */
typedef struct {
  PetscInt n;
  PetscReal (*v)[2];  /* owned [n] scaled to an extent of 1 */
  PetscInt *original; /* owned [n] index of the vertex in the case */
} Outline;

/* The extent of an edge along the sweep (s) and across it (c). */
typedef struct {
  PetscReal s[2], c[2];
  PetscInt  edge;
} Extent;

static PetscInt Next(const Outline *o, PetscInt k) { return k + 1 < o->n ? k + 1 : 0; }

static PetscInt Previous(const Outline *o, PetscInt k) { return k > 0 ? k - 1 : o->n - 1; }

static PetscBool Coincide(const PetscReal a[2], const PetscReal b[2])
{
  return (PetscBool)(hypot(a[0] - b[0], a[1] - b[1]) <= Touching);
}

/* Copy the vertices with their smallest box scaled to an extent of 1; drop a vertex that repeats
   the one before it, and the last ones if they repeat the first one. */
static PetscErrorCode MakeOutline(PetscInt n, PetscReal (*vertices)[2], Outline *o)
{
  PetscReal low[2], high[2];

  PetscFunctionBeginUser;
  for (int a = 0; a < 2; a++) {
    low[a] = high[a] = vertices[0][a];
    for (PetscInt k = 1; k < n; k++) {
      low[a]  = PetscMin(low[a], vertices[k][a]);
      high[a] = PetscMax(high[a], vertices[k][a]);
    }
  }
  const PetscReal box    = PetscMax(high[0] - low[0], high[1] - low[1]);
  const PetscReal extent = box > 0.0 ? box : 1.0;

  PetscCall(PetscMalloc1(n, &o->v));
  PetscCall(PetscMalloc1(n, &o->original));
  o->n = 0;
  for (PetscInt k = 0; k < n; k++) {
    PetscReal *v = o->v[o->n];

    for (int a = 0; a < 2; a++) v[a] = (vertices[k][a] - low[a]) / extent;
    if (o->n > 0 && Coincide(v, o->v[o->n - 1])) continue;
    o->original[o->n++] = k;
  }
  while (o->n > 1 && Coincide(o->v[o->n - 1], o->v[0])) o->n--;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Geometry of two edges. */

/* Return the distance of point p from the line of edge k, positive on its left. */
static PetscReal Distance(const Outline *o, PetscInt k, const PetscReal p[2])
{
  const PetscReal *a = o->v[k], *b = o->v[Next(o, k)];
  const PetscReal  dx = b[0] - a[0], dy = b[1] - a[1];

  return (dx * (p[1] - a[1]) - dy * (p[0] - a[0])) / hypot(dx, dy);
}

/* Return whether both are beyond the tolerance, on different sides. */
static PetscBool Opposite(PetscReal a, PetscReal b)
{
  return (PetscBool)((a > Touching && b < -Touching) || (a < -Touching && b > Touching));
}

/* Return the angle [rad] from direction a to direction b, counterclockwise, 0 to 2 pi. */
static PetscReal Angle(const PetscReal a[2], const PetscReal b[2])
{
  const PetscReal angle = atan2(a[0] * b[1] - a[1] * b[0], a[0] * b[0] + a[1] * b[1]);

  return angle < 0.0 ? angle + 2.0 * PETSC_PI : angle;
}

/* Return whether the outline crosses itself where the vertices i and j coincide: the edges of one
   lie on different sides of the other. */
static PetscBool CrossAtVertices(const Outline *o, PetscInt i, PetscInt j)
{
  const PetscInt to[4] = {Next(o, i), Previous(o, i), Next(o, j), Previous(o, j)};
  PetscReal      direction[4][2], angle[4];

  for (int k = 0; k < 4; k++)
    for (int a = 0; a < 2; a++) direction[k][a] = o->v[to[k]][a] - o->v[k < 2 ? i : j][a];
  for (int k = 1; k < 4; k++) angle[k] = Angle(direction[0], direction[k]);
  for (int k = 2; k < 4; k++) {
    if (angle[k] < SameDirection || angle[k] > 2.0 * PETSC_PI - SameDirection) return PETSC_FALSE;
    if (PetscAbsReal(angle[k] - angle[1]) < SameDirection) return PETSC_FALSE;
  }
  return (PetscBool)((angle[2] < angle[1]) != (angle[3] < angle[1]));
}

/* Return whether the outline crosses itself at vertex j, which is not an end of edge i: on the edge
   or at its first vertex.  Its last vertex belongs to the next edge. */
static PetscBool CrossAtVertex(const Outline *o, PetscInt i, PetscInt j)
{
  const PetscReal *a = o->v[i], *b = o->v[Next(o, i)], *p = o->v[j];
  const PetscReal  dx = b[0] - a[0], dy = b[1] - a[1];
  const PetscReal  along = (p[0] - a[0]) * dx + (p[1] - a[1]) * dy, square = dx * dx + dy * dy;

  if (Coincide(p, a)) return CrossAtVertices(o, i, j);
  if (Coincide(p, b) || PetscAbsReal(Distance(o, i, p)) > Touching) return PETSC_FALSE;
  if (along < 0.0 || along > square) return PETSC_FALSE;
  return Opposite(Distance(o, i, o->v[Previous(o, j)]), Distance(o, i, o->v[Next(o, j)]));
}

/* Return whether edges i and j cross, which have no vertex in common.
   @param[out] at  a vertex at which they do; -1: in the middle of both */
static PetscBool Cross(const Outline *o, PetscInt i, PetscInt j, PetscInt *at)
{
  *at = -1;
  if (Opposite(Distance(o, i, o->v[j]), Distance(o, i, o->v[Next(o, j)])) &&
      Opposite(Distance(o, j, o->v[i]), Distance(o, j, o->v[Next(o, i)])))
    return PETSC_TRUE;
  *at = j;
  if (CrossAtVertex(o, i, j)) return PETSC_TRUE;
  *at = i;
  return CrossAtVertex(o, j, i);
}

/* The sweep. */

/* Compute the unit vector along which the edges have the smallest mean square extent: the minor
   axis of the sum of d d^T over the edges d. */
static void FindSweep(const Outline *o, PetscReal axis[2])
{
  PetscReal xx = 0.0, xy = 0.0, yy = 0.0;

  for (PetscInt k = 0; k < o->n; k++) {
    const PetscReal *a = o->v[k], *b = o->v[Next(o, k)];
    const PetscReal  dx = b[0] - a[0], dy = b[1] - a[1];

    xx += dx * dx;
    xy += dx * dy;
    yy += dy * dy;
  }
  const PetscReal major = 0.5 * atan2(2.0 * xy, xx - yy);

  axis[0] = -sin(major);
  axis[1] = cos(major);
}

/* Order extents by their beginning, for qsort. */
static int CompareExtents(const void *a, const void *b)
{
  const Extent *p = a, *q = b;

  if (p->s[0] != q->s[0]) return p->s[0] < q->s[0] ? -1 : 1;
  return (p->edge > q->edge) - (p->edge < q->edge);
}

/* Set the extents of all edges along the sweep and across it, wider by the tolerance. */
static void SetExtents(const Outline *o, const PetscReal axis[2], Extent *extents)
{
  for (PetscInt k = 0; k < o->n; k++) {
    const PetscReal *a = o->v[k], *b = o->v[Next(o, k)];
    const PetscReal  s[2] = {a[0] * axis[0] + a[1] * axis[1], b[0] * axis[0] + b[1] * axis[1]};
    const PetscReal  c[2] = {a[1] * axis[0] - a[0] * axis[1], b[1] * axis[0] - b[0] * axis[1]};

    extents[k] = (Extent){{PetscMin(s[0], s[1]) - Touching, PetscMax(s[0], s[1]) + Touching},
                          {PetscMin(c[0], c[1]) - Touching, PetscMax(c[0], c[1]) + Touching},
                          k};
  }
  qsort(extents, (size_t)o->n, sizeof *extents, CompareExtents);
}

/* Return whether two edges have a vertex in common. */
static PetscBool Adjacent(const Outline *o, PetscInt i, PetscInt j)
{
  return (PetscBool)(i == j || Next(o, i) == j || Next(o, j) == i);
}

/* Find two edges that cross, by a sweep over their extents. */
static PetscBool Sweep(const Outline *o, const Extent *extents, PetscInt found[2], PetscInt *at)
{
  for (PetscInt k = 0; k < o->n; k++) {
    for (PetscInt m = k + 1; m < o->n && extents[m].s[0] <= extents[k].s[1]; m++) {
      const PetscInt i = PetscMin(extents[k].edge, extents[m].edge);
      const PetscInt j = PetscMax(extents[k].edge, extents[m].edge);

      if (extents[m].c[0] > extents[k].c[1] || extents[m].c[1] < extents[k].c[0]) continue;
      if (Adjacent(o, i, j) || !Cross(o, i, j, at)) continue;
      found[0] = i;
      found[1] = j;
      return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

/* Describe a crossing by the vertices of the case. */
static void Describe(const Outline *o, PetscReal (*vertices)[2], const PetscInt found[2],
                     PetscInt at, HeatCrossing *crossing)
{
  const PetscInt   i = found[0], j = found[1];
  const PetscReal *a = vertices[o->original[i]], *b = vertices[o->original[Next(o, i)]];
  const PetscReal  before = Distance(o, j, o->v[i]), after = Distance(o, j, o->v[Next(o, i)]);

  for (int k = 0; k < 2; k++) {
    crossing->from[k] = o->original[found[k]];
    crossing->to[k]   = o->original[Next(o, found[k])];
    crossing->at[k]   = at < 0 ? a[k] + (b[k] - a[k]) * (before / (before - after))
                               : vertices[o->original[at]][k];
  }
}

PetscErrorCode HeatPolygonCrossing(PetscInt n, PetscReal (*vertices)[2], HeatCrossing *crossing)
{
  Outline   o;
  Extent   *extents;
  PetscReal axis[2];
  PetscInt  found[2], at;

  PetscFunctionBeginUser;
  *crossing = (HeatCrossing){{-1, -1}, {-1, -1}, {0.0, 0.0}};
  PetscCall(MakeOutline(n, vertices, &o));
  PetscCall(PetscMalloc1(o.n, &extents));
  FindSweep(&o, axis);
  SetExtents(&o, axis, extents);
  if (Sweep(&o, extents, found, &at)) Describe(&o, vertices, found, at, crossing);
  PetscCall(PetscFree(extents));
  PetscCall(PetscFree(o.v));
  PetscCall(PetscFree(o.original));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Area. */

/* The line runs from the first vertex to the one farthest from it, at a distance of (dx, dy).
   `area` is twice the signed area.  1e-13 is chosen: some 500 times the rounding of doubles; a
   larger one would refuse very thin polygons, a smaller one would accept noise. */
PetscBool HeatPolygonIsEmpty(PetscInt n, PetscReal (*v)[2])
{
  PetscReal dx = 0.0, dy = 0.0, area = 0.0;

  for (PetscInt i = 1; i < n; i++) {
    const PetscReal x = v[i][0] - v[0][0], y = v[i][1] - v[0][1];

    if (hypot(x, y) > hypot(dx, dy)) {
      dx = x;
      dy = y;
    }
    area += (v[i - 1][0] - v[0][0]) * y - (v[i - 1][1] - v[0][1]) * x;
  }
  return (PetscBool)(!(fabs(area) > 1e-13 * (dx * dx + dy * dy)));
}
