/** The contents of a checkpoint: how they are collected from a run, and how a run continues from
 *  them.
 *
 *  Numbers and fields are stored by name.  So a checkpoint of an older heat2d, which lacks some
 *  numbers, can still be read: each missing number has a default. */
#ifndef HEAT_APP_RESTART_H
#define HEAT_APP_RESTART_H

#include "app/report/output.h"
#include "app/state/run_state.h"
#include "io/run_files/checkpoint.h"

/* Into a checkpoint. */

/** Collect everything of the present state but the temperature.  The contents borrow from the
 *  state, from `list` and, through `memory`, from the stepper until HeatRestartRelease.
 *  Collective.
 *  @param[in]  list      the files written so far
 *  @param[out] memory    what the stepper remembers, for HeatRestartRelease
 *  @param[out] contents  for HeatCheckpointWrite or HeatCheckpointBegin */
PetscErrorCode HeatRestartCollect(const HeatRunState *state, const HeatOutputList *list,
                                  HeatStepperMemory *memory, HeatCheckpointState *contents);

/** Give back what HeatRestartCollect borrowed from the stepper.  Not collective. */
PetscErrorCode HeatRestartRelease(HeatStepperMemory *memory, HeatCheckpointState *contents);

/* Out of a checkpoint. */

/** A checkpoint that was read: its path, and, until HeatRestartFreeContents, everything in it but
 *  the temperature. */
typedef struct HeatRestart HeatRestart;

/** Read a checkpoint: the temperature into state->T, the rest into a new handle.  Collective.
 *  @param[in]  from     "latest", the newest whole one in the output folder of the case, or a path
 *  @param[out] restart  NULL after an error
 *  Errors: HEAT_ERR_INPUT for a steady case, which has no steps; HEAT_ERR_FILE as
 *  HeatCheckpointRead and HeatCheckpointReadLatest. */
PetscErrorCode HeatRestartRead(HeatRunState *state, const char *from, HeatRestart **restart);

/** Read, for a scheme with steps, the newest whole checkpoint in the output folder of the case, or
 *  the checkpoint at `path`; everything else is as in HeatRestartRead. */
PetscErrorCode HeatRestartReadLatest(HeatRunState *state, HeatRestart **restart);
PetscErrorCode HeatRestartReadFile(HeatRunState *state, const char *path, HeatRestart **restart);

/** Return the path of the checkpoint; NULL where `restart` is NULL, which means a fresh run. */
const char *HeatRestartFile(const HeatRestart *restart);

/** Return whether the output folder of the case holds the files of the run that wrote the
 *  checkpoint (HeatCheckpointIsOfFolder).  Not collective. */
PetscBool HeatRestartIsOfFolder(const HeatRestart *restart);

/** Return the step and the time [s] of the checkpoint; 0 where `restart` is NULL. */
PetscInt64 HeatRestartStep(const HeatRestart *restart);
PetscReal  HeatRestartTime(const HeatRestart *restart);

/** Get the size of the file and the time [s] that reading it took on this rank; 0 where `restart`
 *  is NULL. */
void HeatRestartGetCost(const HeatRestart *restart, PetscInt64 *bytes, double *seconds);

/** Return what the checkpoint holds of snapshots and tables, borrowed until
 *  HeatRestartFreeContents. */
HeatOutputList HeatRestartOutputList(const HeatRestart *restart);

/** Load what the scheme remembered at the checkpoint into the stepper of the state.  Where the case
 *  has another scheme, print a note and load nothing.  Print a further note where keys that
 *  determine the solution have changed, and remember whether they change the heat that cells store.
 *  Collective. */
PetscErrorCode HeatRestartLoadStepper(HeatRestart *restart, HeatRunState *state);

/** Choose the fixed step, or the first proposal for free steps, whose lengths the stepper proposes.
 *  For free steps after a checkpoint of the case's scheme it is the proposal in the checkpoint,
 *  otherwise the result of HeatRunStateChooseStep.  Collective.
 *  @param[in]  restart  NULL: a fresh run
 *  @param[out] dt       [s]
 *  Errors: HEAT_ERR_INPUT as HeatRunStateChooseStep. */
PetscErrorCode HeatRestartChooseStep(const HeatRestart *restart, HeatRunState *state,
                                     PetscBool free, PetscReal *dt);

/** Set the clock of the state, which HeatClockStart has set up, and the energy account to the
 *  values in the checkpoint.  The account begins anew, with the state's temperature, where
 *  HeatRestartLoadStepper has found that cells store other heat.  Collective. */
PetscErrorCode HeatRestartAdopt(const HeatRestart *restart, HeatRunState *state);

/** Refuse a checkpoint of a run with --break-halo, unless this run has the option, too.  Call it
 *  after HeatOperatorBreakHalo and before HeatRestartFreeContents.  Collective.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatRestartCheckHalo(const HeatRestart *restart, const HeatRunState *state);

/** Check, after HeatRestartAdopt, that the checkpoint does not lie after the end of the case.
 *  Collective.
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatRestartCheckEnd(const HeatRestart *restart, const HeatRunState *state);

/** Free the contents of the checkpoint; path, step, time and cost stay.  Not collective. */
PetscErrorCode HeatRestartFreeContents(HeatRestart *restart);

/** Free everything; *restart may be NULL.  Not collective. */
PetscErrorCode HeatRestartDestroy(HeatRestart **restart);

#endif
