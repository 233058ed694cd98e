/** CSV tables.
 *
 *  Rank 0 holds the file and formats the rows into stdio's buffer.  A failure to write is stored in
 *  the table, where it stays until the next collective flush, since the other ranks do not take
 *  part in appending a row.
 *
 *  To resume a table, the rows to keep are copied to a temporary file, which then replaces the old
 *  one; a crash in between leaves the old file complete.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/file/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct HeatTable {
  MPI_Comm      comm; /* borrowed */
  PetscMPIInt   rank;
  char         *path;      /* owned */
  PetscInt      n_columns; /* with the step */
  FILE         *file;      /* rank 0: open for appending; NULL on the other ranks */
  HeatFileError error;     /* first failed write */
};

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

/* Write a column name, quoted (RFC 4180) when it contains a comma, a quote or a line end. */
static void PutName(FILE *out, const char *name)
{
  if (!name[strcspn(name, ",\"\r\n")]) {
    fputs(name, out);
    return;
  }
  fputc('"', out);
  for (; *name; name++) {
    if (*name == '"') fputc('"', out);
    fputc(*name, out);
  }
  fputc('"', out);
}

/* Return the header line with its line end, or NULL when out of memory; free with free(). */
static char *Header(PetscInt n, const char *const *names)
{
  char  *text = NULL;
  size_t length;
  FILE  *out = open_memstream(&text, &length);

  if (!out) return NULL;
  for (PetscInt i = 0; i < n; i++) {
    if (i) fputc(',', out);
    PutName(out, names[i]);
  }
  fputc('\n', out);
  return fclose(out) == 0 ? text : NULL;
}

/* Return whether a line is a complete row of a step <= `last`: it begins with an integer and ends
 * with a line end, which the last row of an interrupted run may lack. */
static PetscBool KeepRow(const char *line, ssize_t length, PetscInt64 last)
{
  char     *end;
  long long step;

  if (length < 2 || line[length - 1] != '\n' || (size_t)length != strlen(line)) return PETSC_FALSE;
  errno = 0;
  step  = strtoll(line, &end, 10);
  return errno == 0 && end > line && (*end == ',' || *end == '\n') && step <= (long long)last
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Copy the header, which must be equal to `header`, and the rows of steps <= `last`. */
static void CopyRows(FILE *in, FILE *out, const char *header, PetscInt64 last, HeatFileError *error)
{
  char   *line   = NULL;
  size_t  room   = 0;
  ssize_t length = getline(&line, &room, in);

  if (length < 0) fputs(header, out); /* an empty file: start a new table */
  else if (strcmp(line, header) != 0) {
    HeatFileFail(
        error,
        "its columns are\n  %sand this run would write\n  %sGive the run another output folder",
        line, header);
  } else fputs(line, out);
  while (!error->failed && (length = getline(&line, &room, in)) >= 0) {
    if (KeepRow(line, length, last)) fwrite(line, 1, (size_t)length, out);
  }
  free(line);
}

/* Open the older file for reading; return NULL if there is none, or after a failure. */
static FILE *OpenOlder(const char *path, HeatFileError *error)
{
  int   file;
  FILE *in = NULL;

  if (error->failed || !HeatFileExists(path)) return NULL;
  file = HeatFileOpenOwn(path, PETSC_FALSE, error);
  if (file >= 0 && !(in = fdopen(file, "r"))) {
    HeatFileFailErrno(error, "reading it");
    close(file);
  }
  return in;
}

/* Create the temporary file; return NULL after a failure. */
static FILE *CreatePart(const char *part, HeatFileError *error)
{
  const int file = HeatFileCreate(part, error);
  FILE     *out  = file < 0 ? NULL : fdopen(file, "w");

  if (file >= 0 && !out) {
    HeatFileFailErrno(error, "creating it");
    close(file);
  }
  return out;
}

/* Write the header, or the header and the rows of steps <= `last` of the older file, to a temporary
 * file, and give it the final name.  The file stays open for the rows to come, so that they go into
 * this file, whatever has its name meanwhile.  Rank 0 only. */
static void OpenTable(HeatTable *t, const char *header, PetscInt64 last)
{
  char  part[PETSC_MAX_PATH_LEN];
  FILE *in, *out;

  if (!header) HeatFileFail(&t->error, "no memory for the header");
  in = last < 0 ? NULL : OpenOlder(t->path, &t->error);
  HeatPathTemporary(t->path, part, sizeof(part));
  out = CreatePart(part, &t->error);
  if (out) {
    if (in) CopyRows(in, out, header, last, &t->error);
    else fputs(header, out);
    if (fflush(out) != 0 || ferror(out)) HeatFileFailErrno(&t->error, "write");
    HeatFileSyncOpen(fileno(out), &t->error);
    HeatFilePublish(part, t->path, &t->error);
    if (t->error.failed) unlink(part);
  }
  if (in) fclose(in);
  t->file = out;
}

PetscErrorCode HeatTableCreate(MPI_Comm comm, const char *path, PetscInt n_columns,
                               const char *const *names, PetscInt64 resume_step, HeatTable **table)
{
  HeatTable    *t;
  HeatFileError error;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&t));
  t->comm      = comm;
  t->n_columns = n_columns;
  PetscCallMPI(MPI_Comm_rank(comm, &t->rank));
  PetscCall(PetscStrallocpy(path, &t->path));
  if (t->rank == 0) {
    char *header = Header(n_columns, names);

    OpenTable(t, header, resume_step);
    free(header);
  }
  PetscCall(HeatFileShare(comm, &t->error));
  error = t->error;
  if (error.failed) {
    if (t->file) fclose(t->file);
    PetscCall(PetscFree(t->path));
    PetscCall(PetscFree(t));
  }
  *table = t;
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableAppend(HeatTable *t, PetscInt64 step, const PetscReal *values)
{
  char buffer[32];

  PetscFunctionBeginUser;
  if (!t->file || t->error.failed) PetscFunctionReturn(PETSC_SUCCESS);
  fprintf(t->file, "%lld", (long long)step);
  for (PetscInt i = 0; i + 1 < t->n_columns; i++) {
    fputc(',', t->file);
    fputs(HeatShortestDecimal((double)values[i], buffer), t->file);
  }
  if (fputc('\n', t->file) == EOF || ferror(t->file)) HeatFileFailErrno(&t->error, "write");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableFlush(HeatTable *t)
{
  HeatFileError error;

  PetscFunctionBeginUser;
  if (t->file && fflush(t->file) != 0) HeatFileFailErrno(&t->error, "write");
  error = t->error;
  PetscCall(HeatFileAgree(t->comm, t->path, "written", &error));
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
  if (t->file) {
    if (fflush(t->file) != 0) HeatFileFailErrno(&t->error, "write");
    if (fsync(fileno(t->file)) != 0 && errno != EINVAL) HeatFileFailErrno(&t->error, "fsync");
    if (fclose(t->file) != 0) HeatFileFailErrno(&t->error, "close");
  }
  error = t->error;
  comm  = t->comm;
  snprintf(path, sizeof(path), "%s", t->path);
  PetscCall(PetscFree(t->path));
  PetscCall(PetscFree(t));
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}
