/** Painting: from the regions of a case to fields on a rank's own cells.
 *
 *  Regions are painted in order, like coats of paint.  An attribute (material, temperature, source
 *  or power) that a region gives replaces what earlier regions gave in its cells; an attribute that
 *  it does not give stays.  Each rank paints its own block only.  Which cells a region covers is
 *  decided from global indices and coordinates, so the result is the same on any decomposition.
 *
 *  A region is handed out as runs, row by row.  A run is the local columns [begin, end) of one
 *  local row j, so that an expression is evaluated in bulk, and a region costs its rows plus its
 *  cells:
 *
 *      local row                            runs (j, begin, end) of a polygon on a block of 12 x 4
 *        3     . . . . . . . . . . . .
 *        2     . . # # # . . . # # . .      (2, 2, 5)  (2, 8, 10)
 *        1     . # # # # # # # # # # .      (1, 1, 11)
 *        0     # # # # # # # # # # # #      (0, 0, 12), cut at the edges of the block
 *              0   2     5     8   10  12   local column
 */
#ifndef HEAT_SOLVER_PAINT_H
#define HEAT_SOLVER_PAINT_H

#include <stdint.h>
#include <string.h>

#include "solver/grid/grid.h"

/** What the case's files hold on own cells, [nyl][nxl] each.  io fills it and owns the arrays
 *  (HeatCellInputsRead, HeatCellInputsClear); app passes it to HeatOperatorCreate. */
typedef struct {
  int32_t  **maps; /* [c->n_regions] material numbers, negative: not in the region; an entry is NULL
                      for a region without a map, and maps is NULL when no region has one */
  PetscReal *properties[HEAT_PROPERTIES]; /* SI units of the property; NULL: use the material's */
} HeatCellInputs;

/** Index of a cell that no region has painted; a case has at most HEAT_MAX_REGIONS regions, the
 *  last of which has the index before this one. */
#define HEAT_NO_REGION UINT16_MAX

/** Distance from an edge of a shape, in units of a cell's width, within which a cell's centre
 *  counts as on the edge (paint.c says why). */
#define HEAT_PAINT_TOLERANCE 1e-9

/** Receives a run of a region: local columns [begin, end) of local row j, begin < end. */
typedef PetscErrorCode (*HeatRunVisitor)(PetscInt j, PetscInt begin, PetscInt end, void *context);

/** Return how many of n >= 1 cells of a row, from the first one on, have the first one's material.
 *  Blocks of cells are compared with the same cells one further, for which memcmp is fast. */
static inline PetscInt HeatPaintRunLength(const uint16_t *material, PetscInt n)
{
  enum { BLOCK = 64 }; /* chosen: two vectors of 512 bits and more; shorter ones cost more calls */
  PetscInt i = 0;

  while (i + BLOCK < n && memcmp(material + i, material + i + 1, BLOCK * sizeof *material) == 0)
    i += BLOCK;
  while (i + 1 < n && material[i + 1] == material[i]) i++;
  return i + 1;
}

/** Return the index of the first of n cells of width h [m], the first of which begins at x0 [m],
 *  whose centre lies at or beyond x [m]; n when none does.  A centre within 1e-9 h of x counts as
 *  at x.  Not collective. */
PetscInt HeatPaintFirstCell(PetscReal x, PetscReal x0, PetscReal h, PetscInt n);

/** Visit the runs of this rank's cells that lie in region r of a case, by increasing j.  Stops at
 *  the first error of `visit` and returns it.  Not collective.
 *
 *  A cell lies in a rectangle or a polygon if its centre does: a centre on a left or lower edge is
 *  inside, on a right or upper edge outside.  A cell lies in a circle if its centre is within the
 *  radius, the circle's edge included.  With `solver.paint: tealeaf` a cell lies in a rectangle if
 *  any part of it does (TeaLeaf's rule); other shapes do not change.  A cell lies in a map if its
 *  number is >= 0; no cell does where `inputs` or the region's map is NULL. */
PetscErrorCode HeatPaintRegion(const HeatGrid *grid, const HeatCase *c, PetscInt r,
                               const HeatCellInputs *inputs, HeatRunVisitor visit, void *context);

/** Compute the material index of each own cell.  The cells of a map get the material that the
 *  region names, or, if it names none, the material whose index is the map's number.  Cells that no
 *  region gives a material have material 0.  Collective on grid->comm.
 *  @param[in]  inputs    NULL when the case names no files
 *  @param[out] material  [nyl][nxl] index into c->materials
 *  Errors: HEAT_ERR_INPUT where a map's number is not below c->n_materials. */
PetscErrorCode HeatPaintMaterials(const HeatGrid *grid, const HeatCase *c,
                                  const HeatCellInputs *inputs, uint16_t *material);

/** Compute the index of the region that gave each own cell its material, which is the last one that
 *  covers the cell and gives a material.  Not collective.
 *  @param[out] region  [nyl][nxl] index into c->regions; HEAT_NO_REGION where no region gives a
 *                      material */
PetscErrorCode HeatPaintMaterialRegions(const HeatGrid *grid, const HeatCase *c,
                                        const HeatCellInputs *inputs, uint16_t *region);

/** Compute the index of the region whose source or power each own cell has.  Not collective.
 *  @param[out] region  [nyl][nxl] index into c->regions; HEAT_NO_REGION where no region gives a
 *                      source or a power */
PetscErrorCode HeatPaintSources(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, uint16_t *region);

/** Compute the initial temperature: `initial.temperature`, with the regions' temperatures painted
 *  over it.  Collective on grid->comm.
 *  @param[in]     filled  T already holds a field, which takes the place of `initial.temperature`
 *  @param[in,out] T       [nyl][nxl] temperature [K]
 *  Errors: HEAT_ERR_INPUT where a temperature is not finite or below the absolute zero of the case
 *  in some cell, and where neither `initial` nor a region gives some cell a temperature. */
PetscErrorCode HeatPaintTemperature(const HeatGrid *grid, const HeatCase *c,
                                    const HeatCellInputs *inputs, PetscBool filled, PetscReal *T);

#endif
