/** Tables of a quantity over time: linear between two entries, constant before the first and after
 *  the last. */
#ifndef HEAT_SOLVER_TIME_SERIES_H
#define HEAT_SOLVER_TIME_SERIES_H

#include "solver/case/case.h"

/** Return the table's value at time t [s], in the unit of its values.  Not collective.
 *  @param[in] series  at least one entry, times strictly increasing */
PetscReal HeatSeriesAt(const HeatSeries *series, PetscReal t);

#endif
