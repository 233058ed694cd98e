/** The checkpoints of a run: writing them, at once or in the background, and what is known of them.
 *
 *  A corrupted state is never written: each function that writes tests the state first (health.h).
 *
 *  A checkpoint that is written in the background (`checkpoint.mode: async`) copies the state, and
 *  a thread of each rank writes the copy while the time loop takes steps.  At most one is under
 *  way: each function that writes finishes it first. */
#ifndef HEAT_APP_CHECKPOINTS_H
#define HEAT_APP_CHECKPOINTS_H

#include "app/process/phases.h"
#include "app/process/stop.h"
#include "app/report/output.h"
#include "app/report/screen.h"
#include "app/run/health.h"
#include "app/state/run_state.h"
#include "io/field_file/disk_probe.h"

typedef struct HeatCheckpoints HeatCheckpoints;

/** The modules that take part in a checkpoint.  Borrowed; they must outlive the checkpoints. */
typedef struct {
  HeatHealth *health; /* tests the state */
  HeatSurvey *survey; /* taken for the test */
  HeatOutput *output; /* its tables are synced first, its list of snapshots is stored */
  HeatStop   *stop;   /* gets the cost of each checkpoint, for limits and Daly's interval */
  HeatScreen *screen; /* prints Daly's interval */
  HeatPhases *phases; /* count the time as HEAT_PHASE_CHECKPOINT */
} HeatCheckpointsPartners;

/** Return the size of the part of a checkpoint that a node writes [bytes], with all fields that a
 *  scheme can remember: an upper bound. */
PetscReal HeatCheckpointsBytesPerNode(const HeatGrid *grid);

/** Create the checkpoints of a run that has written none.  Not collective. */
PetscErrorCode HeatCheckpointsCreate(const HeatCheckpointsPartners *partners,
                                     HeatCheckpoints              **checkpoints);

/** Note that the present state was read from the checkpoint from which this process starts.  Not
 *  collective. */
void HeatCheckpointsResume(HeatCheckpoints *checkpoints, const HeatRunState *state);

/** Note that a rollback has returned to the checkpoint of the present step.  Where that is the
 *  newest one of this process, replace state->energy by the account that was kept in memory at that
 *  step: its sums are exact, those of the checkpoint have 212 bits.  Not collective. */
void HeatCheckpointsRewind(HeatCheckpoints *checkpoints, HeatRunState *state);

/** Return whether `checkpoint.every` asks for a checkpoint after this number of steps. */
PetscBool HeatCheckpointsAreDue(const HeatCase *c, PetscInt64 step);

/** Write a checkpoint of the present state and wait for it; write nothing if the state has one
 *  already or is corrupted (HeatHealthIsBad).  Collective.
 *  @param[out] written  whether the state has a checkpoint now; a failure to write is a line on
 *                       stderr.  NULL: a failure to write is raised (HEAT_ERR_FILE) */
PetscErrorCode HeatCheckpointsWrite(HeatCheckpoints *checkpoints, const HeatRunState *state,
                                    PetscBool *written);

/** Write a checkpoint that is due while the run continues, unless the state is corrupted: in the
 *  background if the case asks for that and the run is not about to stop, else as
 *  HeatCheckpointsWrite.  A failure is a line on stderr.  Collective. */
PetscErrorCode HeatCheckpointsWriteDue(HeatCheckpoints *checkpoints, const HeatRunState *state);

/** Write the checkpoint of a run that is finished, as HeatCheckpointsWriteDue does; write nothing
 *  if the present state has one already.  Collective. */
PetscErrorCode HeatCheckpointsWriteLast(HeatCheckpoints *checkpoints, const HeatRunState *state);

/** Write a checkpoint of the present state, which is the state before a step that failed, and print
 *  where it is.  Test the state again first, and write nothing if it is corrupted.  The failure has
 *  been reported before.  Collective. */
PetscErrorCode HeatCheckpointsWriteLastGood(HeatCheckpoints    *checkpoints,
                                            const HeatRunState *state);

/** Finish the checkpoint that is under way if it needs no more waiting.  Finding this out costs a
 *  reduction, so this function does nothing unless the ranks have decided about stopping at this
 *  step (HeatStopAsk).  Collective.
 *  @param[in] step  the present step */
PetscErrorCode HeatCheckpointsPoll(HeatCheckpoints *checkpoints, PetscInt64 step);

/** Wait for the checkpoint that is under way, if any, and finish it; a failure is a line on stderr.
 *  Collective. */
PetscErrorCode HeatCheckpointsFinish(HeatCheckpoints *checkpoints);

/** Return the step of the last checkpoint that was written, is under way, or is the one that the
 *  run started from; -1: none, or the last one in the background could not be written. */
PetscInt64 HeatCheckpointsLastStep(const HeatCheckpoints *checkpoints);

/** Return the step of the first checkpoint that this process has written; -1: none. */
PetscInt64 HeatCheckpointsFirstStep(const HeatCheckpoints *checkpoints);

/** Return the sums over the checkpoints that this process has written. */
const HeatFileStats *HeatCheckpointsStats(const HeatCheckpoints *checkpoints);

/** Return what the disk achieves with a plain file of a checkpoint's size (`checkpoint.probe`);
 *  bytes 0: not measured. */
const HeatDiskProbe *HeatCheckpointsDiskProbe(const HeatCheckpoints *checkpoints);

/** Finish the checkpoint that is under way, whose state is good even after an error, and free
 *  everything.  *checkpoints may be NULL.  Collective. */
PetscErrorCode HeatCheckpointsDestroy(HeatCheckpoints **checkpoints);

#endif
