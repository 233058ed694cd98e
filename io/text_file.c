/* Text files: rank 0 reads, because a file opened by every rank of a large job is a burden on the
 * file system; what it found, content or failure, is broadcast. */
#include "io/text_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { MOST_BYTES = 16 * 1024 * 1024, FIRST_BYTES = 65536 };

/* All of a file, with a NUL behind it; *failed is errno, or -1 when larger than MOST_BYTES. */
static PetscErrorCode ReadBytes(const char *path, char **text, size_t *length, int *failed)
{
  size_t size = FIRST_BYTES;
  FILE  *file = fopen(path, "rb");

  PetscFunctionBeginUser;
  *length = 0;
  *failed = file ? 0 : errno;
  PetscCall(PetscMalloc1(size, text));
  while (file && !*failed) {
    errno = 0;
    *length += fread(*text + *length, 1, size - 1 - *length, file);
    if (ferror(file)) *failed = errno ? errno : EIO;
    else if (*length > MOST_BYTES) *failed = -1;
    else if (*length < size - 1) break; /* the end */
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
    PetscCall(ReadBytes(path, text, length, &failed));
    header[0] = failed;
    header[1] = (PetscInt64)*length;
  }
  PetscCallMPI(MPI_Bcast(header, 2, MPIU_INT64, 0, comm));
  HeatCheck(header[0] != -1, comm, code, "%s: larger than %d MiB; this is not %s", path,
            MOST_BYTES / (1024 * 1024), what);
  HeatCheck(header[0] == 0, comm, code, "%s: cannot be read: %s; give the name of %s", path,
            strerror((int)header[0]), what);
  *length = (size_t)header[1];
  if (rank != 0) PetscCall(PetscMalloc1(*length + 1, text));
  PetscCallMPI(MPI_Bcast(*text, (int)*length + 1, MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}
