/** Text files for all ranks.
 *
 *  Only rank 0 opens the file, because a file that every rank of a large job opens overloads the
 *  file system.  It broadcasts a header {failure, length} and, without a failure, the bytes; so
 *  every rank raises the same error.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/file/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* [bytes] Both chosen.  MOST_BYTES bounds the memory that a text takes on every rank; it holds
 * about a million lines "time,value" of a table.  FIRST_BYTES is the first allocation on rank 0,
 * which doubles while the file is longer; a smaller one means more reallocations. */
enum { MOST_BYTES = 16 * 1024 * 1024, FIRST_BYTES = 65536 };

/* Failures besides the positive values of errno. */
enum { TOO_LARGE = -1, PIPE_OR_DEVICE = -2 };

/* Open a file; *failed is 0, errno or PIPE_OR_DEVICE.  Unless `pipes`, a pipe does not block, and
 * only a regular file or a folder is accepted: reading a folder fails with EISDIR, whose text is a
 * good message. */
static FILE *Open(const char *path, PetscBool pipes, int *failed)
{
  const int   file = open(path, O_RDONLY | O_CLOEXEC | (pipes ? 0 : O_NONBLOCK));
  struct stat status;
  FILE       *stream = NULL;

  *failed = 0;
  if (file < 0) *failed = errno == ENXIO ? PIPE_OR_DEVICE : errno;
  else if (fstat(file, &status) != 0) *failed = errno;
  else if (!pipes && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) *failed = PIPE_OR_DEVICE;
  else if (!(stream = fdopen(file, "rb"))) *failed = errno;
  if (*failed && file >= 0) close(file);
  return stream;
}

/* Read a whole file and append a NUL.  *failed is 0, errno, TOO_LARGE or PIPE_OR_DEVICE; *text is
 * allocated in every case.  `pipes`: read pipes and devices, too. */
static PetscErrorCode ReadBytes(const char *path, PetscBool pipes, char **text, size_t *length,
                                int *failed)
{
  size_t size = FIRST_BYTES;
  FILE  *file = Open(path, pipes, failed);

  PetscFunctionBeginUser;
  *length = 0;
  PetscCall(PetscMalloc1(size, text));
  while (file && !*failed) {
    errno = 0;
    *length += fread(*text + *length, 1, size - 1 - *length, file);
    if (ferror(file)) *failed = errno ? errno : EIO;
    else if (*length > MOST_BYTES) *failed = TOO_LARGE;
    else if (*length < size - 1) break; /* fread stopped at the end of the file */
    else {
      size *= 2;
      PetscCall(PetscRealloc(size, text));
    }
  }
  if (file) fclose(file);
  (*text)[*length] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTextRead(MPI_Comm comm, const char *path, PetscErrorCode code, const char *what,
                            char **text, size_t *length)
{
  PetscInt64  header[2] = {0, 0}; /* failure, length */
  PetscMPIInt rank;
  int         failed = 0;

  PetscFunctionBeginUser;
  *text = NULL;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    /* The case file may be a pipe, which a shell makes for: heat2d <(...). */
    PetscCall(ReadBytes(path, (PetscBool)(code == HEAT_ERR_INPUT), text, length, &failed));
    header[0] = failed;
    header[1] = (PetscInt64)*length;
  }
  PetscCallMPI(MPI_Bcast(header, 2, MPIU_INT64, 0, comm));
  HeatCheck(header[0] != PIPE_OR_DEVICE, comm, code,
            "%s: cannot be read: it is a pipe or a device; give the name of %s", path, what);
  HeatCheck(header[0] != TOO_LARGE, comm, code, "%s: larger than %d MiB; this is not %s", path,
            MOST_BYTES / (1024 * 1024), what);
  HeatCheck(header[0] == 0, comm, code, "%s: cannot be read: %s; give the name of %s", path,
            strerror((int)header[0]), what);
  *length = (size_t)header[1];
  if (rank != 0) PetscCall(PetscMalloc1(*length + 1, text));
  PetscCallMPI(MPI_Bcast(*text, (int)*length + 1, MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}
