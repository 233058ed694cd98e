/** The conditions on the sides of the domain, on the boundary faces of a rank's own cells.
 *
 *  Every linear condition is one formula for the heat that enters through a face [W/m]:
 *      G (T_b - T_c) + F
 *  with T_c the cell's temperature.  G is the conductance of the half cell, in series with the film
 *  for convection; T_b the prescribed or ambient temperature; F a prescribed flux times the face.
 *      temperature: G = k A/(h/2);  flux: G = 0;
 *      convection:  1/G = (h/2)/(k A) + 1/(coefficient A).
 *  Source: solver/README.md, "Sides".
 */
#ifndef HEAT_SOLVER_BOUNDARY_H
#define HEAT_SOLVER_BOUNDARY_H

#include "solver/grid.h"

typedef struct HeatBoundaries HeatBoundaries;

/** Collective on grid->comm; the grid must outlive it.
 *  @param[in] kx, ky  conductivity of own cells [W/(m K)], [nyl][nxl]
 *  Errors: HEAT_ERR_INPUT for expressions that are not finite at t = 0, or a negative coefficient.
 * */
PetscErrorCode HeatBoundariesCreate(const HeatGrid *grid, const HeatCase *c, const PetscReal *kx,
                                    const PetscReal *ky, HeatBoundaries **boundaries);

/** Bring T_b and F to time t [s].  Not collective. */
PetscErrorCode HeatBoundariesSet(HeatBoundaries *boundaries, PetscReal t);

/** One side's arrays, nyl long (left, right) or nxl (bottom, top); all NULL and length 0 where this
 *  rank has no face on that side. */
typedef struct {
  PetscInt         length;
  const PetscReal *G;    /* [W/(m K)] */
  const PetscReal *half; /* conductance of the half cell alone [W/(m K)] */
  const PetscReal *T;    /* [length + 2] T_b at that time, on faces, then at both ends */
  const PetscReal *F;    /* [W/m] at that time */
} HeatBoundaryFaces;
HeatBoundaryFaces HeatBoundariesGet(const HeatBoundaries *boundaries, HeatSide side);

/** Whether Set can change the prescribed flux on this rank's faces. */
PetscBool HeatBoundariesFluxVaries(const HeatBoundaries *boundaries);

/** Whether some condition of the case fixes the level of the temperature (temperature, convection).
 * */
PetscBool HeatBoundariesFixLevel(const HeatCase *c);

/** *boundaries may be NULL. */
PetscErrorCode HeatBoundariesDestroy(HeatBoundaries **boundaries);

#endif
