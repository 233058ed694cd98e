/** The output folder of a run: create it, lock it, and clear it of an earlier run's files.
 *
 *  Apart from the lock file, .lock, only regular files with heat2d's own names are ever touched:
 *  snapshot_<step>.h5, checkpoint_<step>.h5 and their manifests checkpoint_<step>.json,
 *  snapshots.xdmf, history.csv, probes.csv, profile_<name>.csv, results.json, and the
 *  temporary files .NAME.part of all of these and .probe.part of the disk probe.
 */
#ifndef HEAT_IO_OUTPUT_DIR_H
#define HEAT_IO_OUTPUT_DIR_H

#include "io/file/file_util.h"

/** Create `dir` (and its parents) where it does not exist, and lock it for this run, so that no
 *  other run writes into it.  Rank 0 holds an flock on the file .lock in the folder; the system
 *  releases it when the process ends, for whatever reason.  Where the file system has no locks, one
 *  line on stderr says so, and the folder is used without one.  Collective on comm.
 *  @param[in]     make  false: a folder that does not exist is neither created nor locked
 *  @param[in,out] lock  descriptor of the lock file on rank 0, for HeatOutputDirectoryUnlock, or -1
 *                       if this rank holds no lock.  The caller sets it to -1 at first; a lock that
 *                       is already held is kept
 *  Errors: HEAT_ERR_FILE when another run holds the lock, or the folder cannot be created or
 *  written to. */
PetscErrorCode HeatOutputDirectoryLock(MPI_Comm comm, const char *dir, PetscBool make, int *lock);

/** Release the lock and delete its file, after everything is written; *lock becomes -1.
 *  Not collective. */
void HeatOutputDirectoryUnlock(const char *dir, int *lock);

/** Create `dir` (and its parents) and prepare it for a run.  Fails, before anything is changed, if
 *  results.json, snapshots.xdmf, history.csv or a temporary name in `dir` is a folder, so that a
 *  run could not write its files.  Collective on comm; rank 0 does it.
 *  - A fresh run (restart false) deletes the files of an earlier run.  If there are checkpoints and
 *    the earlier run did not finish (no results.json with status ok or check-failed), all its files
 *    but temporary ones are instead moved into unfinished_NNN/, where that run can be continued,
 *    and one line on stderr says so.
 *  - A restart deletes temporary files and results.json only.
 *  Errors: HEAT_ERR_FILE when the folder cannot be created, read, written to or cleared. */
PetscErrorCode HeatOutputDirectoryPrepare(MPI_Comm comm, const char *dir, PetscBool restart);

/** Lock the folder and prepare it for a run: HeatOutputDirectoryLock with `make`, and
 *  HeatOutputDirectoryPrepare.  Collective on comm: one broadcast; rank 0 does it.
 *  @param[in]     case_file  name of the case's file
 *  @param[in]     other      the run continues from a checkpoint of another folder: first all files
 *                            of an earlier run are moved into a new folder earlier_NNN/, because
 *                            one series must not hold the files of two runs, and one line on stderr
 *                            says so
 *  @param[in,out] lock       as HeatOutputDirectoryLock
 *  @param[out]    is_record  whether the case's file, by whatever path it is named, is results.json
 *                            in `dir`, which has been deleted now; the same on every rank
 *  Errors: HEAT_ERR_FILE as both. */
PetscErrorCode HeatOutputDirectoryStart(MPI_Comm comm, const char *dir, const char *case_file,
                                        PetscBool restart, PetscBool other, int *lock,
                                        PetscBool *is_record);

/** Remove what a restart from `step` makes invalid.  Snapshots of a larger step are deleted,
 *  because they are written again.  Checkpoints of a larger step (damaged ones, or those that an
 *  explicit restart from an earlier one abandons) are moved into abandoned_NNN/ with their
 *  manifests, and one line on stderr says so; there they cannot be taken for checkpoints of this
 *  run.  If no checkpoint has a larger step, manifests of larger steps are deleted.
 *  Collective on comm; rank 0 does it.
 *  Errors: HEAT_ERR_FILE when a file cannot be deleted or moved. */
PetscErrorCode HeatOutputDirectoryRewind(MPI_Comm comm, const char *dir, PetscInt64 step);

#endif
