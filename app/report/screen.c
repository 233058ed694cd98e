/** The terminal (screen.h): who prints what, the progress, and the notes during a run. */
#include "app/report/screen.h"

#include <stdio.h>

#include "app/process/terminal.h"
#include "app/report/screen_header.h"
#include "app/report/screen_sizes.h"
#include "app/report/screen_summary.h"
#include "app/report/screen_text.h"
#include "solver/base/monotonic.h"

struct HeatScreen {
  PetscBool root;           /* this is rank 0 */
  PetscBool prints;         /* this rank prints header and summary: it is rank 0, without --quiet */
  PetscBool progress;       /* this rank prints progress, too: without --no-progress */
  PetscBool bar;            /* progress rewrites one line */
  double    began;          /* [s] monotonic time at the header */
  double    last;           /* [s] monotonic time when progress was last printed */
  PetscReal first_fraction; /* part of the run that was done when the header was printed */
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

PetscErrorCode HeatScreenHeader(HeatScreen *s, const HeatReportSources *from)
{
  const HeatRunState *state = from->state;
  const HeatClock    *clock = &state->clock;

  PetscFunctionBeginUser;
  s->bar            = HeatTerminalReached();
  s->began          = HeatMonotonicTime();
  s->last           = s->began;
  s->first_fraction = HeatClockFraction(clock);
  if (s->root) PetscCall(HeatScreenEmpty(state, from->warnings));
  if (s->prints) PetscCall(HeatScreenPrintHeader(from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatScreenCheckpointInterval(const HeatScreen *s, const HeatStop *stop)
{
  char text[2][32];

  if (stop->mtbf == 0.0 || stop->checkpoints != 1 || !s->prints) return;
  (void)printf("  checkpoints every %s: one takes %s (checkpoint.interval: daly)\n",
               HeatTextDuration((double)stop->checkpoint_interval, text[0], sizeof text[0]),
               HeatTextDuration((double)stop->checkpoint_sum, text[1], sizeof text[1]));
}

/* Rewrite the line of a terminal with a bar of WIDTH characters, cut to the terminal's width and to
   LINE characters.  Both are chosen: the bar, the times and the steps fit into 80 columns.
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
                 HeatTextSteps(clock, steps, sizeof steps), (double)clock->time,
                 HeatTextDuration(left, text, sizeof text));
  if (HeatClockIsDone(clock)) line[0] = '\0'; /* the last call clears the line */
  (void)printf("\r%-*.*s\r", columns, columns, line);
}

/* Print a line of progress.  @param[in] left  [s] until the end of the run */
static void PrintLine(const HeatRunState *state, double fraction, double left)
{
  char text[32], steps[48];

  (void)printf("  %3.0f %%  %s  t = %g s", 100.0 * fraction,
               HeatTextSteps(&state->clock, steps, sizeof steps), (double)state->clock.time);
  if (HeatStepperLinear(state->stepper))
    (void)printf("  %" PetscInt_FMT " iterations", state->last_step.solve.iterations);
  (void)printf("  %s left\n", HeatTextDuration(left, text, sizeof text));
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

/* Return whether a line of progress is due: after each tenth of the run, but at most once a second,
   and after 30 s without a line.  Both times are chosen: a short run prints few lines, and a log
   file shows that a long run is alive. */
static PetscBool LineIsDue(const HeatScreen *s, int tenth, double silence)
{
  return (tenth > s->last_tenth && silence > 1.0) || silence > 30.0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatScreenProgress(HeatScreen *s, const HeatRunState *state)
{
  const HeatClock *clock    = &state->clock;
  const double     now      = HeatMonotonicTime();
  const double     fraction = (double)HeatClockFraction(clock);
  const double     made     = PetscMax(fraction - (double)s->first_fraction, 1e-12); /* not 0 */
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

PetscErrorCode HeatScreenSummary(const HeatScreen *s, const HeatReportSources *from,
                                 HeatStatus status)
{
  PetscFunctionBeginUser;
  PetscCall(HeatScreenPrintSummary(from, status, s->root && !s->prints ? PETSC_TRUE : PETSC_FALSE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatScreenDestroy(HeatScreen **screen)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(*screen));
  PetscFunctionReturn(PETSC_SUCCESS);
}
