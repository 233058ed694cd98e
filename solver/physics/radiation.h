/** The surface of a half cell that radiates to its surroundings.
 *
 *  Heat through the half cell equals heat radiated, per metre of depth [W/m]:
 *      G_half (T_s - T_c) = e (T_a^4 - T_s^4),   e = emissivity * sigma * A  [W/(m K^4)]
 *  with T_c the cell's, T_s the surface's and T_a the surroundings' temperature.  Below 0 K, where
 *  only an iterate can be, T^4 is continued as T |T|^3, so that there is always exactly one T_s.
 *  Source: F. Incropera, D. DeWitt, Fundamentals of Heat and Mass Transfer, 6th ed., eq. (1.7).
 */
#ifndef HEAT_SOLVER_RADIATION_H
#define HEAT_SOLVER_RADIATION_H

#include <petscsys.h>

/* [W/(m2 K4)] Stefan-Boltzmann constant, CODATA 2018. */
#define HEAT_STEFAN_BOLTZMANN 5.670374419e-8

/** T_s [K], to rounding; NaN when an argument is.
 *  @param[in] half      G_half [W/(m K)], > 0
 *  @param[in] emission  e [W/(m K^4)], >= 0 */
PetscReal HeatRadiationSurface(PetscReal half, PetscReal emission, PetscReal T_cell,
                               PetscReal T_ambient);

/** The film's conductance that carries the same heat: e (T_a^4 - T_s^4)/(T_a - T_s) [W/(m K)],
 *  without cancellation. */
PetscReal HeatRadiationSecant(PetscReal emission, PetscReal T_ambient, PetscReal T_surface);

/** What the radiated heat changes by with T_s: 4 e |T_s|^3 [W/(m K)]. */
PetscReal HeatRadiationTangent(PetscReal emission, PetscReal T_surface);

#endif
