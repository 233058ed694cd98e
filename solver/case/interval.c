/** Interval arithmetic for formulas (interval.h).
 *
 *  Every function returns an interval that contains all values of the operation over the given
 *  intervals, also after rounding: bounds are moved outwards by four roundings.  Derivatives follow
 *  the rules of differentiation, with intervals in place of numbers.  An operation on values that
 *  are known exactly (low = high) gives an exact value, so that constants are recognised. */
#include "solver/case/interval.h"

#include <math.h>

/* Intervals. */

static const HeatInterval everything = {-INFINITY, INFINITY};

/* The values of a function that is defined nowhere in an interval, as sqrt(t - 5) before t = 5.
   Where a function is defined in a part of the interval only, its values are bounded by
   `everything`. */
static const HeatInterval nothing = {NAN, NAN};

static HeatInterval Constant(PetscReal value) { return (HeatInterval){value, value}; }

/* Return an interval whose bounds are moved outwards by four roundings; `everything` where a bound
   is NaN, as the difference of two infinities is.  A lower bound that overflowed to +infinity
   becomes the largest double, and an upper bound that overflowed to -infinity the most negative
   one. */
static HeatInterval Widen(PetscReal low, PetscReal high)
{
  const PetscReal few = 4.0 * PETSC_MACHINE_EPSILON;

  if (isnan(low) || isnan(high)) return everything;
  if (low == INFINITY) return (HeatInterval){PETSC_MAX_REAL, high};
  if (high == -INFINITY) return (HeatInterval){low, PETSC_MIN_REAL};
  return (HeatInterval){low - few * PetscAbsReal(low), high + few * PetscAbsReal(high)};
}

static HeatInterval Hull(HeatInterval a, HeatInterval b)
{
  return (HeatInterval){PetscMin(a.low, b.low), PetscMax(a.high, b.high)};
}

static HeatInterval Add(HeatInterval a, HeatInterval b)
{
  return HeatIntervalIsExact(a) && HeatIntervalIsExact(b) ? Constant(a.low + b.low)
                                                          : Widen(a.low + b.low, a.high + b.high);
}

static HeatInterval Negate(HeatInterval a) { return (HeatInterval){-a.high, -a.low}; }

static HeatInterval Subtract(HeatInterval a, HeatInterval b) { return Add(a, Negate(b)); }

/* Return the product of two bounds.  0 times infinity is 0: the infinity bounds numbers that are
   finite, and their products with 0 are 0. */
static PetscReal Product(PetscReal a, PetscReal b) { return a == 0.0 || b == 0.0 ? 0.0 : a * b; }

static HeatInterval Multiply(HeatInterval a, HeatInterval b)
{
  const PetscReal p[4] = {Product(a.low, b.low), Product(a.low, b.high), Product(a.high, b.low),
                          Product(a.high, b.high)};

  if (HeatIntervalIsExact(a) && HeatIntervalIsExact(b)) return Constant(a.low * b.low);
  return Widen(PetscMin(PetscMin(p[0], p[1]), PetscMin(p[2], p[3])),
               PetscMax(PetscMax(p[0], p[1]), PetscMax(p[2], p[3])));
}

static HeatInterval Invert(HeatInterval a)
{
  if (HeatIntervalHasZero(a)) return everything;
  return HeatIntervalIsExact(a) ? Constant(1.0 / a.low) : Widen(1.0 / a.high, 1.0 / a.low);
}

static HeatInterval Divide(HeatInterval a, HeatInterval b)
{
  if (HeatIntervalIsExact(a) && HeatIntervalIsExact(b)) return Constant(a.low / b.low);
  return Multiply(a, Invert(b));
}

/* Return the values of a function that increases monotonically and is defined in all of the
   interval. */
static HeatInterval Rising(HeatInterval a, PetscReal (*f)(PetscReal))
{
  return HeatIntervalIsExact(a) ? Constant(f(a.low)) : Widen(f(a.low), f(a.high));
}

static HeatInterval Square(HeatInterval a)
{
  const PetscReal low = a.low * a.low, high = a.high * a.high;

  return Widen(HeatIntervalHasZero(a) ? 0.0 : PetscMin(low, high), PetscMax(low, high));
}

/* Return the values of the sine.  The result is [-1, 1] for an interval of length 6 or more, which
   is nearly a period of 2 pi, and beyond 1e15, where neighbouring doubles are 1/8 or more apart, so
   that the place within the period is uncertain.  6 and 1e15 are chosen. */
static HeatInterval Sine(HeatInterval a)
{
  HeatInterval r;

  if (HeatIntervalIsExact(a)) return Constant(sin(a.low));
  if (!(a.high - a.low < 6.0) || PetscAbsReal(a.low) > 1e15) return (HeatInterval){-1.0, 1.0};
  r = Widen(PetscMin(sin(a.low), sin(a.high)), PetscMax(sin(a.low), sin(a.high)));
  /* The sine is 1 where the interval contains pi/2 + 2 pi n, and -1 where it contains
     -pi/2 + 2 pi n. */
  if (floor(a.high / (2.0 * PETSC_PI) - 0.25) != floor(a.low / (2.0 * PETSC_PI) - 0.25))
    r.high = 1.0;
  if (floor(a.high / (2.0 * PETSC_PI) + 0.25) != floor(a.low / (2.0 * PETSC_PI) + 0.25))
    r.low = -1.0;
  return r;
}

static HeatInterval Cosine(HeatInterval a)
{
  return HeatIntervalIsExact(a) ? Constant(cos(a.low)) : Sine(Add(a, Constant(0.5 * PETSC_PI)));
}

static HeatInterval Tangent(HeatInterval a)
{
  if (floor(a.high / PETSC_PI + 0.5) != floor(a.low / PETSC_PI + 0.5)) return everything;
  return Rising(a, tan);
}

/* Return the values that a comparison can have: 1 if it holds in the whole interval, 0 if it holds
   nowhere in it, else 0 and 1. */
static HeatInterval Truth(PetscBool surely, PetscBool never)
{
  return (HeatInterval){surely ? 1.0 : 0.0, never ? 0.0 : 1.0};
}

static HeatInterval Compare(HeatOp op, HeatInterval a, HeatInterval b)
{
  const PetscBool less = a.high < b.low ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool more = a.low > b.high ? PETSC_TRUE : PETSC_FALSE;
  const PetscBool same = HeatIntervalIsExact(a) && HeatIntervalIsExact(b) && a.low == b.low
                             ? PETSC_TRUE
                             : PETSC_FALSE;

  switch (op) {
  case HEAT_OP_LESS: return Truth(less, (PetscBool)(more || same));
  case HEAT_OP_LESS_EQUAL: return Truth((PetscBool)(less || same), more);
  case HEAT_OP_GREATER: return Truth(more, (PetscBool)(less || same));
  case HEAT_OP_GREATER_EQUAL: return Truth((PetscBool)(more || same), less);
  case HEAT_OP_EQUAL: return Truth(same, (PetscBool)(less || more));
  default: return Truth((PetscBool)(less || more), same);
  }
}

/* Return whether a condition holds for all values in the interval.  IsTrue and IsFalse are both
   false where the interval contains 0 and other numbers. */
static PetscBool IsTrue(HeatInterval a)
{
  return !HeatIntervalHasZero(a) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether a condition holds for no value in the interval. */
static PetscBool IsFalse(HeatInterval a)
{
  return HeatIntervalIsExact(a) && a.low == 0.0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Values with their derivatives. */

/* Return the enclosure of an operation that is constant between its jumps.  The derivative is
   unbounded unless the value is known exactly. */
static HeatEnclosure Flat(HeatInterval value)
{
  return (HeatEnclosure){value, HeatIntervalIsExact(value) ? Constant(0.0) : everything};
}

HeatEnclosure HeatEncloseDifference(HeatEnclosure a, HeatEnclosure b)
{
  return (HeatEnclosure){Subtract(a.value, b.value), Subtract(a.slope, b.slope)};
}

static HeatEnclosure Times(HeatEnclosure a, HeatEnclosure b)
{
  return (HeatEnclosure){Multiply(a.value, b.value),
                         Add(Multiply(a.slope, b.value), Multiply(a.value, b.slope))};
}

static HeatEnclosure Over(HeatEnclosure a, HeatEnclosure b)
{
  const HeatInterval above = Subtract(Multiply(a.slope, b.value), Multiply(a.value, b.slope));

  return (HeatEnclosure){Divide(a.value, b.value), Divide(above, Square(b.value))};
}

/* Return the enclosure of f(a) from the values of f and of f' over the values of a. */
static HeatEnclosure Chain(HeatInterval value, HeatInterval slope, HeatEnclosure a)
{
  return (HeatEnclosure){value, Multiply(slope, a.slope)};
}

/* Return the values of a^n. */
static HeatInterval FixedPower(HeatInterval a, PetscReal n)
{
  const PetscReal low = pow(a.low, n), high = pow(a.high, n);
  const PetscBool even = fmod(n, 2.0) == 0.0 ? PETSC_TRUE : PETSC_FALSE;

  if (n == 0.0) return Constant(1.0);
  if (HeatIntervalIsExact(a)) return Constant(low);
  if (n != floor(n) && a.high < 0.0) return nothing;
  if (n != floor(n)) /* 0^n is 0, or infinity where n is negative */
    return a.low < 0.0 ? everything : Widen(PetscMin(low, high), PetscMax(low, high));
  if (HeatIntervalHasZero(a) && n < 0.0) return everything;
  if (HeatIntervalHasZero(a) && even) return Widen(0.0, PetscMax(low, high));
  return Widen(PetscMin(low, high), PetscMax(low, high));
}

static HeatEnclosure Power(HeatEnclosure a, HeatEnclosure b)
{
  if (HeatIntervalIsExact(b.value) && b.slope.low == 0.0 && b.slope.high == 0.0) {
    const PetscReal n = b.value.low;

    return Chain(FixedPower(a.value, n), Multiply(Constant(n), FixedPower(a.value, n - 1.0)), a);
  }
  if (a.value.low <= 0.0) return (HeatEnclosure){everything, everything};
  const HeatInterval log_a = Rising(a.value, log);
  const HeatInterval value = Rising(Multiply(b.value, log_a), exp);
  const HeatInterval slope = Add(Multiply(b.slope, log_a),
                                 Multiply(b.value, Divide(a.slope, a.value)));

  return (HeatEnclosure){value, Multiply(value, slope)};
}

static HeatEnclosure Choose(HeatEnclosure condition, HeatEnclosure yes, HeatEnclosure no)
{
  if (IsTrue(condition.value)) return yes;
  if (IsFalse(condition.value)) return no;
  if (HeatIntervalIsEmpty(yes.value) || HeatIntervalIsEmpty(no.value))
    return (HeatEnclosure){everything, everything};
  return (HeatEnclosure){Hull(yes.value, no.value), everything};
}

/* Return the enclosure of min(a, b), or of max(a, b) if `larger`. */
static HeatEnclosure Extreme(HeatEnclosure a, HeatEnclosure b, PetscBool larger)
{
  const HeatEnclosure low  = a.value.low < b.value.low ? a : b,
                      high = a.value.high > b.value.high ? a : b;

  if (a.value.high < b.value.low) return larger ? b : a;
  if (b.value.high < a.value.low) return larger ? a : b;
  return (HeatEnclosure){larger
                             ? (HeatInterval){PetscMax(a.value.low, b.value.low), high.value.high}
                             : (HeatInterval){low.value.low, PetscMin(a.value.high, b.value.high)},
                         Hull(a.slope, b.slope)};
}

static HeatEnclosure Magnitude(HeatEnclosure a)
{
  const HeatEnclosure minus = {Negate(a.value), Negate(a.slope)};
  HeatEnclosure       r     = Extreme(a, minus, PETSC_TRUE);

  if (HeatIntervalHasZero(a.value)) r.value.low = 0.0;
  return r;
}

static HeatInterval Sign(HeatInterval a)
{
  return (HeatInterval){a.low > 0.0   ? 1.0
                        : a.low < 0.0 ? -1.0
                                      : 0.0,
                        a.high > 0.0   ? 1.0
                        : a.high < 0.0 ? -1.0
                                       : 0.0};
}

static HeatEnclosure Undefined(void) { return (HeatEnclosure){nothing, nothing}; }

/* Return the enclosure of a logarithm f, whose derivative is 1/(a ln base). */
static HeatEnclosure Logarithm(HeatEnclosure a, PetscReal (*f)(PetscReal), PetscReal base)
{
  if (a.value.high < 0.0) return Undefined();
  if (a.value.low <= 0.0) return (HeatEnclosure){everything, everything};
  return Chain(Rising(a.value, f), Divide(Constant(1.0 / log(base)), a.value), a);
}

/* Return the values of cosh, which increases with |a|. */
static HeatInterval HyperbolicCosine(HeatInterval a)
{
  return Rising(Magnitude((HeatEnclosure){a, a}).value, cosh);
}

/* Return the enclosure of atan2(a, b), which is atan(a/b) where b is positive. */
static HeatEnclosure Angle(HeatEnclosure a, HeatEnclosure b)
{
  const HeatInterval unknown = {-PETSC_PI, PETSC_PI};

  if (b.value.low <= 0.0) return (HeatEnclosure){unknown, everything};
  const HeatEnclosure ratio = Over(a, b);

  return Chain(Rising(ratio.value, atan), Invert(Add(Constant(1.0), Square(ratio.value))), ratio);
}

/* Return the enclosure of acosh, atanh, asin or acos, in the interior of their domains. */
static HeatEnclosure Inverse(HeatOp op, HeatEnclosure a)
{
  const HeatInterval one = Constant(1.0), square = Square(a.value);
  const HeatInterval inside = Subtract(one, square), outside = Subtract(square, one);

  if (op == HEAT_OP_ACOSH ? a.value.high < 1.0 : inside.high < 0.0) return Undefined();
  if (op == HEAT_OP_ACOSH && a.value.low > 1.0)
    return Chain(Rising(a.value, acosh), Invert(Rising(outside, sqrt)), a);
  if (op != HEAT_OP_ACOSH && inside.low > 0.0) {
    const HeatInterval asin_slope = Invert(Rising(inside, sqrt));

    if (op == HEAT_OP_ATANH) return Chain(Rising(a.value, atanh), Invert(inside), a);
    if (op == HEAT_OP_ASIN) return Chain(Rising(a.value, asin), asin_slope, a);
    if (op == HEAT_OP_ACOS)
      return Chain(Widen(acos(a.value.high), acos(a.value.low)), Negate(asin_slope), a);
  }
  return (HeatEnclosure){everything, everything};
}

static HeatEnclosure Call(HeatOp op, HeatEnclosure a, HeatEnclosure b)
{
  const HeatInterval one = Constant(1.0);
  HeatInterval       v;

  switch (op) {
  case HEAT_OP_SIN: return Chain(Sine(a.value), Cosine(a.value), a);
  case HEAT_OP_COSH: return Chain(HyperbolicCosine(a.value), Rising(a.value, sinh), a);
  case HEAT_OP_COS: return Chain(Cosine(a.value), Negate(Sine(a.value)), a);
  case HEAT_OP_TAN:
    v = Tangent(a.value);
    if (isinf(v.low)) return (HeatEnclosure){everything, everything}; /* a pole, where it jumps */
    return Chain(v, Add(one, Square(v)), a);
  case HEAT_OP_ATAN: return Chain(Rising(a.value, atan), Invert(Add(one, Square(a.value))), a);
  case HEAT_OP_SINH: return Chain(Rising(a.value, sinh), HyperbolicCosine(a.value), a);
  case HEAT_OP_TANH:
    return Chain(Rising(a.value, tanh), Invert(Square(HyperbolicCosine(a.value))), a);
  case HEAT_OP_ASINH:
    return Chain(Rising(a.value, asinh), Invert(Rising(Add(one, Square(a.value)), sqrt)), a);
  case HEAT_OP_EXP: v = Rising(a.value, exp); return Chain(v, v, a);
  case HEAT_OP_LN:
  case HEAT_OP_LOG: return Logarithm(a, log, exp(1.0));
  case HEAT_OP_LOG10: return Logarithm(a, log10, 10.0);
  case HEAT_OP_LOG2: return Logarithm(a, log2, 2.0);
  case HEAT_OP_SQRT:
    if (a.value.high < 0.0) return Undefined();
    if (a.value.low < 0.0) return (HeatEnclosure){everything, everything};
    v = Rising(a.value, sqrt);
    if (v.low == 0.0) return Chain(v, (HeatInterval){0.0, INFINITY}, a);
    return Chain(v, Divide(Constant(0.5), v), a);
  case HEAT_OP_ABS: return Magnitude(a);
  case HEAT_OP_SIGN: return Flat(Sign(a.value));
  case HEAT_OP_MIN: return Extreme(a, b, PETSC_FALSE);
  case HEAT_OP_MAX: return Extreme(a, b, PETSC_TRUE);
  case HEAT_OP_FLOOR: return Flat((HeatInterval){floor(a.value.low), floor(a.value.high)});
  case HEAT_OP_ATAN2: return Angle(a, b);
  default: return Inverse(op, a);
  }
}

/* Return whether an operand is defined nowhere in the interval, so that OfUndefined gives the
   result.  For &&, || and ?: return false: the compiled formula, as muParser, treats a NaN
   condition as true. */
static PetscBool TakesUndefined(const HeatOperation *o, HeatEnclosure a, HeatEnclosure b)
{
  if (!HeatIntervalIsEmpty(a.value) && !HeatIntervalIsEmpty(b.value)) return PETSC_FALSE;
  return o->op != HEAT_OP_AND && o->op != HEAT_OP_OR && o->op != HEAT_OP_CHOOSE ? PETSC_TRUE
                                                                                : PETSC_FALSE;
}

/* Return the enclosure of an operation with an operand that is NaN: of the comparisons only !=
   holds; the sign is 0; min and max may return the other operand. */
static HeatEnclosure OfUndefined(HeatOp op)
{
  if (op == HEAT_OP_NOT_EQUAL) return Flat(Constant(1.0));
  if ((op >= HEAT_OP_LESS && op <= HEAT_OP_EQUAL) || op == HEAT_OP_SIGN) return Flat(Constant(0.0));
  if (op == HEAT_OP_MIN || op == HEAT_OP_MAX) return (HeatEnclosure){everything, everything};
  return Undefined();
}

static HeatEnclosure EncloseOperation(const HeatOperation *o, HeatInterval time,
                                      const HeatEnclosure results[])
{
  const HeatEnclosure none = {Constant(0.0), Constant(0.0)};
  const HeatEnclosure a    = o->operand[0] < 0 ? none : results[o->operand[0]];
  const HeatEnclosure b    = o->operand[1] < 0 ? none : results[o->operand[1]];

  if (TakesUndefined(o, a, b)) return OfUndefined(o->op);
  switch (o->op) {
  case HEAT_OP_NUMBER: return (HeatEnclosure){Constant(o->value), Constant(0.0)};
  case HEAT_OP_TIME: return (HeatEnclosure){time, Constant(1.0)};
  case HEAT_OP_X:
  case HEAT_OP_Y:
  case HEAT_OP_TEMPERATURE: return (HeatEnclosure){everything, everything};
  case HEAT_OP_NEGATE: return (HeatEnclosure){Negate(a.value), Negate(a.slope)};
  case HEAT_OP_ADD: return (HeatEnclosure){Add(a.value, b.value), Add(a.slope, b.slope)};
  case HEAT_OP_SUBTRACT: return HeatEncloseDifference(a, b);
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

HeatEnclosure HeatEncloseOperation(const HeatOperation *o, HeatInterval time,
                                   const HeatEnclosure results[])
{
  HeatEnclosure r = EncloseOperation(o, time, results);

  /* 0 times an infinite slope, as of sqrt at 0, shows nothing. */
  if (!HeatIntervalIsEmpty(r.value) && (isnan(r.slope.low) || isnan(r.slope.high)))
    r.slope = everything;
  return r;
}

/* Leave the jumps of an operation out of the slope of its result. */
static void Smooth(const HeatOperation *o, const HeatEnclosure results[], HeatEnclosure *r)
{
  const PetscBool flat = (o->op >= HEAT_OP_LESS && o->op <= HEAT_OP_OR) || o->op == HEAT_OP_FLOOR ||
                                 o->op == HEAT_OP_SIGN
                             ? PETSC_TRUE
                             : PETSC_FALSE;

  if (flat) r->slope = Constant(0.0);
  if (o->op != HEAT_OP_CHOOSE || IsTrue(results[o->operand[0]].value) ||
      IsFalse(results[o->operand[0]].value))
    return;
  const HeatEnclosure yes = results[o->operand[1]], no = results[o->operand[2]];

  if (!HeatIntervalIsEmpty(yes.slope) && !HeatIntervalIsEmpty(no.slope))
    r->slope = Hull(yes.slope, no.slope);
}

void HeatEncloseOver(const HeatExpressionTree *tree, int first, int last, const HeatBox *box,
                     PetscBool smooth, HeatEnclosure results[])
{
  for (int k = first; k <= last; k++) {
    const HeatOperation *o = &tree->operations[k];

    if (o->op == HEAT_OP_X || o->op == HEAT_OP_Y)
      results[k] = (HeatEnclosure){box->side[o->op == HEAT_OP_Y], Constant(0.0)};
    else results[k] = HeatEncloseOperation(o, box->side[2], results);
    if (smooth) Smooth(o, results, &results[k]);
  }
}
