/** Derivatives of expressions with respect to T.  Where the derivative of the formula is infinite
 *  or NaN, the difference quotient takes its place:
 *
 *  de/dT = (e(T + d) - e(T - d))/((T + d) - (T - d)), d = cbrt(epsilon) max(1 K, |T|),
 *
 *  with epsilon the relative rounding error of doubles.  With this d the truncation error, d^2
 *  e'''/6, and the rounding error, epsilon e/d, are of the same order.  The denominator is
 *  computed from the rounded arguments, so that their rounding cancels.  Source: W. Press et
 *  al., Numerical Recipes, 3rd ed., ch. 5.7. */
#include "solver/case/slope.h"

/* Return the step d [K] of the difference quotient at T [K]. */
static PetscReal Step(PetscReal T)
{
  /* Derived: cbrt(2^-52), which balances truncation and rounding errors. */
  const PetscReal relative = 6.055454452393343e-06;

  return relative * PetscMax(1.0, PetscAbsReal(T));
}

/* Return the difference quotient from the values at T - d, T and T + d: central, one-sided if one
   of the outer values is not finite, 0 if neither is. */
static PetscReal Difference(PetscReal T, PetscReal below, PetscReal here, PetscReal above)
{
  const PetscReal low = T - Step(T), high = T + Step(T);
  const PetscBool has_low  = PetscIsInfOrNanReal(below) ? PETSC_FALSE : PETSC_TRUE;
  const PetscBool has_high = PetscIsInfOrNanReal(above) ? PETSC_FALSE : PETSC_TRUE;

  if (has_low && has_high) return (above - below) / (high - low);
  if (has_high) return (above - here) / (high - T);
  return has_low ? (here - below) / (T - low) : 0.0;
}

/* Return the difference quotient at one point, at which the value is `here`. */
static PetscErrorCode DifferenceAt(HeatExpression *e, const PetscReal *x, const PetscReal *y,
                                   PetscReal t, PetscReal T, PetscReal here, PetscReal *slope)
{
  const PetscReal low = T - Step(T), high = T + Step(T);
  PetscReal       below, above;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluate(e, 1, x, y, t, &low, &below));
  PetscCall(HeatExpressionEvaluate(e, 1, x, y, t, &high, &above));
  *slope = Difference(T, below, here, above);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether all values are finite.  The compiler vectorises this loop. */
static PetscBool AreFinite(PetscInt n, const PetscReal *values)
{
  int all = 1;

  _Pragma("omp simd reduction(& : all)") for (PetscInt i = 0; i < n; i++)
  {
    all &= PetscAbsReal(values[i]) <= PETSC_MAX_REAL;
  }
  return all ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatSlopeEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                 const PetscReal *y, PetscReal t, const PetscReal *T,
                                 PetscReal *value, PetscReal *slope)
{
  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluateWithSlope(e, n, x, y, t, T, value, slope));
  if (AreFinite(n, slope)) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0; i < n; i++) {
    if (!PetscIsInfOrNanReal(slope[i])) continue;
    PetscCall(DifferenceAt(e, x ? x + i : NULL, y ? y + i : NULL, t, T[i], value[i], &slope[i]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
