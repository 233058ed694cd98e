/** Painting: from the regions of a case to fields on a rank's own cells.
 *
 *  Regions are painted in order; each attribute that a region gives wins over earlier ones, what it
 *  does not give stays.  Every rank paints its own block only, row by row as runs of cells, and the
 *  answer depends on global indices alone, so it is the same for any decomposition.
 */
#ifndef HEAT_SOLVER_PAINT_H
#define HEAT_SOLVER_PAINT_H

#include <stdint.h>

#include "solver/grid/grid.h"

/** What the case's files hold on own cells, [nyl][nxl] each; app reads it with io before the
 *  operator is made.  Owned by whoever filled it. */
typedef struct {
  int32_t  **maps; /* [c->n_regions], NULL for a region without a map; NULL: no region has one */
  PetscReal *properties[HEAT_PROPERTIES]; /* NULL: the materials' values hold */
} HeatCellInputs;

/** The cells of one row that a region covers: local columns [begin, end) of local row j. */
typedef PetscErrorCode (*HeatRunVisitor)(PetscInt j, PetscInt begin, PetscInt end, void *context);

/** The first of n cells of width h from x0 on whose centre lies at or beyond x; n when none does.
 *  A centre within rounding of x counts as at x. */
PetscInt HeatPaintFirstCell(PetscReal x, PetscReal x0, PetscReal h, PetscInt n);

/** Visit the runs of this rank's cells that lie in region r of a case.  Not collective.  With
 *  `solver.paint: centre` a cell is in when its centre is; points on a left or lower edge are in,
 *  on a right or upper one out.  With `tealeaf` TeaLeaf's rule for rectangles and circles.  A map's
 *  cells are those with a number >= 0; none where inputs (or its map) are NULL. */
PetscErrorCode HeatPaintRegion(const HeatGrid *grid, const HeatCase *c, PetscInt r,
                               const HeatCellInputs *inputs, HeatRunVisitor visit, void *context);

/** Material index of each own cell [nyl][nxl].  A map's cells get the material that its region
 *  names, or else the one that the map's number is the index of.
 *  Collective on grid->comm.  Errors: HEAT_ERR_INPUT for a map's number that no material has. */
PetscErrorCode HeatPaintMaterials(const HeatGrid *grid, const HeatCase *c,
                                  const HeatCellInputs *inputs, uint16_t *material);

/** Index of the region whose source each own cell has, 65535 where none.  Not collective. */
PetscErrorCode HeatPaintSources(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, uint16_t *region);

/** Initial temperature [nyl][nxl]: `initial.temperature` unless the field was read from a file
 *  already (from_file), with the regions' temperatures painted over it.
 *  Collective on grid->comm.  Errors: HEAT_ERR_INPUT where an expression is not finite. */
PetscErrorCode HeatPaintTemperature(const HeatGrid *grid, const HeatCase *c,
                                    const HeatCellInputs *inputs, PetscBool from_file,
                                    PetscReal *T);

#endif
