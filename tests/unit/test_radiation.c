/* The radiating surface: its temperature is compared with bisection, and the identities are tested
   that the operator relies on. */
#include "case_test.h"

#include <math.h>

#include "solver/physics/radiation.h"

static PetscReal FourthPower(PetscReal T) { return T * T * T * fabs(T); }

/* Return the heat to the half cell minus the net radiation absorbed at surface temperature T; it
   rises with T. */
static PetscReal Excess(PetscReal half, PetscReal e, PetscReal cell, PetscReal ambient, PetscReal T)
{
  return half * (T - cell) - e * (FourthPower(ambient) - FourthPower(T));
}

static PetscReal Bisected(PetscReal half, PetscReal e, PetscReal cell, PetscReal ambient)
{
  PetscReal low = fmin(cell, ambient), high = fmax(cell, ambient);

  for (int k = 0; k < 200; k++) {
    const PetscReal middle = 0.5 * (low + high);

    if (Excess(half, e, cell, ambient, middle) > 0.0) high = middle;
    else low = middle;
  }
  return 0.5 * (low + high);
}

typedef struct {
  PetscReal half, e, cell, ambient;
} Surface;

/* Half cells that conduct poorly or well, hot and cold surroundings, 0 K, and temperatures below
   0 K, which occur as iterates of Newton's method. */
static const Surface Surfaces[] = {
    {10.0, 1e-9, 300.0, 1000.0},  {10.0, 1e-9, 1000.0, 300.0},  {1e-3, 5.67e-8, 300.0, 2000.0},
    {1e-3, 5.67e-8, 2000.0, 3.0}, {1e6, 1e-12, 500.0, 400.0},   {1e-9, 1.0, 300.0, 301.0},
    {4.0, 5.67e-8, 0.0, 300.0},   {4.0, 5.67e-8, 300.0, 0.0},   {4.0, 5.67e-8, -50.0, 300.0},
    {4.0, 5.67e-8, -500.0, 10.0}, {1e-4, 5.67e-8, -800.0, 0.0}, {2.0, 1e-8, 1e-3, 5000.0}};
enum { N = sizeof Surfaces / sizeof Surfaces[0] };

/* Both are exact up to the rounding of the heat balance, some units in the last place. */
static void surface_temperature_is_the_root_that_bisection_finds(void **state)
{
  (void)state;
  for (int k = 0; k < N; k++) {
    const Surface  *s     = &Surfaces[k];
    const PetscReal exact = Bisected(s->half, s->e, s->cell, s->ambient);
    const PetscReal found = HeatRadiationSurface(s->half, s->e, s->cell, s->ambient);
    const PetscReal scale = fmax(fabs(s->cell), fabs(s->ambient));

    if (!(fabs(found - exact) <= 1e-14 * scale))
      fail_msg("surface %d: %.17g, not %.17g", k, (double)found, (double)exact);
  }
}

static void surface_in_balance_keeps_the_common_temperature(void **state)
{
  (void)state;
  assert_true(HeatRadiationSurface(3.0, 5.67e-8, 293.15, 293.15) == 293.15);
}

static void surface_that_does_not_radiate_has_the_temperature_of_the_cell(void **state)
{
  (void)state;
  assert_true(HeatRadiationSurface(3.0, 0.0, 400.0, 300.0) == 400.0);
}

static void secant_carries_the_radiated_heat(void **state)
{
  (void)state;
  for (int k = 0; k < N; k++) {
    const Surface  *s    = &Surfaces[k];
    const PetscReal T    = Bisected(s->half, s->e, s->cell, s->ambient);
    const PetscReal heat = s->e * (FourthPower(s->ambient) - FourthPower(T));
    const PetscReal size = s->e * (fabs(FourthPower(s->ambient)) + fabs(FourthPower(T)));
    const PetscReal film = HeatRadiationSecant(s->e, s->ambient, T) * (s->ambient - T);

    if (!(fabs(film - heat) <= 1e-14 * size)) fail_msg("surface %d", k);
  }
}

/* Where the temperatures are equal, secant and tangent are both 4 e T^3. */
static void secant_at_equal_temperatures_is_the_tangent(void **state)
{
  const PetscReal exact = 4.0 * 2e-8 * 300.0 * 300.0 * 300.0;

  (void)state;
  assert_true(fabs(HeatRadiationSecant(2e-8, 300.0, 300.0) / exact - 1.0) < 1e-15);
  assert_true(fabs(HeatRadiationTangent(2e-8, 300.0) / exact - 1.0) < 1e-15);
}

/* The constant is 2 pi^5 kB^4/(15 h^3 c^2) with the exact constants of the SI (CODATA 2018), to ten
   digits. */
static void constant_is_that_of_stefan_and_boltzmann(void **state)
{
  const PetscReal kB = 1.380649e-23, h = 6.62607015e-34, c = 299792458.0;
  const PetscReal sigma = 2.0 * pow(PETSC_PI, 5) * pow(kB, 4) / (15.0 * pow(h, 3) * c * c);

  (void)state;
  assert_true(fabs(HEAT_STEFAN_BOLTZMANN / sigma - 1.0) < 1e-10);
}

static void surface_of_a_cell_that_is_nan_is_nan(void **state)
{
  (void)state;
  assert_true(isnan(HeatRadiationSurface(1.0, 1e-8, NAN, 300.0)));
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(surface_temperature_is_the_root_that_bisection_finds),
    cmocka_unit_test(surface_in_balance_keeps_the_common_temperature),
    cmocka_unit_test(surface_that_does_not_radiate_has_the_temperature_of_the_cell),
    cmocka_unit_test(secant_carries_the_radiated_heat),
    cmocka_unit_test(secant_at_equal_temperatures_is_the_tangent),
    cmocka_unit_test(constant_is_that_of_stefan_and_boltzmann),
    cmocka_unit_test(surface_of_a_cell_that_is_nan_is_nan),
};

int main(void) { return RUN_TESTS(Tests); }
