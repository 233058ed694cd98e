/** Interval arithmetic for formulas of x, y and t: bounds of an operation's value and of its
 *  derivative with respect to t over an interval of time, at places in a box.
 *
 *  Bounds hold where every operation of the formula is defined: where sqrt(x) is not a number,
 *  max(sqrt(x), 1) may be one outside of them.
 *
 *  Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009,
 *  ch. 5.  Nothing here is collective. */
#ifndef HEAT_SOLVER_INTERVAL_H
#define HEAT_SOLVER_INTERVAL_H

#include <math.h>

#include "solver/formula/expression_tree.h"

/** The numbers from low to high; empty if low is NaN. */
typedef struct {
  PetscReal low, high;
} HeatInterval;

/** Bounds of a value over an interval of time, and of its derivative with respect to time.  The
 *  value is empty where the formula is defined nowhere in the interval of time. */
typedef struct {
  HeatInterval value, slope;
} HeatEnclosure;

static inline PetscBool HeatIntervalIsEmpty(HeatInterval a)
{
  return isnan(a.low) ? PETSC_TRUE : PETSC_FALSE;
}

/** Return whether the interval is a single number. */
static inline PetscBool HeatIntervalIsExact(HeatInterval a)
{
  return a.low == a.high ? PETSC_TRUE : PETSC_FALSE;
}

static inline PetscBool HeatIntervalHasZero(HeatInterval a)
{
  return a.low <= 0.0 && a.high >= 0.0 ? PETSC_TRUE : PETSC_FALSE;
}

/** Return the enclosure of a - b. */
HeatEnclosure HeatEncloseDifference(HeatEnclosure a, HeatEnclosure b);

/** Return the enclosure of one operation of a formula.
 *  @param[in] time     the interval of time
 *  @param[in] results  enclosures of the earlier operations of the tree, by index */
HeatEnclosure HeatEncloseOperation(const HeatOperation *operation, HeatInterval time,
                                   const HeatEnclosure results[]);

/** Intervals of x [m], y [m] and t [s], in this order. */
typedef struct {
  HeatInterval side[3];
} HeatBox;

/** Enclose operations of a formula of x, y and t over a box.  Slopes are derivatives with respect
 *  to t at a fixed place.
 *  @param[in]  first, last  the operations, by index; all on which they depend are among them
 *  @param[in]  smooth       jumps do not count in slopes: comparisons, floor, sign, && and || have
 *                           the slope 0, and a choice has the slopes of its two branches
 *  @param[out] results      set for the operations first to last, by index */
void HeatEncloseOver(const HeatExpressionTree *tree, int first, int last, const HeatBox *box,
                     PetscBool smooth, HeatEnclosure results[]);

#endif
