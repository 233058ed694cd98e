/** Numbers about a field: extremes, mean, integrals, errors against an exact solution, side heat.
 *  Everything here is collective on the operator's grid and gives the same result to all ranks. */
#ifndef HEAT_SOLVER_DIAGNOSTICS_H
#define HEAT_SOLVER_DIAGNOSTICS_H

#include "solver/operator.h"

typedef struct {
  PetscReal  min, max, mean; /* of the temperature; mean over the area */
  PetscInt64 non_finite;     /* cells that hold NaN or infinity; min, max, mean leave them out */
} HeatSummary;

PetscErrorCode HeatDiagnosticsSummary(const HeatOperator *op, const PetscReal *T,
                                      HeatSummary *summary);

/** Integral of weight * T over the domain [unit of T * m2 * unit of the weight]. */
PetscErrorCode HeatDiagnosticsIntegral(const HeatOperator *op, const PetscReal *T,
                                       HeatWeight weight, PetscReal *integral);

/** Distance of T from an exact solution at time t, taken at cell centres: l2 = sqrt(mean of (T -
 *  exact)^2), max = largest |T - exact|; NaN where the expression is not finite. `exact` was
 *  checked by HeatCaseValidate. */
PetscErrorCode HeatDiagnosticsError(const HeatOperator *op, const PetscReal *T,
                                    const HeatFormula *exact, PetscReal t, PetscReal *l2,
                                    PetscReal *max);

/** Heat that enters through each side at time t [W/m]; leaves the boundary values at that time.
 * */
PetscErrorCode HeatDiagnosticsSideHeat(HeatOperator *op, const PetscReal *T, PetscReal t,
                                       PetscReal heat[HEAT_SIDES]);

#endif
