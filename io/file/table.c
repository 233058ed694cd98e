/** CSV tables.
 *
 *  Rank 0 holds the file and collects rows in a buffer, which it writes with pwrite.  A failure to
 *  write is stored in the table, where it stays until the next collective flush, since the other
 *  ranks do not take part in appending a row.  No stream of stdio holds the file: PetscFinalize
 *  would flush it again after the disk has failed, and report that as a defect.
 *
 *  A file whose name was removed during the run can still be read through its descriptor, so it is
 *  restored by a copy.  table_open.c opens tables. */
#define _POSIX_C_SOURCE 200809L
#include "io/file/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file/checksum.h"
#include "io/file/table_impl.h"

const char *HeatShortestDecimal(double v, char buffer[32])
{
  if (isnan(v)) snprintf(buffer, 32, "nan");
  else if (isinf(v)) snprintf(buffer, 32, v > 0 ? "inf" : "-inf");
  else {
    /* 15 digits survive text -> double -> text; 17 digits identify every double. */
    for (int digits = 15; digits <= 17; digits++) {
      snprintf(buffer, 32, "%.*g", digits, v);
      if (strtod(buffer, NULL) == v) break;
    }
  }
  return buffer;
}

void HeatTableWriteBuffer(HeatTable *t)
{
  if (t->used == 0 || t->error.failed) return;
  HeatFileWriteAt(t->file, t->buffer, t->used, t->end, &t->error);
  t->end += (PetscInt64)t->used;
  t->used = 0;
}

void HeatTablePut(HeatTable *t, const char *text, size_t length)
{
  while (length > 0 && !t->error.failed) {
    const size_t n = PetscMin(length, HEAT_TABLE_BUFFER - t->used);

    memcpy(t->buffer + t->used, text, n);
    t->used += n;
    text += n;
    length -= n;
    if (t->used == HEAT_TABLE_BUFFER) HeatTableWriteBuffer(t);
  }
}

uint64_t HeatTableNameSum(const char *name) { return HeatChecksum(1, name, 0, strlen(name)); }

void HeatTableDigest(HeatTableContents *contents, uint64_t name, const char *text, size_t length)
{
  enum { LONGEST = 64 }; /* places of a value; chosen: twice those that a number can take */
  const uint64_t first = name + (uint64_t)contents->rows * LONGEST;

  if (length == 3 && strncmp(text, "nan", 3) == 0) return;
  contents->digest += HeatChecksum(1, text, (PetscInt64)first, (PetscInt64)length);
}

/* Append a value to the buffer, after its separator, and to the digest. */
static void PutValue(HeatTable *t, PetscInt column, const char *text)
{
  if (column > 0) HeatTablePut(t, ",", 1);
  HeatTablePut(t, text, strlen(text));
  HeatTableDigest(&t->contents, t->names[column], text, strlen(text));
}

/* Close the file without writing anything, and free the table. */
static PetscErrorCode FreeTable(HeatTable **table)
{
  PetscFunctionBeginUser;
  if ((*table)->file >= 0) close((*table)->file);
  PetscCall(PetscFree((*table)->buffer));
  PetscCall(PetscFree((*table)->names));
  PetscCall(PetscFree((*table)->path));
  PetscCall(PetscFree(*table));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableCreate(MPI_Comm comm, const char *path, PetscInt n_columns,
                               const char *const *names, PetscInt64 resume_step, HeatTable **table)
{
  HeatTable    *t;
  HeatFileError error;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&t));
  t->comm          = comm;
  t->n_columns     = n_columns;
  t->file          = -1;
  t->contents.last = -1;
  PetscCallMPI(MPI_Comm_rank(comm, &t->rank));
  PetscCall(PetscStrallocpy(path, &t->path));
  if (t->rank == 0) PetscCall(HeatTableOpenFile(t, names, resume_step));
  PetscCall(HeatFileShare(comm, &t->error));
  error = t->error;
  if (error.failed) PetscCall(FreeTable(&t));
  *table = t;
  PetscCall(HeatFileRaise(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableAppend(HeatTable *t, PetscInt64 step, const PetscReal *values)
{
  char buffer[32];

  PetscFunctionBeginUser;
  if (t->file < 0 || t->error.failed) PetscFunctionReturn(PETSC_SUCCESS);
  snprintf(buffer, sizeof(buffer), "%lld", (long long)step);
  PutValue(t, 0, buffer);
  for (PetscInt i = 1; i < t->n_columns; i++)
    PutValue(t, i, HeatShortestDecimal((double)values[i - 1], buffer));
  for (PetscInt i = 0; i < t->n_older; i++) HeatTablePut(t, ",nan", 4);
  HeatTablePut(t, "\n", 1);
  t->contents.rows++;
  t->contents.last = step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

HeatTableContents HeatTableGetContents(const HeatTable *t) { return t->contents; }

/* Return whether the name of the table still refers to the open file. */
static PetscBool HasItsName(const HeatTable *t)
{
  struct stat mine, there;

  if (fstat(t->file, &mine) != 0) return PETSC_TRUE; /* the next write reports it */
  if (lstat(t->path, &there) != 0)
    return errno == ENOENT || errno == ENOTDIR ? PETSC_FALSE : PETSC_TRUE;
  return mine.st_ino == there.st_ino && mine.st_dev == there.st_dev ? PETSC_TRUE : PETSC_FALSE;
}

/* Copy the open file, which has lost its name, to a temporary file. */
static void CopyFile(HeatTable *t, int to, HeatFileError *error)
{
  char piece[4096];

  for (PetscInt64 at = 0; at < t->end && !error->failed; at += (PetscInt64)sizeof(piece)) {
    const size_t n = (size_t)PetscMin(t->end - at, (PetscInt64)sizeof(piece));

    HeatFileReadAt(t->file, piece, n, at, error);
    HeatFileWriteAt(to, piece, n, at, error);
  }
  HeatFileSyncOpen(to, error);
}

/* Write the table anew if its file was removed or replaced, and print one warning.  While the table
   is open a failure is ignored, because the folder may exist again later.  Rank 0 alone.
   @param[in] closing  whether the table is being closed, so that a failure counts */
static PetscErrorCode Restore(HeatTable *t, PetscBool closing)
{
  char          part[PETSC_MAX_PATH_LEN];
  HeatFileError error = {0};
  int           file;

  PetscFunctionBeginUser;
  if (t->file < 0 || t->error.failed || HasItsName(t)) PetscFunctionReturn(PETSC_SUCCESS);
  if (!t->missed)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: %s was removed or replaced during the run; it is "
                           "written anew, with all rows\n",
                           t->path));
  t->missed = PETSC_TRUE;
  HeatPathTemporary(t->path, part, sizeof(part));
  file = HeatFileCreate(part, &error);
  if (file >= 0) CopyFile(t, file, &error);
  HeatFilePublish(part, t->path, &error);
  if (error.failed) {
    if (file >= 0) close(file);
    unlink(part);
    if (closing) HeatFileFail(&t->error, "it was removed during the run; %.300s", error.text);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  close(t->file);
  t->file = file;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the buffer to the file, and on rank 0 with `sync` also to the disk. */
static PetscErrorCode Flush(HeatTable *t, PetscBool sync, PetscBool closing)
{
  PetscFunctionBeginUser;
  if (t->file < 0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatTableWriteBuffer(t);
  PetscCall(Restore(t, closing));
  if (sync) HeatFileSyncOpen(t->file, &t->error);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableWrite(HeatTable *t)
{
  PetscFunctionBeginUser;
  PetscCall(Flush(t, PETSC_FALSE, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatTableHasFailed(const HeatTable *t) { return t->error.failed; }

PetscErrorCode HeatTableAgree(HeatTable *t)
{
  HeatFileError error = t->error;

  PetscFunctionBeginUser;
  PetscCall(HeatFileAgree(t->comm, t->path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableFlush(HeatTable *t)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTableWrite(t));
  PetscCall(HeatTableAgree(t));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableSync(HeatTable *t)
{
  PetscFunctionBeginUser;
  PetscCall(Flush(t, PETSC_TRUE, PETSC_FALSE));
  PetscCall(HeatTableAgree(t));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableDestroy(HeatTable **table)
{
  HeatTable    *t = *table;
  HeatFileError error;
  char          path[PETSC_MAX_PATH_LEN];
  MPI_Comm      comm;

  PetscFunctionBeginUser;
  if (!t) PetscFunctionReturn(PETSC_SUCCESS);
  *table = NULL;
  PetscCall(Flush(t, PETSC_TRUE, PETSC_TRUE));
  if (t->file >= 0 && close(t->file) != 0) HeatFileFailErrno(&t->error, "close");
  t->file = -1;
  error   = t->error;
  comm    = t->comm;
  snprintf(path, sizeof(path), "%s", t->path);
  PetscCall(FreeTable(&t));
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableAbandon(HeatTable **table)
{
  PetscFunctionBeginUser;
  if (!*table) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FreeTable(table));
  PetscFunctionReturn(PETSC_SUCCESS);
}
