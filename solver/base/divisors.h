/** The divisors of a number of ranks, from which process grids are chosen. */
#ifndef HEAT_SOLVER_DIVISORS_H
#define HEAT_SOLVER_DIVISORS_H

#include <petscsys.h>

/* Most divisors of a number below 2^31: 2095133040 has that many. */
enum { HEAT_MOST_DIVISORS = 1600 };

/** The divisors of a number in ascending order, from 1 to the number itself. */
typedef struct {
  PetscInt n;
  PetscInt divisor[HEAT_MOST_DIVISORS]; /* [n] */
} HeatDivisors;

/** Find the divisors of a number from 1 to 2^31 - 1; takes sqrt(number) divisions.  Not
 *  collective. */
void HeatDivisorsFind(PetscInt number, HeatDivisors *divisors);

#endif
