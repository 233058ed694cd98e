/** Heat exchanged through the faces above and below the sheet: into each cell
 *      E (T_amb - T),   E = coefficient(x, y) hx hy  [W/(m K)],   T_amb(x, y, t)
 *  as in a fin.  Source: F. Incropera, D. DeWitt, Fundamentals of Heat and Mass Transfer, 6th ed.,
 *  sec. 3.6. */
#ifndef HEAT_SOLVER_AMBIENT_EXCHANGE_H
#define HEAT_SOLVER_AMBIENT_EXCHANGE_H

#include "solver/grid/grid.h"

typedef struct HeatAmbientExchange HeatAmbientExchange;

/** At t = 0.  Collective on grid->comm; the grid must outlive it.  *exchange is NULL when the case
 *  gives none.  Errors: HEAT_ERR_INPUT where something is not finite or the coefficient
 *  negative. */
PetscErrorCode HeatAmbientExchangeCreate(const HeatGrid *grid, const HeatCase *c,
                                         HeatAmbientExchange **exchange);

/** Bring T_amb to time t [s].  Not collective. */
PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *exchange, PetscReal t);

/** E and T_amb of own cells, [nyl][nxl]. */
const PetscReal *HeatAmbientExchangeConductance(const HeatAmbientExchange *exchange);
const PetscReal *HeatAmbientExchangeAmbient(const HeatAmbientExchange *exchange);

/** *exchange may be NULL. */
PetscErrorCode HeatAmbientExchangeDestroy(HeatAmbientExchange **exchange);

#endif
