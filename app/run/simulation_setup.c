/** The set-up of a run, and its destruction (simulation.h).
 *
 *  HeatSimulationCreate finds everything that can be wrong before HeatSimulationStart writes
 *  anything. */
#include "app/process/petsc_options.h"
#include "app/process/signals.h"
#include "app/report/checks.h"
#include "app/report/record.h"
#include "app/run/measure_speeds.h"
#include "app/run/memory_check.h"
#include "app/run/setup.h"
#include "app/run/simulation_impl.h"
#include "io/run_files/output_dir.h"
#include "solver/base/traffic.h"

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
  PetscCall(HeatInjectStart(&sim->inject, state->grid, sim->options->environment.inject));
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
  PetscCall(HeatBindingCollect(comm, sim->state.grid->node.comm, &sim->binding));
  HeatPowerStart("", sim->binding.local == 0 ? PETSC_TRUE : PETSC_FALSE, &sim->metrics.power);
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
  PetscCall(HeatChecksRequire(sim->state.grid, c));
  PetscCall(HeatOptionsCheckUsed(sim->state.grid->comm, options, c));
  PetscCall(CreateModules(sim));
  PetscCall(HeatOutputCheck(sim->output, &sim->state, ContinuesFolder(sim)));
  HeatSignalsSetUpDone();
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
  PetscCall(HeatOutputDirectoryStart(comm, c->output.directory, c->file, restart,
                                     (PetscBool)(restart && !ContinuesFolder(sim)), &sim->lock,
                                     &own));
  if (sim->options->began) *sim->options->began = PETSC_TRUE;
  PetscCall(HeatStopStart(&sim->stop, comm, c, sim->start->time, state->clock.step,
                          HeatCheckpointsBytesPerNode(state->grid),
                          sim->options->environment.in_job));
  from = HeatSimulationSources(sim);
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
