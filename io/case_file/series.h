/** Tables of a value over time: CSV files of two columns, time [s] and value. */
#ifndef HEAT_IO_SERIES_H
#define HEAT_IO_SERIES_H

#include "solver/case/case.h"

/** Read a table.  Rank 0 reads the file, all ranks parse the same text.  Skip empty lines, lines
 *  that begin with #, and a first line of two names.  Collective on comm.
 *  @param[in,out] series  gets n, t [n] and value [n], which the caller frees with PetscFree, also
 *                         after an error; `file` is unchanged
 *  Errors: HEAT_ERR_FILE, with file and line, when the file cannot be read, a line does not hold
 *  two finite numbers, a time is not later than the one before, or the table is empty. */
PetscErrorCode HeatSeriesRead(MPI_Comm comm, const char *path, HeatSeries *series);

#endif
