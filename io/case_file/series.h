/** Tables of values over time: CSV files of two columns, time [s] and value. */
#ifndef HEAT_IO_SERIES_H
#define HEAT_IO_SERIES_H

#include "solver/case/case.h"

/** Read a table into n, t and value of *series; its `file` is left alone.  Blank lines, lines that
 *  begin with #, and a first line of two names are skipped.  Collective on comm: rank 0 reads, all
 *  parse the same text.
 *  Errors: HEAT_ERR_FILE with file and line, where the file cannot be read, a line is not two
 *  finite numbers, the times do not rise, or there is no line at all. */
PetscErrorCode HeatSeriesRead(MPI_Comm comm, const char *path, HeatSeries *series);

#endif
