/** Provenance (see provenance.h).  Facts about the build are macros of heat2d_build.h, a header
 * that the build generates.  Facts about the run come from MPI, PETSc and /proc. */
#include "app/process/provenance.h"

#include <stdio.h>
#include <string.h>

#include "heat2d_build.h"

const char *HeatVersion(void) { return HEAT2D_VERSION; }
const char *HeatGitCommit(void) { return HEAT2D_GIT_COMMIT; }
const char *HeatSourceHash(void) { return HEAT2D_SOURCES; }

const char *HeatProgram(char *buffer, size_t size)
{
  (void)snprintf(buffer, size, "heat2d %s (%s)", HeatVersion(), HeatGitCommit());
  return buffer;
}
const char *HeatCompiler(void) { return HEAT2D_COMPILER; }
const char *HeatCompilerFlags(void) { return HEAT2D_FLAGS; }
const char *HeatBuildType(void) { return HEAT2D_BUILD_TYPE; }

/* Copy `from` to `text`, cut to `size` bytes. */
static void CopyCut(char *text, size_t size, const char *from)
{
  (void)snprintf(text, size, "%s", from);
}

/* Read the whole command line from the kernel, which keeps all arguments, also those that main
   removes before it initialises PETSc. */
static PetscErrorCode ReadCommandLine(char **line)
{
  FILE  *file = fopen("/proc/self/cmdline", "r");
  size_t n = 0, size = 4096, read; /* first size: chosen; it doubles while the line is longer */

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(size, line));
  while (file && (read = fread(*line + n, 1, size - 1 - n, file)) > 0) {
    n += read;
    if (n < size - 1) continue;
    size *= 2;
    PetscCall(PetscRealloc(size, line));
  }
  if (file) (void)fclose(file);
  (*line)[n] = '\0';
  for (size_t k = 0; k + 1 < n; k++) {
    if ((*line)[k] == '\0') (*line)[k] = ' ';
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProvenanceCollect(HeatProvenance *p)
{
  const HeatProvenance none = {.mpi = ""};
  char                 library[MPI_MAX_LIBRARY_VERSION_STRING];
  int                  length;

  PetscFunctionBeginUser;
  *p = none;
  PetscCallMPI(MPI_Get_library_version(library, &length));
  library[strcspn(library, "\n")] = '\0';
  for (char *c = library; *c; c++) {
    if (*c == '\t') *c = ' ';
  }
  CopyCut(p->mpi, sizeof p->mpi, library);
  (void)snprintf(p->petsc, sizeof p->petsc, "%d.%d.%d", PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
                 PETSC_VERSION_SUBMINOR);
  PetscCall(ReadCommandLine(&p->command_line));
  PetscCall(PetscOptionsGetAll(NULL, &p->petsc_options));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProvenanceClear(HeatProvenance *p)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(p->command_line));
  PetscCall(PetscFree(p->petsc_options));
  PetscFunctionReturn(PETSC_SUCCESS);
}
