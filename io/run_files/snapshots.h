/** The snapshots of a run: field files snapshot_NNNNNN.h5, numbered by step, and snapshots.xdmf,
 *  which joins them into a time series.  The XDMF file is replaced as a whole after each snapshot,
 *  so that a viewer can follow a running job.
 */
#ifndef HEAT_IO_SNAPSHOTS_H
#define HEAT_IO_SNAPSHOTS_H

#include "io/run_files/xdmf.h"

typedef struct HeatSnapshots HeatSnapshots;

/** Create an empty series; nothing is written yet.  Collective on grid->comm.
 *  @param[in]  grid         borrowed; must outlive the series
 *  @param[in]  dir, title   copied; title may be NULL
 *  @param[out] snapshots    owned by the caller, freed with HeatSnapshotsDestroy */
PetscErrorCode HeatSnapshotsCreate(const HeatGrid *grid, const char *dir, const char *title,
                                   HeatCompression compression, HeatSnapshots **snapshots);

/** Set the layout of the files on the disk.  Not collective; all ranks pass equal values.
 *  @param[in] hints      for MPI-IO, borrowed; NULL: none
 *  @param[in] alignment  [bytes] of large datasets; 0: HEAT_FILE_ALIGNMENT */
void HeatSnapshotsSetLayout(HeatSnapshots *snapshots, const char *hints, PetscInt alignment);

/** Mark the snapshots as those of a run with --break-halo EVERY; 0: a healthy run.  Not collective;
 *  all ranks pass the same number. */
void HeatSnapshotsSetBrokenHalo(HeatSnapshots *snapshots, PetscInt64 every);

/** Continue the list of an earlier run, read from a checkpoint, and write snapshots.xdmf for it.
 *  Entries whose file is not in the folder are left out.  Rank 0 reads from each file which fields
 *  it has, since the earlier run may have written others.  Collective on grid->comm.
 *  @param[in] entries  [n]
 *  Errors: HEAT_ERR_FILE when snapshots.xdmf cannot be written. */
PetscErrorCode HeatSnapshotsResume(HeatSnapshots *snapshots, PetscInt n,
                                   const HeatSnapshotEntry *entries);

/** Write snapshot_<step>.h5 and snapshots.xdmf.  A step that is in the list already is written
 *  again and listed once.  Collective on grid->comm.
 *  @param[in] time    [s]
 *  @param[in] fields  [n_fields], borrowed
 *  Errors: HEAT_ERR_FILE when one of the two files cannot be written. */
PetscErrorCode HeatSnapshotsWrite(HeatSnapshots *snapshots, PetscInt64 step, PetscReal time,
                                  PetscInt n_fields, const HeatFileField *fields);

/** Return the list so far, for a checkpoint.  It is valid until the next write.  Not collective. */
void HeatSnapshotsGetList(const HeatSnapshots *snapshots, PetscInt *n,
                          const HeatSnapshotEntry **entries);

/** Return the statistics, summed over all snapshots since the start of the process.  Not
 *  collective. */
void HeatSnapshotsGetStats(const HeatSnapshots *snapshots, HeatFileStats *stats);

/** Free a series and set *snapshots to NULL; *snapshots may be NULL.  Collective on grid->comm. */
PetscErrorCode HeatSnapshotsDestroy(HeatSnapshots **snapshots);

#endif
