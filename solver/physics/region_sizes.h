/** The sizes of a case's regions on the grid, beside their true ones. */
#ifndef HEAT_SOLVER_REGION_SIZES_H
#define HEAT_SOLVER_REGION_SIZES_H

#include "solver/case/region_index.h"
#include "solver/physics/paint.h"

/** The size of what later regions leave of a region. */
typedef struct {
  PetscInt64 cells;
  PetscReal  painted; /* [m2] of these cells */
  PetscReal  exact;   /* [m2] of the shape inside the domain, without the shapes of later regions */
} HeatPartSize;

/** The sizes of a region.
 *
 *  A later region paints over an attribute where it gives the attribute as well.  A map has no
 *  shape but its cells: its true size is the painted one.  Where a later map paints over cells of a
 *  region, the true size is that without the map, times the share of the cells that the map
 *  leaves. */
typedef struct {
  PetscInt64   cells;      /* that its shape or map covers, whatever later regions paint over it */
  PetscReal    shape;      /* [m2] of its shape inside the domain; of its cells for a map */
  unsigned     attributes; /* that it gives: bit 1 << a for attribute a */
  HeatPartSize left;       /* where at least one of its attributes is left; where the shape is, if
                              the region gives no attribute */
  HeatPartSize of[HEAT_ATTRIBUTES]; /* where this attribute is left; 0 if it does not give it */
} HeatRegionSize;

/** Return the attribute, among those that have cells, whose painted size differs most from the true
 *  one, relative to the true one; -1 if none differs more than the region as a whole. */
int HeatRegionWorst(const HeatRegionSize *size);

/** Return the attribute of which later regions leave a part without a cell; -1 if there is none. */
int HeatRegionLost(const HeatRegionSize *size);

/** Measure the regions of a case.  Collective on grid->comm.
 *  @param[in]  inputs  what the case's files hold; NULL when it names none
 *  @param[out] sizes   [c->n_regions], the same on all ranks */
PetscErrorCode HeatRegionSizesMeasure(const HeatGrid *grid, const HeatCase *c,
                                      const HeatCellInputs *inputs, HeatRegionSize *sizes);

/** Return (painted - exact)/exact: 0.5 if the painted size is too large by half of the true one;
 *  infinite where the true size is 0 and the painted one is not.  Not collective. */
PetscReal HeatSizeExcess(PetscReal painted, PetscReal exact);

#endif
