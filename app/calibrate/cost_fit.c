/** The fit of the costs of kernels (cost_fit.h).
 *
 *  The time of a kernel that cannot be called alone is a difference of measured times.  Its error
 *  is a fraction of these times, not of the usually much smaller difference.  In the least squares
 *  its equation is therefore divided by the estimated error of the difference (EquationOf). */
#include "app/calibrate/cost_fit.h"

#include <math.h>

enum { UNKNOWNS = 3 + HEAT_FIT_GRIDS, SWEEPS = 20000 };

/* An equation of the least squares: the sum of t over some grids. */
typedef struct {
  PetscInt n;
  double   cells[32], rows[32]; /* levels of a multigrid, or one grid */
  double   seconds;             /* [s] may be negative, because of noise */
  double   scale;               /* [s] by which the equation is divided */
} Equation;

/* A fit in progress, and its result. */
typedef struct {
  PetscInt n;               /* unknowns */
  double   at[UNKNOWNS];    /* [cells] where the steps begin, from the fourth unknown on */
  double   next[UNKNOWNS];  /* [cells] where they end */
  double   value[UNKNOWNS]; /* a, l, c, d_1, d_2, ... */
} Model;

/* Return the part of an unknown in t(m, rows). */
static double Part(const Model *model, PetscInt unknown, double m, double rows)
{
  const double begin = model->at[unknown], end = model->next[unknown];

  if (unknown == 0) return 1.0;
  if (unknown == 1) return rows;
  if (unknown == 2) return m;
  return m * PetscClipInterval(log(m / begin) / log(end / begin), 0.0, 1.0);
}

/* Return the time of a square grid of m cells. */
static double TimeAt(const Model *model, double m)
{
  double sum = 0.0;

  for (PetscInt k = 0; k < model->n; k++) sum += model->value[k] * Part(model, k, m, sqrt(m));
  return sum;
}

/* Find the non-negative unknowns of least squares, one after the other, again and again: the
   problem is convex and has few unknowns. */
static void Solve(PetscInt n, const Equation *equations, Model *model)
{
  double matrix[HEAT_FIT_GRIDS][UNKNOWNS], left[HEAT_FIT_GRIDS];

  for (PetscInt i = 0; i < n; i++) {
    left[i] = equations[i].seconds / equations[i].scale;
    for (PetscInt k = 0; k < model->n; k++) {
      matrix[i][k] = 0.0;
      for (PetscInt j = 0; j < equations[i].n; j++)
        matrix[i][k] += Part(model, k, equations[i].cells[j], equations[i].rows[j]) /
                        equations[i].scale;
    }
  }
  for (PetscInt k = 0; k < model->n; k++) model->value[k] = 0.0;
  for (PetscInt sweep = 0; sweep < SWEEPS; sweep++) {
    for (PetscInt k = 0; k < model->n; k++) {
      double along = 0.0, square = 0.0, before = model->value[k];

      for (PetscInt i = 0; i < n; i++) {
        along += matrix[i][k] * left[i];
        square += matrix[i][k] * matrix[i][k];
      }
      if (square == 0.0) continue; /* a step beyond all grids */
      model->value[k] = PetscMax(0.0, before + along / square);
      for (PetscInt i = 0; i < n; i++) left[i] -= matrix[i][k] * (model->value[k] - before);
    }
  }
}

static double CellsOf(const HeatRawTimes *raw) { return raw->nx * raw->ny; }

/* Append the cost of a cell of a square grid. */
static void AddPoint(const Model *model, double m, HeatCurve *curve)
{
  HeatCurveAdd(curve, m, PetscMax(TimeAt(model, m) / m, 1e-15));
}

/* Fit one kernel, and store its cost of a cell at `least` cells, at each doubling and at each
   measured size, where steps begin and end. */
static void Fit(PetscInt n, const Equation *equations, const HeatRawTimes *raw, double least,
                HeatFittedCost *cost)
{
  Model  model = {.n = 3};
  double m     = least;

  for (PetscInt k = 0; k + 1 < n; k++) {
    if (CellsOf(&raw[k + 1]) <= CellsOf(&raw[k])) continue; /* two shapes of one size */
    model.at[model.n]     = CellsOf(&raw[k]);
    model.next[model.n++] = CellsOf(&raw[k + 1]);
  }
  Solve(n, equations, &model);
  *cost = (HeatFittedCost){.row = model.value[1]};
  for (PetscInt k = 0; k < n; k++) {
    for (; m < CellsOf(&raw[k]) * 0.999; m *= 2.0) AddPoint(&model, m, &cost->seconds);
    AddPoint(&model, CellsOf(&raw[k]), &cost->seconds);
  }
}

/* A kernel's time as a linear combination of the raw times of a grid: sum of weights[k]
   seconds[k]. */
typedef struct {
  double weights[HEAT_RAWS];
} Recipe;

/* Return the recipe of (time of many - time of few)/difference, with `difference` the difference of
   their numbers of steps, stages or iterations. */
static Recipe Slope(HeatRaw few, HeatRaw many, double difference)
{
  Recipe r = {{0}};

  r.weights[few]  = -1.0 / difference;
  r.weights[many] = 1.0 / difference;
  return r;
}

static Recipe Times(HeatRaw raw, double factor)
{
  Recipe r = {{0}};

  r.weights[raw] = factor;
  return r;
}

/* Add factor times another recipe. */
static Recipe Plus(Recipe r, double factor, Recipe other)
{
  for (int k = 0; k < HEAT_RAWS; k++) r.weights[k] += factor * other.weights[k];
  return r;
}

static Recipe RecipeOf(HeatKernel kernel, double iterations)
{
  const double steps  = HEAT_LONG_SWEEP - HEAT_SHORT_SWEEP;
  const double more   = HEAT_MANY_ITERATIONS - HEAT_FEW_ITERATIONS;
  const Recipe step   = Slope(HEAT_RAW_FTCS_SHORT, HEAT_RAW_FTCS_LONG, steps);
  const Recipe stage  = Slope(HEAT_RAW_RKL2_FEW, HEAT_RAW_RKL2_MANY,
                              HEAT_MANY_STAGES - HEAT_FEW_STAGES);
  const Recipe finest = Slope(HEAT_RAW_ONE_FEW, HEAT_RAW_ONE_MANY, more);
  const Recipe all    = Slope(HEAT_RAW_ALL_FEW, HEAT_RAW_ALL_MANY, more);

  switch (kernel) {
  case HEAT_KERNEL_FTCS: return Times(HEAT_RAW_FTCS, 1.0);
  case HEAT_KERNEL_FTCS_SWEEP: return step;
  case HEAT_KERNEL_FTCS_PASS: return Plus(Times(HEAT_RAW_FTCS_SHORT, 1.0), -HEAT_SHORT_SWEEP, step);
  case HEAT_KERNEL_RKL2: return Times(HEAT_RAW_RKL2, 1.0 / HEAT_FEW_STAGES);
  case HEAT_KERNEL_RKL2_SWEEP: return stage;
  case HEAT_KERNEL_RKL2_PASS: return Plus(Times(HEAT_RAW_RKL2_FEW, 1.0), -HEAT_FEW_STAGES, stage);
  case HEAT_KERNEL_ITERATION: return finest;
  case HEAT_KERNEL_COARSE: return Plus(all, -1.0, finest);
  case HEAT_KERNEL_SOLVE: return Plus(Times(HEAT_RAW_STEP, 1.0), -iterations, finest);
  default: return Times(HEAT_RAW_ROW, 1.0);
  }
}

/* Add t of a grid to an equation. */
static void AddGrid(Equation *e, double nx, double ny)
{
  e->cells[e->n]  = nx * ny;
  e->rows[e->n++] = ny;
}

/* Make the equation of a kernel on a grid.  Its scale is the uncertainty of the recipe where every
   raw time is uncertain by the same part of itself. */
static Equation EquationOf(HeatKernel kernel, const HeatRawTimes *raw)
{
  const Recipe recipe = RecipeOf(kernel, raw->iterations);
  Equation     e      = {0};
  double       square = 0.0;

  for (int k = 0; k < HEAT_RAWS; k++) {
    const double term = recipe.weights[k] * raw->seconds[k];

    e.seconds += term;
    square += term * term;
  }
  e.scale = sqrt(square);
  if (kernel != HEAT_KERNEL_COARSE) AddGrid(&e, raw->nx, raw->ny);
  else /* the levels below nx x ny cells, down to one */
    for (double nx = raw->nx, ny = raw->ny; nx > 1.0 || ny > 1.0;) {
      nx = ceil(0.5 * nx);
      ny = ceil(0.5 * ny);
      AddGrid(&e, nx, ny);
    }
  return e;
}

void HeatCostFit(PetscInt n, const HeatRawTimes *raw, HeatFittedCost costs[HEAT_KERNELS])
{
  for (int kernel = 0; kernel < HEAT_KERNELS; kernel++) {
    const PetscBool coarse = kernel == HEAT_KERNEL_COARSE ? PETSC_TRUE : PETSC_FALSE;
    const double    first  = CellsOf(&raw[0]);
    Equation        equations[HEAT_FIT_GRIDS];

    for (PetscInt k = 0; k < n; k++) equations[k] = EquationOf((HeatKernel)kernel, &raw[k]);
    Fit(n, equations, raw, coarse ? first / 64.0 : first, &costs[kernel]);
  }
}

double HeatCostRise(const HeatRawTimes *small, const HeatRawTimes *large)
{
  double most = 0.0;

  for (int k = 0; k < HEAT_RAWS; k++)
    most = PetscMax(most,
                    large->seconds[k] / CellsOf(large) / (small->seconds[k] / CellsOf(small)));
  return most;
}
