/** A search tree of the boxes around the shapes of a case.  It finds the later regions that may lie
 *  over a region. */
#ifndef HEAT_SOLVER_REGION_INDEX_H
#define HEAT_SOLVER_REGION_INDEX_H

#include "solver/case/case.h"

/** The attributes that regions paint; each is painted independently of the others. */
typedef enum {
  HEAT_ATTRIBUTE_MATERIAL,
  HEAT_ATTRIBUTE_TEMPERATURE,
  HEAT_ATTRIBUTE_SOURCE, /* source or power */
  HEAT_ATTRIBUTES
} HeatAttribute;
extern const char *const HeatAttributeNames[HEAT_ATTRIBUTES]; /* material temperature source */

/** Return the attributes that a region gives: bit 1 << a for attribute a. */
unsigned HeatRegionAttributes(const HeatRegion *region);

/** Compute the smallest rectangle that contains a region's shape, low[0] to high[0] by low[1] to
 *  high[1] [m].  Not collective.
 *  @param[in] domain_x, domain_y  extents of the domain, the box of shape `all` and of a map */
void HeatRegionBox(const HeatRegion *region, const PetscReal domain_x[2],
                   const PetscReal domain_y[2], PetscReal low[2], PetscReal high[2]);

typedef struct HeatRegionIndex HeatRegionIndex;

/** Create the index of a case's regions.  Not collective.
 *  @param[in]  c  borrowed until the index is destroyed */
PetscErrorCode HeatRegionIndexCreate(const HeatCase *c, HeatRegionIndex **index);

/** Free an index and set *index to NULL; *index may be NULL. */
PetscErrorCode HeatRegionIndexDestroy(HeatRegionIndex **index);

/** Find the later regions that give an attribute of region r and whose boxes overlap the box of
 *  region r.  Some regions are left out that lie inside another one of them which gives all their
 *  attributes: they make no difference.
 *  @param[out] over  [c->n_regions] indices of regions, increasing
 *  @param[out] n     their number */
PetscErrorCode HeatRegionIndexOver(HeatRegionIndex *index, PetscInt r, PetscInt *over, PetscInt *n);

#endif
