/** Boundary conditions as functions of time and of the temperature: q = G (T_b - T_c) + F.
 *
 *  All conditions share this formula because each is a film in series with the half cell.  The film
 *  is the layer between the surface and the surroundings: it has no resistance where the
 *  temperature is prescribed, and no conductance under flux and insulation.  Radiation is a film
 *  whose conductance depends on the surface temperature and is computed by each Update.  Set-up is
 *  in boundary_setup.c. */
#include "solver/physics/boundary.h"

#include "solver/case/time_series.h"
#include "solver/physics/boundary_impl.h"
#include "solver/physics/paint.h"
#include "solver/physics/radiation.h"

/* Values that follow the time or the temperature. */

/* Evaluate a stretch at n points of its side, from point `first` on, into values[n]. */
static PetscErrorCode EvaluateAt(const HeatSideFaces *s, const HeatStretch *stretch,
                                 HeatMoment when, PetscInt first, PetscInt n, PetscReal *values)
{
  PetscFunctionBeginUser;
  if (stretch->series) {
    const PetscReal value = HeatSeriesAt(stretch->series, when.t);

    for (PetscInt k = 0; k < n; k++) values[k] = value;
  } else {
    PetscCall(HeatExpressionEvaluate(stretch->expression, n, s->x + first, s->y + first,
                                     HeatExpressionTime(stretch->expression, when), NULL, values));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate a stretch at n points of its side, from point `first` on, into its target. */
static PetscErrorCode EvaluatePoints(HeatBoundaries *b, const HeatSideFaces *s,
                                     const HeatStretch *stretch, HeatBoundaryTime time,
                                     PetscInt first, PetscInt n)
{
  PetscReal *values = b->scratch, *mean = values, *slope = values + n, *lines = values + 2 * n;

  PetscFunctionBeginUser;
  if (time.line) {
    for (int k = 0; k < HEAT_LINE_POINTS; k++)
      PetscCall(EvaluateAt(s, stretch, time.line->moments[k], first, n, lines + (PetscInt)k * n));
    HeatTimeLineFit(time.line, n, lines, mean, slope);
    for (PetscInt k = 0; k < n; k++)
      values[k] = mean[k] + slope[k] * HeatTimeLineOffset(time.line, time.when.t);
  } else PetscCall(EvaluateAt(s, stretch, time.when, first, n, values));
  for (PetscInt k = 0; k < n; k++) stretch->target[first + k] = stretch->scale * values[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundaryEvaluate(HeatBoundaries *b, const HeatSideFaces *s,
                                    const HeatStretch *stretch, HeatBoundaryTime t)
{
  PetscFunctionBeginUser;
  if (!stretch->expression && !stretch->series) PetscFunctionReturn(PETSC_SUCCESS);
  /* One stretch has all faces and both ends: its points are contiguous. */
  if (s->n_stretches == 1) {
    PetscCall(EvaluatePoints(b, s, stretch, t, 0, s->length + 2));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(EvaluatePoints(b, s, stretch, t, stretch->begin, stretch->end - stretch->begin));
  if (stretch->begin == 0) PetscCall(EvaluatePoints(b, s, stretch, t, s->length, 1));
  if (stretch->end == s->length) PetscCall(EvaluatePoints(b, s, stretch, t, s->length + 1, 1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetTime(HeatBoundaries *b, HeatBoundaryTime t)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatSideFaces *s = &b->sides[side];

    for (PetscInt n = 0; n < s->n_stretches; n++) {
      if (s->stretches[n].varies) PetscCall(HeatBoundaryEvaluate(b, s, &s->stretches[n], t));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundariesSetTime(HeatBoundaries *b, HeatMoment when)
{
  PetscFunctionBeginUser;
  PetscCall(SetTime(b, (HeatBoundaryTime){when, NULL}));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundariesSetTimeOnLine(HeatBoundaries *b, const HeatTimeLine *line, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(SetTime(b, (HeatBoundaryTime){{t, 0.0}, line}));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute G and excess = -dq/dT_c - G of face f.  Where k depends on T and the film conducts,
   HeatBoundariesUpdateMeans replaces both.
       -dq/dT_c = (half - half' (T_s - T_c)) g/(half + g),   T_s = T_c + G (T_b - T_c)/half
   with half = G_half, half' = dG_half/dT_c [W/(m K2)], T = T_c, and g the film's tangent, which is
   the derivative of the heat through the film with respect to T_s.  The film's secant enters G, its
   tangent the derivative; they differ for radiation only.  As coded, with
   tangent_G = half g/(half + g),
       excess = (tangent_G - G) - half' (G/half (T_b - T_c)) (tangent_G/half). */
static void UpdateFace(HeatSideFaces *s, PetscInt f, PetscReal T, PetscReal half_slope)
{
  const PetscReal half = s->half[f], T_b = s->T[f];
  PetscReal       secant = s->film[f], tangent = secant;

  if (s->emission[f] > 0.0) {
    const PetscReal surface = HeatRadiationSurface(half, s->emission[f], T, T_b);

    secant  = HeatRadiationSecant(s->emission[f], T_b, surface);
    tangent = HeatRadiationTangent(s->emission[f], surface);
  }
  const PetscReal G         = HeatBoundarySeriesConductance(half, secant),
                  tangent_G = HeatBoundarySeriesConductance(half, tangent);

  s->G[f]      = G;
  s->excess[f] = (tangent_G - G) - half_slope * (G / half * (T_b - T)) * (tangent_G / half);
}

PetscErrorCode HeatBoundariesUpdate(HeatBoundaries *b, const PetscReal *const k[2],
                                    const PetscReal *const slope[2], const PetscReal *T,
                                    PetscBool *finite)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatGrid *g    = b->grid;
    const int       axis = side / 2;
    HeatSideFaces  *s    = &b->sides[side];

    if (!k && !s->radiates) continue;
    for (PetscInt f = 0; f < s->length; f++) {
      const size_t cell       = HeatBoundaryCell(g, (HeatSide)side, f);
      PetscReal    half_slope = 0.0;

      if (k) {
        s->half[f] = HeatBoundaryHalfConductance(g, (HeatSide)side, k[axis][cell]);
        half_slope = HeatBoundaryHalfConductance(g, (HeatSide)side, slope[axis][cell]);
      }
      UpdateFace(s, f, T[cell], half_slope);
      if (PetscIsInfOrNanReal(s->G[f]) || PetscIsInfOrNanReal(s->excess[f])) *finite = PETSC_FALSE;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Accessors, and properties of the case. */

HeatBoundaryFaces HeatBoundariesGet(const HeatBoundaries *b, HeatSide side)
{
  const HeatSideFaces    *s     = &b->sides[side];
  const HeatBoundaryFaces faces = {s->length, s->G, s->half, s->T, s->F, s->excess, s->segment};

  return faces;
}

PetscBool HeatBoundariesHaveFlux(const HeatBoundaries *b)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatSideFaces *s = &b->sides[side];

    for (PetscInt n = 0; n < s->n_stretches; n++) {
      if (s->stretches[n].target == s->F) return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

PetscBool HeatBoundariesFluxVaries(const HeatBoundaries *b)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatSideFaces *s = &b->sides[side];

    for (PetscInt n = 0; n < s->n_stretches; n++) {
      if (s->stretches[n].target == s->F && s->stretches[n].varies) return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

/* Return whether a formula is a positive number, or an expression, which counts as positive. */
static PetscBool IsPositive(const HeatFormula *f)
{
  return (f->given && (f->text || f->value > 0.0)) ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatBoundariesRadiate(const HeatCase *c)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt n = 0; n < c->boundary[side].n; n++) {
      const HeatSegment *b = &c->boundary[side].segments[n];

      if (b->type == HEAT_BC_RADIATION && IsPositive(&b->emissivity)) return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

PetscBool HeatBoundariesFixLevel(const HeatCase *c)
{
  if (IsPositive(&c->exchange.coefficient) || HeatBoundariesRadiate(c)) return PETSC_TRUE;
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt n = 0; n < c->boundary[side].n; n++) {
      const HeatSegment *b = &c->boundary[side].segments[n];

      if (b->type == HEAT_BC_TEMPERATURE) return PETSC_TRUE;
      if (b->type == HEAT_BC_CONVECTION && IsPositive(&b->coefficient)) return PETSC_TRUE;
    }
  }
  return PETSC_FALSE;
}

/* A face belongs to a segment if its midpoint lies before `to`.  Along the side, midpoints of faces
   have the coordinates of cell centres, so that the tolerance of painting (paint.h) applies. */
PetscInt HeatBoundarySegmentEnd(const HeatCase *c, HeatSide side, PetscInt segment)
{
  const int        axis = side < HEAT_BOTTOM ? 1 : 0;
  const PetscReal *ends = axis == 0 ? c->grid.x : c->grid.y;
  const PetscReal  to   = c->boundary[side].segments[segment].to;
  const PetscInt   n    = c->grid.cells[axis];

  if (PetscIsNanReal(to) || segment == c->boundary[side].n - 1) return n;
  return HeatPaintFirstCell(to, ends[0], (ends[1] - ends[0]) / (PetscReal)n, n);
}

PetscBool HeatBoundaryHoldsEnd(const HeatCase *c, HeatSide side, int end)
{
  const PetscInt face = end == 0 ? 0 : c->grid.cells[side < HEAT_BOTTOM ? 1 : 0] - 1;
  PetscInt       n    = 0;

  while (n < c->boundary[side].n - 1 && HeatBoundarySegmentEnd(c, side, n) <= face) n++;
  return c->boundary[side].segments[n].type == HEAT_BC_TEMPERATURE ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatBoundariesDestroy(HeatBoundaries **boundaries)
{
  HeatBoundaries *b = *boundaries;

  PetscFunctionBeginUser;
  if (!b) PetscFunctionReturn(PETSC_SUCCESS);
  for (int side = 0; side < HEAT_SIDES; side++) {
    HeatSideFaces *s = &b->sides[side];

    for (PetscInt n = 0; n < s->n_stretches; n++)
      PetscCall(HeatExpressionDestroy(&s->stretches[n].expression));
    PetscCall(PetscFree(s->stretches));
    if (s->length) {
      PetscCall(PetscFree5(s->G, s->half, s->excess, s->film, s->emission));
      PetscCall(PetscFree5(s->x, s->y, s->T, s->F, s->segment));
    }
  }
  PetscCall(PetscFree(b->scratch));
  PetscCall(PetscFree(*boundaries));
  PetscFunctionReturn(PETSC_SUCCESS);
}
