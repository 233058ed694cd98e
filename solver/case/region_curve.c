/** Curves of outlines.  The integral of a circle's x over y, from the centre, is
 *
 *      s(y) = sqrt(r^2 - y^2),   int_a^b s = 1/2 (b s(b) - a s(a)) + 1/2 r^2 angle(a, b)
 *
 *  where angle(a, b) is the angle between the points (s(a), a) and (s(b), b) of the circle.
 *
 *  An edge is stored from its lower to its upper end, so that two shapes with a common edge have
 *  the same bits of x on it, in whichever order they list its ends. */
#include "solver/case/region_curve.h"

#include <math.h>

PetscInt HeatCurveCount(const HeatRegion *r)
{
  switch (r->shape) {
  case HEAT_SHAPE_RECTANGLE:
  case HEAT_SHAPE_CIRCLE: return 4;
  case HEAT_SHAPE_POLYGON: return r->n_vertices;
  case HEAT_SHAPE_ALL:
  case HEAT_SHAPE_MAP: break;
  }
  return 0;
}

/* Return quarter k of a circle: left below, right below, left above, right above the centre. */
static HeatCurve QuarterOf(const HeatRegion *r, PetscInt k)
{
  const PetscReal *centre = r->centre, side = k % 2 ? 1.0 : -1.0;
  HeatCurve        curve = {.low  = {centre[0], centre[1] - r->radius},
                            .high = {centre[0] + side * r->radius, centre[1]}};

  if (k > 1) {
    curve.low[0]  = centre[0] + side * r->radius;
    curve.low[1]  = centre[1];
    curve.high[0] = centre[0];
    curve.high[1] = centre[1] + r->radius;
  }
  curve.centre[0] = centre[0];
  curve.centre[1] = centre[1];
  curve.radius    = r->radius;
  curve.side      = side;
  return curve;
}

HeatCurve HeatCurveOf(const HeatRegion *r, PetscInt k)
{
  if (r->shape == HEAT_SHAPE_RECTANGLE && k < 2)
    return (HeatCurve){.low = {r->x[k], r->y[0]}, .high = {r->x[k], r->y[1]}};
  if (r->shape == HEAT_SHAPE_RECTANGLE)
    return (HeatCurve){.low = {r->x[0], r->y[k - 2]}, .high = {r->x[1], r->y[k - 2]}};
  if (r->shape == HEAT_SHAPE_CIRCLE) return QuarterOf(r, k);
  const PetscReal *p = r->vertices[k], *q = r->vertices[k + 1 < r->n_vertices ? k + 1 : 0];
  const PetscReal *low = p[1] < q[1] ? p : q, *high = p[1] < q[1] ? q : p;

  return (HeatCurve){.low = {low[0], low[1]}, .high = {high[0], high[1]}};
}

/* Return s(y) of a circle of radius r about the origin; 0 where abs(y) > r. */
static PetscReal HalfWidth(PetscReal r, PetscReal y)
{
  return PetscSqrtReal(PetscMax((r - y) * (r + y), 0.0));
}

/* Return the integral of s(y) from a to b.  The difference of the angles is computed in one step:
   their single values would lose digits where the circle is far larger than b - a. */
static PetscReal HalfWidthIntegral(PetscReal r, PetscReal a, PetscReal b)
{
  const PetscReal sa = HalfWidth(r, a), sb = HalfWidth(r, b);

  return 0.5 * ((b * sb - a * sa) + r * r * atan2(b * sa - a * sb, sa * sb + a * b));
}

PetscReal HeatCurveX(const HeatCurve *c, PetscReal y)
{
  if (c->radius > 0.0) return c->centre[0] + c->side * HalfWidth(c->radius, y - c->centre[1]);
  return c->low[0] + (y - c->low[1]) / (c->high[1] - c->low[1]) * (c->high[0] - c->low[0]);
}

void HeatCurveSpan(const HeatCurve *c, const PetscReal y[2], PetscReal x[2])
{
  const PetscBool flat = (PetscBool)(c->low[1] == c->high[1]);
  const PetscReal a    = flat ? c->low[0] : HeatCurveX(c, y[0]);
  const PetscReal b    = flat ? c->high[0] : HeatCurveX(c, y[1]);

  x[0] = PetscMin(a, b);
  x[1] = PetscMax(a, b);
}

PetscReal HeatCurveIntegral(const HeatCurve *c, const PetscReal y[2])
{
  const PetscReal height = y[1] - y[0];

  if (c->radius > 0.0) {
    return c->centre[0] * height +
           c->side * HalfWidthIntegral(c->radius, PetscMax(y[0] - c->centre[1], -c->radius),
                                       PetscMin(y[1] - c->centre[1], c->radius));
  }
  return HeatCurveX(c, y[0] + 0.5 * height) * height;
}

int HeatCurveMeetsVertical(const HeatCurve *c, PetscReal x, PetscReal y[2])
{
  const PetscReal dx = c->high[0] - c->low[0];

  if (c->radius > 0.0) {
    const PetscReal s = HalfWidth(c->radius, x - c->centre[0]);

    y[0] = c->centre[1] - s;
    y[1] = c->centre[1] + s;
    return s > 0.0 ? 2 : 0;
  }
  if (dx == 0.0) return 0;
  y[0] = c->low[1] + (x - c->low[0]) / dx * (c->high[1] - c->low[1]);
  return 1;
}

static int LinesMeet(const HeatCurve *a, const HeatCurve *b, PetscReal y[2])
{
  const PetscReal u[2] = {a->high[0] - a->low[0], a->high[1] - a->low[1]};
  const PetscReal v[2] = {b->high[0] - b->low[0], b->high[1] - b->low[1]};
  const PetscReal d    = u[0] * v[1] - u[1] * v[0];

  if (d == 0.0) return 0;
  y[0] = a->low[1] + u[1] * ((b->low[0] - a->low[0]) * v[1] - (b->low[1] - a->low[1]) * v[0]) / d;
  return 1;
}

/* Find the crossings of a line and a circle: they lie at equal distances on either side of `foot`,
   the foot of the perpendicular from the centre, as parameters of the line. */
static int LineMeetsCircle(const HeatCurve *line, const HeatCurve *circle, PetscReal y[2])
{
  const PetscReal u[2]   = {line->high[0] - line->low[0], line->high[1] - line->low[1]};
  const PetscReal p[2]   = {line->low[0] - circle->centre[0], line->low[1] - circle->centre[1]};
  const PetscReal length = hypot(u[0], u[1]);
  const PetscReal half   = HalfWidth(circle->radius, (u[0] * p[1] - u[1] * p[0]) / length) / length;
  const PetscReal foot   = -(u[0] * p[0] + u[1] * p[1]) / (length * length);

  y[0] = line->low[1] + (foot - half) * u[1];
  y[1] = line->low[1] + (foot + half) * u[1];
  return half > 0.0 ? 2 : 0;
}

/* Find the crossings of two circles: the ends of the common chord, which is perpendicular to the
   line through the centres, at the distance `foot` from the first centre. */
static int CirclesMeet(const HeatCurve *a, const HeatCurve *b, PetscReal y[2])
{
  const PetscReal d[2]     = {b->centre[0] - a->centre[0], b->centre[1] - a->centre[1]};
  const PetscReal distance = hypot(d[0], d[1]);

  if (distance == 0.0) return 0;
  const PetscReal foot = 0.5 *
                         (distance + (a->radius - b->radius) * (a->radius + b->radius) / distance);
  const PetscReal half = HalfWidth(a->radius, foot);

  y[0] = a->centre[1] + (foot * d[1] - half * d[0]) / distance;
  y[1] = a->centre[1] + (foot * d[1] + half * d[0]) / distance;
  return half > 0.0 ? 2 : 0;
}

int HeatCurveMeetsCurve(const HeatCurve *a, const HeatCurve *b, PetscReal y[2])
{
  if (a->radius > 0.0 && b->radius > 0.0) return CirclesMeet(a, b, y);
  if (a->radius > 0.0) return LineMeetsCircle(b, a, y);
  if (b->radius > 0.0) return LineMeetsCircle(a, b, y);
  return LinesMeet(a, b, y);
}
