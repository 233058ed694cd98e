/* Boundary conditions, one formula for all (see the header). */
#include "solver/boundary.h"

#include "solver/expression.h"

typedef struct {
  HeatExpression *expression; /* owned; of T_b or of the flux; NULL: nothing to evaluate */
  PetscReal      *target;     /* T or F of this side */
  PetscReal       scale;      /* 1, or the face's length for a flux */
  PetscBool       varies;     /* depends on t */
} BoundaryTerm;

typedef struct {
  PetscInt     length;
  PetscReal   *x, *y;    /* owned [length + 2] midpoints of the faces, then both ends [m] */
  PetscReal   *T, *F;    /* owned [length + 2] there; F at the ends has no meaning */
  PetscReal   *G, *half; /* owned [length] */
  BoundaryTerm term;
} SideData;

struct HeatBoundaries {
  const HeatGrid *grid;
  SideData        sides[HEAT_SIDES];
  PetscReal      *scratch; /* owned [max length] */
};

static PetscErrorCode CreateExpression(const HeatGrid *g, const HeatCase *c, HeatSide side,
                                       const char *key, const HeatFormula *formula, int allowed,
                                       HeatExpression **e)
{
  char path[64], message[256];

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(path, sizeof path, "boundary.%s.%s", HeatSideNames[side], key));
  PetscCall(HeatExpressionCreate(formula, allowed, e, message, sizeof message));
  HeatCaseCheckKey(*e, g->comm, c, path, "%s", message);
  PetscFunctionReturn(0);
}

static PetscErrorCode AllocateSide(const HeatGrid *g, HeatSide side, SideData *s)
{
  const PetscBool vertical = side < HEAT_BOTTOM ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  s->length = vertical ? g->nyl : g->nxl;
  PetscCall(PetscCalloc2(s->length, &s->G, s->length, &s->half));
  PetscCall(PetscCalloc4(s->length + 2, &s->x, s->length + 2, &s->y, s->length + 2, &s->T,
                         s->length + 2, &s->F));
  for (PetscInt k = 0; k < s->length + 2; k++) {
    /* Midpoints of the faces, then the two ends of this rank's stretch. */
    const PetscReal along = k < s->length    ? (PetscReal)k + 0.5
                            : k == s->length ? 0.0
                                             : (PetscReal)s->length;

    if (vertical) {
      s->x[k] = g->x0 + (side == HEAT_LEFT ? 0.0 : (PetscReal)g->nx * g->hx);
      s->y[k] = g->y0 + ((PetscReal)g->ys + along) * g->hy;
    } else {
      s->x[k] = g->x0 + ((PetscReal)g->xs + along) * g->hx;
      s->y[k] = g->y0 + (side == HEAT_BOTTOM ? 0.0 : (PetscReal)g->ny * g->hy);
    }
  }
  PetscFunctionReturn(0);
}

/* Conductance of the half cells along a side [W/(m K)]. */
static void HalfConductance(const HeatGrid *g, HeatSide side, const PetscReal *kx,
                            const PetscReal *ky, SideData *s)
{
  const size_t width = (size_t)g->nxl;

  for (PetscInt k = 0; k < s->length; k++) {
    switch (side) {
    case HEAT_LEFT: s->half[k] = 2.0 * kx[(size_t)k * width] * g->hy / g->hx; break;
    case HEAT_RIGHT: s->half[k] = 2.0 * kx[(size_t)k * width + width - 1] * g->hy / g->hx; break;
    case HEAT_BOTTOM: s->half[k] = 2.0 * ky[k] * g->hx / g->hy; break;
    default: s->half[k] = 2.0 * ky[(size_t)(g->nyl - 1) * width + (size_t)k] * g->hx / g->hy; break;
    }
  }
}

/* G of a convective side: half cell and film in series. */
static PetscErrorCode ConvectionConductance(const HeatGrid *g, const HeatCase *c, HeatSide side,
                                            SideData *s, PetscInt64 *bad)
{
  HeatExpression *e;
  const PetscReal face = side < HEAT_BOTTOM ? g->hy : g->hx;

  PetscFunctionBeginUser;
  PetscCall(CreateExpression(g, c, side, "coefficient", &c->boundary[side].segments[0].coefficient,
                             HEAT_VAR_X | HEAT_VAR_Y, &e));
  PetscCall(HeatExpressionEvaluate(e, s->length, s->x, s->y, 0.0, NULL, s->G));
  PetscCall(HeatExpressionDestroy(&e));
  for (PetscInt k = 0; k < s->length; k++) {
    const PetscReal film = s->G[k] * face;

    *bad += !(film >= 0.0) || PetscIsInfReal(film);
    s->G[k] = film > 0.0 ? film * s->half[k] / (film + s->half[k]) : 0.0;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode SetUpSide(const HeatGrid *g, const HeatCase *c, HeatSide side, SideData *s,
                                PetscInt64 *bad)
{
  const HeatSegment *b    = &c->boundary[side].segments[0];
  BoundaryTerm      *term = &s->term;
  const int          xyt  = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_T;

  PetscFunctionBeginUser;
  term->scale  = 1.0;
  term->target = s->T;
  if (b->type == HEAT_BC_TEMPERATURE) {
    PetscCall(PetscArraycpy(s->G, s->half, s->length));
    PetscCall(CreateExpression(g, c, side, "value", &b->value, xyt, &term->expression));
  } else if (b->type == HEAT_BC_CONVECTION) {
    PetscCall(ConvectionConductance(g, c, side, s, bad));
    PetscCall(CreateExpression(g, c, side, "ambient", &b->ambient, xyt, &term->expression));
  } else if (b->type == HEAT_BC_FLUX) {
    term->target = s->F;
    term->scale  = side < HEAT_BOTTOM ? g->hy : g->hx;
    PetscCall(CreateExpression(g, c, side, "value", &b->value, xyt, &term->expression));
  }
  if (term->expression) {
    term->varies = (HeatExpressionVariables(term->expression) & HEAT_VAR_T) ? PETSC_TRUE
                                                                            : PETSC_FALSE;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode EvaluateSide(HeatBoundaries *b, SideData *s, PetscReal t)
{
  PetscFunctionBeginUser;
  PetscCall(
      HeatExpressionEvaluate(s->term.expression, s->length + 2, s->x, s->y, t, NULL, b->scratch));
  for (PetscInt f = 0; f < s->length + 2; f++) s->term.target[f] = s->term.scale * b->scratch[f];
  PetscFunctionReturn(0);
}

PetscErrorCode HeatBoundariesCreate(const HeatGrid *g, const HeatCase *c, const PetscReal *kx,
                                    const PetscReal *ky, HeatBoundaries **boundaries)
{
  HeatBoundaries *b;
  PetscInt64      bad[HEAT_SIDES] = {0, 0, 0, 0};

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  *boundaries = b;
  b->grid     = g;
  PetscCall(PetscMalloc1(PetscMax(g->nxl, g->nyl) + 2, &b->scratch));
  for (int side = 0; side < HEAT_SIDES; side++) {
    SideData *s = &b->sides[side];

    if (!g->boundary[side]) continue;
    PetscCall(AllocateSide(g, (HeatSide)side, s));
    HalfConductance(g, (HeatSide)side, kx, ky, s);
    PetscCall(SetUpSide(g, c, (HeatSide)side, s, &bad[side]));
    if (s->term.expression) PetscCall(EvaluateSide(b, s, 0.0));
    for (PetscInt k = 0; k < s->length; k++)
      bad[side] += PetscIsInfOrNanReal(s->T[k]) || PetscIsInfOrNanReal(s->F[k]);
  }
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, bad, HEAT_SIDES, MPIU_INT64, MPI_SUM, g->comm));
  for (int side = 0; side < HEAT_SIDES; side++) {
    char path[32];

    PetscCall(PetscSNPrintf(path, sizeof path, "boundary.%s", HeatSideNames[side]));
    HeatCaseCheckKey(bad[side] == 0, g->comm, c, path,
                     "on %" PetscInt64_FMT
                     " faces a value is not finite at t = 0, or the coefficient is "
                     "negative; the expressions must be defined along the whole side",
                     bad[side]);
  }
  PetscFunctionReturn(0);
}

PetscErrorCode HeatBoundariesSet(HeatBoundaries *b, PetscReal t)
{
  PetscFunctionBeginUser;
  for (int side = 0; side < HEAT_SIDES; side++) {
    if (b->sides[side].term.varies) PetscCall(EvaluateSide(b, &b->sides[side], t));
  }
  PetscFunctionReturn(0);
}

HeatBoundaryFaces HeatBoundariesGet(const HeatBoundaries *b, HeatSide side)
{
  const SideData         *s     = &b->sides[side];
  const HeatBoundaryFaces faces = {s->length, s->G, s->half, s->T, s->F};

  return faces;
}

PetscBool HeatBoundariesFluxVaries(const HeatBoundaries *b)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const BoundaryTerm *term = &b->sides[side].term;

    if (term->varies && term->target == b->sides[side].F) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscBool HeatBoundariesFixLevel(const HeatCase *c)
{
  for (int side = 0; side < HEAT_SIDES; side++) {
    const HeatSegment *b = &c->boundary[side].segments[0];

    if (b->type == HEAT_BC_TEMPERATURE) return PETSC_TRUE;
    if (b->type == HEAT_BC_CONVECTION && (b->coefficient.text || b->coefficient.value > 0.0))
      return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscErrorCode HeatBoundariesDestroy(HeatBoundaries **boundaries)
{
  HeatBoundaries *b = *boundaries;

  PetscFunctionBeginUser;
  if (!b) PetscFunctionReturn(0);
  for (int side = 0; side < HEAT_SIDES; side++) {
    SideData *s = &b->sides[side];

    PetscCall(HeatExpressionDestroy(&s->term.expression));
    if (s->length) {
      PetscCall(PetscFree2(s->G, s->half));
      PetscCall(PetscFree4(s->x, s->y, s->T, s->F));
    }
  }
  PetscCall(PetscFree(b->scratch));
  PetscCall(PetscFree(*boundaries));
  PetscFunctionReturn(0);
}
