/* Measure formulas as heat2d evaluates them against muParser's bulk evaluation.
 *
 *     bench_formula [-cells 1000] [-repeats 5]
 *
 * A formula is evaluated in all cells of a square grid, row by row, at another time in each repeat.
 * In turns:
 *     muparser  muParser's bulk evaluation on one thread, in pieces of 512 cells that are copied to
 *               its variables; for a slope three of them, at T - d, T and T + d
 *     heat2d    HeatExpressionEvaluate, or HeatSlopeEvaluate for a slope
 * Printed are medians over the repeats [ns a cell], muParser's over heat2d's time, and the largest
 * difference of the values relative to the largest value.  As a test it fails where that is above
 * 1e-12.  Times are those of the processor, so that other programs on the machine matter little. */
#include <math.h>
#include <omp.h>
#include <time.h>

#include "solver/case/expression.h"
#include "solver/case/slope.h"
#include "tests/benchmark/bench_main.h"
#include "tests/benchmark/bench_median.h"
#include "tests/support/muparser.h"

enum { MOST_REPEATS = 99, ALL = 15 };

typedef struct {
  const char *name, *text;
  PetscBool   slope;
} Formula;

static const Formula formulas[] = {
    {"gaussian", "exp(-((x-0.01*t)^2+y^2)/0.05^2)", PETSC_FALSE},
    {"weld", "600e3/(2*pi*0.003^2)*exp(-((x - 0.04 - 0.005*t)^2 + y^2)/(2*0.003^2))", PETSC_FALSE},
    {"felt k", "0.02 + 1.2e-4*T", PETSC_FALSE},
    {"felt k, dk/dT", "0.02 + 1.2e-4*T", PETSC_TRUE},
    {"ice k, dk/dT", "T < 273.15 ? 2.22*(273.15/T)^1.1 : 0.56 + 1.3e-3*(T - 273.15)", PETSC_TRUE},
    {"gas k", "0.024*(T/273.15)^1.5*(273.15 + 194)/(T + 194)", PETSC_FALSE},
    {"waves", "exp(-t)*sin(pi*x)*sin(pi*y)", PETSC_FALSE},
    {"wave of x y", "sin(40*x*y - t)", PETSC_FALSE},
    {"switched", "1e6*(t < 10)*(x > 0.2 && x < 0.4)", PETSC_FALSE},
};

typedef struct {
  PetscInt        n;
  PetscReal      *x, *y, *shifted, *below, *above, *value, *slope; /* [n], of a row */
  PetscReal      *reference; /* [n] muParser's values of a row */
  PetscReal      *T;         /* [n][n] */
  HeatExpression *e;
  Reference       parser;
} Bench;

static void FillGrid(Bench *b)
{
  for (PetscInt i = 0; i < b->n; i++) b->x[i] = ((PetscReal)i + 0.5) / (PetscReal)b->n;
  for (PetscInt j = 0; j < b->n; j++) {
    for (PetscInt i = 0; i < b->n; i++)
      b->T[j * b->n + i] = 250.0 + 50.0 * b->x[i] + 20.0 * b->x[j];
  }
}

/* ------- muParser ------- */

static void ParserRow(Bench *b, PetscReal t, const PetscReal *T, PetscReal *out)
{
  Reference *r = &b->parser;

  for (PetscInt first = 0; first < b->n; first += REFERENCE_POINTS) {
    const PetscInt n     = PetscMin(b->n - first, (PetscInt)REFERENCE_POINTS);
    const size_t   bytes = (size_t)n * sizeof *out;

    memcpy(r->variables[0], b->x + first, bytes);
    memcpy(r->variables[1], b->y + first, bytes);
    memcpy(r->variables[3], T + first, bytes);
    for (PetscInt i = 0; i < n; i++) r->variables[2][i] = t;
    mupEvalBulk(r->parser, out + first, (int)n);
  }
}

static void ParserSlopeRow(Bench *b, PetscReal t, const PetscReal *T)
{
  const PetscReal d = 1.8e-3;

  ParserRow(b, t, T, b->reference);
  for (PetscInt i = 0; i < b->n; i++) b->shifted[i] = T[i] - d;
  ParserRow(b, t, b->shifted, b->below);
  for (PetscInt i = 0; i < b->n; i++) b->shifted[i] = T[i] + d;
  ParserRow(b, t, b->shifted, b->above);
  for (PetscInt i = 0; i < b->n; i++) b->slope[i] = (b->above[i] - b->below[i]) / (2.0 * d);
}

/* ------- turns ------- */

enum { PARSER, OURS, WAYS };

static PetscErrorCode EvaluateRow(Bench *b, const Formula *f, int way, PetscInt j, PetscReal t)
{
  const PetscReal *T = b->T + j * b->n;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < b->n; i++) b->y[i] = b->x[j];
  if (way == OURS && f->slope)
    PetscCall(HeatSlopeEvaluate(b->e, b->n, b->x, b->y, t, T, b->value, b->slope));
  else if (way == OURS) PetscCall(HeatExpressionEvaluate(b->e, b->n, b->x, b->y, t, T, b->value));
  else if (f->slope) ParserSlopeRow(b, t, T);
  else ParserRow(b, t, T, b->reference);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the time of each way [ns a cell]. */
static PetscErrorCode TakeTurn(Bench *b, const Formula *f, PetscReal t, PetscReal times[WAYS])
{
  PetscFunctionBeginUser;
  for (int way = 0; way < WAYS; way++) {
    const clock_t start = clock();

    for (PetscInt j = 0; j < b->n; j++) PetscCall(EvaluateRow(b, f, way, j, t));
    times[way] = 1e9 * (PetscReal)(clock() - start) / CLOCKS_PER_SEC /
                 ((PetscReal)b->n * (PetscReal)b->n);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the largest difference of the values, relative to the largest value. */
static PetscErrorCode Compare(Bench *b, const Formula *f, PetscReal t, PetscReal *apart)
{
  PetscReal largest = 0.0;

  PetscFunctionBeginUser;
  *apart = 0.0;
  for (PetscInt j = 0; j < b->n; j++) {
    for (int way = 0; way < WAYS; way++) PetscCall(EvaluateRow(b, f, way, j, t));
    for (PetscInt i = 0; i < b->n; i++) {
      largest = PetscMax(largest, fabs(b->reference[i]));
      *apart  = PetscMax(*apart, fabs(b->reference[i] - b->value[i]));
    }
  }
  if (largest > 0.0) *apart /= largest;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(Bench *b, const Formula *f, PetscInt repeats)
{
  HeatFormula formula = {.given = PETSC_TRUE};
  char        message[512];
  PetscReal   times[WAYS][MOST_REPEATS], turn[WAYS], apart;

  PetscFunctionBeginUser;
  PetscCall(PetscStrallocpy(f->text, &formula.text));
  PetscCall(HeatExpressionCreate(&formula, ALL, &b->e, message, sizeof message));
  HeatCheck(b->e, PETSC_COMM_SELF, HEAT_ERR_INPUT, "%s", message);
  ReferenceCreate(f->text, &b->parser);
  for (PetscInt r = 0; r < repeats; r++) {
    PetscCall(TakeTurn(b, f, 0.1 * (PetscReal)r, turn));
    for (int way = 0; way < WAYS; way++) times[way][r] = turn[way];
  }
  for (int way = 0; way < WAYS; way++) turn[way] = BenchMedian(times[way], repeats);
  PetscCall(Compare(b, f, 0.7, &apart));
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "%-14s %9.2f  %7.2f  %6.1f  %8.1e\n", f->name,
                        turn[PARSER], turn[OURS], turn[PARSER] / turn[OURS], apart));
  HeatCheck(apart <= 1e-12, PETSC_COMM_SELF, HEAT_ERR_NUMERICS,
            "the values of %s differ from muParser's", f->text);
  ReferenceDestroy(&b->parser);
  PetscCall(HeatExpressionDestroy(&b->e));
  PetscCall(PetscFree(formula.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  static Bench b;
  PetscInt     repeats = 5;
  PetscReal   *memory;

  PetscFunctionBeginUser;
  b.n = 1000;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-cells", &b.n, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeats", &repeats, NULL));
  HeatCheck(b.n >= 1 && repeats >= 1 && repeats <= MOST_REPEATS, PETSC_COMM_WORLD, HEAT_ERR_INPUT,
            "-cells at least 1, -repeats 1 to %d", MOST_REPEATS);
  omp_set_num_threads(1);
  PetscCall(PetscMalloc2(8 * (size_t)b.n, &memory, (size_t)b.n * (size_t)b.n, &b.T));
  PetscReal **const rows[] = {&b.x,     &b.y,     &b.shifted, &b.below,
                              &b.above, &b.value, &b.slope,   &b.reference};
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(rows); k++) *rows[k] = memory + k * (size_t)b.n;
  FillGrid(&b);
  PetscCall(PetscPrintf(PETSC_COMM_SELF, "%-14s %9s  %7s  %6s  %8s\n", "formula", "muparser",
                        "heat2d", "ratio", "apart"));
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(formulas); k++)
    PetscCall(Measure(&b, &formulas[k], repeats));
  PetscCall(PetscFree2(memory, b.T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
