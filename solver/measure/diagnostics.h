/** Numbers about a field: extremes, mean, integrals, errors against an exact solution, side heat.
 *  Everything here is collective on the operator's grid and gives the same result to all ranks, and
 *  the same bits on any number of them. */
#ifndef HEAT_SOLVER_DIAGNOSTICS_H
#define HEAT_SOLVER_DIAGNOSTICS_H

#include "solver/operator/operator.h"

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

/** Heat that enters [W/m], through each side and by the other kinds (HEAT_FLOW_...), at the
 *  operator's present time; where it is not linear T must be the field of the last Update. */
PetscErrorCode HeatDiagnosticsFlows(const HeatOperator *op, const PetscReal *T,
                                    PetscReal heat[HEAT_FLOWS]);

/** Likewise through each segment: left's first, then right's, bottom's and top's.
 *  @param[out] heat  [HeatDiagnosticsSegments(c)] */
PetscErrorCode HeatDiagnosticsSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                          PetscReal *heat);

/** Segments of all sides together; the index of the first one of a side. */
PetscInt HeatDiagnosticsSegments(const HeatCase *c);
PetscInt HeatDiagnosticsFirstSegment(const HeatCase *c, HeatSide side);

/** Heat that goes from one material to the other [W/m], through all faces between a cell of one and
 *  a cell of the other, for each of n pairs; 0 where they do not touch.  Time and T as above.
 *  @param[out] heat  [n] */
PetscErrorCode HeatDiagnosticsInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                            const HeatInterface *pairs, PetscReal *heat);

#endif
