/** Numbers about a field: extremes, mean, integrals, errors against an exact solution, heat flows
 *  through sides, segments and interfaces.
 *
 *  Every function that takes an operator is collective on its grid, returns the same result to all
 *  ranks, and has the same bits on any number of ranks, since its sums are exact.  T is the
 *  temperature [K] of own cells, [nyl][nxl].
 *
 *  A function whose name has Add computes this rank's part alone and adds it to a reduction
 *  (solver/base/reduction.h), whose Run stores the result; so the numbers of a report cost one
 *  reduction together.
 */
#ifndef HEAT_SOLVER_DIAGNOSTICS_H
#define HEAT_SOLVER_DIAGNOSTICS_H

#include "solver/base/reduction.h"
#include "solver/operator/operator.h"

/** A summary of a field. */
typedef struct {
  PetscReal  min, max;   /* [K] over the finite cells; min > max where no cell is finite */
  PetscReal  mean;       /* [K] over the finite cells; NaN where no cell is finite */
  PetscInt64 non_finite; /* cells that hold NaN or infinity */
} HeatSummary;

/** Compute the summary of T over the domain. */
PetscErrorCode HeatDiagnosticsSummary(const HeatOperator *op, const PetscReal *T,
                                      HeatSummary *summary);

/** The summary's reduced numbers. */
typedef struct {
  PetscReal extremes[2]; /* [K] the negative of the lowest; the highest */
  PetscReal sums[2];     /* sum of the finite temperatures [K]; number of other cells */
} HeatSummaryTotals;

/** Add the summary of T.
 *  @param[out] totals  borrowed until Run stores them; then call HeatDiagnosticsGetSummary */
PetscErrorCode HeatDiagnosticsAddSummary(const HeatOperator *op, const PetscReal *T,
                                         HeatReduction *r, HeatSummaryTotals *totals);

/** Return the summary with these totals.  Not collective. */
HeatSummary HeatDiagnosticsGetSummary(const HeatOperator *op, const HeatSummaryTotals *totals);

/** Compute the integral of weight * T over the domain, per metre of depth.
 *  @param[out] integral  [K m2] for weight 1, [K kg/m] for the density, [J/m] for the heat
 *                        capacity */
PetscErrorCode HeatDiagnosticsIntegral(const HeatOperator *op, const PetscReal *T,
                                       HeatWeight weight, PetscReal *integral);

/** Require that an exact solution is a number at all cells' centres at the end of the run, time
 *  t [s].
 *  @param[in] exact  formula of x, y, t [K], checked by HeatCaseValidate
 *  @param[in] path   its key, for the message
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatDiagnosticsRequireExact(const HeatGrid *grid, const HeatCase *c,
                                           const HeatFormula *exact, PetscReal t, const char *path);

/** Compute the distance of T from an exact solution at time t [s], evaluated at the cells' centres.
 *  @param[in]  exact  formula of x, y, t [K], checked by HeatCaseValidate
 *  @param[out] l2     sqrt(mean of (T - exact)^2) [K]
 *  @param[out] max    largest |T - exact| [K]
 *  Both are NaN where T or the formula is not finite in some cell. */
PetscErrorCode HeatDiagnosticsError(const HeatOperator *op, const PetscReal *T,
                                    const HeatFormula *exact, PetscReal t, PetscReal *l2,
                                    PetscReal *max);

/** Compute the heat flow of each kind (HEAT_FLOW_...) into the domain [W/m]: through each side,
 *  from sources, by the ambient exchange, and the sum of magnitudes, at the operator's present
 *  time.  For a non-linear operator T must be the field of the last Update. */
PetscErrorCode HeatDiagnosticsFlows(const HeatOperator *op, const PetscReal *T,
                                    PetscReal heat[HEAT_FLOWS]);

/** Add the heat flows of HeatDiagnosticsFlows. */
PetscErrorCode HeatDiagnosticsAddFlows(const HeatOperator *op, const PetscReal *T, HeatReduction *r,
                                       PetscReal heat[HEAT_FLOWS]);

/** Compute the heat that enters through each segment of the sides [W/m], at the operator's present
 *  time.  For a non-linear operator T must be the field of the last Update.
 *  @param[out] heat  [HeatDiagnosticsSegments(c)], the segments of the left side first, then of the
 *                    right, bottom and top side */
PetscErrorCode HeatDiagnosticsSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                          PetscReal *heat);

/** Add the heats of HeatDiagnosticsSegmentHeat. */
PetscErrorCode HeatDiagnosticsAddSegmentHeat(const HeatOperator *op, const PetscReal *T,
                                             HeatReduction *r, PetscReal *heat);

/** Return the number of segments of all sides together.  Not collective. */
PetscInt HeatDiagnosticsSegments(const HeatCase *c);

/** Return the index of a side's first segment among the segments of all sides.  Not collective. */
PetscInt HeatDiagnosticsFirstSegment(const HeatCase *c, HeatSide side);

/** Halo exchanges of HeatDiagnosticsInterfaceHeat: one of the materials, one of T. */
enum { HEAT_INTERFACE_EXCHANGES = 2 };

/** Compute the heat [W/m] that flows from the first material of each pair to the second, through
 *  all faces between a cell of one and a cell of the other, at the operator's present time; 0 where
 *  they do not touch.  For a non-linear operator T must be the field of the last Update.
 *  @param[in]  pairs  [n] pairs of materials
 *  @param[out] heat   [n] */
PetscErrorCode HeatDiagnosticsInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                            const HeatInterface *pairs, PetscReal *heat);

/** Add the heats of HeatDiagnosticsInterfaceHeat.  Collective, since ghosts of T are filled. */
PetscErrorCode HeatDiagnosticsAddInterfaceHeat(HeatOperator *op, const PetscReal *T, PetscInt n,
                                               const HeatInterface *pairs, HeatReduction *r,
                                               PetscReal *heat);

#endif
