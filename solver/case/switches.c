/* Times at which a formula switches, by bisection with interval arithmetic.
 *
 * Every operation that can switch is watched: for a comparison, sign, abs, min or max the sign
 * of a difference g(t) of two sub-formulas, for floor the integer part of a sub-formula g(t).
 * An interval of time is left out when the range of g over it shows no change; it is searched by
 * plain bisection when the range of dg/dt shows that g is monotone; otherwise it is halved.
 * Ranges come from interval arithmetic, with bounds widened by some roundings, and contain all
 * values; so nothing is missed, and a formula that is piecewise simple (t - 100 floor(t/100) <
 * 10) is split at its own jumps.  Source: R. E. Moore, R. B. Kearfott, M. J. Cloud, Introduction
 * to Interval Analysis, SIAM 2009, ch. 5 and 8. */
#include "solver/case/switches.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Evaluations of a watched operation over an interval that one search may take.  A monotone formula
   takes two or three, a wave some ten for each half period. */
enum { BUDGET = 20000 };

/* Intervals waiting in a search by halving; 1e-14 of the whole is reached by 47 halvings. */
enum { WAITING = 64 };

typedef struct {
  PetscReal low, high;
} Range;

/* A result over an interval of time, and its derivative with respect to time. */
typedef struct {
  Range value, slope;
} Result;

typedef struct {
  int       operation; /* index in the tree */
  PetscBool given_up;  /* not searched any further */
} Watch;

struct HeatSwitches {
  HeatExpressionTree tree;    /* owned, like everything below */
  PetscReal         *numbers; /* [tree.n] scratch of evaluations at a point */
  Result            *results; /* [tree.n] scratch of evaluations over an interval */
  int                n;
  Watch             *watches; /* [n] */
  int                slowest; /* the watch that limited the last answer */
};

PetscReal HeatSwitchesMargin(PetscReal t) { return 64.0 * PETSC_MACHINE_EPSILON * PetscAbsReal(t); }

/* Ranges. */

static const Range everything = {-INFINITY, INFINITY};

/* What a function gives where it is defined nowhere in an interval, as sqrt(t - 5) before 5.  Where
   it is defined in a part of the interval, the range is `everything`. */
static const Range nothing = {NAN, NAN};

static PetscBool IsNothing(Range a) { return isnan(a.low) ? PETSC_TRUE : PETSC_FALSE; }

static Range Constant(PetscReal value) { return (Range){value, value}; }

/* Widen by four roundings, and repair what infinities made of the bounds. */
static Range Widen(PetscReal low, PetscReal high)
{
  const PetscReal few = 4.0 * PETSC_MACHINE_EPSILON;

  if (isnan(low) || isnan(high)) return everything;
  return (Range){low - few * PetscAbsReal(low), high + few * PetscAbsReal(high)};
}

static PetscBool IsExact(Range a) { return a.low == a.high ? PETSC_TRUE : PETSC_FALSE; }

static PetscBool HasZero(Range a)
{
  return a.low <= 0.0 && a.high >= 0.0 ? PETSC_TRUE : PETSC_FALSE;
}

static Range Hull(Range a, Range b)
{
  return (Range){PetscMin(a.low, b.low), PetscMax(a.high, b.high)};
}

static Range Add(Range a, Range b)
{
  return IsExact(a) && IsExact(b) ? Constant(a.low + b.low) : Widen(a.low + b.low, a.high + b.high);
}

static Range Negate(Range a) { return (Range){-a.high, -a.low}; }

static Range Subtract(Range a, Range b) { return Add(a, Negate(b)); }

/* 0 times an unbounded range is 0 here: the exact 0 is that of a constant. */
static PetscReal Product(PetscReal a, PetscReal b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

static Range Multiply(Range a, Range b)
{
  const PetscReal p[4] = {Product(a.low, b.low), Product(a.low, b.high), Product(a.high, b.low),
                          Product(a.high, b.high)};

  if (IsExact(a) && IsExact(b)) return Constant(a.low * b.low);
  return Widen(PetscMin(PetscMin(p[0], p[1]), PetscMin(p[2], p[3])),
               PetscMax(PetscMax(p[0], p[1]), PetscMax(p[2], p[3])));
}

static Range Invert(Range a)
{
  if (HasZero(a)) return everything;
  return IsExact(a) ? Constant(1.0 / a.low) : Widen(1.0 / a.high, 1.0 / a.low);
}

static Range Divide(Range a, Range b)
{
  if (IsExact(a) && IsExact(b)) return Constant(a.low / b.low);
  return Multiply(a, Invert(b));
}

/* A function that rises everywhere, the interval being inside of its domain. */
static Range Rising(Range a, PetscReal (*f)(PetscReal))
{
  return IsExact(a) ? Constant(f(a.low)) : Widen(f(a.low), f(a.high));
}

static Range Square(Range a)
{
  const PetscReal low = a.low * a.low, high = a.high * a.high;

  return Widen(HasZero(a) ? 0.0 : PetscMin(low, high), PetscMax(low, high));
}

static Range Sine(Range a)
{
  Range r;

  if (IsExact(a)) return Constant(sin(a.low));
  if (!(a.high - a.low < 6.0) || PetscAbsReal(a.low) > 1e15) return (Range){-1.0, 1.0};
  r = Widen(PetscMin(sin(a.low), sin(a.high)), PetscMax(sin(a.low), sin(a.high)));
  /* An extreme lies inside where a multiple of pi plus pi/2 does. */
  if (floor(a.high / (2.0 * PETSC_PI) - 0.25) != floor(a.low / (2.0 * PETSC_PI) - 0.25))
    r.high = 1.0;
  if (floor(a.high / (2.0 * PETSC_PI) + 0.25) != floor(a.low / (2.0 * PETSC_PI) + 0.25))
    r.low = -1.0;
  return r;
}

static Range Cosine(Range a) { return Sine(Add(a, Constant(0.5 * PETSC_PI))); }

static Range Tangent(Range a)
{
  if (floor(a.high / PETSC_PI + 0.5) != floor(a.low / PETSC_PI + 0.5)) return everything;
  return Rising(a, tan);
}

/* 0 and 1: what a comparison may give. */
static Range Truth(PetscBool surely, PetscBool never)
{
  return (Range){surely ? 1.0 : 0.0, never ? 0.0 : 1.0};
}

static Range Compare(HeatOp op, Range a, Range b)
{
  const PetscBool less = a.high < b.low ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool more = a.low > b.high ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool same = IsExact(a) && IsExact(b) && a.low == b.low ? PETSC_TRUE : PETSC_FALSE;

  switch (op) {
  case HEAT_OP_LESS: return Truth(less, (PetscBool)(more || same));
  case HEAT_OP_LESS_EQUAL: return Truth((PetscBool)(less || same), more);
  case HEAT_OP_GREATER: return Truth(more, (PetscBool)(less || same));
  case HEAT_OP_GREATER_EQUAL: return Truth((PetscBool)(more || same), less);
  case HEAT_OP_EQUAL: return Truth(same, (PetscBool)(less || more));
  default: return Truth((PetscBool)(less || more), same);
  }
}

/* Whether a condition surely holds, surely does not (both false: neither is known). */
static PetscBool IsTrue(Range a) { return !HasZero(a) ? PETSC_TRUE : PETSC_FALSE; }
static PetscBool IsFalse(Range a) { return IsExact(a) && a.low == 0.0 ? PETSC_TRUE : PETSC_FALSE; }

/* Results with slopes. */

/* A result that does not change; or one that may jump, whose slope then means nothing. */
static Result Flat(Range value)
{
  return (Result){value, IsExact(value) ? Constant(0.0) : everything};
}

static Result Times(Result a, Result b)
{
  return (Result){Multiply(a.value, b.value),
                  Add(Multiply(a.slope, b.value), Multiply(a.value, b.slope))};
}

static Result Over(Result a, Result b)
{
  const Range above = Subtract(Multiply(a.slope, b.value), Multiply(a.value, b.slope));

  return (Result){Divide(a.value, b.value), Divide(above, Square(b.value))};
}

/* f(a) with f' over the range of a. */
static Result Chain(Range value, Range slope, Result a)
{
  return (Result){value, Multiply(slope, a.slope)};
}

/* a^n by a fixed exponent: n a^(n-1) a'. */
static Range FixedPower(Range a, PetscReal n)
{
  const PetscReal low = pow(a.low, n), high = pow(a.high, n);
  const PetscBool even = fmod(n, 2.0) == 0.0 ? PETSC_TRUE : PETSC_FALSE;

  if (n == 0.0) return Constant(1.0);
  if (IsExact(a)) return Constant(low);
  if (n != floor(n) && a.high < 0.0) return nothing;
  if (n != floor(n))
    return a.low <= 0.0 ? everything : Widen(PetscMin(low, high), PetscMax(low, high));
  if (HasZero(a) && n < 0.0) return everything;
  if (HasZero(a) && even) return Widen(0.0, PetscMax(low, high));
  return Widen(PetscMin(low, high), PetscMax(low, high));
}

static Result Power(Result a, Result b)
{
  if (IsExact(b.value) && b.slope.low == 0.0 && b.slope.high == 0.0) {
    const PetscReal n = b.value.low;

    return Chain(FixedPower(a.value, n), Multiply(Constant(n), FixedPower(a.value, n - 1.0)), a);
  }
  if (a.value.low <= 0.0) return (Result){everything, everything};
  const Range log_a = Rising(a.value, log);
  const Range value = Rising(Multiply(b.value, log_a), exp);
  const Range slope = Add(Multiply(b.slope, log_a), Multiply(b.value, Divide(a.slope, a.value)));

  return (Result){value, Multiply(value, slope)};
}

static Result Choose(Result condition, Result yes, Result no)
{
  if (IsTrue(condition.value)) return yes;
  if (IsFalse(condition.value)) return no;
  if (IsNothing(yes.value) || IsNothing(no.value)) return (Result){everything, everything};
  return (Result){Hull(yes.value, no.value), everything};
}

/* The smaller of two, or with `larger` the larger. */
static Result Extreme(Result a, Result b, PetscBool larger)
{
  const Result low = a.value.low < b.value.low ? a : b, high = a.value.high > b.value.high ? a : b;

  if (a.value.high < b.value.low) return larger ? b : a;
  if (b.value.high < a.value.low) return larger ? a : b;
  return (Result){larger ? (Range){PetscMax(a.value.low, b.value.low), high.value.high}
                         : (Range){low.value.low, PetscMin(a.value.high, b.value.high)},
                  Hull(a.slope, b.slope)};
}

static Result Magnitude(Result a)
{
  const Result minus = {Negate(a.value), Negate(a.slope)};
  Result       r     = Extreme(a, minus, PETSC_TRUE);

  if (HasZero(a.value)) r.value.low = 0.0;
  return r;
}

static Range Sign(Range a)
{
  return (Range){a.low > 0.0   ? 1.0
                 : a.low < 0.0 ? -1.0
                               : 0.0,
                 a.high > 0.0   ? 1.0
                 : a.high < 0.0 ? -1.0
                                : 0.0};
}

static Result Undefined(void) { return (Result){nothing, nothing}; }

/* Logarithms: 1/(a ln base). */
static Result Logarithm(Result a, PetscReal (*f)(PetscReal), PetscReal base)
{
  if (a.value.high < 0.0) return Undefined();
  if (a.value.low <= 0.0) return (Result){everything, everything};
  return Chain(Rising(a.value, f), Divide(Constant(1.0 / log(base)), a.value), a);
}

/* cosh: even, so that it rises with |a|. */
static Result EvenExponential(Result a)
{
  const Result m = Magnitude(a);

  return Chain(Rising(m.value, cosh), Rising(a.value, sinh), a);
}

/* The angle of (b, a), where b is positive. */
static Result Angle(Result a, Result b)
{
  const Range unknown = {-PETSC_PI, PETSC_PI};

  if (b.value.low <= 0.0) return (Result){unknown, everything};
  const Result ratio = Over(a, b);

  return Chain(Rising(ratio.value, atan), Invert(Add(Constant(1.0), Square(ratio.value))), ratio);
}

/* Inverse functions, inside of their domains. */
static Result Inverse(HeatOp op, Result a)
{
  const Range one = Constant(1.0), square = Square(a.value);
  const Range inside = Subtract(one, square), outside = Subtract(square, one);

  if (op == HEAT_OP_ACOSH ? a.value.high < 1.0 : inside.high < 0.0) return Undefined();
  if (op == HEAT_OP_ACOSH && a.value.low > 1.0)
    return Chain(Rising(a.value, acosh), Invert(Rising(outside, sqrt)), a);
  if (op != HEAT_OP_ACOSH && inside.low > 0.0) {
    const Range asin_slope = Invert(Rising(inside, sqrt));

    if (op == HEAT_OP_ATANH) return Chain(Rising(a.value, atanh), Invert(inside), a);
    if (op == HEAT_OP_ASIN) return Chain(Rising(a.value, asin), asin_slope, a);
    if (op == HEAT_OP_ACOS)
      return Chain(Widen(acos(a.value.high), acos(a.value.low)), Negate(asin_slope), a);
  }
  return (Result){everything, everything};
}

static Result Call(HeatOp op, Result a, Result b)
{
  const Range one = Constant(1.0);
  Range       v;

  switch (op) {
  case HEAT_OP_SIN: return Chain(Sine(a.value), Cosine(a.value), a);
  case HEAT_OP_COSH: return EvenExponential(a);
  case HEAT_OP_COS: return Chain(Cosine(a.value), Negate(Sine(a.value)), a);
  case HEAT_OP_TAN: v = Tangent(a.value); return Chain(v, Add(one, Square(v)), a);
  case HEAT_OP_ATAN: return Chain(Rising(a.value, atan), Invert(Add(one, Square(a.value))), a);
  case HEAT_OP_SINH: v = Rising(a.value, sinh); return Chain(v, (Range){1.0, INFINITY}, a);
  case HEAT_OP_TANH: return Chain(Rising(a.value, tanh), (Range){0.0, 1.0}, a);
  case HEAT_OP_ASINH: return Chain(Rising(a.value, asinh), (Range){0.0, 1.0}, a);
  case HEAT_OP_EXP: v = Rising(a.value, exp); return Chain(v, v, a);
  case HEAT_OP_LN:
  case HEAT_OP_LOG: return Logarithm(a, log, exp(1.0));
  case HEAT_OP_LOG10: return Logarithm(a, log10, 10.0);
  case HEAT_OP_LOG2: return Logarithm(a, log2, 2.0);
  case HEAT_OP_SQRT:
    if (a.value.high < 0.0) return Undefined();
    if (a.value.low <= 0.0) return (Result){everything, everything};
    v = Rising(a.value, sqrt);
    return Chain(v, Divide(Constant(0.5), v), a);
  case HEAT_OP_ABS: return Magnitude(a);
  case HEAT_OP_SIGN: return Flat(Sign(a.value));
  case HEAT_OP_MIN: return Extreme(a, b, PETSC_FALSE);
  case HEAT_OP_MAX: return Extreme(a, b, PETSC_TRUE);
  case HEAT_OP_FLOOR: return Flat((Range){floor(a.value.low), floor(a.value.high)});
  case HEAT_OP_ATAN2: return Angle(a, b);
  default: return Inverse(op, a);
  }
}

/* Whether an operand is undefined, and the operation then is.  A comparison of something undefined
   is false (only != is true), and conditions take it for true. */
static PetscBool TakesUndefined(const HeatOperation *o, Result a, Result b)
{
  if (!IsNothing(a.value) && !IsNothing(b.value)) return PETSC_FALSE;
  return o->op != HEAT_OP_AND && o->op != HEAT_OP_OR && o->op != HEAT_OP_CHOOSE ? PETSC_TRUE
                                                                                : PETSC_FALSE;
}

static Result OfUndefined(HeatOp op)
{
  if (op == HEAT_OP_NOT_EQUAL) return Flat(Constant(1.0));
  if (op >= HEAT_OP_LESS && op <= HEAT_OP_EQUAL) return Flat(Constant(0.0));
  if (op == HEAT_OP_MIN || op == HEAT_OP_MAX) return (Result){everything, everything};
  return Undefined();
}

static Result Combine(const HeatOperation *o, Range time, const Result results[])
{
  const Result none = {Constant(0.0), Constant(0.0)};
  const Result a    = o->operand[0] < 0 ? none : results[o->operand[0]];
  const Result b    = o->operand[1] < 0 ? none : results[o->operand[1]];

  if (TakesUndefined(o, a, b)) return OfUndefined(o->op);
  switch (o->op) {
  case HEAT_OP_NUMBER: return (Result){Constant(o->value), Constant(0.0)};
  case HEAT_OP_TIME: return (Result){time, Constant(1.0)};
  case HEAT_OP_X:
  case HEAT_OP_Y:
  case HEAT_OP_TEMPERATURE: return (Result){everything, everything};
  case HEAT_OP_NEGATE: return (Result){Negate(a.value), Negate(a.slope)};
  case HEAT_OP_ADD: return (Result){Add(a.value, b.value), Add(a.slope, b.slope)};
  case HEAT_OP_SUBTRACT: return (Result){Subtract(a.value, b.value), Subtract(a.slope, b.slope)};
  case HEAT_OP_MULTIPLY: return Times(a, b);
  case HEAT_OP_DIVIDE: return Over(a, b);
  case HEAT_OP_POWER: return Power(a, b);
  case HEAT_OP_LESS:
  case HEAT_OP_LESS_EQUAL:
  case HEAT_OP_GREATER:
  case HEAT_OP_GREATER_EQUAL:
  case HEAT_OP_EQUAL:
  case HEAT_OP_NOT_EQUAL: return Flat(Compare(o->op, a.value, b.value));
  case HEAT_OP_AND:
    return Flat(Truth((PetscBool)(IsTrue(a.value) && IsTrue(b.value)),
                      (PetscBool)(IsFalse(a.value) || IsFalse(b.value))));
  case HEAT_OP_OR:
    return Flat(Truth((PetscBool)(IsTrue(a.value) || IsTrue(b.value)),
                      (PetscBool)(IsFalse(a.value) && IsFalse(b.value))));
  case HEAT_OP_CHOOSE: return Choose(a, b, results[o->operand[2]]);
  default: return Call(o->op, a, b);
  }
}

/* Watched operations. */

static PetscBool IsComparison(HeatOp op)
{
  return op >= HEAT_OP_LESS && op <= HEAT_OP_NOT_EQUAL ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatSwitchesCan(const HeatOperation *o)
{
  const PetscBool kind = IsComparison(o->op) || o->op == HEAT_OP_SIGN || o->op == HEAT_OP_ABS ||
                                 o->op == HEAT_OP_MIN || o->op == HEAT_OP_MAX ||
                                 o->op == HEAT_OP_FLOOR
                             ? PETSC_TRUE
                             : PETSC_FALSE;

  return kind && (o->variables & HEAT_VAR_TIME) ? PETSC_TRUE : PETSC_FALSE;
}

/* A number that changes exactly where the operation switches, at a point. */
static PetscReal StateAt(HeatSwitches *s, const Watch *w, PetscReal t, PetscBool *equal)
{
  const HeatOperation *o        = &s->tree.operations[w->operation];
  const PetscReal      point[4] = {0.0, 0.0, t, 0.0};
  const PetscReal      result   = HeatExpressionTreeAt(&s->tree, w->operation, point, s->numbers);
  const PetscReal      a        = s->numbers[o->operand[0]];
  const PetscReal      b        = o->operand[1] < 0 ? 0.0 : s->numbers[o->operand[1]];

  *equal = a == b ? PETSC_TRUE : PETSC_FALSE;
  if (o->op == HEAT_OP_ABS || o->op == HEAT_OP_MIN || o->op == HEAT_OP_MAX) return a < b;
  return result;
}

/* What is known of an operation over an interval of time. */
typedef enum { STEADY, MONOTONE, UNKNOWN } Knowledge;

static Knowledge StudyOver(HeatSwitches *s, const Watch *w, PetscReal from, PetscReal to)
{
  const HeatOperation *o    = &s->tree.operations[w->operation];
  const Range          time = {from, to};
  Result               g;

  for (int k = o->first; k < w->operation; k++)
    s->results[k] = Combine(&s->tree.operations[k], time, s->results);
  g = s->results[o->operand[0]];
  if (IsNothing(g.value)) return STEADY;
  if (o->operand[1] >= 0) {
    if (IsNothing(s->results[o->operand[1]].value)) return STEADY;
    g.value = Subtract(g.value, s->results[o->operand[1]].value);
    g.slope = Subtract(g.slope, s->results[o->operand[1]].slope);
  }
  if (o->op == HEAT_OP_FLOOR) {
    if (floor(g.value.low) == floor(g.value.high)) return STEADY;
  } else if (!HasZero(g.value) || (IsExact(g.value) && IsExact(g.slope))) return STEADY;
  return HasZero(g.slope) ? UNKNOWN : MONOTONE;
}

/* The first time in (from, to] with another state than at `from`, between two neighbouring doubles;
   g is monotone, so that all states between are passed in order. */
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

/* Intervals to be searched, the earliest on top. */
typedef struct {
  int       n;
  PetscReal end[WAITING]; /* each begins where the one above it ends */
} Stack;

/* The first switch in (start, until]. */
static void SearchOne(HeatSwitches *s, const Watch *w, PetscReal start, PetscReal until,
                      PetscReal *time, PetscReal *known)
{
  /* A switch at the start itself, as t > 0 at 0, is behind the next double. */
  PetscReal from  = nextafter(start, INFINITY);
  Stack     stack = {.n = 1, .end = {until}};
  PetscBool ignored;
  int       spent = 0;
  /* Shorter intervals are not halved: no time step resolves them. */
  const PetscReal shortest = PetscMax(1e-14 * (until - start), 2.0 * PETSC_MACHINE_EPSILON * until);

  *time = PETSC_MAX_REAL;
  while (stack.n > 0) {
    const PetscReal to     = stack.end[stack.n - 1];
    const PetscReal middle = from + 0.5 * (to - from);
    const PetscBool atom   = to - from <= shortest ? PETSC_TRUE : PETSC_FALSE;
    const Knowledge k      = atom ? MONOTONE : StudyOver(s, w, from, to);

    *known = from;
    if (++spent > BUDGET || stack.n == WAITING) return;
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

/* The decimal number of 15 digits at t: 20 for 19.999999999999996, which floor(t/10) switches
   at. */
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

  *time  = PETSC_MAX_REAL;
  *known = until;
  for (int k = 0; k < s->n && from < until; k++) {
    PetscReal one, one_known;

    if (s->watches[k].given_up) continue;
    SearchOne(s, &s->watches[k], from, PetscMin(until, PetscMin(*time, *known)), &one, &one_known);
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

PetscErrorCode HeatSwitchesCreate(const char *text, HeatSwitches **switches)
{
  HeatSwitches *s;
  const char   *problem;
  size_t        position;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *switches = s;
  PetscCall(HeatExpressionTreeCreate(text, &s->tree, &problem, &position));
  PetscCall(PetscCalloc1(s->tree.n, &s->watches));
  for (int k = 0; k < s->tree.n; k++) {
    const HeatOperation *o = &s->tree.operations[k];

    if (HeatSwitchesCan(o) && o->variables == HEAT_VAR_TIME) s->watches[s->n++].operation = k;
  }
  if (s->n == 0) {
    PetscCall(HeatSwitchesDestroy(switches));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscMalloc2(s->tree.n, &s->numbers, s->tree.n, &s->results));
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
