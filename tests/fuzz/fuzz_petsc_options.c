/* Fuzzing target: no option that a case may give makes PETSc open a file for writing, start a
 * program or load a library.
 *
 * An input is a list of lines "name value".  Options that heat2d accepts for a case file are
 * given to PETSc in a database of their own, and a small linear solver reads them and solves.  The
 * C library's functions that open files, start programs and load libraries are replaced by
 * functions that report a finding. */
#define _GNU_SOURCE
#include <ctype.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>

#include <petscksp.h>

#include "fuzz_target.h"
#include "solver/case/petsc_rules.h"

/* Number of options, and bytes of a line, that one input may have; the rest is not looked at.
 * Chosen: the longest name and the longest value that are accepted fit into a line. */
enum { OPTIONS = 8, LINE = 600, CELLS = 6, ITERATIONS = 30 };

/* What the replaced functions do: nothing unusual before the solver is set up and after it. */
static volatile int watched;

#define REPORT_IF_WATCHED(what)                                                                    \
  do {                                                                                             \
    if (watched) {                                                                                 \
      watched = 0;                                                                                 \
      (void)fprintf(stderr, "an option of a case caused: %s\n", what);                             \
      abort();                                                                                     \
    }                                                                                              \
  } while (0)

FILE *fopen(const char *path, const char *mode)
{
  static FILE *(*next)(const char *, const char *);

  if (mode[0] != 'r' || strchr(mode, '+')) REPORT_IF_WATCHED(path);
  if (!next) next = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
  return next(path, mode);
}

FILE *popen(const char *command, const char *mode)
{
  static FILE *(*next)(const char *, const char *);

  REPORT_IF_WATCHED(command);
  if (!next) next = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "popen");
  return next(command, mode);
}

int system(const char *command)
{
  static int (*next)(const char *);

  REPORT_IF_WATCHED(command ? command : "system");
  if (!next) next = (int (*)(const char *))dlsym(RTLD_NEXT, "system");
  return next(command);
}

void *dlopen(const char *path, int flags)
{
  static void *(*next)(const char *, int);

  REPORT_IF_WATCHED(path ? path : "dlopen");
  if (!next) next = (void *(*)(const char *, int))dlsym(RTLD_NEXT, "dlopen");
  return next(path, flags);
}

int open(const char *path, int flags, ...)
{
  static int (*next)(const char *, int, ...);
  va_list arguments;
  mode_t  mode;

  va_start(arguments, flags);
  mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(arguments, mode_t) : 0;
  va_end(arguments);
  if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT)) REPORT_IF_WATCHED(path);
  if (!next) next = (int (*)(const char *, int, ...))dlsym(RTLD_NEXT, "open");
  return next(path, flags, mode);
}

/* A matrix of the kind that heat2d solves with, and vectors for it. */
static Mat   matrix;
static Vec   right_hand_side, solution;
static FILE *nowhere; /* what the monitors print */

static PetscErrorCode MakeProblem(void)
{
  PetscFunctionBeginUser;
  PetscCall(MatCreateSeqAIJ(PETSC_COMM_SELF, CELLS, CELLS, 3, NULL, &matrix));
  for (PetscInt i = 0; i < CELLS; i++) {
    PetscCall(MatSetValue(matrix, i, i, 2.5, INSERT_VALUES));
    if (i > 0) PetscCall(MatSetValue(matrix, i, i - 1, -1.0, INSERT_VALUES));
    if (i < CELLS - 1) PetscCall(MatSetValue(matrix, i, i + 1, -1.0, INSERT_VALUES));
  }
  PetscCall(MatAssemblyBegin(matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(matrix, MAT_FINAL_ASSEMBLY));
  PetscCall(MatCreateVecs(matrix, &solution, &right_hand_side));
  PetscCall(VecSet(right_hand_side, 1.0));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
  (void)argc, (void)argv;
  MUST(PetscInitializeNoArguments() == 0 && PetscPopSignalHandler() == 0);
  nowhere = fopen("/dev/null", "w");
  MUST(nowhere);
  PETSC_STDOUT = nowhere;
  MUST(MakeProblem() == 0);
  return 0;
}

/* Solve with the options of a database.  Errors do not count: a case may choose a
 * preconditioner that this matrix or this PETSc does not have. */
static void Solve(PetscOptions options)
{
  KSP ksp;

  MUST(PetscPushErrorHandler(PetscReturnErrorHandler, NULL) == 0);
  MUST(KSPCreate(PETSC_COMM_SELF, &ksp) == 0);
  MUST(PetscObjectSetOptions((PetscObject)ksp, options) == 0);
  watched = 1;
  if (KSPSetOperators(ksp, matrix, matrix) == 0 && KSPSetFromOptions(ksp) == 0 &&
      KSPSetTolerances(ksp, PETSC_DEFAULT, PETSC_DEFAULT, PETSC_DEFAULT, ITERATIONS) == 0)
    (void)KSPSolve(ksp, right_hand_side, solution);
  (void)KSPDestroy(&ksp);
  watched = 0;
  MUST(PetscPopErrorHandler() == 0);
}

/* Return whether an accepted value is what the rules promise: it cannot name a file, a viewer or a
 * command, because it has no character for that. */
static PetscBool IsHarmless(const char *value)
{
  for (; *value; value++)
    if (!isalnum((unsigned char)*value) && !strchr("_+-.,", *value)) return PETSC_FALSE;
  return PETSC_TRUE;
}

/* Split "name value" and add it to the database if a case may give it. */
static PetscBool AddOption(PetscOptions options, char *line)
{
  char      reason[HEAT_REASON_BYTES], name[LINE + 1];
  char     *value = strchr(line, ' ');
  PetscBool accepted, present;

  if (value) *value++ = '\0';
  else value = line + strlen(line);
  accepted = HeatPetscOptionCheck(line, value, reason, sizeof reason);
  MUST(accepted == (PetscBool)(reason[0] == '\0'));
  if (!accepted) return PETSC_FALSE;
  MUST(IsHarmless(value) && line[strspn(line, "abcdefghijklmnopqrstuvwxyz_0123456789")] == '\0');
  (void)snprintf(name, sizeof name, "-%s", line);
  MUST(PetscOptionsSetValue(options, name, value[0] ? value : NULL) == 0);
  MUST(PetscOptionsHasName(options, NULL, name, &present) == 0 && present);
  return PETSC_TRUE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  PetscOptions options;
  char         line[LINE + 1];
  int          accepted = 0;

  MUST(PetscOptionsCreate(&options) == 0);
  for (size_t at = 0, k = 0; at < size && k < OPTIONS; k++) {
    const uint8_t *end    = memchr(data + at, '\n', size - at);
    const size_t   length = (end ? (size_t)(end - data) : size) - at;

    if (length <= LINE) {
      memcpy(line, data + at, length);
      line[length] = '\0';
      accepted += AddOption(options, line);
    }
    at += length + 1;
  }
  if (accepted) Solve(options);
  MUST(PetscOptionsDestroy(&options) == 0);
  return 0;
}
