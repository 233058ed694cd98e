/** Names and curves of a machine (machine.h). */
#include "solver/model/machine.h"

#include <math.h>

const char *const HeatKernelNames[] = {
    "ftcs",   "ftcs_sweep", "ftcs_pass", "rkl2",       "rkl2_sweep",   "rkl2_pass", "iteration",
    "coarse", "solve",      "row",       "HeatKernel", "HEAT_KERNEL_", NULL};

const char *const HeatCoefficientsNames[] = {"uniform", "varying", "HeatCoefficients", "HEAT_",
                                             NULL};

void HeatCurveAdd(HeatCurve *curve, double at, double value)
{
  if (curve->n == HEAT_CURVE_POINTS || (curve->n > 0 && at <= curve->at[curve->n - 1])) return;
  curve->at[curve->n]      = at;
  curve->value[curve->n++] = value;
}

/* Return the first of two neighbouring points between which, or beyond which, `at` lies. */
static PetscInt Segment(const HeatCurve *curve, double at)
{
  PetscInt k = 0;

  while (k < curve->n - 2 && at > curve->at[k + 1]) k++;
  return k;
}

double HeatCurveAt(const HeatCurve *curve, double at)
{
  const double  *x = curve->at, *v = curve->value;
  const PetscInt last = curve->n - 1, k = Segment(curve, at);

  if (curve->n == 0) return NAN;
  if (at <= x[0]) return v[0];
  if (at >= x[last]) return v[last];
  return v[k] * pow(v[k + 1] / v[k], log(at / x[k]) / log(x[k + 1] / x[k]));
}

double HeatCurveOfRanks(const HeatCurve *curve, double n)
{
  const double  *x = curve->at, *v = curve->value;
  const PetscInt k = Segment(curve, n);

  if (n <= 1.0) return 0.0;
  if (curve->n == 0) return NAN;
  if (curve->n == 1 || n <= x[0]) return v[0] * log2(n) / log2(x[0]);
  return v[k] + PetscMax(0.0, v[k + 1] - v[k]) * log2(n / x[k]) / log2(x[k + 1] / x[k]);
}
