/** The largest magnitude and the norm of a vector in one reduction, with the same bits on any
 *  number of ranks and any distribution of the elements.
 *
 *  An exact sum (exact_sum.h) also has the same bits everywhere, but it costs more, since it keeps
 *  every bit of every element.  This norm drops bits that are negligible beside the largest
 *  element: its relative error is below 2^-60 times the number of elements, 1e-9 for 10^9 of
 *  them. */
#ifndef HEAT_SOLVER_LARGEST_AND_NORM_H
#define HEAT_SOLVER_LARGEST_AND_NORM_H

#include <petscsys.h>

/** Return max |x_k| of n elements, infinite if an element is not finite, 0 without elements.  Not
 *  collective: a maximum over the ranks (MPI_MAX) of these numbers is that of all elements. */
PetscReal HeatLargestMagnitude(size_t n, const PetscReal *x);

/** Compute max |x_k| and the 2-norm of x.  Collective on comm; one reduction.
 *  @param[in]  n        number of elements of this rank
 *  @param[in]  x        [n]
 *  @param[out] largest  max |x_k|; infinite if an element is not finite
 *  @param[out] norm     at least `largest`; infinite if an element is not finite */
PetscErrorCode HeatLargestAndNorm(MPI_Comm comm, size_t n, const PetscReal *x, PetscReal *largest,
                                  PetscReal *norm);

#endif
