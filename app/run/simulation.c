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
#include <sys/stat.h>

#include "app/process/petsc_options.h"
#include "app/report/record.h"
#include "app/report/screen.h"
#include "app/run/checkpoints.h"
#include "app/run/health.h"
#include "app/run/inject.h"
#include "app/run/memory_check.h"
#include "app/run/restart.h"
#include "app/run/rollback.h"
#include "app/run/schedule.h"
#include "app/run/setup.h"
#include "io/run_files/output_dir.h"
#include "solver/base/heartbeat.h"
#include "solver/base/traffic.h"
#include "solver/case/petsc_rules.h"

struct HeatSimulation {
  const HeatOptions      *options; /* borrowed */
  const HeatProcessStart *start;   /* borrowed */
  int                     lock;    /* of the output folder; -1: none */
  HeatGuard              *guard; /* of steps under the user's PETSc options; NULL: there are none */

  HeatRunState state;
  HeatRestart *restart; /* the checkpoint that this process started from; NULL: a fresh run */
  HeatStop     stop;
  HeatPhases   phases;
  HeatSchedule schedule;
  HeatInject   inject;

  HeatCheckpoints *checkpoints;
  HeatHealth      *health;
  HeatRollback     rollback;

  HeatSurvey    *survey;
  HeatOutput    *output;
  HeatIterations iterations;

  HeatCommunication communication; /* zero until the record is written */

  HeatCheckResult *checks;     /* [c->n_checks]; NULL until the end */
  char             lost[1024]; /* output of the finished run that was not written; "": none */
  HeatScreen      *screen;
  HeatBinding      binding;
  HeatWarnings     warnings;
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
                              .binding       = &sim->binding,
                              .warnings      = &sim->warnings,
                              .checks        = sim->checks,
                              .survey        = sim->survey,
                              .restart       = {.file = HeatRestartFile(sim->restart)},
                              .checkpoints   = *HeatCheckpointsStats(sim->checkpoints),
                              .disk          = *HeatCheckpointsDiskProbe(sim->checkpoints),
                              .n_rollbacks   = back->n,
                              .rollback      = {back->step, back->to_step, back->reason},
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
  PetscCall(HeatBindingCollect(state->grid->comm, &sim->binding));
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

/* Return whether the user chose anything of PETSc for the solves, which may then fail with an error
   of PETSc that is no defect. */
static PetscBool ChoosesPetsc(const HeatOptions *o, const HeatCase *c)
{
  PetscBool ours = PETSC_FALSE;

  (void)PetscStrcmp(c->solver.preconditioner, "multigrid", &ours);
  return o->petsc_argc > 1 || o->environment.n > 0 || c->n_petsc > 0 || c->record.n_options > 0 ||
                 !ours || c->time.scheme == HEAT_SCHEME_TS
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscErrorCode HeatSimulationCreate(MPI_Comm comm, const HeatCase *c, const HeatOptions *options,
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
  PetscCall(HeatOptionsInsertPetsc(comm, options, c));
  if (ChoosesPetsc(options, c)) PetscCall(HeatGuardCreate(comm, &sim->guard));
  PetscCall(HeatMemoryCheck(comm, c));
  PetscCall(HeatGridCreate(comm, c, &sim->state.grid));
  if (options->restart) /* before a checkpoint is read that another run may be removing */
    PetscCall(HeatOutputDirectoryLock(comm, c->output.directory, PETSC_FALSE, &sim->lock));
  PetscCall(HeatSetUpFields(&sim->state, options->restart, &sim->phases, &sim->restart));
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SETUP);
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
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find out whether the case of this run is the record in its own output folder, which is removed
   when the folder is prepared.  Collective. */
static PetscErrorCode RunsOwnRecord(const HeatSimulation *sim, PetscBool *own)
{
  const HeatCase *c = sim->state.c;
  char            path[PETSC_MAX_PATH_LEN];
  struct stat     given, found;
  int             same = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscSNPrintf(path, sizeof path, "%s/results.json", c->output.directory));
  if (sim->state.grid->rank == 0)
    same = stat(c->file, &given) == 0 && stat(path, &found) == 0 && given.st_dev == found.st_dev &&
           given.st_ino == found.st_ino;
  PetscCallMPI(MPI_Bcast(&same, 1, MPI_INT, 0, sim->state.grid->comm));
  *own = same ? PETSC_TRUE : PETSC_FALSE;
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
  (void)HeatTrafficSet(HEAT_TRAFFIC_OUTPUT); /* from here on, of whatever is outside of phases */
  PetscCall(HeatOutputDirectoryLock(comm, c->output.directory, PETSC_TRUE, &sim->lock));
  if (restart && !ContinuesFolder(sim))
    PetscCall(HeatOutputDirectorySetAside(comm, c->output.directory));
  PetscCall(RunsOwnRecord(sim, &own));
  PetscCall(HeatOutputDirectoryPrepare(comm, c->output.directory, restart));
  PetscCall(HeatStopStart(&sim->stop, comm, c, sim->start->time, state->clock.step,
                          HeatCheckpointsBytesPerNode(state->grid)));
  from = Sources(sim);
  PetscCall(HeatScreenHeader(sim->screen, &from));
  PetscCall(OpenOutput(sim));
  if (own) /* a run that is killed must leave the record that it was started from */
    PetscCall(HeatSimulationWriteError(sim, "the run ended before it wrote its record"));
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
    HeatScreenSolverNotes(sim->screen, state, &sim->iterations);
  }
  for (PetscInt k = 0; k < n; k++)
    HeatClockAdvance(&state->clock, &steps[k], info->dt, info->next, info->rejected);
  HeatBeatStep((long)state->clock.step);
}

/* Begin anew where a source or a side switches: before anything is written, so that a checkpoint
   holds what the next step starts from. */
static PetscErrorCode HandleEvent(HeatRunState *state)
{
  PetscReal dt;

  PetscFunctionBeginUser;
  if (!state->clock.at_event) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatStepperBeginAnew(state->stepper, state->clock.time, state->T, &dt));
  if (dt > 0.0) HeatClockPropose(&state->clock, dt);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Raise the error of steps that have become too short to end the run. */
static PetscErrorCode RaiseCollapsed(const HeatRunState *state, PetscReal dt)
{
  const HeatClock *clock = &state->clock;

  return HeatRaiseHere(
      state->grid->comm, HEAT_ERR_NUMERICS,
      "step %" PetscInt64_FMT
      " (t = %.17g s): the step has collapsed to %g s, so that the run would not end; "
      "look for what grows without bound, or for a source or conductivity that "
      "jumps at a temperature (write the jump as a steep slope), or that switches at very many "
      "times, or raise time.adaptive.tolerance",
      clock->step + 1, (double)clock->time, (double)dt);
}

/* Have the stepper take one step, or several at once; both ways give equal bits. */
static PetscErrorCode CallStepper(HeatRunState *state, PetscInt n, const PetscReal *times,
                                  PetscReal dt)
{
  PetscFunctionBeginUser;
  if (n > 1)
    PetscCall(
        HeatStepperAdvanceSeveral(state->stepper, n, times, dt, &state->T, &state->last_step));
  else PetscCall(HeatStepperAdvance(state->stepper, times[0], dt, &state->T, &state->last_step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Call the stepper; an error of PETSc under the user's options becomes one of the numerics. */
static PetscErrorCode CallStepperGuarded(HeatSimulation *sim, PetscInt n, const PetscReal *times,
                                         PetscReal dt)
{
  HeatCapture    capture;
  char           doing[160];
  PetscErrorCode code;

  PetscFunctionBeginUser;
  if (!sim->guard) PetscFunctionReturn(CallStepper(&sim->state, n, times, dt));
  PetscCall(HeatCaptureBegin(&capture));
  code = CallStepper(&sim->state, n, times, dt);
  (void)snprintf(doing, sizeof doing,
                 "step %" PetscInt64_FMT
                 " (from t = %g s) cannot be taken with the chosen solver and "
                 "options of PETSc",
                 sim->state.clock.step + 1, (double)sim->state.clock.time);
  PetscFunctionReturn(HeatGuardEnd(sim->guard, &capture, doing, code));
}

/* Take one step, or several at once. */
static PetscErrorCode Advance(HeatSimulation *sim)
{
  HeatRunState  *state = &sim->state;
  HeatClockStep  steps[HEAT_MOST_AT_ONCE];
  PetscReal      times[HEAT_MOST_AT_ONCE];
  const PetscInt n = HeatScheduleSteps(&sim->schedule, steps, times);
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_STEP);
  HeatSurveyInvalidate(sim->survey);
  if (HeatClockHasCollapsed(&state->clock, &steps[0])) code = RaiseCollapsed(state, steps[0].dt);
  else code = CallStepperGuarded(sim, n, times, steps[0].dt);
  if (code == HEAT_ERR_NUMERICS) {
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
    PetscCall(HeatCheckpointsWriteLastGood(sim->checkpoints, state));
    PetscFunctionReturn(code);
  }
  PetscCall(code);
  NoteSteps(sim, steps, n);
  PetscCall(HandleEvent(state));
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_STEP);
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

/* Sample the probes; survey and test the state and write its history row, where these are due. */
static PetscErrorCode RecordStep(HeatSimulation *sim, const PetscReal *T, const HeatDue *due)
{
  HeatRunState  *state = &sim->state;
  PetscErrorCode code  = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(HeatOutputSample(sim->output, state, sim->survey, T));
  if (due->survey) {
    PetscCall(HeatOutputFlush(sim->output, state));
    PetscCall(HeatSurveyTake(sim->survey, state, T));
    PetscCall(HeatHealthTest(sim->health, state, sim->survey, T));
  }
  if (due->row && !HeatHealthIsBad(sim->health))
    code = HeatOutputWriteRow(sim->output, state, sim->survey, T);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode WriteSnapshot(HeatSimulation *sim, const PetscReal *T)
{
  PetscErrorCode code;

  PetscFunctionBeginUser;
  HeatPhaseBegin(&sim->phases, HEAT_PHASE_SNAPSHOT);
  code = HeatOutputWriteSnapshot(sim->output, &sim->state, sim->survey, T);
  HeatPhaseEnd(&sim->phases, HEAT_PHASE_SNAPSHOT);
  PetscCall(
      code); /* after the phase: the last state's error is a warning, and the record follows */
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Stop a capture around the writing of output of the last state, which returned `code`.  That a
   file could not be written becomes a warning, so that the other files, the checks and the record
   are still made; any other error is raised again.  @param[in] capture  from HeatCaptureBegin */
static PetscErrorCode EndLastOutput(HeatSimulation *sim, const HeatCapture *capture,
                                    PetscErrorCode code)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCaptureStop());
  if (!code) PetscFunctionReturn(PETSC_SUCCESS);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    SETERRQ(PETSC_COMM_SELF, code, "%s", capture->message);
  HeatCheck(code == HEAT_ERR_FILE, sim->state.grid->comm, code, "%s", capture->message);
  if (!sim->lost[0]) {
    PetscCall(PetscStrncpy(sim->lost, capture->message, sizeof sim->lost));
    if (sim->state.grid->rank == 0)
      PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                             "heat2d: warning: %s; the run is finished, and everything else is "
                             "written\n",
                             sim->lost));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write row and snapshot of the last state, as far as they are due and can be written. */
static PetscErrorCode WriteLast(HeatSimulation *sim, const PetscReal *T, const HeatDue *due)
{
  HeatCapture    capture;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&capture));
  code = RecordStep(sim, T, due);
  PetscCall(EndLastOutput(sim, &capture, code));
  if (!due->snapshot || HeatHealthIsBad(sim->health)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCaptureBegin(&capture));
  code = WriteSnapshot(sim, T);
  PetscCall(EndLastOutput(sim, &capture, code));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write the row and the snapshot that are due before the run ends. */
static PetscErrorCode WriteRowAndSnapshot(HeatSimulation *sim, const PetscReal *T,
                                          const HeatDue *due)
{
  PetscFunctionBeginUser;
  PetscCall(RecordStep(sim, T, due));
  if (due->snapshot && !HeatHealthIsBad(sim->health)) PetscCall(WriteSnapshot(sim, T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write everything that is due; nothing of a state that is found corrupted.
   @param[in] last  whether the run ends at the present step */
static PetscErrorCode WriteDue(HeatSimulation *sim, PetscBool last)
{
  const HeatDue    due = HeatScheduleDue(&sim->schedule, &sim->state.clock, last);
  const PetscReal *T;
  PetscErrorCode   code;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(sim->state.T, &T));
  code = last ? WriteLast(sim, T, &due) : WriteRowAndSnapshot(sim, T, &due);
  PetscCall(VecRestoreArrayRead(sim->state.T, &T));
  PetscCall(code);
  /* EndFinished or EndStopped writes the last one. */
  if (due.checkpoint && !last && !HeatHealthIsBad(sim->health))
    PetscCall(HeatCheckpointsWriteDue(sim->checkpoints, &sim->state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Survey the state for checks and record, and write the final snapshot where there is none: for a
   restart at the end of a run, which takes no step. */
static PetscErrorCode ReportWithoutSteps(HeatSimulation *sim)
{
  const HeatRunState *state = &sim->state;
  const PetscReal    *T;
  HeatCapture         capture;
  PetscErrorCode      code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(HeatSurveyTake(sim->survey, state, T));
  PetscCall(HeatCaptureBegin(&capture));
  if (HeatOutputSnapshotIsDue(sim->output, state->c, &state->clock, PETSC_TRUE))
    code = WriteSnapshot(sim, T);
  PetscCall(EndLastOutput(sim, &capture, code));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Going back. */

/* Set up stepper, clock and files from the checkpoint, and have every module forget what came after
   it. */
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
  PetscCall(HeatRollbackRead(&sim->rollback, &sim->state, &cause, &checkpoint));
  code = ReturnTo(sim, checkpoint);
  PetscCall(HeatRestartDestroy(&checkpoint));
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
  if (HeatClockIsDone(&sim->state.clock)) PetscCall(ReportWithoutSteps(sim));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take a step, or several, and write what is due then. */
static PetscErrorCode TakeSteps(HeatSimulation *sim)
{
  const HeatClock *clock = &sim->state.clock;

  PetscFunctionBeginUser;
  PetscCall(Advance(sim));
  PetscCall(HeatInjectStep(&sim->inject, &sim->state));
  PetscCall(AgreeOnStopping(sim));
  PetscCall(HeatCheckpointsPoll(sim->checkpoints, clock->step));
  PetscCall(WriteDue(sim, HeatClockIsDone(clock)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take a step, or several; where the state is found corrupted, go back.  An error of the numerics
   is passed on only if the state is good: else the corruption is its cause. */
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

/* Write a last checkpoint and close the files of a run that was stopped: without the checkpoint it
   has not kept its promise, which is an error. */
static PetscErrorCode EndStopped(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsWrite(sim->checkpoints, &sim->state, NULL));
  PetscCall(HeatCheckpointsFinish(sim->checkpoints));
  PetscCall(HeatOutputClose(sim->output, &sim->state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write a last checkpoint, if the run writes checkpoints at all, and close the files of a run that
   is finished: what cannot be written is a warning. */
static PetscErrorCode EndFinished(HeatSimulation *sim)
{
  HeatCapture    capture;
  PetscErrorCode code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  PetscCall(HeatCaptureBegin(&capture));
  if (sim->state.c->checkpoint.every > 0 || sim->stop.checkpoint_interval > 0.0)
    code = HeatCheckpointsWriteLast(sim->checkpoints, &sim->state);
  PetscCall(EndLastOutput(sim, &capture, code));
  PetscCall(HeatCheckpointsFinish(sim->checkpoints));
  PetscCall(HeatCaptureBegin(&capture));
  code = HeatOutputClose(sim->output, &sim->state);
  PetscCall(EndLastOutput(sim, &capture, code));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of what the last step showed about the results. */
static PetscErrorCode Warn(HeatSimulation *sim)
{
  const char *unsearched = HeatEventsUnsearched(sim->state.events);
  const char *outside    = HeatHealthOutside(sim->health);

  PetscFunctionBeginUser;
  if (unsearched)
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "the times at which '%.200s' switches were not all found; give them "
                              "in time.events",
                              unsearched));
  if (outside[0])
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "%s: the scheme overshoots after a sudden change; take "
                              "backward-euler, which does not, or shorter steps, or let bdf2 or "
                              "esdirk control theirs (step: auto)",
                              outside));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of what makes the run of a record differ from the run that it describes. */
static PetscErrorCode WarnOfRecord(HeatSimulation *sim)
{
  const HeatCase     *c     = sim->state.c;
  const HeatCaseFile *first = NULL;
  PetscInt            n     = 0;
  char                names[200];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < c->n_files; k++) {
    const HeatCaseFile *file = &c->files[k];

    if (!file->used || !file->summed || !file->expected) continue;
    if (file->checksum == file->expected_checksum) continue;
    if (n++ == 0) first = file;
  }
  if (first)
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "%.200s (%.200s in the case)%s changed since the record was made",
                              first->path, first->name, n > 1 ? " and other files have" : " has"));
  if (HeatOptionsRefusedOfRecord(sim->options, c, names, sizeof names) > 0)
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "options of the recorded command line that a file may not give are "
                              "left out: %s; repeat them on the command line where they are wanted",
                              names));
  if (c->record.continued && !sim->restart)
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "the recorded run continued %.200s; this run begins at the start of "
                              "the case, and --restart FILE continues a checkpoint",
                              c->record.continued));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of what the case alone shows. */
static PetscErrorCode WarnAtStart(HeatSimulation *sim)
{
  const HeatCase *c        = sim->state.c;
  const PetscBool restarts = (PetscBool)(sim->restart || c->checkpoint.every > 0 ||
                                         c->checkpoint.wall_interval > 0.0);
  char            binding[512];

  PetscFunctionBeginUser;
  if (restarts && c->time.scheme == HEAT_SCHEME_TS && HeatPetscIntegratorRemembers(c->time.ts_type))
    PetscCall(HeatWarningsAdd(&sim->warnings,
                              "ts:%s takes earlier steps from memory that no checkpoint holds: a "
                              "restarted run begins anew at first order and differs from one that "
                              "was not interrupted; bdf2 continues exactly",
                              c->time.ts_type));
  PetscCall(WarnOfRecord(sim));
  HeatBindingWarning(&sim->binding, binding);
  if (binding[0]) PetscCall(HeatWarningsAdd(&sim->warnings, "%s", binding));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSimulationRun(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PetscCall(WarnAtStart(sim));
  PetscCall(Begin(sim));
  while (!HeatClockIsDone(&sim->state.clock) && !sim->stop.stop) {
    PetscCall(TakeStepsOrRollBack(sim));
    PetscCall(Warn(sim));
    PetscCall(HeatScreenProgress(sim->screen, &sim->state));
  }
  PetscCall(IsStopped(sim) ? EndStopped(sim) : EndFinished(sim));
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
    HeatPhaseEnd(&sim->phases, HEAT_PHASE_DIAGNOSTICS);
    *status = all_pass ? HEAT_STATUS_OK : HEAT_STATUS_CHECK_FAILED;
    if (sim->lost[0]) *status = HEAT_STATUS_ERROR;
  }
  from          = Sources(sim);
  from.finished = stopped ? PETSC_FALSE : PETSC_TRUE;
  recorded      = HeatRecordWrite(&from, *status,
                             stopped        ? sim->stop.reason
                                  : sim->lost[0] ? sim->lost
                                                 : NULL);
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
  PetscCall(HeatRunStateDestroy(&sim->state));
  PetscCall(HeatGuardDestroy(&sim->guard));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
