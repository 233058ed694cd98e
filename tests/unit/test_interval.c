/** Interval arithmetic: the bounds of random formulas over random boxes contain the values and the
 *  derivatives at random points of the boxes. */
#include "case_test.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "solver/case/interval.h"

/* A generator of reproducible numbers in [0, 1): xorshift (G. Marsaglia, J. Stat. Software 8
   (2003) 14). */
static unsigned long long seed = 88172645463325252ULL;

static double Random(void)
{
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return (double)(seed >> 11) / 9007199254740992.0;
}

static int Pick(int n) { return (int)(Random() * n); }

/* [characters] Room for a formula. */
enum { TEXT = 4096 };

/* Append to a formula. */
static void Add(char text[TEXT], const char *format, ...)
{
  const size_t length = strlen(text);
  va_list      arguments;

  va_start(arguments, format);
  (void)vsnprintf(text + length, TEXT - length, format, arguments);
  va_end(arguments);
}

/* Append a random formula of x, y and t to a text. */
static void Write(char text[TEXT], int depth)
{
  static const char *const functions[] = {"sin",  "cos",   "exp",  "tanh", "cosh", "sinh", "abs",
                                          "sqrt", "floor", "sign", "atan", "ln",   "tan",  "asinh"};
  static const char *const binary[]    = {"+", "-", "*", "/", "<", ">=", "&&", "||"};
  const int                kind        = depth == 0 ? 0 : 1 + Pick(6);

  if (kind == 0) {
    if (Pick(4) == 0) Add(text, "%.3g", 0.01 + 3.0 * Random());
    else Add(text, "%c", "xytt"[Pick(4)]);
  } else if (kind == 1) {
    Add(text, "%s(", functions[Pick(14)]);
    Write(text, depth - 1);
    Add(text, ")");
  } else if (kind == 2) {
    static const char *const powers[] = {"2", "3", "-1", "-2", "0.5", "1.5"};

    Add(text, "(");
    Write(text, depth - 1);
    Add(text, ")^(%s)", powers[Pick(6)]);
  } else if (kind == 3) {
    Add(text, "%s(", Pick(2) ? "min" : "max");
    Write(text, depth - 1);
    Add(text, ", ");
    Write(text, depth - 1);
    Add(text, ")");
  } else if (kind == 4 && depth > 1) {
    Add(text, "((");
    Write(text, depth - 2);
    Add(text, " > ");
    Write(text, depth - 2);
    Add(text, ") ? (");
    Write(text, depth - 1);
    Add(text, ") : (");
    Write(text, depth - 1);
    Add(text, "))");
  } else {
    Add(text, "((");
    Write(text, depth - 1);
    Add(text, ") %s (", binary[Pick(kind == 4 ? 4 : 8)]);
    Write(text, depth - 1);
    Add(text, "))");
  }
}

static PetscReal At(const HeatExpressionTree *tree, PetscReal *scratch, const PetscReal p[3],
                    PetscReal dt)
{
  const PetscReal point[4] = {p[0], p[1], p[2] + dt, 0.0};

  return HeatExpressionTreeAt(tree, tree->n - 1, point, scratch);
}

/* Counts of points at which bounds of a value and of a slope were compared that say something. */
static int values_compared, slopes_compared;

/* Compare bounds with the formula at a point.  A derivative is the difference quotient where those
   of two lengths agree, so that there is neither a jump nor a kink nearby. */
static void Compare(const char *text, const HeatExpressionTree *tree, HeatEnclosure g,
                    const HeatBox *box, PetscReal *scratch)
{
  PetscReal p[3];

  for (int a = 0; a < 3; a++)
    p[a] = box->side[a].low + Random() * (box->side[a].high - box->side[a].low);
  const PetscReal value = At(tree, scratch, p, 0.0), far = 1e-4, near = 5e-5;

  /* Where some operation is undefined, max(sqrt(x), 1) is 1 or not. */
  for (int k = 0; k < tree->n; k++)
    if (!isfinite(scratch[k])) return;
  if (!(value >= g.value.low && value <= g.value.high))
    fail_msg("%s at %.17g, %.17g, %.17g: %.17g is not in [%.17g, %.17g]", text, (double)p[0],
             (double)p[1], (double)p[2], (double)value, (double)g.value.low, (double)g.value.high);
  values_compared += isfinite(g.value.high - g.value.low);
  if (p[2] - far < box->side[2].low || p[2] + far > box->side[2].high) return;
  const PetscReal one = (At(tree, scratch, p, far) - At(tree, scratch, p, -far)) / (2.0 * far),
                  two = (At(tree, scratch, p, near) - At(tree, scratch, p, -near)) / (2.0 * near);
  const PetscReal off = 1e-4 * fabs(one) + 1e-9 * (1.0 + fabs(value));

  if (!isfinite(one) || !(fabs(one - two) < 0.1 * off)) return;
  if (!(two >= g.slope.low - off && two <= g.slope.high + off))
    fail_msg("%s at %.17g, %.17g, %.17g: slope %.17g is not in [%.17g, %.17g]", text, (double)p[0],
             (double)p[1], (double)p[2], (double)two, (double)g.slope.low, (double)g.slope.high);
  slopes_compared += isfinite(g.slope.high - g.slope.low);
}

static void bounds_of_random_formulas_contain_their_values(void **state)
{
  (void)state;
  for (int formula = 0; formula < 4000; formula++) {
    char               text[TEXT] = "";
    HeatExpressionTree tree;
    HeatEnclosure     *results;
    PetscReal         *scratch;
    const char        *problem;
    size_t             position;
    HeatBox            box;

    Write(text, 1 + Pick(4));
    OK(HeatExpressionTreeCreate(text, &tree, &problem, &position));
    if (problem) continue; /* a comparison of a comparison */
    OK(PetscMalloc2(tree.n, &results, tree.n, &scratch));
    for (int boxes = 0; boxes < 4; boxes++) {
      for (int a = 0; a < 3; a++) {
        const PetscReal low = 6.0 * Random() - 3.0, length = 3.0 * pow(10.0, -4.0 * Random());

        box.side[a] = (HeatInterval){low, low + length};
        if (Pick(8) == 0) box.side[a].low = 0.0;
        if (Pick(8) == 0) box.side[a].high = 0.0;
        if (box.side[a].low > box.side[a].high) box.side[a] = (HeatInterval){0.0, length};
      }
      for (int smooth = 0; smooth < 2; smooth++) {
        HeatEncloseOver(&tree, 0, tree.n - 1, &box, smooth ? PETSC_TRUE : PETSC_FALSE, results);
        for (int points = 0; points < 10; points++)
          Compare(text, &tree, results[tree.n - 1], &box, scratch);
      }
    }
    OK(PetscFree2(results, scratch));
    OK(HeatExpressionTreeDestroy(&tree));
  }
  /* Bounds of everything would contain all values, too. */
  assert_true(values_compared > 50000 && slopes_compared > 10000);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bounds_of_random_formulas_contain_their_values),
  };

  return RUN_TESTS(tests);
}
