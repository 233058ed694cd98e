/* Set-up, the time loop, and the end of a run. */
#include "app/run/simulation.h"

#include "app/run/checkpoints.h"
#include "app/run/checks.h"
#include "app/run/health.h"
#include "app/run/inject.h"
#include "app/run/output.h"
#include "app/run/points.h"
#include "app/run/record.h"
#include "app/run/restart.h"
#include "app/run/rollback.h"
#include "app/run/screen.h"
#include "io/field_file/cell_inputs.h"
#include "io/run_files/output_dir.h"
#include "solver/base/heartbeat.h"

/* The initial state. */

static PetscErrorCode FreshState(HeatSimulation *sim, const HeatCellInputs *inputs)
{
  const HeatCase *c = sim->c;
  PetscReal      *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(sim->T, &T));
  if (c->initial.file) {
    const char *dataset = c->initial.dataset ? c->initial.dataset : "/temperature";

    PetscCall(HeatFieldFileRead(sim->grid, c->initial.file, dataset, HEAT_ELEMENT_DOUBLE, T));
  }
  PetscCall(
      HeatPaintTemperature(sim->grid, c, inputs, c->initial.file ? PETSC_TRUE : PETSC_FALSE, T));
  PetscCall(HeatEnergyStart(&sim->energy, sim->op, T));
  PetscCall(VecRestoreArrayWrite(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The operator at the state from which the run sets out: the stable step may depend on it. */
static PetscErrorCode UpdateOperator(HeatSimulation *sim)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (HeatOperatorIsLinear(sim->op)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(sim->T, &T));
  PetscCall(HeatOperatorBring(sim->op, sim->resumed.time, T, HEAT_ERR_INPUT, "the initial field"));
  PetscCall(VecRestoreArrayRead(sim->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set-up. */

/* The fixed step, or the first one to propose: the case's; or the stepper's, which is the largest
   stable one for an explicit scheme - there cut so that it divides a run of fixed steps evenly. */
static PetscErrorCode ChooseStep(HeatSimulation *sim, PetscBool free, PetscReal *dt)
{
  const HeatCase *c = sim->c;

  PetscFunctionBeginUser;
  *dt = c->time.step;
  if (c->time.scheme == HEAT_SCHEME_STEADY) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperFirstStep(sim->stepper, sim->resumed.time, sim->T, dt));
  if (c->time.step > 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(*dt > 0.0 && *dt < PETSC_MAX_REAL, sim->grid->comm, c, "time.step",
                   "any step is stable here, so `auto` cannot choose one; give a number");
  if (!free && c->time.end > 0.0)
    *dt = c->time.end / PetscCeilReal(c->time.end / *dt * (1.0 - 1e-12));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Whether the stepper says how long each step is: its error tells it, or a stability limit that
   changes with the field. */
static PetscBool StepsAreFree(const HeatSimulation *sim)
{
  const HeatScheme scheme = sim->c->time.scheme;

  if (HeatStepperIsAdaptive(sim->stepper)) return PETSC_TRUE;
  return sim->c->time.step_auto && !HeatOperatorIsLinear(sim->op) &&
                 (scheme == HEAT_SCHEME_FTCS || scheme == HEAT_SCHEME_RKL2)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* The stepper and the clock, at the start or where the checkpoint stood. */
static PetscErrorCode StartClock(HeatSimulation *sim)
{
  const PetscBool restart = sim->restarted_from[0] ? PETSC_TRUE : PETSC_FALSE;
  PetscBool       free;
  PetscReal       dt;

  PetscFunctionBeginUser;
  PetscCall(HeatStepperCreate(sim->op, sim->c->time.step, &sim->stepper));
  free = StepsAreFree(sim);
  if (restart) PetscCall(HeatRestartLoadStepper(sim));
  if (restart && free && HeatRestartIsSameScheme(sim)) dt = sim->resumed.step_size;
  else PetscCall(ChooseStep(sim, free, &dt));
  HeatClockStart(&sim->clock, sim->c, free, dt);
  PetscCall(HeatStepperMostAtOnce(sim->stepper, &sim->most_at_once));
  sim->most_at_once = PetscMin(sim->most_at_once, HEAT_MOST_AT_ONCE);
  if (restart) PetscCall(HeatRestartAdopt(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpState(HeatSimulation *sim, const HeatCellInputs *inputs)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_INITIAL);
  PetscCall(DMCreateGlobalVector(sim->grid->da, &sim->T));
  if (sim->options->restart) PetscCall(HeatRestartRead(sim));
  else PetscCall(FreshState(sim, inputs));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_INITIAL);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* All that needs what the case's files hold. */
static PetscErrorCode SetUpFields(HeatSimulation *sim)
{
  HeatCellInputs inputs = {0};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(HeatCellInputsRead(sim->grid, sim->c, &inputs));
  code = HeatOperatorCreate(sim->grid, sim->c, &inputs, &sim->op);
  if (!code) code = HeatZonesCreate(sim->grid, sim->c, &inputs, &sim->zones);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  if (!code) code = SetUpState(sim, &inputs);
  PetscCall(HeatCellInputsClear(sim->c, &inputs));
  PetscCall(code);
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
  sim->prepared_step        = -1;
  sim->lock                 = -1;
  PetscCall(HeatOptionsInsertPetsc(options, c));
  PetscCall(HeatGridCreate(comm, c, &sim->grid));
  if (options->restart) /* before a checkpoint is read that another run may be removing */
    PetscCall(HeatOutputDirectoryLock(comm, c->output.directory, PETSC_FALSE, &sim->lock));
  PetscCall(SetUpFields(sim));
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(UpdateOperator(sim));
  PetscCall(StartClock(sim));
  PetscCall(HeatOptionsCheckUsed(sim->grid->comm, options, c));
  PetscCall(HeatPointsCreate(sim));
  PetscCall(HeatHealthStart(sim));
  PetscCall(HeatInjectStart(sim));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* At most, a node: with all fields that a scheme can remember. */
static PetscReal CheckpointBytes(const HeatGrid *g)
{
  return (PetscReal)g->nx * (PetscReal)g->ny * (PetscReal)sizeof(PetscReal) *
         (1 + HEAT_MEMORY_FIELDS) / (PetscReal)g->n_nodes;
}

PetscErrorCode HeatSimulationStart(HeatSimulation *sim)
{
  const PetscBool restart = sim->restarted_from[0] ? PETSC_TRUE : PETSC_FALSE;

  PetscFunctionBeginUser;
  PetscCall(
      HeatOutputDirectoryLock(sim->grid->comm, sim->c->output.directory, PETSC_TRUE, &sim->lock));
  PetscCall(HeatOutputDirectoryPrepare(sim->grid->comm, sim->c->output.directory, restart));
  PetscCall(HeatStopStart(&sim->stop, sim->grid->comm, sim->c, sim->began, sim->clock.step,
                          CheckpointBytes(sim->grid)));
  PetscCall(HeatScreenHeader(sim));
  PetscCall(HeatOutputOpen(sim));
  PetscCall(HeatCheckpointStateClear(&sim->resumed));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The time loop. */

static void CountIterations(HeatIterations *all, const HeatSolveInfo *solve)
{
  all->min = all->solves == 0 ? solve->iterations : PetscMin(all->min, solve->iterations);
  all->max = PetscMax(all->max, solve->iterations);
  all->total += solve->iterations;
  all->newton += solve->newton;
  all->solves += 1;
  all->last_residual = solve->residual;
  all->last_true     = solve->true_residual;
  all->worst_true    = PetscMax(all->worst_true, solve->true_residual);
  all->rescued[solve->rescue] += 1;
  all->at_rounding += solve->at_rounding ? 1 : 0;
}

/* The numerics failed, as was reported already; the state is that of the last step, and good unless
   it was corrupted since. */
static PetscErrorCode KeepLastGoodState(HeatSimulation *sim)
{
  PetscBool written;

  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsWrite(sim, &written));
  if (written && sim->grid->rank == 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: the last good state, step %" PetscInt64_FMT
                           ", is in a checkpoint in %s\n",
                           sim->clock.step, sim->c->output.directory));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps to be taken at once: equal ones, after all of which but the last nobody wants to see
   anything.  How many depends on nothing that differs between ranks. */
static PetscInt StepsAtOnce(const HeatSimulation *sim, HeatClockStep *steps, PetscReal *times)
{
  HeatClock clock = sim->clock;
  PetscInt  n     = 0;

  while (n < sim->most_at_once && !HeatClockIsDone(&clock)) {
    steps[n] = HeatClockNext(&clock);
    times[n] = clock.time;
    if (steps[n].dt != steps[0].dt) break;
    HeatClockAdvance(&clock, &steps[n], steps[n].dt, 0.0, 0);
    n++;
    if (clock.step >= sim->stop.next_step || HeatOutputIsDue(sim, &clock)) break;
    if (clock.step == sim->inject.step) break;
  }
  return n;
}

/* One step, or several; the same bits either way. */
static PetscErrorCode Advance(HeatSimulation *sim)
{
  HeatClockStep  steps[HEAT_MOST_AT_ONCE];
  PetscReal      times[HEAT_MOST_AT_ONCE];
  const PetscInt n    = StepsAtOnce(sim, steps, times);
  HeatStepInfo  *info = &sim->last_step;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_STEP);
  sim->prepared_step = -1;
  if (n > 1) code = HeatStepperAdvanceSeveral(sim->stepper, n, times, steps[0].dt, &sim->T, info);
  else code = HeatStepperAdvance(sim->stepper, times[0], steps[0].dt, &sim->T, info);
  if (code == HEAT_ERR_NUMERICS) {
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
    sim->health.good_step = -1; /* look again: it may have been corrupted since */
    PetscCall(KeepLastGoodState(sim));
    PetscFunctionReturn(code);
  }
  PetscCall(code);
  HeatHealthStep(sim);
  HeatEnergyAdd(&sim->energy, &info->flows, info->dt);
  if (HeatStepperLinear(sim->stepper)) {
    CountIterations(&sim->iterations, &info->solve);
    HeatScreenSolver(sim);
  }
  for (PetscInt k = 0; k < n; k++)
    HeatClockAdvance(&sim->clock, &steps[k], info->dt, info->next, info->rejected);
  HeatBeatStep((long)sim->clock.step);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AskToStop(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatStopAsk(&sim->stop, sim->grid->comm, sim->clock.step));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A step, or several, and what is due then. */
static PetscErrorCode GoOn(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(Advance(sim));
  PetscCall(HeatInjectStep(sim));
  PetscCall(AskToStop(sim));
  PetscCall(HeatCheckpointsPoll(sim));
  PetscCall(HeatOutputStep(sim, HeatClockIsDone(&sim->clock)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The state is corrupted: on from the last checkpoint, with nothing left of what came after it. */
static PetscErrorCode GoBack(HeatSimulation *sim)
{
  HeatRollback back;

  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsFinish(sim));
  PetscCall(HeatRollbackBegin(sim, &back));
  PetscCall(UpdateOperator(sim));
  PetscCall(HeatStepperDestroy(&sim->stepper));
  PetscCall(StartClock(sim));
  PetscCall(HeatRollbackEnd(sim, &back));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationRun(HeatSimulation *sim)
{
  const HeatCase *c = sim->c;
  PetscErrorCode  code;

  PetscFunctionBeginUser;
  if (!sim->restarted_from[0]) PetscCall(HeatOutputStep(sim, PETSC_FALSE));
  HeatCheck(!sim->health.bad, sim->grid->comm, HEAT_ERR_NUMERICS, "%s", sim->health.what);
  PetscCallMPI(MPI_Barrier(sim->grid->comm));
  if (HeatClockIsDone(&sim->clock)) PetscCall(HeatOutputNothingLeft(sim));
  while (!HeatClockIsDone(&sim->clock) && !sim->stop.stop) {
    code = GoOn(sim);
    if (code == HEAT_ERR_NUMERICS) { /* of the physics, or of a corrupted state? */
      PetscCall(HeatHealthLook(sim));
      if (!sim->health.bad) PetscFunctionReturn(code);
    } else PetscCall(code);
    if (sim->health.bad) PetscCall(GoBack(sim));
    PetscCall(HeatScreenProgress(sim));
  }
  if (HeatClockIsDone(&sim->clock)) sim->stop.stop = PETSC_FALSE;
  if (sim->stop.stop || c->checkpoint.every > 0 || sim->stop.checkpoint_interval > 0.0)
    PetscCall(HeatCheckpointsWrite(sim, NULL));
  PetscCall(HeatCheckpointsFinish(sim));
  PetscCall(HeatOutputClose(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The end. */

PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status)
{
  PetscBool all_pass = PETSC_TRUE;

  PetscFunctionBeginUser;
  *status = HEAT_STATUS_STOPPED;
  if (!sim->stop.stop) {
    HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
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
  if (sim->behind.job) PetscCall(HeatCheckpointsFinish(sim)); /* after an error: it is a good one */
  PetscCall(HeatFieldFileCopiesClear(&sim->behind.copies));
  HeatOutputDirectoryUnlock(sim->c->output.directory, &sim->lock);
  PetscCall(HeatSnapshotsDestroy(&sim->snapshots));
  PetscCall(HeatPointsDestroy(sim));
  PetscCall(HeatCheckpointStateClear(&sim->resumed));
  PetscCall(HeatStepperDestroy(&sim->stepper));
  PetscCall(HeatZonesDestroy(&sim->zones));
  PetscCall(VecDestroy(&sim->T));
  PetscCall(HeatOperatorDestroy(&sim->op));
  PetscCall(HeatGridDestroy(&sim->grid));
  PetscCall(PetscFree(sim->checks));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
