/* Going back (see the header). */
#include "app/run/rollback.h"

#include <stdio.h>

#include "app/run/output.h"
#include "app/run/points.h"
#include "solver/base/heartbeat.h"

/* The newest whole checkpoint of the output folder, if it is of this process; else path is empty. */
static PetscErrorCode ReadOwn(HeatSimulation *sim, PetscReal *T, char *path, size_t size)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  path[0] = '\0';
  if (sim->health.first_checkpoint < 0) PetscFunctionReturn(PETSC_SUCCESS);
  code = HeatCheckpointReadLatest(sim->grid, sim->c->output.directory, path, size, &sim->resumed,
                                  T);
  if (code == HEAT_ERR_FILE) path[0] = '\0';
  else PetscCall(code);
  if (path[0] && sim->resumed.step < sim->health.first_checkpoint) {
    PetscCall(HeatCheckpointStateClear(&sim->resumed));
    path[0] = '\0';
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* That one, or the one that this process restarted from. */
static PetscErrorCode ReadGood(HeatSimulation *sim, PetscReal *T, char *path, size_t size)
{
  const HeatHealth *h = &sim->health;

  PetscFunctionBeginUser;
  PetscCall(ReadOwn(sim, T, path, size));
  if (path[0]) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCheck(sim->restarted_from[0], sim->grid->comm, HEAT_ERR_NUMERICS,
            "%s; there is no checkpoint to go back to (checkpoint.every, or wall_interval, has "
            "them written)",
            h->what);
  PetscCall(PetscStrncpy(path, sim->restarted_from, size));
  PetscCall(HeatCheckpointRead(sim->grid, path, &sim->resumed, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Read(HeatSimulation *sim, char *path, size_t size)
{
  const HeatHealth *h = &sim->health;
  PetscErrorCode    code;
  PetscReal        *T;

  PetscFunctionBeginUser;
  HeatCheck(h->n_rollbacks == 0, sim->grid->comm, HEAT_ERR_NUMERICS,
            "%s; the run had gone back from step %" PetscInt64_FMT " to step %" PetscInt64_FMT
            " already, so it does not pass: look at the case, then at the machine; the checkpoints "
            "in %s are good ones",
            h->what, h->step, h->to_step, sim->c->output.directory);
  PetscCall(VecGetArrayWrite(sim->T, &T));
  code = ReadGood(sim, T, path, size);
  PetscCall(VecRestoreArrayWrite(sim->T, &T));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* For the record, and two lines for the user. */
static PetscErrorCode Tell(HeatSimulation *sim, const char *path)
{
  HeatHealth *h = &sim->health;

  PetscFunctionBeginUser;
  h->n_rollbacks = 1;
  h->step        = sim->clock.step;
  h->to_step     = sim->resumed.step;
  PetscCall(PetscStrncpy(h->reason, h->what, sizeof h->reason));
  if (sim->grid->rank != 0) PetscFunctionReturn(PETSC_SUCCESS);
  (void)fflush(stdout);
  (void)fprintf(stderr,
                "heat2d: warning: %s\nheat2d: going back once, to step %" PetscInt64_FMT ", %s\n",
                h->what, h->to_step, path);
  (void)fflush(stderr);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRollbackBegin(HeatSimulation *sim, HeatRollback *back)
{
  char path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(Read(sim, path, sizeof path));
  PetscCall(Tell(sim, path));
  back->first_step = sim->first_step;
  PetscCall(PetscStrncpy(back->restarted_from, sim->restarted_from, sizeof back->restarted_from));
  PetscCall(PetscStrncpy(sim->restarted_from, path, sizeof sim->restarted_from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rows and snapshots from behind the checkpoint go, as at a restart. */
static PetscErrorCode RewindFiles(HeatSimulation *sim)
{
  HeatFileStats written = {0};

  PetscFunctionBeginUser;
  HeatSnapshotsGetStats(sim->snapshots, &written);
  HeatFileStatsAdd(&sim->snapshot_stats, &written);
  sim->points.rows        = 0;
  sim->last_snapshot_step = -1;
  PetscCall(HeatOutputClose(sim));
  PetscCall(HeatSnapshotsDestroy(&sim->snapshots));
  PetscCall(HeatOutputOpen(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRollbackEnd(HeatSimulation *sim, const HeatRollback *back)
{
  HeatHealth *h = &sim->health;

  PetscFunctionBeginUser;
  PetscCall(RewindFiles(sim));
  PetscCall(HeatCheckpointStateClear(&sim->resumed));
  if (h->kept_step == sim->clock.step) sim->energy = h->kept;
  h->bad             = PETSC_FALSE;
  h->good_step       = sim->clock.step;
  sim->prepared_step = -1;
  HeatStopRewind(&sim->stop, sim->clock.step);
  HeatBeatStep((long)sim->clock.step);
  sim->first_step = back->first_step;
  PetscCall(PetscStrncpy(sim->restarted_from, back->restarted_from, sizeof sim->restarted_from));
  PetscFunctionReturn(PETSC_SUCCESS);
}
