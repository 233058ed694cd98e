/** Provenance (see provenance.h).  Facts about the build are macros of heat2d_build.h, a header
 * that the build generates.  Facts about the run come from MPI, PETSc, the CPU affinity and
 * /proc. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "app/process/provenance.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "heat2d_build.h"

/* [bytes] of one rank's binding.  Chosen: a larger one lists more ranges of processors before it is
   cut, but rank 0 receives this much from every rank. */
enum { BINDING_LENGTH = 64 };

const char *HeatVersion(void) { return HEAT2D_VERSION; }
const char *HeatGitCommit(void) { return HEAT2D_GIT_COMMIT; }

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

/* Write the processors that this process may run on, as "0-3,8".  A list that does not fit ends
   with ",...".  16 bytes hold the longest entry, ",1022-1023", with ",..." and the terminating
   zero. */
static void DescribeBinding(char text[BINDING_LENGTH])
{
  cpu_set_t set;
  size_t    used = 0;

  text[0] = '\0';
  if (sched_getaffinity(0, sizeof set, &set) != 0) return;
  for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
    int last = cpu;

    if (!CPU_ISSET(cpu, &set)) continue;
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set)) last++;
    if (used + 16 > BINDING_LENGTH) {
      CopyCut(text + used, BINDING_LENGTH - used, ",...");
      return;
    }
    if (last > cpu)
      used += (size_t)snprintf(text + used, BINDING_LENGTH - used, "%s%d-%d", used ? "," : "", cpu,
                               last);
    else used += (size_t)snprintf(text + used, BINDING_LENGTH - used, "%s%d", used ? "," : "", cpu);
    cpu = last;
  }
}

/* Allocate copies of n strings that lie `stride` bytes apart in `all`. */
static PetscErrorCode CopyStrings(const char *all, int n, size_t stride, char ***out)
{
  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(n, out));
  for (int k = 0; k < n; k++) PetscCall(PetscStrallocpy(all + (size_t)k * stride, &(*out)[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gather one host name per node on rank 0, sent by the lowest rank of each shared-memory domain. */
static PetscErrorCode CollectHosts(MPI_Comm comm, HeatProvenance *p)
{
  char        name[MPI_MAX_PROCESSOR_NAME] = {0}, *all = NULL;
  MPI_Comm    node, leaders;
  PetscMPIInt rank, local, length, n = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Get_processor_name(name, &length));
  PetscCallMPI(MPI_Comm_split_type(comm, MPI_COMM_TYPE_SHARED, rank, MPI_INFO_NULL, &node));
  PetscCallMPI(MPI_Comm_rank(node, &local));
  PetscCallMPI(MPI_Comm_free(&node));
  PetscCallMPI(MPI_Comm_split(comm, local == 0 ? 0 : MPI_UNDEFINED, rank, &leaders));
  if (leaders == MPI_COMM_NULL) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_size(leaders, &n));
  if (rank == 0) PetscCall(PetscCalloc1((size_t)n * MPI_MAX_PROCESSOR_NAME, &all));
  PetscCallMPI(MPI_Gather(name, MPI_MAX_PROCESSOR_NAME, MPI_CHAR, all, MPI_MAX_PROCESSOR_NAME,
                          MPI_CHAR, 0, leaders));
  PetscCallMPI(MPI_Comm_free(&leaders));
  if (rank == 0) {
    PetscCall(CopyStrings(all, n, MPI_MAX_PROCESSOR_NAME, &p->hosts));
    p->n_hosts = n;
  }
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Gather the binding of every rank on rank 0. */
static PetscErrorCode CollectBindings(MPI_Comm comm, HeatProvenance *p)
{
  char        mine[BINDING_LENGTH], *all = NULL;
  PetscMPIInt rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  DescribeBinding(mine);
  if (rank == 0) PetscCall(PetscCalloc1((size_t)size * BINDING_LENGTH, &all));
  PetscCallMPI(MPI_Gather(mine, BINDING_LENGTH, MPI_CHAR, all, BINDING_LENGTH, MPI_CHAR, 0, comm));
  if (rank == 0) {
    PetscCall(CopyStrings(all, size, BINDING_LENGTH, &p->binding));
    p->n_ranks = size;
  }
  PetscCall(PetscFree(all));
  PetscFunctionReturn(PETSC_SUCCESS);
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

PetscErrorCode HeatProvenanceCollect(MPI_Comm comm, HeatProvenance *p)
{
  const HeatProvenance none = {.n_hosts = 0};
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
  PetscCall(CollectHosts(comm, p));
  PetscCall(CollectBindings(comm, p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProvenanceClear(HeatProvenance *p)
{
  PetscFunctionBeginUser;
  for (int k = 0; k < p->n_hosts; k++) PetscCall(PetscFree(p->hosts[k]));
  for (int k = 0; k < p->n_ranks; k++) PetscCall(PetscFree(p->binding[k]));
  PetscCall(PetscFree(p->hosts));
  PetscCall(PetscFree(p->binding));
  PetscCall(PetscFree(p->command_line));
  PetscCall(PetscFree(p->petsc_options));
  PetscFunctionReturn(PETSC_SUCCESS);
}
