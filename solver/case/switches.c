/** Times at which a formula switches, by bisection with interval arithmetic.
 *
 *  Every operation that can switch is watched, by the state of a sub-formula g(t):
 *
 *      comparison, sign, abs, min, max    the sign of the difference g of the two arguments
 *      floor                              the integer part of the argument g
 *      quotient, power -n                 the sign of the denominator g: atan(1/(t - 5)) jumps
 *      atan2                              the sign of the first argument g
 *      tan                                the period in which the argument g lies
 *
 *  The search skips an interval of time if the bounds of g over it exclude a change.  If the bounds
 *  of dg/dt show that g is monotone, it finds the change by bisection.  Otherwise it cuts the
 *  interval into halves and searches the earlier one first.  The bounds come from interval
 *  arithmetic (interval.h) and contain all values, so that no change is missed.  A formula that
 *  contains other formulas that jump, as t - 100 floor(t/100) < 10, is split at their jumps.
 *  Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction to Interval Analysis, SIAM 2009,
 *  ch. 8. */
#include "solver/case/switches.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Largest effort of one search for the next switch, in operations of the formula, which the watched
   operations share, and the fewest intervals that each may evaluate.  Chosen: 200000 operations
   take some milliseconds.  A monotone formula needs two or three intervals, a wave about ten for
   each half period; halving an interval down to the shortest takes 47. */
enum { BUDGET = 200000, FEWEST = 100 };

/* Largest number of intervals on the stack of a search.  Derived: 47 halvings reach 1e-14 of the
   searched time; the rest is a margin. */
enum { WAITING = 64 };

/* An operation that can switch. */
typedef struct {
  int       operation; /* index in the tree */
  PetscBool given_up;  /* excluded from further searches */
} Watch;

struct HeatSwitches {
  HeatExpressionTree tree;    /* owned, like everything below */
  PetscReal         *numbers; /* [tree.n] scratch of evaluations at a point */
  HeatEnclosure     *results; /* [tree.n] scratch of evaluations over an interval */
  int                n;
  Watch             *watches; /* [n] */
  int                slowest; /* the watch that limited the last answer */
  PetscReal          work;    /* operations evaluated so far */
};

PetscReal HeatSwitchesMargin(PetscReal t) { return 64.0 * PETSC_MACHINE_EPSILON * PetscAbsReal(t); }

/* Watched operations. */

static PetscBool IsComparison(HeatOp op)
{
  return op >= HEAT_OP_LESS && op <= HEAT_OP_NOT_EQUAL ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the index of the sub-formula at whose zeros operation o has a pole or a jump: the
   denominator of a quotient, the base of a power with a negative number as exponent, the first
   argument of atan2, or its second one where the first is a number.  -1 for other operations. */
static int PoleOperand(const HeatExpressionTree *tree, const HeatOperation *o)
{
  const int            second = o->operand[1];
  const HeatOperation *n      = second < 0 ? NULL : &tree->operations[second];

  if (o->op == HEAT_OP_DIVIDE) return second;
  if (o->op == HEAT_OP_ATAN2)
    return tree->operations[o->operand[0]].variables ? o->operand[0] : second;
  if (o->op != HEAT_OP_POWER || n->op != HEAT_OP_NEGATE) return -1;
  return tree->operations[n->operand[0]].op == HEAT_OP_NUMBER ? o->operand[0] : -1;
}

/* Return the variables on which the times of an operation's switches depend. */
static int SwitchVariables(const HeatExpressionTree *tree, const HeatOperation *o)
{
  const int pole = PoleOperand(tree, o);

  return o->op == HEAT_OP_ATAN2 || pole < 0 ? o->variables : tree->operations[pole].variables;
}

PetscBool HeatSwitchesCan(const HeatExpressionTree *tree, int k)
{
  const HeatOperation *o = &tree->operations[k];
  const PetscBool kind   = IsComparison(o->op) || o->op == HEAT_OP_SIGN || o->op == HEAT_OP_ABS ||
                                 o->op == HEAT_OP_MIN || o->op == HEAT_OP_MAX ||
                                 o->op == HEAT_OP_FLOOR || o->op == HEAT_OP_TAN ||
                                 PoleOperand(tree, o) >= 0
                               ? PETSC_TRUE
                               : PETSC_FALSE;

  return kind && (SwitchVariables(tree, o) & HEAT_VAR_TIME) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether an operation jumps or has a kink at times that depend on the place, and not on
   T. */
static PetscBool Moves(const HeatExpressionTree *tree, int k)
{
  const HeatOperation *o = &tree->operations[k];

  return HeatSwitchesCan(tree, k) && o->op != HEAT_OP_TAN && PoleOperand(tree, o) < 0 &&
                 (o->variables & (HEAT_VAR_X | HEAT_VAR_Y)) &&
                 !(o->variables & HEAT_VAR_TEMPERATURE)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscBool HeatSwitchesMove(const HeatExpressionTree *tree, int k)
{
  const HeatOp op = tree->operations[k].op;

  if (!Moves(tree, k)) return PETSC_FALSE;
  if (op != HEAT_OP_ABS && op != HEAT_OP_MIN && op != HEAT_OP_MAX) return PETSC_TRUE;
  for (int outer = k + 1; outer < tree->n; outer++)
    if (tree->operations[outer].first <= k && Moves(tree, outer)) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Return the number of operations that an evaluation of a watched operation takes. */
static PetscReal Size(const HeatSwitches *s, const Watch *w)
{
  return (PetscReal)(w->operation - s->tree.operations[w->operation].first + 1);
}

/* Return the state of a watched operation at time t: a number that changes exactly where the
   operation switches.
   @param[out] equal  whether the two sides of the watched difference are equal at t */
static PetscReal StateAt(HeatSwitches *s, const Watch *w, PetscReal t, PetscBool *equal)
{
  const HeatOperation *o        = &s->tree.operations[w->operation];
  const int            pole     = PoleOperand(&s->tree, o);
  const PetscReal      point[4] = {0.0, 0.0, t, 0.0};
  const PetscReal      result   = HeatExpressionTreeAt(&s->tree, w->operation, point, s->numbers);
  const PetscReal      a        = s->numbers[pole < 0 ? o->operand[0] : pole];

  s->work += Size(s, w);
  if (pole >= 0) {
    *equal = a == 0.0 ? PETSC_TRUE : PETSC_FALSE;
    return (a > 0.0) - (a < 0.0);
  }
  if (o->op == HEAT_OP_TAN) {
    *equal = PETSC_FALSE;
    return floor(a / PETSC_PI + 0.5);
  }
  const PetscReal b = o->operand[1] < 0 ? 0.0 : s->numbers[o->operand[1]];

  *equal = a == b ? PETSC_TRUE : PETSC_FALSE;
  if (o->op == HEAT_OP_ABS || o->op == HEAT_OP_MIN || o->op == HEAT_OP_MAX) return a < b;
  return result;
}

/* What is known of a watched operation over an interval of time: it does not switch; its g is
   monotone; neither is known. */
typedef enum { STEADY, MONOTONE, UNKNOWN } Knowledge;

/* Return what the enclosures of an operation's arguments show of its g. */
static Knowledge Study(const HeatExpressionTree *tree, int k, const HeatEnclosure results[])
{
  const HeatOperation *o    = &tree->operations[k];
  const int            pole = PoleOperand(tree, o);
  HeatEnclosure        g    = results[pole < 0 ? o->operand[0] : pole];

  if (HeatIntervalIsEmpty(g.value)) return STEADY;
  if (pole < 0 && o->operand[1] >= 0) {
    if (HeatIntervalIsEmpty(results[o->operand[1]].value)) return STEADY;
    g = HeatEncloseDifference(g, results[o->operand[1]]);
  }
  if (g.slope.low == 0.0 && g.slope.high == 0.0) return STEADY; /* a constant, as of t == t */
  if (o->op == HEAT_OP_FLOOR) {
    if (floor(g.value.low) == floor(g.value.high)) return STEADY;
  } else if (o->op == HEAT_OP_TAN) {
    if (floor(g.value.low / PETSC_PI + 0.5) == floor(g.value.high / PETSC_PI + 0.5)) return STEADY;
  } else if (!HeatIntervalHasZero(g.value)) return STEADY;
  return HeatIntervalHasZero(g.slope) ? UNKNOWN : MONOTONE;
}

PetscBool HeatSwitchesMay(const HeatExpressionTree *tree, int k, const HeatEnclosure results[])
{
  return Study(tree, k, results) == STEADY ? PETSC_FALSE : PETSC_TRUE;
}

/* Enclose the operations that a watched operation depends on over [from, to] [s], and return what
   is known of it there. */
static Knowledge StudyOver(HeatSwitches *s, const Watch *w, PetscReal from, PetscReal to)
{
  const HeatInterval time = {from, to};

  s->work += Size(s, w);
  for (int k = s->tree.operations[w->operation].first; k < w->operation; k++)
    s->results[k] = HeatEncloseOperation(&s->tree.operations[k], time, s->results);
  return Study(&s->tree, w->operation, s->results);
}

/* Return the first time in (from, to] whose state differs from the state at `from`, to the nearest
   double.  g must be monotone in the interval.  If the two sides of the watched difference are
   equal one double earlier, as of t > 400 at 400, return that earlier time. */
static PetscReal Bisect(HeatSwitches *s, const Watch *w, PetscReal from, PetscReal to)
{
  PetscBool       equal, ignored;
  const PetscReal before = StateAt(s, w, from, &ignored);

  for (;;) {
    const PetscReal middle = from + 0.5 * (to - from);

    if (middle <= from || middle >= to) break;
    if (StateAt(s, w, middle, &ignored) == before) from = middle;
    else to = middle;
  }
  (void)StateAt(s, w, from, &equal);
  return equal && s->tree.operations[w->operation].op != HEAT_OP_FLOOR ? from : to;
}

/* A stack of intervals to be searched, the earliest on top. */
typedef struct {
  int       n;
  PetscReal end[WAITING]; /* each begins where the one above it ends */
} Stack;

/* Find the first switch of one operation in (start, until].
   @param[in]  budget  operations that the search may evaluate, but at least those of FEWEST
                       intervals
   @param[out] time    [s]; PETSC_MAX_REAL: none up to *known
   @param[out] known   [s] time up to which the answer holds; `until` unless the search was
                       cut off */
static void SearchOne(HeatSwitches *s, const Watch *w, PetscReal budget, PetscReal start,
                      PetscReal until, PetscReal *time, PetscReal *known)
{
  /* The search begins one double after `start`, because a switch at `start` itself, as of t > 0 at
     0, must not be found again. */
  PetscReal       from  = nextafter(start, INFINITY);
  Stack           stack = {.n = 1, .end = {until}};
  PetscBool       ignored;
  const PetscReal most = s->work + PetscMax(budget, FEWEST * Size(s, w));
  /* Shorter intervals are not halved: no time step resolves them.  1e-14: chosen, some ten times
     the rounding of a time in the interval. */
  const PetscReal shortest = PetscMax(1e-14 * (until - start), 2.0 * PETSC_MACHINE_EPSILON * until);

  *time = PETSC_MAX_REAL;
  while (stack.n > 0) {
    const PetscReal to     = stack.end[stack.n - 1];
    const PetscReal middle = from + 0.5 * (to - from);
    const PetscBool tiny   = to - from <= shortest ? PETSC_TRUE : PETSC_FALSE;
    const Knowledge k      = tiny ? MONOTONE : StudyOver(s, w, from, to);

    *known = from;
    if (s->work > most || stack.n == WAITING) return;
    if (k == UNKNOWN) {
      stack.end[stack.n++] = middle;
      continue;
    }
    if (k == MONOTONE && StateAt(s, w, from, &ignored) != StateAt(s, w, to, &ignored)) {
      *time = *known = Bisect(s, w, from, to);
      return;
    }
    from = to;
    stack.n--;
  }
  *known = until;
}

/* Return t rounded to 15 decimal digits: floor(t/10) switches at 19.999999999999996 in doubles, and
   20 is meant. */
static PetscReal Decimal(PetscReal t)
{
  char text[32];

  (void)snprintf(text, sizeof text, "%.15g", (double)t);
  return strtod(text, NULL);
}

void HeatSwitchesNext(HeatSwitches *s, PetscReal after, PetscReal until, PetscReal *time,
                      PetscReal *known)
{
  const PetscReal from = after + HeatSwitchesMargin(after);
  int             n    = 0;

  *time  = PETSC_MAX_REAL;
  *known = until;
  for (int k = 0; k < s->n; k++) n += !s->watches[k].given_up;
  for (int k = 0; k < s->n && from < until; k++) {
    PetscReal one, one_known;

    if (s->watches[k].given_up) continue;
    SearchOne(s, &s->watches[k], (PetscReal)BUDGET / n, from,
              PetscMin(until, PetscMin(*time, *known)), &one, &one_known);
    if (one_known < *known) s->slowest = k;
    *time  = PetscMin(*time, one);
    *known = PetscMin(*known, one_known);
  }
  if (*time > *known) *time = PETSC_MAX_REAL;
  else if (*time < PETSC_MAX_REAL) *time = Decimal(*time);
}

PetscBool HeatSwitchesGiveUp(HeatSwitches *s)
{
  s->watches[s->slowest].given_up = PETSC_TRUE;
  for (int k = 0; k < s->n; k++)
    if (!s->watches[k].given_up) return PETSC_TRUE;
  return PETSC_FALSE;
}

PetscReal HeatSwitchesWork(const HeatSwitches *s) { return s->work; }

/* Create an object that watches nothing yet, with room for every operation of the formula. */
static PetscErrorCode StartCreate(const char *text, HeatSwitches **switches)
{
  HeatSwitches *s;
  const char   *problem;
  size_t        position;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *switches = s;
  PetscCall(HeatExpressionTreeCreate(text, &s->tree, &problem, &position));
  PetscCall(PetscCalloc1(s->tree.n, &s->watches));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Allocate what searches need; destroy the object if it watches nothing. */
static PetscErrorCode FinishCreate(HeatSwitches **switches)
{
  HeatSwitches *s = *switches;

  PetscFunctionBeginUser;
  if (s->n == 0) PetscCall(HeatSwitchesDestroy(switches));
  else PetscCall(PetscMalloc2(s->tree.n, &s->numbers, s->tree.n, &s->results));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSwitchesCreate(const char *text, PetscBool poles, HeatSwitches **switches)
{
  HeatSwitches *s;

  PetscFunctionBeginUser;
  PetscCall(StartCreate(text, &s));
  *switches = s;
  for (int k = 0; k < s->tree.n; k++) {
    const HeatOperation *o    = &s->tree.operations[k];
    const PetscBool      pole = o->op == HEAT_OP_TAN || PoleOperand(&s->tree, o) >= 0 ? PETSC_TRUE
                                                                                      : PETSC_FALSE;

    if (HeatSwitchesCan(&s->tree, k) && SwitchVariables(&s->tree, o) == HEAT_VAR_TIME &&
        (poles || !pole))
      s->watches[s->n++].operation = k;
  }
  PetscCall(FinishCreate(switches));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSwitchesCreateAt(const char *text, PetscReal x, PetscReal y,
                                    HeatSwitches **switches)
{
  HeatSwitches *s;

  PetscFunctionBeginUser;
  PetscCall(StartCreate(text, &s));
  *switches = s;
  for (int k = 0; k < s->tree.n; k++)
    if (HeatSwitchesMove(&s->tree, k)) s->watches[s->n++].operation = k;
  HeatExpressionTreePlace(&s->tree, x, y);
  PetscCall(FinishCreate(switches));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set *any to whether a test holds for an operation of a formula. */
static PetscErrorCode
AnyOperation(const char *text, PetscBool (*test)(const HeatExpressionTree *, int), PetscBool *any)
{
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  *any = PETSC_FALSE;
  PetscCall(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  for (int k = 0; k < tree.n && !*any; k++) *any = test(&tree, k);
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSwitchesDependOnPlace(const char *text, PetscBool *depend)
{
  PetscFunctionBeginUser;
  PetscCall(AnyOperation(text, HeatSwitchesMove, depend));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether operation k is a comparison, or another operation that jumps, of both t and T. */
static PetscBool JumpsWithField(const HeatExpressionTree *tree, int k)
{
  const HeatOperation *o    = &tree->operations[k];
  const int            both = HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE;

  if (!IsComparison(o->op) && o->op != HEAT_OP_FLOOR && o->op != HEAT_OP_SIGN) return PETSC_FALSE;
  return (o->variables & both) == both ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatSwitchesDependOnField(const char *text, PetscBool *depend)
{
  PetscFunctionBeginUser;
  PetscCall(AnyOperation(text, JumpsWithField, depend));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSwitchesDestroy(HeatSwitches **switches)
{
  HeatSwitches *s = *switches;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree2(s->numbers, s->results));
  PetscCall(PetscFree(s->watches));
  PetscCall(HeatExpressionTreeDestroy(&s->tree));
  PetscCall(PetscFree(*switches));
  PetscFunctionReturn(PETSC_SUCCESS);
}
