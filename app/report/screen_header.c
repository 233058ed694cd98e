/** The header of a run (screen_header.h). */
#include "app/report/screen_header.h"

#include <stdio.h>

#include "app/process/provenance.h"
#include "app/report/screen_sizes.h"
#include "app/report/screen_text.h"
#include "solver/base/printable.h"

static void PrintGrid(const HeatGrid *g)
{
  char size[32];

  (void)printf("  grid       %" PetscInt_FMT " x %" PetscInt_FMT
               " cells, %g x %g m, cell %g x %g m\n",
               g->nx, g->ny, (double)((PetscReal)g->nx * g->hx), (double)((PetscReal)g->ny * g->hy),
               (double)g->hx, (double)g->hy);
  (void)printf("  ranks      %d on %" PetscInt_FMT " node%s, %" PetscInt_FMT " x %" PetscInt_FMT
               " blocks of %" PetscInt_FMT " to %" PetscInt_FMT " cells\n",
               g->size, g->n_nodes, g->n_nodes == 1 ? "" : "s", g->px, g->py, g->cells_min,
               g->cells_max);
  (void)printf("  halo       %" PetscInt_FMT
               " messages an exchange, %s; between nodes %" PetscInt_FMT ", %s\n",
               g->messages_within + g->messages_between,
               HeatTextBytes((double)(g->bytes_within + g->bytes_between), size, sizeof size),
               g->messages_between, HeatTextBytes((double)g->bytes_between, (char[32]){0}, 32));
}

/* Print which ranks write files, unless all do. */
static void PrintWriters(const HeatGrid *g)
{
  if (g->writers.n == g->size) return;
  (void)printf("  writers    %d of %d ranks, %s%" PetscInt_FMT " a node (output.writers)\n",
               g->writers.n, g->size, g->writers.n % g->n_nodes ? "at most " : "",
               g->writers.per_node);
}

/* Print scheme and steps, as in "bdf2, 120 steps of 0.5 s to t = 60 s" or
   "esdirk, error-controlled, tolerance 0.0001, to t = 60 s". */
static void PrintSteps(const HeatRunState *state)
{
  const HeatClock *clock = &state->clock;
  const PetscInt64 steps = HeatClockExpectedSteps(clock);
  char             name[64];

  (void)printf("  scheme     %s", HeatCaseSchemeName(state->c, name, sizeof name));
  if (clock->steady) return;
  if (HeatStepperIsAdaptive(state->stepper))
    (void)printf(", error-controlled, tolerance %g,", (double)state->c->time.adaptive.tolerance);
  else if (clock->free) (void)printf(", the largest steps that are stable,");
  else if (steps >= 0)
    (void)printf(", %" PetscInt64_FMT " steps of %g s", steps, (double)clock->dt);
  else (void)printf(", steps of %g s, cut at outputs and events,", (double)clock->dt);
  if (clock->free && clock->steps >= 0) (void)printf(" %" PetscInt64_FMT " of them", clock->steps);
  else (void)printf(" to t = %s", HeatTextTime(HeatClockEnd(clock), (char[64]){0}));
}

static PetscErrorCode PrintScheme(const HeatRunState *state)
{
  PetscFunctionBeginUser;
  PrintSteps(state);
  if (HeatStepperLinear(state->stepper)) {
    KSP       ksp = HeatLinearKSP(HeatStepperLinear(state->stepper));
    PC        pc;
    KSPType   ksp_type;
    PCType    pc_type;
    PetscReal tolerance; /* in force: solver.tolerance, or -ksp_rtol */

    PetscCall(KSPGetPC(ksp, &pc));
    PetscCall(KSPGetType(ksp, &ksp_type));
    PetscCall(PCGetType(pc, &pc_type));
    PetscCall(KSPGetTolerances(ksp, &tolerance, NULL, NULL, NULL));
    (void)printf("; %s with %s to %.0e", ksp_type, pc_type, (double)tolerance);
  }
  (void)printf("\n");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print the limits that may end the run early, and when checkpoints are written by wall time. */
static void PrintLimits(const HeatStop *stop)
{
  char text[32];

  if (stop->wall_limit > 0.0)
    (void)printf("  limit      %s of wall time\n",
                 HeatTextDuration((double)stop->wall_limit, text, sizeof text));
  if (stop->job[0] && stop->job_left < PETSC_MAX_REAL)
    (void)printf("  limit      Slurm job %s ends in %s\n", stop->job,
                 HeatTextDuration(PetscMax((double)stop->job_left, 0.0), text, sizeof text));
  else if (stop->job[0]) (void)printf("  limit      of Slurm job %s: none is known\n", stop->job);
  if (stop->mtbf > 0.0)
    (void)printf("  checkpoint by Daly's interval, once the first one was measured, after %s\n",
                 HeatTextDuration((double)stop->checkpoint_interval, text, sizeof text));
}

/* Print PETSc's options of the environment, which change a run as those of the command line do. */
static void PrintEnvironment(const HeatEnvironment *e)
{
  char text[400]; /* longer ones are cut here; results.json has all options; chosen */

  if (e->options)
    (void)printf("  options    PETSC_OPTIONS=%s\n",
                 HeatPrintableCopy(e->options, text, sizeof text));
  if (e->yaml)
    (void)printf("  options    PETSC_OPTIONS_YAML=%s\n",
                 HeatPrintableCopy(e->yaml, text, sizeof text));
}

PetscErrorCode HeatScreenPrintHeader(const HeatReportSources *from)
{
  const HeatRunState *state = from->state;
  const HeatClock    *clock = &state->clock;
  char                text[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  (void)printf("heat2d %s  %s\n", HeatVersion(),
               HeatPrintableCopy(state->c->title, text, sizeof text));
  PrintGrid(state->grid);
  PrintWriters(state->grid);
  PetscCall(PrintScheme(state));
  PrintEnvironment(&from->options->environment);
  HeatScreenSizes(state);
  PrintLimits(from->stop);
  (void)printf("  output     %s\n",
               HeatPrintableCopy(state->c->output.directory, text, sizeof text));
  if (from->restart.file) {
    (void)printf("  restart    from %s, step %" PetscInt64_FMT ", t = %g s\n",
                 HeatPrintableCopy(from->restart.file, text, sizeof text), clock->step,
                 (double)clock->time);
  }
  (void)fflush(stdout);
  PetscFunctionReturn(PETSC_SUCCESS);
}
