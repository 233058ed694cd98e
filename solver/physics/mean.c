/** Means over intervals by adaptive Simpson quadrature, in bulk.
 *
 *  An interval with knots of the expression inside is cut at them; each piece is then smooth, and
 *  its rule sees all of it.  A piece that shrinks to nothing adds nothing, so that the mean stays a
 *  continuous function of the ends.
 *
 *  The intervals of a batch of points are halved breadth first: one level holds all pieces that are
 *  2^-level of their interval, and the expression is evaluated at once for the whole level.  The
 *  pieces of one point keep their order whatever other points are in the batch, so that a sum has
 *  the same bits on any decomposition.
 *
 *  Whether a piece is halved does not switch but fades in: with an estimate r of the error,
 *  relative to what is allowed, the rule counts with the weight 1 - phi and the two halves with
 *  phi, phi = r - 1 clipped to [0, 1].  Without that, the mean would jump by the error of the rule
 *  where the decision changes, and a root of Newton's method could lie in the gap. */
#include "solver/physics/mean.h"

#include <math.h>

/* Flat: chosen.  An interval counts as straight if the second difference of its three values is
   below this part of the mean.  The error of Simpson's rule is then about 1e-15 for smooth
   functions, and at most a sixth of Flat at a kink; 1e-4 would save evaluations on coarse grids
   only, 1e-8 costs two more of them on most grids.  Tolerance: chosen.  Relative difference of a
   piece's coarse and fine rule, as means over the piece, up to which the piece is not halved.  The
   difference is not multiplied by the piece's length, so that at a jump the halving continues down
   to the rounding of T.  If a jump were located less exactly, the heat would be inexact, and
   Newton's method could not find its root to rounding. */
static const PetscReal Flat = 1e-6, Tolerance = 1e-9;

enum {
  BATCH  = 16, /* points that are refined together.  Chosen: their pieces take 90 kB */
  MOST   = 32, /* largest number of pieces of a point in one level; no more are made.  Chosen */
  LEVELS = 80, /* halvings.  Chosen: an interval between doubles of similar size allows about 52 */
  PIECES = BATCH * MOST
};

/* A piece [T0, T1] of a point's interval, with the expression at both ends and in the middle. */
typedef struct {
  PetscInt  point;
  PetscReal T0, T1, e0, middle, e1;
  PetscReal factor; /* product of the phi of the larger pieces that it is a part of */
} Piece;

/* What refining a batch needs. */
typedef struct {
  HeatExpression  *e;
  const PetscReal *x, *y;
  PetscReal        t;
  const PetscReal *scale; /* [points] size of the expression over the interval */
  Piece            pieces[2][PIECES];
  PetscInt         n[2];          /* pieces of this level and of the next one */
  PetscReal        T[2 * PIECES]; /* middles of the halves: lower ones, then upper ones */
  PetscReal        values[2 * PIECES], xs[2 * PIECES], ys[2 * PIECES];
} Refinement;

static PetscReal Middle(PetscReal a, PetscReal b) { return 0.5 * (a + b); }

static PetscReal Simpson(PetscReal a, PetscReal middle, PetscReal b)
{
  return (a + 4.0 * middle + b) / 6.0;
}

/* Return the weight of the halves for an error r, relative to what is allowed; 0 where r is NaN. */
static PetscReal Fade(PetscReal r) { return r > 1.0 ? PetscMin(r - 1.0, 1.0) : 0.0; }

/* Evaluate the expression in the middles of both halves of all pieces of a level. */
static PetscErrorCode EvaluateHalves(Refinement *s, const Piece *pieces, PetscInt n)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    const Piece    *p      = &pieces[k];
    const PetscReal middle = Middle(p->T0, p->T1);

    s->T[k]     = Middle(p->T0, middle);
    s->T[n + k] = Middle(middle, p->T1);
    if (s->x) s->xs[k] = s->xs[n + k] = s->x[p->point];
    if (s->y) s->ys[k] = s->ys[n + k] = s->y[p->point];
  }
  PetscCall(HeatExpressionEvaluate(s->e, 2 * n, s->x ? s->xs : NULL, s->y ? s->ys : NULL, s->t,
                                   s->T, s->values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a piece to its point's mean, and its halves to the next level with the weight phi of its
   error.
   @param[in]     part         2^-level
   @param[in]     lower, upper  the expression in the middles of its halves
   @param[in,out] next_count   pieces of this point in the next level so far */
static void TakePiece(Refinement *s, const Piece *p, int next, PetscReal part, PetscReal lower,
                      PetscReal upper, PetscInt *next_count, PetscReal *mean)
{
  const PetscReal middle = Middle(p->T0, p->T1);
  const PetscReal coarse = Simpson(p->e0, p->middle, p->e1);
  const PetscReal fine   = 0.5 *
                         (Simpson(p->e0, lower, p->middle) + Simpson(p->middle, upper, p->e1));
  const PetscReal better = fine + (fine - coarse) / 15.0;
  const PetscReal r = PetscAbsReal(fine - coarse) / (Tolerance * PetscAbsReal(s->scale[p->point]));
  const PetscBool divides = (PetscBool)(next >= 0 && *next_count + 2 <= MOST && middle != p->T0 &&
                                        middle != p->T1);
  const PetscReal phi     = divides ? Fade(r) : 0.0;

  *mean += p->factor * part * (1.0 - phi) * better;
  if (!(phi > 0.0)) return;
  s->pieces[next][s->n[next]++] = (Piece){p->point, p->T0,     middle,         p->e0,
                                          lower,    p->middle, p->factor * phi};
  s->pieces[next][s->n[next]++] = (Piece){p->point, middle, p->T1,          p->middle,
                                          upper,    p->e1,  p->factor * phi};
  *next_count += 2;
}

/* Add the integrals over the pieces of level 0 to the means of their points. */
static PetscErrorCode Refine(Refinement *s, PetscReal *mean)
{
  PetscReal part = 1.0;

  PetscFunctionBeginUser;
  for (int level = 0; s->n[level % 2] > 0; level++, part *= 0.5) {
    const int      now = level % 2, next = level < LEVELS ? 1 - now : -1;
    const PetscInt n     = s->n[now];
    PetscInt       count = 0;

    s->n[1 - now] = 0;
    PetscCall(EvaluateHalves(s, s->pieces[now], n));
    for (PetscInt k = 0; k < n; k++) {
      const Piece *p = &s->pieces[now][k];

      if (k > 0 && p->point != p[-1].point) count = 0;
      TakePiece(s, p, next, part, s->values[k], s->values[n + k], &count, &mean[p->point]);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refine the points that are not straight enough; middle[i] is the expression in the middle, and
   mean[i] Simpson's rule. */
static PetscErrorCode RefinePoints(Refinement *s, PetscInt n, const PetscReal *T0,
                                   const PetscReal *T1, const PetscReal *e0, const PetscReal *e1,
                                   const PetscReal *middle, PetscReal *mean)
{
  PetscFunctionBeginUser;
  for (PetscInt first = 0; first < n; first += BATCH) {
    s->n[0] = 0;
    for (PetscInt i = first; i < PetscMin(first + BATCH, n); i++) {
      const PetscReal bend = PetscAbsReal((e0[i] - middle[i]) + (e1[i] - middle[i]));
      const PetscReal phi  = Fade(bend / (Flat * PetscAbsReal(s->scale[i])));

      if (!(phi > 0.0)) continue;
      mean[i] *= 1.0 - phi;
      s->pieces[0][s->n[0]++] = (Piece){i, T0[i], T1[i], e0[i], middle[i], e1[i], phi};
    }
    PetscCall(Refine(s, mean));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What all points of one call of HeatMeanEvaluate share. */
typedef struct {
  HeatExpression *e;
  PetscReal       t;
  Refinement     *refinement; /* owned; NULL until an interval has to be refined */
} Work;

/* Return the memory for refinement, which is allocated at the first call. */
static PetscErrorCode GetRefinement(Work *w, Refinement **s)
{
  PetscFunctionBeginUser;
  if (!w->refinement) PetscCall(PetscMalloc1(1, &w->refinement));
  *s = w->refinement;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the means of n intervals as HeatMeanEvaluate does, but without knots.
   @param middle, scale  [n] work arrays */
static PetscErrorCode Unsplit(Work *w, PetscInt n, const PetscReal *x, const PetscReal *y,
                              const PetscReal *T0, const PetscReal *T1, const PetscReal *e0,
                              const PetscReal *e1, PetscReal *middle, PetscReal *scale,
                              PetscReal *mean)
{
  const int   variables = HeatExpressionVariables(w->e);
  int         bends     = 0;
  Refinement *s;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) scale[i] = Middle(T0[i], T1[i]);
  PetscCall(HeatExpressionEvaluate(w->e, n, x, y, w->t, scale, middle));
  _Pragma("omp simd reduction(| : bends)") for (PetscInt i = 0; i < n; i++)
  {
    scale[i] = mean[i] = Simpson(e0[i], middle[i], e1[i]);
    bends |= fabs((e0[i] - middle[i]) + (e1[i] - middle[i])) > Flat * fabs(scale[i]);
  }
  if (bends) {
    PetscCall(GetRefinement(w, &s));
    s->e     = w->e;
    s->x     = variables & HEAT_VAR_X ? x : NULL;
    s->y     = variables & HEAT_VAR_Y ? y : NULL;
    s->t     = w->t;
    s->scale = scale;
    PetscCall(RefinePoints(s, n, T0, T1, e0, e1, middle, mean));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The knots inside an interval of temperatures: T[first], ..., T[last - 1]. */
typedef struct {
  PetscInt first, last;
} Inside;

/* Return the index of the first knot above T. */
static PetscInt FirstAbove(const HeatKnots *knots, PetscReal T)
{
  PetscInt low = 0, high = knots->n;

  while (low < high) {
    const PetscInt middle = low + (high - low) / 2;

    if (knots->T[middle] > T) high = middle;
    else low = middle + 1;
  }
  return low;
}

/* Return the knots between T0 and T1.  A knot closer to an end than a few margins does not count:
   the piece between them would be rounding. */
static Inside KnotsBetween(const HeatKnots *knots, PetscReal T0, PetscReal T1)
{
  const PetscReal away   = 4.0 * knots->margin;
  const PetscInt  first  = FirstAbove(knots, PetscMin(T0, T1) + away);
  const PetscInt  beyond = FirstAbove(knots, PetscMax(T0, T1) - away);

  return (Inside){first, PetscMax(first, beyond)};
}

PetscBool HeatMeanIsSplit(const HeatExpression *e, PetscReal T0, PetscReal T1)
{
  const Inside inside = KnotsBetween(HeatExpressionKnots(e), T0, T1);

  return inside.first < inside.last ? PETSC_TRUE : PETSC_FALSE;
}

/* Arrays for the pieces of an interval that is cut at knots. */
typedef struct {
  PetscInt   room;                          /* length of the arrays */
  PetscReal *memory;                        /* owned; the arrays are parts of it */
  PetscReal *low, *high;                    /* ends of the pieces [K] */
  PetscReal *e_low, *e_high;                /* the expression just inside of the ends */
  PetscReal *mean, *x, *y, *middle, *scale; /* means, coordinates [m], work arrays */
} Pieces;

enum { PIECE_ARRAYS = 9 /* arrays of Pieces */ };

/* Provide arrays for n pieces; their contents are undefined. */
static PetscErrorCode ReservePieces(Pieces *p, PetscInt n)
{
  PetscReal **const arrays[PIECE_ARRAYS] = {&p->low, &p->high, &p->e_low,  &p->e_high, &p->mean,
                                            &p->x,   &p->y,    &p->middle, &p->scale};

  PetscFunctionBeginUser;
  if (n <= p->room) PetscFunctionReturn(PETSC_SUCCESS);
  p->room = 2 * n;
  PetscCall(PetscFree(p->memory));
  PetscCall(PetscMalloc1((size_t)PIECE_ARRAYS * (size_t)p->room, &p->memory));
  for (int k = 0; k < PIECE_ARRAYS; k++) *arrays[k] = p->memory + (size_t)k * (size_t)p->room;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Cut [low, high] at knots that lie further apart than a few margins.  Return the number of
   pieces. */
static PetscInt Cut(const HeatKnots *knots, Inside inside, PetscReal low, PetscReal high, Pieces *p)
{
  PetscInt n = 0;

  p->low[0] = low;
  for (PetscInt k = inside.first; k < inside.last; k++) {
    if (knots->T[k] - p->low[n] <= 4.0 * knots->margin) continue;
    p->high[n]  = knots->T[k];
    p->low[++n] = knots->T[k];
  }
  p->high[n] = high;
  return n + 1;
}

/* Compute the mean over the interval of one point that has knots inside.  At a knot the expression
   is evaluated on the piece's side of it, a margin away.  p->mean holds the temperatures of these
   evaluations until the means replace them. */
static PetscErrorCode Split(Work *w, Pieces *p, const PetscReal *x, const PetscReal *y,
                            PetscReal T0, PetscReal T1, PetscReal e0, PetscReal e1, Inside inside,
                            PetscReal *mean)
{
  const HeatKnots *knots = HeatExpressionKnots(w->e);
  const PetscReal  low = PetscMin(T0, T1), high = PetscMax(T0, T1);
  PetscInt         n;

  PetscFunctionBeginUser;
  PetscCall(ReservePieces(p, inside.last - inside.first + 1));
  n = Cut(knots, inside, low, high, p);
  for (PetscInt k = 0; k < n; k++) {
    p->x[k]    = x ? *x : 0.0;
    p->y[k]    = y ? *y : 0.0;
    p->mean[k] = p->low[k] + knots->margin;
  }
  PetscCall(HeatExpressionEvaluate(w->e, n, p->x, p->y, w->t, p->mean, p->e_low));
  for (PetscInt k = 0; k < n; k++) p->mean[k] = p->high[k] - knots->margin;
  PetscCall(HeatExpressionEvaluate(w->e, n, p->x, p->y, w->t, p->mean, p->e_high));
  p->e_low[0]      = T0 < T1 ? e0 : e1;
  p->e_high[n - 1] = T0 < T1 ? e1 : e0;
  PetscCall(Unsplit(w, n, p->x, p->y, p->low, p->high, p->e_low, p->e_high, p->middle, p->scale,
                    p->mean));
  *mean = 0.0;
  for (PetscInt k = 0; k < n; k++) *mean += p->mean[k] * ((p->high[k] - p->low[k]) / (high - low));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Consecutive points whose intervals have no knots inside are computed together, the others one by
   one.  Work arrays are allocated once for all points. */
PetscErrorCode HeatMeanEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                const PetscReal *y, PetscReal t, const PetscReal *T0,
                                const PetscReal *T1, const PetscReal *e0, const PetscReal *e1,
                                PetscReal *mean)
{
  const HeatKnots *knots  = HeatExpressionKnots(e);
  PetscInt         first  = 0; /* of the points without knots that are not yet computed */
  Work             w      = {.e = e, .t = t};
  Pieces           pieces = {0};
  PetscReal       *middle, *scale;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(n, &middle, n, &scale));
  for (PetscInt i = 0; i <= n; i++) {
    const Inside inside = i < n && knots->n > 0 ? KnotsBetween(knots, T0[i], T1[i])
                                                : (Inside){0, 0};

    if (i < n && inside.first == inside.last) continue;
    if (i > first)
      PetscCall(Unsplit(&w, i - first, x ? x + first : NULL, y ? y + first : NULL, T0 + first,
                        T1 + first, e0 + first, e1 + first, middle, scale, mean + first));
    if (i < n)
      PetscCall(Split(&w, &pieces, x ? x + i : NULL, y ? y + i : NULL, T0[i], T1[i], e0[i], e1[i],
                      inside, &mean[i]));
    first = i + 1;
  }
  PetscCall(PetscFree2(middle, scale));
  PetscCall(PetscFree(pieces.memory));
  PetscCall(PetscFree(w.refinement));
  PetscFunctionReturn(PETSC_SUCCESS);
}
