/** The operations of a formula as a list, in which equal operations are computed once.
 *
 *  The list differs from the syntax tree (expression_tree.h): equal operations of equal operands
 *  are one entry (among the latest 512), operations on constants are constants, powers with small
 *  integer exponents are products, and the list may contain the derivative with respect to T.
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_FORMULA_OPERATIONS_H
#define HEAT_SOLVER_FORMULA_OPERATIONS_H

#include "solver/formula/expression_tree.h"

/** Powers with integer exponents in this range become products, whose error is below 4 ulp.  The
 *  factors are the base or, for negative exponents, its reciprocal, so that no factor overflows
 *  unless the result does. */
enum { HEAT_LEAST_EXPONENT = -4, HEAT_LARGEST_EXPONENT = 8 };

/** An entry of the list.  Constants are HEAT_OP_NUMBER, since they are evaluated at once. */
typedef struct {
  HeatOp    op;
  int       operand[3]; /* indices of earlier entries; -1: none */
  int       variables;  /* bits HEAT_VAR_* of the variables on which the result depends */
  PetscReal value;      /* of HEAT_OP_NUMBER */
} HeatListed;

/** The list of a formula.  Destroy it with HeatOperationsDestroy.  {0} is the empty list. */
typedef struct {
  int         n, capacity;
  HeatListed *entries; /* owned [n] */
  int         value;   /* index of the formula's value */
  int         n_value; /* number of entries, from the first, that suffice for the value */
  int         slope;   /* index of the derivative with respect to T; -1: identically 0 */
} HeatOperations;

/** Make the list of a formula's value.  derivative.h appends the slope. */
PetscErrorCode HeatOperationsCreate(const HeatExpressionTree *tree, HeatOperations *list);

/** Remove the entries on which neither the value nor the slope depends. */
PetscErrorCode HeatOperationsTrim(HeatOperations *list);

/** Free the entries and make the list empty. */
PetscErrorCode HeatOperationsDestroy(HeatOperations *list);

/** Append an operation, unless there is an equal entry, and store the index of its result.  It may
 *  become a constant or several entries.  Operands that the operation does not have are -1. */
PetscErrorCode HeatOperationsAppend(HeatOperations *list, HeatOp op, int a, int b, int c,
                                    int *result);

/** Append a constant, unless there is an equal entry, and store its index. */
PetscErrorCode HeatOperationsAppendNumber(HeatOperations *list, PetscReal value, int *result);

#endif
