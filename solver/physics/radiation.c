/** Radiation: the surface temperature by Newton's method on a monotone function, kept inside a
 *  bracket, and the secant and tangent of the radiated heat.
 *
 *  The iteration ends at rounding, so that T_s, and with it N, is a function of the temperatures
 *  alone and not of a tolerance. */
#include "solver/physics/radiation.h"

/* Return T |T|^3, which is T^4 continued below 0 K so that it rises everywhere. */
static PetscReal FourthPower(PetscReal T) { return T * PetscAbsReal(T) * T * T; }

/* Solve f(T_s) = G_half (T_s - T_c) - e (T_a^4 - T_s^4) = 0.

   f rises monotonically, and its root lies between T_c and T_a.  Above 0 K, f is convex, so
   Newton's method started at the upper end descends to the root without passing it.  Below 0 K f is
   concave, and near the root rounding may step out of the bracket [low, high]; a bisection replaces
   such a step. */
PetscReal HeatRadiationSurface(PetscReal half, PetscReal emission, PetscReal T_cell,
                               PetscReal T_ambient)
{
  /* Newton's method takes about 8 iterations, bisection alone would take about 60.  The limit is
     chosen above both; NaN arguments reach it. */
  enum { MAX_ITERATIONS = 100 };
  const PetscReal incoming = emission * FourthPower(T_ambient);
  PetscReal       low = PetscMin(T_cell, T_ambient), high = PetscMax(T_cell, T_ambient), T = high;

  for (int k = 0; k < MAX_ITERATIONS; k++) {
    const PetscReal f    = half * (T - T_cell) - (incoming - emission * FourthPower(T));
    PetscReal       next = T - f / (half + HeatRadiationTangent(emission, T));

    if (PetscAbsReal(next - T) <= PETSC_MACHINE_EPSILON * PetscAbsReal(T)) return next;
    if (f > 0.0) high = T;
    else low = T;
    if (!(next > low && next < high)) next = 0.5 * (low + high);
    T = next;
  }
  return T;
}

PetscReal HeatRadiationSecant(PetscReal emission, PetscReal T_ambient, PetscReal T_surface)
{
  /* With different signs the differences are sums of magnitudes: no cancellation. */
  if ((T_ambient < 0.0) != (T_surface < 0.0)) {
    return emission * (FourthPower(T_ambient) - FourthPower(T_surface)) / (T_ambient - T_surface);
  }
  return emission * (T_ambient * T_ambient + T_surface * T_surface) *
         PetscAbsReal(T_ambient + T_surface);
}

PetscReal HeatRadiationTangent(PetscReal emission, PetscReal T_surface)
{
  return 4.0 * emission * T_surface * T_surface * PetscAbsReal(T_surface);
}
