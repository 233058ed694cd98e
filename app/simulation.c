/* Set-up, the time loop, and the end of a run. */
#include "app/simulation.h"

#include <math.h>

#include "app/checks.h"
#include "app/output.h"
#include "app/record.h"
#include "app/screen.h"
#include "io/output_dir.h"
#include "solver/paint.h"

/* Set-up. */

/* The step: the case's, or for ftcs with `auto` the largest stable one that divides the run
   evenly. */
static PetscErrorCode ChooseStep(HeatSimulation *sim)
{
  const HeatCase *c = sim->c;

  PetscFunctionBeginUser;
  sim->dt = c->time.scheme == HEAT_SCHEME_STEADY ? 1.0 : c->time.step;
  if (c->time.step_auto) {
    PetscCall(HeatOperatorStableStep(sim->op, &sim->dt));
    HeatCaseCheckKey(sim->dt < PETSC_MAX_REAL, sim->grid->comm, c, "time.step",
                     "any step is stable here, so `auto` cannot choose one; give a number");
    if (c->time.end > 0.0)
      sim->dt = c->time.end / PetscCeilReal(c->time.end / sim->dt * (1.0 - 1e-12));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps from the time base to the end; validation made sure that the step divides it. */
static PetscInt64 EndStep(const HeatSimulation *sim)
{
  const HeatCase *c = sim->c;

  if (c->time.scheme == HEAT_SCHEME_STEADY) return 1;
  if (c->time.end < 0.0) return c->time.steps;
  return sim->base_step + (PetscInt64)round((c->time.end - sim->base_time) / sim->dt);
}

static void ChooseEnd(HeatSimulation *sim)
{
  const PetscInt64 rows = 1000; /* history rows of a run, about, unless the case says otherwise */

  sim->end_step      = EndStep(sim);
  sim->history_every = sim->c->output.history_every > 0 ? sim->c->output.history_every
                                                        : (sim->end_step + rows - 1) / rows;
  sim->history_every = PetscMax(sim->history_every, 1);
}

static PetscErrorCode CreateProbes(HeatSimulation *sim)
{
  const PetscInt n = sim->c->output.n_probes;
  PetscReal(*at)[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(n, &at));
  for (PetscInt k = 0; k < n; k++) {
    at[k][0] = sim->c->output.probes[k].at[0];
    at[k][1] = sim->c->output.probes[k].at[1];
  }
  PetscCall(HeatProbesCreate(sim->op, n, (const PetscReal(*)[2])at, &sim->probes));
  PetscCall(PetscFree(at));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationCreate(MPI_Comm comm, const HeatCase *c, const HeatOptions *options,
                                    double began, HeatSimulation **out)
{
  HeatSimulation *sim;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&sim));
  *out                      = sim;
  sim->c                    = c;
  sim->options              = options;
  sim->began                = began;
  sim->last_snapshot_step   = -1;
  sim->last_checkpoint_step = -1;
  HeatPhaseBegin(&sim->phases);
  PetscCall(HeatOptionsInsertPetsc(c));
  PetscCall(HeatGridCreate(comm, c, &sim->grid));
  PetscCall(HeatOperatorCreate(sim->grid, c, NULL, &sim->op));
  PetscCall(ChooseStep(sim));
  PetscCall(HeatStepperCreate(sim->op, sim->dt, &sim->stepper));
  PetscCall(HeatOptionsCheckUsed(sim->grid->comm, options, c));
  PetscCall(CreateProbes(sim));
  PetscCall(DMCreateGlobalVector(sim->grid->da, &sim->T));
  ChooseEnd(sim);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal HeatSimulationTime(const HeatSimulation *sim, PetscInt64 step)
{
  if (sim->c->time.scheme == HEAT_SCHEME_STEADY) return 0.0;
  return sim->base_time + (PetscReal)(step - sim->base_step) * sim->dt;
}

/* The initial state. */

static PetscErrorCode FreshState(HeatSimulation *sim)
{
  const HeatCase *c = sim->c;
  PetscReal      *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(sim->T, &T));
  if (c->initial.file) {
    const char *dataset = c->initial.dataset ? c->initial.dataset : "/temperature";

    PetscCall(HeatFieldFileRead(sim->grid, c->initial.file, dataset, HEAT_ELEMENT_DOUBLE, T));
  }
  PetscCall(HeatPaintTemperature(sim->grid, c, c->initial.file ? PETSC_TRUE : PETSC_FALSE, T));
  PetscCall(HeatEnergyStart(&sim->energy, sim->op, T));
  PetscCall(VecRestoreArrayWrite(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where the clock and the account stood.  With another step the time base moves to the
   checkpoint, so that with the same one the times have the same bits as in an uninterrupted run. */
static PetscErrorCode AdoptState(HeatSimulation *sim, const HeatCheckpointState *state)
{
  PetscReal sums[HEAT_ENERGY_SUMS];

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    sums[k] = HeatCheckpointStateGetSum(state, HeatEnergySumNames[k], 0.0);
  HeatEnergyLoad(&sim->energy, sums);
  sim->step = sim->first_step = sim->last_checkpoint_step = state->step;
  sim->base_step = (PetscInt64)HeatCheckpointStateGetSum(state, "base_step", 0.0);
  sim->base_time = HeatCheckpointStateGetSum(state, "base_time", 0.0);
  if (state->step_size != sim->dt) {
    sim->base_step = state->step;
    sim->base_time = state->time;
  }
  ChooseEnd(sim);
  HeatCaseCheckKey(
      sim->c->time.end < 0.0 || sim->step >= sim->end_step ||
          PetscAbsReal(HeatSimulationTime(sim, sim->end_step) - sim->c->time.end) <=
              1e-9 * sim->c->time.end,
      sim->grid->comm, sim->c, "time.step",
      "%g s does not divide the time left, from the checkpoint at %g s to time.end at %g s",
      (double)sim->dt, (double)state->time, (double)sim->c->time.end);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RestartState(HeatSimulation *sim, HeatCheckpointState *state)
{
  const char *scheme = HeatSchemeNames[sim->c->time.scheme];
  PetscBool   latest, same;
  PetscReal  *T;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(sim->c->time.scheme != HEAT_SCHEME_STEADY, sim->grid->comm, sim->c,
                   "time.scheme",
                   "a steady case has no time steps to continue; run it without --restart");
  PetscCall(PetscStrcmp(sim->options->restart, "latest", &latest));
  if (latest) {
    PetscCall(HeatCheckpointLatest(sim->grid->comm, sim->c->output.directory, sim->restarted_from,
                                   sizeof sim->restarted_from));
  } else {
    PetscCall(PetscStrncpy(sim->restarted_from, sim->options->restart, sizeof sim->restarted_from));
  }
  PetscCall(VecGetArrayWrite(sim->T, &T));
  PetscCall(HeatCheckpointRead(sim->grid, sim->restarted_from, state, T));
  PetscCall(VecRestoreArrayWrite(sim->T, &T));
  PetscCall(PetscStrcmp(state->scheme, scheme, &same));
  if (!same && sim->grid->rank == 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: the checkpoint was made with %s, going on with %s\n",
                           state->scheme, scheme));
  }
  PetscCall(AdoptState(sim, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationStart(HeatSimulation *sim)
{
  HeatCheckpointState state   = {0};
  const PetscBool     restart = sim->options->restart ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases);
  if (restart) PetscCall(RestartState(sim, &state));
  else PetscCall(FreshState(sim));
  PetscCall(HeatOutputDirectoryPrepare(sim->grid->comm, sim->c->output.directory, restart));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_INITIAL);
  PetscCall(HeatScreenHeader(sim));
  PetscCall(HeatOutputOpen(sim, restart ? &state : NULL));
  PetscCall(HeatCheckpointStateClear(&state));
  HeatStopStart(&sim->stop, sim->c, sim->began, sim->step);
  if (!restart) PetscCall(HeatOutputStep(sim, PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The time loop. */

static void CountIterations(HeatIterations *all, const HeatSolveInfo *solve)
{
  all->min = all->solves == 0 ? solve->iterations : PetscMin(all->min, solve->iterations);
  all->max = PetscMax(all->max, solve->iterations);
  all->total += solve->iterations;
  all->solves += 1;
  all->last_residual = solve->residual;
}

static PetscErrorCode AdvanceOneStep(HeatSimulation *sim)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases);
  code = HeatStepperAdvance(sim->stepper, HeatSimulationTime(sim, sim->step), sim->dt, &sim->T,
                            &sim->last_step);
  if (code ==
      HEAT_ERR_NUMERICS) { /* reported already; the temperature is that of the last good step */
    PetscBool written;

    PetscCall(HeatOutputCheckpoint(sim, &written));
    if (written && sim->grid->rank == 0) {
      PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                             "heat2d: the last good state, step %" PetscInt64_FMT
                             ", is in a checkpoint in %s\n",
                             sim->step, sim->c->output.directory));
    }
    PetscFunctionReturn(code);
  }
  PetscCall(code);
  HeatEnergyAdd(&sim->energy, &sim->last_step.flows, sim->dt);
  if (HeatStepperLinear(sim->stepper)) CountIterations(&sim->iterations, &sim->last_step.solve);
  sim->step += 1;
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AskToStop(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases);
  PetscCall(HeatStopAsk(&sim->stop, sim->grid->comm, sim->step));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationRun(HeatSimulation *sim)
{
  const HeatCase *c = sim->c;
  double          start;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(sim->grid->comm));
  start = MPI_Wtime();
  while (sim->step < sim->end_step && !sim->stop.stop) {
    PetscCall(AdvanceOneStep(sim));
    PetscCall(AskToStop(sim));
    PetscCall(HeatOutputStep(sim, sim->step == sim->end_step ? PETSC_TRUE : PETSC_FALSE));
    PetscCall(HeatScreenProgress(sim));
  }
  if (sim->first_step >= sim->end_step) PetscCall(HeatOutputNothingLeft(sim));
  if (sim->step >= sim->end_step) sim->stop.stop = PETSC_FALSE;
  if (sim->stop.stop) PetscCall(HeatOutputCheckpoint(sim, NULL));
  else if (c->checkpoint.every > 0 || c->checkpoint.wall_interval > 0.0)
    PetscCall(HeatOutputCheckpoint(sim, NULL));
  PetscCall(HeatOutputClose(sim));
  sim->seconds = MPI_Wtime() - start;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &sim->seconds, 1, MPIU_REAL, MPIU_MAX, sim->grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The end. */

PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status)
{
  PetscBool all_pass = PETSC_TRUE;

  PetscFunctionBeginUser;
  *status = HEAT_STATUS_STOPPED;
  if (!sim->stop.stop) {
    HeatPhaseBegin(&sim->phases);
    PetscCall(HeatChecksEvaluate(sim, &all_pass));
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
    *status = all_pass ? HEAT_STATUS_OK : HEAT_STATUS_CHECK_FAILED;
  }
  PetscCall(HeatRecordWrite(sim, *status, sim->stop.stop ? sim->stop.reason : NULL));
  PetscCall(HeatScreenSummary(sim, *status));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationDestroy(HeatSimulation **out)
{
  HeatSimulation *sim = *out;

  PetscFunctionBeginUser;
  if (!sim) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatSnapshotsDestroy(&sim->snapshots));
  PetscCall(HeatProbesDestroy(&sim->probes));
  PetscCall(HeatStepperDestroy(&sim->stepper));
  PetscCall(VecDestroy(&sim->T));
  PetscCall(HeatOperatorDestroy(&sim->op));
  PetscCall(HeatGridDestroy(&sim->grid));
  PetscCall(PetscFree(sim->checks));
  PetscCall(PetscFree(sim->probe_shares));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
