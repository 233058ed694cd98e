/** The true size of regions: the area of what is left of a region's shape inside the domain,
 *  without the parts that later regions paint over.  The cells of the region approximate it. */
#ifndef HEAT_SOLVER_REGION_AREA_H
#define HEAT_SOLVER_REGION_AREA_H

#include "solver/case/region_index.h"

/** The areas of what is left of a region [m2].  A later region paints over an attribute where it
 *  gives the attribute as well. */
typedef struct {
  PetscReal shape; /* inside the domain, whatever is painted over it */
  PetscReal any;   /* where at least one attribute of the region is left; the area of
                                    the shape if the region gives no attribute */
  PetscReal
      of[HEAT_ATTRIBUTES]; /* where this attribute is left; 0 if the region does not give it */
} HeatVisibleArea;

typedef struct HeatRegionAreas HeatRegionAreas;

/** Create what HeatRegionAreasOf needs.  Not collective.
 *  @param[in] c  borrowed until *areas is destroyed */
PetscErrorCode HeatRegionAreasCreate(const HeatCase *c, HeatRegionAreas **areas);

/** Free *areas and set it to NULL; *areas may be NULL. */
PetscErrorCode HeatRegionAreasDestroy(HeatRegionAreas **areas);

/** Compute the areas of region r.  Not collective.
 *
 *  The areas are exact up to rounding.  Where a polygon crosses itself, a place that lies inside an
 *  even number of its loops does not count, as in painting (even-odd rule).  Where so many outlines
 *  cross one another that exact areas would take too long, part of the domain is cut into strips
 *  whose ends are not at the crossings.
 *
 *  Maps have no outline: all areas of a map are NaN, and a later map paints over nothing. */
PetscErrorCode HeatRegionAreasOf(HeatRegionAreas *areas, PetscInt r, HeatVisibleArea *area);

#endif
