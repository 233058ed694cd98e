/** The workload `checkpoint`: durable writes of a field that the nonce gives, and restarts from
 *  them. */
#ifndef HEAT_APP_BENCH_CHECKPOINT_H
#define HEAT_APP_BENCH_CHECKPOINT_H

#include "app/bench/bench.h"

/** Write checkpoints until the writes have lasted q->duration, and restart from each of them.
 *  Collective on comm.
 *  Errors: HEAT_ERR_FILE where a checkpoint cannot be written or read. */
PetscErrorCode HeatBenchRunCheckpoints(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                       HeatBenchResult *r);

#endif
