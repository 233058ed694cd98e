/** Derivatives of expressions with respect to T by difference quotients, since muParser has no
 *  derivatives:
 *
 *      de/dT = (e(T + d) - e(T - d))/((T + d) - (T - d)),    d = cbrt(epsilon) max(1 K, |T|).
 *
 *  The denominator is computed from the rounded arguments, so that their rounding cancels. */
#include "solver/case/slope.h"

/* Return the step d [K] of the difference quotient at T [K]. */
static PetscReal Step(PetscReal T)
{
  /* Derived: cbrt(2^-52), which balances truncation and rounding errors (slope.h). */
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

PetscErrorCode HeatSlopeEvaluate(HeatExpression *e, PetscInt n, const PetscReal *x,
                                 const PetscReal *y, PetscReal t, const PetscReal *T,
                                 PetscReal *value, PetscReal *slope, PetscReal *work)
{
  PetscReal *shifted = work, *below = work + n;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluate(e, n, x, y, t, T, value));
  for (PetscInt i = 0; i < n; i++) shifted[i] = T[i] - Step(T[i]);
  PetscCall(HeatExpressionEvaluate(e, n, x, y, t, shifted, below));
  for (PetscInt i = 0; i < n; i++) shifted[i] = T[i] + Step(T[i]);
  PetscCall(HeatExpressionEvaluate(e, n, x, y, t, shifted, slope));
  for (PetscInt i = 0; i < n; i++) slope[i] = Difference(T[i], below[i], value[i], slope[i]);
  PetscFunctionReturn(PETSC_SUCCESS);
}
