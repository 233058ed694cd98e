/** Tables of a quantity over time: linear between the entries, held beyond the ends. */
#ifndef HEAT_SOLVER_TIME_SERIES_H
#define HEAT_SOLVER_TIME_SERIES_H

#include "solver/case/case.h"

/** The table's value at time t [s].  Not collective; n >= 1. */
PetscReal HeatSeriesAt(const HeatSeries *series, PetscReal t);

#endif
