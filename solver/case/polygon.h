/** Whether a polygon crosses itself.
 *
 *  The outline of a polygon may touch itself: at a vertex, along an edge that it follows twice, and
 *  at vertices that are repeated.  What lies inside is then clear.  Where the outline crosses
 *  itself the order of the vertices is most often a mistake, and what lies inside depends on a
 *  rule. */
#ifndef HEAT_SOLVER_POLYGON_H
#define HEAT_SOLVER_POLYGON_H

#include "solver/case/case.h"

/** Two edges that cross. */
typedef struct {
  PetscInt  from[2], to[2]; /* vertices at the ends of each edge; -1: no edges cross */
  PetscReal at[2];          /* x, y of the crossing [m] */
} HeatCrossing;

/** Find two edges of a polygon that cross.  A vertex closer to an edge than 1e-9 of the polygon's
 *  extent lies on the edge, and two such vertices are one.  Not collective.
 *
 *  Takes O(n log n) operations for polygons whose edges are short or nearly parallel, and at most
 *  O(n^2): 10000 vertices take some milliseconds, and at worst some tenths of a second.
 *  @param[in]  n         number of vertices
 *  @param[in]  vertices  [n] x, y [m]
 *  @param[out] crossing  the first two edges that were found */
PetscErrorCode HeatPolygonCrossing(PetscInt n, PetscReal (*vertices)[2], HeatCrossing *crossing);

/** Return whether a polygon that does not cross itself encloses no area: all of its vertices lie on
 *  one line, or its outline runs back along itself.  An area counts as 0 up to 1e-13 of the area
 *  of the box around the polygon's longest line through vertex 0.  Not collective. */
PetscBool HeatPolygonIsEmpty(PetscInt n, PetscReal (*vertices)[2]);

#endif
