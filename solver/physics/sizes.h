/** The sizes of the case's regions and segments on the grid, beside their true ones.
 *
 *  A region covers whole cells and a segment whole faces, so that their sizes differ from what the
 *  case says: a layer thinner than a cell may vanish, or take a whole cell, also a layer that later
 *  regions leave of a region.  Results give both sizes, and what covers nothing is refused.  So are
 *  a contact, an interface and a check between two materials that touch nowhere on the grid. */
#ifndef HEAT_SOLVER_SIZES_H
#define HEAT_SOLVER_SIZES_H

#include "solver/physics/region_sizes.h"
#include "solver/physics/touching.h"

/** The size of a segment of a side. */
typedef struct {
  HeatSide  side;
  PetscInt  segment; /* index into the side's segments */
  PetscInt  faces;   /* that it covers */
  PetscReal painted; /* [m] of these faces */
  PetscReal exact;   /* [m] from its beginning to its end */
} HeatSegmentSize;

/** The sizes of a case; the same on all ranks.  Plain data; free it with HeatSizesClear. */
typedef struct {
  PetscInt          n_regions;  /* of the case */
  HeatRegionSize   *regions;    /* owned [n_regions] */
  PetscInt          n_segments; /* of all sides */
  HeatSegmentSize  *segments;   /* owned [n_segments]: of left, then of right, bottom and top */
  PetscInt          n_pairs;    /* of materials that the case names */
  HeatMaterialPair *pairs;      /* owned [n_pairs]: of contacts, then of interfaces and checks */
} HeatSizes;

/** Measure the sizes of a case.  Collective on grid->comm.
 *  @param[in]  inputs  what the case's files hold; NULL when it names none
 *  @param[out] sizes   owned by the caller, also after an error
 *  Errors: HEAT_ERR_INPUT about the first region without cells, or of which later regions leave a
 *  part without cells, or segment without faces, or pair of materials that touch at no face, unless
 *  solver.empty_regions is allow. */
PetscErrorCode HeatSizesMeasure(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, HeatSizes *sizes);

/** Free the arrays and make *sizes empty.  Not collective. */
PetscErrorCode HeatSizesClear(HeatSizes *sizes);

#endif
