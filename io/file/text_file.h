/** Small text files, read by rank 0 and broadcast to all ranks. */
#ifndef HEAT_IO_TEXT_FILE_H
#define HEAT_IO_TEXT_FILE_H

#include "solver/base/error.h"

/** Read a whole file on rank 0 and broadcast its bytes.  Collective on comm: one broadcast, two for
 *  a file of more than 8176 bytes.
 *  @param[in]  code    error code to raise: HEAT_ERR_INPUT for the case file itself, which may be a
 *                      pipe; HEAT_ERR_FILE for a file that a case names, which may not
 *  @param[in]  what    what the file should be, for error messages: "a case file"
 *  @param[out] text    the bytes and a terminating NUL; free with PetscFree, also after an error,
 *                      when it may be NULL
 *  @param[out] length  number of bytes, without the NUL
 *  Errors: `code` when the file cannot be opened or read, or is larger than 16 MiB; with
 *  HEAT_ERR_FILE also when it is a pipe, socket or device; with HEAT_ERR_INPUT also when no program
 *  has opened a pipe for writing in ten seconds. */
PetscErrorCode HeatTextRead(MPI_Comm comm, const char *path, PetscErrorCode code, const char *what,
                            char **text, size_t *length);

#endif
