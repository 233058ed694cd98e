/** Peaks and dips of a formula of t, by bisection with interval arithmetic (turns.h).
 *
 *  The search goes through time with the sign of the derivative g'.  An interval in which the bounds
 *  of g' have one sign is taken whole; where its sign differs from the one before it, g turns at its
 *  beginning.  An interval with bounds of both signs is halved, down to the resolution.  Bounds of
 *  g' so close to 0 that g cannot change visibly in the whole run count as 0, so that the rounding
 *  of a plateau makes no turns.
 *  Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009,
 *  ch. 8. */
#include "solver/case/turns.h"

#include <math.h>

#include "solver/case/interval.h"

/* Intervals over which one search may evaluate a part.  Chosen: some milliseconds. */
enum { BUDGET = 20000 };

/* Intervals that wait in a search by halving.  Derived: 34 halvings reach 1e-10 of the whole; the
   rest is a margin. */
enum { WAITING = 64 };

/* Parts of the run: the shortest interval that is halved, the distance after which a second turn
   counts, and the change of g, relative to its range, that counts as none over the whole run.
   Chosen: a day has 86400 s, and a pulse of 10 microseconds in it is found. */
static const PetscReal resolution = 1e-10, margin = 1e-9, invisible = 1e-6;

/* A part of the formula that depends on t alone and is not part of a larger one. */
typedef struct {
  int       operation; /* index in the tree */
  PetscReal range;     /* bound of its largest minus its smallest value in the run; may be inf */
  PetscReal flat;      /* magnitude of g' that counts as 0 */
} Part;

struct HeatTurns {
  HeatExpressionTree tree;    /* owned, like everything below */
  PetscReal         *numbers; /* [tree.n] scratch of evaluations at a point */
  HeatEnclosure     *results; /* [tree.n] scratch of evaluations over an interval */
  PetscReal          end;     /* [s] of the run */
  int                n;
  Part              *parts; /* [n] */
};

PetscReal HeatTurnsMargin(const HeatTurns *turns) { return margin * turns->end; }

static HeatEnclosure Enclose(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to)
{
  const HeatInterval time = {from, to};

  for (int k = turns->tree.operations[part->operation].first; k <= part->operation; k++)
    turns->results[k] = HeatEncloseOperation(&turns->tree.operations[k], time, turns->results);
  return turns->results[part->operation];
}

/* Signs of a derivative over an interval of time. */
typedef enum { FALLS = -1, FLAT, RISES, BOTH } Trend;

static Trend TrendOver(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to)
{
  const HeatEnclosure g    = Enclose(turns, part, from, to);
  const PetscReal     low  = g.slope.low >= -part->flat ? 0.0 : g.slope.low;
  const PetscReal     high = g.slope.high <= part->flat ? 0.0 : g.slope.high;

  if (HeatIntervalIsEmpty(g.value) || (low == 0.0 && high == 0.0)) return FLAT;
  if (low >= 0.0) return RISES;
  return high <= 0.0 ? FALLS : BOTH;
}

/* Return the sign of the derivative at a time, from the middle of its bounds. */
static Trend TrendAt(HeatTurns *turns, const Part *part, PetscReal t)
{
  const HeatEnclosure g      = Enclose(turns, part, t, t);
  const PetscReal     middle = 0.5 * (g.slope.low + g.slope.high);

  if (!isfinite(middle) || PetscAbsReal(middle) <= part->flat) return FLAT;
  return middle > 0.0 ? RISES : FALLS;
}

/* Find the first turn of one part in (start, until].
   @param[out] time   [s]; PETSC_MAX_REAL: none up to *known
   @param[out] known  [s] time up to which the answer holds */
static void SearchPart(HeatTurns *turns, const Part *part, PetscReal start, PetscReal until,
                       PetscReal *time, PetscReal *known)
{
  PetscReal from         = start;
  PetscReal end[WAITING] = {until}; /* a stack, the earliest on top: each interval begins where
                                        the one above it ends */
  int       n            = 1;
  Trend     before       = TrendAt(turns, part, start);

  *time = PETSC_MAX_REAL;
  for (int spent = 0; n > 0; spent++) {
    const PetscReal to   = end[n - 1];
    const PetscBool tiny = to - from <= resolution * turns->end ? PETSC_TRUE : PETSC_FALSE;
    Trend           now  = TrendOver(turns, part, from, to);

    *known = from;
    if (spent == BUDGET) return;
    if (now == BOTH && !tiny && n < WAITING) {
      end[n] = from + 0.5 * (to - from);
      n++;
      continue;
    }
    if (now == BOTH) now = TrendAt(turns, part, to);
    if (now != FLAT && before != FLAT && now != before) {
      *time = *known = from;
      return;
    }
    if (now != FLAT) before = now;
    from = to;
    n--;
  }
  *known = until;
}

void HeatTurnsNext(HeatTurns *turns, PetscReal after, PetscReal until, PetscReal *time,
                   PetscReal *known)
{
  const PetscReal from = after + HeatTurnsMargin(turns);

  *time  = PETSC_MAX_REAL;
  *known = until;
  for (int k = 0; k < turns->n && from < until; k++) {
    PetscReal one, one_known;

    SearchPart(turns, &turns->parts[k], from, *known, &one, &one_known);
    *time  = PetscMin(*time, one);
    *known = one_known;
  }
  if (*time > *known) *time = PETSC_MAX_REAL;
}

static PetscReal ValueAt(HeatTurns *turns, const Part *part, PetscReal t)
{
  const PetscReal point[4] = {0.0, 0.0, t, 0.0};

  return HeatExpressionTreeAt(&turns->tree, part->operation, point, turns->numbers);
}

PetscReal HeatTurnsHidden(HeatTurns *turns, PetscReal from, PetscReal turn, PetscReal to)
{
  PetscReal most = 0.0;

  for (int k = 0; k < turns->n; k++) {
    const Part     *part = &turns->parts[k];
    const PetscReal peak = ValueAt(turns, part, turn);
    const PetscReal a    = PetscAbsReal(peak - ValueAt(turns, part, from)),
                    b    = PetscAbsReal(peak - ValueAt(turns, part, to));

    if (PetscMin(a, b) > most * part->range) most = PetscMin(a, b) / part->range;
  }
  return most;
}

/* Bound the range of a part's values in the run, and set what counts as flat. */
static void Measure(HeatTurns *turns, Part *part)
{
  const HeatEnclosure g = Enclose(turns, part, 0.0, turns->end);

  part->range = HeatIntervalIsEmpty(g.value) ? 0.0 : g.value.high - g.value.low;
  part->flat  = isfinite(part->range) ? invisible * part->range / turns->end : 0.0;
}

PetscErrorCode HeatTurnsCreate(const char *text, PetscReal end, HeatTurns **out)
{
  HeatTurns  *turns;
  const char *problem;
  size_t      position;
  PetscBool  *inner; /* [tree.n] whether an operation is a part of one that depends on t alone */

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&turns));
  *out       = turns;
  turns->end = end;
  PetscCall(HeatExpressionTreeCreate(text, &turns->tree, &problem, &position));
  PetscCall(PetscCalloc1(turns->tree.n, &turns->parts));
  PetscCall(PetscCalloc1(turns->tree.n, &inner));
  PetscCall(PetscMalloc2(turns->tree.n, &turns->numbers, turns->tree.n, &turns->results));
  for (int k = turns->tree.n - 1; k >= 0; k--) {
    const HeatOperation *o = &turns->tree.operations[k];

    if (o->variables != HEAT_VAR_TIME) continue;
    if (!inner[k]) {
      turns->parts[turns->n].operation = k;
      Measure(turns, &turns->parts[turns->n++]);
    }
    for (int i = 0; i < 3; i++)
      if (o->operand[i] >= 0) inner[o->operand[i]] = PETSC_TRUE;
  }
  PetscCall(PetscFree(inner));
  if (turns->n == 0) PetscCall(HeatTurnsDestroy(out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTurnsDestroy(HeatTurns **turns)
{
  HeatTurns *t = *turns;

  PetscFunctionBeginUser;
  if (!t) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree2(t->numbers, t->results));
  PetscCall(PetscFree(t->parts));
  PetscCall(HeatExpressionTreeDestroy(&t->tree));
  PetscCall(PetscFree(*turns));
  PetscFunctionReturn(PETSC_SUCCESS);
}
