/** The surface temperature of a half cell that radiates to its surroundings.
 *
 *  The heat conducted through the half cell equals the heat radiated, per metre of depth [W/m]:
 *      G_half (T_s - T_c) = e (T_a^4 - T_s^4),   e = emissivity * sigma * A  [W/(m K^4)]
 *  with T_c the temperature of the cell, T_s of the surface, T_a of the surroundings, all in K, and
 *  A [m] the length of the face.  Below 0 K, which only an iterate of a solver can reach, T^4 is
 *  continued as T |T|^3, so that exactly one T_s exists for all arguments.
 *  Source: solver/README.md eq. (6), (7); F. Incropera, D. DeWitt, Fundamentals of Heat and Mass
 *  Transfer, 6th ed., eq. (1.7).
 */
#ifndef HEAT_SOLVER_RADIATION_H
#define HEAT_SOLVER_RADIATION_H

#include <petscsys.h>

/* [W/(m2 K4)] Stefan-Boltzmann constant, CODATA 2018. */
#define HEAT_STEFAN_BOLTZMANN 5.670374419e-8

/** Return T_s [K], to rounding; NaN when T_cell is NaN.  When another argument is NaN the result is
 *  some finite number, and the conductance that the caller derives from that argument is NaN.
 *  @param[in] half       G_half [W/(m K)], > 0
 *  @param[in] emission   e [W/(m K^4)], >= 0
 *  @param[in] T_cell     T_c [K]
 *  @param[in] T_ambient  T_a [K] */
PetscReal HeatRadiationSurface(PetscReal half, PetscReal emission, PetscReal T_cell,
                               PetscReal T_ambient);

/** Return the conductance of a film that carries the radiated heat,
 *  e (T_a^4 - T_s^4)/(T_a - T_s) [W/(m K)], computed without cancellation. */
PetscReal HeatRadiationSecant(PetscReal emission, PetscReal T_ambient, PetscReal T_surface);

/** Return the derivative of the emitted heat e T_s^4 with respect to T_s, 4 e |T_s|^3
 *  [W/(m K)]. */
PetscReal HeatRadiationTangent(PetscReal emission, PetscReal T_surface);

#endif
