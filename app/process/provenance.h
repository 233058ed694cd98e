/** What produced a result: versions, build, hosts, binding, command line. */
#ifndef HEAT_APP_PROVENANCE_H
#define HEAT_APP_PROVENANCE_H

#include <petscsys.h>

#include "solver/base/error.h"

/** Of the build; static storage. */
const char *HeatVersion(void);   /* "0.1.0" */
const char *HeatGitCommit(void); /* "1a2b3c4d5e6f", "1a2b3c4d5e6f-dirty", or "unknown" */
const char *HeatCompiler(void);
const char *HeatCompilerFlags(void);
const char *HeatBuildType(void);

/** "heat2d 0.1.0 (1a2b3c4d5e6f)"; returns buffer. */
const char *HeatProgram(char *buffer, size_t size);

/** Of the run, on rank 0; strings are owned and freed by Clear. */
typedef struct {
  char   mpi[256], petsc[64];
  int    n_hosts, n_ranks;
  char **hosts;   /* distinct, in order of rank; other ranks: NULL */
  char **binding; /* [n_ranks] the processors each rank may run on; other ranks: NULL */
  char  *command_line, *petsc_options;
  char   started[32]; /* ISO 8601, UTC */
} HeatProvenance;

/** Collective on comm.  Each node's hosts travel once; bindings are 64 bytes a rank. */
PetscErrorCode HeatProvenanceCollect(MPI_Comm comm, HeatProvenance *p);

PetscErrorCode HeatProvenanceClear(HeatProvenance *p);

#endif
