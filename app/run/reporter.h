/** Reports of the present state: probes, survey and test, history row, snapshot.
 *
 *  No row of the history and no snapshot is written of a state that is found corrupted; rows of the
 *  probes of such a state are removed by the rollback.  At the end of a run, a file that cannot be
 *  written is a warning instead of an error: the rest of the output is still written. */
#ifndef HEAT_APP_REPORTER_H
#define HEAT_APP_REPORTER_H

#include "app/process/phases.h"
#include "app/run/health.h"
#include "app/run/schedule.h"
#include "solver/base/error.h"

/** The modules that make a report, borrowed, and what the end of the run could not write. */
typedef struct {
  const HeatRunState *state;
  HeatPhases         *phases;
  HeatSurvey         *survey;
  HeatHealth         *health;
  HeatOutput         *output;
  char                lost[1024]; /* output of the finished run that was not written; "": none */
} HeatReporter;

/** Sample the probes; survey and test the state, write its history row and its snapshot, each if it
 *  is due.  Collective.
 *  @param[in] last  whether the run ends at the present step
 *  Errors: as HeatOutputSample, HeatOutputWriteRow and HeatOutputWriteSnapshot; if `last` is true,
 *  a file that cannot be written is a warning. */
PetscErrorCode HeatReporterReport(HeatReporter *reporter, const HeatDue *due, PetscBool last);

/** Report the state of a run that takes no step, because it continues a checkpoint at its end:
 *  survey the state for checks and record, and write the final snapshot if there is none.
 *  Collective. */
PetscErrorCode HeatReporterReportUnstepped(HeatReporter *reporter);

/** End a capture that was begun before output of the last state was written, which returned `code`.
 *  HEAT_ERR_FILE becomes a warning and is noted in reporter->lost, so that the other files, the
 *  checks and the record are still written; any other error is raised again.  Collective.
 *  @param[in] capture  from HeatCaptureBegin */
PetscErrorCode HeatReporterEndLast(HeatReporter *reporter, const HeatCapture *capture,
                                   PetscErrorCode code);

#endif
