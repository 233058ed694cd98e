/** The syntax tree of a formula.
 *
 *  It shows comparisons of comparisons and sub-formulas that switch at certain times
 *  (solver/case/switches.h), and programs are compiled from it (program.h).
 *  It accepts muParser's grammar as far as case files may use it, with muParser's precedence,
 *  from the lowest to the highest: ?:  ||  &&  comparisons  + -  * / and signs  ^ (from right to
 *  left).  Nothing here is collective. */
#ifndef HEAT_SOLVER_EXPRESSION_TREE_H
#define HEAT_SOLVER_EXPRESSION_TREE_H

#include "solver/base/error.h"

/** Bits of the variables x, y, t and T. */
enum { HEAT_VAR_X = 1, HEAT_VAR_Y = 2, HEAT_VAR_TIME = 4, HEAT_VAR_TEMPERATURE = 8 };

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
  HEAT_OP_LOG, /* the natural logarithm, as ln */
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

/** One operation.  Its operands are results of earlier operations: the array of operations is the
 *  formula in postfix notation, and the operations that a result depends on stand together, from
 *  `first` to the operation itself.  min and max of several arguments are nested pairs. */
typedef struct {
  HeatOp    op;
  PetscReal value;      /* of HEAT_OP_NUMBER */
  int       operand[3]; /* indices; -1: none */
  int       first;      /* of the operations that this one depends on */
  int       variables;  /* bits of HEAT_VAR_*: what the result depends on */
  size_t    position;   /* of the operator in the text, from 0 */
  PetscBool bracketed;  /* the result stands in brackets of its own */
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
 *  @param[out] problem   NULL, or what is wrong, in words; static storage
 *  @param[out] position  index of the wrong character in the text */
PetscErrorCode HeatExpressionTreeCreate(const char *text, HeatExpressionTree *tree,
                                        const char **problem, size_t *position);

/** Free the operations and make the tree empty. */
PetscErrorCode HeatExpressionTreeDestroy(HeatExpressionTree *tree);

/** Return the value of operation k.
 *  @param[in]  point    x, y, t, T
 *  @param[out] results  [tree->n] values of the operations that it depends on, by index */
PetscReal HeatExpressionTreeAt(const HeatExpressionTree *tree, int k, const PetscReal point[4],
                               PetscReal results[]);

#endif
