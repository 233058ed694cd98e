/** The mean of an expression of the temperature over an interval of temperatures, such as the mean
 *  of k(T) between the temperatures of two cells (solver/README.md eq. (3a)). */
#ifndef HEAT_SOLVER_MEAN_H
#define HEAT_SOLVER_MEAN_H

#include "solver/case/expression.h"

/** Compute mean[i] = 1/(T1 - T0) times the integral of e(x[i], y[i], t, T) over T from T0[i] to
 *  T1[i], for n points; e itself where T0 = T1.
 *
 *  Where e is nearly straight over the interval, the mean is Simpson's rule with the ends and the
 *  middle, which costs one evaluation.  Elsewhere the interval is halved again and again where e
 *  bends, down to the place of a kink or jump.  The relative error is of the order of 1e-9 or less;
 *  where a kink lies very near an end, it reaches 2e-7.  The result is a continuous function of T0
 *  and T1 even where e jumps.  It depends on the arguments of point i alone, not on the other
 *  points; with T0 and T1 exchanged it has the same value to that error.
 *
 *  An interval is split at the knots of the expression (HeatExpressionFindKnots) first, so that no
 *  peak, dip or jump is missed, however narrow.  Without knots, one that is narrower than the
 *  distance of the samples, half the interval, can be missed.
 *  @param[in]  x, y    coordinates [m], [n]; NULL if the expression does not use them
 *  @param[in]  t       time [s]
 *  @param[in]  T0, T1  ends of the intervals [K], [n]
 *  @param[in]  e0, e1  the expression there, [n]
 *  @param[out] mean    [n]; NaN or infinite where the expression is
 *  Not collective.  Source: W. Gander, W. Gautschi, BIT 40 (2000) 84 (adaptive Simpson's rule with
 *  one step of extrapolation). */
PetscErrorCode HeatMeanEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                const PetscReal *y, PetscReal t, const PetscReal *T0,
                                const PetscReal *T1, const PetscReal *e0, const PetscReal *e1,
                                PetscReal *mean);

/** Return whether the expression has a knot between T0 and T1 [K], at which HeatMeanEvaluate splits
 *  the interval.  Not collective. */
PetscBool HeatMeanIsSplit(const HeatExpression *e, PetscReal T0, PetscReal T1);

#endif
