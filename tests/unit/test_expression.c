/* Expressions: the documented syntax, equal bits in bulk evaluation and at single points, and
   messages that point at the fault. */
#include "case_test.h"

#include <math.h>

#include "solver/case/expression.h"

enum { ALL = HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME | HEAT_VAR_TEMPERATURE };

/* Compile a text.  Return NULL and store the message if it is refused. */
static HeatExpression *Compile(const char *text, int allowed, char *message, size_t size)
{
  char            copy[256];
  HeatFormula     formula = {.given = PETSC_TRUE, .text = copy};
  HeatExpression *e;

  snprintf(copy, sizeof copy, "%s", text);
  OK(HeatExpressionCreate(&formula, allowed, &e, message, size));
  assert_int_equal(e == NULL, message[0] != '\0');
  return e;
}

static double At(const char *text, double x, double y, double t)
{
  char            message[700];
  HeatExpression *e = Compile(text, ALL, message, sizeof message);
  double          value;

  if (!e) fail_msg("%s: %s", text, message);
  OK(HeatExpressionAt(e, x, y, t, &value));
  OK(HeatExpressionDestroy(&e));
  return value;
}

/* Assert that the text has the expected value at x = 0.5, y = -2, t = 3, to two roundings of the
   mathematics library. */
static void Near(const char *text, double expected)
{
  const double value = At(text, 0.5, -2.0, 3.0);

  if (!(fabs(value - expected) <= 4e-16 * fmax(1.0, fabs(expected)))) {
    fail_msg("%s = %.17g, expected %.17g", text, value, expected);
  }
}

static void operators_bind_as_in_mathematics(void **state)
{
  (void)state;
  Near("-x^2", -0.25);
  Near("-2^2", -4.0);
  Near("2^3^2", 512.0);
  Near("2^-1", 0.5);
  Near("1 - 2 - 3", -4.0);
  Near("2*-3", -6.0);
  Near("12/2*3", 18.0);
  Near("1.5e3+.5+5.", 1505.5);
  Near("1E-1", 0.1);
}

static void comparisons_and_logic_give_one_and_zero(void **state)
{
  (void)state;
  Near("t<10", 1.0);
  Near("t<=3", 1.0);
  Near("t>3", 0.0);
  Near("t>=3 && x!=0", 1.0);
  Near("t==4 || x==0.5", 1.0);
  Near("0 && 0 || 1", 1.0);
  Near("1e5*(t<10)", 1e5);
  Near("y < 0 ? 7 : 8", 7.0);
  Near("x>1 ? 1 : y>0 ? 2 : 3", 3.0);
}

static void functions_are_those_of_the_list(void **state)
{
  (void)state;
  Near("pi", PETSC_PI);
  Near("293 + 10*sin(pi*x)", 303.0);
  Near("exp(-t)", exp(-3.0));
  Near("ln(t) - log(t)", 0.0);
  Near("log10(1000) + log2(8)", 6.0);
  Near("sqrt(abs(y))", sqrt(2.0));
  Near("sign(y) + floor(-2.5) + floor(2.5)", -2.0);
  Near("min(x, y, t) + max(1, 2)", 0.0);
  Near("atan2(y, x)", atan2(-2.0, 0.5));
  Near("sinh(x) + cosh(x) + tanh(x)", sinh(0.5) + cosh(0.5) + tanh(0.5));
  Near("asinh(x) + acosh(t) + atanh(x)", asinh(0.5) + acosh(3.0) + atanh(0.5));
  Near("sin(x) + cos(x) + tan(x) + asin(x) + acos(x) + atan(x)",
       sin(0.5) + cos(0.5) + tan(0.5) + asin(0.5) + acos(0.5) + atan(0.5));
}

static void text_over_several_lines_is_one_expression(void **state)
{
  (void)state;
  Near("1 +\n\t x\n", 1.5);
}

static void numbers_and_absent_formulas_are_constants(void **state)
{
  const HeatFormula number = {.given = PETSC_TRUE, .value = 2.5}, absent = {.value = 9.0};
  HeatExpression   *e;
  double            out[3];
  char              message[8];

  (void)state;
  OK(HeatExpressionCreate(&number, 0, &e, message, sizeof message));
  assert_int_equal(HeatExpressionVariables(e), 0);
  OK(HeatExpressionEvaluate(e, 3, NULL, NULL, 0.0, NULL, out));
  for (int i = 0; i < 3; i++) assert_true(out[i] == 2.5);
  OK(HeatExpressionDestroy(&e));
  assert_null(e);
  OK(HeatExpressionDestroy(&e));
  OK(HeatExpressionCreate(&absent, 0, &e, message, sizeof message));
  OK(HeatExpressionEvaluate(e, 1, NULL, NULL, 0.0, NULL, out));
  assert_true(out[0] == 0.0);
  OK(HeatExpressionDestroy(&e));
}

static void variables_that_occur_are_reported(void **state)
{
  static const struct {
    const char *text;
    int         variables;
  } cases[] = {{"3*pi", 0},
               {"x", HEAT_VAR_X},
               {"max(y, 1e3)", HEAT_VAR_Y},
               {"tan(1)*t", HEAT_VAR_TIME},
               {"T - x", HEAT_VAR_TEMPERATURE | HEAT_VAR_X}};

  (void)state;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(cases); i++) {
    char            message[700];
    HeatExpression *e = Compile(cases[i].text, ALL, message, sizeof message);

    assert_non_null(e);
    assert_int_equal(HeatExpressionVariables(e), cases[i].variables);
    OK(HeatExpressionDestroy(&e));
  }
}

/* 1300 points are two whole chunks of a bulk evaluation and a part of one.  The arithmetic does not
   depend on the number of points, so the bits are equal. */
static void bulk_evaluation_gives_the_bits_of_single_points(void **state)
{
  enum { N = 1300 };
  static double   x[N], y[N], T[N], out[N];
  char            message[700];
  HeatExpression *e = Compile("exp(-t)*sin(pi*x)*y + (x<0.5 ? x : T)", ALL, message,
                              sizeof message);

  (void)state;
  assert_non_null(e);
  for (int i = 0; i < N; i++) {
    x[i] = (i + 0.5) / N;
    y[i] = 1.0 - 3.0 * x[i];
    T[i] = 0.0;
  }
  OK(HeatExpressionEvaluate(e, N, x, y, 0.7, T, out));
  for (int i = 0; i < N; i++) {
    double one;

    OK(HeatExpressionAt(e, x[i], y[i], 0.7, &one));
    assert_true(one == out[i]);
  }
  T[N - 1] = 5.0;
  OK(HeatExpressionEvaluate(e, N, x, y, 0.7, T, out));
  assert_true(out[N - 1] > 4.0);
  OK(HeatExpressionEvaluate(e, 0, x, y, 0.7, T, out));
  OK(HeatExpressionDestroy(&e));
}

static void results_may_be_infinite(void **state)
{
  (void)state;
  assert_true(isinf(At("1/x", 0.0, 0.0, 0.0)));
  assert_true(isinf(At("1/0", 0.0, 0.0, 0.0)));
}

static void faults_are_named_and_marked(void **state)
{
  static const struct {
    const char *text, *words;
    int         column; /* at which the caret stands, from 1 */
  } cases[] = {
      {"293 + foo*2", "unknown name 'foo'", 7},
      {"_pi", "unknown name '_pi'", 1},
      {"sum(1,2)", "unknown name 'sum'", 1},
      {"2*T", "'T' cannot be used here, only x, y and pi", 3},
      {"x*t", "'t' cannot be used here, only x, y and pi", 3},
      {"x = 5", "write == to compare", 3},
      {"x**2", "write ^ for a power", 2},
      {"1,5", "comma", 2},
      {"(1,2)", "comma", 3},
      {"max(1, (2, 3))", "comma", 10},
      {"sin(x", "'(' without its ')'", 4},
      {"1)", "')' without its '('", 2},
      {"x +", "ends too early", 4},
      {"", "empty", 1},
      {"x y", "operator", 3},
      {"2x", "operator", 2},
      {"atan2(1,2,3)", "too many arguments", 12},
      {"atan2(1)", "too few arguments", 8},
      {"x>1 ? 2", "without its ':'", 8},
      {"\"a\"", "unexpected character '\"'", 1},
      {"x % 2", "unknown operator '%': write a - b*floor(a/b)", 3},
      {"x + \xc3\xa9", "unexpected character", 5},
      {"sin 3", "cannot be understood", 1},
  };

  (void)state;
  for (size_t i = 0; i < PETSC_STATIC_ARRAY_LENGTH(cases); i++) {
    char        message[700];
    const char *line, *caret;

    assert_null(Compile(cases[i].text, HEAT_VAR_X | HEAT_VAR_Y, message, sizeof message));
    if (!strstr(message, cases[i].words)) fail_msg("%s: %s", cases[i].text, message);
    line  = strrchr(message, '\n');
    caret = strrchr(message, '^');
    assert_non_null(line);
    assert_non_null(caret);
    if (caret - line - 4 != cases[i].column) fail_msg("%s: %s", cases[i].text, message);
  }
}

static void a_long_text_is_shown_around_its_fault(void **state)
{
  char            text[256] = "", message[700];
  HeatExpression *e;

  (void)state;
  for (int i = 0; i < 60; i++) strncat(text, "x+", sizeof text - strlen(text) - 1);
  strncat(text, "foo + 1", sizeof text - strlen(text) - 1);
  e = Compile(text, ALL, message, sizeof message);
  assert_null(e);
  assert_non_null(strstr(message, "at character 121 of the expression"));
  assert_non_null(strstr(message, "...x+"));
  assert_non_null(strstr(message, "foo + 1\n"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(operators_bind_as_in_mathematics),
      cmocka_unit_test(comparisons_and_logic_give_one_and_zero),
      cmocka_unit_test(functions_are_those_of_the_list),
      cmocka_unit_test(text_over_several_lines_is_one_expression),
      cmocka_unit_test(numbers_and_absent_formulas_are_constants),
      cmocka_unit_test(variables_that_occur_are_reported),
      cmocka_unit_test(bulk_evaluation_gives_the_bits_of_single_points),
      cmocka_unit_test(results_may_be_infinite),
      cmocka_unit_test(faults_are_named_and_marked),
      cmocka_unit_test(a_long_text_is_shown_around_its_fault),
  };

  return RUN_TESTS(tests);
}
