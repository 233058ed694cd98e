/** The summary of a run (screen_summary.h). */
#include "app/report/screen_summary.h"

#include <stdio.h>

#include "app/report/predictions.h"
#include "app/report/screen_metrics.h"
#include "app/report/screen_text.h"
#include "io/file/hints.h"
#include "solver/base/printable.h"

static void PrintPhases(const HeatPhaseSpread spread[HEAT_PHASES])
{
  double total = 0.0;

  for (int k = 0; k < HEAT_PHASES; k++) total += spread[k].seconds.mean;
  (void)printf("\n  %-13s %10s %10s %10s %8s %8s %6s\n", "phase", "min [s]", "mean [s]", "max [s]",
               "on rank", "calls", "share");
  for (int k = 0; k < HEAT_PHASES; k++) {
    const HeatSpread *of = &spread[k].seconds;

    if (spread[k].calls == 0) continue;
    (void)printf("  %-13s %10.3f %10.3f %10.3f %8d %8" PetscInt64_FMT " %5.1f%%\n",
                 HeatPhaseNames[k], of->min, of->mean, of->max, of->rank, spread[k].calls,
                 100.0 * of->mean / total);
  }
}

/* Print the cells and steps per second.  1e-9: the resolution of the clock. */
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

/* Format how the messages that were counted compare with the predicted ones: "equal", "-" where
   none are predicted, or the numbers predicted within and between nodes. */
static const char *Compare(const HeatTraffic *counted, const HeatResultsTraffic *predicted,
                           char *text, size_t size)
{
  PetscBool equal = PETSC_TRUE;

  if (predicted->messages[0] < 0) return "-";
  for (int k = 0; k < 2; k++)
    if (counted->messages[k] != predicted->messages[k] || counted->bytes[k] != predicted->bytes[k])
      equal = PETSC_FALSE;
  if (equal) return "equal";
  (void)snprintf(text, size, "%" PetscInt64_FMT " + %" PetscInt64_FMT, predicted->messages[0],
                 predicted->messages[1]);
  return text;
}

/* Print the messages of each kind of all ranks, and whether they are those that were predicted; a
   single rank sends none. */
static PetscErrorCode PrintCommunication(const HeatReportSources *from)
{
  const double       MB = 1e6; /* [bytes] */
  HeatResultsTraffic predicted[HEAT_TRAFFIC_KINDS];
  char               text[48];

  PetscFunctionBeginUser;
  if (!from->communication->counted || from->state->grid->size < 2)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatPredictCommunication(from, predicted));
  (void)printf("\n  %-13s %23s %23s %12s %10s\n  %-13s %12s %10s %12s %10s %12s\n", "communication",
               "within nodes", "between nodes", "collective", "predicted", "", "messages", "MB",
               "messages", "MB", "calls");
  for (int k = 0; k < HEAT_TRAFFIC_KINDS; k++) {
    const HeatTraffic *t = &from->communication->kinds[k];

    (void)printf("  %-13s %12" PetscInt64_FMT " %10.3f %12" PetscInt64_FMT
                 " %10.3f %12" PetscInt64_FMT " %10s\n",
                 HeatTrafficNames[k], t->messages[0], (double)t->bytes[0] / MB, t->messages[1],
                 (double)t->bytes[1] / MB, t->collectives,
                 Compare(t, &predicted[k], text, sizeof text));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
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

/* Print the heat that came in through each side, from the sources and from the ambient exchange,
   and the heat that was stored. */
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

/* Print the temperatures of the first MOST named regions.  MOST is chosen such that they fit on a
   screen; results.json has all. */
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

/* Print failed checks to stderr, also with --quiet. */
static void PrintFailures(const HeatCheckResult *checks, PetscInt n)
{
  for (PetscInt k = 0; k < n; k++) {
    if (!checks[k].pass) PrintCheck(stderr, "heat2d: check failed: ", &checks[k]);
  }
}

/* Print what --break-halo has left out, and the pairs of ranks that miss each other's data: the
   first MOST, chosen to fit on a screen; results.json has all. */
static void PrintBrokenHalo(const HeatResultsBrokenHalo *b, FILE *stream, const char *prefix)
{
  enum { MOST = 12 };

  if (b->every == 0) return;
  (void)fprintf(stream, "%shalo exchanges left out = %" PetscInt64_FMT " (0 in a healthy run)\n",
                prefix, b->skipped);
  for (PetscInt k = 0; k < PetscMin(b->n_pairs, MOST); k++) {
    const HeatResultsHaloPair *pair = &b->pairs[k];

    (void)fprintf(stream,
                  "%shalo between ranks %" PetscInt_FMT " and %" PetscInt_FMT ": %" PetscInt64_FMT
                  " of %" PetscInt64_FMT " ghost values are not their neighbour's\n",
                  prefix, pair->ranks[0], pair->ranks[1], pair->wrong, pair->of);
  }
  if (b->n_pairs > MOST)
    (void)fprintf(stream, "%shalo between %" PetscInt_FMT " more pairs: see results.json\n", prefix,
                  b->n_pairs - MOST);
}

/* Print which of the case's hints MPI-IO applies, from the hints that it returned for a checkpoint
   or a snapshot; it ignores hints that it does not know. */
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

  if (status == HEAT_STATUS_STOPPED && clock->steady) {
    (void)printf("\n  STOPPED by %s: a steady state is one solve and cannot be continued; run it "
                 "again with more time or a better solver\n",
                 from->stop->reason);
  } else if (status == HEAT_STATUS_STOPPED) {
    (void)printf(
        "\n  STOPPED by %s at %s, t = %g s, %.1f %% done, after a checkpoint: continue with "
        "--restart latest\n",
        from->stop->reason, HeatTextSteps(clock, steps, sizeof steps), (double)clock->time,
        100.0 * (double)HeatClockFraction(clock));
  } else {
    (void)printf("\n  %s, results in %s\n",
                 status == HEAT_STATUS_OK      ? "done"
                 : status == HEAT_STATUS_ERROR ? "done, but a FILE IS MISSING"
                                               : "CHECK FAILED",
                 HeatPrintableCopy(from->state->c->output.directory, folder, sizeof folder));
  }
}

PetscErrorCode HeatScreenPrintSummary(const HeatReportSources *from, HeatStatus status,
                                      PetscBool quiet)
{
  const HeatRunState *state    = from->state;
  const PetscBool     root     = state->grid->rank == 0 ? PETSC_TRUE : PETSC_FALSE;
  const PetscInt      n_checks = from->checks ? state->c->n_checks : 0;
  const HeatSummary  *regions;

  PetscFunctionBeginUser;
  PetscCall(SurveyRegions(from, &regions));
  if (root && quiet) {
    PrintFailures(from->checks, n_checks);
    PrintBrokenHalo(&from->broken_halo, stderr, "heat2d: check failed: ");
  }
  if (root && !quiet) {
    PrintPhases(from->metrics->phases);
    PetscCall(PrintCommunication(from));
    (void)printf("\n");
    PrintThroughput(state, from->metrics->phases[HEAT_PHASE_STEP].seconds.max);
    HeatScreenPrintMetrics(&from->metrics->found, state->grid->size);
    PrintSolves(state, from->iterations);
    PrintState(state, from->survey);
    PrintHeat(state, HeatSurveyAccount(from->survey));
    PrintRegions(state, regions);
    PrintHints(from);
    PrintChecks(from->checks, n_checks);
    PrintBrokenHalo(&from->broken_halo, stdout, "  check FAIL   ");
    PrintEnd(from, status);
    (void)fflush(stdout);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
