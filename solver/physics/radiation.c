/* Radiation: Newton's method on a monotone function, kept inside a bracket. */
#include "solver/physics/radiation.h"

static PetscReal FourthPower(PetscReal T) { return T * PetscAbsReal(T) * T * T; }

/* f(T_s) = G_half (T_s - T_c) - e (T_a^4 - T_s^4) rises, and T_s lies between T_c and T_a.  It is
   convex above 0 K, so from the upper end Newton's method goes down to the root without passing
   it; the bracket takes over below 0 K and against rounding. */
PetscReal HeatRadiationSurface(PetscReal half, PetscReal emission, PetscReal T_cell,
                               PetscReal T_ambient)
{
  enum { MAX_ITERATIONS = 100 }; /* about eight are needed; bisection alone would take sixty */
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
  if ((T_ambient < 0.0) != (T_surface < 0.0)) { /* nothing cancels */
    return emission * (FourthPower(T_ambient) - FourthPower(T_surface)) / (T_ambient - T_surface);
  }
  return emission * (T_ambient * T_ambient + T_surface * T_surface) *
         PetscAbsReal(T_ambient + T_surface);
}

PetscReal HeatRadiationTangent(PetscReal emission, PetscReal T_surface)
{
  return 4.0 * emission * T_surface * T_surface * PetscAbsReal(T_surface);
}
