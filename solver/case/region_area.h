/** The area of a region's shape inside the domain: its true size, which the cells that the region
 *  covers approximate. */
#ifndef HEAT_SOLVER_REGION_AREA_H
#define HEAT_SOLVER_REGION_AREA_H

#include "solver/case/case.h"

/** Compute the area of the part of a region's shape that lies in a rectangle.  Not collective.
 *
 *  The area is exact up to rounding.  Where a polygon crosses itself, a place that lies inside an
 *  even number of its loops does not count, as in painting (even-odd rule).  A polygon with many
 *  vertices and crossings, whose exact area would take too long, is cut into 100 to a million
 *  horizontal strips of equal height, and each strip has the width at its middle.
 *  @param[in]  x, y  the rectangle: x[0] to x[1] by y[0] to y[1] [m]
 *  @param[out] area  [m2]; NaN for a map, which has no shape */
PetscErrorCode HeatRegionArea(const HeatRegion *region, const PetscReal x[2], const PetscReal y[2],
                              PetscReal *area);

/** Compute the smallest rectangle that contains a region's shape, low[0] to high[0] by low[1] to
 *  high[1] [m].  Not collective.
 *  @param[in] domain_x, domain_y  extents of the domain, the box of shape `all` and of a map */
void HeatRegionBox(const HeatRegion *region, const PetscReal domain_x[2],
                   const PetscReal domain_y[2], PetscReal low[2], PetscReal high[2]);

#endif
