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

static const char *const commands[] = {"run", "plan", "verify", "bench", "inspect", NULL};

static PetscBool IsCommand(const char *word)
{
  for (int k = 0; commands[k]; k++) {
    if (strcmp(word, commands[k]) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

PetscBool HeatOptionsIsNumber(const char *word)
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

/* An option that takes a value, and where the value is stored. */
typedef struct {
  const char  *name;
  const char **value;
} ValueOption;

/* Store the value of argument *k if it is one of the options [n], and the name of the option in
   *first unless that has one.  Return whether it is one. */
static PetscBool ParseValue(HeatOptions *o, size_t n, const ValueOption *options,
                            const char **first, int argc, char **argv, int *k)
{
  for (size_t m = 0; m < n; m++) {
    const char *value = ValueOf(o, options[m].name, argc, argv, k);

    if (!value) continue;
    *options[m].value = value;
    if (!*first) *first = options[m].name;
    return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Parse argument *k if it is an option of `heat2d bench`. */
static PetscBool ParseBenchOption(HeatOptions *o, int argc, char **argv, int *k)
{
  const ValueOption options[] = {{"--class", &o->bench.size},
                                 {"--workload", &o->bench.workload},
                                 {"--rules", &o->bench.rules},
                                 {"--nonce", &o->bench.nonce},
                                 {"--duration", &o->bench.duration},
                                 {"--memory-fraction", &o->bench.memory},
                                 {"--recompute", &o->bench.recompute},
                                 {"--reread", &o->bench.reread},
                                 {"--key", &o->bench.key}};
  const size_t      n         = sizeof options / sizeof *options;

  if (!ParseValue(o, n, options, &o->bench_option, argc, argv, k)) return PETSC_FALSE;
  o->n_bench++;
  return PETSC_TRUE;
}

/* Parse argument *k if it is an option of `heat2d plan`. */
static PetscBool ParsePlanOption(HeatOptions *o, int argc, char **argv, int *k)
{
  const ValueOption options[] = {{"--ranks", &o->plan.ranks},
                                 {"--ranks-per-node", &o->plan.per_node},
                                 {"--iterations", &o->plan.iterations},
                                 {"--json", &o->plan.json},
                                 {"--map", &o->plan.map},
                                 {"--machine", &o->plan.machine},
                                 {"--calibrate", &o->plan.calibrate}};

  return ParseValue(o, sizeof options / sizeof *options, options, &o->plan_option, argc, argv, k);
}

/* Parse argument *k, which begins with "--".  *k advances to its value if that is an argument of
   its own. */
static void ParseOwnOption(HeatOptions *o, int argc, char **argv, int *k)
{
  const char *value;

  if (ParseFlag(argv[*k], "--quiet", &o->quiet) ||
      ParseFlag(argv[*k], "--no-progress", &o->no_progress) ||
      ParseFlag(argv[*k], "--help", &o->help) || ParseFlag(argv[*k], "--version", &o->version) ||
      ParseFlag(argv[*k], "--quick", &o->quick) || ParseFlag(argv[*k], "--stream", &o->stream) ||
      ParseFlag(argv[*k], "--write-field", &o->bench.write_field) ||
      ParseBenchOption(o, argc, argv, k) || ParsePlanOption(o, argc, argv, k)) {
    return;
  }
  if ((value = ValueOf(o, "--set", argc, argv, k))) o->set[o->n_set++] = value;
  else if ((value = ValueOf(o, "--output", argc, argv, k))) o->output = value;
  else if ((value = ValueOf(o, "--restart", argc, argv, k))) o->restart = value;
  else if ((value = ValueOf(o, "--show", argc, argv, k))) o->show = value;
  else if ((value = ValueOf(o, "--break-halo", argc, argv, k))) o->break_halo = value;
  else StoreProblem(o, "is not an option of heat2d", argv[*k]);
}

/* Fill the arguments that PETSc is initialised with: its options of the command line, behind one
   that keeps it from reading any .petscrc. */
static void FillStartArguments(HeatOptions *o)
{
  o->start_argv[o->start_argc++] = o->petsc_argv[0];
  o->start_argv[o->start_argc++] = (char *)"-skip_petscrc";
  for (int k = 1; k < o->petsc_argc; k++) o->start_argv[o->start_argc++] = o->petsc_argv[k];
}

int HeatOptionsParse(int argc, char **argv, HeatOptions *o)
{
  const HeatOptions none = {0};
  const size_t      n    = (size_t)argc + 1;

  *o            = none;
  o->argc       = argc;
  o->argv       = argv;
  o->operands   = calloc(n, sizeof *o->operands);
  o->set        = calloc(n, sizeof *o->set);
  o->petsc_argv = calloc(n, sizeof *o->petsc_argv);
  o->start_argv = calloc(n + 1, sizeof *o->start_argv);
  if (!o->operands || !o->set || !o->petsc_argv || !o->start_argv) return 1;
  o->petsc_argv[o->petsc_argc++] = argv[0];
  for (int k = 1; k < argc; k++) {
    if (strncmp(argv[k], "--", 2) == 0) {
      ParseOwnOption(o, argc, argv, &k);
    } else if (argv[k][0] == '-' && argv[k][1] != '\0') {
      o->petsc_argv[o->petsc_argc++] = argv[k];
      if (k + 1 < argc && (argv[k + 1][0] != '-' || HeatOptionsIsNumber(argv[k + 1]))) {
        o->petsc_argv[o->petsc_argc++] = argv[++k];
      }
    } else if (!o->command && o->n_operands == 0 && IsCommand(argv[k])) {
      o->command = argv[k];
    } else {
      o->operands[o->n_operands++] = argv[k];
    }
  }
  if (!o->command) o->command = "run";
  FillStartArguments(o);
  return 0;
}

void HeatOptionsFree(HeatOptions *o)
{
  free(o->operands);
  free(o->set);
  free(o->petsc_argv);
  free(o->start_argv);
}

/* Return whether the command is a plan of the reference workload: only class and workload are
   given. */
static PetscBool IsPlanOfBench(const HeatOptions *o)
{
  const int given = (o->bench.size ? 1 : 0) + (o->bench.workload ? 1 : 0);

  return (PetscBool)(!strcmp(o->command, "plan") && o->n_bench == given);
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
  HeatCheck(!o->break_halo || !strcmp(o->command, "run"), comm, HEAT_ERR_INPUT,
            "--break-halo is an option of heat2d run");
  HeatCheck(!o->bench.write_field || !strcmp(o->command, "bench"), comm, HEAT_ERR_INPUT,
            "--write-field is an option of heat2d bench");
  HeatCheck(!o->stream || !strcmp(o->command, "run") || !strcmp(o->command, "bench"), comm,
            HEAT_ERR_INPUT, "--stream is an option of heat2d run and heat2d bench");
  HeatCheck(!o->bench_option || !strcmp(o->command, "bench") || IsPlanOfBench(o), comm,
            HEAT_ERR_INPUT, "%s is an option of heat2d bench%s", o->bench_option,
            !strcmp(o->command, "plan") ? "; heat2d plan takes --class and --workload alone" : "");
  HeatCheck(!o->plan_option || !strcmp(o->command, "plan"), comm, HEAT_ERR_INPUT,
            "%s is an option of heat2d plan", o->plan_option);
  HeatCheck((!o->plan.json || o->plan.json[0]) && (!o->plan.map || o->plan.map[0]) &&
                (!o->plan.machine || o->plan.machine[0]) &&
                (!o->plan.calibrate || o->plan.calibrate[0]),
            comm, HEAT_ERR_INPUT, "--json, --map, --machine, --calibrate: give the name of a file");
  HeatCheck(!o->output || o->output[0], comm, HEAT_ERR_INPUT, "--output: give a folder");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Help. */

static const char usage[] =
    "usage: mpiexec -n RANKS heat2d [COMMAND] ... [--OPTIONS] [-PETSC_OPTIONS]\n"
    "\n"
    "commands\n"
    "  run CASE.yaml         solve the case; `heat2d CASE.yaml` is short for this\n"
    "  run DIR/results.json  run the case of an earlier run again, with its overrides and options\n"
    "  verify [NAME ...]     run the built-in verification suite, or only the entries named\n"
    "  inspect FILE.h5 ...   print what snapshots and checkpoints hold and verify their checksums\n"
    "  bench --class NAME    run the reference workload (inputs/benchmark/RULES.md): tiny, small,\n"
    "                        medium, large, huge, peta, exa; `--recompute DIR` audits a result,\n"
    "                        `--reread DIR` compares the last field in its file with it\n"
    "  plan CASE.yaml        show who would own what, messages, memory and files on any number of\n"
    "                        ranks and nodes, without running\n"
    "  plan --class NAME     show the same of the reference workload (--workload NAME)\n"
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
    "  --break-halo EVERY    for teaching: leave out every EVERY-th halo exchange (1: all but the\n"
    "                        first); the result is wrong, and its status is never ok\n"
    "  --workload, --rules, --nonce, --duration, --memory-fraction, --recompute, --key,\n"
    "  --reread              with bench: implicit, explicit or checkpoint; base, ported or\n"
    "                        optimised; the buyer's number; least time of the steps [s]; least\n"
    "                        part of each node's memory; the folder to audit; the public key of\n"
    "                        its signature; the folder whose field.h5 is read, on any number of\n"
    "                        ranks\n"
    "  --write-field         with bench: write the last field to field.h5 also from class huge on\n"
    "  --quick               with verify: run the short suite\n"
    "  --stream              measure the memory's bandwidth for a second (STREAM's triad): before\n"
    "                        a run, after a bench, to compare the bandwidth of the steps with it\n"
    "  --ranks P             with plan: number of ranks (default: those of mpiexec)\n"
    "  --ranks-per-node R    with plan: ranks of each node (default: all on one node)\n"
    "  --iterations N        with plan: linear iterations of a step (default: 6 a solve)\n"
    "  --json FILE           with plan: write the plan as JSON\n"
    "  --map FILE            with plan: draw who owns what; FILE ends in .svg, .png or .txt\n"
    "  --machine FILE        with plan: predict times on the machine that the file describes\n"
    "  --calibrate FILE      with plan, without a case: measure this machine and write such a "
    "file\n"
    "  --help, --version     print this text or the version, and exit\n"
    "Options with a single '-' go to PETSc: -ksp_monitor, -log_view, -pc_type jacobi ... An\n"
    "argument that follows one of them is its value, so the case file must come first. An option\n"
    "that no part of the run reads is an error.\n"
    "\n"
    "exit codes\n"
    "   0 completed, and every check passed\n"
    "   2 error in the command line or the case file, or not enough memory\n"
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
