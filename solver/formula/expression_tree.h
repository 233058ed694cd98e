/** The syntax tree of a formula.
 *
 *  It serves three purposes: programs are compiled from it (program.h); a formula that compares the
 *  result of a comparison, such as a < b < c, is found in it and refused; and the times at which a
 *  formula switches are found in it (solver/case/switches.h).  The parser accepts
 *  the part of muParser's grammar that case files may use.  The precedence is muParser's, from the
 *  lowest to the highest: ?:  ||  &&  comparisons  + -  * / and signs  ^ (from right to left).
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_EXPRESSION_TREE_H
#define HEAT_SOLVER_EXPRESSION_TREE_H

#include "solver/base/error.h"

/** Bits of the variables x, y, t and T. */
enum { HEAT_VAR_X = 1, HEAT_VAR_Y = 2, HEAT_VAR_TIME = 4, HEAT_VAR_TEMPERATURE = 8 };

/** The operations.  Numbers and variables come first. */
typedef enum {
  HEAT_OP_NUMBER,
  HEAT_OP_X,
  HEAT_OP_Y,
  HEAT_OP_TIME,
  HEAT_OP_TEMPERATURE,
  HEAT_OP_NEGATE,
  HEAT_OP_ADD,
  HEAT_OP_SUBTRACT,
  HEAT_OP_MULTIPLY,
  HEAT_OP_DIVIDE,
  HEAT_OP_POWER,
  HEAT_OP_LESS,
  HEAT_OP_LESS_EQUAL,
  HEAT_OP_GREATER,
  HEAT_OP_GREATER_EQUAL,
  HEAT_OP_EQUAL,
  HEAT_OP_NOT_EQUAL,
  HEAT_OP_AND,
  HEAT_OP_OR,
  HEAT_OP_CHOOSE, /* condition ? a : b */
  HEAT_OP_SIN,    /* functions, in the order of HeatFunctionNames */
  HEAT_OP_COS,
  HEAT_OP_TAN,
  HEAT_OP_ASIN,
  HEAT_OP_ACOS,
  HEAT_OP_ATAN,
  HEAT_OP_ATAN2,
  HEAT_OP_SINH,
  HEAT_OP_COSH,
  HEAT_OP_TANH,
  HEAT_OP_ASINH,
  HEAT_OP_ACOSH,
  HEAT_OP_ATANH,
  HEAT_OP_EXP,
  HEAT_OP_LN,
  HEAT_OP_LOG, /* the natural logarithm, equal to ln */
  HEAT_OP_LOG10,
  HEAT_OP_LOG2,
  HEAT_OP_SQRT,
  HEAT_OP_ABS,
  HEAT_OP_SIGN,
  HEAT_OP_MIN,
  HEAT_OP_MAX,
  HEAT_OP_FLOOR,
  HEAT_OP_END
} HeatOp;

/** The names of the functions: entry k belongs to HEAT_OP_SIN + k; the last entry is NULL. */
extern const char *const HeatFunctionNames[];

/** One operation of a tree.  The array of operations is the formula in postfix notation: operands
 *  are results of earlier operations, and all operations on which a result depends are the
 *  neighbours from `first` to the operation itself.  min and max of several arguments are nested
 *  operations of two. */
typedef struct {
  HeatOp    op;
  PetscReal value;      /* of HEAT_OP_NUMBER */
  int       operand[3]; /* indices of operands; -1: none */
  int       first;      /* index of the first operation on which the result depends */
  int       variables;  /* bits HEAT_VAR_* of the variables on which the result depends */
  size_t    position;   /* index of the operator in the text, from 0 */
  PetscBool bracketed;  /* the operation is in brackets of its own */
} HeatOperation;

/** A syntax tree.  The caller owns it and frees it with HeatExpressionTreeDestroy.  {0} is the
 *  empty tree. */
typedef struct {
  int            n, capacity;
  HeatOperation *operations; /* [n]; the last one is the whole formula */
} HeatExpressionTree;

/** Parse a formula.
 *  @param[in]  text      a formula whose characters and names solver/case/expression.c has found to
 *                        be allowed
 *  @param[out] tree      empty after a failure
 *  @param[out] problem   NULL, or a description of what is wrong; static storage
 *  @param[out] position  index of the wrong character in the text */
PetscErrorCode HeatExpressionTreeCreate(const char *text, HeatExpressionTree *tree,
                                        const char **problem, size_t *position);

/** Replace the variables x and y by the numbers of a place [m]. */
void HeatExpressionTreePlace(HeatExpressionTree *tree, PetscReal x, PetscReal y);

/** The role of a sub-formula: HEAT_ROLE_LIFTS and HEAT_ROLE_LOWERS are terms of an exponent with
 *  the sign + and -, HEAT_ROLE_APART is any other sub-formula. */
typedef enum { HEAT_ROLE_LOWERS = -1, HEAT_ROLE_APART, HEAT_ROLE_LIFTS } HeatRole;

/** Return the role of an operand (0, 1 or 2) of an operation that has the role `role`: terms of an
 *  exponent are operands of exp and of the sums below exp. */
HeatRole HeatRoleOfOperand(const HeatOperation *operation, HeatRole role, int operand);

/** Append to the tree what operation k contributes to the formula as a factor: exp(u) for a term u
 *  of an exponent with the sign +, exp(-u) for one with the sign -.  Nothing is appended for
 *  HEAT_ROLE_APART.  The operations between k and the appended ones are evaluated with these, too;
 *  their results then have no meaning and are not used.
 *  @param[out] factor  index of the factor; k for HEAT_ROLE_APART */
PetscErrorCode HeatExpressionTreeAppendFactor(HeatExpressionTree *tree, int k, HeatRole role,
                                              int *factor);

/** Free the operations and make the tree empty. */
PetscErrorCode HeatExpressionTreeDestroy(HeatExpressionTree *tree);

/** Return the value of operation k.
 *  @param[in]  point    x, y, t, T
 *  @param[out] results  [tree->n] values of the operations on which it depends, by index; others
 *                       are not set */
PetscReal HeatExpressionTreeAt(const HeatExpressionTree *tree, int k, const PetscReal point[4],
                               PetscReal results[]);

#endif
