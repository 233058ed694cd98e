/** PETSc's options (see petsc_options.h).
 *
 * PETSc itself refuses no option: at its end it lists those that it did not read.  heat2d refuses
 * them before any work.  For this, every option that the user gave, in the case, in the environment
 * or on the command line, is looked up after the set-up. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/petsc_options.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "solver/base/printable.h"
#include "solver/case/petsc_rules.h"

/* Starting. */

/* Return whether this is the first rank, as far as that is known before PETSc is initialised. */
static PetscBool IsFirstRank(void)
{
  int running = 0, rank = 0;

  (void)MPI_Initialized(&running);
  if (running) (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* What PETSc says while it is initialised.  It has file scope because PETSc hands no context to the
   function that collects it. */
static char said[400];

/* PetscErrorPrintf while PETSc is initialised, when no error handler can be installed yet: collect
   the reason of an error in one line, without PETSc's frame of dashes, version and stack. */
static PetscErrorCode CollectReason(const char format[], ...)
{
  static const char *const frame[] = {"---", "#", "See https", "Petsc ", "Configure ", "unknown"};
  char                     text[512];
  va_list                  arguments;

  va_start(arguments, format);
  (void)vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  for (size_t k = 0; k < sizeof frame / sizeof frame[0]; k++) {
    if (strncmp(text, frame[k], strlen(frame[k])) == 0) return PETSC_SUCCESS;
  }
  if (strstr(text, " on a ")) return PETSC_SUCCESS;
  for (char *rest = NULL, *word = strtok_r(text, " \n", &rest); word;
       word = strtok_r(NULL, " \n", &rest)) {
    const size_t used = strlen(said);

    (void)snprintf(said + used, sizeof said - used, " %s", word);
  }
  return PETSC_SUCCESS;
}

/* Return whether all ranks come here within a second.  A rank that failed alone, as rank 0 does
   with a file that only it opens, would wait for the others for ever.  Chosen: ranks that fail
   alike come within milliseconds; a longer wait delays the message of one that is alone. */
static PetscBool AllRanksCome(void)
{
  const struct timespec pause = {.tv_nsec = 10000000};
  MPI_Request           request;
  int                   done = 0;

  if (MPI_Ibarrier(MPI_COMM_WORLD, &request) != MPI_SUCCESS) return PETSC_FALSE;
  for (int k = 0; k < 100; k++) {
    if (MPI_Test(&request, &done, MPI_STATUS_IGNORE) != MPI_SUCCESS || done) break;
    (void)nanosleep(&pause, NULL);
  }
  return done ? PETSC_TRUE : PETSC_FALSE;
}

/* Where some ranks do not come, the lowest one that does ends the job, since others may be waiting
   for it in PETSc.  Where all come, they finalise MPI: otherwise mpiexec ends the job when the
   first rank leaves, and may drop the message.  What MPI says about objects that PETSc has left is
   not shown. */
int HeatPetscRefuse(int exit_code, const char *message)
{
  const PetscBool first   = IsFirstRank();
  int             running = 0, ended = 0;

  (void)MPI_Initialized(&running);
  (void)MPI_Finalized(&ended);
  if (running && !ended && !AllRanksCome()) HeatErrorEndJob(exit_code, "%s", message);
  if (ended || first) (void)fprintf(stderr, "heat2d: error: %s\n", message);
  if (running && !ended) {
    (void)freopen("/dev/null", "w", stderr);
    (void)MPI_Finalize();
  }
  return exit_code;
}

int HeatPetscStart(HeatOptions *o, const HeatPetscFiles *files)
{
  PetscErrorCode (*const print)(const char[], ...) = PetscErrorPrintf;
  PetscErrorCode code;
  char           message[1000];

  if (!HeatPetscFilesCanOpen(files, message, sizeof message)) {
    if (MPI_Init(NULL, NULL) != MPI_SUCCESS) return HEAT_EXIT_INTERNAL;
    return HeatPetscRefuse(HeatErrorExitCode(HEAT_ERR_INPUT), HeatPrintable(message));
  }
  HeatPetscFilesWatch(files);
  PetscErrorPrintf = CollectReason;
  code             = PetscInitialize(&o->start_argc, &o->start_argv, NULL, NULL);
  PetscErrorPrintf = print;
  if (!code) return PetscOptionsClearValue(NULL, "-skip_petscrc") ? HEAT_EXIT_INTERNAL : 0;
  HeatPetscFilesRestore(files);
  HeatPrintable(said);
  (void)snprintf(message, sizeof message,
                 "PETSc cannot be initialised with the options of the command line, of "
                 "PETSC_OPTIONS and of PETSC_OPTIONS_YAML; correct them; PETSc says:%s",
                 said);
  return HeatPetscRefuse(HeatErrorExitCode(HEAT_ERR_INPUT), message);
}

/* The environment. */

/* Broadcast a variable of rank 0's environment.  Collective on comm, except where length is 0.
   @param[in]  value   on rank 0
   @param[in]  length  of the value, on all ranks; 0: it is not set or empty
   @param[out] text    NULL if length is 0; freed with PetscFree */
static PetscErrorCode ShareVariable(MPI_Comm comm, const char *value, PetscMPIInt length,
                                    char **text)
{
  PetscFunctionBeginUser;
  *text = NULL;
  if (length == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1((size_t)length + 1, text));
  if (value) memcpy(*text, value, (size_t)length);
  PetscCallMPI(MPI_Bcast(*text, length, MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the names of the options in the variables, as PETSc itself splits them. */
static PetscErrorCode ListEnvironment(HeatEnvironment *e)
{
  PetscOptions all;
  PetscInt     n;
  char       **names, **values;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsCreate(&all));
  if (e->options) PetscCall(PetscOptionsInsertString(all, e->options));
  if (e->yaml) PetscCall(PetscOptionsInsertStringYAML(all, e->yaml));
  PetscCall(PetscOptionsLeftGet(all, &n, &names, &values));
  e->n = n;
  PetscCall(PetscCalloc1((size_t)e->n + 1, &e->names));
  for (PetscInt k = 0; k < e->n; k++) {
    const size_t size = strlen(names[k]) + 2;

    PetscCall(PetscMalloc1(size, &e->names[k]));
    (void)snprintf(e->names[k], size, "-%s", names[k]);
  }
  PetscCall(PetscOptionsLeftRestore(all, &n, &names, &values));
  PetscCall(PetscOptionsDestroy(&all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEnvironmentRead(MPI_Comm comm, HeatEnvironment *e)
{
  const HeatEnvironment none      = {0};
  const char           *values[3] = {NULL, NULL, NULL}, *job;
  PetscMPIInt           rank, length[4] = {0, 0, 0, 0}; /* the last: whether rank 0 is in a job */

  PetscFunctionBeginUser;
  *e = none;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    values[0] = getenv("PETSC_OPTIONS");
    values[1] = getenv("PETSC_OPTIONS_YAML");
    values[2] = getenv("HEAT2D_INJECT");
    job       = getenv("SLURM_JOB_ID");
    length[3] = job && *job ? 1 : 0;
  }
  for (int k = 0; k < 3; k++) length[k] = values[k] ? (PetscMPIInt)strlen(values[k]) : 0;
  PetscCallMPI(MPI_Bcast(length, 4, MPI_INT, 0, comm));
  PetscCall(ShareVariable(comm, values[0], length[0], &e->options));
  PetscCall(ShareVariable(comm, values[1], length[1], &e->yaml));
  PetscCall(ShareVariable(comm, values[2], length[2], &e->inject));
  e->in_job = length[3] ? PETSC_TRUE : PETSC_FALSE;
  if (e->options || e->yaml) PetscCall(ListEnvironment(e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatEnvironmentClear(HeatEnvironment *e)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < e->n; k++) PetscCall(PetscFree(e->names[k]));
  PetscCall(PetscFree(e->names));
  PetscCall(PetscFree(e->options));
  PetscCall(PetscFree(e->yaml));
  PetscCall(PetscFree(e->inject));
  e->n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print a note on rank 0 for each file that PETSc would read, and heat2d does not. */
static PetscErrorCode NoteIgnoredFiles(MPI_Comm comm)
{
  const char *home                         = getenv("HOME");
  char        paths[3][PETSC_MAX_PATH_LEN] = {".petscrc", "petscrc", ""};
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (home && home[0]) (void)snprintf(paths[2], sizeof paths[2], "%s/.petscrc", home);
  for (int k = 0; k < 3 && rank == 0; k++) {
    if (!paths[k][0] || access(paths[k], F_OK) != 0) continue;
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: %s is not read; give PETSc's options on the command "
                           "line, or in PETSC_OPTIONS\n",
                           paths[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Looking options up. */

/* Write "-name" from a key of the `petsc` section, which may have the dash or not. */
static PetscErrorCode OptionName(const char *key, char *name, size_t size)
{
  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(name, size, "%s%s", key[0] == '-' ? "" : "-", key));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether PETSc itself reads the option only in PetscFinalize, when it is too late to refuse
   it.  An option that is missing from this list is refused as one that nothing reads. */
static PetscBool IsReadInFinalize(const char *name)
{
  static const char *const late[] = {"-options_left",
                                     "-options_view",
                                     "-options_table",
                                     "-malloc_dump",
                                     "-malloc_view",
                                     "-malloc_test",
                                     "-objects_dump",
                                     "-memory_view",
                                     "-mpidump",
                                     "-log_view",
                                     "-log",
                                     "-log_all",
                                     "-log_trace",
                                     "-log_mpe",
                                     "-log_view_memory",
                                     "-log_summary",
                                     "-viewfromoptions",
                                     "-saws_options",
                                     "-get_total_flops",
                                     "-log_exclude_actions",
                                     NULL};

  for (int k = 0; late[k]; k++) {
    if (strcmp(name, late[k]) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Write the name of an option's witness, "-mg_coarse_ksp_error_if_not_converged" for
   "-mg_coarse_ksp_converged_reason", and return true; return false if the option has none.

   Some options of a PETSc solver are read only after its first solve.  To find out before any work
   whether a solver with the option's prefix exists, an option that this solver reads during set-up
   is put into the database besides the user's: the witness.  Its value is PETSc's default, so it
   changes nothing. */
static PetscBool FindWitness(const char *name, char *witness, size_t size)
{
  static const struct {
    const char *solver, *option, *witness;
  } late[] = {{"ksp_", "converged_reason", "error_if_not_converged"},
              {"ksp_", "test_null_space", "error_if_not_converged"},
              {"snes_", "converged_reason", "force_iteration"},
              {"snes_", "view", "force_iteration"},
              {"snes_", "view_solution", "force_iteration"},
              {"snes_", "test_jacobian", "force_iteration"},
              {"snes_", "test_jacobian_view", "force_iteration"}};

  for (size_t k = 0; k < sizeof late / sizeof late[0]; k++) {
    char         tail[64];
    const size_t length = strlen(name);
    const int    n      = snprintf(tail, sizeof tail, "%s%s", late[k].solver, late[k].option);
    const size_t head   = length > (size_t)n ? length - (size_t)n : 0;

    if (head == 0 || strcmp(name + head, tail) != 0 || !strchr("-_", name[head - 1])) continue;
    (void)snprintf(witness, size, "%.*s%s%s", (int)head, name, late[k].solver, late[k].witness);
    return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Return whether option k of a record is taken over when the record is run again.  A record may
   come from a stranger, so the rules for options of a case decide. */
static PetscBool RecordMayGive(const HeatCase *c, PetscInt k)
{
  char reason[HEAT_REASON_BYTES];

  return HeatPetscOptionCheck(c->record.options[k].key, c->record.options[k].value, reason,
                              sizeof reason);
}

/* Return whether the user gives the option: in the case, in the environment or on the command
   line. */
static PetscBool IsGiven(const HeatOptions *o, const HeatCase *c, const char *name)
{
  for (PetscInt k = 0; c && k < c->n_petsc; k++) {
    const char *key = c->petsc[k].key;

    if (strcmp(key + (key[0] == '-'), name + 1) == 0) return PETSC_TRUE;
  }
  for (PetscInt k = 0; c && k < c->record.n_options; k++) {
    if (strcmp(c->record.options[k].key, name + 1) == 0 && RecordMayGive(c, k)) return PETSC_TRUE;
  }
  for (PetscInt k = 0; k < o->environment.n; k++) {
    if (strcmp(o->environment.names[k], name) == 0) return PETSC_TRUE;
  }
  for (int k = 1; k < o->petsc_argc; k++) {
    if (strcmp(o->petsc_argv[k], name) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Put the witness of an option into PETSc's database (`place`), or remove it again.  A witness that
   the user gives as an option of its own stays as it is. */
static PetscErrorCode PlaceWitness(const HeatOptions *o, const HeatCase *c, const char *name,
                                   PetscBool place)
{
  char witness[300];

  PetscFunctionBeginUser;
  if (!FindWitness(name, witness, sizeof witness) || IsGiven(o, c, witness))
    PetscFunctionReturn(PETSC_SUCCESS);
  if (place) PetscCall(PetscOptionsSetValue(NULL, witness, "false"));
  else PetscCall(PetscOptionsClearValue(NULL, witness));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode PlaceWitnesses(const HeatOptions *o, const HeatCase *c, PetscBool place)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; c && k < c->n_petsc; k++) {
    char name[256];

    PetscCall(OptionName(c->petsc[k].key, name, sizeof name));
    PetscCall(PlaceWitness(o, c, name, place));
  }
  for (PetscInt k = 0; c && k < c->record.n_options; k++) {
    char name[256];

    if (!RecordMayGive(c, k)) continue;
    PetscCall(OptionName(c->record.options[k].key, name, sizeof name));
    PetscCall(PlaceWitness(o, c, name, place));
  }
  for (PetscInt k = 0; k < o->environment.n; k++)
    PetscCall(PlaceWitness(o, c, o->environment.names[k], place));
  for (int k = 1; k < o->petsc_argc; k++) PetscCall(PlaceWitness(o, c, o->petsc_argv[k], place));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set *unused unless the option or its witness has been read, or PetscFinalize will read it. */
static PetscErrorCode IsUnused(const char *name, PetscBool *unused)
{
  char      witness[300];
  PetscBool used;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsUsed(NULL, name + 1, &used)); /* without the dash */
  if (!used && FindWitness(name, witness, sizeof witness))
    PetscCall(PetscOptionsUsed(NULL, witness + 1, &used));
  *unused = (used || IsReadInFinalize(name)) ? PETSC_FALSE : PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set an option of the case, with its value in small letters.  PETSc ignores the case of letters in
   most values, but not in names of types.  No value that a case may give needs capital letters. */
static PetscErrorCode SetOption(const char *name, const char *value)
{
  char *small;

  PetscFunctionBeginUser;
  PetscCall(PetscStrallocpy(value ? value : "", &small));
  PetscCall(PetscStrtolower(small));
  PetscCall(PetscOptionsSetValue(NULL, name, value ? small : NULL));
  PetscCall(PetscFree(small));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Put an option into PETSc's database unless it is there. */
static PetscErrorCode InsertUnlessGiven(const HeatPetscOption *option)
{
  char      name[256];
  PetscBool given;

  PetscFunctionBeginUser;
  PetscCall(OptionName(option->key, name, sizeof name));
  PetscCall(PetscOptionsHasName(NULL, NULL, name, &given));
  if (!given) PetscCall(SetOption(name, option->value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOptionsInsertPetsc(MPI_Comm comm, const HeatOptions *o, const HeatCase *c)
{
  PetscFunctionBeginUser;
  PetscCall(NoteIgnoredFiles(comm));
  for (PetscInt k = 0; c && k < c->record.n_options; k++)
    if (RecordMayGive(c, k)) PetscCall(InsertUnlessGiven(&c->record.options[k]));
  for (PetscInt k = 0; c && k < c->n_petsc; k++) PetscCall(InsertUnlessGiven(&c->petsc[k]));
  PetscCall(PlaceWitnesses(o, c, PETSC_TRUE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise HEAT_ERR_INPUT if nothing has read an option, which stands in `where`. */
static PetscErrorCode CheckUsed(MPI_Comm comm, const char *where, const char *name)
{
  PetscBool unused;

  PetscFunctionBeginUser;
  PetscCall(IsUnused(name, &unused));
  HeatCheck(!unused, comm, HEAT_ERR_INPUT,
            "%snothing in this run reads the option %s; correct its name, or leave it out", where,
            name);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOptionsCheckUsed(MPI_Comm comm, const HeatOptions *o, const HeatCase *c)
{
  PetscBool unused;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; c && k < c->n_petsc; k++) {
    char name[256], path[300];

    PetscCall(OptionName(c->petsc[k].key, name, sizeof name));
    PetscCall(IsUnused(name, &unused));
    PetscCall(PetscSNPrintf(path, sizeof path, "petsc.%s", c->petsc[k].key));
    HeatCaseCheckKey(
        !unused, comm, c, path,
        "nothing in this run reads the PETSc option %s; correct its name, or leave it out", name);
  }
  for (PetscInt k = 0; c && k < c->record.n_options; k++) {
    char name[256], path[300];

    if (!RecordMayGive(c, k)) continue;
    PetscCall(OptionName(c->record.options[k].key, name, sizeof name));
    PetscCall(IsUnused(name, &unused));
    PetscCall(PetscSNPrintf(path, sizeof path, "case_options.%s", c->record.options[k].key));
    HeatCaseCheckKey(!unused, comm, c, path,
                     "nothing in this run reads the PETSc option %s; remove it from the record",
                     name);
  }
  for (PetscInt k = 0; k < o->environment.n; k++) {
    const HeatEnvironment *e          = &o->environment;
    const PetscBool        in_options = (PetscBool)(e->options && strstr(e->options, e->names[k]));

    PetscCall(CheckUsed(comm,
                        in_options ? "PETSC_OPTIONS in the environment: "
                                   : "PETSC_OPTIONS_YAML in the environment: ",
                        e->names[k]));
  }
  for (int k = 1; k < o->petsc_argc; k++) {
    const char *name = o->petsc_argv[k];

    if (name[0] == '-' && !HeatOptionsIsNumber(name)) PetscCall(CheckUsed(comm, "", name));
  }
  PetscCall(PlaceWitnesses(o, c, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* For the record. */

PetscErrorCode HeatOptionsCollectPetsc(const HeatOptions *o, const HeatCase *c, PetscInt *n,
                                       HeatPetscOption **options)
{
  PetscOptions all;
  PetscInt     unread;
  char       **names, **values;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsCreate(&all));
  for (PetscInt k = 0; k < c->record.n_options; k++) {
    char name[256];

    PetscCall(OptionName(c->record.options[k].key, name, sizeof name));
    if (RecordMayGive(c, k)) PetscCall(PetscOptionsSetValue(all, name, c->record.options[k].value));
  }
  if (o->environment.options) PetscCall(PetscOptionsInsertString(all, o->environment.options));
  if (o->environment.yaml) PetscCall(PetscOptionsInsertStringYAML(all, o->environment.yaml));
  PetscCall(PetscOptionsInsertArgs(all, o->petsc_argc - 1, o->petsc_argv + 1));
  PetscCall(PetscOptionsLeftGet(all, &unread, &names, &values)); /* all: none has been read */
  PetscCall(PetscCalloc1((size_t)unread + 1, options));
  for (*n = 0; *n < unread; (*n)++) {
    PetscCall(PetscStrallocpy(names[*n], &(*options)[*n].key));
    PetscCall(PetscStrallocpy(values[*n] ? values[*n] : "", &(*options)[*n].value));
  }
  PetscCall(PetscOptionsLeftRestore(all, &unread, &names, &values));
  PetscCall(PetscOptionsDestroy(&all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOptionsFreePetsc(PetscInt n, HeatPetscOption **options)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    PetscCall(PetscFree((*options)[k].key));
    PetscCall(PetscFree((*options)[k].value));
  }
  PetscCall(PetscFree(*options));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatOptionsRefusedOfRecord(const HeatOptions *o, const HeatCase *c, char *text,
                                    size_t size)
{
  PetscInt n    = 0;
  size_t   used = 0;

  text[0] = '\0';
  for (PetscInt k = 0; k < c->record.n_options; k++) {
    char name[256];

    (void)snprintf(name, sizeof name, "-%s", c->record.options[k].key);
    if (RecordMayGive(c, k) || IsGiven(o, NULL, name)) continue;
    n++;
    if (used < size)
      used += (size_t)snprintf(text + used, size - used, "%s%.60s", used ? ", " : "", name);
  }
  for (char *s = text; *s; s++) {
    if (iscntrl((unsigned char)*s)) *s = '?';
  }
  return n;
}
