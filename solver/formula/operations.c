/* Value numbering (operations.h): an operation is searched among the latest entries before it is
 * appended. */
#include "solver/formula/operations.h"

#include <math.h>
#include <string.h>

#include "solver/formula/kernels.h"

/* Number of entries among which an equal one is searched.  Chosen: a formula written by hand is
   shorter, and the time to compile a text is proportional to its length. */
enum { LOOK_BACK = 512 };

/* Return whether two entries are equal operations of equal operands, or constants of equal bits. */
static PetscBool Equal(const HeatListed *a, const HeatListed *b)
{
  return a->op == b->op && memcmp(a->operand, b->operand, sizeof a->operand) == 0 &&
                 memcmp(&a->value, &b->value, sizeof a->value) == 0
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Store the index of an entry equal to `made`, which is appended if there is none. */
static PetscErrorCode Intern(HeatOperations *list, const HeatListed *made, int *result)
{
  PetscFunctionBeginUser;
  for (int k = list->n - 1; k >= 0 && k >= list->n - LOOK_BACK; k--) {
    if (!Equal(&list->entries[k], made)) continue;
    *result = k;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (list->n == list->capacity) {
    list->capacity = 2 * list->capacity + 16;
    PetscCall(PetscRealloc((size_t)list->capacity * sizeof *made, &list->entries));
  }
  list->entries[list->n] = *made;
  *result                = list->n++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperationsAppendNumber(HeatOperations *list, PetscReal value, int *result)
{
  const HeatListed made = {.op = HEAT_OP_NUMBER, .operand = {-1, -1, -1}, .value = value};

  PetscFunctionBeginUser;
  PetscCall(Intern(list, &made, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether entry k is a constant, and if so store its value. */
static PetscBool IsNumber(const HeatOperations *list, int k, PetscReal *value)
{
  if (k < 0 || list->entries[k].op != HEAT_OP_NUMBER) return PETSC_FALSE;
  *value = list->entries[k].value;
  return PETSC_TRUE;
}

/* Append the product of n > 0 factors u, by repeated squaring. */
static PetscErrorCode AppendProduct(HeatOperations *list, int u, int n, int *result)
{
  int square = u, product = -1;

  PetscFunctionBeginUser;
  for (; n > 0; n /= 2) {
    if (n % 2) {
      if (product < 0) product = square;
      else PetscCall(HeatOperationsAppend(list, HEAT_OP_MULTIPLY, product, square, -1, &product));
    }
    if (n > 1) PetscCall(HeatOperationsAppend(list, HEAT_OP_MULTIPLY, square, square, -1, &square));
  }
  *result = product;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append u^exponent for a small integer exponent.  u^0 is 1 for any u, as in C. */
static PetscErrorCode AppendIntegerPower(HeatOperations *list, int u, int exponent, int *result)
{
  int one;

  PetscFunctionBeginUser;
  if (exponent == 0) {
    PetscCall(HeatOperationsAppendNumber(list, 1.0, result));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (exponent < 0) {
    PetscCall(HeatOperationsAppendNumber(list, 1.0, &one));
    PetscCall(HeatOperationsAppend(list, HEAT_OP_DIVIDE, one, u, -1, &u));
  }
  PetscCall(AppendProduct(list, u, exponent < 0 ? -exponent : exponent, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate an operation on constants and append its result. */
static PetscErrorCode AppendFolded(HeatOperations *list, const HeatListed *made, int *result)
{
  PetscReal operands[3] = {0.0, 0.0, 0.0}, value;

  PetscFunctionBeginUser;
  for (int k = 0; k < 3; k++)
    if (made->operand[k] >= 0) operands[k] = list->entries[made->operand[k]].value;
  HeatKernel(made->op, 1, &operands[0], &operands[1], &operands[2], &value);
  PetscCall(HeatOperationsAppendNumber(list, value, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperationsAppend(HeatOperations *list, HeatOp op, int a, int b, int c,
                                    int *result)
{
  HeatListed made  = {.op = op, .operand = {a, b, c}};
  PetscReal  value = 0.0;

  PetscFunctionBeginUser;
  for (int k = 0; k < 3; k++)
    if (made.operand[k] >= 0) made.variables |= list->entries[made.operand[k]].variables;
  if (op >= HEAT_OP_X && op <= HEAT_OP_TEMPERATURE) made.variables = 1 << (op - HEAT_OP_X);
  if (!made.variables) PetscCall(AppendFolded(list, &made, result));
  else if (op == HEAT_OP_CHOOSE && IsNumber(list, a, &value)) *result = value != 0.0 ? b : c;
  else if (op == HEAT_OP_POWER && IsNumber(list, b, &value) && value == rint(value) &&
           value >= HEAT_LEAST_EXPONENT && value <= HEAT_LARGEST_EXPONENT)
    PetscCall(AppendIntegerPower(list, a, (int)value, result));
  else PetscCall(Intern(list, &made, result));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the operations of the tree. */
static PetscErrorCode AppendTree(HeatOperations *list, const HeatExpressionTree *tree)
{
  int *index; /* owned [tree->n]; place in the list of each operation of the tree */

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1((size_t)tree->n, &index));
  for (int k = 0; k < tree->n; k++) {
    const HeatOperation *o          = &tree->operations[k];
    int                  operand[3] = {-1, -1, -1};

    for (int i = 0; i < 3; i++)
      if (o->operand[i] >= 0) operand[i] = index[o->operand[i]];
    if (o->op == HEAT_OP_NUMBER) PetscCall(HeatOperationsAppendNumber(list, o->value, &index[k]));
    else
      PetscCall(HeatOperationsAppend(list, o->op, operand[0], operand[1], operand[2], &index[k]));
  }
  list->value = index[tree->n - 1];
  PetscCall(PetscFree(index));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperationsTrim(HeatOperations *list)
{
  int *moved; /* owned [list->n]; at first whether an entry is needed, later its new index */
  int  n = 0, n_value = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)list->n, &moved));
  moved[list->value] = 1;
  if (list->slope >= 0) moved[list->slope] = 1;
  for (int k = list->n - 1; k >= 0; k--) {
    for (int i = 0; moved[k] && i < 3; i++)
      if (list->entries[k].operand[i] >= 0) moved[list->entries[k].operand[i]] = 1;
  }
  for (int k = 0; k < list->n; k++) {
    if (!moved[k]) continue;
    moved[k]         = n;
    list->entries[n] = list->entries[k];
    for (int i = 0; i < 3; i++) {
      int *operand = &list->entries[n].operand[i];

      if (*operand >= 0) *operand = moved[*operand];
    }
    n++;
    if (k < list->n_value) n_value = n;
  }
  list->value = moved[list->value];
  if (list->slope >= 0) list->slope = moved[list->slope];
  list->n       = n;
  list->n_value = n_value;
  PetscCall(PetscFree(moved));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperationsCreate(const HeatExpressionTree *tree, HeatOperations *list)
{
  PetscFunctionBeginUser;
  *list = (HeatOperations){.slope = -1};
  PetscCall(AppendTree(list, tree));
  list->n_value = list->n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperationsDestroy(HeatOperations *list)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(list->entries));
  *list = (HeatOperations){0};
  PetscFunctionReturn(PETSC_SUCCESS);
}
