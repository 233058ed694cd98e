/* Outputs of a run in progress: what is due after a step, in which order. */
#include "app/run/output.h"

#include "app/run/checkpoints.h"
#include "app/run/health.h"
#include "app/run/history.h"
#include "app/run/points.h"
#include "app/run/restart.h"
#include "app/run/screen.h"
#include "app/run/snapshot_fields.h"
#include "app/run/survey.h"
#include "io/run_files/output_dir.h"

/* Snapshots, and the profiles that go with them. */

static PetscErrorCode WriteSnapshot(HeatSimulation *sim, const PetscReal *T)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SNAPSHOT);
  PetscCall(HeatSnapshotFieldsWrite(sim, T));
  PetscCall(HeatPointsWriteProfiles(sim, T));
  sim->last_snapshot_step = sim->clock.step;
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SNAPSHOT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool SnapshotDue(const HeatSimulation *sim, const HeatClock *clock)
{
  const PetscInt every = sim->c->output.snapshots_every;

  if (every > 0 && clock->step % every == 0) return PETSC_TRUE;
  return HeatClockIsDue(clock, HEAT_EVENT_SNAPSHOT);
}

/* The step's end. */

/* What is due when the clock stands as given.  Rows do not depend on where a run is stopped or how long it takes, so that the
   tables of an interrupted run are those of an uninterrupted one. */
typedef struct {
  PetscBool snapshot, checkpoint, row, survey;
} Due;

static Due WhatIsDue(const HeatSimulation *sim, const HeatClock *clock, PetscBool last)
{
  const PetscInt   every    = sim->c->checkpoint.every;
  const PetscInt64 step     = clock->step;
  const PetscBool  by_steps = every > 0 && step > 0 && step % every == 0 ? PETSC_TRUE : PETSC_FALSE;
  Due              due;

  due.snapshot   = (last || SnapshotDue(sim, clock)) && sim->last_snapshot_step != step ? PETSC_TRUE
                                                                                        : PETSC_FALSE;
  due.checkpoint = (by_steps || sim->stop.checkpoint) && sim->last_checkpoint_step != step
                       ? PETSC_TRUE
                       : PETSC_FALSE;
  due.row        = last || due.snapshot || by_steps || HeatHistoryIsDue(sim, clock) ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
  due.survey     = due.row || due.checkpoint || sim->stop.stop ? PETSC_TRUE : PETSC_FALSE;
  return due;
}

static PetscErrorCode RecordStep(HeatSimulation *sim, const PetscReal *T, Due due)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatPointsSample(sim, T));
  if (due.survey) {
    PetscCall(HeatPointsFlush(sim));
    PetscCall(HeatSurveyTake(sim, T));
    PetscCall(HeatHealthJudge(sim, T));
  }
  if (due.row && !sim->health.bad) PetscCall(HeatHistoryWrite(sim, T));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputStep(HeatSimulation *sim, PetscBool last)
{
  const Due        due = WhatIsDue(sim, &sim->clock, last);
  const PetscReal *T;
  PetscErrorCode   code;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(sim->T, &T));
  code = RecordStep(sim, T, due);
  if (!code && due.snapshot && !sim->health.bad) code = WriteSnapshot(sim, T);
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscCall(code);
  if (due.checkpoint && !sim->health.bad) PetscCall(HeatCheckpointsDue(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatOutputIsDue(const HeatSimulation *sim, const HeatClock *clock)
{
  const Due due = WhatIsDue(sim, clock, HeatClockIsDone(clock));

  return due.survey || due.checkpoint || sim->c->output.n_probes > 0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatOutputNothingLeft(HeatSimulation *sim)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatSurveyTake(sim, T));
  if (sim->last_snapshot_step != sim->clock.step) PetscCall(WriteSnapshot(sim, T));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Opening and closing. */

PetscErrorCode HeatOutputOpen(HeatSimulation *sim)
{
  const HeatCase          *c = sim->c;
  const HeatSnapshotEntry *entries;
  PetscInt                 n;

  PetscFunctionBeginUser;
  PetscCall(HeatSnapshotsCreate(sim->grid, c->output.directory, c->title, c->output.compression,
                                &sim->snapshots));
  HeatSnapshotsSetLayout(sim->snapshots, c->output.hints, c->output.alignment);
  if (sim->restarted_from[0]) {
    PetscCall(HeatOutputDirectoryRewind(sim->grid->comm, c->output.directory, sim->clock.step));
    PetscCall(
        HeatSnapshotsResume(sim->snapshots, sim->resumed.n_snapshots, sim->resumed.snapshots));
    HeatSnapshotsGetList(sim->snapshots, &n, &entries);
    if (n) sim->last_snapshot_step = entries[n - 1].step;
  }
  PetscCall(HeatHistoryOpen(sim));
  PetscCall(HeatPointsOpen(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputClose(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(HeatPointsClose(sim));
  PetscCall(HeatTableDestroy(&sim->history.table));
  PetscFunctionReturn(PETSC_SUCCESS);
}
