/** `heat2d inspect FILE.h5 ...`: print the contents of snapshots and checkpoints and verify their
 *  checksums. */
#ifndef HEAT_APP_COMMAND_INSPECT_H
#define HEAT_APP_COMMAND_INSPECT_H

#include "app/process/options.h"

/** Read all data of the files named by the operands, on all ranks together.  Rank 0 prints their
 *  contents on stdout (unless --quiet) and damaged rows on stderr.  Collective on comm.
 *  @param[out] exit_code  0, or 4 if a row of a file is damaged; undefined on error
 *  Errors: HEAT_ERR_INPUT for an operand or option that has no meaning here; HEAT_ERR_FILE for a
 *  file that is absent, not a heat2d file, of a newer format version, or whose header is
 *  damaged. */
PetscErrorCode HeatCommandInspect(MPI_Comm comm, const HeatOptions *options, int *exit_code);

#endif
