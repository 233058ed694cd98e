/** The heat sources of a case on a rank's own cells, as a function of time and temperature.
 *
 *  What depends on neither is evaluated once.  What does is kept as terms: an expression and the
 *  runs of cells where it acts; a term of time alone costs one evaluation, and nothing at all while
 *  its value stays the same (a switched source).  Where some term depends on the temperature, a Set
 *  shows only after the next Update; before the first one such terms are zero. */
#ifndef HEAT_SOLVER_SOURCE_H
#define HEAT_SOLVER_SOURCE_H

#include "solver/base/exact_sum.h"
#include "solver/physics/paint.h"

typedef struct HeatSource HeatSource;

/** Collective on grid->comm; the grid must outlive the source.
 *  Errors: HEAT_ERR_INPUT for an expression without T that is not finite at t = 0. */
PetscErrorCode HeatSourceCreate(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, HeatSource **source);

/** Bring the source to time t [s].  Not collective. */
PetscErrorCode HeatSourceSetTime(HeatSource *source, PetscReal t);

/** Bring what depends on the temperature to the field T [nyl][nxl], at the time of the last Set.
 *  Nothing to do where nothing does.  Not collective.
 *  @param[in,out] finite  set to false where the source or its slope is not */
PetscErrorCode HeatSourceUpdate(HeatSource *source, const PetscReal *T, PetscBool *finite);

/** Heat released in each own cell [W/m], [nyl][nxl]; valid until the next Set or Update. */
const PetscReal *HeatSourceCells(const HeatSource *source);

/** Its derivative with respect to the cell's temperature [W/(m K)], likewise; NULL where nothing
 *  depends on it. */
const PetscReal *HeatSourceSlope(const HeatSource *source);

/** Whether Set can change it. */
PetscBool HeatSourceVaries(const HeatSource *source);

/** Whether some source of the case depends on the temperature; the same on all ranks. */
PetscBool HeatSourceDependsOnT(const HeatSource *source);

/** Its sum over own cells, and the sum of its magnitudes [W/m]. */
const HeatExactSum *HeatSourceLocalTotal(const HeatSource *source);
const HeatExactSum *HeatSourceLocalTurnover(const HeatSource *source);

/** *source may be NULL. */
PetscErrorCode HeatSourceDestroy(HeatSource **source);

#endif
