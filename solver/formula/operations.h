/** The operations of a formula as a list, in which every result is assigned once and computed once.
 *
 *  Differences from the syntax tree (expression_tree.h): equal operations of equal operands are one
 *  entry, operations on constants are constants, powers with small integer exponents are products,
 *  and the list may contain the derivative with respect to T.  Nothing here is collective. */
#ifndef HEAT_SOLVER_FORMULA_OPERATIONS_H
#define HEAT_SOLVER_FORMULA_OPERATIONS_H

#include "solver/formula/expression_tree.h"

/** Integer exponents in this range become products, whose error is below 4 ulp: of u, or for
 *  negative exponents of 1/u, so that no factor overflows where the result does not. */
enum { HEAT_LEAST_EXPONENT = -4, HEAT_LARGEST_EXPONENT = 8 };

typedef struct {
  HeatOp    op;
  int       operand[3]; /* indices of earlier entries; -1: none */
  int       variables;  /* bits HEAT_VAR_*: what the result depends on; 0: a constant */
  PetscReal value;      /* of HEAT_OP_NUMBER, to which all constants are reduced */
} HeatListed;

/** Owned: HeatOperationsDestroy.  {0} is the empty list. */
typedef struct {
  int         n, capacity;
  HeatListed *entries; /* [n] */
  int         value;   /* index of the formula's value */
  int         n_value; /* the value depends on the first n_value entries only */
  int         slope;   /* index of the derivative with respect to T; -1: identically 0 */
} HeatOperations;

/** Make the list of a formula's value.  derivative.h appends the slope. */
PetscErrorCode HeatOperationsCreate(const HeatExpressionTree *tree, HeatOperations *list);

/** Remove the entries on which neither the value nor the slope depends. */
PetscErrorCode HeatOperationsTrim(HeatOperations *list);
PetscErrorCode HeatOperationsDestroy(HeatOperations *list);

/** Append an operation and store the index of its result: that of an equal entry or of a constant,
 *  if there is one.  Operands that the operation does not have are -1. */
PetscErrorCode HeatOperationsAppend(HeatOperations *list, HeatOp op, int a, int b, int c,
                                    int *result);
PetscErrorCode HeatOperationsAppendNumber(HeatOperations *list, PetscReal value, int *result);

#endif
