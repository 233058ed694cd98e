/** Command line: separate heat2d's own options (`--name`) from PETSc's (`-name`), and print
 *  --help. */
#ifndef HEAT_APP_OPTIONS_H
#define HEAT_APP_OPTIONS_H

#include "solver/case/case.h"

/** What the environment of rank 0 gives, the same on all ranks: PETSc's options, and what a run
 *  needs to know of it. */
typedef struct {
  char     *options; /* owned; PETSC_OPTIONS, NULL if not set */
  char     *yaml;    /* owned; PETSC_OPTIONS_YAML, NULL if not set */
  PetscInt  n;
  char    **names;  /* owned [n]; names of the options in both, with the leading '-' */
  char     *inject; /* owned; HEAT2D_INJECT, NULL if not set */
  PetscBool in_job; /* whether SLURM_JOB_ID is set */
} HeatEnvironment;

/** The options of `heat2d bench`; the texts are NULL where one is not given, and borrowed from
 *  argv. */
typedef struct {
  const char *size;        /* --class */
  const char *workload;    /* --workload */
  const char *rules;       /* --rules */
  const char *nonce;       /* --nonce */
  const char *duration;    /* --duration */
  const char *memory;      /* --memory-fraction */
  const char *recompute;   /* --recompute */
  const char *reread;      /* --reread */
  const char *key;         /* --key */
  PetscBool   write_field; /* --write-field */
} HeatBenchOptions;

/** The options of `heat2d plan` as texts; NULL: not given. */
typedef struct {
  const char *ranks;      /* --ranks P */
  const char *per_node;   /* --ranks-per-node R */
  const char *iterations; /* --iterations N */
  const char *json;       /* --json FILE */
  const char *map;        /* --map FILE */
  const char *machine;    /* --machine FILE */
  const char *calibrate;  /* --calibrate FILE */
} HeatPlanOptions;

/** A parsed command line.  Plain data.  Strings are borrowed from argv; the arrays are owned and
 *  freed by HeatOptionsFree. */
typedef struct {
  const char      *command; /* "run", "verify", ...; "run" where none is given */
  int              n_operands;
  const char     **operands; /* [n_operands] neither commands nor options: a case file, ... */
  int              n_set;
  const char     **set;         /* [n_set] the KEY=VALUE of each --set, in the order given */
  const char      *output;      /* --output DIR, or NULL */
  const char      *restart;     /* --restart: "latest" or a checkpoint file; NULL: fresh run */
  const char      *show;        /* --show KEY, or NULL */
  const char      *break_halo;  /* --break-halo EVERY, or NULL */
  PetscBool        quiet;       /* print nothing but errors, warnings and notes */
  PetscBool        no_progress; /* print no progress */
  PetscBool        help;        /* print the help text and exit */
  PetscBool        version;     /* print the version and exit */
  PetscBool        quick;       /* verify: run the short suite */
  PetscBool        stream;      /* run, bench: also measure STREAM's triad */
  HeatBenchOptions bench;
  int              n_bench;      /* options of `heat2d bench` that were given */
  const char      *bench_option; /* the first option of `heat2d bench` that was given, or NULL */
  HeatPlanOptions  plan;
  const char      *plan_option; /* the first option of `heat2d plan` that was given, or NULL */
  int              petsc_argc;  /* number of entries of petsc_argv */
  char           **petsc_argv; /* [petsc_argc + 1] program name, PETSc's options and values, NULL */
  int              start_argc; /* number of entries of start_argv */
  char           **start_argv; /* [start_argc + 1] petsc_argv with -skip_petscrc as first option */
  int              argc;       /* number of entries of argv */
  char           **argv;       /* [argc] all arguments, as they were given; borrowed */
  PetscBool       *began;      /* borrowed; set when a run begins to write files; may be NULL */
  HeatEnvironment  environment; /* read after PETSc's start (petsc_options.h) */
  const char      *problem; /* first error of the command line, e.g. "needs a value"; NULL: none */
  const char      *culprit; /* the argument that `problem` is about */
} HeatOptions;

/** Parse the command line.  Not collective: it runs before MPI_Init, when no error can be raised
 *  yet, so the first error is stored in options->problem and raised by HeatOptionsCheck.  Return 0,
 *  or 1 if memory runs out.
 *  @param[out] options  free it with HeatOptionsFree */
int HeatOptionsParse(int argc, char **argv, HeatOptions *options);

/** Raise the error that HeatOptionsParse stored.  Collective on comm.
 *  Errors: HEAT_ERR_INPUT, also for an empty --restart or --output, and for options of run,
 *  verify, bench or plan with another command. */
PetscErrorCode HeatOptionsCheck(MPI_Comm comm, const HeatOptions *options);

/** Print the text of --help, with the keys of the case file, on rank 0.  Collective on comm. */
PetscErrorCode HeatOptionsPrintHelp(MPI_Comm comm);

/** Return whether an argument that begins with '-' is a negative number, and no option. */
PetscBool HeatOptionsIsNumber(const char *word);

/** Free the arrays.  Not collective; needs neither MPI nor PETSc. */
void HeatOptionsFree(HeatOptions *options);

#endif
