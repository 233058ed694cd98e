/** What the disk gives a plain file: the measure for our own. */
#ifndef HEAT_IO_DISK_PROBE_H
#define HEAT_IO_DISK_PROBE_H

#include "io/file/file_util.h"
#include "solver/grid/grid.h"

typedef struct {
  PetscInt64 bytes;       /* 0: not measured */
  double     write, read; /* [s], the slowest rank */
} HeatDiskProbe;

/** Write, sync, read and remove a file of `fields` fields of doubles on the grid, in `dir`: reserved by
 *  rank 0, then each rank its rows from a buffer, by the system's own calls; read back, from the
 *  disk where the system can be made to forget the file, are the rows of another rank.  Takes as long and as much of the disk as a checkpoint.
 *  Collective on grid->comm.
 *  @param[out] probe  bytes 0 where it failed, and one line on stderr says why */
PetscErrorCode HeatDiskProbeRun(const HeatGrid *grid, const char *dir, PetscInt fields,
                                HeatDiskProbe *probe);

#endif
