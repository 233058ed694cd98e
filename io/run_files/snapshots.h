/** Snapshots: one field file a snapshot, snapshot_NNNNNN.h5 by step, and snapshots.xdmf that ties
 *  them to a time series.  The XDMF file is replaced as a whole after each snapshot, so that a
 *  viewer can follow a running job.
 */
#ifndef HEAT_IO_SNAPSHOTS_H
#define HEAT_IO_SNAPSHOTS_H

#include "io/run_files/xdmf.h"

typedef struct HeatSnapshots HeatSnapshots;

/** Collective on grid->comm; writes nothing yet.  The grid must outlive it; strings are copied. */
PetscErrorCode HeatSnapshotsCreate(const HeatGrid *grid, const char *dir, const char *title,
                                   HeatCompression compression, HeatSnapshots **snapshots);

/** How the files are laid out on the disk: hints for MPI-IO (borrowed; NULL: none) and the alignment of
 *  large datasets [bytes].  Not collective. */
void HeatSnapshotsSetLayout(HeatSnapshots *snapshots, const char *hints, PetscInt alignment);

/** Continue an earlier run's list (from a checkpoint).  Entries whose file is not in the folder are
 *  left out.  Collective. */
PetscErrorCode HeatSnapshotsResume(HeatSnapshots *snapshots, PetscInt n,
                                   const HeatSnapshotEntry *entries);

/** Write snapshot_<step>.h5 and snapshots.xdmf.  Every snapshot of a run holds the same fields.
 *  A step that is in the list already is written again and listed once.
 *  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatSnapshotsWrite(HeatSnapshots *snapshots, PetscInt64 step, PetscReal time,
                                  PetscInt n_fields, const HeatFileField *fields);

/** The list so far, for the checkpoint; borrowed until the next write.  Not collective. */
void HeatSnapshotsGetList(const HeatSnapshots *snapshots, PetscInt *n,
                          const HeatSnapshotEntry **entries);

/** Sums over the snapshots that this process wrote.  Not collective. */
void HeatSnapshotsGetStats(const HeatSnapshots *snapshots, HeatFileStats *stats);

/** Collective; *snapshots may be NULL. */
PetscErrorCode HeatSnapshotsDestroy(HeatSnapshots **snapshots);

#endif
