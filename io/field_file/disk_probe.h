/** Measure the bandwidth of a plain file, as the reference for the bandwidth of checkpoints. */
#ifndef HEAT_IO_DISK_PROBE_H
#define HEAT_IO_DISK_PROBE_H

#include "io/file/file_util.h"
#include "solver/grid/grid.h"

/** The result of a probe; the same on every rank. */
typedef struct {
  PetscInt64 bytes;       /* size of the file; 0: not measured */
  double     write, read; /* [s] on the slowest rank: reserve, write and fsync; read */
} HeatDiskProbe;

/** Write, sync, read and delete a file of `fields` fields of doubles on the grid, in the folder
 *  `dir`.  Rank 0 reserves the space; then each writer (output.writers) writes its rows by POSIX
 *  calls from one buffer, whose bytes cannot be compressed, and syncs them; then each writer reads
 *  the rows of another one, from the disk where the system can be made to drop the file from its
 *  page cache.  The probe takes as long, and as much disk space, as a checkpoint of so many fields.
 *  Collective on grid->comm.
 *  @param[out] probe  all zero after a failure, and one line on stderr gives the reason */
PetscErrorCode HeatDiskProbeRun(const HeatGrid *grid, const char *dir, PetscInt fields,
                                HeatDiskProbe *probe);

#endif
