/** Boundary conditions as functions of time and of the temperature: q = G (T_b - T_c) + F.
 *
 *  All conditions share this formula because each is a film in series with the half cell.  The film
 *  is the layer between the surface and the surroundings: it has no resistance where the
 *  temperature is prescribed, and no conductance under flux and insulation.  Radiation is a film
 *  whose conductance depends on the surface temperature and is computed by each Update.  Set-up is
 *  in boundary_setup.c. */
#include "solver/physics/boundary.h"

#include <stdio.h>

#include "solver/case/time_series.h"
#include "solver/physics/boundary_impl.h"
#include "solver/physics/paint.h"
#include "solver/physics/radiation.h"

/* Faults. */

void HeatBoundaryKeyPath(const HeatCase *c, HeatSide side, PetscInt segment, const char *key,
                         char *path, size_t size)
{
  const char *dot = key[0] ? "." : "", *name = HeatSideNames[side];

  if (c->boundary[side].n == 1) (void)snprintf(path, size, "boundary.%s%s%s", name, dot, key);
  else (void)snprintf(path, size, "boundary.%s[%d]%s%s", name, (int)segment, dot, key);
}

PetscBool HeatBoundaryAddFault(const HeatBoundaries *b, const HeatSideFaces *s, PetscInt f,
                               const char *key, PetscReal value, HeatFault *fault)
{
  const HeatSide side = (HeatSide)(s - b->sides);

  if (!HeatFaultAdd(fault, HeatFaultPlace(b->grid, HeatBoundaryCell(b->grid, side, f))))
    return PETSC_FALSE;
  HeatFaultAtCell(fault, b->grid);
  fault->x     = s->x[f];
  fault->y     = s->y[f];
  fault->value = value;
  HeatBoundaryKeyPath(b->c, side, s->segment[f], key, fault->path, sizeof fault->path);
  return PETSC_TRUE;
}

/* Note values of a stretch at time t [s] that are not finite, or temperatures below the absolute
   zero, on n faces from face `first` on. */
static void CheckFaces(const HeatBoundaries *b, const HeatSideFaces *s, const HeatStretch *stretch,
                       PetscReal t, PetscInt first, PetscInt n, const PetscReal *values,
                       HeatFault *fault)
{
  const HeatSide     side    = (HeatSide)(s - b->sides);
  const PetscBool    flux    = (PetscBool)(stretch->target == s->F);
  const HeatSegment *segment = &b->c->boundary[side].segments[s->segment[stretch->begin]];
  const PetscBool    valued  = (PetscBool)(flux || segment->type == HEAT_BC_TEMPERATURE);

  for (PetscInt k = 0; k < n; k++) {
    const PetscReal value = values[k];

    if (HeatIsNumber(value) && (flux || value >= b->zero)) continue;
    if (!HeatBoundaryAddFault(b, s, first + k,
                              stretch->series ? "table"
                              : valued        ? "value"
                                              : "ambient",
                              value, fault))
      continue;
    fault->t    = t;
    fault->of_t = stretch->varies;
    HeatFaultOfTemperature(fault, b->c);
    if (!flux) continue;
    (void)snprintf(fault->what, sizeof fault->what, "the flux");
    (void)snprintf(fault->unit, sizeof fault->unit, "W/m2");
    (void)snprintf(fault->rule, sizeof fault->rule, "it must be finite");
  }
}

/* Values that follow the time or the temperature. */

/* Evaluate a stretch at n points of its side, from point `first` on, into values[n]; note wrong
   values on its faces. */
static PetscErrorCode EvaluateAt(const HeatBoundaries *b, const HeatSideFaces *s,
                                 const HeatStretch *stretch, HeatMoment when, PetscInt first,
                                 PetscInt n, PetscReal *values, HeatFault *fault)
{
  PetscFunctionBeginUser;
  if (stretch->series) {
    const PetscReal value = HeatSeriesAt(stretch->series, when.t);

    for (PetscInt k = 0; k < n; k++) values[k] = value;
  } else {
    PetscCall(HeatExpressionEvaluate(stretch->expression, n, s->x + first, s->y + first,
                                     HeatExpressionTime(stretch->expression, when), NULL, values));
  }
  CheckFaces(b, s, stretch, when.t, first, PetscMax(PetscMin(n, s->length - first), 0), values,
             fault);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate a stretch at n points of its side, from point `first` on, into its target. */
static PetscErrorCode EvaluatePoints(HeatBoundaries *b, const HeatSideFaces *s,
                                     const HeatStretch *stretch, HeatBoundaryTime t, PetscInt first,
                                     PetscInt n, HeatFault *fault)
{
  PetscReal *values = b->scratch, *mean = values, *slope = values + n, *lines = values + 2 * n;

  PetscFunctionBeginUser;
  if (t.line) {
    for (int k = 0; k < HEAT_LINE_POINTS; k++)
      PetscCall(
          EvaluateAt(b, s, stretch, t.line->moments[k], first, n, lines + (PetscInt)k * n, fault));
    HeatTimeLineFit(t.line, n, lines, mean, slope);
    for (PetscInt k = 0; k < n; k++)
      values[k] = mean[k] + slope[k] * HeatTimeLineOffset(t.line, t.when.t);
  } else PetscCall(EvaluateAt(b, s, stretch, t.when, first, n, values, fault));
  for (PetscInt k = 0; k < n; k++) stretch->target[first + k] = stretch->scale * values[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundaryEvaluate(HeatBoundaries *b, const HeatSideFaces *s,
                                    const HeatStretch *stretch, HeatBoundaryTime t,
                                    HeatFault *fault)
{
  const PetscInt faces = stretch->end - stretch->begin;

  PetscFunctionBeginUser;
  if (!stretch->expression && !stretch->series) PetscFunctionReturn(PETSC_SUCCESS);
  /* One stretch has all faces and both ends: its points are contiguous. */
  if (s->n_stretches == 1) {
    PetscCall(EvaluatePoints(b, s, stretch, t, 0, s->length + 2, fault));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(EvaluatePoints(b, s, stretch, t, stretch->begin, faces, fault));
  if (stretch->begin == 0) PetscCall(EvaluatePoints(b, s, stretch, t, s->length, 1, fault));
  if (stretch->end == s->length)
    PetscCall(EvaluatePoints(b, s, stretch, t, s->length + 1, 1, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetTime(HeatBoundaries *b, HeatBoundaryTime t, HeatFault *fault)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatSideFaces *s = &b->sides[side];

    for (PetscInt n = 0; n < s->n_stretches; n++) {
      if (s->stretches[n].varies) PetscCall(HeatBoundaryEvaluate(b, s, &s->stretches[n], t, fault));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundariesSetTime(HeatBoundaries *b, HeatMoment when, HeatFault *fault)
{
  PetscFunctionBeginUser;
  PetscCall(SetTime(b, (HeatBoundaryTime){when, NULL}, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundariesSetTimeOnLine(HeatBoundaries *b, const HeatTimeLine *line, PetscReal t,
                                           HeatFault *fault)
{
  PetscFunctionBeginUser;
  PetscCall(SetTime(b, (HeatBoundaryTime){{t, 0.0}, line}, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute G and excess = -dq/dT_c - G of face f, whose half cell conducts with a k that does not
   depend on T, or whose film does not conduct.
       -dq/dT_c = half g/(half + g)
   with half = G_half, T = T_c, and g the film's tangent, which is the derivative of the heat
   through the film with respect to T_s.  The film's secant enters G, its tangent the derivative;
   they differ for radiation only. */
static void UpdateFace(HeatSideFaces *s, PetscInt f, PetscReal T)
{
  const PetscReal half = s->half[f], T_b = s->T[f];
  PetscReal       secant = s->film[f], tangent = secant;

  if (s->emission[f] > 0.0) {
    const PetscReal surface = HeatRadiationSurface(half, s->emission[f], T, T_b);

    secant  = HeatRadiationSecant(s->emission[f], T_b, surface);
    tangent = HeatRadiationTangent(s->emission[f], surface);
  }
  s->G[f]      = HeatBoundarySeriesConductance(half, secant);
  s->excess[f] = HeatBoundarySeriesConductance(half, tangent) - s->G[f];
  if (PetscIsInfOrNanReal(T)) s->excess[f] = T; /* for NoteFace: G may be finite nevertheless */
}

/* Note that G or `excess` of face f is not finite at the temperature T of its cell.  `valid`: the
   cell's conductivity is; where it is not, it has been noted already. */
static void NoteFace(const HeatBoundaries *b, const HeatSideFaces *s, PetscInt f, PetscReal T,
                     PetscBool valid, HeatFault *fault)
{
  const PetscBool wrong = PetscIsInfOrNanReal(s->G[f]);

  if (!valid || (!wrong && !PetscIsInfOrNanReal(s->excess[f]))) return;
  if (!HeatBoundaryAddFault(b, s, f, "", wrong ? s->G[f] : s->excess[f], fault)) return;
  fault->of_T = PETSC_TRUE;
  fault->T    = T;
  (void)snprintf(fault->what, sizeof fault->what, wrong ? "its conductance" : "its derivative");
  (void)snprintf(fault->unit, sizeof fault->unit, "W/(m K)");
  (void)snprintf(fault->rule, sizeof fault->rule,
                 "it must be finite at every temperature that occurs");
}

/* Return whether the conductivity and its derivative in a cell are valid. */
static PetscBool IsValid(const HeatConductivity *conductivity, int axis, size_t cell)
{
  const PetscReal  k     = HeatConductivityField(conductivity, axis)[cell];
  const PetscReal *slope = HeatConductivitySlope(conductivity, axis);

  return (PetscBool)(k > 0.0 && k <= PETSC_MAX_REAL &&
                     !(slope && PetscIsInfOrNanReal(slope[cell])));
}

PetscErrorCode HeatBoundariesUpdate(HeatBoundaries *b, const HeatConductivity *conductivity,
                                    const uint16_t *material, const PetscReal *T, HeatFault *fault)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatGrid *g    = b->grid;
    const int       axis = side / 2;
    HeatSideFaces  *s    = &b->sides[side];

    if (!conductivity && !s->radiates) continue;
    for (PetscInt f = 0; f < s->length; f++) {
      const size_t cell  = HeatBoundaryCell(g, (HeatSide)side, f);
      PetscBool    valid = PETSC_TRUE, done = PETSC_FALSE;

      if (conductivity) {
        valid      = IsValid(conductivity, axis, cell);
        s->half[f] = HeatBoundaryHalfConductance(g, (HeatSide)side,
                                                 HeatConductivityField(conductivity, axis)[cell]);
        PetscCall(HeatBoundaryUpdateMean(b, (HeatSide)side, f, conductivity, material[cell],
                                         T[cell], &done, fault));
      }
      if (!done) UpdateFace(s, f, T[cell]);
      NoteFace(b, s, f, T[cell], valid, fault);
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

PetscBool HeatBoundariesSideHasFlux(const HeatBoundaries *b, HeatSide side)
{
  const HeatSideFaces *s = &b->sides[side];

  for (PetscInt n = 0; n < s->n_stretches; n++) {
    if (s->stretches[n].target == s->F) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscBool HeatBoundariesHaveFlux(const HeatBoundaries *b)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    if (HeatBoundariesSideHasFlux(b, (HeatSide)side)) return PETSC_TRUE;
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
