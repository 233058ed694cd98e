/** Warn about results of a run that are not errors.  Each warning is printed once on rank 0 and
 *  kept for results.json (app/report/warnings.h). */
#ifndef HEAT_APP_RUN_WARNINGS_H
#define HEAT_APP_RUN_WARNINGS_H

#include "app/process/options.h"
#include "app/report/warnings.h"
#include "app/run/health.h"

/** Warn of what the case and its blocks show: an integrator of PETSc whose stored steps no
 *  checkpoint holds, differences between the run of a record and the run that it describes, a
 *  number of ranks that leaves only long, narrow blocks, and moving pulses that the steps do not
 *  resolve.  Not collective.
 *  @param[in] restarted  the run continues a checkpoint */
PetscErrorCode HeatRunWarnAtStart(HeatWarnings *warnings, const HeatRunState *state,
                                  const HeatOptions *options, PetscBool restarted);

/** Warn of what the last steps showed: events that were not found, pulses and steep changes that a
 *  step hides, pulses that are too fast to be followed, temperatures outside the range that can be
 *  reached.  Not collective.
 *  @param[in] before  [s] time before these steps, of which there are several in a sweep */
PetscErrorCode HeatRunWarnAfterSteps(HeatWarnings *warnings, const HeatRunState *state,
                                     PetscReal before, const HeatHealth *health);

/** Warn if a limit of time did not leave enough for the first step of this process, which was
 *  therefore abandoned.  A signal is no cause for a warning.  Not collective.
 *  @param[in] reason  why the run stops, as in HeatStop */
PetscErrorCode HeatRunWarnAbandoned(HeatWarnings *warnings, const HeatRunState *state,
                                    const char *reason);

#endif
