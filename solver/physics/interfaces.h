/** Interfaces between materials: their directions at the faces between cells.
 *
 *  On a grid of cells slanted and round interfaces are staircases.  A face whose normal is e
 *  belongs to an interface with the normal n to the part |n.e| of its length: over a straight
 *  interface these parts add up to its true length, while the faces add up to |n_x| + |n_y| times
 *  that, sqrt(2) at 45 degrees and 4/pi around a circle.
 *
 *  The normal comes from the shape that was painted last of those that gave the two cells their
 *  materials, since its edge passes between the cells' centres:
 *
 *      rectangle   the normal is parallel to an axis, so that |n.e| = 1
 *      polygon     the normal of the edge that crosses the line between the two centres
 *      circle      the direction of the radius where the circle crosses that line
 *      map         the normal of the digital straight segments around the face (map_interface.h)
 *
 *  Source: solver/README.md eq. (3). */
#ifndef HEAT_SOLVER_INTERFACES_H
#define HEAT_SOLVER_INTERFACES_H

#include "solver/physics/paint.h"

typedef struct HeatInterfaces HeatInterfaces;

/** Two touching cells: their materials, as indices into case->materials. */
typedef struct {
  PetscInt low, high; /* low: to the left or below */
} HeatFacePair;

/** Find out which region gave each own cell, and each cell next to the block, its material.
 *  Collective on grid->comm; grid and case must outlive the interfaces, which the caller owns.
 *  They take 4 bytes a cell, or 6 where a map gives materials, and are meant for set-up only.
 *  @param[in] inputs    what the case's files hold; NULL when it names none; not needed afterwards
 *  @param[in] material  [nyl][nxl] as HeatPaintMaterials painted it; not needed afterwards */
PetscErrorCode HeatInterfacesCreate(const HeatGrid *grid, const HeatCase *c,
                                    const HeatCellInputs *inputs, const uint16_t *material,
                                    HeatInterfaces **interfaces);

/** Return the materials of the two cells of a face; both are -1 for a face that has no second cell.
 *  Not collective.
 *  @param[in] axis  0: the west face of cell (j, i); 1: its south face
 *  @param[in] j, i  local row 0 to nyl - 1 or, for axis 1, nyl; local column 0 to nxl - 1 or, for
 *                   axis 0, nxl: the cells beyond the block */
HeatFacePair HeatInterfacesMaterials(const HeatInterfaces *interfaces, int axis, PetscInt j,
                                     PetscInt i);

/** Return |n.e| of a face between two materials, at least 1e-6 and at most 1; exactly 1 where the
 *  interface is parallel to the face.  It has the same bits on both ranks that share the face.  Not
 *  collective.  Arguments as for HeatInterfacesMaterials. */
PetscReal HeatInterfacesCosine(const HeatInterfaces *interfaces, int axis, PetscInt j, PetscInt i);

/** Free *interfaces, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatInterfacesDestroy(HeatInterfaces **interfaces);

#endif
