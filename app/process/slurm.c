/** Time left in a Slurm job (see slurm.h).
 *
 * Each squeue is a request to Slurm's controller, which serves the whole machine.  So squeue runs
 * once per run, on one rank, for one job, and only where the environment does not hold the job's
 * end.  It is started with posix_spawn, not fork: posix_spawn does not copy the memory map of this
 * process, which may be using a network adapter. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/slurm.h"

#include <math.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "solver/base/monotonic.h"

/* Both are chosen. */
enum {
  ANSWER  = 64, /* [bytes] of squeue's output to read; a valid answer, 1-02:03:04, is shorter */
  TIMEOUT = 5   /* [s] that squeue may take; the start of the run waits for it */
};

extern char **environ;

PetscReal HeatSlurmParseLeft(const char *text)
{
  long long days = 0, part[3] = {0, 0, 0};
  int       used = 0, n;

  if (sscanf(text, "%lld-%n", &days, &used) != 1 || used == 0) days = used = 0;
  n = sscanf(text + used, "%lld:%lld:%lld", &part[0], &part[1], &part[2]);
  if (n < 2 || days < 0 || part[0] < 0 || part[1] < 0 || part[2] < 0) return INFINITY;
  if (n == 2) return (PetscReal)(60 * part[0] + part[1]);
  return (PetscReal)(((24 * days + part[0]) * 60 + part[1]) * 60 + part[2]);
}

/* Read squeue's output from a pipe.  Return true at the end of the output or when the buffer is
   full, false after TIMEOUT seconds or an error. */
static PetscBool ReadAnswer(int from, char answer[ANSWER])
{
  const PetscReal until = HeatMonotonicTime() + TIMEOUT;
  size_t          n     = 0;

  answer[0] = '\0';
  for (;;) {
    struct pollfd   wait = {.fd = from, .events = POLLIN};
    const PetscReal left = until - HeatMonotonicTime();
    ssize_t         got;

    if (left <= 0.0) return PETSC_FALSE;
    if (poll(&wait, 1, (int)(1e3 * left) + 1) <= 0) continue;
    got = read(from, answer + n, ANSWER - 1 - n);
    if (got <= 0) return got == 0 ? PETSC_TRUE : PETSC_FALSE;
    n += (size_t)got;
    answer[n] = '\0';
    if (n == ANSWER - 1) return PETSC_TRUE;
  }
}

/* Run squeue for one job and store its output; "" if it cannot be started or does not finish in
   time.  squeue is killed in any case, so that none is left behind; after its output has ended this
   changes nothing. */
static void RunSqueue(const char *job, char answer[ANSWER])
{
  char *const                words[] = {"squeue", "-h", "-j", (char *)job, "-o", "%L", NULL};
  posix_spawn_file_actions_t files;
  int                        ends[2], failed;
  pid_t                      child;

  answer[0] = '\0';
  if (pipe(ends) != 0) return;
  failed = posix_spawn_file_actions_init(&files);
  if (!failed) {
    failed = posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    if (!failed) failed = posix_spawn_file_actions_addclose(&files, ends[0]);
    if (!failed)
      failed = posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", 1, 0);
    if (!failed) failed = posix_spawnp(&child, words[0], &files, NULL, words, environ);
    (void)posix_spawn_file_actions_destroy(&files);
  }
  (void)close(ends[1]);
  if (!failed) {
    if (!ReadAnswer(ends[0], answer)) answer[0] = '\0';
    (void)kill(child, SIGKILL);
    (void)waitpid(child, NULL, 0);
  }
  (void)close(ends[0]);
}

/* Return the time left in the job [s], from the environment or from squeue; infinite if unknown. */
static PetscReal LookUpTimeLeft(const char *job)
{
  const char *end = getenv("SLURM_JOB_END_TIME");
  char        answer[ANSWER], *rest;

  if (end && *end) {
    const long long when = strtoll(end, &rest, 10);

    if (*rest == '\0' && when > 0) return (PetscReal)(when - (long long)time(NULL));
  }
  RunSqueue(job, answer);
  return HeatSlurmParseLeft(answer);
}

PetscErrorCode HeatSlurmTimeLeft(MPI_Comm comm, PetscReal *left, char job[HEAT_JOB_ID])
{
  PetscMPIInt rank;
  const char *id = getenv("SLURM_JOB_ID");
  struct {
    PetscReal left;
    char      job[HEAT_JOB_ID];
  } found = {.left = INFINITY, .job = ""};

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && id && *id && strspn(id, "0123456789_") == strlen(id)) {
    (void)snprintf(found.job, HEAT_JOB_ID, "%.30s", id);
    found.left = LookUpTimeLeft(found.job);
  }
  PetscCallMPI(MPI_Bcast(&found, (int)sizeof found, MPI_BYTE, 0, comm));
  *left = found.left;
  PetscCall(PetscArraycpy(job, found.job, HEAT_JOB_ID));
  PetscFunctionReturn(PETSC_SUCCESS);
}
