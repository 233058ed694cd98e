/** Temperatures at points: probes.csv with a row for each step, and profile_NAME.csv with the
 *  points of a line at each snapshot.
 *
 *  The terms of a probe's value lie on up to four ranks.  They are buffered on each rank and summed
 *  over the ranks only when a history row is due or the buffer is full, so that probes add no
 *  message to a step. */
#ifndef HEAT_APP_POINTS_H
#define HEAT_APP_POINTS_H

#include "app/report/survey.h"
#include "io/file/table.h"

typedef struct HeatPoints HeatPoints;

/** Locate the probes and profiles of the case on the grid; no file is opened.  Collective. */
PetscErrorCode HeatPointsCreate(const HeatRunState *state, HeatPoints **points);

/** Open the tables in the output folder of the case.  Collective.
 *  @param[in] resume_step  -1: start new files; else keep the rows up to this step
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPointsOpen(HeatPoints *points, const HeatRunState *state,
                              PetscInt64 resume_step);

/** Buffer the probes' row of the present step; call it once after every step.  Communicates only
 *  when the buffer is full, and for an operator that is not linear.  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepareSides. */
PetscErrorCode HeatPointsSample(HeatPoints *points, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T);

/** Return the cells of this rank that the probes read, to be recorded when several steps are taken
 *  at once; NULL where the case has no probes, or the operator is not linear.  Valid from
 *  HeatPointsOpen to HeatPointsClose; owned by the points.  Not collective. */
const HeatCellRecord *HeatPointsRecord(const HeatPoints *points);

/** Buffer the probes' rows of steps before the present one from the record.  Not collective.
 *  @param[in] n      steps that were taken at once, the last of which is the present one
 *  @param[in] times  [n] [s] when each step began */
PetscErrorCode HeatPointsSampleRecord(HeatPoints *points, const HeatRunState *state, PetscInt n,
                                      const PetscReal *times);

/** Sum the buffered rows over the ranks and append them to the table.  The last buffered row must
 *  be that of the present step.  Collective. */
PetscErrorCode HeatPointsFlush(HeatPoints *points, const HeatRunState *state);

/** Fail where HeatPointsOpen would, before anything is changed (HeatTableCheck).  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPointsCheck(const HeatPoints *points, const HeatRunState *state,
                               PetscBool resume);

/** Return how many tables there may be, and table k: probes.csv, then the profiles; NULL: not open.
 *  The name, without folder, is written into `name`.  Not collective. */
PetscInt         HeatPointsTables(const HeatPoints *points);
const HeatTable *HeatPointsTable(const HeatPoints *points, const HeatCase *c, PetscInt k,
                                 char *name, size_t size);

/** Append the profiles of the present state, with one reduction for each.  Collective.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_FILE; HEAT_ERR_NUMERICS as HeatSurveyPrepareSides. */
PetscErrorCode HeatPointsWriteProfiles(HeatPoints *points, const HeatRunState *state,
                                       HeatSurvey *survey, const PetscReal *T);

/** Write all rows of all tables to the files and sync these to the disk.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPointsSync(HeatPoints *points, const HeatRunState *state);

/** Drop the buffered rows, which belong to steps that a rollback undoes.  Not collective. */
void HeatPointsDiscard(HeatPoints *points);

/** Write the buffered rows, sync the files to the disk and close them.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatPointsClose(HeatPoints *points, const HeatRunState *state);

/** Free the points; *points may be NULL.  Rows that an error has left in buffers are dropped,
 *  because writing them could raise a second error.  Collective. */
PetscErrorCode HeatPointsDestroy(HeatPoints **points);

#endif
