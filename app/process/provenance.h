/** Provenance: versions, build and command line that produced a result. */
#ifndef HEAT_APP_PROVENANCE_H
#define HEAT_APP_PROVENANCE_H

#include <petscsys.h>

#include "solver/base/error.h"

/* Return facts about the build.  Static storage; not collective. */
const char *HeatVersion(void);       /* "0.1.0" */
const char *HeatGitCommit(void);     /* "1a2b3c4d5e6f", "1a2b3c4d5e6f-dirty", or "unknown" */
const char *HeatSourceHash(void);    /* SHA-256 of the sources, in hexadecimal digits, as in
                                        .cmake/WriteBuildHeader.cmake */
const char *HeatCompiler(void);      /* name and version of the C compiler */
const char *HeatCompilerFlags(void); /* of the build type, with heat2d's own */
const char *HeatBuildType(void);     /* CMAKE_BUILD_TYPE */

/** Write program, version and commit, "heat2d 0.1.0 (1a2b3c4d5e6f)", to buffer and return buffer.
 *  Not collective.
 *  @param[in] size  [bytes] of buffer; a longer text is cut */
const char *HeatProgram(char *buffer, size_t size);

/** Facts about this run.  Strings are owned; free them with HeatProvenanceClear. */
typedef struct {
  char  mpi[256];      /* first line of MPI_Get_library_version, cut at 255 characters */
  char  petsc[64];     /* "3.18.5" */
  char *command_line;  /* of this process, words separated by blanks */
  char *petsc_options; /* PETSc's options database */
} HeatProvenance;

/** Collect the facts.  Not collective. */
PetscErrorCode HeatProvenanceCollect(HeatProvenance *p);

/** Free the strings.  Not collective. */
PetscErrorCode HeatProvenanceClear(HeatProvenance *p);

#endif
