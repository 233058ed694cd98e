/** The snapshots of a run (snapshot_series.h). */
#include "app/report/snapshot_series.h"

#include "app/report/snapshot_fields.h"
#include "io/field_file/field_file.h"

struct HeatSnapshotSeries {
  HeatSnapshots *snapshots; /* the list and its files; NULL before Open */
  PetscInt64     last_step; /* step of the last snapshot; -1: none */
  HeatFileStats  discarded; /* sums of lists that were dropped by a rollback */
};

PetscErrorCode HeatSnapshotSeriesCreate(HeatSnapshotSeries **series)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(series));
  (*series)->last_step = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotSeriesOpen(HeatSnapshotSeries *s, const HeatRunState *state)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotsCreate(state->grid, c->output.directory, c->title, c->output.compression,
                                &s->snapshots));
  HeatSnapshotsSetLayout(s->snapshots, c->output.hints, c->output.alignment);
  HeatSnapshotsSetBrokenHalo(s->snapshots, HeatOperatorBrokenHalo(state->op).every);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotSeriesResume(HeatSnapshotSeries *s, PetscInt n,
                                        const HeatSnapshotEntry *entries)
{
  const HeatSnapshotEntry *kept; /* those whose file still exists */

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotsResume(s->snapshots, n, entries));
  HeatSnapshotsGetList(s->snapshots, &n, &kept);
  if (n) s->last_step = kept[n - 1].step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatSnapshotSeriesIsDue(const HeatSnapshotSeries *s, const HeatCase *c,
                                  const HeatClock *clock, PetscBool last)
{
  const PetscInt  every = c->output.snapshots_every;
  const PetscBool due   = last || (every > 0 && clock->step % every == 0) ||
                                HeatClockIsDue(clock, HEAT_OUTPUT_SNAPSHOT)
                              ? PETSC_TRUE
                              : PETSC_FALSE;

  return due && s->last_step != clock->step ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatSnapshotSeriesWrite(HeatSnapshotSeries *s, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotFieldsWrite(s->snapshots, state, survey, T));
  s->last_step = state->clock.step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSnapshotSeriesGetList(const HeatSnapshotSeries *s, PetscInt *n,
                               const HeatSnapshotEntry **entries)
{
  HeatSnapshotsGetList(s->snapshots, n, entries);
}

void HeatSnapshotSeriesGetStats(const HeatSnapshotSeries *s, HeatFileStats *stats)
{
  const HeatFileStats none = {0};

  *stats = none;
  if (s->snapshots) HeatSnapshotsGetStats(s->snapshots, stats);
  HeatFileStatsAdd(stats, &s->discarded);
}

PetscErrorCode HeatSnapshotSeriesDiscard(HeatSnapshotSeries *s)
{
  HeatFileStats written = {0};

  PetscFunctionBeginUser;
  HeatSnapshotsGetStats(s->snapshots, &written);
  HeatFileStatsAdd(&s->discarded, &written);
  s->last_step = -1;
  PetscCall(HeatSnapshotsDestroy(&s->snapshots));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSnapshotSeriesDestroy(HeatSnapshotSeries **series)
{
  PetscFunctionBeginUser;
  if (!*series) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSnapshotsDestroy(&(*series)->snapshots));
  PetscCall(PetscFree(*series));
  PetscFunctionReturn(PETSC_SUCCESS);
}
