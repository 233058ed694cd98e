/* Checkpoints of a run (see the header). */
#include "app/run/checkpoints.h"

#include "app/process/provenance.h"
#include "app/run/health.h"
#include "app/run/points.h"
#include "app/run/restart.h"
#include "app/run/screen.h"

/* A checkpoint of this step is there. */
static void Done(HeatSimulation *sim, PetscInt64 step, const HeatEnergy *energy,
                 const HeatFileStats *stats)
{
  HeatFileStatsAdd(&sim->checkpoint_stats, stats);
  HeatStopCheckpointed(&sim->stop, stats->seconds);
  HeatScreenInterval(sim);
  HeatHealthCheckpointed(sim, step, energy);
}

static PetscErrorCode WriteAtOnce(HeatSimulation *sim, const HeatCheckpointOptions *how,
                                  const HeatCheckpointState *state, const PetscReal *T,
                                  PetscBool *written)
{
  HeatFileStats stats = {0};

  PetscFunctionBeginUser;
  PetscCall(
      HeatCheckpointWrite(sim->grid, sim->c->output.directory, how, state, T, written, &stats));
  if (!written || *written) {
    sim->last_checkpoint_step = sim->clock.step;
    Done(sim, sim->clock.step, &sim->energy, &stats);
  } else HeatStopCheckpointed(&sim->stop, 0.0);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Begin(HeatSimulation *sim, const HeatCheckpointOptions *how,
                            const HeatCheckpointState *state, const PetscReal *T)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointBegin(sim->grid, sim->c->output.directory, how, state, T,
                                &sim->behind.copies, &sim->behind.job));
  HeatStopCheckpointed(&sim->stop, 0.0); /* the clock begins anew; what it costs is not known yet */
  if (!sim->behind.job) PetscFunctionReturn(PETSC_SUCCESS);
  sim->behind.step          = sim->clock.step;
  sim->behind.energy        = sim->energy;
  sim->last_checkpoint_step = sim->clock.step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* @param[out] written  of one that is written at once */
static PetscErrorCode Checkpoint(HeatSimulation *sim, PetscBool behind, PetscBool *written)
{
  char                        program[64];
  const HeatCheckpointOptions how = {
      .keep      = {sim->c->checkpoint.keep, sim->c->checkpoint.keep_every},
      .hints     = sim->c->output.hints,
      .alignment = sim->c->output.alignment,
      .verify    = sim->c->checkpoint.verify,
      .title     = sim->c->title,
      .program   = HeatProgram(program, sizeof program)};
  HeatCheckpointState state;
  HeatStepperMemory   memory;
  const PetscReal    *T;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_CHECKPOINT);
  PetscCall(HeatPointsSync(sim));
  PetscCall(HeatTableFlush(sim->history.table));
  PetscCall(HeatRestartFill(sim, &memory, &state));
  if (sim->c->checkpoint.probe && !sim->probed)
    PetscCall(
        HeatDiskProbeRun(sim->grid, sim->c->output.directory, 1 + state.n_fields, &sim->disk));
  sim->probed = PETSC_TRUE;
  PetscCall(VecGetArrayRead(sim->T, &T));
  if (behind) PetscCall(Begin(sim, &how, &state, T));
  else PetscCall(WriteAtOnce(sim, &how, &state, T, written));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscCall(HeatRestartRelease(&memory, &state));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsWrite(HeatSimulation *sim, PetscBool *written)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsFinish(sim));
  if (sim->last_checkpoint_step == sim->clock.step) {
    if (written) *written = PETSC_TRUE;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatHealthLook(sim));
  if (written) *written = PETSC_FALSE;
  if (!sim->health.bad) PetscCall(Checkpoint(sim, PETSC_FALSE, written));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsDue(HeatSimulation *sim)
{
  PetscBool written;

  PetscFunctionBeginUser;
  if (sim->c->checkpoint.mode == HEAT_CHECKPOINT_SYNC || sim->stop.stop) {
    PetscCall(HeatCheckpointsWrite(sim, &written));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatCheckpointsFinish(sim));
  PetscCall(HeatHealthLook(sim));
  if (!sim->health.bad) PetscCall(Checkpoint(sim, PETSC_TRUE, NULL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsFinish(HeatSimulation *sim)
{
  HeatFileStats stats;
  PetscBool     written;

  PetscFunctionBeginUser;
  if (!sim->behind.job) PetscFunctionReturn(PETSC_SUCCESS);
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_CHECKPOINT);
  PetscCall(HeatCheckpointEnd(&sim->behind.job, &written, &stats));
  if (written) Done(sim, sim->behind.step, &sim->behind.energy, &stats);
  else if (sim->last_checkpoint_step == sim->behind.step) sim->last_checkpoint_step = -1;
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsPoll(HeatSimulation *sim)
{
  PetscBool ready;

  PetscFunctionBeginUser;
  if (!sim->behind.job || sim->stop.asked_step != sim->clock.step)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCheckpointTest(sim->behind.job, &ready));
  if (ready) PetscCall(HeatCheckpointsFinish(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}
