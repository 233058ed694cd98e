/** Splits a formula by walking down its products, quotients and signs.  A sub-formula of any other
 *  kind is a factor as a whole: it goes, with all operations on which it depends, to the shape or
 *  to the factor of time.  A sign goes to the shape. */
#include "solver/formula/time_factor.h"

/* One of the two parts that are built. */
typedef struct {
  HeatExpressionTree *tree;   /* its last operation is the product so far; empty before the first */
  PetscBool           needed; /* it has a factor other than 1 */
} Part;

/* What the walk needs. */
typedef struct {
  const HeatExpressionTree *from;
  Part                      parts[2]; /* shape, factor of time */
  PetscBool                 splits;   /* no factor contains both t and another variable */
} Split;

/* Append an operation, with operands that the tree already has. */
static PetscErrorCode Append(HeatExpressionTree *t, HeatOperation o)
{
  o.first = o.operand[0] < 0 ? t->n : t->operations[o.operand[0]].first;

  PetscFunctionBeginUser;
  if (t->n == t->capacity) {
    t->capacity = 2 * t->capacity + 16;
    PetscCall(PetscRealloc((size_t)t->capacity * sizeof *t->operations, &t->operations));
  }
  t->operations[t->n++] = o;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append operation k of a formula with all operations on which it depends. */
static PetscErrorCode AppendOperations(HeatExpressionTree *t, const HeatExpressionTree *from, int k)
{
  const int first = from->operations[k].first, shift = t->n - first;

  PetscFunctionBeginUser;
  for (int i = first; i <= k; i++) {
    HeatOperation o = from->operations[i];

    for (int j = 0; j < 3; j++)
      if (o.operand[j] >= 0) o.operand[j] += shift;
    PetscCall(Append(t, o));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append a number. */
static PetscErrorCode AppendNumber(HeatExpressionTree *t, PetscReal value)
{
  PetscFunctionBeginUser;
  PetscCall(
      Append(t, (HeatOperation){.op = HEAT_OP_NUMBER, .value = value, .operand = {-1, -1, -1}}));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Multiply a part by operation k of the formula, or divide it by that. */
static PetscErrorCode Multiply(const Split *s, Part *part, int k, PetscBool divide)
{
  HeatExpressionTree *t = part->tree;
  int                 before;

  PetscFunctionBeginUser;
  part->needed = PETSC_TRUE;
  if (t->n == 0 && !divide) {
    PetscCall(AppendOperations(t, s->from, k));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (t->n == 0) PetscCall(AppendNumber(t, 1.0));
  before = t->n - 1;
  PetscCall(AppendOperations(t, s->from, k));
  PetscCall(Append(t, (HeatOperation){.op        = divide ? HEAT_OP_DIVIDE : HEAT_OP_MULTIPLY,
                                      .operand   = {before, t->n - 1, -1},
                                      .variables = t->operations[before].variables |
                                                   t->operations[t->n - 1].variables}));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Distribute operation k, a factor of the formula or (`divide`) a divisor, over the two parts. */
static PetscErrorCode Walk(Split *s, int k, PetscBool divide)
{
  const HeatOperation *o     = &s->from->operations[k];
  const int            other = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TEMPERATURE;

  PetscFunctionBeginUser;
  if (!(o->variables & HEAT_VAR_TIME)) {
    PetscCall(Multiply(s, &s->parts[0], k, divide));
  } else if (!(o->variables & other)) {
    PetscCall(Multiply(s, &s->parts[1], k, divide));
  } else if (o->op == HEAT_OP_MULTIPLY || o->op == HEAT_OP_DIVIDE) {
    PetscCall(Walk(s, o->operand[0], divide));
    PetscCall(Walk(s, o->operand[1], o->op == HEAT_OP_DIVIDE ? (PetscBool)!divide : divide));
  } else if (o->op == HEAT_OP_NEGATE) {
    Part *shape = &s->parts[0];

    PetscCall(Walk(s, o->operand[0], divide));
    if (!shape->needed) PetscFunctionReturn(PETSC_SUCCESS); /* it does not split */
    PetscCall(Append(
        shape->tree,
        (HeatOperation){.op        = HEAT_OP_NEGATE,
                        .operand   = {shape->tree->n - 1, -1, -1},
                        .variables = shape->tree->operations[shape->tree->n - 1].variables}));
  } else {
    s->splits = PETSC_FALSE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionTreeSplitTime(const HeatExpressionTree *tree,
                                           HeatExpressionTree *shape, HeatExpressionTree *factor)
{
  const HeatExpressionTree none = {0};
  Split s = {.from = tree, .parts = {{.tree = shape}, {.tree = factor}}, .splits = PETSC_TRUE};

  PetscFunctionBeginUser;
  *shape = *factor = none;
  if (tree->n == 0 || tree->operations[tree->n - 1].variables & HEAT_VAR_TEMPERATURE)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Walk(&s, tree->n - 1, PETSC_FALSE));
  if (s.splits && s.parts[0].needed && s.parts[1].needed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionTreeDestroy(shape));
  PetscCall(HeatExpressionTreeDestroy(factor));
  PetscFunctionReturn(PETSC_SUCCESS);
}
