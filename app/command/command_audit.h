/** `heat2d bench --recompute DIR` and `heat2d bench --reread DIR`: audit a result of the reference
 *  workload, and compare the last field in its file with it. */
#ifndef HEAT_APP_COMMAND_AUDIT_H
#define HEAT_APP_COMMAND_AUDIT_H

#include "app/process/options.h"

/** Do what --recompute or --reread asks for, and print what was found.  Collective on comm.
 *  @param[out] exit_code  0: the result is valid, or the file holds its last field; 5: not so
 *  Errors: HEAT_ERR_INPUT for other options beside them; HEAT_ERR_FILE where a file cannot be
 *  read. */
PetscErrorCode HeatCommandAudit(MPI_Comm comm, const HeatOptions *options, int *exit_code);

#endif
