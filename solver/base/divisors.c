/** Divisors (divisors.h): each divisor up to the square root gives another one, the quotient. */
#include "solver/base/divisors.h"

void HeatDivisorsFind(PetscInt number, HeatDivisors *d)
{
  d->n = 0;
  for (PetscInt k = 1; k <= number / k; k++)
    if (number % k == 0) d->divisor[d->n++] = k;
  for (PetscInt k = d->n - 1; k >= 0; k--) {
    const PetscInt quotient = number / d->divisor[k];

    if (quotient != d->divisor[k]) d->divisor[d->n++] = quotient;
  }
}
