/** The conditions on the sides of the domain, on the boundary faces of a rank's own cells.
 *
 *  Every condition is one formula for the heat that enters through a face [W/m]:
 *      G (T_b - T_c) + F
 *  with T_c the cell's temperature.  G is the conductance of the half cell, in series with the film
 *  for convection and radiation; T_b the prescribed or ambient temperature; F a prescribed flux
 *  times the face.
 *      temperature: G = k A/(h/2);  flux: G = 0;
 *      convection:  1/G = (h/2)/(k A) + 1/(coefficient A);
 *      radiation:   likewise, with the film's coefficient that carries the heat of the last Update.
 *  A side is cut into segments; a face belongs to the first one that ends beyond its midpoint, and
 *  a rank evaluates those of its own faces.  Source: solver/README.md, "Sides".
 */
#ifndef HEAT_SOLVER_BOUNDARY_H
#define HEAT_SOLVER_BOUNDARY_H

#include "solver/grid/grid.h"

typedef struct HeatBoundaries HeatBoundaries;

/** Own cell behind face k of a side. */
static inline size_t HeatBoundaryCell(const HeatGrid *g, HeatSide side, PetscInt k)
{
  const size_t width = (size_t)g->nxl;

  switch (side) {
  case HEAT_LEFT: return (size_t)k * width;
  case HEAT_RIGHT: return (size_t)k * width + width - 1;
  case HEAT_BOTTOM: return (size_t)k;
  default: return (size_t)(g->nyl - 1) * width + (size_t)k;
  }
}

/** Collective on grid->comm; grid and case must outlive it.
 *  @param[in] kx, ky  conductivity of own cells [W/(m K)], [nyl][nxl]; 0 where it is not known yet
 *  Errors: HEAT_ERR_INPUT for expressions that are not finite at t = 0, a negative coefficient, an
 *  emissivity outside 0 to 1. */
PetscErrorCode HeatBoundariesCreate(const HeatGrid *grid, const HeatCase *c, const PetscReal *kx,
                                    const PetscReal *ky, HeatBoundaries **boundaries);

/** Bring T_b and F to time t [s].  Not collective. */
PetscErrorCode HeatBoundariesSetTime(HeatBoundaries *boundaries, PetscReal t);

/** Bring G, and `excess`, to the field T at the time of the last Set.  Not collective.
 *  @param[in]     k       conductivities kx, ky, [nyl][nxl] each; NULL: they do not depend on T
 *  @param[in]     slope   their derivatives [W/(m K2)], where k is not NULL
 *  @param[in,out] finite  set to false where something is not */
PetscErrorCode HeatBoundariesUpdate(HeatBoundaries *boundaries, const PetscReal *const k[2],
                                    const PetscReal *const slope[2], const PetscReal *T,
                                    PetscBool *finite);

/** One side's arrays, nyl long (left, right) or nxl (bottom, top); all NULL and length 0 where this
 *  rank has no face on that side. */
typedef struct {
  PetscInt         length;
  const PetscReal *G;       /* [W/(m K)] */
  const PetscReal *half;    /* conductance of the half cell alone [W/(m K)] */
  const PetscReal *T;       /* [length + 2] T_b at that time, on faces, then at both ends */
  const PetscReal *F;       /* [W/m] at that time */
  const PetscReal *excess;  /* what the entering heat falls by with T_c, beyond G [W/(m K)] */
  const PetscInt  *segment; /* [length + 2] of the side; ends belong to the segment next to them */
} HeatBoundaryFaces;
HeatBoundaryFaces HeatBoundariesGet(const HeatBoundaries *boundaries, HeatSide side);

/** Whether a flux is prescribed on some of this rank's faces, and whether Set can change it. */
PetscBool HeatBoundariesHaveFlux(const HeatBoundaries *boundaries);
PetscBool HeatBoundariesFluxVaries(const HeatBoundaries *boundaries);

/* What can be said of the case alone; not collective, the same on all ranks. */

/** Whether some condition fixes the level of the temperature: a prescribed temperature, or
 *  convection, radiation or exchange that is not zero. */
PetscBool HeatBoundariesFixLevel(const HeatCase *c);

/** Whether some side radiates, so that its heat is not linear in the temperature. */
PetscBool HeatBoundariesRadiate(const HeatCase *c);

/** Whether the segment at an end of a side (0: low, 1: high coordinate) prescribes the temperature,
 *  which then is T[length + end] of the rank that has the corner. */
PetscBool HeatBoundaryHoldsEnd(const HeatCase *c, HeatSide side, int end);

/** *boundaries may be NULL. */
PetscErrorCode HeatBoundariesDestroy(HeatBoundaries **boundaries);

#endif
