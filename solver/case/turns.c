/** Peaks and dips of a formula of t, by bisection with interval arithmetic (turns.h).
 *
 *  The search goes through time with the sign of the derivative g'.  An interval in which the
 *  bounds of g' have one sign is taken whole; where its sign differs from the one before it, g
 *  turns at its beginning.  An interval with bounds of both signs is halved, down to the
 *  resolution.  Bounds of g' so close to 0 that g would change by less than 1e-9 of its range in
 *  the whole run count as 0, so that the rounding of a plateau makes no turns.  Source: R. E.
 *  Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009, ch. 8. */
#include "solver/case/turns.h"

#include <math.h>

#include "solver/case/interval.h"

/* Largest effort of one search, in operations of the formula, which the parts share, and the fewest
   intervals that each part may evaluate.  Chosen: 200000 operations take some milliseconds; halving
   an interval down to the resolution takes 34. */
enum { BUDGET = 200000, FEWEST = 100 };

/* Largest number of intervals on the stack of a search.  Derived: 34 halvings reach 1e-10 of the
   run; the rest is a margin. */
enum { WAITING = 64 };

/* The shortest interval that is halved and the smallest distance of two turns, both as parts of the
   run's length, and the change of g over the whole run that counts as none, as a part of g's range.
   Chosen: in a run of a day, 86400 s, a pulse of 10 microseconds is found. */
static const PetscReal resolution = 1e-10, margin = 1e-9, invisible = 1e-9;

/* A largest sub-formula that depends on t alone.  Where that is a term u(t) of an exponent that
   also depends on x or y, the part is exp(u). */
typedef struct {
  int       operation; /* index in the tree */
  PetscReal range;     /* upper bound of its values in the run minus the lower one; may be inf */
  PetscReal flat;      /* magnitude of g' that counts as 0 */
} Part;

struct HeatTurns {
  HeatExpressionTree tree;    /* owned, like everything below */
  PetscReal         *numbers; /* [tree.n] scratch of evaluations at a point */
  HeatEnclosure     *results; /* [tree.n] scratch of evaluations over an interval */
  PetscReal          end;     /* [s] of the run */
  PetscReal          work;    /* operations evaluated so far */
  int                n;
  Part              *parts; /* [n] */
};

PetscReal HeatTurnsMargin(const HeatTurns *turns) { return margin * turns->end; }

PetscReal HeatTurnsWork(const HeatTurns *turns) { return turns->work; }

/* Return the number of operations that an evaluation of a part takes. */
static PetscReal Size(const HeatTurns *turns, const Part *part)
{
  return (PetscReal)(part->operation - turns->tree.operations[part->operation].first + 1);
}

static HeatEnclosure Enclose(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to)
{
  const HeatInterval time = {from, to};

  turns->work += Size(turns, part);

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

  const PetscReal budget = PetscMax((PetscReal)BUDGET / turns->n, FEWEST * Size(turns, part));
  const PetscReal most   = turns->work + budget;

  *time = PETSC_MAX_REAL;
  while (n > 0) {
    const PetscReal to   = end[n - 1];
    const PetscBool tiny = to - from <= resolution * turns->end ? PETSC_TRUE : PETSC_FALSE;
    Trend           now  = TrendOver(turns, part, from, to);

    *known = from;
    if (turns->work > most) return;
    if (now == BOTH && !tiny && n < WAITING) {
      end[n] = from + 0.5 * (to - from);
      n++;
      continue;
    }
    if (now == BOTH) now = TrendAt(turns, part, to);
    if (now != FLAT && before != FLAT && now != before) {
      *time = *known = tiny ? from + 0.5 * (to - from) : from;
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

PetscBool HeatTurnsAreFast(HeatTurns *turns)
{
  const int       many = 100;               /* chosen: no burst of pulses has so many */
  const PetscReal near = 1e-6 * turns->end; /* chosen: a million steps are a long run */
  const PetscReal most = 1e6;               /* operations; chosen: a tenth of a second */
  PetscReal       time = 0.0, next, known;

  for (int k = 0; k < many && turns->work < most; k++, time = next) {
    HeatTurnsNext(turns, time, time + near, &next, &known);
    if (next == PETSC_MAX_REAL) return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

static PetscReal ValueAt(HeatTurns *turns, const Part *part, PetscReal t)
{
  const PetscReal point[4] = {0.0, 0.0, t, 0.0};

  return HeatExpressionTreeAt(&turns->tree, part->operation, point, turns->numbers);
}

/* Evaluate a part at the ends of a step, seen from just inside the step, since the part may jump at
   an end. */
static void Ends(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to,
                 PetscReal value[2])
{
  const PetscReal inside = 1e-6 * (to - from);

  value[0] = ValueAt(turns, part, from + inside);
  value[1] = ValueAt(turns, part, to - inside);
}

/* Return the difference between a part's value in the middle of a step and the straight line
   between its values at the ends, or half of the difference at a quarter of the step if that is
   more, relative to the part's range.  The quarters find a steep change in the middle of the step,
   where it crosses the line; chosen: they count half, since such a change differs there by a
   quarter of the range. */
static PetscReal Bend(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to)
{
  PetscReal end[2], most = 0.0;

  Ends(turns, part, from, to, end);
  for (int k = 1; k < 4; k++) {
    const PetscReal at = 0.25 * k, line = (1.0 - at) * end[0] + at * end[1];
    const PetscReal off = PetscAbsReal(ValueAt(turns, part, from + at * (to - from)) - line);

    most = PetscMax(most, k == 2 ? off : 0.5 * off);
  }
  return most / part->range;
}

/* Return the time between `from` and `to` [s] at which a part, which rises or falls throughout,
   passes the value `level`. */
static PetscReal Passing(HeatTurns *turns, const Part *part, PetscReal from, PetscReal to,
                         PetscReal level)
{
  const PetscBool above = ValueAt(turns, part, from) > level ? PETSC_TRUE : PETSC_FALSE;

  for (int halving = 0; halving < 60; halving++) { /* to the rounding of a double */
    const PetscReal middle = from + 0.5 * (to - from);

    if ((ValueAt(turns, part, middle) > level) == above) from = middle;
    else to = middle;
  }
  return from + 0.5 * (to - from);
}

PetscBool HeatTurnsSteep(HeatTurns *turns, PetscReal from, PetscReal to, PetscReal between[2])
{
  /* Chosen: a part of the range whose heat over a step matters, the tails of a change that count as
     none, and a change that four steps would resolve. */
  const PetscReal large = 0.25, tail = 0.01, short_part = 0.25;

  for (int k = 0; k < turns->n; k++) {
    const Part *part = &turns->parts[k];
    PetscReal   end[2];

    Ends(turns, part, from, to, end);
    const PetscReal change = end[1] - end[0], inside = 1e-6 * (to - from);

    if (!(PetscAbsReal(change) > large * part->range)) continue;
    between[0] = Passing(turns, part, from + inside, to - inside, end[0] + tail * change);
    between[1] = Passing(turns, part, from + inside, to - inside, end[1] - tail * change);
    if (between[1] - between[0] < short_part * (to - from)) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscReal HeatTurnsFollow(HeatTurns *turns, PetscReal from, PetscReal to)
{
  /* Chosen: five steps follow a period of a sine. */
  const PetscReal most = 0.1, shortest = HeatTurnsMargin(turns);

  for (int k = 0; k < turns->n; k++)
    while (to - from > shortest && Bend(turns, &turns->parts[k], from, to) > most)
      to = from + 0.5 * (to - from);
  return to;
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

/* Set a part's range from the bounds of its values in the run, and the slope that counts as 0. */
static void Measure(HeatTurns *turns, Part *part)
{
  const HeatEnclosure g = Enclose(turns, part, 0.0, turns->end);

  part->range = HeatIntervalIsEmpty(g.value) ? 0.0 : g.value.high - g.value.low;
  part->flat  = isfinite(part->range) ? invisible * part->range / turns->end : 0.0;
}

/* Add the part whose result is operation k.  A term u(t) of an exponent is added as exp(u), the
   factor that it contributes to the formula, so that its range is that of this factor. */
static PetscErrorCode AddPart(HeatTurns *turns, int k, HeatRole role)
{
  PetscFunctionBeginUser;
  PetscCall(HeatExpressionTreeAppendFactor(&turns->tree, k, role, &k));
  turns->parts[turns->n++].operation = k;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the parts: the operations that depend on t alone and are not operands of another operation
   that does. */
static PetscErrorCode FindParts(HeatTurns *turns)
{
  const int  n = turns->tree.n;
  PetscBool *inner; /* [n] whether the operation is an operand of one that depends on t alone */
  HeatRole  *roles; /* [n] */

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc2(n, &inner, n, &roles));
  for (int k = n - 1; k >= 0; k--) {
    const HeatOperation o     = turns->tree.operations[k];
    const PetscBool     timed = o.variables == HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;

    if (timed && !inner[k]) PetscCall(AddPart(turns, k, roles[k]));
    for (int i = 0; i < 3 && o.operand[i] >= 0; i++) {
      if (timed) inner[o.operand[i]] = PETSC_TRUE;
      else roles[o.operand[i]] = HeatRoleOfOperand(&o, roles[k], i);
    }
  }
  PetscCall(PetscFree2(inner, roles));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTurnsCreate(const char *text, PetscReal end, HeatTurns **out)
{
  HeatTurns  *turns;
  const char *problem;
  size_t      position;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&turns));
  *out       = turns;
  turns->end = end;
  PetscCall(HeatExpressionTreeCreate(text, &turns->tree, &problem, &position));
  PetscCall(PetscCalloc1(turns->tree.n, &turns->parts));
  PetscCall(FindParts(turns));
  PetscCall(PetscCalloc2(turns->tree.n, &turns->numbers, turns->tree.n, &turns->results));
  for (int k = 0; k < turns->n; k++) Measure(turns, &turns->parts[k]);
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
