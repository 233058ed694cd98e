/** The outline of a region as curves, each of which has one x at each height y.
 *
 *  A rectangle is bounded by four lines, a circle by four quarters, a polygon by its edges.  A
 *  point lies inside the shape if an odd number of its curves pass to the left of the point
 *  (even-odd rule); horizontal lines do not count. */
#ifndef HEAT_SOLVER_REGION_CURVE_H
#define HEAT_SOLVER_REGION_CURVE_H

#include "solver/case/case.h"

/** A straight line, or a quarter of a circle.  From one end to the other its x increases,
 *  decreases or stays. */
typedef struct {
  PetscReal low[2], high[2];   /* x, y of the lower and of the upper end [m] */
  PetscReal centre[2], radius; /* of the circle [m]; radius 0: a line */
  PetscReal side;              /* -1: a left quarter of the circle, 1: a right one */
} HeatCurve;

/** Return the number of curves of a region; 0 for shape `all` and for a map. */
PetscInt HeatCurveCount(const HeatRegion *region);

/** Return curve k of a region, 0 <= k < HeatCurveCount(region). */
HeatCurve HeatCurveOf(const HeatRegion *region, PetscInt k);

/** Return x of a curve [m] at a height y between its ends [m]; the curve is not
 *  horizontal. */
PetscReal HeatCurveX(const HeatCurve *curve, PetscReal y);

/** Compute the smallest and largest x of a curve [m] between two heights [m], both between its
 *  ends. */
void HeatCurveSpan(const HeatCurve *curve, const PetscReal y[2], PetscReal x[2]);

/** Return the integral of a curve's x over y [m2] between two heights [m], both between its ends,
 *  in closed form; the curve is not horizontal. */
PetscReal HeatCurveIntegral(const HeatCurve *curve, const PetscReal y[2]);

/** Compute the heights at which a curve may meet the vertical line at x, and return their number,
 *  at most 2.  They include all heights at which the curve meets the line, and may include heights
 *  at which only the prolonged edge or the whole circle does. */
int HeatCurveMeetsVertical(const HeatCurve *curve, PetscReal x, PetscReal y[2]);

/** Compute the heights at which two curves may cross, and return their number, at most 2.  They
 *  include all crossings, and may include crossings of the prolonged edges or whole circles. */
int HeatCurveMeetsCurve(const HeatCurve *a, const HeatCurve *b, PetscReal y[2]);

#endif
