/** What the user sees on the terminal: header, progress, notes, and the table at the end.
 *
 *  Rank 0 prints to stdout, and notes and warnings to stderr.  `--quiet` suppresses everything but
 *  failed checks, notes and warnings; `--no-progress` suppresses the progress.  Progress rewrites
 *  one line where stdout is a terminal and prints occasional lines where it is not. */
#ifndef HEAT_APP_SCREEN_H
#define HEAT_APP_SCREEN_H

#include "app/report/report_sources.h"

typedef struct HeatScreen HeatScreen;

/** Create a screen that prints as the options say.  Not collective.
 *  @param[in] rank  of this process; only rank 0 prints */
PetscErrorCode HeatScreenCreate(const HeatOptions *options, PetscMPIInt rank, HeatScreen **screen);

/** Print the case, grid, decomposition, scheme, painted sizes that differ from the true ones, and
 *  limits, and begin to measure the time that the progress extrapolates.  Notes about regions that
 *  cover nothing come even with `--quiet`.  Collective. */
PetscErrorCode HeatScreenHeader(HeatScreen *screen, const HeatReportSources *from);

/** Print the progress after a step: on a terminal at most ten times a second, else a line after
 *  every tenth of the run, at most one a second, and after 30 s without a line.  Not collective. */
PetscErrorCode HeatScreenProgress(HeatScreen *screen, const HeatRunState *state);

/** Print a note, once for each kind in a run, where the solves of a step needed more than V-cycles,
 *  or where the tolerance is below what double precision resolves.  Call it after HeatIterationsAdd
 *  and before the clock advances.  Not collective. */
void HeatScreenSolverNotes(const HeatScreen *screen, const HeatRunState *state,
                           const HeatIterations *iterations);

/** Print the interval that Daly's formula gives, after the first checkpoint has measured the cost.
 *  Not collective. */
void HeatScreenCheckpointInterval(const HeatScreen *screen, const HeatStop *stop);

/** Print the time of each phase, throughput, energy balance, checks and where the results are.
 *  Collective. */
PetscErrorCode HeatScreenSummary(const HeatScreen *screen, const HeatReportSources *from,
                                 HeatStatus status);

/** Free the screen; *screen may be NULL.  Not collective. */
PetscErrorCode HeatScreenDestroy(HeatScreen **screen);

#endif
