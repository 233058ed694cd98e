/** The true sizes of regions: the area of a region's shape inside the domain, without the parts
 *  that later regions paint over.  The cells that the region paints approximate this area. */
#ifndef HEAT_SOLVER_REGION_AREA_H
#define HEAT_SOLVER_REGION_AREA_H

#include "solver/case/region_index.h"

/** The areas of a region [m2].  A later region paints over an attribute where it gives the
 *  attribute as well; an attribute is left where no later region paints over it. */
typedef struct {
  PetscReal shape; /* inside the domain, without regard to later regions */
  PetscReal any;   /* where at least one attribute is left; without attributes: shape */
  PetscReal of[HEAT_ATTRIBUTES]; /* where this attribute is left; 0: not given by the region */
} HeatVisibleArea;

typedef struct HeatRegionAreas HeatRegionAreas;

/** Create what HeatRegionAreasOf needs.  Not collective.
 *  @param[in] c  borrowed until *areas is destroyed */
PetscErrorCode HeatRegionAreasCreate(const HeatCase *c, HeatRegionAreas **areas);

/** Free *areas and set it to NULL; *areas may be NULL. */
PetscErrorCode HeatRegionAreasDestroy(HeatRegionAreas **areas);

/** Compute the areas of region r.  Not collective.
 *
 *  The areas are exact up to rounding, unless so many outlines cross one another that exact areas
 *  would take too long: the affected part of the domain is then cut into equal strips, whose ends
 *  are not at the crossings, so that its areas are approximate.  Where a polygon crosses itself, a
 *  place that lies inside an even number of its loops does not count, as in painting (even-odd
 *  rule).
 *
 *  Maps have no outline: all areas of a map are NaN, and later maps are ignored. */
PetscErrorCode HeatRegionAreasOf(HeatRegionAreas *areas, PetscInt r, HeatVisibleArea *area);

#endif
