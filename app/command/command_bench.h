/** `heat2d bench`: run the reference workload, or audit a result of it. */
#ifndef HEAT_APP_COMMAND_BENCH_H
#define HEAT_APP_COMMAND_BENCH_H

#include "app/bench/definition.h"
#include "app/process/options.h"
#include "app/process/process_start.h"

/** Read class and workload from the options; the nonce stays as it is.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatBenchReadProblem(MPI_Comm comm, const HeatBenchOptions *options,
                                    HeatBenchId *id);

/** Run the class that the options name, write results.json and proof.json, and print a summary; or,
 *  with --recompute, audit the folder of a result.  Collective on comm.
 *  @param[out] exit_code  0: the result is valid; 5: it is not
 *  Errors: HEAT_ERR_INPUT, also for what cannot run here; HEAT_ERR_NUMERICS; HEAT_ERR_FILE. */
PetscErrorCode HeatCommandBench(MPI_Comm comm, const HeatOptions *options,
                                const HeatProcessStart *start, int *exit_code);

#endif
