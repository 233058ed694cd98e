/** The end of MPI: MPI_Finalize that takes a second at most where MPICH and UCX hang in it. */
#ifndef HEAT_APP_FINALIZE_H
#define HEAT_APP_FINALIZE_H

/** Wait for all ranks, and limit the time in which MPICH closes its connections.  Collective on
 *  MPI_COMM_WORLD; directly before MPI_Finalize. */
void HeatFinalizePrepare(void);

#endif
