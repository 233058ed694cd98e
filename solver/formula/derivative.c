/* The chain rule, applied to the entries of the list in their order: the derivative of an entry is
 * made of its operands' values and derivatives.  -1 stands for a derivative that is identically 0,
 * so that terms without T vanish, also where their factors are infinite. */
#include "solver/formula/derivative.h"

typedef struct {
  HeatOperations *list;
  int            *slope; /* owned; index of the derivative of each entry of the value; -1: 0 */
} Chain;

/* Appending operations.  An operand of the following functions may be -1, which stands for 0. */

static PetscErrorCode Add(HeatOperations *l, int a, int b, int *out)
{
  PetscFunctionBeginUser;
  if (a < 0 || b < 0) *out = a < 0 ? b : a;
  else PetscCall(HeatOperationsAppend(l, HEAT_OP_ADD, a, b, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Negate(HeatOperations *l, int a, int *out)
{
  PetscFunctionBeginUser;
  if (a < 0) *out = -1;
  else PetscCall(HeatOperationsAppend(l, HEAT_OP_NEGATE, a, -1, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Subtract(HeatOperations *l, int a, int b, int *out)
{
  PetscFunctionBeginUser;
  if (a < 0) PetscCall(Negate(l, b, out));
  else if (b < 0) *out = a;
  else PetscCall(HeatOperationsAppend(l, HEAT_OP_SUBTRACT, a, b, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool IsOne(const HeatOperations *l, int k)
{
  return l->entries[k].op == HEAT_OP_NUMBER && l->entries[k].value == 1.0 ? PETSC_TRUE
                                                                          : PETSC_FALSE;
}

static PetscErrorCode Multiply(HeatOperations *l, int a, int b, int *out)
{
  PetscFunctionBeginUser;
  if (a < 0 || b < 0) *out = -1;
  else if (IsOne(l, a) || IsOne(l, b)) *out = IsOne(l, a) ? b : a;
  else PetscCall(HeatOperationsAppend(l, HEAT_OP_MULTIPLY, a, b, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Divide(HeatOperations *l, int a, int b, int *out)
{
  PetscFunctionBeginUser;
  if (a < 0) *out = -1;
  else PetscCall(HeatOperationsAppend(l, HEAT_OP_DIVIDE, a, b, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Call(HeatOperations *l, HeatOp f, int a, int *out)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperationsAppend(l, f, a, -1, -1, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append condition ? a : b; a or b may be -1. */
static PetscErrorCode Choose(HeatOperations *l, int condition, int a, int b, int *out)
{
  int zero;

  PetscFunctionBeginUser;
  *out = a;
  if (a == b) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatOperationsAppendNumber(l, 0.0, &zero));
  PetscCall(
      HeatOperationsAppend(l, HEAT_OP_CHOOSE, condition, a < 0 ? zero : a, b < 0 ? zero : b, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rules of differentiation.  k is the entry, u and v are its operands, du and dv their
   derivatives; each function stores the index of the entry's derivative in *out. */

/* Append d(u/v) = (du - (u/v) dv)/v. */
static PetscErrorCode Quotient(HeatOperations *l, int k, int v, int du, int dv, int *out)
{
  int change;

  PetscFunctionBeginUser;
  PetscCall(Multiply(l, k, dv, &change));
  PetscCall(Subtract(l, du, change, out));
  PetscCall(Divide(l, *out, v, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append d(u^v) = v u^(v-1) du + u^v ln(u) dv. */
static PetscErrorCode Power(HeatOperations *l, int k, int u, int v, int du, int dv, int *out)
{
  int one, base = -1, exponent = -1;

  PetscFunctionBeginUser;
  PetscCall(HeatOperationsAppendNumber(l, 1.0, &one));
  if (du >= 0) {
    PetscCall(Subtract(l, v, one, &base));
    PetscCall(HeatOperationsAppend(l, HEAT_OP_POWER, u, base, -1, &base));
    PetscCall(Multiply(l, v, base, &base));
    PetscCall(Multiply(l, base, du, &base));
  }
  if (dv >= 0) {
    PetscCall(Call(l, HEAT_OP_LN, u, &exponent));
    PetscCall(Multiply(l, k, exponent, &exponent));
    PetscCall(Multiply(l, exponent, dv, &exponent));
  }
  PetscCall(Add(l, base, exponent, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append d atan2(u, v) = (v du - u dv)/(u^2 + v^2). */
static PetscErrorCode Angle(HeatOperations *l, int u, int v, int du, int dv, int *out)
{
  int squares, other;

  PetscFunctionBeginUser;
  PetscCall(Multiply(l, v, du, out));
  PetscCall(Multiply(l, u, dv, &other));
  PetscCall(Subtract(l, *out, other, out));
  PetscCall(Multiply(l, u, u, &squares));
  PetscCall(Multiply(l, v, v, &other));
  PetscCall(Add(l, squares, other, &squares));
  PetscCall(Divide(l, *out, squares, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the derivative of min or max: the derivative of the argument that kernels.c returns. */
static PetscErrorCode Extreme(HeatOperations *l, HeatOp op, int u, int v, int du, int dv, int *out)
{
  int second;

  PetscFunctionBeginUser;
  PetscCall(HeatOperationsAppend(l, HEAT_OP_LESS, op == HEAT_OP_MIN ? v : u,
                                 op == HEAT_OP_MIN ? u : v, -1, &second));
  PetscCall(Choose(l, second, dv, du, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append number + w^2, or number - w^2 if `minus`. */
static PetscErrorCode Squared(HeatOperations *l, PetscReal number, PetscBool minus, int w, int *out)
{
  int constant;

  PetscFunctionBeginUser;
  PetscCall(HeatOperationsAppendNumber(l, number, &constant));
  PetscCall(Multiply(l, w, w, out));
  if (minus) PetscCall(Subtract(l, constant, *out, out));
  else PetscCall(Add(l, constant, *out, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the factor of du in the derivative of f(u), whose value is entry k: f'(u). */
static PetscErrorCode Factor(HeatOperations *l, HeatOp f, int k, int u, int *out)
{
  PetscFunctionBeginUser;
  switch (f) {
  case HEAT_OP_SIN: PetscCall(Call(l, HEAT_OP_COS, u, out)); break;
  case HEAT_OP_COS:
    PetscCall(Call(l, HEAT_OP_SIN, u, out));
    PetscCall(Negate(l, *out, out));
    break;
  case HEAT_OP_TAN: PetscCall(Squared(l, 1.0, PETSC_FALSE, k, out)); break;
  case HEAT_OP_SINH: PetscCall(Call(l, HEAT_OP_COSH, u, out)); break;
  case HEAT_OP_COSH: PetscCall(Call(l, HEAT_OP_SINH, u, out)); break;
  case HEAT_OP_TANH: PetscCall(Squared(l, 1.0, PETSC_TRUE, k, out)); break;
  case HEAT_OP_EXP: *out = k; break;
  default: PetscCall(Call(l, HEAT_OP_SIGN, u, out)); break; /* abs */
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the divisor of du in the derivative of f(u), whose value is entry k: 1/f'(u), apart from
   the sign of acos. */
static PetscErrorCode Divisor(HeatOperations *l, HeatOp f, int k, int u, int *out)
{
  int number;

  PetscFunctionBeginUser;
  switch (f) {
  case HEAT_OP_ASIN:
  case HEAT_OP_ACOS: PetscCall(Squared(l, 1.0, PETSC_TRUE, u, out)); break;
  case HEAT_OP_ASINH:
  case HEAT_OP_ATAN: PetscCall(Squared(l, 1.0, PETSC_FALSE, u, out)); break;
  case HEAT_OP_ACOSH: PetscCall(Squared(l, -1.0, PETSC_FALSE, u, out)); break;
  case HEAT_OP_ATANH: PetscCall(Squared(l, 1.0, PETSC_TRUE, u, out)); break;
  case HEAT_OP_SQRT: PetscCall(Add(l, k, k, out)); break;
  case HEAT_OP_LOG10:
  case HEAT_OP_LOG2: /* ln 2 or ln 10 */
    PetscCall(HeatOperationsAppendNumber(
        l, f == HEAT_OP_LOG2 ? 0.69314718055994530942 : 2.30258509299404568402, &number));
    PetscCall(Multiply(l, number, u, out));
    break;
  default: *out = u; break; /* ln, log */
  }
  if (f == HEAT_OP_ASIN || f == HEAT_OP_ACOS || f == HEAT_OP_ASINH || f == HEAT_OP_ACOSH)
    PetscCall(Call(l, HEAT_OP_SQRT, *out, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the derivative of a function of one argument. */
static PetscErrorCode Function(HeatOperations *l, HeatOp f, int k, int u, int du, int *out)
{
  int part;

  PetscFunctionBeginUser;
  switch (f) {
  case HEAT_OP_SIN:
  case HEAT_OP_COS:
  case HEAT_OP_TAN:
  case HEAT_OP_SINH:
  case HEAT_OP_COSH:
  case HEAT_OP_TANH:
  case HEAT_OP_EXP:
  case HEAT_OP_ABS:
    PetscCall(Factor(l, f, k, u, &part));
    PetscCall(Multiply(l, part, du, out));
    break;
  default:
    PetscCall(Divisor(l, f, k, u, &part));
    PetscCall(Divide(l, du, part, out));
    if (f == HEAT_OP_ACOS) PetscCall(Negate(l, *out, out));
    break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append the derivative of entry k, from the derivatives of the earlier entries. */
static PetscErrorCode Differentiate(const Chain *chain, int k, int *out)
{
  HeatOperations  *l = chain->list;
  const HeatListed e = l->entries[k]; /* a copy: the entries move when the list grows */
  const int        u = e.operand[0], v = e.operand[1], w = e.operand[2];
  const int        du = u < 0 ? -1 : chain->slope[u], dv = v < 0 ? -1 : chain->slope[v];
  int              other;

  PetscFunctionBeginUser;
  *out = -1;
  if (e.op == HEAT_OP_TEMPERATURE) PetscCall(HeatOperationsAppendNumber(l, 1.0, out));
  if (du < 0 && dv < 0 && (w < 0 || chain->slope[w] < 0)) PetscFunctionReturn(PETSC_SUCCESS);
  switch (e.op) {
  case HEAT_OP_NEGATE: PetscCall(Negate(l, du, out)); break;
  case HEAT_OP_ADD: PetscCall(Add(l, du, dv, out)); break;
  case HEAT_OP_SUBTRACT: PetscCall(Subtract(l, du, dv, out)); break;
  case HEAT_OP_MULTIPLY:
    PetscCall(Multiply(l, du, v, out));
    PetscCall(Multiply(l, u, dv, &other));
    PetscCall(Add(l, *out, other, out));
    break;
  case HEAT_OP_DIVIDE: PetscCall(Quotient(l, k, v, du, dv, out)); break;
  case HEAT_OP_POWER: PetscCall(Power(l, k, u, v, du, dv, out)); break;
  case HEAT_OP_CHOOSE: PetscCall(Choose(l, u, dv, chain->slope[w], out)); break;
  case HEAT_OP_ATAN2: PetscCall(Angle(l, u, v, du, dv, out)); break;
  case HEAT_OP_MIN:
  case HEAT_OP_MAX: PetscCall(Extreme(l, e.op, u, v, du, dv, out)); break;
  case HEAT_OP_LESS:
  case HEAT_OP_LESS_EQUAL:
  case HEAT_OP_GREATER:
  case HEAT_OP_GREATER_EQUAL:
  case HEAT_OP_EQUAL:
  case HEAT_OP_NOT_EQUAL:
  case HEAT_OP_AND:
  case HEAT_OP_OR:
  case HEAT_OP_SIGN:
  case HEAT_OP_FLOOR: break;
  default: PetscCall(Function(l, e.op, k, u, du, out)); break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDerivativeAppend(HeatOperations *list)
{
  const int n     = list->n;
  Chain     chain = {.list = list};

  PetscFunctionBeginUser;
  list->slope = -1;
  if (!(list->entries[list->value].variables & HEAT_VAR_TEMPERATURE))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1((size_t)n, &chain.slope));
  for (int k = 0; k < n; k++) PetscCall(Differentiate(&chain, k, &chain.slope[k]));
  list->slope = chain.slope[list->value];
  PetscCall(PetscFree(chain.slope));
  PetscFunctionReturn(PETSC_SUCCESS);
}
