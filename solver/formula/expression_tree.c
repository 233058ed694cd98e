/* Parsing by recursive descent, one function for each level of precedence, into postfix
 * notation.
 *
 * The grammar:
 *     choice      = disjunction [ "?" choice ":" choice ]
 *     disjunction = conjunction { "||" conjunction }
 *     conjunction = comparison { "&&" comparison }
 *     comparison  = sum [ ("<" | "<=" | ">" | ">=" | "==" | "!=") sum ]
 *     sum         = product { ("+" | "-") product }
 *     product     = factor { ("*" | "/") factor }
 *     factor      = [ "+" | "-" ] power
 *     power       = atom [ "^" [ "+" | "-" ] power ]
 *     atom        = number | variable | "pi" | function "(" choice { "," choice } ")"
 *                 | "(" choice ")"
 * A second comparison after the first, as in 0.2 < x < 0.7, is refused: muParser would compare
 * the result of the first, which is 0 or 1. */
#include "solver/formula/expression_tree.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Most nested brackets, functions, ?: and exponents.  Chosen: a level takes less than 2 kB of the
   stack. */
enum { DEEPEST = 250 };

const char *const HeatFunctionNames[] = {
    "sin",  "cos",   "tan",   "asin",  "acos", "atan",  "atan2", "sinh",  "cosh",
    "tanh", "asinh", "acosh", "atanh", "exp",  "ln",    "log",   "log10", "log2",
    "sqrt", "abs",   "sign",  "min",   "max",  "floor", NULL};

typedef struct {
  const char         *text;     /* borrowed */
  size_t              at;       /* index of the next character */
  int                 depth;    /* nested levels that are open, counted against DEEPEST */
  HeatExpressionTree *tree;     /* borrowed; what is parsed so far */
  const char         *problem;  /* description of the first error; NULL: none so far */
  size_t              position; /* index of that error in the text */
} Parser;

/* Record an error, unless there is one already. */
static void Fail(Parser *p, size_t position, const char *problem)
{
  if (p->problem) return;
  p->problem  = problem;
  p->position = position;
}

/* Skip white space; return the next character, '\0' at the end or after a failure. */
static char Peek(Parser *p)
{
  if (p->problem) return '\0';
  while (isspace((unsigned char)p->text[p->at])) p->at++;
  return p->text[p->at];
}

/* Skip `word` if it comes next; return whether it did. */
static PetscBool Take(Parser *p, const char *word)
{
  (void)Peek(p);
  if (p->problem || strncmp(p->text + p->at, word, strlen(word)) != 0) return PETSC_FALSE;
  p->at += strlen(word);
  return PETSC_TRUE;
}

/* Append an operation; return its index, -1 after a failure. */
static int Emit(Parser *p, HeatOp op, size_t position, int a, int b, int c)
{
  HeatExpressionTree *tree       = p->tree;
  const int           operands[] = {a, b, c};
  HeatOperation made = {.op = op, .operand = {a, b, c}, .first = tree->n, .position = position};

  if (p->problem) return -1;
  if (tree->n == tree->capacity) {
    tree->capacity = 2 * tree->capacity + 16;
    if (PetscRealloc((size_t)tree->capacity * sizeof made, &tree->operations)) {
      Fail(p, position, "no memory for the expression");
      return -1;
    }
  }
  for (int k = 0; k < 3; k++) {
    if (operands[k] < 0) continue;
    made.variables |= tree->operations[operands[k]].variables;
    made.first = PetscMin(made.first, tree->operations[operands[k]].first);
  }
  if (op >= HEAT_OP_X && op <= HEAT_OP_TEMPERATURE) made.variables = 1 << (op - HEAT_OP_X);
  tree->operations[tree->n] = made;
  return tree->n++;
}

static int Choice(Parser *p);

static int Number(Parser *p)
{
  char     *end;
  const int made = Emit(p, HEAT_OP_NUMBER, p->at, -1, -1, -1);

  if (made < 0) return -1;
  p->tree->operations[made].value = strtod(p->text + p->at, &end);
  p->at                           = (size_t)(end - p->text);
  return made;
}

static int ArgumentsOf(HeatOp op) { return op == HEAT_OP_ATAN2 ? 2 : 1; }

/* Parse the arguments of a function, whose name and '(' have been taken. */
static int Function(Parser *p, HeatOp op, size_t position)
{
  const PetscBool any = op == HEAT_OP_MIN || op == HEAT_OP_MAX ? PETSC_TRUE : PETSC_FALSE;
  int             a = Choice(p), b = -1, n = 1;

  for (; Take(p, ","); n++) {
    b = Choice(p);
    if (any) a = Emit(p, op, position, a, b, -1);
    else if (n == ArgumentsOf(op)) Fail(p, position, "too many arguments for the function");
  }
  if (!any && n < ArgumentsOf(op)) Fail(p, position, "too few arguments for the function");
  if (!Take(p, ")")) Fail(p, p->at, "a missing ')'");
  return any ? a : Emit(p, op, position, a, b, -1);
}

static int Name(Parser *p)
{
  static const struct {
    const char *name;
    HeatOp      op;
  } variables[] = {
      {"x", HEAT_OP_X}, {"y", HEAT_OP_Y}, {"t", HEAT_OP_TIME}, {"T", HEAT_OP_TEMPERATURE}};
  const char  *name  = p->text + p->at;
  const size_t start = p->at;
  size_t       n     = 0;

  while (isalnum((unsigned char)name[n]) || name[n] == '_') n++;
  p->at += n;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(variables); k++) {
    if (n == 1 && name[0] == variables[k].name[0])
      return Emit(p, variables[k].op, start, -1, -1, -1);
  }
  if (n == 2 && strncmp(name, "pi", 2) == 0) {
    const int made = Emit(p, HEAT_OP_NUMBER, start, -1, -1, -1);

    if (made >= 0) p->tree->operations[made].value = PETSC_PI;
    return made;
  }
  for (int f = 0; HeatFunctionNames[f]; f++) {
    if (strlen(HeatFunctionNames[f]) != n || strncmp(name, HeatFunctionNames[f], n) != 0) continue;
    if (!Take(p, "(")) Fail(p, start, "a function without its '('");
    return Function(p, (HeatOp)(HEAT_OP_SIN + f), start);
  }
  Fail(p, start, "an unknown name");
  return -1;
}

static int Atom(Parser *p)
{
  const char c    = Peek(p);
  int        made = -1;

  if (isdigit((unsigned char)c) || c == '.') return Number(p);
  if (isalpha((unsigned char)c) || c == '_') return Name(p);
  if (!Take(p, "(")) {
    Fail(p, p->at, c ? "an operator where a value was expected" : "the expression ends too early");
    return -1;
  }
  made = Choice(p);
  if (!Take(p, ")")) Fail(p, p->at, "a missing ')'");
  if (!p->problem) p->tree->operations[made].bracketed = PETSC_TRUE;
  return made;
}

/* Parse a value with at most one sign in front, since muParser accepts no more; `level` parses the
   value. */
static int Signed(Parser *p, int (*level)(Parser *))
{
  const char   sign     = Peek(p);
  const size_t position = p->at;

  if (sign == '-' || sign == '+') p->at++;
  const int made = level(p);
  return sign == '-' ? Emit(p, HEAT_OP_NEGATE, position, made, -1, -1) : made;
}

static int Power(Parser *p)
{
  int    base = Atom(p);
  size_t position;

  (void)Peek(p);
  position = p->at;
  if (!Take(p, "^")) return base;
  if (++p->depth > DEEPEST) Fail(p, position, "the expression is nested too deeply");
  const int exponent = Signed(p, Power);
  p->depth--;
  return Emit(p, HEAT_OP_POWER, position, base, exponent, -1);
}

static int Factor(Parser *p) { return Signed(p, Power); }

/* An operator of a level of precedence. */
typedef struct {
  const char *word;
  HeatOp      op;
} Operator;

/* Parse operands, with `next`, joined by operators that associate to the left. */
static int LeftToRight(Parser *p, const Operator *operators, int (*next)(Parser *))
{
  int left = next(p);

  for (;;) {
    const Operator *found = NULL;

    (void)Peek(p);
    const size_t position = p->at;
    for (const Operator *o = operators; o->word && !found; o++)
      if (Take(p, o->word)) found = o;
    if (!found) return left;
    const int right = next(p);
    left            = Emit(p, found->op, position, left, right, -1);
  }
}

static int Product(Parser *p)
{
  static const Operator operators[] = {
      {"*", HEAT_OP_MULTIPLY}, {"/", HEAT_OP_DIVIDE}, {NULL, HEAT_OP_END}};

  return LeftToRight(p, operators, Factor);
}

static int Sum(Parser *p)
{
  static const Operator operators[] = {
      {"+", HEAT_OP_ADD}, {"-", HEAT_OP_SUBTRACT}, {NULL, HEAT_OP_END}};

  return LeftToRight(p, operators, Product);
}

static PetscBool IsComparison(const HeatOperation *o)
{
  return o->op >= HEAT_OP_LESS && o->op <= HEAT_OP_NOT_EQUAL ? PETSC_TRUE : PETSC_FALSE;
}

static int Comparison(Parser *p)
{
  static const Operator operators[] = {{"<=", HEAT_OP_LESS_EQUAL}, {">=", HEAT_OP_GREATER_EQUAL},
                                       {"==", HEAT_OP_EQUAL},      {"!=", HEAT_OP_NOT_EQUAL},
                                       {"<", HEAT_OP_LESS},        {">", HEAT_OP_GREATER},
                                       {NULL, HEAT_OP_END}};
  const int             made        = LeftToRight(p, operators, Sum);

  if (p->problem || !IsComparison(&p->tree->operations[made])) return made;
  for (int k = 0; k < 2; k++) {
    const HeatOperation *side = &p->tree->operations[p->tree->operations[made].operand[k]];

    if (IsComparison(side) && !side->bracketed)
      Fail(p, p->tree->operations[made].position,
           "a comparison of a comparison, which is 0 or 1: write a < x && x < b for a value "
           "between two others");
  }
  return made;
}

static int Conjunction(Parser *p)
{
  static const Operator operators[] = {{"&&", HEAT_OP_AND}, {NULL, HEAT_OP_END}};

  return LeftToRight(p, operators, Comparison);
}

static int Disjunction(Parser *p)
{
  static const Operator operators[] = {{"||", HEAT_OP_OR}, {NULL, HEAT_OP_END}};

  return LeftToRight(p, operators, Conjunction);
}

static int Choice(Parser *p)
{
  int    condition, yes, no;
  size_t position;

  if (++p->depth > DEEPEST) {
    Fail(p, p->at, "the expression is nested too deeply");
    return -1;
  }
  condition = Disjunction(p);
  (void)Peek(p);
  position = p->at;
  if (Take(p, "?")) {
    yes = Choice(p);
    if (!Take(p, ":")) Fail(p, p->at, "a '?' without its ':'");
    no        = Choice(p);
    condition = Emit(p, HEAT_OP_CHOOSE, position, condition, yes, no);
  }
  p->depth--;
  return condition;
}

PetscErrorCode HeatExpressionTreeCreate(const char *text, HeatExpressionTree *tree,
                                        const char **problem, size_t *position)
{
  Parser p = {.text = text, .tree = tree};

  PetscFunctionBeginUser;
  *tree = (HeatExpressionTree){0};
  (void)Choice(&p);
  if (Peek(&p)) Fail(&p, p.at, "a value where an operator was expected");
  *problem  = p.problem;
  *position = p.position;
  if (p.problem) PetscCall(HeatExpressionTreeDestroy(tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Appending. */

HeatRole HeatRoleOfOperand(const HeatOperation *o, HeatRole role, int operand)
{
  switch (o->op) {
  case HEAT_OP_EXP: return HEAT_ROLE_LIFTS;
  case HEAT_OP_ADD: return role;
  case HEAT_OP_SUBTRACT: return operand == 0 ? role : (HeatRole)-role;
  case HEAT_OP_NEGATE: return (HeatRole)-role;
  default: return HEAT_ROLE_APART;
  }
}

/* Append an operation whose operand is operation *k, and set *k to its index. */
static PetscErrorCode Append(HeatExpressionTree *tree, HeatOp op, int *k)
{
  const HeatOperation o = {.op        = op,
                           .operand   = {*k, -1, -1},
                           .first     = tree->operations[*k].first,
                           .variables = tree->operations[*k].variables};

  PetscFunctionBeginUser;
  tree->capacity = tree->n + 1;
  PetscCall(PetscRealloc((size_t)tree->capacity * sizeof o, &tree->operations));
  tree->operations[tree->n] = o;
  *k                        = tree->n++;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionTreeAppendFactor(HeatExpressionTree *tree, int k, HeatRole role,
                                              int *factor)
{
  PetscFunctionBeginUser;
  *factor = k;
  if (role == HEAT_ROLE_LOWERS) PetscCall(Append(tree, HEAT_OP_NEGATE, factor));
  if (role != HEAT_ROLE_APART) PetscCall(Append(tree, HEAT_OP_EXP, factor));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionTreeDestroy(HeatExpressionTree *tree)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(tree->operations));
  *tree = (HeatExpressionTree){0};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluation. */

static PetscReal Call(HeatOp op, PetscReal a, PetscReal b)
{
  switch (op) {
  case HEAT_OP_SIN: return sin(a);
  case HEAT_OP_COS: return cos(a);
  case HEAT_OP_TAN: return tan(a);
  case HEAT_OP_ASIN: return asin(a);
  case HEAT_OP_ACOS: return acos(a);
  case HEAT_OP_ATAN: return atan(a);
  case HEAT_OP_ATAN2: return atan2(a, b);
  case HEAT_OP_SINH: return sinh(a);
  case HEAT_OP_COSH: return cosh(a);
  case HEAT_OP_TANH: return tanh(a);
  case HEAT_OP_ASINH: return asinh(a);
  case HEAT_OP_ACOSH: return acosh(a);
  case HEAT_OP_ATANH: return atanh(a);
  case HEAT_OP_EXP: return exp(a);
  case HEAT_OP_LN:
  case HEAT_OP_LOG: return log(a);
  case HEAT_OP_LOG10: return log10(a);
  case HEAT_OP_LOG2: return log2(a);
  case HEAT_OP_SQRT: return sqrt(a);
  case HEAT_OP_ABS: return fabs(a);
  case HEAT_OP_SIGN: return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : 0.0;
  case HEAT_OP_MIN: return a < b ? a : b;
  case HEAT_OP_MAX: return a > b ? a : b;
  case HEAT_OP_FLOOR: return floor(a);
  default: return NAN;
  }
}

/* Return the value of operation k from the values of the earlier operations. */
static PetscReal ValueOf(const HeatExpressionTree *tree, int k, const PetscReal point[4],
                         const PetscReal results[])
{
  const HeatOperation *o = &tree->operations[k];
  const PetscReal      a = o->operand[0] < 0 ? 0.0 : results[o->operand[0]];
  const PetscReal      b = o->operand[1] < 0 ? 0.0 : results[o->operand[1]];

  switch (o->op) {
  case HEAT_OP_NUMBER: return o->value;
  case HEAT_OP_X:
  case HEAT_OP_Y:
  case HEAT_OP_TIME:
  case HEAT_OP_TEMPERATURE: return point[o->op - HEAT_OP_X];
  case HEAT_OP_NEGATE: return -a;
  case HEAT_OP_ADD: return a + b;
  case HEAT_OP_SUBTRACT: return a - b;
  case HEAT_OP_MULTIPLY: return a * b;
  case HEAT_OP_DIVIDE: return a / b;
  case HEAT_OP_POWER: return pow(a, b);
  case HEAT_OP_LESS: return a < b;
  case HEAT_OP_LESS_EQUAL: return a <= b;
  case HEAT_OP_GREATER: return a > b;
  case HEAT_OP_GREATER_EQUAL: return a >= b;
  case HEAT_OP_EQUAL: return a == b;
  case HEAT_OP_NOT_EQUAL: return a != b;
  case HEAT_OP_AND: return a != 0.0 && b != 0.0;
  case HEAT_OP_OR: return a != 0.0 || b != 0.0;
  case HEAT_OP_CHOOSE: return a != 0.0 ? b : results[o->operand[2]];
  default: return Call(o->op, a, b);
  }
}

PetscReal HeatExpressionTreeAt(const HeatExpressionTree *tree, int k, const PetscReal point[4],
                               PetscReal results[])
{
  for (int j = tree->operations[k].first; j <= k; j++)
    results[j] = ValueOf(tree, j, point, results);
  return results[k];
}

void HeatExpressionTreePlace(HeatExpressionTree *tree, PetscReal x, PetscReal y)
{
  for (int k = 0; k < tree->n; k++) {
    HeatOperation *o = &tree->operations[k];

    if (o->op == HEAT_OP_X || o->op == HEAT_OP_Y) {
      o->value     = o->op == HEAT_OP_X ? x : y;
      o->op        = HEAT_OP_NUMBER;
      o->variables = 0;
    }
    for (int i = 0; i < 3 && o->operand[i] >= 0; i++) {
      if (i == 0) o->variables = 0;
      o->variables |= tree->operations[o->operand[i]].variables;
    }
  }
}
