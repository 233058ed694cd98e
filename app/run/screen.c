/* The terminal.  A bar that rewrites its line when stdout is a terminal, plain lines when it is
   not. */
#include "app/run/screen.h"

#include <math.h>
#include <stdio.h>

#include "app/process/provenance.h"
#include "app/process/terminal.h"
#include "io/file/hints.h"

static PetscBool Speaks(const HeatSimulation *sim)
{
  return (sim->grid->rank == 0 && !sim->options->quiet) ? PETSC_TRUE : PETSC_FALSE;
}

/* "850 ms", "12.3 s", "4 min 05 s", "3 h 12 min". */
static const char *Duration(double s, char *text, size_t size)
{
  if (s < 1.0) (void)snprintf(text, size, "%.0f ms", 1e3 * s);
  else if (s < 60.0) (void)snprintf(text, size, "%.1f s", s);
  else if (s < 3600.0) (void)snprintf(text, size, "%d min %02d s", (int)(s / 60), (int)fmod(s, 60));
  else (void)snprintf(text, size, "%d h %02d min", (int)(s / 3600), (int)fmod(s / 60, 60));
  return text;
}

/* "512 B", "1.50 MB", "12.1 GB": decimal prefixes. */
static const char *Bytes(double b, char *text, size_t size)
{
  const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
  int               k          = 0;

  for (; b >= 1000.0 && k < 5; k++) b /= 1000.0;
  (void)snprintf(text, size, k == 0 ? "%.0f %sB" : "%.3g %sB", b, prefixes[k]);
  return text;
}

/* Header. */

static void PrintGrid(const HeatSimulation *sim)
{
  const HeatGrid *g = sim->grid;
  char            size[32];

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
               Bytes((double)(g->bytes_within + g->bytes_between), size, sizeof size),
               g->messages_between, Bytes((double)g->bytes_between, (char[32]){0}, 32));
}

/* "bdf2, 120 steps of 0.5 s to t = 60 s",
   "esdirk, error-controlled, tolerance 0.0001, to t = 60 s" */
static void PrintSteps(const HeatSimulation *sim)
{
  const HeatClock *clock = &sim->clock;
  const PetscInt64 steps = HeatClockExpectedSteps(clock);
  char             name[64];

  (void)printf("  scheme     %s", HeatCaseSchemeName(sim->c, name, sizeof name));
  if (clock->steady) return;
  if (HeatStepperIsAdaptive(sim->stepper))
    (void)printf(", error-controlled, tolerance %g,", (double)sim->c->time.adaptive.tolerance);
  else if (clock->free) (void)printf(", the largest steps that are stable,");
  else if (steps >= 0)
    (void)printf(", %" PetscInt64_FMT " steps of %g s", steps, (double)clock->dt);
  else (void)printf(", steps of %g s, cut at the times of outputs,", (double)clock->dt);
  if (clock->free && clock->steps >= 0) (void)printf(" %" PetscInt64_FMT " of them", clock->steps);
  else (void)printf(" to t = %g s", (double)HeatClockEnd(clock));
}

static PetscErrorCode PrintScheme(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  PrintSteps(sim);
  if (HeatStepperLinear(sim->stepper)) {
    KSP     ksp = HeatLinearKSP(HeatStepperLinear(sim->stepper));
    PC      pc;
    KSPType ksp_type;
    PCType  pc_type;

    PetscCall(KSPGetPC(ksp, &pc));
    PetscCall(KSPGetType(ksp, &ksp_type));
    PetscCall(PCGetType(pc, &pc_type));
    (void)printf("; %s with %s to %.0e", ksp_type, pc_type, (double)sim->c->solver.tolerance);
  }
  (void)printf("\n");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What may end the run early, and when it keeps its state by the clock. */
static void PrintLimits(const HeatSimulation *sim)
{
  const HeatStop *stop = &sim->stop;
  char            text[32];

  if (stop->wall_limit > 0.0)
    (void)printf("  limit      %s of wall time\n",
                 Duration((double)stop->wall_limit, text, sizeof text));
  if (stop->job[0] && stop->job_left < PETSC_MAX_REAL)
    (void)printf("  limit      Slurm job %s ends in %s\n", stop->job,
                 Duration(PetscMax((double)stop->job_left, 0.0), text, sizeof text));
  else if (stop->job[0]) (void)printf("  limit      of Slurm job %s: none is known\n", stop->job);
  if (stop->mtbf > 0.0)
    (void)printf("  checkpoint by Daly's interval, once the first one was measured, after %s\n",
                 Duration((double)stop->checkpoint_interval, text, sizeof text));
}

void HeatScreenInterval(const HeatSimulation *sim)
{
  const HeatStop *stop = &sim->stop;
  char            text[2][32];

  if (stop->mtbf == 0.0 || stop->checkpoints != 1 || !Speaks(sim)) return;
  (void)printf("  checkpoints every %s: one takes %s (checkpoint.interval: daly)\n",
               Duration((double)stop->checkpoint_interval, text[0], sizeof text[0]),
               Duration((double)stop->checkpoint_sum, text[1], sizeof text[1]));
}

PetscErrorCode HeatScreenHeader(HeatSimulation *sim)
{
  PetscFunctionBeginUser;
  sim->screen.quiet = (!Speaks(sim) || sim->options->no_progress) ? PETSC_TRUE : PETSC_FALSE;
  sim->screen.bar   = HeatTerminalReached();
  sim->screen.began = MPI_Wtime();
  sim->screen.last  = sim->screen.began;
  sim->screen.first_fraction = HeatClockFraction(&sim->clock);
  if (!Speaks(sim)) PetscFunctionReturn(PETSC_SUCCESS);
  (void)printf("heat2d %s  %s\n", HeatVersion(), sim->c->title);
  PrintGrid(sim);
  PetscCall(PrintScheme(sim));
  PrintLimits(sim);
  (void)printf("  output     %s\n", sim->c->output.directory);
  if (sim->restarted_from[0]) {
    (void)printf("  restart    from %s, step %" PetscInt64_FMT ", t = %g s\n", sim->restarted_from,
                 sim->clock.step, (double)sim->clock.time);
  }
  (void)fflush(stdout);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Progress. */

/* "step 12/120", or "step 12" where nobody knows how many there will be. */
static const char *Steps(const HeatClock *clock, char *text, size_t size)
{
  const PetscInt64 all = HeatClockExpectedSteps(clock);

  if (all < 0) (void)snprintf(text, size, "step %" PetscInt64_FMT, clock->step);
  else (void)snprintf(text, size, "step %" PetscInt64_FMT "/%" PetscInt64_FMT, clock->step, all);
  return text;
}

static void PrintBar(const HeatSimulation *sim, double fraction, double left)
{
  enum { WIDTH = 30, LINE = 100 };
  char      bar[WIDTH + 1], text[32], steps[48], line[LINE + 1];
  const int full = (int)(fraction * WIDTH);

  for (int k = 0; k < WIDTH; k++) bar[k] = k < full ? '#' : '.';
  bar[WIDTH] = '\0';
  (void)snprintf(line, sizeof line, "  [%s] %3.0f %%  %s  t = %g s  %s left", bar, 100.0 * fraction,
                 Steps(&sim->clock, steps, sizeof steps), (double)sim->clock.time,
                 Duration(left, text, sizeof text));
  if (HeatClockIsDone(&sim->clock)) line[0] = '\0'; /* the last one wipes the line */
  (void)printf("\r%-*s\r", LINE, line);
}

static void PrintLine(const HeatSimulation *sim, double fraction, double left)
{
  char text[32], steps[48];

  (void)printf("  %3.0f %%  %s  t = %g s", 100.0 * fraction,
               Steps(&sim->clock, steps, sizeof steps), (double)sim->clock.time);
  if (HeatStepperLinear(sim->stepper))
    (void)printf("  %" PetscInt_FMT " iterations", sim->last_step.solve.iterations);
  (void)printf("  %s left\n", Duration(left, text, sizeof text));
}

void HeatScreenSolver(const HeatSimulation *sim)
{
  const HeatSolveInfo *solve = &sim->last_step.solve;
  const PetscInt64     step  = sim->clock.step + 1;

  if (sim->grid->rank != 0 || sim->screen.quiet) return;
  if (solve->rescue != HEAT_RESCUE_NONE && sim->iterations.rescued[solve->rescue] == 1) {
    (void)fprintf(
        stderr,
        "heat2d: note: the multigrid's V-cycles made too little headway in step %" PetscInt64_FMT
        "; the step was solved with %s (such steps are counted in "
        "results.json)\n",
        step, HeatRescueName(solve->rescue));
  }
  if (solve->at_rounding && sim->iterations.at_rounding == 1) {
    (void)fprintf(stderr,
                  "heat2d: note: solver.tolerance %g is below what double precision resolves here: "
                  "the true residual of step %" PetscInt64_FMT " stays at %.1e\n",
                  (double)sim->c->solver.tolerance, step, (double)solve->true_residual);
  }
}

PetscErrorCode HeatScreenProgress(HeatSimulation *sim)
{
  HeatScreen  *s        = &sim->screen;
  const double now      = MPI_Wtime();
  const double fraction = (double)HeatClockFraction(&sim->clock);
  const double made     = PetscMax(fraction - (double)s->first_fraction, 1e-12);
  const double left     = (now - s->began) / made * (1.0 - fraction);
  const int    tenth    = (int)(10.0 * fraction);

  PetscFunctionBeginUser;
  if (s->quiet || sim->clock.steady) PetscFunctionReturn(PETSC_SUCCESS);
  if (s->bar) {
    if (now - s->last < 0.1 && !HeatClockIsDone(&sim->clock)) PetscFunctionReturn(PETSC_SUCCESS);
    PrintBar(sim, fraction, left);
  } else {
    const double quiet_time = now - s->last;

    if (!((tenth > s->last_percent && quiet_time > 1.0) || quiet_time > 30.0))
      PetscFunctionReturn(PETSC_SUCCESS);
    PrintLine(sim, fraction, left);
  }
  s->last         = now;
  s->last_percent = tenth;
  (void)fflush(stdout);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Closing table. */

static void PrintPhases(const HeatPhaseSpread spread[HEAT_PHASES])
{
  double total = 0.0;

  for (int k = 0; k < HEAT_PHASES; k++) total += spread[k].mean;
  (void)printf("\n  %-13s %10s %10s %10s %8s %6s\n", "phase", "min [s]", "mean [s]", "max [s]",
               "calls", "share");
  for (int k = 0; k < HEAT_PHASES; k++) {
    if (spread[k].calls == 0) continue;
    (void)printf("  %-13s %10.3f %10.3f %10.3f %8" PetscInt64_FMT " %5.1f%%\n", HeatPhaseNames[k],
                 (double)spread[k].min, (double)spread[k].mean, (double)spread[k].max,
                 spread[k].calls, 100.0 * (double)spread[k].mean / total);
  }
}

static void PrintNumbers(const HeatSimulation *sim, const HeatPhaseSpread spread[HEAT_PHASES])
{
  const double     cells = (double)sim->grid->nx * (double)sim->grid->ny;
  const PetscInt64 steps = sim->clock.step - sim->first_step;

  (void)printf("\n");
  if (steps > 0) {
    (void)printf("  throughput   %.3g cell-steps/s (%" PetscInt64_FMT " steps in %.3f s)\n",
                 cells * (double)steps / PetscMax((double)spread[HEAT_PHASE_STEP].max, 1e-9), steps,
                 (double)spread[HEAT_PHASE_STEP].max);
  }
  if (sim->iterations.solves) {
    (void)printf(
        "  iterations   %" PetscInt64_FMT " min, %.1f mean, %" PetscInt64_FMT " max a solve\n",
        sim->iterations.min, (double)sim->iterations.total / (double)sim->iterations.solves,
        sim->iterations.max);
  }
  if (sim->iterations.solves && HeatOperatorIsLinear(sim->op)) {
    const HeatLinearTimes times = HeatLinearGetTimes(HeatStepperLinear(sim->stepper));

    (void)printf("  solver       %" PetscInt64_FMT " set-up%s in %.3f s, %.3f s of solves\n",
                 times.set_ups, times.set_ups == 1 ? "" : "s", times.set_up, times.solve);
  }
  if (sim->iterations.newton) {
    (void)printf("  Newton       %.1f iterations a solve\n",
                 (double)sim->iterations.newton / (double)sim->iterations.solves);
  }
  if (sim->clock.free) {
    (void)printf("  steps        %g to %g s, %" PetscInt64_FMT " rejected\n",
                 (double)sim->clock.shortest, (double)sim->clock.longest, sim->clock.rejected);
  }
  (void)printf("  temperature  %.6g to %.6g, mean %.6g %s\n", (double)sim->summary.min,
               (double)sim->summary.max, (double)sim->summary.mean,
               sim->c->output.temperature_unit);
  (void)printf("  energy       balance error %.1e of the heat turned over\n",
               (double)sim->account.relative);
}

static void PrintCheck(FILE *stream, const char *prefix, const HeatCheckResult *r)
{
  (void)fprintf(stream, "%s%s = %.8g", prefix, r->description, (double)r->value);
  if (PetscIsNanReal(r->expected)) (void)fprintf(stream, " (below %.3g)\n", (double)r->tolerance);
  else (void)fprintf(stream, " (%.8g +- %.3g)\n", (double)r->expected, (double)r->tolerance);
}

static void PrintChecks(const HeatSimulation *sim)
{
  for (PetscInt k = 0; k < sim->c->n_checks; k++) {
    PrintCheck(stdout, sim->checks[k].pass ? "  check ok     " : "  check FAIL   ",
               &sim->checks[k]);
  }
}

/* --quiet keeps quiet about success only. */
static void PrintFailures(const HeatSimulation *sim)
{
  if (sim->grid->rank != 0 || !sim->checks) return;
  for (PetscInt k = 0; k < sim->c->n_checks; k++) {
    if (!sim->checks[k].pass) PrintCheck(stderr, "heat2d: check failed: ", &sim->checks[k]);
  }
}

/* What MPI-IO made of the case's hints. */
static void PrintHints(HeatSimulation *sim)
{
  HeatFileStats snapshots = {0};
  const char   *lines = sim->checkpoint_stats.hints, *wanted = sim->c->output.hints;
  HeatHint      hint, found;

  HeatSnapshotsGetStats(sim->snapshots, &snapshots);
  if (!*lines) lines = snapshots.hints;
  while (wanted && HeatHintNext(&wanted, ' ', &hint)) {
    if (HeatHintFind(lines, hint.name, &found))
      (void)printf("  hint       %s=%s in force\n", found.name, found.value);
    else (void)printf("  hint       %s=%s is not in force here\n", hint.name, hint.value);
  }
}

PetscErrorCode HeatScreenSummary(HeatSimulation *sim, HeatStatus status)
{
  HeatPhaseSpread spread[HEAT_PHASES];

  PetscFunctionBeginUser;
  PetscCall(HeatPhasesReduce(sim->grid->comm, &sim->phases, spread));
  if (sim->options->quiet) PrintFailures(sim);
  if (!Speaks(sim)) PetscFunctionReturn(PETSC_SUCCESS);
  PrintPhases(spread);
  PrintNumbers(sim, spread);
  PrintHints(sim);
  if (sim->checks) PrintChecks(sim);
  if (status == HEAT_STATUS_STOPPED) {
    char steps[48];

    (void)printf(
        "\n  STOPPED by %s at %s, t = %g s, %.1f %% done, after a checkpoint: continue with "
        "--restart latest\n",
        sim->stop.reason, Steps(&sim->clock, steps, sizeof steps), (double)sim->clock.time,
        100.0 * (double)HeatClockFraction(&sim->clock));
  } else {
    (void)printf("\n  %s, results in %s\n", status == HEAT_STATUS_OK ? "done" : "CHECK FAILED",
                 sim->c->output.directory);
  }
  (void)fflush(stdout);
  PetscFunctionReturn(PETSC_SUCCESS);
}
