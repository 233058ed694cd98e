/** The workload `checkpoint`: durable writes of a field that the nonce gives, and restarts from
 *  them.
 *
 *  All functions are collective on `comm`. */
#ifndef HEAT_APP_BENCH_CHECKPOINT_H
#define HEAT_APP_BENCH_CHECKPOINT_H

#include "app/bench/bench.h"

/** Refuse the workload where the file system of the output folder has not enough space for two
 *  checkpoints.  The folder need not exist.
 *  Errors: HEAT_ERR_INPUT; the message says what would help. */
PetscErrorCode HeatBenchCheckSpace(MPI_Comm comm, const HeatBenchRequest *q);

/** Write checkpoints until the writes have lasted q->duration, and restart from each of them.
 *  Errors: HEAT_ERR_FILE where a checkpoint cannot be written or read. */
PetscErrorCode HeatBenchRunCheckpoints(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                       HeatBenchResult *r);

#endif
