/** Small text files, read once for all ranks. */
#ifndef HEAT_IO_TEXT_FILE_H
#define HEAT_IO_TEXT_FILE_H

#include "solver/base/error.h"

/** All of a file, which rank 0 reads, on every rank, with a NUL behind it.  Collective on comm.
 *  @param[in]  what    what the file should be, for messages: "a case file"
 *  @param[out] text    the caller's, also when an error is raised; PetscFree
 *  @param[out] length  bytes, without the NUL
 *  Errors: `code` when the file cannot be read or is larger than 16 MiB; with HEAT_ERR_FILE, a
 *  file that a case names, also when it is a pipe or a device: nobody may be waited for. */
PetscErrorCode HeatTextRead(MPI_Comm comm, const char *path, PetscErrorCode code, const char *what,
                            char **text, size_t *length);

#endif
