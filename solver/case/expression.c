/** Expressions are scanned, checked by muParser, and compiled to a program.
 *
 *  The scan checks characters and names, for two reasons.  muParser accepts names and operators
 *  that heat2d does not promise (assignment, several values separated by commas, _pi, sum), and
 *  its messages give only the position at which it stopped, not what the user may write instead.
 *  An expression that passes the scan is parsed by muParser, whose error codes are translated
 *  into messages here, and parsed into a tree, which refuses comparisons of comparisons and shows
 *  whether the expression can switch at a time.  The tree is compiled to a program
 *  (solver/formula/program.h), which evaluates the expression. */
#include "solver/case/expression.h"

#include <ctype.h>
#include <math.h>
#include <muParserDLL.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "solver/base/number_text.h"
#include "solver/case/switches.h"
#include "solver/formula/program.h"
#include "solver/formula/time_factor.h"

#if !defined(PETSC_USE_REAL_DOUBLE)
  #error "heat2d computes in double precision, as muParser does: configure PETSc with it"
#endif

enum {
  /* x y t T */
  VARIABLES = 4,
  /* Characters of an expression.  This is muParser's own limit: ecEXPRESSION_TOO_LONG in its
     version 2.3. */
  LONGEST = 10000
};

struct HeatExpression {
  HeatProgram *program;   /* owned; NULL for a constant */
  double       value;     /* of a constant */
  int          variables; /* bits HEAT_VAR_*: the variables that are used */
  PetscBool    switches;  /* it can switch at a time */
  HeatKnots    knots;     /* owned */
};

static const char *const variable_names[VARIABLES] = {"x", "y", "t", "T"};

/* Messages: the error in words, the text, and a caret below the wrong character, on three lines. */

/* Write the text and the caret, two lines.  Of a long text only a window of WINDOW characters is
   shown, 12 of them at and after the position.  Both numbers are chosen: with the indentation, a
   line is about as wide as a terminal of 80 columns. */
static void MarkPosition(const char *text, size_t position, char *out, size_t size)
{
  enum { WINDOW = 72 };
  const size_t length = strlen(text);
  const size_t first  = position > WINDOW - 12 ? position - (WINDOW - 12) : 0;
  const size_t shown  = PetscMin(length - first, (size_t)WINDOW);
  char         line[WINDOW + 1];

  for (size_t i = 0; i < shown; i++)
    line[i] = isprint((unsigned char)text[first + i]) ? text[first + i] : ' ';
  line[shown] = '\0';
  snprintf(out, size, "\n    %s%s%s\n    %*s^", first ? "..." : "", line,
           first + shown < length ? "..." : "", (int)(position - first) + (first ? 3 : 0), "");
}

/* Write the message for an error at a position of the text, from 0.  Returns PETSC_FALSE, for the
   caller to return. */
__attribute__((format(printf, 5, 6))) static PetscBool
SetMessage(const char *text, size_t position, char *message, size_t size, const char *format, ...)
{
  char    what[256], where[256];
  va_list arguments;

  va_start(arguments, format);
  vsnprintf(what, sizeof what, format, arguments);
  va_end(arguments);
  position = PetscMin(position, strlen(text));
  MarkPosition(text, position, where, sizeof where);
  snprintf(message, size, "%s, at character %zu of the expression%s", what, position + 1, where);
  return PETSC_FALSE;
}

/* The scan: characters and names. */

/* Write the names of a set of variables, "x, y". */
static void ListVariables(int allowed, char *out, size_t size)
{
  size_t used = 0;

  out[0] = '\0';
  for (int v = 0; v < VARIABLES; v++) {
    if (allowed & (1 << v)) {
      used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
                               variable_names[v]);
    }
  }
}

/* Return whether the first `length` characters of text are the name. */
static PetscBool IsName(const char *name, const char *text, size_t length)
{
  return (PetscBool)(strlen(name) == length && memcmp(name, text, length) == 0);
}

/* Return the known name that a name differs from in upper and lower case alone; NULL: none. */
static const char *InAnotherCase(const char *name, size_t length)
{
  if (length == 2 && strncasecmp(name, "pi", 2) == 0) return "pi";
  for (const char *const *f = HeatFunctionNames; *f; f++)
    if (strlen(*f) == length && strncasecmp(*f, name, length) == 0) return *f;
  return NULL;
}

/* Scan the name text[at] to text[at + length - 1].  Return whether it may be used; if it is a
   variable, add it to *variables; if it may not be used, write the message. */
static PetscBool ScanName(const char *text, size_t at, size_t length, int allowed, int *variables,
                          char *message, size_t size)
{
  const char *meant = InAnotherCase(text + at, length);
  char        known[16];

  if (IsName("pi", text + at, length)) return PETSC_TRUE;
  for (const char *const *f = HeatFunctionNames; *f; f++) {
    if (IsName(*f, text + at, length)) return PETSC_TRUE;
  }
  ListVariables(allowed, known, sizeof known);
  for (int v = 0; v < VARIABLES; v++) {
    if (!IsName(variable_names[v], text + at, length)) continue;
    if (allowed & (1 << v)) {
      *variables |= 1 << v;
      return PETSC_TRUE;
    }
    return SetMessage(text, at, message, size, "'%s' cannot be used here, only %s and pi",
                      variable_names[v], known);
  }
  if (meant)
    return SetMessage(text, at, message, size, "unknown name '%.*s', which is written '%s'",
                      (int)length, text + at, meant);
  return SetMessage(
      text, at, message, size,
      "unknown name '%.*s'; the expression may use %s, pi, and functions such as sin, exp, "
      "sqrt, min (list: inputs/README.md)",
      (int)PetscMin(length, (size_t)40), text + at, known);
}

/* Return the length of the number at the start of text: digits, point, exponent, but no leading
   sign. */
static size_t NumberLength(const char *text)
{
  size_t n = 0;

  while (isdigit((unsigned char)text[n])) n++;
  if (text[n] == '.') n++;
  while (isdigit((unsigned char)text[n])) n++;
  if (text[n] == 'e' || text[n] == 'E') {
    const size_t sign = text[n + 1] == '+' || text[n + 1] == '-';

    if (isdigit((unsigned char)text[n + 1 + sign])) {
      n += 1 + sign;
      while (isdigit((unsigned char)text[n])) n++;
    }
  }
  return n;
}

/* Return the length of the name at the start of text. */
static size_t NameLength(const char *text)
{
  size_t n = 0;

  while (isalnum((unsigned char)text[n]) || text[n] == '_') n++;
  return n;
}

/* Return whether the innermost bracket that is open before text[i] follows a name, so that it
   contains the arguments of a function. */
static PetscBool IsInsideFunction(const char *text, size_t i)
{
  int depth = 1;

  while (i > 0 && depth > 0) {
    i--;
    if (text[i] == ')') depth++;
    if (text[i] == '(') depth--;
  }
  if (depth > 0) return PETSC_FALSE;
  while (i > 0 && isspace((unsigned char)text[i - 1])) i--;
  return (PetscBool)(i > 0 && isalnum((unsigned char)text[i - 1]));
}

/* Characters outside of ASCII that formulas of other texts have, and what is meant. */
static const struct {
  const char *bytes; /* in UTF-8 */
  const char *code, *meant;
} foreign[] = {{"\xe2\x88\x92", "U+2212", "-"},
               {"\xe2\x80\x93", "U+2013", "-"},
               {"\xc3\x97", "U+00D7", "*"},
               {"\xc2\xb7", "U+00B7", "*"},
               {"\xe2\x8b\x85", "U+22C5", "*"},
               {"\xc3\xb7", "U+00F7", "/"},
               {"\xc2\xb2", "U+00B2", "^2"},
               {"\xc2\xb3", "U+00B3", "^3"},
               {"\xcf\x80", "U+03C0", "pi"},
               {"\xe2\x89\xa4", "U+2264", "<="},
               {"\xe2\x89\xa5", "U+2265", ">="},
               {"\xe2\x89\xa0", "U+2260", "!="},
               {"\xe2\x88\x9a", "U+221A", "sqrt(...)"},
               {"\xc2\xa0", "U+00A0", "a blank"}};

/* Write the message about a character text[i] that no expression has. */
static PetscBool UnexpectedCharacter(const char *text, size_t i, char *message, size_t size)
{
  const unsigned char c = (unsigned char)text[i];

  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(foreign); k++) {
    if (strncmp(text + i, foreign[k].bytes, strlen(foreign[k].bytes)) == 0)
      return SetMessage(text, i, message, size, "unexpected character %s: write %s",
                        foreign[k].code, foreign[k].meant);
  }
  if (c == '%')
    return SetMessage(text, i, message, size,
                      "unknown operator '%%': write a - b*floor(a/b) for a remainder");
  return isprint(c) ? SetMessage(text, i, message, size, "unexpected character '%c'", c)
                    : SetMessage(text, i, message, size, "unexpected character (code %d)", c);
}

/* Scan a character that is neither space, number nor name.  Returns whether it may stand there;
   else writes the message.
   @param[in,out] depth  number of open brackets
   @param[out]    used   number of characters of the operator, 1 or 2 */
static PetscBool ScanSymbol(const char *text, size_t i, int *depth, size_t *used, char *message,
                            size_t size)
{
  const unsigned char c = (unsigned char)text[i];

  *used = 1;
  if (strchr("<>=!", c) && text[i + 1] == '=') *used = 2;
  if (c == '(') ++*depth;
  if (c == ')' && --*depth < 0) {
    return SetMessage(text, i, message, size, "a ')' without its '('");
  }
  if (c == ',' && !IsInsideFunction(text, i)) {
    return SetMessage(text, i, message, size,
                      "a comma that separates no arguments of a function (decimals take a point)");
  }
  if (c == '=' && *used == 1) {
    return SetMessage(text, i, message, size, "a single '=': write == to compare");
  }
  if (c == '*' && text[i + 1] == '*') {
    return SetMessage(text, i, message, size, "unknown operator '**': write ^ for a power");
  }
  if (!strchr("+-*/^()<>=!&|?:,", c)) return UnexpectedCharacter(text, i, message, size);
  return PETSC_TRUE;
}

/* Refuse a number at position i that no double holds. */
static PetscBool ScanNumber(const char *text, size_t i, char *message, size_t size)
{
  char           *end;
  const PetscReal value = HeatNumberRead(text + i, &end);

  if (isfinite(value)) return PETSC_TRUE;
  return SetMessage(text, i, message, size, "'%.*s' is %s",
                    (int)PetscMin(end - text - (ptrdiff_t)i, 40), text + i, HeatNumberFault(value));
}

/* Scan the whole text: every character and name is allowed, and brackets match.  Returns whether
   that holds, and the variables that are used; else writes the message. */
static PetscBool Scan(const char *text, int allowed, int *variables, char *message, size_t size)
{
  int    depth     = 0;
  size_t outermost = 0; /* position of the last bracket opened outside of all others */

  for (size_t i = 0, used; text[i]; i += used) {
    const unsigned char c = (unsigned char)text[i];

    used = 1;
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') continue;
    if (isdigit(c) || (c == '.' && isdigit((unsigned char)text[i + 1]))) {
      used = NumberLength(text + i);
      if (!ScanNumber(text, i, message, size)) return PETSC_FALSE;
    } else if (isalpha(c) || c == '_') {
      used = NameLength(text + i);
      if (!ScanName(text, i, used, allowed, variables, message, size)) return PETSC_FALSE;
    } else {
      if (!ScanSymbol(text, i, &depth, &used, message, size)) return PETSC_FALSE;
      if (c == '(' && depth == 1) outermost = i;
    }
  }
  if (depth > 0) return SetMessage(text, outermost, message, size, "a '(' without its ')'");
  return PETSC_TRUE;
}

/* MuParser. */

/* Return the words for an error code of muParser, one of mu::EErrorCodes (muParserDef.h). */
static const char *ErrorWords(int code)
{
  switch (code) {
  case 0: return "an operator where a value was expected";
  case 2: return "the expression ends too early";
  case 3:
  case 4: return "an unexpected comma or argument";
  case 5: return "a number where an operator was expected";
  case 6: return "a variable where an operator was expected";
  case 7: return "an unexpected bracket";
  case 11: return "a missing ')'";
  case 12: return "a function where an operator was expected";
  case 14: return "too many arguments for the function";
  case 15: return "too few arguments for the function";
  case 25: return "the expression is empty";
  case 32: return "an unexpected '?'";
  case 33: return "a '?' without its ':'";
  case 34: return "a ':' without its '?'";
  default: return "cannot be understood";
  }
}

/* Parse and evaluate the text, because muParser finds some errors only then.  Returns whether the
   text is right; else writes the message. */
static PetscBool Parse(muParserHandle_t parser, int used, const char *text, char *message,
                       size_t size)
{
  double variables[VARIABLES] = {0.0}, *result;
  int    values               = 0;

  mupDefineConst(parser, "pi", PETSC_PI);
  mupDefineFun1(parser, "floor", floor, 1);
  for (int v = 0; v < VARIABLES; v++)
    if (used & (1 << v)) mupDefineVar(parser, variable_names[v], &variables[v]);
  mupSetExpr(parser, text);
  result                = mupEvalMulti(parser, &values);
  const muBool_t failed = mupError(parser); /* the call clears the flag */
  if (!failed && result && values == 1) return PETSC_TRUE;
  const int code     = failed ? mupGetErrorCode(parser) : 4; /* 4: several values */
  const int position = failed ? mupGetErrorPos(parser) : 0;
  return SetMessage(text, position < 0 ? strlen(text) : (size_t)position, message, size, "%s",
                    ErrorWords(code));
}

/* Check with muParser a text that uses these variables.  Stores in *good whether it is right;
   else writes the message. */
static PetscErrorCode Check(int used, const char *text, PetscBool *good, char *message, size_t size)
{
  muParserHandle_t parser = mupCreate(muBASETYPE_FLOAT);

  PetscFunctionBeginUser;
  PetscCheck(parser, PETSC_COMM_SELF, PETSC_ERR_LIB, "muParser did not start");
  *good = Parse(parser, used, text, message, size);
  mupRelease(parser);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compile a tree to a program, or to a number if it has no variables.  Find whether it can switch
   at a time. */
static PetscErrorCode CompileTree(HeatExpression *e, const HeatExpressionTree *tree)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < tree->n; k++)
    if (HeatSwitchesCan(tree, k)) e->switches = PETSC_TRUE;
  PetscCall(HeatProgramCreate(tree, &e->program));
  if (!e->variables) {
    const HeatFormulaPoints one = {.n = 1};

    PetscCall(HeatProgramEvaluate(e->program, &one, &e->value, NULL));
    PetscCall(HeatProgramDestroy(&e->program));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compile the text, which muParser accepts.  Find the errors that muParser does not report
   (comparisons of comparisons).  Store in *good whether the text is right; if it is not, write the
   message. */
static PetscErrorCode Compile(HeatExpression *e, const char *text, PetscBool *good, char *message,
                              size_t size)
{
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  *good = problem ? SetMessage(text, position, message, size, "%s", problem) : PETSC_TRUE;
  if (*good) PetscCall(CompileTree(e, &tree));
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionCreate(const HeatFormula *formula, int allowed, HeatExpression **e,
                                    char *message, size_t message_size)
{
  HeatExpression *made;
  PetscBool       good = PETSC_TRUE;

  PetscFunctionBeginUser;
  message[0] = '\0';
  *e         = NULL;
  PetscCall(PetscNew(&made));
  made->value = formula->given ? formula->value : 0.0;
  if (formula->given && formula->text) {
    const char *text = formula->text;

    if (strlen(text) > LONGEST) {
      snprintf(message, message_size, "the expression has %zu characters; at most %d are accepted",
               strlen(text), LONGEST);
      good = PETSC_FALSE;
    }
    if (good) good = Scan(text, allowed, &made->variables, message, message_size);
    if (good) PetscCall(Check(made->variables, text, &good, message, message_size));
    if (good) PetscCall(Compile(made, text, &good, message, message_size));
  }
  if (!good) PetscCall(HeatExpressionDestroy(&made));
  *e = made;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create an expression from a tree. */
static PetscErrorCode CreateFromTree(const HeatExpressionTree *tree, HeatExpression **e)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(e));
  (*e)->variables = tree->operations[tree->n - 1].variables;
  PetscCall(CompileTree(*e, tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionSplitTime(const HeatFormula *formula, HeatExpression **shape,
                                       HeatExpression **factor)
{
  HeatExpressionTree tree, parts[2];
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  *shape = *factor = NULL;
  if (!formula->given || !formula->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionTreeCreate(formula->text, &tree, &problem, &position));
  PetscCall(HeatExpressionTreeSplitTime(&tree, &parts[0], &parts[1]));
  if (parts[0].n > 0) PetscCall(CreateFromTree(&parts[0], shape));
  if (parts[1].n > 0) PetscCall(CreateFromTree(&parts[1], factor));
  for (int k = 0; k < 2; k++) PetscCall(HeatExpressionTreeDestroy(&parts[k]));
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionHasTimeFactor(const HeatFormula *formula, PetscBool *factors)
{
  HeatExpressionTree tree, parts[2];
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionTreeCreate(formula->text, &tree, &problem, &position));
  PetscCall(HeatExpressionTreeSplitTime(&tree, &parts[0], &parts[1]));
  *factors = (PetscBool)(parts[1].n > 0 ||
                         (tree.n > 0 && tree.operations[tree.n - 1].variables == HEAT_VAR_TIME));
  for (int k = 0; k < 2; k++) PetscCall(HeatExpressionTreeDestroy(&parts[k]));
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionDestroy(HeatExpression **e)
{
  PetscFunctionBeginUser;
  if (!*e) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatKnotsClear(&(*e)->knots));
  PetscCall(HeatProgramDestroy(&(*e)->program));
  PetscCall(PetscFree(*e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionFindKnots(HeatExpression *e, const HeatCase *c,
                                       const HeatFormula *formula)
{
  PetscFunctionBeginUser;
  PetscCall(HeatKnotsClear(&e->knots));
  if (formula->text && (e->variables & HEAT_VAR_TEMPERATURE))
    PetscCall(HeatKnotsFind(c, formula->text, &e->knots));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const HeatKnots *HeatExpressionKnots(const HeatExpression *e) { return &e->knots; }

int HeatExpressionVariables(const HeatExpression *e) { return e->variables; }

PetscReal HeatExpressionTime(const HeatExpression *e, HeatMoment when)
{
  return e->switches ? when.t + when.lean : when.t;
}

PetscErrorCode HeatExpressionEvaluateWithSlope(HeatExpression *e, PetscInt n, const PetscReal *x,
                                               const PetscReal *y, PetscReal t, const PetscReal *T,
                                               PetscReal *value, PetscReal *slope)
{
  const HeatFormulaPoints points           = {.n = n, .x = x, .y = y, .t = t, .T = T};
  const PetscReal *const  given[VARIABLES] = {x, y, &t, T};

  PetscFunctionBeginUser;
  if (!e->program) {
    for (PetscInt i = 0; i < n; i++) value[i] = e->value;
    for (PetscInt i = 0; slope && i < n; i++) slope[i] = 0.0;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int v = 0; v < VARIABLES; v++) {
    PetscCheck(given[v] || !(e->variables & (1 << v)), PETSC_COMM_SELF, PETSC_ERR_ARG_NULL,
               "No values of %s", variable_names[v]);
  }
  PetscCall(HeatProgramEvaluate(e->program, &points, value, slope));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                      const PetscReal *y, PetscReal t, const PetscReal *T,
                                      PetscReal *out)
{
  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluateWithSlope(e, n, x, y, t, T, out, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatExpressionAt(HeatExpression *e, PetscReal x, PetscReal y, PetscReal t,
                                PetscReal *value)
{
  const PetscReal T = 0.0;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluate(e, 1, &x, &y, t, &T, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}
