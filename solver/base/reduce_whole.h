/** A reduction of a message as a whole, by an operation that knows its structure. */
#ifndef HEAT_SOLVER_REDUCE_WHOLE_H
#define HEAT_SOLVER_REDUCE_WHOLE_H

#include <petscsys.h>

/** Reduce a message over all ranks; MPI sees it as one element of a type of that size and cannot
 *  cut it.  Collective on comm; one reduction.
 *  @param[in]     bytes    the size of the message, the same on all ranks
 *  @param[in,out] message  this rank's; on return that of all ranks
 *  @param[in]     combine  an MPI_User_function, *into = operation(*from, *into) for *n messages.
 *                          The operation must be associative and commutative to the bit: MPI
 *                          chooses the order, another one on each rank */
PetscErrorCode HeatReduceWhole(MPI_Comm comm, size_t bytes, void *message,
                               MPI_User_function *combine);

#endif
