/** The first moments of the process (see process_start.h). */
#define _POSIX_C_SOURCE 200809L
#include "app/process/process_start.h"

#include <fcntl.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "app/process/signals.h"
#include "solver/base/error.h"
#include "solver/base/monotonic.h"

void HeatProcessStartNote(HeatProcessStart *start)
{
  const time_t now = time(NULL);
  struct tm    utc;
  int          opened;

  /* open returns the lowest free number, so this fills 0, 1 and 2 where they are closed. */
  do opened = open("/dev/null", O_RDWR);
  while (opened >= 0 && opened <= STDERR_FILENO);
  if (opened > STDERR_FILENO) (void)close(opened);
  start->time           = HeatMonotonicTime();
  start->date[0]        = '\0';
  start->hangup_ignored = HeatSignalsHangupIgnored();
  if (gmtime_r(&now, &utc))
    (void)strftime(start->date, sizeof start->date, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

PetscErrorCode HeatProcessCheckOutput(MPI_Comm comm)
{
  PetscMPIInt rank;
  PetscBool   failed = PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  /* The reason of an earlier failure is not known any more. */
  if (rank == 0 && (fflush(stdout) != 0 || ferror(stdout))) failed = PETSC_TRUE;
  PetscCallMPI(MPI_Bcast(&failed, 1, MPIU_BOOL, 0, comm));
  HeatCheck(!failed, comm, HEAT_ERR_FILE,
            "the standard output cannot be written, so what was printed is incomplete; make room "
            "for it, or direct it elsewhere");
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatProcessDropDeadStreams(void)
{
  FILE *const streams[] = {stdout, stderr};

  for (int k = 0; k < 2; k++) {
    if (fflush(streams[k]) == 0 && !ferror(streams[k])) continue;
    if (freopen("/dev/null", "w", streams[k])) clearerr(streams[k]);
  }
}
