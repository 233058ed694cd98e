/* The syntax tree of formulas: the values of muParser, what each operation depends on, and faults
   that muParser accepts. */
#include "case_test.h"

#include <math.h>
#include <stdlib.h>

#include "solver/formula/expression_tree.h"
#include "solver/formula/time_factor.h"
#include "tests/support/muparser.h"

/* Temperature of the points at which formulas are evaluated. */
static const PetscReal temperature = 350.0;

static PetscReal TreeAt(const char *text, const PetscReal point[4])
{
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;
  PetscReal         *results, value;

  OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  if (problem) fail_msg("%s: %s at %zu", text, problem, position);
  OK(PetscMalloc1((size_t)tree.n, &results));
  value = HeatExpressionTreeAt(&tree, tree.n - 1, point, results);
  OK(PetscFree(results));
  OK(HeatExpressionTreeDestroy(&tree));
  return value;
}

static PetscReal ParserAt(const char *text, const PetscReal point[4])
{
  static Reference r;
  PetscReal        value;

  ReferenceCreate(text, &r);
  value = ReferenceAt(&r, point);
  assert_false(mupError(r.parser));
  ReferenceDestroy(&r);
  return value;
}

/* Assert that both evaluators agree to a few roundings of the mathematics library.  Return whether
   the value is defined: max(1, sqrt(-1)) depends on the order of its arguments in muParser. */
static PetscBool Agree(const char *text, const PetscReal point[4])
{
  const PetscReal ours = TreeAt(text, point), theirs = ParserAt(text, point);

  if (isnan(ours) || isnan(theirs)) return PETSC_FALSE;
  if (ours == theirs || fabs(ours - theirs) <= 1e-12 * fabs(theirs)) return PETSC_TRUE;
  fail_msg("%s at (%g, %g, %g, %g): %.17g, muParser %.17g", text, point[0], point[1], point[2],
           point[3], ours, theirs);
  return PETSC_FALSE;
}

static void values_are_those_of_muparser(void **state)
{
  static const char *const texts[]     = {"1",
                                          "x",
                                          "-x",
                                          "+x",
                                          "-x^2",
                                          "2^3^2",
                                          "2^-1",
                                          "x^-y",
                                          "-2^-2",
                                          "1 - 2 - 3",
                                          "12/2*3",
                                          "2*-3",
                                          "1.5e3+.5+5.",
                                          "1E-1",
                                          "t<10",
                                          "t<=3",
                                          "t>3",
                                          "(t>=3) && (x!=0)",
                                          "t==4 || x==0.5",
                                          "0 && 0 || 1",
                                          "1 || 0 && 0",
                                          "1e5*(t<10)",
                                          "y < 0 ? 7 : 8",
                                          "x>1 ? 1 : y>0 ? 2 : 3",
                                          "x>0 ? y>0 ? 1 : 2 : 3",
                                          "pi",
                                          "sin(pi*x)",
                                          "atan2(y, x)",
                                          "min(x, y, t, T)",
                                          "max(1, x)",
                                          "min(x)",
                                          "floor(-1.5)",
                                          "sign(y)+sign(0)+sign(t)",
                                          "abs(-t)",
                                          "log(t)",
                                          "ln(t)",
                                          "log10(t)+log2(t)",
                                          "sqrt(t)",
                                          "asinh(x)+acosh(t)+atanh(x)",
                                          "sinh(x)+cosh(x)+tanh(x)",
                                          "asin(x)+acos(x)+atan(x)",
                                          "tan(x)+cos(y)",
                                          "exp(-((x-0.1*t)^2+y^2)/0.04)",
                                          "(t < 1) < x",
                                          "x\n +\ty",
                                          "((((x))))",
                                          "0.9 + 4e-4*(T - 273.15)"};
  static const PetscReal   points[][4] = {
        {0.5, -2.0, 3.0, 350.0}, {-0.25, 4.0, 0.0, 10.0}, {0.0, 0.0, 10.0, 273.15}};

  (void)state;
  for (size_t k = 0; k < sizeof texts / sizeof *texts; k++) {
    for (size_t p = 0; p < sizeof points / sizeof *points; p++) (void)Agree(texts[k], points[p]);
  }
}

/* Random formulas: a grammar that leaves no doubt about what muParser folds at compile time, since
   muParser 2.3.3 takes `0.6 && pi` for 0. */
static unsigned Draw(unsigned *seed, unsigned n)
{
  *seed = *seed * 1664525u + 1013904223u;
  return (*seed >> 8) % n;
}

static void Write(char *text, size_t size, unsigned *seed, int depth)
{
  static const char *const leaves[]    = {"x", "y", "t", "T", "2", "0.5", "1e-3", "pi", "7.25"};
  static const char *const binary[]    = {" + ", " - ", "*", "/", "^", " < ", " >= "};
  static const char *const functions[] = {"sin", "exp", "abs", "floor", "tanh", "sign", "sqrt"};
  char                     a[512], b[512], c[512];

  if (depth == 0) {
    snprintf(text, size, "%s", leaves[Draw(seed, 9)]);
    return;
  }
  Write(a, sizeof a, seed, depth - 1);
  Write(b, sizeof b, seed, depth - 1);
  switch (Draw(seed, 6)) {
  case 0: snprintf(text, size, "%s(%s)", functions[Draw(seed, 7)], a); break;
  case 1: snprintf(text, size, "max(%s, %s)", a, b); break;
  case 2:
    Write(c, sizeof c, seed, 0);
    snprintf(text, size, "((%s) > t ? (%s) : (%s))", a, b, c);
    break;
  case 3: snprintf(text, size, "-(%s)", a); break;
  default: snprintf(text, size, "(%s)%s(%s)", a, binary[Draw(seed, 7)], b);
  }
}

static void random_formulas_have_the_values_of_muparser(void **state)
{
  unsigned seed = 20261129u;
  char     text[1024];
  int      defined = 0;

  (void)state;
  for (int k = 0; k < 3000; k++) {
    const PetscReal point[4] = {0.25 * Draw(&seed, 9), 0.5 * Draw(&seed, 9) - 2.0,
                                1.0 * Draw(&seed, 20), temperature};

    Write(text, sizeof text, &seed, 1 + (int)Draw(&seed, 3));
    defined += Agree(text, point);
  }
  assert_true(defined > 2000);
}

static void an_operation_knows_its_variables_and_its_operands(void **state)
{
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;

  (void)state;
  OK(HeatExpressionTreeCreate("x + (t < 10)*T", &tree, &problem, &position));
  assert_null(problem);
  for (int k = 0; k < tree.n; k++) {
    const HeatOperation *o = &tree.operations[k];

    if (o->op == HEAT_OP_LESS) {
      assert_int_equal(o->variables, HEAT_VAR_TIME);
      assert_int_equal(o->position, 7);
      assert_int_equal(k - o->first, 2);
    }
    if (o->op == HEAT_OP_MULTIPLY)
      assert_int_equal(o->variables, HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE);
    for (int m = 0; m < 3; m++) assert_true(o->operand[m] < k && o->operand[m] >= -1);
  }
  assert_int_equal(tree.operations[tree.n - 1].variables,
                   HEAT_VAR_X | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE);
  assert_int_equal(tree.operations[tree.n - 1].first, 0);
  OK(HeatExpressionTreeDestroy(&tree));
}

static void comparison_of_a_comparison_is_refused_unless_bracketed(void **state)
{
  static const char *const wrong[] = {"0.2 < x < 0.7", "1 == x == 1", "(x) < y < (t)",
                                      "2*(0 <= t <= 1)", "x > 0 ? 0 < x < 1 : 2"};
  static const char *const right[] = {"(0.2 < x) < 0.7", "0.2 < (x < 0.7)", "0.2 < x && x < 0.7"};
  HeatExpressionTree       tree;
  const char              *problem;
  size_t                   position;

  (void)state;
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) {
    OK(HeatExpressionTreeCreate(wrong[k], &tree, &problem, &position));
    if (!problem) fail_msg("%s is accepted", wrong[k]);
    assert_int_equal(tree.n, 0);
    assert_true(position < strlen(wrong[k]));
  }
  for (size_t k = 0; k < sizeof right / sizeof *right; k++) {
    OK(HeatExpressionTreeCreate(right[k], &tree, &problem, &position));
    if (problem) fail_msg("%s: %s", right[k], problem);
    OK(HeatExpressionTreeDestroy(&tree));
  }
}

/* A stranger's case must not exhaust the stack. */
static void deep_nesting_ends_with_a_message_or_a_value(void **state)
{
  enum { DEPTH = 200000 };
  char              *text;
  HeatExpressionTree tree;
  const char        *problem;
  size_t             position;

  (void)state;
  OK(PetscMalloc1(2 * DEPTH + 2, &text));
  memset(text, '(', DEPTH);
  text[DEPTH] = '1';
  memset(text + DEPTH + 1, ')', DEPTH);
  text[2 * DEPTH + 1] = '\0';
  OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  assert_non_null(problem);
  memset(text, '-', 2 * DEPTH);
  text[2 * DEPTH] = '1';
  OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  assert_non_null(problem);
  OK(PetscFree(text));
}

/* Return shape times factor of a formula at (x, y, t), and in *splits whether it has them. */
static PetscReal ProductOfParts(const char *text, const PetscReal point[4], PetscBool *splits)
{
  HeatExpressionTree tree, shape, factor;
  const char        *problem;
  size_t             position;
  PetscReal          results[64], value = 0.0;

  OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
  assert_null(problem);
  OK(HeatExpressionTreeSplitTime(&tree, &shape, &factor));
  assert_int_equal(shape.n > 0, factor.n > 0);
  *splits = (PetscBool)(shape.n > 0);
  if (*splits) {
    assert_int_equal(factor.operations[factor.n - 1].variables, HEAT_VAR_TIME);
    assert_false(shape.operations[shape.n - 1].variables & HEAT_VAR_TIME);
    value = HeatExpressionTreeAt(&shape, shape.n - 1, point, results);
    value *= HeatExpressionTreeAt(&factor, factor.n - 1, point, results);
  }
  OK(HeatExpressionTreeDestroy(&tree));
  OK(HeatExpressionTreeDestroy(&shape));
  OK(HeatExpressionTreeDestroy(&factor));
  return value;
}

static void a_product_splits_into_shape_and_factor_of_time(void **state)
{
  static const char *const products[] = {"x*t",
                                         "t*x",
                                         "1e6*exp(-x^2)*(t < 10)/2",
                                         "-(x + y)*sin(t)/(1 + t)",
                                         "x/t/y/(t*t*y)",
                                         "x*-(t/y)",
                                         "(t > 1 ? 2 : 3)*(x > 1 ? 2 : 3)*min(x, y, 2)"};
  static const char *const others[]   = {"x", "t", "2*t", "x + t", "sin(x - t)*t", "T*t*x", "x^t"};
  const PetscReal          point[4]   = {0.3, 1.7, 2.9, 0.0};
  PetscReal                results[64], whole;
  PetscBool                splits;

  (void)state;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(products); k++) {
    HeatExpressionTree tree;
    const char        *problem;
    size_t             position;

    OK(HeatExpressionTreeCreate(products[k], &tree, &problem, &position));
    whole = HeatExpressionTreeAt(&tree, tree.n - 1, point, results);
    OK(HeatExpressionTreeDestroy(&tree));
    const PetscReal product = ProductOfParts(products[k], point, &splits);

    assert_true(splits);
    assert_true(fabs(product - whole) <= 1e-15 * fabs(whole));
  }
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(others); k++) {
    (void)ProductOfParts(others[k], point, &splits);
    assert_false(splits);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(values_are_those_of_muparser),
      cmocka_unit_test(random_formulas_have_the_values_of_muparser),
      cmocka_unit_test(an_operation_knows_its_variables_and_its_operands),
      cmocka_unit_test(comparison_of_a_comparison_is_refused_unless_bracketed),
      cmocka_unit_test(deep_nesting_ends_with_a_message_or_a_value),
      cmocka_unit_test(a_product_splits_into_shape_and_factor_of_time),
  };

  return RUN_TESTS(tests);
}
