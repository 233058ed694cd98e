/** Open a table: its columns, and the rows of an older file that is resumed.
 *
 *  To resume a table, the rows to keep are copied to a temporary file, which then replaces the old
 *  one; a crash in between leaves the old file complete.  The new file has the columns that the
 *  caller fills, then all other columns of the older file. */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/file/table_impl.h"

/* The columns of a file, each name as the header has it (quoted where needed). */
typedef struct {
  PetscInt n;
  char   **names; /* [n] owned */
} Columns;

/* Print a column name, quoted (RFC 4180) when it contains a comma, a quote or a line end. */
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

/* Add the bytes of a name, up to `length` of them. */
static PetscErrorCode AddColumn(Columns *c, const char *name, size_t length)
{
  PetscFunctionBeginUser;
  PetscCall(PetscRealloc(((size_t)c->n + 1) * sizeof(*c->names), &c->names));
  PetscCall(PetscMalloc1(length + 1, &c->names[c->n]));
  memcpy(c->names[c->n], name, length);
  c->names[c->n++][length] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collect the columns that the caller fills. */
static PetscErrorCode OwnColumns(PetscInt n, const char *const *names, Columns *c)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    char  *text = NULL;
    size_t length;
    FILE  *out = open_memstream(&text, &length);

    PetscCheck(out, PETSC_COMM_SELF, PETSC_ERR_MEM, "no memory for the header of a table");
    PutName(out, names[k]);
    PetscCheck(fclose(out) == 0, PETSC_COMM_SELF, PETSC_ERR_MEM,
               "no memory for the header of a table");
    PetscCall(AddColumn(c, text, length));
    free(text);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode FreeColumns(Columns *c)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < c->n; k++) PetscCall(PetscFree(c->names[k]));
  PetscCall(PetscFree(c->names));
  c->n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the index of the column `name`, or -1 if there is none.  The search begins at column *next
   and wraps around; *next becomes the column after the one found.  Two files mostly have their
   columns in the same order, so a search rarely compares more than one name. */
static PetscInt FindColumn(const Columns *c, const char *name, PetscInt *next)
{
  for (PetscInt i = 0; i < c->n; i++) {
    const PetscInt k = (*next + i) % c->n;

    if (strcmp(c->names[k], name) != 0) continue;
    *next = k + 1;
    return k;
  }
  return -1;
}

/* Read the header of a file, whose quoted names may contain commas and line ends.  Fail unless its
   first column is `step`, as in every table of heat2d.  An empty file has no columns. */
static PetscErrorCode ReadColumns(FILE *in, Columns *c, HeatFileError *error)
{
  char  *name = NULL;
  size_t length;
  int    letter = fgetc(in);

  PetscFunctionBeginUser;
  while (letter != EOF && !error->failed) {
    PetscBool quoted = PETSC_FALSE;
    FILE     *out    = open_memstream(&name, &length);

    PetscCheck(out, PETSC_COMM_SELF, PETSC_ERR_MEM, "no memory for the header of a table");
    for (; letter != EOF && (quoted || (letter != ',' && letter != '\n')); letter = fgetc(in)) {
      if (letter == '"') quoted = quoted ? PETSC_FALSE : PETSC_TRUE;
      fputc(letter, out);
    }
    PetscCheck(fclose(out) == 0, PETSC_COMM_SELF, PETSC_ERR_MEM,
               "no memory for the header of a table");
    PetscCall(AddColumn(c, name, length));
    free(name);
    if (letter == EOF || strcmp(c->names[0], "step") != 0)
      HeatFileFail(error, "its first line is not the header of a table of heat2d, which begins "
                          "with `step`; move the file away");
    if (letter != ',') break;
    letter = fgetc(in);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* How the older file becomes the new one. */
typedef struct {
  Columns    older, columns; /* of the two files */
  uint64_t  *sums;           /* [older.n] HeatTableNameSum of the older file's names */
  PetscInt  *from;           /* [columns.n] place in the older file; -1: the column is new */
  PetscBool  same;           /* both files have the same columns in the same order */
  PetscInt   n_new;          /* columns that the older file lacks */
  PetscInt64 last;           /* step of the last row to keep */
} Change;

/* Derive the columns of the new file: those that the caller fills, then all others of the older
   file, so that nothing that was written is lost. */
static PetscErrorCode PlanChange(Change *change)
{
  const PetscInt own  = change->columns.n;
  PetscInt       next = 0;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < change->older.n; k++) {
    const char *name = change->older.names[k];

    if (FindColumn(&change->columns, name, &next) < 0)
      PetscCall(AddColumn(&change->columns, name, strlen(name)));
  }
  PetscCall(PetscMalloc2(change->columns.n, &change->from, change->older.n, &change->sums));
  for (PetscInt k = 0; k < change->older.n; k++)
    change->sums[k] = HeatTableNameSum(change->older.names[k]);
  change->same = change->older.n == change->columns.n ? PETSC_TRUE : PETSC_FALSE;
  next         = 0;
  for (PetscInt k = 0; k < change->columns.n; k++) {
    change->from[k] = FindColumn(&change->older, change->columns.names[k], &next);
    if (change->from[k] != k) change->same = PETSC_FALSE;
    if (change->from[k] < 0 && k < own) change->n_new++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the step of a row, or -1 if the line is not a complete row.  A row begins with an integer,
 * has as many values as there are columns, and ends with a line end; the last line that a killed
 * run has written may be incomplete. */
static PetscInt64 StepOfRow(const char *line, ssize_t length, PetscInt n_columns)
{
  char     *end;
  long long step;
  PetscInt  n = 1;

  if (length < 2 || line[length - 1] != '\n' || (size_t)length != strlen(line)) return -1;
  for (const char *s = line; *s; s++) n += *s == ',';
  errno = 0;
  step  = strtoll(line, &end, 10);
  return errno == 0 && end > line && (*end == ',' || *end == '\n') && n == n_columns ? step : -1;
}

/* Append the values of an older row in the order of the new columns; `nan` for a new one. */
static void PutChanged(HeatTable *t, const Change *change, char *line)
{
  for (PetscInt k = 0; k < change->columns.n; k++) {
    const char *value = line;

    for (PetscInt skip = change->from[k]; skip > 0; skip--) value = strchr(value, ',') + 1;
    if (k) HeatTablePut(t, ",", 1);
    if (change->from[k] < 0) HeatTablePut(t, "nan", 3);
    else HeatTablePut(t, value, strcspn(value, ",\n"));
  }
  HeatTablePut(t, "\n", 1);
}

/* Count a row of the older file, with its digest. */
static void CountRow(HeatTable *t, const Change *change, const char *line, PetscInt64 step)
{
  for (PetscInt k = 0; k < change->older.n; k++) {
    const size_t length = strcspn(line, ",\n");

    HeatTableDigest(&t->contents, change->sums[k], line, length);
    line += length + 1;
  }
  t->contents.rows++;
  t->contents.last = step;
}

/* Append the rows of steps up to change->last. */
static void CopyRows(HeatTable *t, FILE *in, const Change *change)
{
  char   *line = NULL;
  size_t  room = 0;
  ssize_t length;

  while (!t->error.failed && (length = getline(&line, &room, in)) >= 0) {
    const PetscInt64 step = StepOfRow(line, length, change->older.n);

    if (step < 0 || step > change->last) continue;
    if (change->same) HeatTablePut(t, line, (size_t)length);
    else PutChanged(t, change, line);
    CountRow(t, change, line, step);
  }
  if (ferror(in)) HeatFileFailErrno(&t->error, "reading it");
  free(line);
}

static void PutHeader(HeatTable *t, const Columns *c)
{
  for (PetscInt k = 0; k < c->n; k++) {
    if (k) HeatTablePut(t, ",", 1);
    HeatTablePut(t, c->names[k], strlen(c->names[k]));
  }
  HeatTablePut(t, "\n", 1);
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

/* Print how the columns differ from the older file's columns.  Rank 0 alone. */
static PetscErrorCode NoteChange(const HeatTable *t, const Change *change)
{
  PetscFunctionBeginUser;
  if (change->older.n == 0 || t->error.failed) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < t->n_columns; k++) {
    if (change->from[k] >= 0) continue;
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: %s has new columns (%" PetscInt_FMT
                           ": %.80s%s), which are nan up to step %lld\n",
                           t->path, change->n_new, change->columns.names[k],
                           change->n_new > 1 ? ", ..." : "", (long long)change->last));
    break;
  }
  if (t->n_older > 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: %s keeps columns that this case does not have "
                           "(%" PetscInt_FMT ": %.80s%s); they are nan after step %lld\n",
                           t->path, t->n_older, change->columns.names[t->n_columns],
                           t->n_older > 1 ? ", ..." : "", (long long)change->last));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give the temporary file, which is complete, the final name; delete it after a failure.  The file
   stays open for the rows to come, so that they go into this file, whatever has its name
   meanwhile. */
static void PublishPart(HeatTable *t, const char *part)
{
  HeatTableWriteBuffer(t);
  HeatFileSyncOpen(t->file, &t->error);
  HeatFilePublish(part, t->path, &t->error);
  if (t->error.failed) unlink(part);
}

PetscErrorCode HeatTableOpenFile(HeatTable *t, const char *const *names, PetscInt64 last)
{
  char   part[PETSC_MAX_PATH_LEN];
  Change change = {.last = last};
  FILE  *in;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HEAT_TABLE_BUFFER, &t->buffer));
  PetscCall(OwnColumns(t->n_columns, names, &change.columns));
  PetscCall(PetscMalloc1(t->n_columns, &t->names));
  for (PetscInt k = 0; k < t->n_columns; k++)
    t->names[k] = HeatTableNameSum(change.columns.names[k]);
  in = last < 0 ? NULL : OpenOlder(t->path, &t->error);
  if (in) PetscCall(ReadColumns(in, &change.older, &t->error));
  PetscCall(PlanChange(&change));
  t->n_older = change.columns.n - t->n_columns;
  HeatPathTemporary(t->path, part, sizeof(part));
  if (!t->error.failed) t->file = HeatFileCreate(part, &t->error);
  if (t->file >= 0) {
    PutHeader(t, &change.columns);
    if (in) CopyRows(t, in, &change);
    PublishPart(t, part);
  }
  if (in) fclose(in);
  PetscCall(NoteChange(t, &change));
  PetscCall(FreeColumns(&change.columns));
  PetscCall(FreeColumns(&change.older));
  PetscCall(PetscFree2(change.from, change.sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fail if a folder has this name, or, with `resume`, if an existing file of this name is not a
   table.  Rank 0 alone. */
static PetscErrorCode CheckOlder(const char *path, PetscBool resume, HeatFileError *error)
{
  Columns     columns = {0, NULL};
  struct stat status;
  FILE       *in;

  PetscFunctionBeginUser;
  if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
    HeatFileFail(error, "it is a folder; move it away");
  in = resume ? OpenOlder(path, error) : NULL;
  if (in) {
    PetscCall(ReadColumns(in, &columns, error));
    fclose(in);
  }
  PetscCall(FreeColumns(&columns));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableCheck(MPI_Comm comm, const char *path, PetscBool resume)
{
  HeatFileError error = {0};
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) PetscCall(CheckOlder(path, resume, &error));
  PetscCall(HeatFileAgree(comm, path, resume ? "continued" : "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}
