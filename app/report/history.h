/** history.csv: one row for each reported step, and the rule for which steps are reported.
 *
 *  The first columns are the same for every case.  A case may add columns after them: the ambient
 *  exchange, the segments of sides that have several, the interfaces, the named regions.
 *
 *  Rows depend on steps and simulated times alone, never on the wall clock or a signal, so that an
 *  interrupted and continued run writes the same file as an uninterrupted one. */
#ifndef HEAT_APP_HISTORY_H
#define HEAT_APP_HISTORY_H

#include "app/report/survey.h"
#include "io/file/table.h"

typedef struct HeatHistory HeatHistory;

/** Create a history without a file.  Not collective. */
PetscErrorCode HeatHistoryCreate(HeatHistory **history);

/** Choose the rule for rows and open history.csv in the output folder of the case.  Collective.
 *  @param[in] resume_step  -1: start a new file; else keep the rows up to this step
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatHistoryOpen(HeatHistory *history, const HeatRunState *state,
                               PetscInt64 resume_step);

/** Check, before anything is changed, that all columns have different names and, with `resume`,
 *  that history.csv can be continued.  HeatOutputDirectoryStart checks that a new one can be
 *  written.  Collective.
 *  Errors: HEAT_ERR_INPUT where two columns have one name; HEAT_ERR_FILE as HeatTableCheck. */
PetscErrorCode HeatHistoryCheck(const HeatRunState *state, PetscBool resume);

/** Return the table; NULL: not open.  Not collective. */
const HeatTable *HeatHistoryTable(const HeatHistory *history);

/** Return whether a row is due at the time and step of `clock`, which may be ahead of the present
 *  state: by the rule of the case, or else by one that gives a run about a thousand rows.  Not
 *  collective. */
PetscBool HeatHistoryIsDue(const HeatHistory *history, const HeatClock *clock);

/** Append the row of the present state and write it to the file.  The survey must have been taken
 *  at this state.  Collective.  A failure of the file is raised later, by HeatHistoryAgree, Sync or
 *  Close, so that a row needs no reduction of its own for it.
 *  @param[in] T  the present temperature, [nyl][nxl]
 *  Errors: HEAT_ERR_NUMERICS as HeatSurveyPrepare. */
PetscErrorCode HeatHistoryWrite(HeatHistory *history, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T);

/** Return whether writing has failed on this rank. */
PetscBool HeatHistoryHasFailed(const HeatHistory *history);

/** Raise the failure of any rank on all ranks.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatHistoryAgree(HeatHistory *history);

/** Write buffered rows to the file and sync it to the disk.  Collective.  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatHistorySync(HeatHistory *history);

/** Write buffered rows, sync the file to the disk and close it.  Collective.  Errors:
 *  HEAT_ERR_FILE. */
PetscErrorCode HeatHistoryClose(HeatHistory *history);

/** Free the history; *history may be NULL.  Rows that an error has left in the buffer are dropped,
 *  because writing them could raise a second error.  Not collective. */
PetscErrorCode HeatHistoryDestroy(HeatHistory **history);

#endif
