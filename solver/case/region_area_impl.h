/** Internals of the areas of regions, shared by region_area.c, which halves the domain, and
 *  region_strips.c, which cuts parts of it into strips. */
#ifndef HEAT_SOLVER_REGION_AREA_IMPL_H
#define HEAT_SOLVER_REGION_AREA_IMPL_H

#include "solver/case/region_area.h"
#include "solver/case/region_curve.h"

/** A part with at most HEAT_AREA_EXACT curves is computed exactly, any other in HEAT_AREA_STRIPS
 *  equal strips.  Chosen: both take the same time where there are HEAT_AREA_EXACT curves. */
enum { HEAT_AREA_EXACT = 50, HEAT_AREA_STRIPS = 4 * HEAT_AREA_EXACT };

struct HeatRegionAreas {
  const HeatCase  *c;      /* borrowed */
  HeatRegionIndex *index;  /* owned */
  PetscInt        *over;   /* owned [n_regions]: the later regions over the current one */
  unsigned char   *inside; /* owned [n_regions]: 1 while a sweep is inside a region */
};

/** A curve of a region.  The curves left of a part of the domain only decide whether the part's
 *  left side lies inside the shape.  They are replaced by as few vertical lines left of the domain
 *  (HEAT_AREA_LEFT) as possible, an odd number of them at the heights where an odd number of curves
 *  was. */
typedef struct {
  PetscInt  region, curve; /* curve: index, or HEAT_AREA_LEFT */
  PetscReal y[2];          /* ends of a vertical line HEAT_AREA_LEFT [m] */
} HeatAreaRef;
enum { HEAT_AREA_LEFT = -1 };

/** How the shape of the current region lies in a part of the domain. */
typedef enum { HEAT_AREA_OUTSIDE, HEAT_AREA_COVERS, HEAT_AREA_CUT } HeatAreaCover;

/** A part of the domain. */
typedef struct {
  PetscReal     x[2], y[2]; /* extents [m] */
  HeatAreaCover own;        /* how the current region's shape lies in it */
  unsigned      hidden;     /* attributes that later regions replace in the whole part */
  PetscInt      n;          /* curves of the shapes that cut the part */
  HeatAreaRef  *refs;       /* owned [n], sorted by region; the current region comes first */
  PetscReal     budget;     /* largest number of pairs of a strip and a curve to visit */
} HeatAreaPart;

/** The region whose areas are computed. */
typedef struct {
  HeatRegionAreas *areas;
  PetscInt         r;
  unsigned         attributes; /* those that the region gives */
  HeatVisibleArea *area;       /* the sum to which the areas of parts are added */
} HeatAreaRegion;

/** Return whether some attribute of a region is left where later regions replace the attributes in
 *  `hidden`; true for a region without attributes. */
PetscBool HeatAreaLeft(const HeatAreaRegion *region, unsigned hidden);

/** Add the area [m2] of a piece inside the region's shape, in which later regions replace the
 *  attributes in `hidden`. */
void HeatAreaAddPiece(const HeatAreaRegion *region, unsigned hidden, PetscReal area);

/** Return the curve that a reference names. */
HeatCurve HeatAreaCurve(const HeatCase *c, const HeatAreaRef *ref);

/** Sort n numbers into ascending order. */
void HeatAreaSort(PetscInt n, PetscReal *numbers);

/** Add the areas of a part, strip by strip; they are exact for at most HEAT_AREA_EXACT curves. */
PetscErrorCode HeatAreaAddStrips(const HeatAreaRegion *region, const HeatAreaPart *part);

#endif
