/** The direction of the interfaces in a map, which no shape describes.
 *
 *  A map holds a material number for each cell and nothing else.  The edge between the cells of a
 *  material and all others is traced from face to face, and its direction at a face is that of the
 *  digital straight segments around it (digital_line.h): a staircase of a slanted or round
 *  interface counts as slanted or round, the sides of a rectangle as straight, up to its corners.
 *  A map that was refined by repeating its pixels is traced pixel by pixel, so that refinement does
 *  not change a direction. */
#ifndef HEAT_SOLVER_MAP_INTERFACE_H
#define HEAT_SOLVER_MAP_INTERFACE_H

#include <stdint.h>

#include "solver/grid/grid.h"

typedef struct HeatMapInterface HeatMapInterface;

/** Largest number of cells along either axis that a pixel of a map may have been refined to for its
 *  interfaces to be traced pixel by pixel.  Chosen: more would need wider surroundings of the
 *  block. */
enum { HEAT_MOST_REFINED = 8 };

/** Create a copy of the materials with all cells around the block that tracing can reach.
 *  Collective on grid->comm; the grid must outlive the copy, which the caller owns.  It takes 2
 *  bytes a cell.
 *  @param[in] material  [nyl][nxl] index into case->materials
 *  @param[in] pixel     1 to HEAT_MOST_REFINED: cells along either axis of a pixel, if the map is
 *                       an image whose pixels were repeated; pixels begin at multiples of it */
PetscErrorCode HeatMapInterfaceCreate(const HeatGrid *grid, const uint16_t *material,
                                      PetscInt pixel, HeatMapInterface **map);

/** Return the part of a face between cells of two materials that lies along the interface: |n.e|,
 *  with n the interface's normal there and e the face's, 0 to 1.  It depends on the cells within 32
 *  pixels only, and has the same bits on every rank.  Not collective.
 *  @param[in] axis  0: the west face of cell (j, i); 1: its south face
 *  @param[in] j, i  local row 0 to nyl and column 0 to nxl; nyl and nxl are the cells beyond */
PetscReal HeatMapInterfaceCosine(const HeatMapInterface *map, int axis, PetscInt j, PetscInt i);

/** Free *map, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatMapInterfaceDestroy(HeatMapInterface **map);

#endif
