/** Expressions of the case file, checked by muParser and evaluated as programs on arrays.
 *
 *  An expression consists of numbers, the variables x y t T, the constant pi, the operators
 *  + - * / ^, comparisons, && || and ?:, and the functions sin cos tan asin acos atan atan2 sinh
 *  cosh tanh asinh acosh atanh exp ln log log10 log2 sqrt abs sign min max floor, where log is the
 *  natural logarithm like ln.
 *
 *  expression.c is the only file that includes muParser.  No function here is collective. */
#ifndef HEAT_SOLVER_EXPRESSION_H
#define HEAT_SOLVER_EXPRESSION_H

#include <petscsys.h>

#include "solver/case/case.h"
#include "solver/case/knots.h"
#include "solver/formula/expression_tree.h"

/** A compiled expression (opaque handle). */
typedef struct HeatExpression HeatExpression;

/** Compile a formula.  A number becomes a constant, and a formula that is not given the constant 0.
 *  A formula that cannot be compiled is not raised as an error, since only the caller knows the key
 *  that its message has to name.
 *  @param[in]  allowed  bits HEAT_VAR_*: the variables that have a meaning for the key
 *  @param[out] e        owned by the caller; NULL if the formula is wrong
 *  @param[out] message  "" if the formula is right; else what is wrong, followed for most errors by
 *                       the text and a caret below the wrong character on lines of their own */
PetscErrorCode HeatExpressionCreate(const HeatFormula *formula, int allowed, HeatExpression **e,
                                    char *message, size_t message_size);

/** Split a formula of x, y and t, which HeatExpressionCreate accepts, into a shape in space and a
 *  factor of time, whose product it is (solver/formula/time_factor.h).
 *  @param[out] shape, factor  owned by the caller; NULL if the formula is no such product */
PetscErrorCode HeatExpressionSplitTime(const HeatFormula *formula, HeatExpression **shape,
                                       HeatExpression **factor);

/** Store in *factors whether a formula with t depends on t alone, or is a product as
 *  HeatExpressionSplitTime finds it. */
PetscErrorCode HeatExpressionHasTimeFactor(const HeatFormula *formula, PetscBool *factors);

/** Free an expression and set *e to NULL; *e may be NULL. */
PetscErrorCode HeatExpressionDestroy(HeatExpression **e);

/** Return the variables that the expression uses, as bits HEAT_VAR_*; 0 for a constant. */
int HeatExpressionVariables(const HeatExpression *e);

/** Find the temperatures at which the expression, compiled from this formula, jumps, has a kink or
 *  turns.  They are kept with the expression for HeatExpressionKnots. */
PetscErrorCode HeatExpressionFindKnots(HeatExpression *e, const HeatCase *c,
                                       const HeatFormula *formula);

/** Return the knots of the expression, owned by it; none before HeatExpressionFindKnots. */
const HeatKnots *HeatExpressionKnots(const HeatExpression *e);

/** A time, and the side from which a formula that switches there is seen.
 *
 *  A time step begins and ends at the times at which formulas switch, such as 10 s in 1e6*(t <
 *  10).  Its stages must see the value inside the step: before 10 s in the step that ends there,
 *  after 10 s in the step that begins there. */
typedef struct {
  PetscReal t;    /* [s] */
  PetscReal lean; /* [s] added to t for formulas that switch: a few roundings of t, negative at the
                     end of a step, positive at its beginning; 0: the formula as it stands */
} HeatMoment;

/** Return the time [s] at which to evaluate the expression: when.t, and with when.lean added if the
 *  expression can switch at a time (switches.h). */
PetscReal HeatExpressionTime(const HeatExpression *e, HeatMoment when);

/** Evaluate an expression at n points: out[i] = e(x[i], y[i], t, T[i]).  Results may be infinite or
 *  NaN, without an error: the caller decides whether that is allowed.
 *  @param[in]  x, y  coordinates [m], [n]; NULL if the expression does not use them
 *  @param[in]  t     time [s]
 *  @param[in]  T     temperatures [K], [n]; NULL if the expression does not use them
 *  @param[out] out   [n], in the unit of the expression */
PetscErrorCode HeatExpressionEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                      const PetscReal *y, PetscReal t, const PetscReal *T,
                                      PetscReal *out);

/** Evaluate an expression and its derivative with respect to T at n points.  Where the expression
 *  switches, the slope is the derivative of the branch taken.  At the edge of the expression's
 *  domain it may be infinite or NaN (solver/formula/derivative.h); HeatSlopeEvaluate replaces such
 *  slopes by difference quotients.
 *  @param[out] value  [n], in the unit of the expression
 *  @param[out] slope  [n], in the unit of the expression per K; NULL: not computed */
PetscErrorCode HeatExpressionEvaluateWithSlope(HeatExpression *e, PetscInt n, const PetscReal *x,
                                               const PetscReal *y, PetscReal t, const PetscReal *T,
                                               PetscReal *value, PetscReal *slope);

/** Evaluate an expression at one point (x, y) [m] and time t [s], with T = 0. */
PetscErrorCode HeatExpressionAt(HeatExpression *e, PetscReal x, PetscReal y, PetscReal t,
                                PetscReal *value);

#endif
