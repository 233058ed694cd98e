/** The PI controller of step_control.h, and the first step of a controlled run.
 *
 *  All decisions follow from maxima over all ranks, which do not depend on the decomposition. */
#include "solver/stepper/step_control.h"

#include <math.h>

/* Factor on the step that the error would allow, so that few attempts are rejected.  Chosen, as
   usual for such controllers: a larger value rejects more attempts, a smaller one takes more
   steps. */
static const PetscReal Safety = 0.9;

/* Smallest factor from one attempt or step to the next.  Chosen: a smaller value lets one bad
   estimate make a step much too short, a larger one needs more attempts at a jump in time. */
static const PetscReal SmallestFactor = 0.2;

/* Smallest factor by which a step grows.  Chosen: with a larger value steps stay shorter than the
   error requires, with a smaller one the preconditioner is set up again for little. */
static const PetscReal SmallestGrowth = 1.2;

/* Return the floor [K] of the tolerated error where the case gives none.  Its factors are chosen:
   it is far above rounding, and where the temperatures of the case differ by more than 0.01 K and
   1 % of their magnitude it matters only for fields with less than a hundredth of their spread. */
static PetscReal DefaultAbsolute(const HeatCase *c)
{
  PetscReal low, high, scale = 1e-4;

  HeatCaseTemperatureRange(c, &low, &high);
  if (low <= high) {
    scale = PetscMax(scale, 0.01 * (high - low));
    scale = PetscMax(scale, 1e-4 * PetscMax(PetscAbsReal(low), PetscAbsReal(high)));
  }
  return c->time.adaptive.tolerance * scale;
}

void HeatStepControlInit(HeatStepControl *k, const HeatCase *c, PetscReal growth)
{
  *k           = (HeatStepControl){.min = c->time.adaptive.min, .max = c->time.adaptive.max};
  k->tolerance = c->time.adaptive.tolerance;
  k->absolute  = c->time.adaptive.absolute > 0.0 ? c->time.adaptive.absolute : DefaultAbsolute(c);
  k->growth    = growth;
  k->low       = PETSC_MAX_REAL;
  k->high      = PETSC_MIN_REAL;
}

/* Compute extremes = {largest error, highest temperature, -lowest temperature} [K] over all ranks.
   The error becomes infinite where it or a temperature is not finite. */
static PetscErrorCode ReduceExtremes(const HeatOperator *op, const PetscReal *T, PetscReal error,
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

PetscErrorCode HeatStepControlWidenRange(HeatStepControl *k, const HeatOperator *op,
                                         const PetscReal *T)
{
  PetscReal extremes[3];

  PetscFunctionBeginUser;
  PetscCall(ReduceExtremes(op, T, 0.0, extremes));
  k->high = PetscMax(k->high, extremes[1]);
  k->low  = PetscMin(k->low, -extremes[2]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the tolerated error [K] of a field whose temperatures have been between low and high. */
static PetscReal ToleratedError(const HeatStepControl *k, PetscReal low, PetscReal high)
{
  return PetscMax(k->tolerance * (high - low), k->absolute);
}

PetscReal HeatStepControlTolerated(const HeatStepControl *k)
{
  return ToleratedError(k, k->low, k->high);
}

/* ratio = error/max(tolerance (high - low), absolute), or 0 where the error is within rounding,
   32 epsilon max(|high|, |low|): two fields cannot agree better, however short the step.  32 is
   chosen, some tens of roundings of a temperature.  With a larger value true errors would count
   as none; with a smaller one steps would be rejected for their rounding, where the spread is
   small against the temperatures. */
PetscErrorCode HeatStepControlMeasure(HeatStepControl *k, const HeatOperator *op,
                                      const PetscReal *T, PetscReal error, PetscReal *ratio)
{
  PetscReal extremes[3], high, low, rounding;

  PetscFunctionBeginUser;
  PetscCall(ReduceExtremes(op, T, error, extremes));
  high           = PetscMax(k->high, extremes[1]);
  low            = PetscMin(k->low, -extremes[2]);
  k->measured[0] = low;
  k->measured[1] = high;
  rounding       = 32.0 * PETSC_MACHINE_EPSILON * PetscMax(PetscAbsReal(high), PetscAbsReal(low));
  if (!isfinite(rounding)) *ratio = INFINITY;
  else *ratio = extremes[0] <= rounding ? 0.0 : extremes[0] / ToleratedError(k, low, high);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatStepControlShorten(PetscReal dt, PetscReal ratio, int order)
{
  if (!isfinite(ratio)) return SmallestFactor * dt;
  return dt * PetscMax(SmallestFactor, Safety * PetscPowReal(ratio, -1.0 / order));
}

/* Return the factor from this step to the next, between 0.2 and the scheme's largest growth:
       allowed = 0.9 ratio^(-1/k)                        what the error alone allows
       factor  = 0.9 ratio^(-0.7/k) previous^(0.4/k)     with `trend`, if `previous` is known
   The exponents are those usual for Gustafsson's PI controller (see the header): the second line is
   0.9 ratio^(-0.3/k) (previous/ratio)^(0.4/k), with the gain 0.3 for the error and 0.4 for its
   trend.  Where `allowed` is at least 1.2 the factor is kept between 1.2 and `allowed`; otherwise
   it is at most 1, so that a step that hardly grows keeps its length. */
static PetscReal NextFactor(const HeatStepControl *k, PetscReal ratio, int order, PetscBool trend)
{
  const PetscReal allowed = Safety * PetscPowReal(ratio, -1.0 / order);
  PetscReal       factor  = allowed;

  if (trend && k->previous > 0.0) {
    factor = Safety * PetscPowReal(ratio, -0.7 / order) * PetscPowReal(k->previous, 0.4 / order);
  }
  if (allowed >= SmallestGrowth) factor = PetscMin(allowed, PetscMax(factor, SmallestGrowth));
  else if (factor > 1.0) factor = 1.0;
  return PetscMin(k->growth, PetscMax(SmallestFactor, factor));
}

void HeatStepControlAccept(HeatStepControl *k, PetscReal dt, PetscReal ratio, int order,
                           PetscBool rejected)
{
  /* Lower bound of a ratio, so that its negative powers stay finite.  Chosen: values above 1e-3
     would limit the growth after steps with a small error; with a smaller value a `previous` of
     almost no error shortens the next step more. */
  const PetscReal least = 1e-10;
  /* Relative difference from the proposal up to which a step counts as the one proposed, not as one
     that the caller cut short.  Chosen above the rounding of the caller's times: with a larger
     value steps that were cut by little count as proposed, with a smaller one steps that differ by
     rounding count as cut. */
  const PetscReal same    = 1e-12;
  const PetscReal now     = PetscMax(ratio, least);
  const PetscBool clipped = (!rejected && k->next > 0.0 && dt < k->next * (1.0 - same))
                                ? PETSC_TRUE
                                : PETSC_FALSE;
  PetscReal       factor  = NextFactor(k, now, order, clipped ? PETSC_FALSE : PETSC_TRUE);

  k->low  = k->measured[0];
  k->high = k->measured[1];
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
  if (k->low == 0.0 && k->high == 0.0) { /* begin anew */
    k->low  = PETSC_MAX_REAL;
    k->high = PETSC_MIN_REAL;
  }
}

/* The first step. */

/* Compute rate = N(T, t)/C [K/s] of own cells, or 0 where the coefficients are undefined at T. */
static PetscErrorCode ComputeRate(HeatOperator *op, PetscReal t, const PetscReal *T,
                                  PetscReal *rate)
{
  const HeatGrid *g = HeatOperatorGrid(op);
  PetscBool       valid;

  PetscFunctionBeginUser;
  PetscCall(HeatOperatorTryBring(op, t, T, &valid));
  if (valid) PetscCall(HeatOperatorNet(op, T, rate));
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *C   = HeatOperatorCapacity(op, j);
    PetscReal       *row = rate + (size_t)j * (size_t)g->nxl;

    for (PetscInt i = 0; i < g->nxl; i++) row[i] = valid ? row[i] / C[i] : 0.0;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the largest |a - b| over the cells of all ranks; b may be NULL for 0.  It becomes
   infinite where a difference is not finite, since a maximum ignores NaN. */
static PetscErrorCode LargestDifference(const HeatOperator *op, const PetscReal *a,
                                        const PetscReal *b, PetscReal *largest)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));

  PetscFunctionBeginUser;
  *largest = 0.0;
  for (size_t i = 0; i < n; i++) {
    const PetscReal d = PetscAbsReal(a[i] - (b ? b[i] : 0.0));

    *largest = PetscMax(*largest, isfinite(d) ? d : INFINITY);
  }
  PetscCallMPI(
      MPI_Allreduce(MPI_IN_PLACE, largest, 1, MPIU_REAL, MPIU_MAX, HeatOperatorGrid(op)->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return a step [s] for a field that no rate of change limits: a thousandth of the run, or 1 s
   where the run has no end time.  Both are chosen: a longer step may miss the beginning of a
   change, a shorter one costs a few steps until it has grown. */
static PetscReal StepAtRest(const HeatCase *c)
{
  return c->time.end > 0.0 ? 1e-3 * c->time.end : 1.0;
}

/* Compute the first step:
       h      = 0.01 spread/|rate|                  the field changes by 0.01 of its spread
       lambda = |rate(t + h) - rate(t)|/(h |rate|)  how fast the rate changes [1/s]
       dt     = min(100 h, (0.01 tolerated lambda/|rate|)^(1/k)/lambda)
   with |.| the largest over all cells and rate(t + h) taken at T + h rate(t).  The error of a step
   is about |rate|/lambda (lambda dt)^k; the second term of the minimum makes it a hundredth of the
   tolerated error.  The factors 0.01 and 100 are the book's (see the header).  The book's formula
   ignores units; this one is the same idea with rates in K/s.  A field without spread takes as its
   spread what it changes by in the largest stable explicit step.  A field at rest gets the shorter
   of that step and StepAtRest, and so does a field whose rate is not finite: the step itself finds
   the reason.  Where the rate at t + h is not finite, dt = h. */
static PetscErrorCode StepFromRates(const HeatStepControl *k, HeatOperator *op, PetscReal t,
                                    const PetscReal *T, int order, PetscReal *work[3],
                                    PetscReal *dt)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));
  PetscReal    rate, change, lambda, h, spread = k->high - k->low;

  PetscFunctionBeginUser;
  PetscCall(ComputeRate(op, t, T, work[0]));
  PetscCall(LargestDifference(op, work[0], NULL, &rate));
  PetscCall(HeatOperatorStableStep(op, &h));
  if (h == PETSC_MAX_REAL) h = StepAtRest(HeatOperatorCase(op));
  if (rate == 0.0 || !isfinite(rate)) { /* at rest: a source or a side may change that later */
    *dt = PetscMin(h, StepAtRest(HeatOperatorCase(op)));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  if (spread == 0.0) spread = h * rate;
  h = 0.01 * spread / rate;
  if (HeatOperatorCase(op)->time.end > t) /* formulas need not be defined after the run */
    h = PetscMin(h, HeatOperatorCase(op)->time.end - t);
  for (size_t i = 0; i < n; i++) work[2][i] = T[i] + h * work[0][i];
  PetscCall(ComputeRate(op, t + h, work[2], work[1]));
  PetscCall(LargestDifference(op, work[1], work[0], &change));
  *dt = h;
  if (!isfinite(change)) PetscFunctionReturn(PETSC_SUCCESS);
  *dt    = 100.0 * h;
  lambda = change / (h * rate);
  if (lambda > 0.0) {
    const PetscReal tolerated = 0.01 * ToleratedError(k, k->low, k->low + spread) * lambda / rate;

    *dt = PetscMin(*dt, PetscPowReal(tolerated, 1.0 / order) / lambda);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStepControlFirstStep(HeatStepControl *k, HeatOperator *op, PetscReal t,
                                        const PetscReal *T, int order, PetscReal *dt)
{
  const size_t n = HeatGridLocalCells(HeatOperatorGrid(op));
  PetscReal   *work[3];

  PetscFunctionBeginUser;
  PetscCall(HeatStepControlWidenRange(k, op, T));
  PetscCall(PetscMalloc3(n, &work[0], n, &work[1], n, &work[2]));
  PetscCall(StepFromRates(k, op, t, T, order, work, dt));
  PetscCall(PetscFree3(work[0], work[1], work[2]));
  if (k->max > 0.0) *dt = PetscMin(*dt, k->max);
  if (k->min > 0.0) *dt = PetscMax(*dt, k->min);
  PetscFunctionReturn(PETSC_SUCCESS);
}
