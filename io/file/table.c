/** CSV tables.
 *
 *  Rank 0 holds the file and collects rows in a buffer, which it writes with pwrite.  A failure to
 *  write is stored in the table, where it stays until the next collective flush, since the other
 *  ranks do not take part in appending a row.  No stream of stdio holds the file: PetscFinalize
 *  would flush it again after the disk has failed, and report that as a defect.
 *
 *  To resume a table, the rows to keep are copied to a temporary file, which then replaces the old
 *  one; a crash in between leaves the old file complete.  A file whose name was removed during the
 *  run can still be read through its descriptor, so it is restored in the same way.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/file/table.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* [bytes] of the buffer.  Chosen: some hundred rows; a larger one delays rows for whoever reads the
   file during the run. */
enum { BUFFER = 65536 };

struct HeatTable {
  MPI_Comm      comm; /* borrowed */
  PetscMPIInt   rank;
  char         *path;      /* owned */
  PetscInt      n_columns; /* that the caller fills, with the step */
  PetscInt      n_older;   /* columns behind them, of an older file; rank 0 only */
  int           file;      /* rank 0: open for reading and writing; -1 on the other ranks */
  PetscInt64    end;       /* [bytes] of the file that are written */
  char         *buffer;    /* [BUFFER] rank 0: what follows them */
  size_t        used;      /* [bytes] of the buffer */
  PetscInt64    rows;      /* in file and buffer */
  PetscInt64    last;      /* step of the last of them; -1: none */
  PetscBool     missed;    /* a line has said that the file was removed or replaced */
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

/* The buffer. */

static void WriteBuffer(HeatTable *t)
{
  if (t->used == 0 || t->error.failed) return;
  HeatFileWriteAt(t->file, t->buffer, t->used, t->end, &t->error);
  t->end += (PetscInt64)t->used;
  t->used = 0;
}

static void Put(HeatTable *t, const char *text, size_t length)
{
  while (length > 0 && !t->error.failed) {
    const size_t n = PetscMin(length, BUFFER - t->used);

    memcpy(t->buffer + t->used, text, n);
    t->used += n;
    text += n;
    length -= n;
    if (t->used == BUFFER) WriteBuffer(t);
  }
}

/* Columns. */

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

/* Return the place of a column, -1 where there is none.  The search begins at *next and leaves it
   behind what was found: files with many columns mostly have them in the same order. */
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

/* Read the header of a file, whose quoted names may contain commas and line ends.  Fail unless it
   is that of a table: `step` first.  An empty file has no columns. */
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

/* Resuming. */

/* How the older file becomes the new one. */
typedef struct {
  Columns    older, columns; /* of the two files */
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
  PetscCall(PetscMalloc1(change->columns.n, &change->from));
  change->same = change->older.n == change->columns.n ? PETSC_TRUE : PETSC_FALSE;
  next         = 0;
  for (PetscInt k = 0; k < change->columns.n; k++) {
    change->from[k] = FindColumn(&change->older, change->columns.names[k], &next);
    if (change->from[k] != k) change->same = PETSC_FALSE;
    if (change->from[k] < 0 && k < own) change->n_new++;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the step of a row, or -1 if it is none: a row begins with an integer, has as many values
 * as there are columns and ends with a line end, which the last one of a killed run may lack. */
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
    if (k) Put(t, ",", 1);
    if (change->from[k] < 0) Put(t, "nan", 3);
    else Put(t, value, strcspn(value, ",\n"));
  }
  Put(t, "\n", 1);
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
    if (change->same) Put(t, line, (size_t)length);
    else PutChanged(t, change, line);
    t->rows++;
    t->last = step;
  }
  if (ferror(in)) HeatFileFailErrno(&t->error, "reading it");
  free(line);
}

static void PutHeader(HeatTable *t, const Columns *c)
{
  for (PetscInt k = 0; k < c->n; k++) {
    if (k) Put(t, ",", 1);
    Put(t, c->names[k], strlen(c->names[k]));
  }
  Put(t, "\n", 1);
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

/* Print how the columns differ from those of the older file.  Rank 0 alone. */
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
  WriteBuffer(t);
  HeatFileSyncOpen(t->file, &t->error);
  HeatFilePublish(part, t->path, &t->error);
  if (t->error.failed) unlink(part);
}

/* Write the header, or the header and the rows of steps <= `last` of the older file, to a temporary
 * file, and give it the final name.  Rank 0 only. */
static PetscErrorCode OpenTable(HeatTable *t, const char *const *names, PetscInt64 last)
{
  char   part[PETSC_MAX_PATH_LEN];
  Change change = {.last = last};
  FILE  *in;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(BUFFER, &t->buffer));
  PetscCall(OwnColumns(t->n_columns, names, &change.columns));
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
  PetscCall(PetscFree(change.from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Close the file without writing anything, and free the table. */
static PetscErrorCode FreeTable(HeatTable **table)
{
  PetscFunctionBeginUser;
  if ((*table)->file >= 0) close((*table)->file);
  PetscCall(PetscFree((*table)->buffer));
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
  t->comm      = comm;
  t->n_columns = n_columns;
  t->file      = -1;
  t->last      = -1;
  PetscCallMPI(MPI_Comm_rank(comm, &t->rank));
  PetscCall(PetscStrallocpy(path, &t->path));
  if (t->rank == 0) PetscCall(OpenTable(t, names, resume_step));
  PetscCall(HeatFileShare(comm, &t->error));
  error = t->error;
  if (error.failed) PetscCall(FreeTable(&t));
  *table = t;
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fail if a table cannot have this name, or, where `resume` is set, if the file that has it is no
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

/* Rows. */

PetscErrorCode HeatTableAppend(HeatTable *t, PetscInt64 step, const PetscReal *values)
{
  char buffer[32];
  int  length;

  PetscFunctionBeginUser;
  if (t->file < 0 || t->error.failed) PetscFunctionReturn(PETSC_SUCCESS);
  length = snprintf(buffer, sizeof(buffer), "%lld", (long long)step);
  Put(t, buffer, (size_t)length);
  for (PetscInt i = 0; i + 1 < t->n_columns; i++) {
    Put(t, ",", 1);
    HeatShortestDecimal((double)values[i], buffer);
    Put(t, buffer, strlen(buffer));
  }
  for (PetscInt i = 0; i < t->n_older; i++) Put(t, ",nan", 4);
  Put(t, "\n", 1);
  t->rows++;
  t->last = step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatTableGetRows(const HeatTable *t, PetscInt64 *rows, PetscInt64 *last)
{
  *rows = t->rows;
  *last = t->last;
}

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

/* Write the table anew if its file was removed or replaced; say so once.  A failure is one only
   where the table is closed, since the folder may be there again later.  Rank 0 alone.
   @param[in] closing  whether a failure counts */
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
  WriteBuffer(t);
  PetscCall(Restore(t, closing));
  if (sync) HeatFileSyncOpen(t->file, &t->error);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise the table's failure on all ranks. */
static PetscErrorCode Agree(HeatTable *t)
{
  HeatFileError error = t->error;

  PetscFunctionBeginUser;
  PetscCall(HeatFileAgree(t->comm, t->path, "written", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableFlush(HeatTable *t)
{
  PetscFunctionBeginUser;
  PetscCall(Flush(t, PETSC_FALSE, PETSC_FALSE));
  PetscCall(Agree(t));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTableSync(HeatTable *t)
{
  PetscFunctionBeginUser;
  PetscCall(Flush(t, PETSC_TRUE, PETSC_FALSE));
  PetscCall(Agree(t));
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
