/** The command line: ours begins with `--`, PETSc's with a single `-`. */
#ifndef HEAT_APP_OPTIONS_H
#define HEAT_APP_OPTIONS_H

#include "solver/case/case.h"

/** Plain data; strings are borrowed from argv, arrays are owned. */
typedef struct {
  const char  *command; /* "run", ...; "run" when none was given */
  int          n_operands;
  const char **operands; /* [n_operands] e.g. the case file */
  int          n_set;
  const char **set;     /* [n_set] KEY=VALUE in order */
  const char  *output;  /* --output DIR, or NULL */
  const char  *restart; /* "latest", a file, or NULL */
  const char  *show;    /* --show KEY, or NULL */
  PetscBool    quiet, no_progress, help, version;
  PetscBool    quick; /* verify: the short suite */
  int          petsc_argc;
  char **petsc_argv;   /* [petsc_argc + 1] the program's name, PETSc's options and their values */
  const char *problem; /* what is wrong with the command line, or NULL */
  const char *culprit; /* the argument it is about */
} HeatOptions;

/** Sort the command line.  Runs before MPI is initialised, so what is wrong is only noted: see
 *  HeatOptionsCheck.  Returns 0, or 1 when out of memory. */
int HeatOptionsParse(int argc, char **argv, HeatOptions *options);

/** Raise what Parse noted.  Collective on comm.  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatOptionsCheck(MPI_Comm comm, const HeatOptions *options);

/** The text of --help with the table of the case file's keys, on rank 0.  Collective on comm. */
PetscErrorCode HeatOptionsPrintHelp(MPI_Comm comm);

/** Put the `petsc` section of a case into PETSc's options; what the command line says wins.  Until
 *  HeatOptionsCheckUsed, witnesses for options that are read only when solving stand there too.
 *  c may be NULL: no such section.  Collective on comm. */
PetscErrorCode HeatOptionsInsertPetsc(const HeatOptions *options, const HeatCase *c);

/** Raise HEAT_ERR_INPUT for a PETSc option, of the command line or the case, that nobody has read.
 *  Call after everything that reads options, before any work.  c may be NULL.  Collective on
 *  comm. */
PetscErrorCode HeatOptionsCheckUsed(MPI_Comm comm, const HeatOptions *options, const HeatCase *c);

void HeatOptionsFree(HeatOptions *options);

#endif
