/** What region_area.c, which halves the domain, shares with region_strips.c. */
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
  unsigned char   *inside; /* owned [n_regions]: whether a sweep is inside a region; else 0 */
};

/** A curve of a region.  In a part of the domain, the curves left of the part are replaced by as
 *  few vertical lines left of the domain, HEAT_AREA_LEFT, as give the same parity at each
 *  height. */
typedef struct {
  PetscInt  region, curve; /* curve: index, or HEAT_AREA_LEFT */
  PetscReal y[2];          /* of HEAT_AREA_LEFT: its ends [m] */
} HeatAreaRef;
enum { HEAT_AREA_LEFT = -1 };

/** How the shape of the current region lies in a part of the domain. */
typedef enum { HEAT_AREA_OUTSIDE, HEAT_AREA_COVERS, HEAT_AREA_CUT } HeatAreaCover;

/** A part of the domain. */
typedef struct {
  PetscReal     x[2], y[2]; /* extents [m] */
  HeatAreaCover own;        /* of the current region */
  unsigned      hidden;     /* attributes that later regions replace in the whole part */
  PetscInt      n;          /* curves of the shapes that cut the part */
  HeatAreaRef  *refs;       /* owned [n], sorted by region; the current region comes first */
  PetscReal     budget;     /* visits of a curve by a strip that it may take */
} HeatAreaPart;

/** The region whose areas are computed. */
typedef struct {
  HeatRegionAreas *areas;
  PetscInt         r;
  unsigned         attributes; /* that it gives */
  HeatVisibleArea *area;       /* to which parts are added */
} HeatAreaRegion;

/** Return whether something is left of a region where later regions replace the attributes in
 *  `hidden`. */
PetscBool HeatAreaLeft(const HeatAreaRegion *region, unsigned hidden);

/** Add a piece inside the region's shape where later regions replace the attributes in `hidden`. */
void HeatAreaAddPiece(const HeatAreaRegion *region, unsigned hidden, PetscReal area);

/** Return a curve of a list. */
HeatCurve HeatAreaCurve(const HeatCase *c, const HeatAreaRef *ref);

/** Sort n numbers. */
void HeatAreaSort(PetscInt n, PetscReal *numbers);

/** Add the areas of a part, strip by strip: exactly up to HEAT_AREA_EXACT curves. */
PetscErrorCode HeatAreaAddStrips(const HeatAreaRegion *region, const HeatAreaPart *part);

#endif
