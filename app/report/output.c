/** The files that grow during a run (output.h): history, probes, profiles and snapshots together,
 *  so that opening, closing and going back treat them alike. */
#include "app/report/output.h"

#include "app/report/history.h"
#include "app/report/points.h"
#include "app/report/snapshot_series.h"
#include "io/run_files/output_dir.h"

struct HeatOutput {
  HeatHistory        *history;
  HeatPoints         *points;
  HeatSnapshotSeries *series;
};

PetscErrorCode HeatOutputCreate(const HeatRunState *state, HeatOutput **output)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(output));
  PetscCall(HeatHistoryCreate(&(*output)->history));
  PetscCall(HeatSnapshotSeriesCreate(&(*output)->series));
  PetscCall(HeatPointsCreate(state, &(*output)->points));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Opening and closing. */

static PetscErrorCode OpenTables(HeatOutput *o, const HeatRunState *state, PetscInt64 resume_step)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHistoryOpen(o->history, state, resume_step));
  PetscCall(HeatPointsOpen(o->points, state, resume_step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputOpen(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotSeriesOpen(o->series, state));
  PetscCall(OpenTables(o, state, -1));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputResume(HeatOutput *o, const HeatRunState *state, PetscInt n,
                                const HeatSnapshotEntry *entries)
{
  const PetscInt64 step = state->clock.step;

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotSeriesOpen(o->series, state));
  PetscCall(HeatOutputDirectoryRewind(state->grid->comm, state->c->output.directory, step));
  PetscCall(HeatSnapshotSeriesResume(o->series, n, entries));
  PetscCall(OpenTables(o, state, step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputClose(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsClose(o->points, state));
  PetscCall(HeatHistoryClose(o->history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputRewind(HeatOutput *o, const HeatRunState *state, PetscInt n,
                                const HeatSnapshotEntry *entries)
{
  PetscFunctionBeginUser;
  HeatPointsDiscard(o->points);
  PetscCall(HeatOutputClose(o, state));
  PetscCall(HeatSnapshotSeriesDiscard(o->series));
  PetscCall(HeatOutputResume(o, state, n, entries));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is written at a step. */

PetscBool HeatOutputRowIsDue(const HeatOutput *o, const HeatClock *clock)
{
  return HeatHistoryIsDue(o->history, clock);
}

PetscBool HeatOutputSnapshotIsDue(const HeatOutput *o, const HeatCase *c, const HeatClock *clock,
                                  PetscBool last)
{
  return HeatSnapshotSeriesIsDue(o->series, c, clock, last);
}

PetscErrorCode HeatOutputSample(HeatOutput *o, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsSample(o->points, state, survey, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputFlush(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(o->points, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputWriteRow(HeatOutput *o, const HeatRunState *state, HeatSurvey *survey,
                                  const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHistoryWrite(o->history, state, survey, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputWriteSnapshot(HeatOutput *o, const HeatRunState *state, HeatSurvey *survey,
                                       const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotSeriesWrite(o->series, state, survey, T));
  PetscCall(HeatPointsWriteProfiles(o->points, state, survey, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputSync(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsSync(o->points, state));
  PetscCall(HeatHistoryFlush(o->history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* For checkpoints and reports. */

void HeatOutputGetSnapshots(const HeatOutput *o, PetscInt *n, const HeatSnapshotEntry **entries)
{
  HeatSnapshotSeriesGetList(o->series, n, entries);
}

void HeatOutputGetSnapshotStats(const HeatOutput *o, HeatFileStats *stats)
{
  HeatSnapshotSeriesGetStats(o->series, stats);
}

PetscErrorCode HeatOutputDestroy(HeatOutput **output)
{
  PetscFunctionBeginUser;
  if (!*output) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSnapshotSeriesDestroy(&(*output)->series));
  PetscCall(HeatPointsDestroy(&(*output)->points));
  PetscCall(HeatHistoryDestroy(&(*output)->history));
  PetscCall(PetscFree(*output));
  PetscFunctionReturn(PETSC_SUCCESS);
}
