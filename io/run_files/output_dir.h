/** The output folder of a run: made, and cleared of an earlier run's files.
 *
 *  Only regular files with heat2d's own names are ever touched: snapshot_<digits>.h5,
 *  checkpoint_<digits>.h5, their .part leftovers, snapshots.xdmf, history.csv, probes.csv,
 *  results.json.
 */
#ifndef HEAT_IO_OUTPUT_DIR_H
#define HEAT_IO_OUTPUT_DIR_H

#include "io/file/file_util.h"

/** Make `dir` (and its parents) where it is not there, and lock it for this run, so that no other run
 *  writes into it: rank 0 holds a lock of the system on the file .lock in it, which ends with the
 *  process however that ends.  A file system without locks is told on stderr and used without.
 *  Collective on comm.
 *  @param[in]     make  false: where there is no folder nothing is made, and nothing locked
 *  @param[in,out] lock  for Unlock; -1 where this rank holds none, as at first; one that is held already
 *                       stays
 *  Errors: HEAT_ERR_FILE when another run holds it, or the folder cannot be made or written. */
PetscErrorCode HeatOutputDirectoryLock(MPI_Comm comm, const char *dir, PetscBool make, int *lock);

/** Give the lock back, when all is written.  Not collective. */
void HeatOutputDirectoryUnlock(const char *dir, int *lock);

/** Make `dir` (and its parents) ready.  Collective on comm; rank 0 does it.  Fresh run (restart
 *  false): an earlier run's files are removed; but when there are checkpoints and the run did not
 *  finish (no results.json with status ok or check-failed), all its files are moved into
 *  unfinished_NNN/, which can be continued there, and one line on stderr says so.  Restart: only
 *  .part leftovers and results.json go.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputDirectoryPrepare(MPI_Comm comm, const char *dir, PetscBool restart);

/** At a restart from `step`: snapshots of a larger step are removed (they are written again), and
 *  checkpoints of a larger step (damaged ones, or of the course of events that is being left) are
 *  moved into abandoned_NNN/ with one line on stderr, so that they cannot be taken for this run's.
 *  Collective on comm.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputDirectoryRewind(MPI_Comm comm, const char *dir, PetscInt64 step);

#endif
