/** The command line (see options.h).
 *
 * PETSc would take "--set" for one of its own options, so heat2d's options are removed first and
 * PETSc is initialised with the rest.  heat2d does not know which PETSc options take a value.  An
 * argument after a PETSc option counts as its value if it does not begin with '-' or is a negative
 * number; hence the case file must come before PETSc's options. */
#include "app/process/options.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "io/case_file/case_keys.h"

/* Parsing. */

/* `plan` and `bench` are known so that main.c can refuse them by name. */
static const char *const commands[] = {"run", "plan", "verify", "bench", "inspect", NULL};

static PetscBool IsCommand(const char *word)
{
  for (int k = 0; commands[k]; k++) {
    if (strcmp(word, commands[k]) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

static PetscBool IsNegativeNumber(const char *word)
{
  return (word[0] == '-' && (isdigit((unsigned char)word[1]) || word[1] == '.')) ? PETSC_TRUE
                                                                                 : PETSC_FALSE;
}

/* Store the first error of the command line; later ones are dropped. */
static void StoreProblem(HeatOptions *o, const char *problem, const char *culprit)
{
  if (o->problem) return;
  o->problem = problem;
  o->culprit = culprit;
}

/* Return the value of the option `name`, written "--name=VALUE" or as two arguments "--name VALUE",
   in which case *k advances to the second.  Return NULL if argument *k is another option. */
static const char *ValueOf(HeatOptions *o, const char *name, int argc, char **argv, int *k)
{
  const char  *word   = argv[*k];
  const size_t length = strlen(name);

  if (strncmp(word, name, length) != 0) return NULL;
  if (word[length] == '=') return word + length + 1;
  if (word[length] != '\0') return NULL;
  if (*k + 1 >= argc) {
    StoreProblem(o, "needs a value", word);
    return "";
  }
  return argv[++*k];
}

/* Set *flag and return true if `word` is the option `name`, which takes no value. */
static PetscBool ParseFlag(const char *word, const char *name, PetscBool *flag)
{
  if (strcmp(word, name) != 0) return PETSC_FALSE;
  *flag = PETSC_TRUE;
  return PETSC_TRUE;
}

/* Parse argument *k, which begins with "--".  *k advances to its value if that is an argument of
   its own. */
static void ParseOwnOption(HeatOptions *o, int argc, char **argv, int *k)
{
  const char *value;

  if (ParseFlag(argv[*k], "--quiet", &o->quiet) ||
      ParseFlag(argv[*k], "--no-progress", &o->no_progress) ||
      ParseFlag(argv[*k], "--help", &o->help) || ParseFlag(argv[*k], "--version", &o->version) ||
      ParseFlag(argv[*k], "--quick", &o->quick)) {
    return;
  }
  if ((value = ValueOf(o, "--set", argc, argv, k))) o->set[o->n_set++] = value;
  else if ((value = ValueOf(o, "--output", argc, argv, k))) o->output = value;
  else if ((value = ValueOf(o, "--restart", argc, argv, k))) o->restart = value;
  else if ((value = ValueOf(o, "--show", argc, argv, k))) o->show = value;
  else StoreProblem(o, "is not an option of heat2d", argv[*k]);
}

int HeatOptionsParse(int argc, char **argv, HeatOptions *o)
{
  const HeatOptions none = {0};
  const size_t      n    = (size_t)argc + 1;

  *o            = none;
  o->operands   = calloc(n, sizeof *o->operands);
  o->set        = calloc(n, sizeof *o->set);
  o->petsc_argv = calloc(n, sizeof *o->petsc_argv);
  if (!o->operands || !o->set || !o->petsc_argv) return 1;
  o->petsc_argv[o->petsc_argc++] = argv[0];
  for (int k = 1; k < argc; k++) {
    if (strncmp(argv[k], "--", 2) == 0) {
      ParseOwnOption(o, argc, argv, &k);
    } else if (argv[k][0] == '-' && argv[k][1] != '\0') {
      o->petsc_argv[o->petsc_argc++] = argv[k];
      if (k + 1 < argc && (argv[k + 1][0] != '-' || IsNegativeNumber(argv[k + 1]))) {
        o->petsc_argv[o->petsc_argc++] = argv[++k];
      }
    } else if (!o->command && o->n_operands == 0 && IsCommand(argv[k])) {
      o->command = argv[k];
    } else {
      o->operands[o->n_operands++] = argv[k];
    }
  }
  if (!o->command) o->command = "run";
  return 0;
}

void HeatOptionsFree(HeatOptions *o)
{
  free(o->operands);
  free(o->set);
  free(o->petsc_argv);
}

PetscErrorCode HeatOptionsCheck(MPI_Comm comm, const HeatOptions *o)
{
  PetscFunctionBeginUser;
  HeatCheck(!o->problem, comm, HEAT_ERR_INPUT,
            "%s %s; see heat2d --help (options of PETSc begin with a single '-')", o->culprit,
            o->problem);
  HeatCheck(!o->restart || o->restart[0], comm, HEAT_ERR_INPUT,
            "--restart: give latest or a checkpoint file");
  HeatCheck(!o->quick || !strcmp(o->command, "verify"), comm, HEAT_ERR_INPUT,
            "--quick is an option of heat2d verify");
  HeatCheck(!o->output || o->output[0], comm, HEAT_ERR_INPUT, "--output: give a folder");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Help. */

static const char usage[] =
    "usage: mpiexec -n RANKS heat2d [COMMAND] ... [--OPTIONS] [-PETSC_OPTIONS]\n"
    "\n"
    "commands\n"
    "  run CASE.yaml         solve the case; `heat2d CASE.yaml` is short for this\n"
    "  verify [NAME ...]     run the built-in verification suite, or only the entries named\n"
    "  inspect FILE.h5 ...   print what snapshots and checkpoints hold and verify their checksums\n"
    "  plan, bench           not available in this version\n"
    "\n"
    "options (a command refuses those that have no meaning for it)\n"
    "  --set KEY=VALUE       override a key of the case file, e.g. --set grid.cells=[4096,4096]\n"
    "                        or --set boundary.left.value=400; may be repeated\n"
    "  --restart latest|FILE continue from the newest undamaged checkpoint of the output folder,\n"
    "                        or from FILE; on any number of ranks\n"
    "  --output DIR          write to the folder DIR instead of output.directory\n"
    "  --quiet               print nothing but errors, warnings and notes\n"
    "  --no-progress         do not print the progress of the run\n"
    "  --show KEY            print the effective value of output.directory, grid.cells, time.step\n"
    "                        or title, and exit\n"
    "  --quick               with verify: run the short suite\n"
    "  --help, --version     print this text or the version, and exit\n"
    "Options with a single '-' go to PETSc: -ksp_monitor, -log_view, -pc_type jacobi ... An\n"
    "argument that follows one of them is its value, so the case file must come first. An option\n"
    "that no part of the run reads is an error.\n"
    "\n"
    "exit codes\n"
    "   0 completed, and every check passed\n"
    "   2 error in the command line or the case file\n"
    "   3 numerical failure, or a corrupted state that could not be recovered\n"
    "   4 a file cannot be read or written, or is damaged\n"
    "   5 a check failed\n"
    "  70 defect of heat2d or of a library\n"
    "  75 stopped after a checkpoint; continue with --restart latest\n"
    "  76 a rank made no progress (limits.stall); continue with --restart latest\n"
    "\n"
    "keys of the case file (inputs/README.md explains them)\n";

PetscErrorCode HeatOptionsPrintHelp(MPI_Comm comm)
{
  PetscFunctionBeginUser;
  PetscCall(
      PetscPrintf(comm, "heat2d: 2D heat diffusion on distributed-memory machines\n\n%s", usage));
  for (const HeatCaseKey *key = HeatCaseKeys(); key->path; key++) {
    PetscCall(PetscPrintf(comm, "  %s\n      %s  [%s]\n      %s\n", key->path, key->type,
                          key->fallback, key->help));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* PETSc's options. */

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
   is put into the database beside the user's: the witness.  Its value is PETSc's default, so it
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

/* Return whether the user gives the option, in the case or on the command line. */
static PetscBool IsGiven(const HeatOptions *o, const HeatCase *c, const char *name)
{
  for (PetscInt k = 0; c && k < c->n_petsc; k++) {
    const char *key = c->petsc[k].key;

    if (strcmp(key + (key[0] == '-'), name + 1) == 0) return PETSC_TRUE;
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

PetscErrorCode HeatOptionsInsertPetsc(const HeatOptions *o, const HeatCase *c)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; c && k < c->n_petsc; k++) {
    char      name[256];
    PetscBool given;

    PetscCall(OptionName(c->petsc[k].key, name, sizeof name));
    PetscCall(PetscOptionsHasName(NULL, NULL, name, &given));
    if (!given) PetscCall(PetscOptionsSetValue(NULL, name, c->petsc[k].value));
  }
  PetscCall(PlaceWitnesses(o, c, PETSC_TRUE));
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
  for (int k = 1; k < o->petsc_argc; k++) {
    const char *name = o->petsc_argv[k];

    if (name[0] != '-' || IsNegativeNumber(name)) continue;
    PetscCall(IsUnused(name, &unused));
    HeatCheck(!unused, comm, HEAT_ERR_INPUT,
              "nothing in this run reads the option %s; correct its name, or leave it out", name);
  }
  PetscCall(PlaceWitnesses(o, c, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}
