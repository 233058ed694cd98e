/** The sizes of a case's regions: on the grid, and of their shapes. */
#ifndef HEAT_SOLVER_REGION_SIZES_H
#define HEAT_SOLVER_REGION_SIZES_H

#include "solver/case/region_index.h"
#include "solver/physics/paint.h"

/** The size of the part of a region that later regions do not paint over. */
typedef struct {
  PetscInt64 cells;
  PetscReal  painted; /* [m2] area of these cells */
  PetscReal  exact;   /* [m2] true size: shape in the domain without shapes of later regions; where
                         very many outlines cross, from equal strips (region_area.h) */
} HeatPartSize;

/** The sizes of a region.
 *
 *  A later region paints over an attribute where it gives the attribute as well.  A map has no
 *  outline: its true size is the area of its cells.  Where a later map paints over cells of a
 *  region, the true size is computed without the map and multiplied by the share of the cells that
 *  the map leaves. */
typedef struct {
  PetscInt64   cells;      /* covered by its shape or map, without regard to later regions */
  PetscReal    shape;      /* [m2] area of its shape inside the domain; for a map, of its cells */
  unsigned     attributes; /* those that it gives: bit 1 << a for attribute a */
  HeatPartSize left;       /* where at least one of its attributes is left; where the shape is, if
                              the region gives no attribute */
  HeatPartSize of[HEAT_ATTRIBUTES]; /* where this attribute is left; 0: the region gives none */
} HeatRegionSize;

/** Return the attribute with cells whose painted size differs most from its true size, relative to
 *  the true size; -1 if none differs more than `left` does. */
int HeatRegionWorst(const HeatRegionSize *size);

/** Return an attribute that is left on a true area above 0 but in no cell, although the region
 *  covers cells; -1 if there is none. */
int HeatRegionLost(const HeatRegionSize *size);

/** Measure the regions of a case.  Collective on grid->comm.
 *  @param[in]  inputs  contents of the case's files; NULL when the case names no file
 *  @param[out] sizes   [c->n_regions], the same on all ranks */
PetscErrorCode HeatRegionSizesMeasure(const HeatGrid *grid, const HeatCase *c,
                                      const HeatCellInputs *inputs, HeatRegionSize *sizes);

/** Return (painted - exact)/exact: 0.5 if the painted size is too large by half of the true one;
 *  infinite where the true size is 0 and the painted one is not.  Not collective. */
PetscReal HeatSizeExcess(PetscReal painted, PetscReal exact);

#endif
