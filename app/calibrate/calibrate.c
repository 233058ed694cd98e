/** The order of a calibration (calibrate.h). */
#define _POSIX_C_SOURCE 200809L /* gethostname, gmtime_r */
#include "app/calibrate/calibrate.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/process/binding.h"
#include "app/process/memory_have.h"
#include "app/process/provenance.h"
#include "io/machine_file/machine_file.h"
#include "solver/base/monotonic.h"

/* Store on all ranks what rank 0 knows without measuring, from the operating system and hwloc. */
static PetscErrorCode Describe(const HeatJob *job, HeatMachine *m)
{
  const time_t   now      = time(NULL);
  char           host[64] = "", date[32] = "";
  struct tm      utc;
  HeatBinding    binding;
  HeatMemoryHave have;

  PetscFunctionBeginUser;
  PetscCall(HeatBindingCollect(job->world, job->node, &binding));
  (void)gethostname(host, sizeof host - 1);
  if (gmtime_r(&now, &utc)) (void)strftime(date, sizeof date, "%Y-%m-%d", &utc);
  HeatMemoryHaveNode("", &have);
  (void)snprintf(m->name, sizeof m->name, "%s", host);
  (void)snprintf(
      m->source, sizeof m->source,
      "measured by heat2d %s with --calibrate on %s: %s times; nodes: %d, ranks on each: %d",
      HeatVersion(), date, job->least ? "least" : "lower quartile of", job->nodes, job->per_node);
  m->nodes           = job->nodes;
  m->cores_per_node  = binding.n_hosts > 0 && binding.hosts[0].cores > 0 ? binding.hosts[0].cores
                                                                         : job->per_node;
  m->memory_per_node = have.bytes < 1e18 ? have.bytes : 1e18; /* infinite: not known */
  m->cache_per_node  = binding.n_hosts > 0 ? (double)PetscMax(binding.hosts[0].cache, 0) : 0.0;
  PetscCall(HeatBindingClear(&binding));
  PetscCallMPI(MPI_Bcast(m, (PetscMPIInt)sizeof *m, MPI_BYTE, 0, job->world));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print the main numbers. */
static void Print(const HeatJob *job, const char *path, const HeatMachine *m)
{
  const PetscInt   last      = m->memory_bandwidth.n - 1;
  const HeatCurve *iteration = &m->kernel[HEAT_UNIFORM][HEAT_KERNEL_ITERATION].seconds;
  const HeatLink  *links[2]  = {&m->within, &m->between};

  (void)printf("%s: %s\n", path, m->source);
  (void)printf("  memory          %.3g GB/s with one rank of a node, %.3g GB/s with %g\n",
               1e-9 * m->memory_bandwidth.value[0], 1e-9 * m->memory_bandwidth.value[last],
               m->memory_bandwidth.at[last]);
  for (int k = 0; k < 2; k++) {
    const HeatCurve *b = &links[k]->bandwidth;

    if (!links[k]->given) (void)printf("  between nodes   not measured: there is one node\n");
    else
      (void)printf("  %s  latency %.3g us, %.3g GB/s for messages of %.3g MB%s\n",
                   k ? "between nodes " : "within a node ", 1e6 * links[k]->latency,
                   1e-9 * b->value[b->n - 1], 1e-6 * b->at[b->n - 1],
                   k == 0 && job->per_node == 1 ? " (assumed: a node has one rank)" : "");
  }
  (void)printf("  an exchange     %.3g us beside its messages\n", 1e6 * m->exchange);
  (void)printf("  files           write %.3g GB/s, read %.3g GB/s, a small file %.3g ms\n",
               1e-9 * m->write, 1e-9 * m->read, 1e3 * m->file);
  (void)printf("  an iteration    %.3g ns a cell on %g cells, the largest of the grids measured\n",
               1e9 * iteration->value[iteration->n - 1], iteration->at[iteration->n - 1]);
  if (job->per_node > m->cores_per_node)
    (void)printf("  ranks share cores: %d ranks of a node have %" PetscInt_FMT " cores; calibrate "
                 "with fewer\n",
                 job->per_node, m->cores_per_node);
  (void)printf("  took %.1f s\n", HeatMonotonicTime() - job->began);
  (void)fflush(stdout);
}

/* Measure everything.  Each measurement may use the numbers of those before it. */
static PetscErrorCode Measure(const HeatJob *job, const char *path, HeatMachine *m)
{
  PetscFunctionBeginUser;
  PetscCall(Describe(job, m));
  PetscCall(HeatCalibrateFiles(job, path, m)); /* first, since a folder may not be writable */
  PetscCall(HeatCalibrateMemory(job, m));
  PetscCall(HeatCalibrateNetwork(job, m));
  PetscCall(HeatCalibrateKernels(job, m));
  PetscCall(HeatCalibrateExchange(job, m));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCalibrate(MPI_Comm comm, const char *path, double budget, PetscBool least,
                             PetscBool quiet)
{
  HeatJob       job;
  HeatMachine  *m;
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatJobCreate(comm, budget, least, &job));
  /* The file system that is measured is that of the file's folder, so it must be a file. */
  if (job.rank == 0) HeatFileRequireRegular(path, &error);
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  PetscCall(PetscNew(&m));
  PetscCall(Measure(&job, path, m));
  if (job.rank == 0) HeatMachineWrite(path, m, &error);
  PetscCall(HeatFileAgree(comm, path, "written", &error));
  if (job.rank == 0 && !quiet) Print(&job, path, m);
  PetscCall(PetscFree(m));
  PetscCall(HeatJobDestroy(&job));
  PetscFunctionReturn(PETSC_SUCCESS);
}
