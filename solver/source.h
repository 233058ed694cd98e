/** The heat sources of a case on a rank's own cells, as a function of time.
 *
 *  What does not depend on time is evaluated once.  What does is kept as terms: an expression and
 *  the runs of cells where it acts; a term of time alone costs one evaluation, and nothing at all
 *  while its value stays the same (a switched source). / */
#ifndef HEAT_SOLVER_SOURCE_H
#define HEAT_SOLVER_SOURCE_H

#include "solver/grid.h"

typedef struct HeatSource HeatSource;

/** Collective on grid->comm; the grid must outlive the source.
 *  Errors: HEAT_ERR_INPUT for an expression that is not finite at t = 0. */
PetscErrorCode HeatSourceCreate(const HeatGrid *grid, const HeatCase *c, HeatSource **source);

/** Bring the source to time t [s].  Not collective. */
PetscErrorCode HeatSourceSet(HeatSource *source, PetscReal t);

/** Heat released in each own cell [W/m], [nyl][nxl]; valid until the next Set. */
const PetscReal *HeatSourceCells(const HeatSource *source);

/** Whether Set can change it. */
PetscBool HeatSourceVaries(const HeatSource *source);

/** Its sum over own cells, and the sum of its magnitudes [W/m]. */
PetscReal HeatSourceLocalTotal(const HeatSource *source);
PetscReal HeatSourceLocalTurnover(const HeatSource *source);

/** *source may be NULL. */
PetscErrorCode HeatSourceDestroy(HeatSource **source);

#endif
