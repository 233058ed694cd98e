/* The controller (see the header). */
#include "solver/stepper/step_control.h"

#include <math.h>

static const PetscReal Safety = 0.9, Shrink = 0.2, Ignored = 1.2;

void HeatStepControlInit(HeatStepControl *k, const HeatCase *c, PetscReal growth)
{
  *k           = (HeatStepControl){.min = c->time.adaptive.min, .max = c->time.adaptive.max};
  k->tolerance = c->time.adaptive.tolerance;
  k->growth    = growth;
  k->low       = PETSC_MAX_REAL;
  k->high      = PETSC_MIN_REAL;
}

/* extremes = {largest error, highest, -lowest temperature} of all ranks; a NaN becomes infinite. */
static PetscErrorCode Extremes(const HeatOperator *op, const PetscReal *T, PetscReal error,
                               PetscReal extremes[3])
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));

  PetscFunctionBeginUser;
  extremes[0] = isfinite(error) ? error : INFINITY;
  extremes[1] = extremes[2] = PETSC_MIN_REAL;
  for (size_t i = 0; i < n; i++) {
    extremes[1] = PetscMax(extremes[1], T[i]);
    extremes[2] = PetscMax(extremes[2], -T[i]);
    if (!isfinite(T[i])) extremes[0] = INFINITY;
  }
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, extremes, 3, MPIU_REAL, MPIU_MAX, HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepControlSee(HeatStepControl *k, const HeatOperator *op, const PetscReal *T)
{
  PetscReal extremes[3];

  PetscFunctionBeginUser;
  PetscCall(Extremes(op, T, 0.0, extremes));
  k->high = PetscMax(k->high, extremes[1]);
  k->low  = PetscMin(k->low, -extremes[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Differences of a few units in the last place are no error: two fields cannot agree better. */
PetscErrorCode HeatStepControlMeasure(HeatStepControl *k, const HeatOperator *op,
                                      const PetscReal *T, PetscReal error, PetscReal *ratio)
{
  PetscReal extremes[3], high, low, noise;

  PetscFunctionBeginUser;
  PetscCall(Extremes(op, T, error, extremes));
  high       = PetscMax(k->high, extremes[1]);
  low        = PetscMin(k->low, -extremes[2]);
  k->seen[0] = low;
  k->seen[1] = high;
  noise      = 32.0 * PETSC_MACHINE_EPSILON * PetscMax(PetscAbsReal(high), PetscAbsReal(low));
  *ratio     = extremes[0] <= noise ? 0.0 : extremes[0] / (k->tolerance * (high - low));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatStepControlShorter(PetscReal dt, PetscReal ratio, int order)
{
  if (!isfinite(ratio)) return Shrink * dt;
  return dt * PetscMax(Shrink, Safety * PetscPowReal(ratio, -1.0 / order));
}

/* What the error alone would allow; and what the PI controller makes of its trend.  Growth of less
   than a fifth waits until the error allows more, and then is a fifth at least. */
static PetscReal Factor(const HeatStepControl *k, PetscReal ratio, int order, PetscBool trend)
{
  const PetscReal allowed = Safety * PetscPowReal(ratio, -1.0 / order);
  PetscReal       factor  = allowed;

  if (trend && k->previous > 0.0) {
    factor = Safety * PetscPowReal(ratio, -0.7 / order) * PetscPowReal(k->previous, 0.4 / order);
  }
  if (allowed >= Ignored) factor = PetscMin(allowed, PetscMax(factor, Ignored));
  else if (factor > 1.0) factor = 1.0;
  return PetscMin(k->growth, PetscMax(Shrink, factor));
}

void HeatStepControlAccept(HeatStepControl *k, PetscReal dt, PetscReal ratio, int order,
                           PetscBool rejected)
{
  const PetscReal least   = 1e-10; /* of a ratio, so that powers stay finite */
  const PetscReal now     = PetscMax(ratio, least);
  const PetscBool clipped = (!rejected && k->next > 0.0 && dt < k->next * (1.0 - 1e-12))
                                ? PETSC_TRUE
                                : PETSC_FALSE;
  PetscReal       factor  = Factor(k, now, order, clipped ? PETSC_FALSE : PETSC_TRUE);

  k->low  = k->seen[0];
  k->high = k->seen[1];
  if (rejected) factor = PetscMin(factor, 1.0);
  k->next = clipped ? PetscMax(k->next, factor * dt) : factor * dt;
  if (k->max > 0.0) k->next = PetscMin(k->next, k->max);
  if (k->min > 0.0) k->next = PetscMax(k->next, k->min);
  if (!clipped) k->previous = now;
}

void HeatStepControlSave(const HeatStepControl *k, PetscReal numbers[HEAT_STEP_CONTROL_NUMBERS])
{
  numbers[0] = k->next;
  numbers[1] = k->previous;
  numbers[2] = k->low;
  numbers[3] = k->high;
}

void HeatStepControlLoad(HeatStepControl *k, const PetscReal numbers[HEAT_STEP_CONTROL_NUMBERS])
{
  k->next     = numbers[0];
  k->previous = numbers[1];
  k->low      = numbers[2];
  k->high     = numbers[3];
  if (k->low == 0.0 && k->high == 0.0) { /* a memory of nothing */
    k->low  = PETSC_MAX_REAL;
    k->high = PETSC_MIN_REAL;
  }
}

/* The first step. */

static PetscErrorCode Rate(HeatOperator *op, PetscReal t, const PetscReal *T, PetscReal *rate)
{
  const size_t     n = HeatGridLocalCells(HeatOperatorGrid(op));
  const PetscReal *C = HeatOperatorCapacity(op);
  PetscBool        valid;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorTryBring(op, t, T, &valid));
  if (valid) PetscCall(HeatOperatorNet(op, T, rate));
  for (size_t i = 0; i < n; i++) rate[i] = valid ? rate[i] / C[i] : 0.0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Largest(const HeatOperator *op, const PetscReal *a, const PetscReal *b,
                              PetscReal *largest)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));

  PetscFunctionBeginUser;
  *largest = 0.0;
  for (size_t i = 0; i < n; i++)
    *largest = PetscMax(*largest, PetscAbsReal(a[i] - (b ? b[i] : 0.0)));
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, largest, 1, MPIU_REAL, MPIU_MAX, HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* With nothing to go by: a thousandth of the run, or a second. */
static PetscReal Blind(const HeatCase *c) { return c->time.end > 0.0 ? 1e-3 * c->time.end : 1.0; }

/* h: over it the field changes by a hundredth of its spread.  The rate itself changes at the speed
   lambda, measured over h; then the error of a step is about rate/lambda (lambda dt)^order, and is
   let to be a hundredth of the tolerated one.  (The book's formula has no units.) */
static PetscErrorCode FromRates(const HeatStepControl *k, HeatOperator *op, PetscReal t,
                                const PetscReal *T, int order, PetscReal *work[3], PetscReal *dt)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));
  PetscReal    rate, change, lambda, h, spread = k->high - k->low;

  PetscFunctionBeginUser;
  PetscCall(Rate(op, t, T, work[0]));
  PetscCall(Largest(op, work[0], NULL, &rate));
  PetscCall(HeatOperatorStableStep(op, &h));
  if (h == PETSC_MAX_REAL) h = Blind(HeatOperatorCase(op));
  if (rate == 0.0) { /* at rest, for now */
    *dt = PetscMin(h, Blind(HeatOperatorCase(op)));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (spread == 0.0) spread = h * rate;
  h = 0.01 * spread / rate;
  for (size_t i = 0; i < n; i++) work[2][i] = T[i] + h * work[0][i];
  PetscCall(Rate(op, t + h, work[2], work[1]));
  PetscCall(Largest(op, work[1], work[0], &change));
  *dt    = 100.0 * h;
  lambda = change / (h * rate);
  if (lambda > 0.0) {
    const PetscReal tolerated = 0.01 * k->tolerance * spread * lambda / rate;

    *dt = PetscMin(*dt, PetscPowReal(tolerated, 1.0 / order) / lambda);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepControlFirst(HeatStepControl *k, HeatOperator *op, PetscReal t,
                                    const PetscReal *T, int order, PetscReal *dt)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));
  PetscReal   *work[3];

  PetscFunctionBeginUser;
  PetscCall(HeatStepControlSee(k, op, T));
  PetscCall(PetscMalloc3(n, &work[0], n, &work[1], n, &work[2]));
  PetscCall(FromRates(k, op, t, T, order, work, dt));
  PetscCall(PetscFree3(work[0], work[1], work[2]));
  if (k->max > 0.0) *dt = PetscMin(*dt, k->max);
  if (k->min > 0.0) *dt = PetscMax(*dt, k->min);
  PetscFunctionReturn(PETSC_SUCCESS);
}
