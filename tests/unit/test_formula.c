/* Programs of formulas: the values of muParser, the derivatives of calculus, and the same bits
   however the points are arranged. */
#include "case_test.h"

#include <math.h>
#include <stdlib.h>

#include "solver/case/expression.h"
#include "solver/case/slope.h"
#include "solver/formula/expression_tree.h"
#include "solver/formula/kernels.h"
#include "tests/support/muparser.h"

enum { ALL = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE, MOST = 4096 };

static HeatExpression *Compile(const char *text)
{
  char            copy[16384], message[2048];
  HeatFormula     formula = {.given = PETSC_TRUE, .text = copy};
  HeatExpression *e;

  snprintf(copy, sizeof copy, "%s", text);
  OK(HeatExpressionCreate(&formula, ALL, &e, message, sizeof message));
  if (!e) fail_msg("%s: %s", text, message);
  return e;
}

static PetscReal ValueAt(HeatExpression *e, const PetscReal p[4])
{
  PetscReal value;

  OK(HeatExpressionEvaluate(e, 1, &p[0], &p[1], p[2], &p[3], &value));
  return value;
}

static PetscBool SameBits(PetscReal a, PetscReal b)
{
  return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b)) ? PETSC_TRUE : PETSC_FALSE;
}

/* ------- random formulas ------- */

static unsigned Draw(unsigned *seed, unsigned n)
{
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % n;
}

static const char *Pick(unsigned *seed, const char *const words[], unsigned n)
{
  return words[Draw(seed, n)];
}

/* Write a random formula of the given depth.  Operands of && and || are comparisons, because
   muParser 2.3.3 takes the constant `0.6 && pi` for 0. */
static void Write(char *text, size_t size, unsigned *seed, int depth)
{
  static const char *const leaves[]    = {"x", "y", "t", "T", "x", "y", "2", "0.5", "pi", "7.25"};
  static const char *const binary[]    = {" + ", " - ", "*", "/", "^", "+", "*"};
  static const char *const compare[]   = {"<", "<=", ">", ">=", "==", "!="};
  static const char *const exponents[] = {"2", "3", "-1", "0.5", "-2", "5", "1.5", "8", "9", "0"};
  char                     a[MOST / 4], b[MOST / 4], c[MOST / 4];

  if (depth == 0) {
    snprintf(text, size, "%s", Pick(seed, leaves, 10));
    return;
  }
  Write(a, sizeof a, seed, depth - 1);
  Write(b, sizeof b, seed, Draw(seed, (unsigned)depth));
  Write(c, sizeof c, seed, Draw(seed, (unsigned)depth));
  switch (Draw(seed, 12)) {
  case 0:
  case 1: snprintf(text, size, "%s(%s)", HeatFunctionNames[Draw(seed, 6)], a); break;
  case 2: snprintf(text, size, "%s(%s)", HeatFunctionNames[7 + Draw(seed, 14)], a); break;
  case 3: snprintf(text, size, "%s(%s, %s, %s)", Draw(seed, 2) ? "max" : "min", a, b, c); break;
  case 4: snprintf(text, size, "((%s) %s t ? (%s) : (%s))", a, Pick(seed, compare, 6), b, c); break;
  case 5: snprintf(text, size, "-(%s)", a); break;
  case 6: snprintf(text, size, "(%s)^%s", a, Pick(seed, exponents, 10)); break;
  case 7:
    snprintf(text, size, "((%s)<(%s) %s (%s)>=(%s))", a, b, Draw(seed, 2) ? "&&" : "||", b, c);
    break;
  case 8: snprintf(text, size, Draw(seed, 2) ? "floor(%s)" : "atan2(%s, y)", a); break;
  default: snprintf(text, size, "(%s)%s(%s)", a, Pick(seed, binary, 7), b);
  }
}

static void DrawPoint(unsigned *seed, PetscReal point[4])
{
  point[0] = 0.25 * Draw(seed, 9);
  point[1] = 0.5 * Draw(seed, 9) - 2.0;
  point[2] = 1.0 * Draw(seed, 20);
  point[3] = 250.0 + 12.5 * Draw(seed, 40);
}

/* ------- values ------- */

/* Return the value of operation k from the values of the earlier ones. */
static PetscReal ValueOf(const HeatExpressionTree *tree, int k, const PetscReal point[4],
                         const PetscReal results[])
{
  const HeatOperation *o           = &tree->operations[k];
  PetscReal            operands[3] = {0.0, 0.0, 0.0}, value;

  if (o->op == HEAT_OP_NUMBER) return o->value;
  if (o->op <= HEAT_OP_TEMPERATURE) return point[o->op - HEAT_OP_X];
  for (int i = 0; i < 3; i++)
    if (o->operand[i] >= 0) operands[i] = results[o->operand[i]];
  HeatKernel(o->op, 1, &operands[0], &operands[1], &operands[2], &value);
  return value;
}

/* Return by how much result k changes if an operand is off by `error`; infinity if that is not
   known from the values at both ends, as for a part of a wave, or if a comparison may change. */
static PetscReal Spread(const HeatExpressionTree *tree, int k, int operand, PetscReal error,
                        const PetscReal point[4], PetscReal results[])
{
  const HeatOperation *o     = &tree->operations[k];
  const PetscReal      exact = results[operand], here = results[k];
  PetscReal            spread = 0.0;

  if (!isfinite(error)) return INFINITY;
  if (o->op >= HEAT_OP_SIN && o->op <= HEAT_OP_TAN && !(error < 0.1)) return INFINITY;
  if ((o->op == HEAT_OP_EQUAL || o->op == HEAT_OP_NOT_EQUAL) &&
      !(fabs(results[o->operand[0]] - results[o->operand[1]]) > error))
    return INFINITY;
  for (int sign = -1; sign <= 1; sign += 2) {
    results[operand]      = exact + sign * error;
    const PetscReal moved = fabs(ValueOf(tree, k, point, results) - here);

    spread = moved <= spread ? spread : moved; /* a NaN is kept */
  }
  results[operand] = exact;
  return o->op >= HEAT_OP_LESS && o->op <= HEAT_OP_OR && spread != 0.0 ? INFINITY : spread;
}

/* Return a bound of the error of a formula whose operations are each within 4 ulp, by the
   propagation of errors through its tree.  An exponent of
   8, at which products replace the power, has the largest error, 3.5 ulp.  The second factor of 2
   stands for muParser's own error.  Infinite and NaN: no statement. */
static PetscReal ErrorBound(const char *text, const PetscReal point[4])
{
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;
  PetscReal         *results, *errors, bound;

  OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  OK(PetscMalloc2((size_t)tree.n, &results, (size_t)tree.n, &errors));
  for (int k = 0; k < tree.n; k++) {
    results[k] = ValueOf(&tree, k, point, results);
    errors[k]  = tree.operations[k].op <= HEAT_OP_TEMPERATURE ||
                        (tree.operations[k].op >= HEAT_OP_LESS &&
                         tree.operations[k].op <= HEAT_OP_OR)
                     ? 0.0
                     : 2.0 * 4.0 * (PETSC_MACHINE_EPSILON * fabs(results[k]) + 5e-324);
    for (int i = 0; i < 3; i++) {
      const int operand = tree.operations[k].operand[i];

      if (operand >= 0 && errors[operand] != 0.0)
        errors[k] += 2.0 * Spread(&tree, k, operand, errors[operand], point, results);
    }
  }
  bound = errors[tree.n - 1];
  OK(PetscFree2(results, errors));
  OK(HeatExpressionTreeDestroy(&tree));
  return bound;
}

/* Compare at a point.  Return whether the comparison says something: the value is defined, and the
   bound is small. */
static PetscBool Agree(const char *text, HeatExpression *e, Reference *r, const PetscReal point[4])
{
  const PetscReal ours = ValueAt(e, point), theirs = ReferenceAt(r, point);
  const PetscReal bound = ErrorBound(text, point);

  if (!isfinite(bound) || (isnan(ours) && isnan(theirs))) return PETSC_FALSE;
  if (ours == theirs || fabs(ours - theirs) <= bound)
    return bound <= 1e-9 * (1.0 + fabs(theirs)) ? PETSC_TRUE : PETSC_FALSE;
  fail_msg("%s at (%.17g, %.17g, %.17g, %.17g): %.17g, muParser %.17g, bound %g", text, point[0],
           point[1], point[2], point[3], ours, theirs, bound);
  return PETSC_FALSE;
}

static void random_formulas_have_the_values_of_muparser(void **state)
{
  enum { FORMULAS = 20000, POINTS = 3 };
  static Reference r;
  unsigned         seed    = 14u;
  int              telling = 0;
  char             text[MOST];

  (void)state;
  for (int k = 0; k < FORMULAS; k++) {
    HeatExpression *e;

    Write(text, sizeof text, &seed, 1 + (int)Draw(&seed, 4));
    e = Compile(text);
    ReferenceCreate(text, &r);
    for (int p = 0; p < POINTS; p++) {
      PetscReal point[4];

      DrawPoint(&seed, point);
      telling += Agree(text, e, &r, point);
    }
    ReferenceDestroy(&r);
    OK(HeatExpressionDestroy(&e));
  }
  if (telling < FORMULAS * POINTS / 2) fail_msg("only %d comparisons say something", telling);
}

/* A side of ?: that is not taken has no effect, also if floating-point exceptions are trapped. */
static void the_side_not_taken_leaves_no_trace(void **state)
{
  static const char *const texts[] = {"T > 300 ? 1/(T - 300) : 7", "T > 300 ? ln(T - 300) : 7",
                                      "T > 300 ? sqrt(T - 300) : 7", "T > 300 ? 1e308*T*T : 7"};
  static const PetscReal   T[]     = {300.0, 250.0, 200.0, 0.0, -1.0};
  PetscReal                value[5], slope[5];

  (void)state;
  OK(PetscFPTrapPush(PETSC_FP_TRAP_ON));
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(texts); k++) {
    HeatExpression *e = Compile(texts[k]);

    OK(HeatExpressionEvaluateWithSlope(e, 5, T, T, 0.0, T, value, slope));
    for (int i = 0; i < 5; i++) assert_true(value[i] == 7.0 && slope[i] == 0.0);
    OK(HeatExpressionDestroy(&e));
  }
  OK(PetscFPTrapPop());
}

static void undefined_results_are_those_of_muparser(void **state)
{
  static const char *const texts[] = {
      "min(sqrt(x), 1)", "min(1, sqrt(x))", "max(sqrt(x), 1)", "max(1, sqrt(x))",
      "1/abs(0*x)",      "sqrt(x) ? 1 : 2", "sqrt(x) && 1",    "sign(sqrt(x))",
      "x^0.5",           "0^(x+1)",         "0^(x)",           "exp(1000*x)",
      "exp(-1000*x)",    "sqrt(x)^0",       "1^sqrt(x)",       "ln(x+1)",
      "floor(1/(x+1))",  "(x/0)^3",         "(1/(x+1))^-2",    "sqrt(x) == sqrt(x)",
      "cos(1/(x+1))",    "sin(1e300*x)",    "(-8)^(x)",        "(-8)^(x/3)"};
  static Reference       r;
  static const PetscReal point[4] = {-1.0, 0.0, 0.0, 300.0};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(texts); k++) {
    HeatExpression *e = Compile(texts[k]);
    PetscReal       ours, theirs;

    ReferenceCreate(texts[k], &r);
    ours   = ValueAt(e, point);
    theirs = ReferenceAt(&r, point);
    if (!(isnan(ours) && isnan(theirs)) && ours != theirs)
      fail_msg("%s: %g, muParser %g", texts[k], ours, theirs);
    ReferenceDestroy(&r);
    OK(HeatExpressionDestroy(&e));
  }
}

/* ------- bits ------- */

enum { NX = 700, NY = 4, CELLS = NX * NY };

typedef struct {
  PetscReal x[CELLS], y[CELLS], T[CELLS]; /* row by row */
  PetscReal value[CELLS], slope[CELLS];   /* expected: cell by cell */
} Grid;

/* T is uniform in the first two rows. */
static void FillGrid(unsigned *seed, Grid *g)
{
  for (int k = 0; k < CELLS; k++) {
    g->x[k] = (k % NX + 0.5) / NX;
    g->y[k] = 0.25 * (k / NX) - 0.5;
    g->T[k] = k < 2 * NX ? 300.0 : 300.0 + 0.125 * Draw(seed, 4000);
  }
}

static void CompareBits(const char *text, const Grid *g, const int *order, int first, int n,
                        const PetscReal *value, const PetscReal *slope)
{
  for (int i = 0; i < n; i++) {
    const int k = order ? order[first + i] : first + i;

    if (!SameBits(value[i], g->value[k]) || (slope && !SameBits(slope[i], g->slope[k])))
      fail_msg("%s in cell %d of %d from %d: %.17g, alone %.17g", text, i, n, first, value[i],
               g->value[k]);
  }
}

/* Evaluate the rows, runs of random length and place, and the rows again, whose x the next time
   finds in the cache of columns. */
static void CompareRuns(const char *text, HeatExpression *e, const Grid *g, PetscReal t,
                        unsigned *seed)
{
  static PetscReal value[CELLS], slope[CELLS];

  for (int run = 0; run < 16; run++) {
    const PetscBool row   = run < 4 || run >= 12 ? PETSC_TRUE : PETSC_FALSE;
    const int       first = row ? run % 4 * NX : (int)Draw(seed, CELLS);
    const int       n     = row ? NX : 1 + (int)Draw(seed, (unsigned)(CELLS - first));
    PetscReal      *with  = Draw(seed, 2) ? slope : NULL;

    OK(HeatExpressionEvaluateWithSlope(e, n, g->x + first, g->y + first, t, g->T + first, value,
                                       with));
    CompareBits(text, g, NULL, first, n, value, with);
  }
}

/* Evaluate all cells in an order in which nothing is uniform. */
static void CompareShuffled(const char *text, HeatExpression *e, const Grid *g, PetscReal t,
                            unsigned *seed)
{
  static PetscReal x[CELLS], y[CELLS], T[CELLS], value[CELLS], slope[CELLS];
  static int       order[CELLS];

  for (int k = 0; k < CELLS; k++) order[k] = k;
  for (int k = CELLS - 1; k > 0; k--) {
    const int other = (int)Draw(seed, (unsigned)k + 1), kept = order[k];

    order[k]     = order[other];
    order[other] = kept;
  }
  for (int k = 0; k < CELLS; k++) {
    x[k] = g->x[order[k]];
    y[k] = g->y[order[k]];
    T[k] = g->T[order[k]];
  }
  OK(HeatExpressionEvaluateWithSlope(e, CELLS, x, y, t, T, value, slope));
  CompareBits(text, g, order, 0, CELLS, value, slope);
}

static void Expect(HeatExpression *e, PetscReal t, Grid *g)
{
  for (int k = 0; k < CELLS; k++) {
    OK(HeatExpressionEvaluateWithSlope(e, 1, g->x + k, g->y + k, t, g->T + k, g->value + k,
                                       g->slope + k));
  }
}

/* What is kept from row to row and from time to time, and what is found to be uniform, changes no
   bit. */
static void bits_do_not_depend_on_the_other_points(void **state)
{
  static const char *const fixed[] = {"exp(-((x - 0.1*t)^2 + y^2)/0.04)",
                                      "sin(pi*x)*sin(pi*y)*exp(-t)",
                                      "sin(pi*x)",
                                      "ln(x + t)",
                                      "T*sin(9*x) + cos(x*t)*y",
                                      "x*sqrt(T)",
                                      "y",
                                      "T",
                                      "sin(x) + T^1.5*cos(x)",
                                      "sin(x)^2.5*exp(y)/(1 + T)"};
  enum { FIXED = PETSC_STATIC_ARRAY_LENGTH(fixed), RANDOM = 60 };
  static Grid g;
  unsigned    seed = 3u;
  char        text[MOST];

  (void)state;
  FillGrid(&seed, &g);
  for (int k = 0; k < FIXED + RANDOM; k++) {
    HeatExpression *alone, *e;

    if (k < FIXED) snprintf(text, sizeof text, "%s", fixed[k]);
    else Write(text, sizeof text, &seed, 4);
    alone = Compile(text);
    e     = Compile(text);
    for (int step = 0; step < 6; step++) { /* rows at three times, then the same times shuffled */
      const PetscReal t = 0.25 * (step % 3);

      Expect(alone, t, &g);
      if (step < 3) CompareRuns(text, e, &g, t, &seed);
      else CompareShuffled(text, e, &g, t, &seed);
    }
    OK(HeatExpressionDestroy(&alone));
    OK(HeatExpressionDestroy(&e));
  }
}

/* ------- derivatives ------- */

/* Both texts are evaluated by the same functions, so that they differ by the roundings of some
   operations.  1e-12 leaves room for the cancellation in the expected texts. */
static void slopes_are_those_of_calculus(void **state)
{
  static const char *const pairs[][2] = {
      {"T", "1"},
      {"3*T - T*T/7", "3 - 2*T/7"},
      {"T^2", "2*T"},
      {"T^-3", "-3*T^-4"},
      {"T^9", "9*T^8"},
      {"T^1.5", "1.5*sqrt(T)"},
      {"2^(T/100)", "2^(T/100)*ln(2)/100"},
      {"(T/300)^(T/200)", "(T/300)^(T/200)*(ln(T/300)/200 + 1/200)"},
      {"1e5/T", "-1e5/T^2"},
      {"x/(1 + T/y)", "-x/y/(1 + T/y)^2"},
      {"exp(T/300)", "exp(T/300)/300"},
      {"ln(T) + log(T)", "2/T"},
      {"log10(T) + log2(T)", "1/T/ln(10) + 1/T/ln(2)"},
      {"sqrt(T)", "0.5/sqrt(T)"},
      {"sin(T/100) + cos(T/90)", "cos(T/100)/100 - sin(T/90)/90"},
      {"tan(T/400)", "1/cos(T/400)^2/400"},
      {"asin(T/999)", "1/sqrt(1 - (T/999)^2)/999"},
      {"acos(T/999)", "-1/sqrt(1 - (T/999)^2)/999"},
      {"atan(T/300)", "300/(300^2 + T^2)"},
      {"atan2(T, 300)", "300/(300^2 + T^2)"},
      {"atan2(300, T)", "-300/(300^2 + T^2)"},
      {"sinh(T/300) + cosh(T/300)", "(cosh(T/300) + sinh(T/300))/300"},
      {"tanh(T/300)", "1/cosh(T/300)^2/300"},
      {"asinh(T/300)", "1/sqrt((T/300)^2 + 1)/300"},
      {"acosh(T/100)", "1/sqrt((T/100)^2 - 1)/100"},
      {"atanh(T/999)", "1/(1 - (T/999)^2)/999"},
      {"abs(400 - T)", "T < 400 ? -1 : T > 400 ? 1 : 0"},
      {"min(2*T, 800)", "2*T <= 800 ? 2 : 0"},
      {"max(T^2, 1e5, x)", "T^2 >= 1e5 ? 2*T : 0"},
      {"T < 400 ? T^2 : 3*T", "T < 400 ? 2*T : 3"},
      {"T*(T < 400) + sign(T - 400) + floor(T/50)", "T < 400 ? 1 : 0"},
      {"(T > 300 && T < 500)*T", "T > 300 && T < 500 ? 1 : 0"},
      {"T > 300 || x > 2 ? -T : 5", "T > 300 ? -1 : 0"},
      {"x*y*t", "0"}};
  static const PetscReal points[][4] = {
      {0.5, 2.0, 1.0, 350.0}, {0.25, -1.5, 3.0, 400.0}, {1.0, 0.75, 3.0, 612.5}};

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(pairs); k++) {
    HeatExpression *e = Compile(pairs[k][0]), *d = Compile(pairs[k][1]);

    for (size_t p = 0; p < PETSC_STATIC_ARRAY_LENGTH(points); p++) {
      const PetscReal *at = points[p];
      PetscReal        value, slope, expected = ValueAt(d, at);

      OK(HeatSlopeEvaluate(e, 1, &at[0], &at[1], at[2], &at[3], &value, &slope));
      assert_true(SameBits(value, ValueAt(e, at)));
      if (!(fabs(slope - expected) <= 1e-12 * fabs(expected)))
        fail_msg("d/dT %s at T = %g: %.17g, expected %.17g", pairs[k][0], at[3], slope, expected);
    }
    OK(HeatExpressionDestroy(&e));
    OK(HeatExpressionDestroy(&d));
  }
}

/* ------- formulas of strangers ------- */

/* Write a formula of at most `most` characters to text[most + 1]: a sum of powers, each with
   numbers of its own, or one power within 120 pairs of nested brackets. */
static void LongText(char *text, size_t most, PetscBool nested)
{
  size_t used  = 0;
  int    depth = 0;

  text[0] = '\0';
  for (int n = 0; used + 80 < most; n++) {
    if (nested && depth < 120 && used + 400 < most) {
      used += (size_t)snprintf(text + used, most + 1 - used, "(x*1.%d^T + sin(y + 2.%d)*(", n, n);
      depth++;
    } else {
      used += (size_t)snprintf(text + used, most + 1 - used, "%s1.%d*x^(T/3.%d)",
                               n && !nested ? " + " : "", n, n);
      if (nested) break;
    }
  }
  for (; depth > 0; depth--) used += (size_t)snprintf(text + used, most + 1 - used, "))");
}

static void the_longest_formulas_have_values_and_bounded_memory(void **state)
{
  enum { N = 600, LONGEST = 10000 };
  static char      text[LONGEST + 1];
  static PetscReal x[N], y[N], T[N], value[N], slope[N];

  (void)state;
  for (int i = 0; i < N; i++) {
    x[i] = i / 600.0;
    y[i] = i / 300.0;
    T[i] = i / 200.0;
  }
  for (int nested = 0; nested < 2; nested++) {
    HeatExpression *e;
    PetscLogDouble  before, after;
    PetscReal       one, one_slope;

    LongText(text, LONGEST, nested ? PETSC_TRUE : PETSC_FALSE);
    OK(PetscMallocGetCurrentUsage(&before));
    e = Compile(text);
    OK(HeatExpressionEvaluateWithSlope(e, N, x, y, 1.0, T, value, slope));
    OK(PetscMallocGetCurrentUsage(&after));
    assert_true(after - before < 4e6);
    for (int i = 0; i < N; i += 7) {
      OK(HeatExpressionEvaluateWithSlope(e, 1, x + i, y + i, 1.0, T + i, &one, &one_slope));
      assert_true(SameBits(one, value[i]) && SameBits(one_slope, slope[i]));
    }
    OK(HeatExpressionDestroy(&e));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(random_formulas_have_the_values_of_muparser),
      cmocka_unit_test(the_side_not_taken_leaves_no_trace),
      cmocka_unit_test(undefined_results_are_those_of_muparser),
      cmocka_unit_test(bits_do_not_depend_on_the_other_points),
      cmocka_unit_test(slopes_are_those_of_calculus),
      cmocka_unit_test(the_longest_formulas_have_values_and_bounded_memory),
  };

  return RUN_TESTS(tests);
}
