/** `heat2d verify [NAME ...]`: run the built-in verification suite on this installation. */
#ifndef HEAT_APP_COMMAND_VERIFY_H
#define HEAT_APP_COMMAND_VERIFY_H

#include "app/process/options.h"
#include "app/process/process_start.h"

/** Run the entries named by the operands, or all entries if there are none.  Print a table on rank
 *  0 and write results.json into options->output, by default "out/verify".  Collective on comm.
 *  @param[in]  start      of the program
 *  @param[out] exit_code  0, or 5 if a measurement failed; undefined on error
 *  Errors: HEAT_ERR_INPUT for an unknown entry or an option that has no meaning here; HEAT_ERR_FILE
 *  if the folder cannot be used.  Both are raised before any work.  HEAT_ERR_FILE also at the end,
 *  if results.json cannot be written. */
PetscErrorCode HeatCommandVerify(MPI_Comm comm, const HeatOptions *options,
                                 const HeatProcessStart *start, int *exit_code);

#endif
