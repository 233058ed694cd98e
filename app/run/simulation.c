/** The time loop of a run, and its end (simulation.h).
 *
 *  One turn of the loop: take a step (or several), inject a fault if a test requests one, agree
 *  on stopping, finish a checkpoint that has become ready, write what is due, roll back if the
 *  state is found corrupted, print the progress. */
#include "app/run/simulation.h"

#include <stdio.h>
#include <string.h>

#include "app/report/record.h"
#include "app/run/run_end.h"
#include "app/run/run_warnings.h"
#include "app/run/setup.h"
#include "app/run/simulation_impl.h"
#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

HeatReportSources HeatSimulationSources(HeatSimulation *sim)
{
  const HeatRollback *back = &sim->rollback;
  HeatReportSources   from = {.state         = &sim->state,
                              .options       = sim->options,
                              .phases        = &sim->phases,
                              .stop          = &sim->stop,
                              .iterations    = &sim->iterations,
                              .output        = sim->output,
                              .communication = &sim->communication,
                              .metrics       = &sim->metrics,
                              .binding       = &sim->binding,
                              .warnings      = &sim->warnings,
                              .checks        = sim->checks,
                              .survey        = sim->survey,
                              .restart       = {.file = HeatRestartFile(sim->restart)},
                              .checkpoints   = *HeatCheckpointsStats(sim->checkpoints),
                              .disk          = *HeatCheckpointsDiskProbe(sim->checkpoints),
                              .n_rollbacks   = back->n,
                              .rollback      = {back->step, back->to_step, back->reason},
                              .broken_halo   = HeatBrokenHaloReport(&sim->state, &sim->halo_test),
                              .start         = sim->start};

  HeatRestartGetCost(sim->restart, &from.restart.bytes, &from.restart.seconds);
  return from;
}

/* Steps. */

/* Account for n steps that were taken: one, or several of equal lengths. */
static void NoteSteps(HeatSimulation *sim, const HeatClockStep *steps, PetscInt n)
{
  HeatRunState       *state = &sim->state;
  const HeatStepInfo *info  = &state->last_step;

  HeatHealthAddStep(sim->health, info);
  HeatEnergyAddStep(&state->energy, info);
  if (HeatStepperLinear(state->stepper)) {
    HeatIterationsAdd(&sim->iterations, &info->solve);
    sim->metrics.solves += info->stages;
    HeatScreenSolverNotes(sim->screen, state, &sim->iterations);
  }
  if (state->c->time.scheme == HEAT_SCHEME_RKL2)
    HeatStageTrafficAdd(&sim->metrics.stages, info->stages, info->sweeps,
                        HeatOperatorIsSymmetric(state->op) ? PETSC_FALSE : PETSC_TRUE);
  for (PetscInt k = 0; k < n; k++)
    HeatClockAdvance(&state->clock, &steps[k], info->dt, info->next, info->rejected);
  HeatBeatStep((long)state->clock.step);
}

/* Decide within a step whether the run has to stop (HeatInterrupt). */
static PetscErrorCode AskWithinStep(void *context, PetscBool *stop)
{
  HeatSimulation *sim = context;

  PetscFunctionBeginUser;
  PetscCall(HeatStopAskWithinStep(&sim->stop, sim->state.grid->comm));
  *stop = sim->stop.stop;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the step that was abandoned to the reason for which the run stops, and warn if it was the
   first one. */
static PetscErrorCode NoteAbandoned(HeatSimulation *sim)
{
  char        *reason = sim->stop.reason;
  const size_t used   = strlen(reason);

  PetscFunctionBeginUser;
  PetscCall(HeatRunWarnAbandoned(&sim->warnings, &sim->state, reason));
  (void)snprintf(reason + used, sizeof sim->stop.reason - used, ", within step %" PetscInt64_FMT,
                 sim->state.clock.step + 1);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the time in which this rank has waited for halos [s]. */
static PetscReal Waited(const HeatRunState *state)
{
  return HeatOperatorHaloCounts(state->op).wait + HeatOperatorDeepHaloCounts(state->op).sent.wait;
}

/* Take one step, or several at once.  Return HEAT_STOPPED if the step was abandoned; the state is
   then unchanged. */
static PetscErrorCode Advance(HeatSimulation *sim)
{
  HeatRunState   *state = &sim->state;
  HeatClockStep   steps[HEAT_MOST_AT_ONCE];
  PetscReal       times[HEAT_MOST_AT_ONCE];
  const PetscInt  n     = HeatScheduleSteps(&sim->schedule, steps, times);
  PetscReal      *spent = &sim->phases.seconds[HEAT_PHASE_STEP], before = *spent;
  const PetscReal waited = Waited(state);
  PetscErrorCode  code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_STEP);
  HeatSurveyInvalidate(sim->survey);
  code = HeatAdvance(state, sim->guard, n, steps, times);
  sim->phases.step_wait += Waited(state) - waited;
  if (code == HEAT_STOPPED) {
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
    PetscCall(NoteAbandoned(sim));
    PetscFunctionReturn(code);
  }
  if (code == HEAT_ERR_NUMERICS) {
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
    PetscCall(HeatCheckpointsWriteLastGood(sim->checkpoints, state));
    PetscFunctionReturn(code);
  }
  PetscCall(code);
  NoteSteps(sim, steps, n);
  PetscCall(HeatOutputSampleRecord(sim->output, state, n, times));
  PetscCall(HeatAdvanceHandleEvent(state));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
  HeatStepTimesAdd(&sim->metrics.steps, *spent - before, n);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AgreeOnStopping(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatStopAsk(&sim->stop, sim->state.grid->comm, sim->state.clock.step));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is due after a step. */

/* Write everything that is due; nothing of a state that is found corrupted.
   @param[in] last  whether the run ends at the present step */
static PetscErrorCode WriteDue(HeatSimulation *sim, PetscBool last)
{
  const HeatDue due = HeatScheduleDue(&sim->schedule, &sim->state.clock, last);

  PetscFunctionBeginUser;
  PetscCall(HeatReporterReport(&sim->reporter, &due, last));
  /* The last checkpoint is written at the end of the loop (run_end.h). */
  if (due.checkpoint && !last && !HeatHealthIsBad(sim->health))
    PetscCall(HeatCheckpointsWriteDue(sim->checkpoints, &sim->state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rollback. */

/* Set up stepper, clock and files from the checkpoint, and make every module drop what it stored of
   later steps. */
static PetscErrorCode ReturnTo(HeatSimulation *sim, HeatRestart *checkpoint)
{
  HeatRunState        *state = &sim->state;
  const HeatOutputList list  = HeatRestartOutputList(checkpoint);

  PetscFunctionBeginUser;
  PetscCall(HeatSetUpStepping(state, checkpoint, &sim->schedule.most_at_once));
  PetscCall(HeatOutputRewind(sim->output, state, &list));
  HeatCheckpointsRewind(sim->checkpoints, state);
  HeatHealthAccept(sim->health, state->clock.step);
  HeatSurveyInvalidate(sim->survey);
  HeatStopRewind(&sim->stop, state->clock.step);
  HeatBeatStep((long)state->clock.step);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return from a corrupted state to the last checkpoint, once in a run. */
static PetscErrorCode RollBack(HeatSimulation *sim)
{
  HeatRestart      *checkpoint;
  HeatRollbackCause cause;
  PetscErrorCode    code;

  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsFinish(sim->checkpoints));
  cause = (HeatRollbackCause){.reason    = HeatHealthReason(sim->health),
                              .first_own = HeatCheckpointsFirstStep(sim->checkpoints),
                              .origin    = sim->restart};
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(HeatRollbackRead(&sim->rollback, &sim->state, &cause, &checkpoint));
  code = ReturnTo(sim, checkpoint);
  PetscCall(HeatRestartDestroy(&checkpoint));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The time loop. */

/* Report the state from which the run starts. */
static PetscErrorCode Begin(HeatSimulation *sim)
{
  MPI_Comm comm = sim->state.grid->comm;

  PetscFunctionBeginUser;
  if (!sim->restart) PetscCall(WriteDue(sim, PETSC_FALSE));
  HeatCheck(!HeatHealthIsBad(sim->health), comm, HEAT_ERR_NUMERICS, "%s",
            HeatHealthReason(sim->health));
  /* The ranks take the first step together: a fresh run has just reduced a row. */
  if (sim->restart) PetscCallMPI(MPI_Barrier(comm));
  if (HeatClockIsDone(&sim->state.clock)) PetscCall(HeatReporterReportUnstepped(&sim->reporter));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take a step, or several, and write what is due then. */
static PetscErrorCode TakeSteps(HeatSimulation *sim)
{
  const HeatClock *clock = &sim->state.clock;
  PetscErrorCode   code;

  PetscFunctionBeginUser;
  code = Advance(sim);
  if (code == HEAT_STOPPED) { /* the time loop ends, after a rollback where the state is bad */
    PetscCall(HeatHealthTestOnce(sim->health, &sim->state, sim->survey));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(code);
  PetscCall(HeatInjectStep(&sim->inject, &sim->state));
  PetscCall(AgreeOnStopping(sim));
  PetscCall(HeatCheckpointsPoll(sim->checkpoints, clock->step));
  PetscCall(WriteDue(sim, HeatClockIsDone(clock)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take a step, or several; where the state is found corrupted, roll back.  An error of the numerics
   is passed on only if the state is good; if it is corrupted, the corruption is taken for the
   cause. */
static PetscErrorCode TakeStepsOrRollBack(HeatSimulation *sim)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  code = TakeSteps(sim);
  if (code == HEAT_ERR_NUMERICS) {
    PetscCall(HeatHealthTestOnce(sim->health, &sim->state, sim->survey));
    if (!HeatHealthIsBad(sim->health)) PetscFunctionReturn(code);
  } else PetscCall(code);
  if (HeatHealthIsBad(sim->health)) PetscCall(RollBack(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether a signal or a limit of time has stopped the run before its end. */
static PetscBool IsStopped(const HeatSimulation *sim)
{
  return sim->stop.stop && !HeatClockIsDone(&sim->state.clock) ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatSimulationRun(HeatSimulation *sim)
{
  char binding[512];

  PetscFunctionBeginUser;
  PetscCall(HeatRunWarnAtStart(&sim->warnings, &sim->state, sim->options,
                               sim->restart ? PETSC_TRUE : PETSC_FALSE));
  HeatBindingWarning(&sim->binding, binding);
  if (binding[0]) PetscCall(HeatWarningsAdd(&sim->warnings, "%s", binding));
  PetscCall(Begin(sim));
  sim->interrupt = (HeatInterrupt){.ask = AskWithinStep, .context = sim};
  HeatOperatorSetInterrupt(sim->state.op, &sim->interrupt);
  while (!HeatClockIsDone(&sim->state.clock) && !sim->stop.stop) {
    const PetscReal before = sim->state.clock.time;

    PetscCall(TakeStepsOrRollBack(sim));
    PetscCall(HeatRunWarnAfterSteps(&sim->warnings, &sim->state, before, sim->health));
    PetscCall(HeatScreenProgress(sim->screen, &sim->state));
  }
  if (IsStopped(sim)) PetscCall(HeatRunEndStopped(&sim->reporter, sim->checkpoints));
  else PetscCall(HeatRunEndFinished(&sim->reporter, sim->checkpoints, &sim->stop));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The end. */

PetscErrorCode HeatSimulationFinish(HeatSimulation *sim, HeatStatus *status)
{
  const PetscBool   stopped  = IsStopped(sim);
  PetscBool         all_pass = PETSC_TRUE;
  HeatReportSources from;
  PetscErrorCode    recorded;

  PetscFunctionBeginUser;
  *status = HEAT_STATUS_STOPPED;
  if (!stopped) {
    HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
    PetscCall(HeatChecksEvaluate(&sim->state, sim->survey, &sim->checks, &all_pass));
    PetscCall(HeatBrokenHaloRunTest(&sim->state, &sim->halo_test));
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
    if (sim->options->break_halo) all_pass = PETSC_FALSE;
    *status = all_pass ? HEAT_STATUS_OK : HEAT_STATUS_CHECK_FAILED;
    if (sim->reporter.lost[0]) *status = HEAT_STATUS_ERROR;
  }
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_FILES);
  from          = HeatSimulationSources(sim);
  from.finished = stopped ? PETSC_FALSE : PETSC_TRUE;
  recorded      = HeatRecordWrite(&from, *status,
                             stopped                 ? sim->stop.reason
                                  : sim->reporter.lost[0] ? sim->reporter.lost
                                                          : NULL);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_FILES);
  if (HeatErrorExitCode(recorded) == HEAT_EXIT_INTERNAL) PetscFunctionReturn(recorded);
  if (recorded && !stopped) *status = HEAT_STATUS_ERROR; /* the summary must not say "done" */
  PetscCall(HeatScreenSummary(sim->screen, &from, *status));
  PetscCall(recorded);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationWriteError(HeatSimulation *sim, const char *message)
{
  const HeatReportSources from = HeatSimulationSources(sim);

  PetscFunctionBeginUser;
  PetscCall(HeatRecordWrite(&from, HEAT_STATUS_ERROR, message));
  PetscFunctionReturn(PETSC_SUCCESS);
}
