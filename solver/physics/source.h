/** The heat sources of a case on a rank's own cells, as a function of time and temperature.
 *
 *  A source expression that depends on neither t nor T is evaluated once.  Every other one is
 *  stored as a term: an expression and the runs of cells (paint.h) where it acts.  A term of t
 *  alone, such as a switched source, costs one evaluation for each SetTime, and the field is
 *  recomputed only if the value has changed.  Where some term depends on T, the effect of SetTime
 *  appears at the next Update; before the first Update the terms of T are zero.
 *  Source: solver/README.md eq. (2), Q, and (5). */
#ifndef HEAT_SOLVER_SOURCE_H
#define HEAT_SOLVER_SOURCE_H

#include "solver/base/exact_sum.h"
#include "solver/case/time_line.h"
#include "solver/physics/paint.h"

typedef struct HeatSource HeatSource;

/** Create the sources of a case, at t = 0: the top-level `source` plus, in each cell, the source of
 *  the last region that gives one.  Collective on grid->comm; the grid must outlive the object,
 *  which the caller owns.
 *  @param[in] inputs  what the case's files hold; NULL when it names none; not needed afterwards
 *  Errors: HEAT_ERR_INPUT where an expression does not compile, or one without T is not finite in
 *  some cell at t = 0. */
PetscErrorCode HeatSourceCreate(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, HeatSource **source);

/** Evaluate the terms of time at a moment.  Not collective. */
PetscErrorCode HeatSourceSetTime(HeatSource *source, HeatMoment when);

/** Evaluate, instead of the terms of time, their best lines over a step (time_line.h), at the
 *  time t [s] of the step.  The lines are computed once for a step.  Not collective. */
PetscErrorCode HeatSourceSetTimeOnLine(HeatSource *source, const HeatTimeLine *line, PetscReal t);

/** Evaluate the terms of temperature and their derivatives at the field T, at the time that was set
 *  last; does nothing where HeatSourceDependsOnT is false.  Not collective.
 *  @param[in]     T       temperature of own cells [K], [nyl][nxl]
 *  @param[in,out] finite  set to false if the source or its derivative is not finite in some own
 *                         cell */
PetscErrorCode HeatSourceUpdate(HeatSource *source, const PetscReal *T, PetscBool *finite);

/** Return the heat Q released in each own cell [W/m], [nyl][nxl], owned by `source`; SetTime and
 *  Update change the values.  Not collective. */
const PetscReal *HeatSourceCells(const HeatSource *source);

/** Return dQ/dT of each own cell at the last Update [W/(m K)], [nyl][nxl], owned by `source`; NULL
 *  where HeatSourceDependsOnT is false.  Not collective. */
const PetscReal *HeatSourceSlope(const HeatSource *source);

/** Return whether some term depends on t and not on T, so that SetTime can change Q; equal on all
 *  ranks.  Not collective. */
PetscBool HeatSourceVaries(const HeatSource *source);

/** Return whether some source of the case depends on T; equal on all ranks.  Not collective. */
PetscBool HeatSourceDependsOnT(const HeatSource *source);

/** Return the sum of Q over own cells [W/m], owned by `source`.  Not collective. */
const HeatExactSum *HeatSourceLocalTotal(const HeatSource *source);

/** Return the sum of |Q| over own cells [W/m], owned by `source`.  Not collective. */
const HeatExactSum *HeatSourceLocalTurnover(const HeatSource *source);

/** Free *source, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatSourceDestroy(HeatSource **source);

#endif
