/** The monotonic clock, by which every duration of heat2d is measured.
 *
 *  MPI_Wtime may follow the system's clock of date and time (MPICH's does), which an administrator
 *  or a time server can set forward or back.  Limits of wall time, intervals between checkpoints
 *  and measured times would then be wrong by the same amount. */
#ifndef HEAT_SOLVER_MONOTONIC_H
#define HEAT_SOLVER_MONOTONIC_H

/** Return the time [s] since an unknown but fixed moment.  It never decreases, and setting the date
 *  does not change it.  Readings of different nodes cannot be compared.  Not collective; may be
 *  called from any thread. */
double HeatMonotonicTime(void);

#endif
