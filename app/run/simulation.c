/** A run (simulation.h): set-up, the time loop, and the end.
 *
 *  This file alone sees the members of HeatSimulation.  It hands each module exactly what it needs
 *  and decides the order of everything; the modules do not know one another beyond what their
 *  headers include.
 *
 *  One turn of the loop: take a step (or several), inject a fault if a test asks for one, agree on
 *  stopping, finish a checkpoint that has become ready, write what is due, go back if the state is
 *  found corrupted, print the progress. */
#include "app/run/simulation.h"

#include <stdio.h>
#include <string.h>

#include "app/process/petsc_options.h"
#include "app/report/record.h"
#include "app/report/screen.h"
#include "app/run/advance.h"
#include "app/run/broken_halo.h"
#include "app/run/checkpoints.h"
#include "app/run/health.h"
#include "app/run/inject.h"
#include "app/run/measure_speeds.h"
#include "app/run/memory_check.h"
#include "app/run/reporter.h"
#include "app/run/restart.h"
#include "app/run/rollback.h"
#include "app/run/run_end.h"
#include "app/run/run_warnings.h"
#include "app/run/schedule.h"
#include "app/run/setup.h"
#include "io/run_files/output_dir.h"
#include "solver/base/heartbeat.h"
#include "solver/base/interrupt.h"
#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"

struct HeatSimulation {
  const HeatOptions      *options; /* borrowed */
  const HeatProcessStart *start;   /* borrowed */
  int                     lock;    /* of the output folder; -1: none */
  HeatGuard              *guard;   /* from HeatAdvanceCreateGuard */

  HeatRunState  state;
  HeatRestart  *restart; /* the checkpoint that this process started from; NULL: a fresh run */
  HeatStop      stop;
  HeatInterrupt interrupt; /* by which solvers ask within a step whether the run must stop */
  HeatPhases    phases;
  HeatSchedule  schedule;
  HeatInject    inject;

  HeatCheckpoints *checkpoints;
  HeatHealth      *health;
  HeatReporter     reporter;
  HeatRollback     rollback;

  HeatSurvey    *survey;
  HeatOutput    *output;
  HeatIterations iterations;

  HeatCommunication  communication; /* zero until the record is written */
  HeatMetricsSources metrics;

  HeatCheckResult   *checks; /* [c->n_checks]; NULL until the end */
  HeatBrokenHaloTest halo_test;
  HeatScreen        *screen;
  HeatBinding        binding;
  HeatWarnings       warnings;
};

/* Return what the terminal and results.json report on, as of now. */
static HeatReportSources Sources(HeatSimulation *sim)
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

/* Set-up. */

/* Create the modules around the state; the checkpoints and the schedule refer to the others. */
static PetscErrorCode CreateModules(HeatSimulation *sim)
{
  HeatRunState           *state = &sim->state;
  HeatCheckpointsPartners partners;

  PetscFunctionBeginUser;
  PetscCall(HeatSurveyCreate(&sim->survey));
  sim->warnings.prints = (PetscBool)(state->grid->rank == 0);
  PetscCall(HeatOutputCreate(state, &sim->warnings, &sim->output));
  PetscCall(HeatHealthCreate(state, sim->survey, &sim->health));
  PetscCall(HeatInjectStart(&sim->inject, state->grid));
  PetscCall(HeatScreenCreate(sim->options, state->grid->rank, &sim->screen));
  partners = (HeatCheckpointsPartners){.health = sim->health,
                                       .survey = sim->survey,
                                       .output = sim->output,
                                       .stop   = &sim->stop,
                                       .screen = sim->screen,
                                       .phases = &sim->phases};
  PetscCall(HeatCheckpointsCreate(&partners, &sim->checkpoints));
  if (sim->restart) HeatCheckpointsResume(sim->checkpoints, state);
  sim->reporter             = (HeatReporter){.state  = state,
                                             .phases = &sim->phases,
                                             .survey = sim->survey,
                                             .health = sim->health,
                                             .output = sim->output};
  sim->schedule.state       = state;
  sim->schedule.stop        = &sim->stop;
  sim->schedule.output      = sim->output;
  sim->schedule.checkpoints = sim->checkpoints;
  sim->schedule.inject      = &sim->inject;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the run continues the files in its output folder. */
static PetscBool ContinuesFolder(const HeatSimulation *sim)
{
  return sim->restart && HeatRestartIsOfFolder(sim->restart) ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatSimulationCreate(MPI_Comm comm, HeatCase *c, const HeatOptions *options,
                                    const HeatProcessStart *start, HeatSimulation **out)
{
  HeatSimulation *sim;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&sim));
  *out         = sim;
  sim->state.c = c;
  sim->options = options;
  sim->start   = start;
  sim->lock    = -1;
  HeatResultsMetricsInit(&sim->metrics.found);
  HeatPhasesStart(&sim->phases, start->time);
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(HeatBindingCollect(comm, &sim->binding));
  HeatPowerStart("", sim->binding.local == 0 ? PETSC_TRUE : PETSC_FALSE, &sim->metrics.power);
  PetscCall(HeatOptionsInsertPetsc(comm, options, c));
  PetscCall(HeatAdvanceCreateGuard(comm, options, c, &sim->guard));
  if (c->decomposition.weights == HEAT_WEIGHTS_MEASURED) {
    PetscCall(HeatMemoryCheck(comm, c, NULL)); /* the speeds are measured on equal blocks */
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
    PetscCall(HeatMeasureSpeeds(comm, c, &sim->phases));
    HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  }
  PetscCall(HeatGridCreate(comm, c, &sim->state.grid));
  PetscCall(HeatMemoryCheck(comm, c, sim->state.grid));
  /* The lock keeps another run from removing the checkpoint while it is read. */
  if (options->restart)
    PetscCall(HeatOutputDirectoryLock(comm, c->output.directory, PETSC_FALSE, &sim->lock));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(HeatSetUpFields(&sim->state, options->restart, &sim->phases, &sim->restart));
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
  PetscCall(HeatBrokenHaloStart(options, &sim->state));
  if (sim->restart) PetscCall(HeatRestartCheckHalo(sim->restart, &sim->state));
  PetscCall(HeatSetUpStepping(&sim->state, sim->restart, &sim->schedule.most_at_once));
  if (sim->restart) PetscCall(HeatRestartCheckEnd(sim->restart, &sim->state));
  sim->state.first_step = sim->state.clock.step;
  PetscCall(HeatOptionsCheckUsed(sim->state.grid->comm, options, c));
  PetscCall(CreateModules(sim));
  PetscCall(HeatOutputCheck(sim->output, &sim->state, ContinuesFolder(sim)));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SETUP);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Open the files of a fresh run, or continue those of the checkpoint. */
static PetscErrorCode OpenOutput(HeatSimulation *sim)
{
  HeatOutputList list;

  PetscFunctionBeginUser;
  if (sim->restart) {
    list = HeatRestartOutputList(sim->restart);
    PetscCall(HeatOutputResume(sim->output, &sim->state, &list));
    PetscCall(HeatRestartFreeContents(sim->restart));
  } else PetscCall(HeatOutputOpen(sim->output, &sim->state));
  sim->state.record = HeatOutputRecord(sim->output);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationStart(HeatSimulation *sim)
{
  const HeatRunState *state   = &sim->state;
  const HeatCase     *c       = state->c;
  MPI_Comm            comm    = state->grid->comm;
  const PetscBool     restart = sim->restart ? PETSC_TRUE : PETSC_FALSE;
  PetscBool           own;
  HeatReportSources   from;

  PetscFunctionBeginUser;
  (void)HeatTrafficSet(HEAT_TRAFFIC_OUTPUT); /* messages without another kind count as output */
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_FILES);
  PetscCall(HeatOutputDirectoryLock(comm, c->output.directory, PETSC_TRUE, &sim->lock));
  if (restart && !ContinuesFolder(sim))
    PetscCall(HeatOutputDirectorySetAside(comm, c->output.directory));
  PetscCall(HeatOutputDirectoryIsRecord(comm, c->output.directory, c->file, &own));
  PetscCall(HeatOutputDirectoryPrepare(comm, c->output.directory, restart));
  PetscCall(HeatStopStart(&sim->stop, comm, c, sim->start->time, state->clock.step,
                          HeatCheckpointsBytesPerNode(state->grid)));
  from = Sources(sim);
  PetscCall(HeatScreenHeader(sim->screen, &from));
  PetscCall(OpenOutput(sim));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_FILES);
  if (sim->options->stream) {
    HeatPhaseBegin(&sim->phases, HEAT_PHASE_STREAM);
    PetscCall(HeatMetricsRunStream(comm, &sim->binding, &sim->metrics.found));
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_STREAM);
  }
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_FILES);
  if (own) /* Prepare has removed the record with the case; a run that is killed must leave one */
    PetscCall(HeatSimulationWriteError(sim, "the run ended before it wrote its record"));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_FILES);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Steps. */

/* Account for n steps that were taken: one, or several of equal lengths. */
static void NoteSteps(HeatSimulation *sim, const HeatClockStep *steps, PetscInt n)
{
  HeatRunState       *state = &sim->state;
  const HeatStepInfo *info  = &state->last_step;

  HeatHealthAddStep(sim->health, info);
  HeatEnergyAdd(&state->energy, &info->flows, info->dt);
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
static PetscErrorCode ReturnTo(HeatSimulation *sim, const HeatRestart *checkpoint)
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
  PetscCallMPI(MPI_Barrier(comm));
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
  PetscCall(HeatRunWarnAtStart(&sim->warnings, sim->state.c, sim->state.grid, sim->options,
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
  from          = Sources(sim);
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
  const HeatReportSources from = Sources(sim);

  PetscFunctionBeginUser;
  PetscCall(HeatRecordWrite(&from, HEAT_STATUS_ERROR, message));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationDestroy(HeatSimulation **out)
{
  HeatSimulation *sim = *out;

  PetscFunctionBeginUser;
  if (!sim) PetscFunctionReturn(PETSC_SUCCESS);
  HeatPowerStop(&sim->metrics.power);
  PetscCall(HeatCheckpointsDestroy(&sim->checkpoints)); /* refers to the others */
  HeatOutputDirectoryUnlock(sim->state.c->output.directory, &sim->lock);
  PetscCall(HeatOutputDestroy(&sim->output));
  PetscCall(HeatRestartDestroy(&sim->restart));
  PetscCall(HeatHealthDestroy(&sim->health));
  PetscCall(HeatWarningsClear(&sim->warnings));
  PetscCall(HeatBindingClear(&sim->binding));
  PetscCall(HeatSurveyDestroy(&sim->survey));
  PetscCall(HeatScreenDestroy(&sim->screen));
  PetscCall(PetscFree(sim->checks));
  PetscCall(HeatBrokenHaloClear(&sim->halo_test));
  PetscCall(HeatRunStateDestroy(&sim->state));
  PetscCall(HeatGuardDestroy(&sim->guard));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
