/** Bounds of a formula's values over the domain and the time of a run.  Nothing here is
 *  collective. */
#ifndef HEAT_SOLVER_FORMULA_RANGE_H
#define HEAT_SOLVER_FORMULA_RANGE_H

#include "solver/case/case.h"

/** Bound the values of a formula of x, y and t of a validated case, by interval arithmetic
 *  (interval.h): every value lies within the bounds, which may be wider than the values are.
 *  @param[in]  end    [s] last time that counts; may be INFINITY
 *  @param[out] range  low and high, in the unit of the formula; -INFINITY and INFINITY of C where
 *                     no bound is known, as for a formula of T */
PetscErrorCode HeatFormulaRange(const HeatCase *c, const HeatFormula *formula, PetscReal end,
                                PetscReal range[2]);

#endif
