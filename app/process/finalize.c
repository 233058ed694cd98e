/** A way around a fault of MPICH before 4.2 with UCX 1.12 or newer: on three or more nodes that
 *  communicate by TCP, MPI_Finalize often hangs for ever (measured: 30 to 95 % of the runs), and
 *  the nodes stay occupied until the batch system ends the job.
 *
 *  MPICH closes a connection with a message that the other rank has to acknowledge, and asks UCX
 *  (ucp_request_is_completed) until all are acknowledged.  Then it waits in a barrier of the
 *  launcher, in which a rank acknowledges nothing.  A rank that has got all its answers leaves
 *  those waiting that ask later (github.com/openucx/ucx, issue 8738; github.com/pmodels/mpich, pull
 *  request 6596).  A barrier of MPI before MPI_Finalize makes that rarer and does not prevent it;
 *  no variable of MPICH or UCX does.
 *
 *  Therefore the executable defines ucp_request_is_completed, which the loader then finds first.
 *  It passes the question on to UCX, but after a second in MPI_Finalize the answer is yes.  Nothing
 *  is lost: all ranks have come to the barrier in HeatFinalizePrepare, so every message before it
 *  has arrived, and the barrier's own messages had a second to leave.  In MPICH 4.0 the wait in
 *  MPI_Finalize is the only caller; where MPI does not use UCX there is none. */
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
  (void)PMPI_Barrier(MPI_COMM_WORLD); /* not counted, because the record is written */
  finalize_began = Seconds();
}

int ucp_request_is_completed(void *request);

int ucp_request_is_completed(void *request)
{
  static int (*next)(void *);

  if (!next) {
    void *found = dlsym(RTLD_NEXT, "ucp_request_is_completed");

    if (!found) return 1;
    memcpy(&next, &found, sizeof next); /* ISO C has no cast from void * to a function */
  }
  return next(request) || (finalize_began > 0 && Seconds() - finalize_began > Longest);
}
