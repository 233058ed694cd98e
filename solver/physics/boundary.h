/** Boundary conditions: the heat that enters the domain through its sides.
 *
 *  Every condition is one formula for the heat through a boundary face, per metre of depth [W/m]:
 *      q = G (T_b - T_c) + F
 *  with T_c [K] the temperature of the cell behind the face, G [W/(m K)] the conductance between
 *  the cell's centre and the surroundings, T_b [K] the prescribed or ambient temperature, and F
 *  [W/m] a prescribed flux times the face's length A [m].  h [m] is the cell's width across the
 *  face, k [W/(m K)] its conductivity:
 *      temperature:      G = G_half,  G_half = k A/(h/2)
 *      convection:       1/G = 1/G_half + 1/(coefficient A)
 *      radiation:        1/G = 1/G_half + 1/film; film is the conductance that carries the
 *                        radiated heat at the field of the last Update (the secant, radiation.h)
 *      flux, insulated:  G = 0
 *  A side is cut into segments, each with one condition.  A face belongs to the first segment that
 *  ends beyond the face's midpoint.  Each rank evaluates the formulas on its own faces only.
 *  Source: solver/README.md eq. (4), (6), (7), (9).
 *
 *  The faces of a side are numbered by increasing coordinate, from the rank's first own cell.
 *  Arrays over a side have the faces first and then, where their length is length + 2, the two ends
 *  of the rank's part of the side, which are corners of cells:
 *
 *        left side, length = nyl                   bottom side, length = nxl
 *
 *      [length + 1] o------------              |         |         |         |
 *                   |                          |  cell   |  cell   |  cell   |
 *      [nyl - 1]    x    cell                  |         |         |         |
 *                   |                          o----x----+----x----+----x----o
 *                   +------------         [length] [0]       [1]    [nxl - 1] [length + 1]
 *                   |
 *      [0]          x    cell             x  midpoint of a face      o  end
 *                   |
 *      [length]     o------------
 */
#ifndef HEAT_SOLVER_BOUNDARY_H
#define HEAT_SOLVER_BOUNDARY_H

#include "solver/case/time_line.h"
#include "solver/physics/conductivity.h"

typedef struct HeatBoundaries HeatBoundaries;

/** Return the local index, j * nxl + i, of the own cell behind face k of a side. */
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

/** Create the boundary conditions of a case, at t = 0.  Collective on grid->comm; the grid and the
 *  case must outlive the object, which the caller owns.
 *  The faces of radiating segments, and of cells whose conductivity depends on T, have G = 0 until
 *  the first Update.
 *  @param[in] kx, ky  conductivity of own cells [W/(m K)], [nyl][nxl]; 0 in cells where it depends
 *                     on T; not needed afterwards
 *  Errors: HEAT_ERR_INPUT where a formula is not finite at t = 0, a coefficient is negative, an
 *  emissivity lies outside 0 to 1, or a temperature is below the absolute zero of the case. */
PetscErrorCode HeatBoundariesCreate(const HeatGrid *grid, const HeatCase *c, const PetscReal *kx,
                                    const PetscReal *ky, HeatBoundaries **boundaries);

/** Evaluate T_b and F at a moment.  Not collective.
 *  @param[in,out] fault  notes values that are not finite, and temperatures below the absolute zero
 *                        of the case */
PetscErrorCode HeatBoundariesSetTime(HeatBoundaries *boundaries, HeatMoment when, HeatFault *fault);

/** Evaluate the best lines of T_b and F over a step (time_line.h), at the time t [s] of the step.
 *  Not collective.
 *  @param[in,out] fault  notes values of the formulas as HeatBoundariesSetTime does */
PetscErrorCode HeatBoundariesSetTimeOnLine(HeatBoundaries *boundaries, const HeatTimeLine *line,
                                           PetscReal t, HeatFault *fault);

/** Compute G, `half` and `excess` for the field T, at the time that was set last.  Where a cell's
 *  conductivity depends on T, its half cell conducts with the mean of k between cell and surface
 *  (solver/README.md eq. (4a)).  Changes nothing on sides that do not radiate where no conductivity
 *  depends on T.  Not collective.
 *  @param[in]     conductivity  updated to T; NULL when no conductivity depends on T
 *  @param[in]     material      material index of own cells, [nyl][nxl]; not read without
 *                               conductivity
 *  @param[in]     T             temperature of own cells [K], [nyl][nxl]
 *  @param[in,out] fault         notes G and `excess` that are not finite, in cells whose k is
 *                               valid, and means that are not positive and finite */
PetscErrorCode HeatBoundariesUpdate(HeatBoundaries         *boundaries,
                                    const HeatConductivity *conductivity, const uint16_t *material,
                                    const PetscReal *T, HeatFault *fault);

/** The faces of one side on this rank, in the order drawn above; the arrays belong to the
 *  HeatBoundaries.  Where the rank has no face on that side, length is 0 and all arrays are
 *  NULL. */
typedef struct {
  PetscInt         length;  /* faces: nyl (left, right) or nxl (bottom, top) */
  const PetscReal *G;       /* [length] conductance from the cell to the surroundings [W/(m K)] */
  const PetscReal *half;    /* [length] conductance G_half of the half cell alone [W/(m K)] */
  const PetscReal *T;       /* [length + 2] T_b [K] at the time that was set last; 0 where the
                               condition has none (flux, insulated) */
  const PetscReal *F;       /* [length + 2] prescribed heat [W/m] at the time that was set last; 0
                               where the condition is no flux; no meaning at the two ends */
  const PetscReal *excess;  /* [length] -dq/dT_c - G at the last Update [W/(m K)]; 0 before */
  const PetscInt  *segment; /* [length + 2] index into the side's segments; an end has the segment
                               of the face next to it */
} HeatBoundaryFaces;

/** Return the faces of a side.  The arrays stay in place; SetTime and Update change their values.
 *  Not collective. */
HeatBoundaryFaces HeatBoundariesGet(const HeatBoundaries *boundaries, HeatSide side);

/** Return whether a flux is prescribed on some of this rank's faces.  Not collective. */
PetscBool HeatBoundariesHaveFlux(const HeatBoundaries *boundaries);

/** Return whether a flux is prescribed on some of this rank's faces of a side.  Not collective. */
PetscBool HeatBoundariesSideHasFlux(const HeatBoundaries *boundaries, HeatSide side);

/** Return whether SetTime can change a prescribed flux on this rank's faces.  Not collective. */
PetscBool HeatBoundariesFluxVaries(const HeatBoundaries *boundaries);

/* The next four functions read the case alone: not collective, equal on all ranks. */

/** Return one past the last face of a segment, counted over the whole side; the last segment takes
 *  all faces that are left. */
PetscInt HeatBoundarySegmentEnd(const HeatCase *c, HeatSide side, PetscInt segment);

/** Return whether some condition fixes the level of the temperature: a prescribed temperature, or
 *  convection, radiation or ambient exchange whose coefficient is not the number zero.  A
 *  coefficient that is an expression counts as different from zero. */
PetscBool HeatBoundariesFixLevel(const HeatCase *c);

/** Return whether some side radiates, so that N is not linear in T.  An emissivity that is an
 *  expression counts as different from zero. */
PetscBool HeatBoundariesRadiate(const HeatCase *c);

/** Return whether the segment at an end of a side prescribes the temperature.  The prescribed
 *  value is then HeatBoundaryFaces.T[length + end] on the rank that owns the domain's corner.
 *  @param[in] end  0: the end of low coordinate, 1: of high coordinate */
PetscBool HeatBoundaryHoldsEnd(const HeatCase *c, HeatSide side, int end);

/** Free *boundaries, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatBoundariesDestroy(HeatBoundaries **boundaries);

#endif
