/** The files that a case names (see case_files.h).
 *
 *  The list is in order of reading; a name that occurs twice is listed once.  It is searched from
 *  its beginning, since a case names few files. */
#define _GNU_SOURCE /* realpath */
#include "io/case_file/case_files.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "io/file/checksum.h"
#include "io/file/file_util.h"

/* [bytes] Piece of a file that is read at once for its checksum; a multiple of 8.  Chosen. */
enum { PIECE_BYTES = 1048576 };

/* [bytes] Larger files have no checksum in a record: rank 0 reads the files while the others wait.
   Chosen: some seconds. */
static const PetscInt64 largest_file = 1073741824;

PetscErrorCode HeatCaseFindFile(HeatCase *c, const char *name, const char *path,
                                HeatCaseFile **file)
{
  const PetscInt n = c->n_files;
  PetscInt       i = 0;

  PetscFunctionBeginUser;
  while (i < n && strcmp(c->files[i].name, name) != 0) i++;
  if (i == n) {
    if ((n & (n - 1)) == 0) /* full: double it at 0, 1, 2, 4, 8, ... */
      PetscCall(PetscRealloc((size_t)(n ? 2 * n : 1) * sizeof *c->files, &c->files));
    c->files[n] = (HeatCaseFile){.name = NULL};
    c->n_files++;
    PetscCall(PetscStrallocpy(name, &c->files[n].name));
    PetscCall(PetscStrallocpy(path, &c->files[n].path));
  }
  c->files[i].used = PETSC_TRUE;
  *file            = &c->files[i];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the checksum of the bytes of a file, padded with zeros to a multiple of 8, and of its
 * size.  Return false if the file cannot be read; those who need it report why. */
static PetscBool SumFile(const char *path, uint64_t *buffer, uint64_t *sum)
{
  HeatFileError error = {0};
  const int     file  = HeatFileOpenInput(path, &error);
  PetscInt64    size, at = 0;

  if (file < 0) return PETSC_FALSE;
  size = HeatFileBytes(file);
  if (size > largest_file) error.failed = PETSC_TRUE;
  for (*sum = 0; at < size && !error.failed; at += PIECE_BYTES) {
    const size_t     n     = (size_t)PetscMin((PetscInt64)PIECE_BYTES, size - at);
    const PetscInt64 cells = (PetscInt64)(n + 7) / 8;

    buffer[cells - 1] = 0;
    HeatFileReadAt(file, buffer, n, at, &error);
    *sum += HeatChecksum(8, buffer, at / 8, cells);
  }
  *buffer = (uint64_t)size;
  *sum += HeatChecksum(8, buffer, (size + 7) / 8, 1);
  (void)close(file);
  return error.failed ? PETSC_FALSE : PETSC_TRUE;
}

/* Replace the path by the absolute one, without symbolic links, if the file exists. */
static PetscErrorCode MakeAbsolute(HeatCaseFile *file)
{
  char *absolute = realpath(file->path, NULL);

  PetscFunctionBeginUser;
  if (absolute) {
    PetscCall(PetscFree(file->path));
    PetscCall(PetscStrallocpy(absolute, &file->path));
  }
  free(absolute);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCaseSumFiles(MPI_Comm comm, HeatCase *c)
{
  PetscMPIInt rank;
  uint64_t   *buffer = NULL, answer[2];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && c->n_files > 0) PetscCall(PetscMalloc1(PIECE_BYTES / 8, &buffer));
  for (PetscInt i = 0; i < c->n_files; i++) {
    HeatCaseFile *file = &c->files[i];

    if (!file->used) continue;
    answer[0] = answer[1] = 0;
    if (rank == 0) {
      PetscCall(MakeAbsolute(file));
      answer[0] = SumFile(file->path, buffer, &answer[1]);
    }
    PetscCallMPI(MPI_Bcast(answer, 2, MPI_UINT64_T, 0, comm));
    file->summed   = answer[0] ? PETSC_TRUE : PETSC_FALSE;
    file->checksum = answer[1];
  }
  PetscCall(PetscFree(buffer));
  PetscFunctionReturn(PETSC_SUCCESS);
}
