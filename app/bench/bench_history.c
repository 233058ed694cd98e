/** The history of a window (bench_history.h). */
#include "app/bench/bench_history.h"

#include <math.h>

#include "app/bench/draw.h"
#include "solver/base/error.h"

/* Implicit steps: MARGIN is the number of cells by which the patch is wider than the window on each
   side, SolveTolerance the tolerance of a solve relative to its first residual, and MOST_ITERATIONS
   bounds its iterations.  Measured (solver/MEASURED.md): with 48 cells some windows of right fields
   have an error of 0.34, with 80 cells of less than 0.1.  More accurate solves change the error by
   less than it varies between windows, and take longer. */
enum { MARGIN = 80, MOST_ITERATIONS = 400 };
static const double SolveTolerance = 1e-4;

/* [K] Mean of the initial temperatures, 256 + m/2^32. */
static const double MeanTemperature = 256.5;

/* A patch of the problem `field`.  Arrays are owned and have nx ny values, x fastest. */
typedef struct {
  const HeatBenchId *id;
  PetscInt64         x0, y0; /* of its first cell in the grid */
  PetscInt           nx, ny;
  double            *T;       /* [K] */
  double            *rate;    /* [W/(m K)] C/dt */
  double            *gx, *gy; /* [W/(m K)] of the faces west and south; 0 at the patch's edges */
  double            *d;       /* [W/(m K)] diagonal of the equation */
  double            *x, *r, *p, *q; /* vectors of the solve */
} Patch;

/* Return the conductance of the face between cell (i, j) of the patch and its neighbour to the west
   (axis 0) or south (axis 1). */
static double Face(const Patch *s, int axis, PetscInt i, PetscInt j)
{
  const PetscInt64 a = s->x0 + i, b = s->y0 + j;

  if ((axis == 0 ? i : j) == 0) return 0.0;
  return HeatBenchConductance(s->id, a, b, axis == 0 ? a - 1 : a, axis == 0 ? b : b - 1);
}

/* Set up the patch around a row, `margin` cells wider on all sides where the grid is. */
static PetscErrorCode OpenPatch(const HeatBenchId *id, uint32_t cycle, const HeatHistoryRow *row,
                                PetscInt64 margin, Patch *s)
{
  const PetscInt64 x1 = PetscMin(id->size->cells, row->first + row->n + margin);
  const PetscInt64 y1 = PetscMin(id->size->cells, row->row + 1 + margin);
  size_t           n;

  PetscFunctionBeginUser;
  *s    = (Patch){.id = id, .x0 = PetscMax(0, row->first - margin)};
  s->y0 = PetscMax(0, row->row - margin);
  s->nx = (PetscInt)(x1 - s->x0);
  s->ny = (PetscInt)(y1 - s->y0);
  n     = (size_t)s->nx * (size_t)s->ny;
  PetscCall(PetscMalloc5(n, &s->T, n, &s->rate, n, &s->gx, n, &s->gy, n, &s->d));
  PetscCall(PetscCalloc4(n, &s->x, n, &s->r, n, &s->p, n, &s->q));
  for (PetscInt j = 0; j < s->ny; j++) {
    for (PetscInt i = 0; i < s->nx; i++) {
      const size_t at = (size_t)j * (size_t)s->nx + (size_t)i;

      s->T[at]    = HeatDrawTemperature(id->nonce, cycle, s->x0 + i, s->y0 + j);
      s->rate[at] = HeatBenchCapacity(id, s->x0 + i, s->y0 + j) / HeatBenchStep(id->workload);
      s->gx[at]   = Face(s, 0, i, j);
      s->gy[at]   = Face(s, 1, i, j);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ClosePatch(Patch *s)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree5(s->T, s->rate, s->gx, s->gy, s->d));
  PetscCall(PetscFree4(s->x, s->r, s->p, s->q));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the net heat that enters each cell through its faces [W/m]. */
static void Net(const Patch *s, const double *restrict T, double *restrict net)
{
  const size_t nx = (size_t)s->nx, n = nx * (size_t)s->ny;

  for (size_t at = 0; at < n; at++) net[at] = 0.0;
  for (size_t at = 1; at < n; at++) { /* gx is 0 at the beginning of a row */
    const double heat = s->gx[at] * (T[at - 1] - T[at]);

    net[at] += heat;
    net[at - 1] -= heat;
  }
  for (size_t at = nx; at < n; at++) {
    const double heat = s->gy[at] * (T[at - nx] - T[at]);

    net[at] += heat;
    net[at - nx] -= heat;
  }
}

static double Dot(size_t n, const double *a, const double *b)
{
  double sum = 0.0;

  for (size_t at = 0; at < n; at++) sum += a[at] * b[at];
  return sum;
}

/* Set the diagonal C/dt + sum of the conductances. */
static void SetDiagonal(Patch *s)
{
  const size_t nx = (size_t)s->nx, n = nx * (size_t)s->ny;

  for (size_t at = 0; at < n; at++) s->d[at] = s->rate[at];
  for (size_t at = 1; at < n; at++) {
    s->d[at] += s->gx[at];
    s->d[at - 1] += s->gx[at];
  }
  for (size_t at = nx; at < n; at++) {
    s->d[at] += s->gy[at];
    s->d[at - nx] += s->gy[at];
  }
}

/* Take a step of backward Euler: solve (C/dt - N) x = N(T) for the change x of T by conjugate
   gradients, with the diagonal as preconditioner. */
static void StepImplicit(Patch *s)
{
  const size_t n = (size_t)s->nx * (size_t)s->ny;
  double       rho, first;

  Net(s, s->T, s->r);
  for (size_t at = 0; at < n; at++) {
    s->x[at] = 0.0;
    s->p[at] = s->r[at] / s->d[at];
  }
  rho = first = Dot(n, s->r, s->p);
  for (int k = 0; k < MOST_ITERATIONS && rho > SolveTolerance * SolveTolerance * first; k++) {
    double alpha, before = rho;

    Net(s, s->p, s->q);
    for (size_t at = 0; at < n; at++) s->q[at] = s->rate[at] * s->p[at] - s->q[at];
    alpha = rho / Dot(n, s->p, s->q);
    rho   = 0.0;
    for (size_t at = 0; at < n; at++) {
      s->x[at] += alpha * s->p[at];
      s->r[at] -= alpha * s->q[at];
      rho += s->r[at] * s->r[at] / s->d[at];
    }
    for (size_t at = 0; at < n; at++) s->p[at] = s->r[at] / s->d[at] + rho / before * s->p[at];
  }
  for (size_t at = 0; at < n; at++) s->T[at] += s->x[at];
}

static void StepExplicit(Patch *s)
{
  const size_t n = (size_t)s->nx * (size_t)s->ny;

  Net(s, s->T, s->r);
  for (size_t at = 0; at < n; at++) s->T[at] += s->r[at] / s->rate[at];
}

/* Return whether cell (i, j) is of glass or epoxy, whose diffusivities are the lowest ones. */
static PetscBool KeepsItsHeat(const HeatBenchId *id, PetscInt64 i, PetscInt64 j)
{
  return HeatBenchMaterials[HeatDrawMaterial(id->nonce, i, j)].conductivity <= 1.0 ? PETSC_TRUE
                                                                                   : PETSC_FALSE;
}

/* Return the error of a row against the patch, as HeatHistoryCompare defines it. */
static double ErrorOf(const Patch *s, const HeatHistoryRow *row)
{
  const PetscBool exact = (PetscBool)(s->id->workload == HEAT_BENCH_EXPLICIT);
  const double   *T     = s->T + (size_t)(row->row - s->y0) * (size_t)s->nx + (row->first - s->x0);
  double          wrong = 0.0, right = 0.0, most = 0.0;

  for (int k = 0; k < row->n; k++) {
    const double difference = row->values[k] - T[k];

    if (isnan(difference)) return NAN;
    most = fmax(most, fabs(difference));
    if (!KeepsItsHeat(s->id, row->first + k, row->row)) continue;
    wrong += difference * difference;
    right += (T[k] - MeanTemperature) * (T[k] - MeanTemperature);
  }
  if (exact) return most;
  return right == 0.0 && wrong == 0.0 ? 0.0 : sqrt(wrong / right);
}

PetscErrorCode HeatHistoryCompare(const HeatBenchId *id, uint32_t cycle, PetscInt step,
                                  const HeatHistoryRow *row, double *error)
{
  const PetscBool exact = (PetscBool)(id->workload == HEAT_BENCH_EXPLICIT);
  Patch           s;

  PetscFunctionBeginUser;
  PetscCall(OpenPatch(id, cycle, row, exact ? step : MARGIN, &s));
  SetDiagonal(&s);
  for (PetscInt k = 0; k < step; k++) {
    if (exact) StepExplicit(&s);
    else StepImplicit(&s);
  }
  *error = ErrorOf(&s, row);
  PetscCall(ClosePatch(&s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

double HeatHistoryBound(HeatBenchWorkload workload)
{
  /* explicit [K]: the roundings of 100 steps, 256 K 2^-52 each, amount to some 1e-12 K.  implicit:
     chosen between the 0.1 of right fields (solver/MEASURED.md) and the 1 of a constant field. */
  return workload == HEAT_BENCH_EXPLICIT ? 1e-9 : 0.6;
}
