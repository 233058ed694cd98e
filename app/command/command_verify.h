/** `heat2d verify [NAME ...]`: the built-in verification suite on this installation. */
#ifndef HEAT_APP_COMMAND_VERIFY_H
#define HEAT_APP_COMMAND_VERIFY_H

#include "app/process/options.h"

/** Runs the entries named by the operands, all where there are none; prints a table on rank 0 and
 *  writes results.json into options->output, "out/verify" by default.  Collective on comm.
 *  @param[in]  began      MPI_Wtime at program start
 *  @param[out] exit_code  0, or 5 when a measurement failed; meaningless on error
 *  Errors: HEAT_ERR_INPUT for a name or option that means nothing here; HEAT_ERR_FILE when the
 *  folder cannot be written, before any work. */
PetscErrorCode HeatCommandVerify(MPI_Comm comm, const HeatOptions *options, double began,
                                 int *exit_code);

#endif
