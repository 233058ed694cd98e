/** `heat2d inspect FILE.h5 ...`: what snapshots and checkpoints hold, and whether their checksums hold. */
#ifndef HEAT_APP_COMMAND_INSPECT_H
#define HEAT_APP_COMMAND_INSPECT_H

#include "app/process/options.h"

/** Reads the files, all data of them, on all ranks together; prints what they hold on rank 0, damage on
 *  stderr.  Collective on comm.
 *  @param[out] exit_code  0, or 4 when some row of a file is damaged; meaningless on error
 *  Errors: HEAT_ERR_INPUT for a command line that means nothing here; HEAT_ERR_FILE for a file that
 *  is absent, not ours, newer, or whose header is damaged. */
PetscErrorCode HeatCommandInspect(MPI_Comm comm, const HeatOptions *options, int *exit_code);

#endif
