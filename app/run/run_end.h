/** The end of the time loop: the last checkpoint, and the files of the output closed. */
#ifndef HEAT_APP_RUN_END_H
#define HEAT_APP_RUN_END_H

#include "app/process/stop.h"
#include "app/run/checkpoints.h"
#include "app/run/reporter.h"

/** Write a last checkpoint and close the files of a run that was stopped before its end.  A
 *  checkpoint that cannot be written is an error, because the exit code 75 promises one.  A steady
 *  state cannot be continued and has no checkpoint.  Collective.
 *  Errors: HEAT_ERR_FILE. */
PetscErrorCode HeatRunEndStopped(HeatReporter *reporter, HeatCheckpoints *checkpoints);

/** Write a last checkpoint, if the run writes checkpoints at all, and close the files of a run that
 *  is finished.  What cannot be written is a warning, noted in reporter->lost.  Collective.
 *  @param[in] stop  knows whether checkpoints are written by the wall clock */
PetscErrorCode HeatRunEndFinished(HeatReporter *reporter, HeatCheckpoints *checkpoints,
                                  const HeatStop *stop);

#endif
