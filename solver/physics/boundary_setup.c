/** Set-up of the boundary conditions: which own faces each segment has, and its formulas on them.
 *
 *  Segments are defined over a whole side, faces are local to a rank.  Each rank intersects the two
 *  into stretches (boundary_impl.h) and evaluates coefficients and emissivities once, since they do
 *  not depend on time; it compiles and keeps the formulas of T_b and flux.  Invalid values are
 *  noted by each rank, which sees only its own part of a segment, and raised by all ranks together.
 *  */
#include <stdio.h>

#include "solver/physics/boundary_impl.h"
#include "solver/physics/radiation.h"

/* A segment of a side of the case, with what its set-up needs. */
typedef struct {
  const HeatGrid *grid;
  const HeatCase *c;
  HeatSide        side;
  PetscInt        segment;     /* index into the side's segments */
  PetscReal       face_length; /* of a face of this side [m] */
} SegmentContext;

/* Allocate the arrays of a side that this rank touches, and compute the points where its formulas
   are evaluated. */
static PetscErrorCode AllocateSide(const HeatGrid *g, const HeatCase *c, HeatSide side,
                                   HeatSideFaces *s)
{
  const PetscBool vertical = side < HEAT_BOTTOM ? PETSC_TRUE : PETSC_FALSE;
  const PetscInt  n        = vertical ? g->nyl : g->nxl;

  PetscFunctionBeginUser;
  s->length = n;
  PetscCall(PetscCalloc5(n, &s->G, n, &s->half, n, &s->excess, n, &s->film, n, &s->emission));
  PetscCall(
      PetscCalloc5(n + 2, &s->x, n + 2, &s->y, n + 2, &s->T, n + 2, &s->F, n + 2, &s->segment));
  PetscCall(PetscCalloc1(PetscMin(c->boundary[side].n, n), &s->stretches));
  for (PetscInt k = 0; k < n + 2; k++) {
    /* Midpoints of the faces, then the two ends of this rank's part of the side. */
    const PetscReal along = k < n ? (PetscReal)k + 0.5 : k == n ? 0.0 : (PetscReal)n;

    if (vertical) {
      s->x[k] = g->x0 + (side == HEAT_LEFT ? 0.0 : (PetscReal)g->nx * g->hx);
      s->y[k] = g->y0 + ((PetscReal)g->ys + along) * g->hy;
    } else {
      s->x[k] = g->x0 + ((PetscReal)g->xs + along) * g->hx;
      s->y[k] = g->y0 + (side == HEAT_BOTTOM ? 0.0 : (PetscReal)g->ny * g->hy);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compile a formula of a segment; raise HEAT_ERR_INPUT about its key if it does not compile. */
static PetscErrorCode Compile(const SegmentContext *at, const char *key, const HeatFormula *formula,
                              int allowed, HeatExpression **e)
{
  char path[64], message[256];

  PetscFunctionBeginUser;
  HeatBoundaryKeyPath(at->c, at->side, at->segment, key, path, sizeof path);
  PetscCall(HeatExpressionCreate(formula, allowed, e, message, sizeof message));
  HeatCaseCheckKey(*e, at->grid->comm, at->c, path, "%s", message);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate the coefficient (convection) or emissivity (radiation) of a stretch, a formula of x and
   y, on its faces, into values[length].  Note values that are negative or not finite, and
   emissivities above 1. */
static PetscErrorCode EvaluateOnce(const SegmentContext *at, HeatBoundaries *b,
                                   const HeatSideFaces *s, const HeatStretch *stretch,
                                   PetscReal *values, HeatFault *fault)
{
  const HeatSegment *segment  = &at->c->boundary[at->side].segments[at->segment];
  const PetscBool    convects = (PetscBool)(segment->type == HEAT_BC_CONVECTION);
  const HeatFormula *formula  = convects ? &segment->coefficient : &segment->emissivity;
  const char        *key      = convects ? "coefficient" : "emissivity";
  const PetscInt     first    = stretch->begin;
  HeatExpression    *e;

  PetscFunctionBeginUser;
  PetscCall(Compile(at, key, formula, HEAT_VAR_X | HEAT_VAR_Y, &e));
  PetscCall(HeatExpressionEvaluate(e, stretch->end - first, s->x + first, s->y + first, 0.0, NULL,
                                   values + first));
  PetscCall(HeatExpressionDestroy(&e));
  for (PetscInt k = first; k < stretch->end; k++) {
    if (values[k] >= 0.0 && values[k] <= (convects ? PETSC_MAX_REAL : 1.0)) continue;
    if (!HeatBoundaryAddFault(b, s, k, key, values[k], fault)) continue;
    (void)snprintf(fault->what, sizeof fault->what, "the %s", key);
    (void)snprintf(fault->unit, sizeof fault->unit, "%s", convects ? "W/(m2 K)" : "");
    (void)snprintf(fault->rule, sizeof fault->rule, "it must be %s",
                   convects ? "finite and at least 0" : "between 0 and 1");
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the film of a stretch's faces: coefficient times face length [W/(m K)] for convection,
   infinite for a prescribed temperature, 0 otherwise; for radiation, emissivity sigma times face
   length [W/(m K4)], from which each Update derives the film. */
static PetscErrorCode SetUpFilm(const SegmentContext *at, HeatBoundaries *boundaries,
                                HeatSideFaces *s, const HeatStretch *stretch, HeatFault *fault)
{
  const HeatSegment *b = &at->c->boundary[at->side].segments[at->segment];

  PetscFunctionBeginUser;
  if (b->type == HEAT_BC_CONVECTION) {
    PetscCall(EvaluateOnce(at, boundaries, s, stretch, s->film, fault));
  } else if (b->type == HEAT_BC_RADIATION) {
    s->radiates = PETSC_TRUE;
    PetscCall(EvaluateOnce(at, boundaries, s, stretch, s->emission, fault));
  }
  for (PetscInt k = stretch->begin; k < stretch->end; k++) {
    s->film[k] = b->type == HEAT_BC_TEMPERATURE ? INFINITY : s->film[k] * at->face_length;
    s->emission[k] *= HEAT_STEFAN_BOLTZMANN * at->face_length;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up what SetTime evaluates on a stretch: the prescribed temperature, the flux, or the ambient
   temperature. */
static PetscErrorCode SetUpValue(const SegmentContext *at, HeatSideFaces *s, HeatStretch *stretch)
{
  const HeatSegment *b         = &at->c->boundary[at->side].segments[at->segment];
  const PetscBool    has_value = (b->type == HEAT_BC_TEMPERATURE || b->type == HEAT_BC_FLUX)
                                     ? PETSC_TRUE
                                     : PETSC_FALSE;
  const HeatFormula *f         = has_value ? &b->value : &b->ambient;

  PetscFunctionBeginUser;
  stretch->target = b->type == HEAT_BC_FLUX ? s->F : s->T;
  stretch->scale  = b->type == HEAT_BC_FLUX ? at->face_length : 1.0;
  if (b->type == HEAT_BC_INSULATED || b->type == HEAT_BC_PERIODIC)
    PetscFunctionReturn(PETSC_SUCCESS);
  if (b->table.n > 0) {
    stretch->series = &b->table;
    stretch->varies = b->table.n > 1 ? PETSC_TRUE : PETSC_FALSE;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(Compile(at, has_value ? "value" : "ambient", f, HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME,
                    &stretch->expression));
  stretch->varies = (HeatExpressionVariables(stretch->expression) & HEAT_VAR_TIME) ? PETSC_TRUE
                                                                                   : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up a side that this rank touches.
   @param[in]     k      [nyl][nxl] conductivity of own cells across the side [W/(m K)]
   @param[in,out] fault  notes invalid values on own faces */
static PetscErrorCode SetUpSide(HeatBoundaries *b, const HeatCase *c, HeatSide side,
                                const PetscReal *k, HeatFault *fault)
{
  const HeatGrid *g     = b->grid;
  HeatSideFaces  *s     = &b->sides[side];
  const PetscInt  start = side < HEAT_BOTTOM ? g->ys : g->xs;
  PetscInt        begin = 0;

  PetscFunctionBeginUser;
  PetscCall(AllocateSide(g, c, side, s));
  for (PetscInt f = 0; f < s->length; f++)
    s->half[f] = HeatBoundaryHalfConductance(g, side, k[HeatBoundaryCell(g, side, f)]);
  for (PetscInt n = 0; n < c->boundary[side].n && begin < s->length; n++) {
    const SegmentContext at      = {g, c, side, n, side < HEAT_BOTTOM ? g->hy : g->hx};
    const PetscInt       end     = PetscMin(HeatBoundarySegmentEnd(c, side, n) - start, s->length);
    HeatStretch         *stretch = &s->stretches[s->n_stretches];

    if (end <= begin) continue;
    s->n_stretches++;
    stretch->begin = begin;
    stretch->end   = end;
    for (PetscInt f = begin; f < end; f++) s->segment[f] = n;
    PetscCall(SetUpFilm(&at, b, s, stretch, fault));
    PetscCall(SetUpValue(&at, s, stretch));
    begin = end;
  }
  s->segment[s->length]     = s->segment[0];
  s->segment[s->length + 1] = s->segment[s->length - 1];
  for (PetscInt n = 0; n < s->n_stretches; n++)
    PetscCall(
        HeatBoundaryEvaluate(b, s, &s->stretches[n], (HeatBoundaryTime){{0.0, 0.0}, NULL}, fault));
  for (PetscInt f = 0; f < s->length; f++)
    s->G[f] = HeatBoundarySeriesConductance(s->half[f], s->film[f]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether all values of all sides are plain numbers. */
static PetscBool AreNumbers(const HeatCase *c)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    for (PetscInt k = 0; k < c->boundary[side].n; k++) {
      const HeatSegment *s = &c->boundary[side].segments[k];

      if (s->value.text || s->coefficient.text || s->emissivity.text || s->ambient.text ||
          s->table.file)
        return PETSC_FALSE;
    }
  }
  return PETSC_TRUE;
}

PetscErrorCode HeatBoundariesCreate(const HeatGrid *g, const HeatCase *c, const PetscReal *kx,
                                    const PetscReal *ky, HeatBoundaries **boundaries)
{
  HeatBoundaries *b;
  HeatFault       fault = {0};
  char            reason[100];

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  *boundaries = b;
  b->grid     = g;
  b->c        = c;
  b->zero     = HeatCaseAbsoluteZero(c, reason, sizeof reason);
  PetscCall(PetscMalloc1((HEAT_LINE_POINTS + 2) * (PetscMax(g->nxl, g->nyl) + 2), &b->scratch));
  for (int side = 0; side < HEAT_SIDES; side++) {
    if (g->boundary[side])
      PetscCall(SetUpSide(b, c, (HeatSide)side, side < HEAT_BOTTOM ? kx : ky, &fault));
  }
  PetscCall(HeatFaultRaiseUnlessNumbers(g->comm, c, AreNumbers(c), &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}
