/** The snapshots of a run: when one is due, and what writing them took. */
#ifndef HEAT_APP_SNAPSHOT_SERIES_H
#define HEAT_APP_SNAPSHOT_SERIES_H

#include "app/report/survey.h"
#include "io/run_files/snapshots.h"

typedef struct HeatSnapshotSeries HeatSnapshotSeries;

/** Create a series without files.  Not collective. */
PetscErrorCode HeatSnapshotSeriesCreate(HeatSnapshotSeries **series);

/** Begin an empty list of snapshots for the output folder of the case; no file is written.
 *  Collective. */
PetscErrorCode HeatSnapshotSeriesOpen(HeatSnapshotSeries *series, const HeatRunState *state);

/** Continue the list of a checkpoint, after HeatSnapshotSeriesOpen.  Collective.
 *  @param[in] entries  [n] snapshots written before the checkpoint; copied */
PetscErrorCode HeatSnapshotSeriesResume(HeatSnapshotSeries *series, PetscInt n,
                                        const HeatSnapshotEntry *entries);

/** Return whether a snapshot is due, and not written yet, at the time and step of `clock`, which
 *  may be ahead of the present state.  Not collective.
 *  @param[in] last  whether the run ends there, which makes a snapshot due */
PetscBool HeatSnapshotSeriesIsDue(const HeatSnapshotSeries *series, const HeatCase *c,
                                  const HeatClock *clock, PetscBool last);

/** Write a snapshot of the present state.  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatSnapshotSeriesWrite(HeatSnapshotSeries *series, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T);

/** Get the list of snapshots for a checkpoint; it is borrowed until the next snapshot.  Not
 *  collective. */
void HeatSnapshotSeriesGetList(const HeatSnapshotSeries *series, PetscInt *n,
                               const HeatSnapshotEntry **entries);

/** Get the sums over all snapshots that this process wrote, those included that a rollback has
 *  discarded.  Not collective. */
void HeatSnapshotSeriesGetStats(const HeatSnapshotSeries *series, HeatFileStats *stats);

/** Drop the list because of a rollback, but keep its sums; then Open and Resume it again.
 *  Collective. */
PetscErrorCode HeatSnapshotSeriesDiscard(HeatSnapshotSeries *series);

/** Free the series; *series may be NULL.  Collective. */
PetscErrorCode HeatSnapshotSeriesDestroy(HeatSnapshotSeries **series);

#endif
