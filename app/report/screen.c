/** The terminal (screen.h). */
#include "app/report/screen.h"

#include <math.h>
#include <stdio.h>

#include "app/process/provenance.h"
#include "app/process/terminal.h"
#include "app/report/screen_sizes.h"
#include "io/file/hints.h"
#include "solver/base/monotonic.h"
#include "solver/base/printable.h"

struct HeatScreen {
  PetscBool root;           /* this is rank 0 */
  PetscBool prints;         /* this rank prints header and summary: it is rank 0, without --quiet */
  PetscBool progress;       /* this rank prints progress, too: without --no-progress */
  PetscBool bar;            /* progress rewrites one line */
  double    began;          /* [s] monotonic time at the header */
  double    last;           /* [s] monotonic time when progress was last printed */
  PetscReal first_fraction; /* of the run that was done at the header */
  int       last_tenth;     /* tenths of the run that were done when progress was last printed */
};

PetscErrorCode HeatScreenCreate(const HeatOptions *options, PetscMPIInt rank, HeatScreen **screen)
{
  HeatScreen *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  s->root     = rank == 0 ? PETSC_TRUE : PETSC_FALSE;
  s->prints   = s->root && !options->quiet ? PETSC_TRUE : PETSC_FALSE;
  s->progress = s->prints && !options->no_progress ? PETSC_TRUE : PETSC_FALSE;
  *screen     = s;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Format a duration [s] as "850 ms", "12.3 s", "4 min 05 s", "3 h 12 min", "12.5 days" or
   "3.2 years". */
static const char *Duration(double s, char *text, size_t size)
{
  const double day = 86400.0, year = 365.25 * day;

  if (s < 1.0) (void)snprintf(text, size, "%.0f ms", 1e3 * s);
  else if (s < 60.0) (void)snprintf(text, size, "%.1f s", s);
  else if (s < 3600.0) (void)snprintf(text, size, "%d min %02d s", (int)(s / 60), (int)fmod(s, 60));
  else if (s < 2 * day)
    (void)snprintf(text, size, "%d h %02d min", (int)(s / 3600), (int)fmod(s / 60, 60));
  else if (s < 2 * year) (void)snprintf(text, size, "%.3g days", s / day);
  else (void)snprintf(text, size, "%.3g years", s / year);
  return text;
}

/* Format a time of the simulation [s] as "0.25 s", or "9000 s (2 h 30 min)" where that is easier to
   read. */
static const char *When(PetscReal t, char text[64])
{
  char words[32];

  if (t < 120.0) (void)snprintf(text, 64, "%g s", (double)t);
  else (void)snprintf(text, 64, "%g s (%s)", (double)t, Duration((double)t, words, sizeof words));
  return text;
}

/* Format a number of bytes as "512 B", "1.50 MB" or "12.1 GB", with decimal prefixes. */
static const char *Bytes(double b, char *text, size_t size)
{
  const char *const prefixes[] = {"", "k", "M", "G", "T", "P"};
  int               k          = 0;

  for (; b >= 1000.0 && k < 5; k++) b /= 1000.0;
  (void)snprintf(text, size, k == 0 ? "%.0f %sB" : "%.3g %sB", b, prefixes[k]);
  return text;
}

/* Header. */

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
               Bytes((double)(g->bytes_within + g->bytes_between), size, sizeof size),
               g->messages_between, Bytes((double)g->bytes_between, (char[32]){0}, 32));
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
  else (void)printf(" to t = %s", When(HeatClockEnd(clock), (char[64]){0}));
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
                 Duration((double)stop->wall_limit, text, sizeof text));
  if (stop->job[0] && stop->job_left < PETSC_MAX_REAL)
    (void)printf("  limit      Slurm job %s ends in %s\n", stop->job,
                 Duration(PetscMax((double)stop->job_left, 0.0), text, sizeof text));
  else if (stop->job[0]) (void)printf("  limit      of Slurm job %s: none is known\n", stop->job);
  if (stop->mtbf > 0.0)
    (void)printf("  checkpoint by Daly's interval, once the first one was measured, after %s\n",
                 Duration((double)stop->checkpoint_interval, text, sizeof text));
}

void HeatScreenCheckpointInterval(const HeatScreen *s, const HeatStop *stop)
{
  char text[2][32];

  if (stop->mtbf == 0.0 || stop->checkpoints != 1 || !s->prints) return;
  (void)printf("  checkpoints every %s: one takes %s (checkpoint.interval: daly)\n",
               Duration((double)stop->checkpoint_interval, text[0], sizeof text[0]),
               Duration((double)stop->checkpoint_sum, text[1], sizeof text[1]));
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

PetscErrorCode HeatScreenHeader(HeatScreen *s, const HeatReportSources *from)
{
  const HeatRunState *state = from->state;
  const HeatClock    *clock = &state->clock;
  char                text[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  s->bar            = HeatTerminalReached();
  s->began          = HeatMonotonicTime();
  s->last           = s->began;
  s->first_fraction = HeatClockFraction(clock);
  if (s->root) PetscCall(HeatScreenEmpty(state, from->warnings));
  if (!s->prints) PetscFunctionReturn(PETSC_SUCCESS);
  (void)printf("heat2d %s  %s\n", HeatVersion(),
               HeatPrintableCopy(state->c->title, text, sizeof text));
  PrintGrid(state->grid);
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

/* Progress. */

/* Format "step 12/120", or "step 12" where the number of steps cannot be predicted. */
static const char *Steps(const HeatClock *clock, char *text, size_t size)
{
  const PetscInt64 all = HeatClockExpectedSteps(clock);

  if (all < 0) (void)snprintf(text, size, "step %" PetscInt64_FMT, clock->step);
  else (void)snprintf(text, size, "step %" PetscInt64_FMT "/%" PetscInt64_FMT, clock->step, all);
  return text;
}

/* Rewrite the line of a terminal with a bar of WIDTH characters (chosen), cut to the terminal's
   width.
   @param[in] left  [s] until the end of the run */
static void PrintBar(const HeatClock *clock, double fraction, double left)
{
  enum { WIDTH = 30, LINE = 120 };
  const int columns = PetscMin(LINE, HeatTerminalColumns() - 1);
  char      bar[WIDTH + 1], text[32], steps[48], line[LINE + 1];
  const int full = (int)(fraction * WIDTH);

  for (int k = 0; k < WIDTH; k++) bar[k] = k < full ? '#' : '.';
  bar[WIDTH] = '\0';
  (void)snprintf(line, sizeof line, "  [%s] %3.0f %%  %s  t = %g s  %s left", bar, 100.0 * fraction,
                 Steps(clock, steps, sizeof steps), (double)clock->time,
                 Duration(left, text, sizeof text));
  if (HeatClockIsDone(clock)) line[0] = '\0'; /* the last call clears the line */
  (void)printf("\r%-*.*s\r", columns, columns, line);
}

/* Print a line of progress.  @param[in] left  [s] until the end of the run */
static void PrintLine(const HeatRunState *state, double fraction, double left)
{
  char text[32], steps[48];

  (void)printf("  %3.0f %%  %s  t = %g s", 100.0 * fraction,
               Steps(&state->clock, steps, sizeof steps), (double)state->clock.time);
  if (HeatStepperLinear(state->stepper))
    (void)printf("  %" PetscInt_FMT " iterations", state->last_step.solve.iterations);
  (void)printf("  %s left\n", Duration(left, text, sizeof text));
}

void HeatScreenSolverNotes(const HeatScreen *s, const HeatRunState *state,
                           const HeatIterations *iterations)
{
  const HeatSolveInfo *solve = &state->last_step.solve;
  const PetscInt64     step  = state->clock.step + 1; /* the step that was just solved */

  if (!s->root) return;
  if (solve->rescue != HEAT_RESCUE_NONE && iterations->rescued[solve->rescue] == 1) {
    (void)fprintf(
        stderr,
        "heat2d: note: the multigrid's V-cycles made too little headway in step %" PetscInt64_FMT
        "; the step was solved with %s (such steps are counted in "
        "results.json)\n",
        step, HeatRescueName(solve->rescue));
  }
  if (solve->at_rounding && iterations->at_rounding == 1) {
    (void)fprintf(stderr,
                  "heat2d: note: solver.tolerance %g is below what double precision resolves here: "
                  "the true residual of step %" PetscInt64_FMT " stays at %.1e\n",
                  (double)state->c->solver.tolerance, step, (double)solve->true_residual);
  }
}

/* Return whether a line of progress is due: after a tenth of the run, but at most one a second, or
   after 30 s without one.  Chosen: some tens of lines in a log file, and a sign of life in a long
   step. */
static PetscBool LineIsDue(const HeatScreen *s, int tenth, double silence)
{
  return (tenth > s->last_tenth && silence > 1.0) || silence > 30.0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatScreenProgress(HeatScreen *s, const HeatRunState *state)
{
  const HeatClock *clock    = &state->clock;
  const double     now      = HeatMonotonicTime();
  const double     fraction = (double)HeatClockFraction(clock);
  const double     made     = PetscMax(fraction - (double)s->first_fraction, 1e-12);
  const double     left     = (now - s->began) / made * (1.0 - fraction);
  const int        tenth    = (int)(10.0 * fraction);

  PetscFunctionBeginUser;
  if (!s->progress || clock->steady) PetscFunctionReturn(PETSC_SUCCESS);
  if (s->bar) {
    if (now - s->last < 0.1 && !HeatClockIsDone(clock)) PetscFunctionReturn(PETSC_SUCCESS);
    PrintBar(clock, fraction, left);
  } else {
    if (!LineIsDue(s, tenth, now - s->last)) PetscFunctionReturn(PETSC_SUCCESS);
    PrintLine(state, fraction, left);
  }
  s->last       = now;
  s->last_tenth = tenth;
  (void)fflush(stdout);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Summary at the end. */

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

static void PrintThroughput(const HeatRunState *state, double seconds)
{
  const double     cells = (double)state->grid->nx * (double)state->grid->ny;
  const PetscInt64 steps = state->clock.step - state->first_step;

  if (steps <= 0) return;
  (void)printf("  throughput   %.3g cell-steps/s (%" PetscInt64_FMT " steps in %.3f s)\n",
               cells * (double)steps / PetscMax(seconds, 1e-9), steps, seconds);
}

static void PrintSolves(const HeatRunState *state, const HeatIterations *it)
{
  if (!it->solves) return;
  (void)printf("  iterations   %" PetscInt64_FMT " min, %.1f mean, %" PetscInt64_FMT
               " max a solve\n",
               it->min, (double)it->total / (double)it->solves, it->max);
  if (HeatOperatorIsLinear(state->op)) {
    const HeatLinearTimes times = HeatLinearGetTimes(HeatStepperLinear(state->stepper));

    (void)printf("  solver       %" PetscInt64_FMT " set-up%s in %.3f s, %.3f s of solves\n",
                 times.set_ups, times.set_ups == 1 ? "" : "s", times.set_up, times.solve);
  }
  if (it->newton) {
    (void)printf("  Newton       %.1f iterations a solve\n",
                 (double)it->newton / (double)it->solves);
  }
}

/* Print the messages of each kind of all ranks; a single rank sends none. */
static void PrintCommunication(const HeatReportSources *from)
{
  const double MB = 1e6; /* [bytes] */

  if (!from->communication->counted || from->state->grid->size < 2) return;
  (void)printf("\n  %-13s %23s %23s %12s\n  %-13s %12s %10s %12s %10s %12s\n", "communication",
               "within nodes", "between nodes", "collective", "", "messages", "MB", "messages",
               "MB", "calls");
  for (int k = 0; k < HEAT_TRAFFIC_KINDS; k++) {
    const HeatTraffic *t = &from->communication->kinds[k];

    (void)printf("  %-13s %12" PetscInt64_FMT " %10.3f %12" PetscInt64_FMT
                 " %10.3f %12" PetscInt64_FMT "\n",
                 HeatTrafficNames[k], t->messages[0], (double)t->bytes[0] / MB, t->messages[1],
                 (double)t->bytes[1] / MB, t->collectives);
  }
}

static void PrintState(const HeatRunState *state, const HeatSurvey *survey)
{
  const HeatClock   *clock   = &state->clock;
  const HeatSummary *summary = HeatSurveySummary(survey);

  if (clock->free) {
    (void)printf("  steps        %g to %g s, %" PetscInt64_FMT " rejected\n",
                 (double)clock->shortest, (double)clock->longest, clock->rejected);
  }
  (void)printf("  temperature  %.6g to %.6g, mean %.6g %s\n", (double)summary->min,
               (double)summary->max, (double)summary->mean, state->c->output.temperature_unit);
  (void)printf("  energy       balance error %.1e of the heat turned over\n",
               (double)HeatSurveyAccount(survey)->relative);
}

/* Print one part of the heat that came in, unless it is 0. */
static void PrintPart(const char *name, PetscReal heat, int *n)
{
  if (heat == 0.0) return;
  (void)printf("%s%s %.4g", (*n)++ ? ", " : "  heat in      ", name, (double)heat);
}

/* Print what came in through each side, from the sources and from the ambient exchange, and what
   was stored of it. */
static void PrintHeat(const HeatRunState *state, const HeatEnergyReport *account)
{
  const PetscBool steady = state->clock.steady;
  int             n      = 0;

  for (int side = 0; side < HEAT_SIDES; side++)
    PrintPart(HeatSideNames[side], account->side[side], &n);
  PrintPart("sources", account->source, &n);
  PrintPart("exchange", account->exchange, &n);
  if (n > 0) (void)printf(steady ? " W/m\n" : " J/m");
  if (n > 0 && !steady)
    (void)printf("; stored %.4g J/m\n", (double)(account->stored - account->stored_initial));
}

/* Print the temperatures of the named regions.  MOST: chosen, so that they fit on a screen;
   results.json has all. */
static void PrintRegions(const HeatRunState *state, const HeatSummary *summaries)
{
  enum { MOST = 10 };
  const PetscInt n = HeatZonesCount(state->zones);

  for (PetscInt k = 0; k < PetscMin(n, MOST); k++) {
    const HeatSummary *s    = &summaries[k];
    const char        *name = state->c->regions[HeatZonesRegion(state->zones, k)].name;

    if (!(s->min <= s->max)) continue; /* no cell: they are NaN */
    (void)printf("  in %-9s %.6g to %.6g, mean %.6g %s\n", name, (double)s->min, (double)s->max,
                 (double)s->mean, state->c->output.temperature_unit);
  }
  if (n > MOST) (void)printf("  in %" PetscInt_FMT " more regions: see results.json\n", n - MOST);
}

/* Survey the temperatures of the named regions.  Collective.
   @param[out] summaries  belong to the survey */
static PetscErrorCode SurveyRegions(const HeatReportSources *from, const HeatSummary **summaries)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(from->state->T, &T));
  PetscCall(HeatSurveyZones(from->survey, from->state, T, summaries));
  PetscCall(VecRestoreArrayRead(from->state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void PrintCheck(FILE *stream, const char *prefix, const HeatCheckResult *r)
{
  (void)fprintf(stream, "%s%s = %.8g", prefix, r->description, (double)r->value);
  if (PetscIsNanReal(r->expected)) (void)fprintf(stream, " (below %.3g)\n", (double)r->tolerance);
  else (void)fprintf(stream, " (%.8g +- %.3g)\n", (double)r->expected, (double)r->tolerance);
}

static void PrintChecks(const HeatCheckResult *checks, PetscInt n)
{
  for (PetscInt k = 0; k < n; k++)
    PrintCheck(stdout, checks[k].pass ? "  check ok     " : "  check FAIL   ", &checks[k]);
}

/* Print failed checks to stderr: --quiet suppresses only what went well. */
static void PrintFailures(const HeatCheckResult *checks, PetscInt n)
{
  for (PetscInt k = 0; k < n; k++) {
    if (!checks[k].pass) PrintCheck(stderr, "heat2d: check failed: ", &checks[k]);
  }
}

/* Print which of the case's hints MPI-IO has in force; it ignores those that it does not know. */
static void PrintHints(const HeatReportSources *from)
{
  HeatFileStats snapshots;
  const char   *lines = from->checkpoints.hints, *wanted = from->state->c->output.hints;
  HeatHint      hint, found;

  HeatOutputGetSnapshotStats(from->output, &snapshots);
  if (!*lines) lines = snapshots.hints;
  while (wanted && HeatHintNext(&wanted, ' ', &hint)) {
    if (HeatHintFind(lines, hint.name, &found))
      (void)printf("  hint       %s=%s in force\n", found.name, found.value);
    else (void)printf("  hint       %s=%s is not in force here\n", hint.name, hint.value);
  }
}

static void PrintEnd(const HeatReportSources *from, HeatStatus status)
{
  const HeatClock *clock = &from->state->clock;
  char             steps[48], folder[PETSC_MAX_PATH_LEN];

  if (status == HEAT_STATUS_STOPPED) {
    (void)printf(
        "\n  STOPPED by %s at %s, t = %g s, %.1f %% done, after a checkpoint: continue with "
        "--restart latest\n",
        from->stop->reason, Steps(clock, steps, sizeof steps), (double)clock->time,
        100.0 * (double)HeatClockFraction(clock));
  } else {
    (void)printf("\n  %s, results in %s\n",
                 status == HEAT_STATUS_OK      ? "done"
                 : status == HEAT_STATUS_ERROR ? "done, but a FILE IS MISSING"
                                               : "CHECK FAILED",
                 HeatPrintableCopy(from->state->c->output.directory, folder, sizeof folder));
  }
}

PetscErrorCode HeatScreenSummary(const HeatScreen *s, const HeatReportSources *from,
                                 HeatStatus status)
{
  const HeatRunState *state    = from->state;
  const PetscInt      n_checks = from->checks ? state->c->n_checks : 0;
  HeatPhaseSpread     spread[HEAT_PHASES];
  const HeatSummary  *regions;

  PetscFunctionBeginUser;
  PetscCall(SurveyRegions(from, &regions));
  PetscCall(HeatPhasesReduce(state->grid->comm, from->phases, spread));
  if (s->root && !s->prints) PrintFailures(from->checks, n_checks);
  if (s->prints) {
    PrintPhases(spread);
    PrintCommunication(from);
    (void)printf("\n");
    PrintThroughput(state, (double)spread[HEAT_PHASE_STEP].max);
    PrintSolves(state, from->iterations);
    PrintState(state, from->survey);
    PrintHeat(state, HeatSurveyAccount(from->survey));
    PrintRegions(state, regions);
    PrintHints(from);
    PrintChecks(from->checks, n_checks);
    PrintEnd(from, status);
    (void)fflush(stdout);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatScreenDestroy(HeatScreen **screen)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(*screen));
  PetscFunctionReturn(PETSC_SUCCESS);
}
