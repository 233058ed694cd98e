/** The bandwidth of the memory: STREAM's triad, a[i] = b[i] + s c[i], on all ranks at once.  It
 *  counts 24 bytes per element, as STREAM does, without the bytes that a store may read before
 *  it writes.  Source: J. McCalpin, IEEE TCCA Newsletter, December 1995, 19.
 */
#ifndef HEAT_TESTS_BENCH_STREAM_H
#define HEAT_TESTS_BENCH_STREAM_H

#include <petscsys.h>

typedef struct BenchStream BenchStream;

/** Allocate the arrays.  Collective on comm.
 *  @param[in] bytes  size of each of the three arrays, all ranks together: four times the
 *                    last-level cache or more */
PetscErrorCode BenchStreamCreate(MPI_Comm comm, PetscInt64 bytes, BenchStream **stream);

/** Store the rate of the best of several passes [bytes/s], all ranks together.  Collective. */
PetscErrorCode BenchStreamRun(BenchStream *stream, PetscReal *rate);

/** Free the arrays and set *stream to NULL; *stream may be NULL.  Collective. */
PetscErrorCode BenchStreamDestroy(BenchStream **stream);

#endif
