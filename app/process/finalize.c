/** A way around a fault of MPICH before 4.2 with UCX 1.12 or newer: on three or more nodes that
 *  communicate by TCP, MPI_Finalize often hangs for ever (30 to 95 % of runs of MPICH 4.0.2), and
 *  the nodes stay occupied until the batch system ends the job.
 *
 *  To close a connection, a rank of MPICH sends a message that the other rank has to acknowledge,
 *  and polls UCX (ucp_request_is_completed) until all its messages are acknowledged.  Then it waits
 *  in a barrier of the launcher, where it acknowledges nothing any more, so that ranks whose
 *  messages arrive later wait for ever (github.com/openucx/ucx, issue 8738;
 *  github.com/pmodels/mpich, pull request 6596).  A barrier of MPI before MPI_Finalize makes this
 *  rarer but does not prevent it (6 of 20 runs hang); nor do UCX_TCP_PUT_ENABLE=n (8 of 20) and
 *  UCX_TLS=tcp,self (2 of 20).
 *
 *  Therefore the executable defines ucp_request_is_completed, which the loader then finds first.
 *  It returns UCX's answer, but from one second after HeatFinalizePrepare on it returns true.
 *  Nothing is lost: all ranks have reached the barrier in HeatFinalizePrepare, so every message
 *  before it has arrived, and the barrier's own messages have had a second to leave.  In MPICH 4.0
 *  the wait in MPI_Finalize is the only caller; an MPI without UCX never calls it. */
#define _GNU_SOURCE /* RTLD_NEXT */
#include "app/process/finalize.h"

#include <dlfcn.h>
#include <mpi.h>
#include <string.h>
#include <time.h>

static const double Longest = 1.0; /* [s] waiting for acknowledgements; answers take milliseconds */

static double finalize_began; /* [s], clock of Seconds; 0 before MPI_Finalize */

static double Seconds(void)
{
  struct timespec now;

  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void HeatFinalizePrepare(void)
{
  (void)PMPI_Barrier(MPI_COMM_WORLD); /* PMPI: not counted, since the record is written */
  finalize_began = Seconds();
}

int ucp_request_is_completed(void *request);

int ucp_request_is_completed(void *request)
{
  static int (*next)(void *);

  if (!next) {
    void *ucp   = NULL;
    void *found = dlsym(RTLD_NEXT, "ucp_request_is_completed");

    /* An MPI of plug-ins loads UCX where RTLD_NEXT does not look. */
    if (!found) ucp = dlopen("libucp.so.0", RTLD_NOLOAD | RTLD_LAZY);
    if (ucp) found = dlsym(ucp, "ucp_request_is_completed");
    if (!found) return finalize_began > 0;
    memcpy(&next, &found, sizeof next); /* ISO C has no cast from void * to a function */
  }
  return next(request) || (finalize_began > 0 && Seconds() - finalize_began > Longest);
}
