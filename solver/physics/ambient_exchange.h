/** Ambient exchange: heat that the sheet exchanges with what lies above and below it.
 *
 *  Each cell receives, per metre of depth [W/m],
 *      E (T_amb - T),   E = coefficient(x, y) hx hy  [W/(m K)],   T_amb = ambient(x, y, t)  [K]
 *  as a fin does.  E is evaluated once, T_amb whenever the time is set.
 *  Source: solver/README.md eq. (2); F. Incropera, D. DeWitt, Fundamentals of Heat and Mass
 *  Transfer, 6th ed., sec. 3.6. */
#ifndef HEAT_SOLVER_AMBIENT_EXCHANGE_H
#define HEAT_SOLVER_AMBIENT_EXCHANGE_H

#include "solver/case/time_line.h"
#include "solver/physics/fault.h"

typedef struct HeatAmbientExchange HeatAmbientExchange;

/** Create the ambient exchange of a case, at t = 0.  Collective on grid->comm; grid and case must
 *  outlive the object, which the caller owns.
 *  @param[out] exchange  NULL when the case has no `exchange`
 *  Errors: HEAT_ERR_INPUT where E or T_amb is not finite at t = 0, E is negative, or T_amb is below
 *  the absolute zero of the case. */
PetscErrorCode HeatAmbientExchangeCreate(const HeatGrid *grid, const HeatCase *c,
                                         HeatAmbientExchange **exchange);

/** Evaluate T_amb at a moment.  Not collective.
 *  @param[in,out] fault  notes values that are not finite or below the absolute zero of the case */
PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *exchange, HeatMoment when,
                                          HeatFault *fault);

/** Evaluate the best line of T_amb over a step (time_line.h), at the time t [s] of the step.  The
 *  lines are computed once for a step.  Not collective.
 *  @param[in,out] fault  notes values that are not finite or below the absolute zero of the case */
PetscErrorCode HeatAmbientExchangeSetTimeOnLine(HeatAmbientExchange *exchange,
                                                const HeatTimeLine *line, PetscReal t,
                                                HeatFault *fault);

/** Return whether T_amb changes with time.  Not collective; equal on all ranks. */
PetscBool HeatAmbientExchangeVaries(const HeatAmbientExchange *exchange);

/** Return whether T_amb is the same in all cells at any time, since its formula has neither x nor
 *  y. Not collective; equal on all ranks. */
PetscBool HeatAmbientExchangeIsLevel(const HeatAmbientExchange *exchange);

/** Compute T_amb [K] of all cells at a moment, where HeatAmbientExchangeIsLevel, with the bits that
 *  HeatAmbientExchangeSetTime gives it.  Changes nothing.  Not collective.
 *  @param[in,out] fault  notes a value that is not finite or below the absolute zero of the case */
PetscErrorCode HeatAmbientExchangeLevel(HeatAmbientExchange *exchange, HeatMoment when,
                                        PetscReal *ambient, HeatFault *fault);

/** Return E [W/(m K)] of own cells, [nyl][nxl], owned by `exchange`.  Not collective. */
const PetscReal *HeatAmbientExchangeConductance(const HeatAmbientExchange *exchange);

/** Return T_amb [K] of own cells at the time that was set last, [nyl][nxl], owned by `exchange`.
 *  Not collective. */
const PetscReal *HeatAmbientExchangeAmbient(const HeatAmbientExchange *exchange);

/** Free *exchange, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatAmbientExchangeDestroy(HeatAmbientExchange **exchange);

#endif
