/** The heat sources of a case on a rank's own cells, as a function of time and temperature.
 *
 *  A source expression that depends on neither t nor T is evaluated once.  Every other one is
 *  stored as a term: an expression and the runs of cells (paint.h) where it acts.  A term of t
 *  alone, such as a switched source, costs one evaluation for each SetTime, and the field is
 *  recomputed only if the value has changed.  A term that is a product of a shape in space and a
 *  factor of time, such as exp(-x^2)*sin(t), costs a multiplication for each cell if its factor has
 *  changed, provided that all terms are of these two kinds.  Where some term depends on T, the
 *  effect of SetTime appears at the next Update; before the first Update the terms of T are zero.
 *  Source: solver/README.md eq. (2), Q, and (5). */
#ifndef HEAT_SOLVER_SOURCE_H
#define HEAT_SOLVER_SOURCE_H

#include "solver/base/exact_sum.h"
#include "solver/case/time_line.h"
#include "solver/physics/fault.h"
#include "solver/physics/paint.h"

typedef struct HeatSource HeatSource;

/** Create the sources of a case, at t = 0: the top-level `source` plus, in each cell, the source or
 *  power of the last region that gives one.  The n cells that carry the power P of a region release
 *  P/n each, so that together they release P on any grid.  Collective on grid->comm; grid and case
 *  must outlive the object, which the caller owns.
 *  @param[in] inputs  what the case's files hold; NULL when it names none; not needed afterwards
 *  Errors: HEAT_ERR_INPUT where an expression does not compile, one without T is not finite in some
 *  cell at t = 0, or no cell carries a power (unless solver.empty_regions is allow). */
PetscErrorCode HeatSourceCreate(const HeatGrid *grid, const HeatCase *c,
                                const HeatCellInputs *inputs, HeatSource **source);

/** Evaluate the terms of time at a moment.  Not collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceSetTime(HeatSource *source, HeatMoment when, HeatFault *fault);

/** Evaluate, instead of the terms of time, their best lines over a step (time_line.h), at the time
 *  t [s] of the step.  The lines are computed once for a step.  Not collective.
 *  @param[in,out] fault  notes values that are not finite */
PetscErrorCode HeatSourceSetTimeOnLine(HeatSource *source, const HeatTimeLine *line, PetscReal t,
                                       HeatFault *fault);

/** Evaluate the terms of temperature and their derivatives at the field T, at the time that was set
 *  last; does nothing where HeatSourceDependsOnT is false.  Not collective.
 *  @param[in]     T      temperature of own cells [K], [nyl][nxl]
 *  @param[in,out] fault  notes sources and derivatives that are not finite */
PetscErrorCode HeatSourceUpdate(HeatSource *source, const PetscReal *T, HeatFault *fault);

/** Return the heat Q released in each own cell [W/m], [nyl][nxl], owned by `source`; SetTime and
 *  Update change the values.  NULL where the case has no source.  Not collective. */
const PetscReal *HeatSourceCells(const HeatSource *source);

/** Return dQ/dT of each own cell at the last Update [W/(m K)], [nyl][nxl], owned by `source`; NULL
 *  where HeatSourceDependsOnT is false.  Not collective. */
const PetscReal *HeatSourceSlope(const HeatSource *source);

/** Return the number of cells, over all ranks, that carry the power of a region; 0 where it has
 *  none.  Not collective. */
PetscInt64 HeatSourcePowerCells(const HeatSource *source, PetscInt region);

/** Compute the power that a region releases at time t [s].  Not collective.
 *  @param[out] power  [W/m]; 0 where no cell carries it, NaN where the region has no power */
PetscErrorCode HeatSourcePower(const HeatSource *source, PetscInt region, PetscReal t,
                               PetscReal *power);

/** Return whether some term depends on t and not on T, so that SetTime can change Q; equal on all
 *  ranks.  Not collective. */
PetscBool HeatSourceVaries(const HeatSource *source);

/** Return the number n of terms where Q is a fixed field plus shapes times factors of time,
 *  Q = base + factor_1 shape_1 + ... + factor_n shape_n (of a term of t alone the shape is 1 in its
 *  cells); otherwise 0.  The next functions are for such sources.  Equal on all ranks.  Not
 *  collective. */
PetscInt HeatSourceFactorCount(const HeatSource *source);

/** Evaluate the factors at a moment; nothing else changes.  Not collective.
 *  @param[out]    factors  [HeatSourceFactorCount]
 *  @param[in,out] fault    notes sources that are not finite */
PetscErrorCode HeatSourceFactors(HeatSource *source, HeatMoment when, PetscReal *factors,
                                 HeatFault *fault);

/** Layers of terms: the top-level source, and the sources and powers of regions.  The terms of a
 *  layer lie in different cells. */
enum { HEAT_SOURCE_TOP, HEAT_SOURCE_REGIONS, HEAT_SOURCE_LAYERS };

/** Store the shapes of a layer's terms in own cells.  Not collective.
 *  @param[out] shape  [nyl][nxl] [W/m]; 0 where no term of the layer acts
 *  @param[out] which  [nyl][nxl] 1 + the index of the term that acts in the cell; 0: none; may be
 *                     NULL
 *  @return whether the layer has terms, equal on all ranks; otherwise nothing is stored */
PetscBool HeatSourceLayer(const HeatSource *source, int layer, PetscReal *shape, PetscReal *which);

/** Return the base of own cells [W/m], [nyl][nxl], owned by `source`.  Not collective. */
const PetscReal *HeatSourceBase(const HeatSource *source);

/** Return the shape of the only term in own cells [W/m], [nyl][nxl], owned by `source`; NULL where
 *  there are several terms, or it is not stored for all cells.  Not collective. */
const PetscReal *HeatSourceWholeShape(const HeatSource *source);

/** Add the terms, with their factors at the last SetTime, to cells [nyl][nxl] [W/m].  Not
 *  collective. */
void HeatSourceAddTerms(const HeatSource *source, PetscReal *cells);

/** Add the heat released with these factors, and its magnitudes, to two sums over own cells [W/m].
 *  Not collective. */
void HeatSourceAddHeat(const HeatSource *source, const PetscReal *factors, HeatExactSum *total,
                       HeatExactSum *turnover);

/** Return whether some source of the case depends on T; equal on all ranks.  Not collective. */
PetscBool HeatSourceDependsOnT(const HeatSource *source);

/** Return the sum of Q over own cells [W/m], owned by `source`.  Not collective. */
const HeatExactSum *HeatSourceLocalTotal(const HeatSource *source);

/** Return the sum of |Q| over own cells [W/m], owned by `source`; where all terms of time are of t
 *  alone or products of shape and factor, the sum of the magnitudes of the fixed part and of each
 *  term.  Not collective. */
const HeatExactSum *HeatSourceLocalTurnover(const HeatSource *source);

/** Free *source, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatSourceDestroy(HeatSource **source);

#endif
