/** A formula compiled for arrays: its value, and its derivative with respect to T.
 *
 *  A program evaluates its operations one after the other over short pieces of the arrays that
 *  stay in the first-level cache.  Results that depend on t alone are evaluated once for each time,
 *  results that depend on a coordinate that is equal at all points of a piece (y along a row) once
 *  for each piece, and costly results that depend on x and t once for each column
 *  (column_cache.h).  The bits of a result do not depend on this, but on its own x, y, t and T only
 *  (vector_math.h).  Nothing here is collective. */
#ifndef HEAT_SOLVER_FORMULA_PROGRAM_H
#define HEAT_SOLVER_FORMULA_PROGRAM_H

#include "solver/formula/expression_tree.h"

typedef struct HeatProgram HeatProgram;

/** The points at which a program is evaluated. */
typedef struct {
  PetscInt         n;     /* number of points */
  const PetscReal *x, *y; /* [n] coordinates [m]; NULL if the formula does not use them */
  PetscReal        t;     /* [s] */
  const PetscReal *T;     /* [n] temperatures [K]; NULL if the formula does not use them */
} HeatFormulaPoints;

/** Compile a program.  The tree may be destroyed afterwards.
 *  @param[out] program  owned by the caller */
PetscErrorCode HeatProgramCreate(const HeatExpressionTree *tree, HeatProgram **program);

/** Destroy a program and set *program to NULL; *program may be NULL. */
PetscErrorCode HeatProgramDestroy(HeatProgram **program);

/** Evaluate the formula, and its derivative with respect to T if `slope` is not NULL.  Results may
 *  be infinite or NaN.  No floating-point exception is trapped.
 *  @param[out] value  [n]; may be the same array as x, y or T of the points if `slope` is NULL
 *  @param[out] slope  [n]; NULL: not computed */
PetscErrorCode HeatProgramEvaluate(HeatProgram *program, const HeatFormulaPoints *points,
                                   PetscReal *value, PetscReal *slope);

#endif
