/** Expressions of the case file, evaluated in bulk by muParser: x y t T, pi, + - * / ^,
 *  comparisons, && || ?:, and the usual functions: sin cos tan asin acos atan atan2 sinh cosh
 *  tanh asinh acosh atanh exp ln log log10 log2 sqrt abs sign min max floor, where log is ln.
 *  The only file that knows muParser is expression.c.  Nothing here is collective. / */
#ifndef HEAT_SOLVER_EXPRESSION_H
#define HEAT_SOLVER_EXPRESSION_H

#include <petscsys.h>

#include "solver/case/case.h"

enum { HEAT_VAR_X = 1, HEAT_VAR_Y = 2, HEAT_VAR_TIME = 4, HEAT_VAR_TEMPERATURE = 8 }; /* x y t T */

typedef struct HeatExpression HeatExpression;

/** Compile a formula.  A number (or a formula not given: zero) compiles to a constant.
 *  @param[in]  allowed  bits of HEAT_VAR_*: the variables that make sense for this key
 *  @param[out] message  what is wrong, in words, with a second line that marks where in the text,
 *                       or "" when nothing is; then *e is NULL
 *  Not collective, raises nothing: the caller knows the key and reports the message. */
PetscErrorCode HeatExpressionCreate(const HeatFormula *formula, int allowed, HeatExpression **e,
                                    char *message, size_t message_size);

/** *e may be NULL. */
PetscErrorCode HeatExpressionDestroy(HeatExpression **e);

/** Bits of the variables that the expression uses; 0: a constant. */
int HeatExpressionVariables(const HeatExpression *e);

/** Evaluate at n points: out[i] = e(x[i], y[i], t, T[i]).
 *  @param[in] x, y  coordinates [m], length n; unused ones may be NULL
 *  @param[in] t     time [s]
 *  @param[in] T     temperatures, length n, or NULL
 *  Errors: none for non-finite results; the caller decides what they mean. */
PetscErrorCode HeatExpressionEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                      const PetscReal *y, PetscReal t, const PetscReal *T,
                                      PetscReal *out);

/** The value of an expression at one point. */
PetscErrorCode HeatExpressionAt(HeatExpression *e, PetscReal x, PetscReal y, PetscReal t,
                                PetscReal *value);

#endif
