/** The files that grow during a run: history.csv, probes.csv, profile_NAME.csv and the snapshots.
 *
 *  The time loop calls the functions below in this order at a step: Sample; if rows are due, Flush
 *  and WriteRow; if a snapshot is due, WriteSnapshot.  Between Flush and WriteRow the loop surveys
 *  and tests the state, so that no history row and no snapshot of a corrupted state is written;
 *  rows of probes of such a state are removed by the rollback (Rewind).
 *
 *  `T` is the present temperature, [nyl][nxl], everywhere. */
#ifndef HEAT_APP_OUTPUT_H
#define HEAT_APP_OUTPUT_H

#include "app/report/survey.h"
#include "app/report/warnings.h"
#include "io/run_files/snapshots.h"

typedef struct HeatOutput HeatOutput;

/** Locate probes and profiles on the grid; no file is opened.  Collective.
 *  @param[in] warnings  borrowed; tables that have changed are added to them on rank 0 */
PetscErrorCode HeatOutputCreate(const HeatRunState *state, HeatWarnings *warnings,
                                HeatOutput **output);

/** Check, before anything is changed in the output folder, that the files can be opened: fail for
 *  two columns of one name, a file of an earlier run that is no table, or a folder with the name of
 *  a table of this run.  A folder with the name of a new history.csv, or of another file of every
 *  run, is left to HeatOutputDirectoryStart.  Collective.
 *  @param[in] resume  the run continues from a checkpoint
 *  Errors: HEAT_ERR_INPUT, HEAT_ERR_FILE. */
PetscErrorCode HeatOutputCheck(const HeatOutput *output, const HeatRunState *state,
                               PetscBool resume);

/** Open the files of a fresh run.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputOpen(HeatOutput *output, const HeatRunState *state);

/** What a checkpoint holds of the files that grow.  Borrowed. */
typedef struct {
  PetscInt                 n;
  const HeatSnapshotEntry *snapshots; /* [n] written before the checkpoint */
  const char              *tables;    /* as from HeatOutputListTables; NULL: not known */
} HeatOutputList;

/** Open the files of a run that continues from a checkpoint, which is the present state: rows and
 *  snapshots of later steps are removed, later checkpoints are moved aside.  A warning names
 *  each table that has lost rows of earlier steps or has other values in them.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputResume(HeatOutput *output, const HeatRunState *state,
                                const HeatOutputList *list);

/** Return to a checkpoint, which is the present state, in the middle of a run: drop buffered rows,
 *  close the files, and reopen them as HeatOutputResume does.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputRewind(HeatOutput *output, const HeatRunState *state,
                                const HeatOutputList *list);

/** Return whether a history row, or a snapshot that is not written yet, is due at the time and step
 *  of `clock`, which may be ahead of the present state.  Not collective; the same on all ranks.
 *  @param[in] last  whether the run ends there, which makes a snapshot due */
PetscBool HeatOutputRowIsDue(const HeatOutput *output, const HeatClock *clock);
PetscBool HeatOutputSnapshotIsDue(const HeatOutput *output, const HeatCase *c,
                                  const HeatClock *clock, PetscBool last);

/** Buffer the probes' row of the present step; call it after every step.  Collective.
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepareSides. */
PetscErrorCode HeatOutputSample(HeatOutput *output, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T);

/** Return the cells to be recorded where several steps are taken at once; NULL: none.  Valid while
 *  the tables are open.  Not collective. */
const HeatCellRecord *HeatOutputRecord(const HeatOutput *output);

/** Buffer the probes' rows of steps before the present one, which were recorded.  Not collective.
 *  @param[in] n      steps that were taken at once, the last of which is the present one
 *  @param[in] times  [n] [s] when each step began */
PetscErrorCode HeatOutputSampleRecord(HeatOutput *output, const HeatRunState *state, PetscInt n,
                                      const PetscReal *times);

/** Append the buffered rows of the probes to their table.  Collective. */
PetscErrorCode HeatOutputFlush(HeatOutput *output, const HeatRunState *state);

/** Return whether writing a history row has failed on this rank. */
PetscBool HeatOutputHasFailed(const HeatOutput *output);

/** Raise the failure of any rank to write a history row.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputAgree(HeatOutput *output);

/** Write the history row of the present state, which was surveyed.  Collective.  A failure of the
 *  file is raised later, by HeatOutputAgree, Sync or Close.
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatOutputWriteRow(HeatOutput *output, const HeatRunState *state, HeatSurvey *survey,
                                  const PetscReal *T);

/** Write a snapshot and the profiles of the present state.  Collective.
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatOutputWriteSnapshot(HeatOutput *output, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T);

/** Write all rows of all tables to their files and sync these to the disk, before a checkpoint that
 *  relies on them.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputSync(HeatOutput *output, const HeatRunState *state);

/** Get the list of snapshots for a checkpoint; it is borrowed until the next snapshot.  Not
 *  collective. */
void HeatOutputGetSnapshots(const HeatOutput *output, PetscInt *n,
                            const HeatSnapshotEntry **entries);

/** List the tables for a checkpoint, lines "NAME ROWS STEP DIGEST" (HeatCheckpointState), on rank
 *  0; other ranks get NULL.  Free with PetscFree.  Not collective. */
PetscErrorCode HeatOutputListTables(const HeatOutput *output, const HeatRunState *state,
                                    char **tables);

/** Get the sums over all snapshots that this process wrote.  Not collective. */
void HeatOutputGetSnapshotStats(const HeatOutput *output, HeatFileStats *stats);

/** Write what is buffered, sync and close the tables.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatOutputClose(HeatOutput *output, const HeatRunState *state);

/** Free everything; *output may be NULL.  Tables that an error has left open are not written.
 *  Collective. */
PetscErrorCode HeatOutputDestroy(HeatOutput **output);

#endif
