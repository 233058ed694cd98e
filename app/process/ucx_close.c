/** A way around a fault of UCX (1.13; github.com/openucx/ucx, issue 8738): over TCP and with
 *  three or more ranks, MPI_Finalize often hangs for ever.  MPICH closes each connection with a
 *  flush, one of which needs progress on a rank that already waits in the launcher's last
 *  barrier.
 *
 *  The executable defines the function with which MPICH closes a connection, and the loader
 *  finds the executable's first.  It reports that the connection is closed; UCX frees all of
 *  them when MPICH destroys its worker.  Nothing is lost: MPI closes connections in
 *  MPI_Finalize alone (heat2d starts no processes), and by then each run has ended with
 *  collective calls on all ranks.  Where MPI does not use UCX, no one calls the function. */
#include <stddef.h>

void *ucp_disconnect_nb(void *endpoint);

void *ucp_disconnect_nb(void *endpoint)
{
  (void)endpoint;
  return NULL; /* UCS_OK: done, no request to wait for */
}
