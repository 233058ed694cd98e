/** The bandwidth of the memory: STREAM's triad, a[i] = b[i] + s c[i], on all ranks at once.  It
 *  counts 24 bytes per element, as STREAM does, without the bytes that a store may read before it
 *  writes.  Source: J. McCalpin, IEEE TCCA Newsletter, December 1995, 19. */
#ifndef HEAT_SOLVER_STREAM_H
#define HEAT_SOLVER_STREAM_H

#include "solver/base/error.h"

typedef struct HeatStream HeatStream;

/** Allocate and fill the arrays.  Collective on comm.
 *  @param[in] bytes  size of each of the three arrays on this rank.  The arrays of all ranks of a
 *                    node together should have at least four times the size of its last-level
 *                    caches, so that no part stays in them */
PetscErrorCode HeatStreamCreate(MPI_Comm comm, PetscInt64 bytes, HeatStream **stream);

/** Store the rate of the best of several passes [bytes/s], all ranks together.  Collective.
 *  @param[in] seconds  [s] least time of all passes; there are five at least */
PetscErrorCode HeatStreamRun(HeatStream *stream, double seconds, double *rate);

/** Free the arrays and set *stream to NULL; *stream may be NULL.  Not collective. */
PetscErrorCode HeatStreamDestroy(HeatStream **stream);

#endif
