/** The files that grow during a run (output.h): open, rewind and close history, probes, profiles
 *  and snapshots together. */
#include "app/report/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app/report/history.h"
#include "app/report/points.h"
#include "app/report/snapshot_series.h"
#include "io/run_files/output_dir.h"

struct HeatOutput {
  HeatHistory        *history;
  HeatPoints         *points;
  HeatSnapshotSeries *series;
  HeatWarnings       *warnings; /* borrowed */
};

PetscErrorCode HeatOutputCreate(const HeatRunState *state, HeatWarnings *warnings,
                                HeatOutput **output)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(output));
  (*output)->warnings = warnings;
  PetscCall(HeatHistoryCreate(&(*output)->history));
  PetscCall(HeatSnapshotSeriesCreate(&(*output)->series));
  PetscCall(HeatPointsCreate(state, &(*output)->points));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Tables, all together. */

/* Return how many tables there may be. */
static PetscInt CountTables(const HeatOutput *o) { return 1 + HeatPointsTables(o->points); }

/* Return table k, NULL where it is not open, and its name. */
static const HeatTable *GetTable(const HeatOutput *o, const HeatCase *c, PetscInt k, char *name,
                                 size_t size)
{
  if (k > 0) return HeatPointsTable(o->points, c, k - 1, name, size);
  (void)snprintf(name, size, "history.csv");
  return HeatHistoryTable(o->history);
}

PetscErrorCode HeatOutputListTables(const HeatOutput *o, const HeatRunState *state, char **tables)
{
  enum { NAME = 128, LINE = NAME + 72 }; /* [bytes], the numbers have up to 20 digits each */
  const size_t size = (size_t)CountTables(o) * LINE + 1;
  size_t       used = 0;

  PetscFunctionBeginUser;
  *tables = NULL;
  if (state->grid->rank != 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscCalloc1(size, tables));
  for (PetscInt k = 0; k < CountTables(o); k++) {
    char              name[NAME];
    HeatTableContents has;
    const HeatTable  *table = GetTable(o, state->c, k, name, sizeof name);

    if (!table) continue;
    has = HeatTableGetContents(table);
    used += (size_t)snprintf(*tables + used, size - used,
                             "%s %" PetscInt64_FMT " %" PetscInt64_FMT " %016" PRIx64 "\n", name,
                             has.rows, has.last, has.digest);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What the list of a checkpoint says about a table. */
typedef struct {
  HeatTableContents contents;
  PetscBool         summed; /* its digest is known; checkpoints of earlier versions have none */
} Listed;

/* Find the line of a table in the list of a checkpoint; return whether there is one. */
static PetscBool FindTable(const char *tables, const char *name, Listed *listed)
{
  const size_t length = strlen(name);

  for (const char *line = tables; line && *line; line = strchr(line, '\n')) {
    long long          numbers[2];
    unsigned long long digest = 0;
    int                found;

    if (*line == '\n') line++;
    if (strncmp(line, name, length) != 0 || line[length] != ' ') continue;
    found = sscanf(line + length, "%lld %lld%*1[ ]%16llx", &numbers[0], &numbers[1], &digest);
    if (found < 2) return PETSC_FALSE;
    *listed = (Listed){{numbers[0], numbers[1], digest}, found == 3 ? PETSC_TRUE : PETSC_FALSE};
    return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Warn of a table whose number of rows, last row or values up to the step of the checkpoint differ
   from the checkpoint's list of tables. */
static PetscErrorCode WarnOfTable(HeatWarnings *warnings, const HeatRunState *state,
                                  const char *name, HeatTableContents has, const Listed *listed)
{
  const char *folder = state->c->output.directory;

  PetscFunctionBeginUser;
  if (has.rows != listed->contents.rows || has.last != listed->contents.last)
    PetscCall(HeatWarningsAdd(warnings,
                              "%s/%s has %" PetscInt64_FMT " rows up to step %" PetscInt64_FMT
                              ", the last one of step %" PetscInt64_FMT
                              "; when the checkpoint was written it had "
                              "%" PetscInt64_FMT ", the last one of step %" PetscInt64_FMT
                              ": rows were lost or changed, and are not written again",
                              folder, name, has.rows, state->clock.step, has.last,
                              listed->contents.rows, listed->contents.last));
  else if (listed->summed && has.digest != listed->contents.digest)
    PetscCall(HeatWarningsAdd(warnings,
                              "%s/%s has other values up to step %" PetscInt64_FMT
                              " than when the checkpoint was written: the file was changed since, "
                              "and its rows are kept as they are now",
                              folder, name, state->clock.step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of each table that differs from the checkpoint's list.  The present state is that of the
   checkpoint. */
static PetscErrorCode WarnOfGaps(const HeatOutput *o, const HeatRunState *state, const char *tables)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < CountTables(o) && state->grid->rank == 0; k++) {
    char             name[128];
    Listed           listed;
    const HeatTable *table = GetTable(o, state->c, k, name, sizeof name);

    if (!table || !FindTable(tables, name, &listed)) continue;
    PetscCall(WarnOfTable(o->warnings, state, name, HeatTableGetContents(table), &listed));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Opening and closing. */

PetscErrorCode HeatOutputCheck(const HeatOutput *o, const HeatRunState *state, PetscBool resume)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHistoryCheck(state, resume));
  PetscCall(HeatPointsCheck(o->points, state, resume));
  PetscFunctionReturn(PETSC_SUCCESS);
}

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

PetscErrorCode HeatOutputResume(HeatOutput *o, const HeatRunState *state,
                                const HeatOutputList *list)
{
  const PetscInt64 step = state->clock.step;

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotSeriesOpen(o->series, state));
  PetscCall(HeatOutputDirectoryRewind(state->grid->comm, state->c->output.directory, step));
  PetscCall(HeatSnapshotSeriesResume(o->series, list->n, list->snapshots));
  PetscCall(OpenTables(o, state, step));
  PetscCall(WarnOfGaps(o, state, list->tables));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputClose(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsClose(o->points, state));
  PetscCall(HeatHistoryClose(o->history));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputRewind(HeatOutput *o, const HeatRunState *state,
                                const HeatOutputList *list)
{
  PetscFunctionBeginUser;
  HeatPointsDiscard(o->points);
  PetscCall(HeatOutputClose(o, state));
  PetscCall(HeatSnapshotSeriesDiscard(o->series));
  PetscCall(HeatOutputResume(o, state, list));
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

const HeatCellRecord *HeatOutputRecord(const HeatOutput *o) { return HeatPointsRecord(o->points); }

PetscErrorCode HeatOutputSampleRecord(HeatOutput *o, const HeatRunState *state, PetscInt n,
                                      const PetscReal *times)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsSampleRecord(o->points, state, n, times));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputFlush(HeatOutput *o, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsFlush(o->points, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatOutputHasFailed(const HeatOutput *o) { return HeatHistoryHasFailed(o->history); }

PetscErrorCode HeatOutputAgree(HeatOutput *o)
{
  PetscFunctionBeginUser;
  PetscCall(HeatHistoryAgree(o->history));
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
  PetscCall(HeatHistorySync(o->history));
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
