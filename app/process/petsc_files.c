/** Files of PETSc's options and refused runs (petsc_files.h). */
#define _XOPEN_SOURCE 700 /* realpath */
#include "app/process/petsc_files.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HISTORY }; /* index of -history in the lists of files */

/* The options that open a file while PETSc is initialised. */
static const struct {
  const char *name;
  PetscBool   each_rank; /* the name of the file ends with the number of the rank, and PETSc empties
                            the file; it appends to other files */
  PetscBool   classes;   /* the value is FILE:CLASSES */
  const char *other;     /* in the home folder: the file without a value; NULL: none */
} early[HEAT_PETSC_FILES] = {{"-history", PETSC_FALSE, PETSC_FALSE, ".petschistory"},
                             {"-info", PETSC_TRUE, PETSC_TRUE, NULL},
                             {"-log_trace", PETSC_TRUE, PETSC_FALSE, NULL}};

/* Return the number of this rank as the launcher tells it, since MPI is not initialised yet. */
static int Rank(void)
{
  static const char *const names[] = {"PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_RANK"};

  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(names); k++)
    if (getenv(names[k])) return (int)strtol(getenv(names[k]), NULL, 10);
  return 0;
}

/* Note the file of early option k, whose value is `value`; NULL: it has none. */
static void NoteFile(int k, const char *value, HeatPetscFile *file)
{
  const char *home = getenv("HOME");
  struct stat status;
  int         length = 0;

  file->path[0] = '\0';
  if (value && value[0] == '~' && value[1] == '/' && home)
    length = snprintf(file->path, sizeof file->path, "%s%s", home, value + 1);
  else if (value) length = snprintf(file->path, sizeof file->path, "%s", value);
  else if (early[k].other && home)
    length = snprintf(file->path, sizeof file->path, "%s/%s", home, early[k].other);
  if (early[k].classes) file->path[strcspn(file->path, ":")] = '\0';
  length = PetscMin(length, (int)strlen(file->path));
  if (length > 0 && early[k].each_rank)
    length += snprintf(file->path + length, sizeof file->path - (size_t)length, ".%d", Rank());
  if (length <= 0 || length >= (int)sizeof file->path) file->path[0] = '\0';
  if (stat(file->path, &status) != 0) file->bytes = -1;
  else file->bytes = early[k].each_rank ? 0 : (PetscInt64)status.st_size;
}

/* Note the file if words[0] is an option that opens one.
   @param[in] words  [n] */
static void NoteOption(int n, char *const *words, HeatPetscFiles *files)
{
  for (int k = 0; k < HEAT_PETSC_FILES; k++) {
    if (strcmp(words[0], early[k].name) != 0) continue;
    NoteFile(k, n > 1 && words[1][0] != '-' ? words[1] : NULL, &files->file[k]);
  }
}

void HeatPetscFilesNote(const HeatOptions *o, HeatPetscFiles *files)
{
  enum { WORDS = 512 }; /* of PETSC_OPTIONS that are looked at; chosen */
  const char *variable = getenv("PETSC_OPTIONS");
  char       *text = variable ? strdup(variable) : NULL, *rest = NULL, *words[WORDS];
  int         n = 0;

  for (int k = 0; k < HEAT_PETSC_FILES; k++) files->file[k] = (HeatPetscFile){"", -1};
  for (char *word = text ? strtok_r(text, " \t\n", &rest) : NULL; word && n < WORDS;
       word       = strtok_r(NULL, " \t\n", &rest))
    words[n++] = word;
  for (int k = 0; k < n; k++) NoteOption(n - k, words + k, files);
  for (int k = 1; k < o->petsc_argc; k++) NoteOption(o->petsc_argc - k, o->petsc_argv + k, files);
  free(text);
}

/* Remove a file that PETSc or TryToOpen has created, also where `path` is a link to it, which
   stays. */
static void Remove(const char *path)
{
  char *target = realpath(path, NULL);

  if (target) (void)unlink(target);
  free(target);
}

/* Return 0 if a file can be opened for appending, otherwise errno.  A file that does not exist is
   created, as PETSc would do; one that is no regular file, such as a pipe, is not opened. */
static int TryToOpen(const char *path)
{
  struct stat status;
  int         file;

  if (stat(path, &status) == 0 && S_ISDIR(status.st_mode)) return EISDIR;
  if (stat(path, &status) == 0 && !S_ISREG(status.st_mode)) return 0;
  file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
  if (file < 0) return errno;
  (void)close(file);
  return 0;
}

PetscBool HeatPetscFilesCanOpen(const HeatPetscFiles *files, char *text, size_t size)
{
  for (int k = 0; k < HEAT_PETSC_FILES; k++) {
    const HeatPetscFile *file = &files->file[k];
    int                  code;

    if (!file->path[0] || (!early[k].each_rank && Rank() != 0)) continue;
    code = TryToOpen(file->path);
    if (code == 0) continue;
    for (int created = 0; created < k; created++)
      if (files->file[created].path[0] && files->file[created].bytes < 0)
        Remove(files->file[created].path);
    (void)snprintf(text, size,
                   "%s: the file %.600s cannot be opened: %s; name a file that can be written, or "
                   "leave the option out",
                   early[k].name, file->path, strerror(code));
    return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* What is written to the file of -history.  It has file scope because PETSc hands no context to the
   function that prints. */
static struct {
  const HeatPetscFile *file; /* borrowed; NULL: not watched */
  PetscInt64           bytes;
  PetscErrorCode (*print)(FILE *, const char[], va_list);
} history;

/* Return whether a stream writes to the file of -history. */
static PetscBool IsHistory(FILE *stream)
{
  struct stat file, target;

  if (stream == stdout || stream == stderr) return PETSC_FALSE;
  if (fstat(fileno(stream), &file) != 0 || stat(history.file->path, &target) != 0)
    return PETSC_FALSE;
  return (PetscBool)(file.st_dev == target.st_dev && file.st_ino == target.st_ino);
}

/* PetscVFPrintf: count the bytes for the file of -history, and print.  A text that is longer than
   the buffer is counted in part, so that the file then stays as it is. */
static PetscErrorCode CountAndPrint(FILE *stream, const char format[], va_list arguments)
{
  char    text[8192] = ""; /* chosen: longer than what is printed before a run is accepted */
  va_list again;

  PetscFunctionBeginUser;
  va_copy(again, arguments);
  PetscCall((*history.print)(stream, format, arguments));
  if (IsHistory(stream)) {
    PetscCall(PetscVSNPrintf(text, sizeof text, format, NULL, again));
    history.bytes += (PetscInt64)strlen(text);
  }
  va_end(again);
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatPetscFilesWatch(const HeatPetscFiles *files)
{
  if (!files->file[HISTORY].path[0] || PetscVFPrintf == CountAndPrint) return;
  history.file  = &files->file[HISTORY];
  history.print = PetscVFPrintf;
  PetscVFPrintf = CountAndPrint;
}

PetscErrorCode HeatPetscFilesDropLate(void)
{
  static const char *const late[] = {"-log_view",     "-log",          "-log_all",
                                     "-log_summary",  "-log_mpe",      "-malloc_dump",
                                     "-malloc_log",   "-malloc_view",  "-memory_view",
                                     "-objects_dump", "-options_view", "-options_left"};

  PetscFunctionBeginUser;
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(late); k++)
    PetscCall(PetscOptionsClearValue(NULL, late[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the messages of this process go to a file. */
static PetscBool HasMessages(const struct stat *file)
{
  struct stat stream;

  for (int k = STDOUT_FILENO; k <= STDERR_FILENO; k++)
    if (fstat(k, &stream) == 0 && stream.st_dev == file->st_dev && stream.st_ino == file->st_ino)
      return PETSC_TRUE;
  return PETSC_FALSE;
}

void HeatPetscFilesRestore(const HeatPetscFiles *files)
{
  for (int k = 0; k < HEAT_PETSC_FILES; k++) {
    const HeatPetscFile *file = &files->file[k];
    struct stat          status;

    if (!file->path[0] || stat(file->path, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    if (HasMessages(&status)) continue;
    if (k == HISTORY && (PetscInt64)status.st_size - PetscMax(file->bytes, 0) != history.bytes)
      continue; /* another program has written to it, or a rank on which PETSc does not */
    if (file->bytes < 0) Remove(file->path);
    else if ((PetscInt64)status.st_size > file->bytes &&
             truncate(file->path, (off_t)file->bytes) != 0)
      continue; /* it cannot be repaired; the run has its message already */
  }
}
