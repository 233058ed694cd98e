/** Warnings about the results of a run (run_warnings.h). */
#include "app/run/run_warnings.h"

#include <stdio.h>
#include <string.h>

#include "app/process/petsc_options.h"
#include "solver/case/petsc_rules.h"
#include "solver/grid/factors.h"

/* Warn of what makes the run of a record differ from the run that it describes. */
static PetscErrorCode WarnOfRecord(HeatWarnings *warnings, const HeatCase *c,
                                   const HeatOptions *options, PetscBool restarted)
{
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
    PetscCall(HeatWarningsAdd(warnings,
                              "%.200s (%.200s in the case)%s changed since the record was made",
                              first->path, first->name, n > 1 ? " and other files have" : " has"));
  if (HeatOptionsRefusedOfRecord(options, c, names, sizeof names) > 0)
    PetscCall(HeatWarningsAdd(warnings,
                              "options of the recorded command line that a file may not give are "
                              "left out: %s; repeat them on the command line where they are wanted",
                              names));
  if (c->record.continued && !restarted)
    PetscCall(HeatWarningsAdd(warnings,
                              "the recorded run continued %.200s; this run begins at the start of "
                              "the case, and --restart FILE continues a checkpoint",
                              c->record.continued));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fewest ranks of a run that is warned of its number of ranks.  Chosen: strips of up to eight
   blocks cost a run on one or a few nodes hardly anything. */
enum { FEWEST_RANKS = 9 };

/* Warn of a number of ranks that leaves only long, narrow blocks. */
static PetscErrorCode WarnOfFactors(HeatWarnings *warnings, const HeatCase *c, const HeatGrid *grid)
{
  char text[HEAT_FACTORS_TEXT];

  PetscFunctionBeginUser;
  if (grid->size >= FEWEST_RANKS && HeatFactorsAdvise(c, &grid->layout, text, sizeof text))
    PetscCall(HeatWarningsAdd(warnings, "%s", text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Warn of a moving pulse that the steps of the run do not resolve. */
static PetscErrorCode WarnOfMoving(HeatWarnings *warnings, const HeatRunState *state)
{
  const HeatClock      *clock = &state->clock;
  const HeatMovingPulse pulse = HeatEventsMoving(state->events, clock->free ? -1.0 : clock->dt);
  const char           *unfollowed = HeatEventsUnfollowed(state->events);
  char                  step[64];

  PetscFunctionBeginUser;
  if (unfollowed && !clock->steady)
    PetscCall(HeatWarningsAdd(warnings,
                              "pulses of '%.200s' that move over the domain are not followed: the "
                              "search took too long, or the formula has no bounds; keep steps "
                              "below the length of its pulses%s",
                              unfollowed, clock->free ? " (time.adaptive.max_step)" : ""));
  if (!pulse.text || clock->steady) PetscFunctionReturn(PETSC_SUCCESS);
  (void)snprintf(step, sizeof step, clock->free ? "controlled steps" : "steps of %.3g s",
                 (double)clock->dt);
  PetscCall(HeatWarningsAdd(
      warnings,
      "'%.200s' %s at times that depend on the place, %s %.3g s, as at x = %.6g, y = %.6g: %s give "
      "some places too much heat and others %s; take steps of at most %.3g s%s",
      pulse.text, pulse.smooth ? "changes" : "switches", pulse.smooth ? "within" : "and back after",
      (double)pulse.length, (double)pulse.place[0], (double)pulse.place[1], step,
      pulse.smooth ? "too little" : "none", (double)pulse.step,
      clock->free ? " (time.adaptive.max_step)"
                  : ", or bdf2 or esdirk with step: auto, which follow such a pulse"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunWarnAtStart(HeatWarnings *warnings, const HeatRunState *state,
                                  const HeatOptions *options, PetscBool restarted)
{
  const HeatCase *c        = state->c;
  const PetscBool restarts = (PetscBool)(restarted || c->checkpoint.every > 0 ||
                                         c->checkpoint.daly || c->checkpoint.wall_interval > 0.0);

  PetscFunctionBeginUser;
  if (restarts && c->time.scheme == HEAT_SCHEME_TS && c->time.adaptive.tolerance > 0.0 &&
      HeatPetscIntegratorEstimates(c->time.ts_type))
    PetscCall(HeatWarningsAdd(warnings,
                              "ts:%s estimates its error from earlier steps that no checkpoint "
                              "holds: a restarted run takes other steps than one that was not "
                              "interrupted, within the tolerance; bdf2 continues exactly",
                              c->time.ts_type));
  if (restarts && c->time.scheme == HEAT_SCHEME_TS && HeatPetscIntegratorRemembers(c->time.ts_type))
    PetscCall(HeatWarningsAdd(warnings,
                              "ts:%s takes earlier steps from memory that no checkpoint holds: a "
                              "restarted run begins anew at first order and differs from one that "
                              "was not interrupted; bdf2 continues exactly",
                              c->time.ts_type));
  PetscCall(WarnOfRecord(warnings, c, options, restarted));
  if (options->break_halo)
    PetscCall(HeatWarningsAdd(warnings,
                              "--break-halo %.20s leaves halo exchanges out on purpose: the "
                              "temperatures are wrong, and the run counts as failed",
                              options->break_halo));
  PetscCall(WarnOfFactors(warnings, c, state->grid));
  PetscCall(WarnOfMoving(warnings, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What fixed steps have hidden of the formulas of t; NULL: nothing. */
typedef struct {
  const char *pulse, *steep;
  PetscReal   between[2]; /* [s] when the steep change begins and ends */
  PetscReal   step;       /* [s] */
} HiddenByStep;

/* Look for what a step from `from` to `to` [s] hides. */
static void LookAtStep(const HeatRunState *state, PetscReal from, PetscReal to, HiddenByStep *found)
{
  if (!found->pulse) found->pulse = HeatEventsHidden(state->events, from, to);
  if (found->steep) return;
  found->steep = HeatEventsSteep(state->events, from, to, found->between);
  found->step  = to - from;
}

/* Return what the fixed steps since `before` [s] hide.  Of several steps in a sweep all but the
   last have the clock's length. */
static HiddenByStep Hidden(const HeatRunState *state, PetscReal before)
{
  const HeatClock *clock = &state->clock;
  HiddenByStep     found = {0};

  if (clock->free || clock->steady) return found;
  while (before < clock->before) {
    const PetscReal to = PetscMin(before + clock->dt, clock->before);

    LookAtStep(state, before, to, &found);
    before = to;
  }
  LookAtStep(state, clock->before, clock->time, &found);
  return found;
}

PetscErrorCode HeatRunWarnAfterSteps(HeatWarnings *warnings, const HeatRunState *state,
                                     PetscReal before, const HeatHealth *health)
{
  const char        *unsearched = HeatEventsUnsearched(state->events);
  const char        *outside    = HeatHealthOutside(health);
  const HiddenByStep hidden     = Hidden(state, before);
  const char        *fast       = state->clock.free ? HeatEventsTooFast(state->events) : NULL;

  PetscFunctionBeginUser;
  if (fast)
    PetscCall(
        HeatWarningsAdd(warnings,
                        "'%.200s' changes direction more often than a million times in the run, "
                        "so that controlled steps do not follow it; give its mean, or set "
                        "time.adaptive.max_step below its period",
                        fast));
  if (state->last_step.solve.loose)
    PetscCall(HeatWarningsAdd(warnings,
                              "an option of PETSc, such as ksp_rtol, snes_rtol, snes_atol or "
                              "snes_stol, lets solves end with a residual above solver.tolerance "
                              "%g: the results have errors that this tolerance excludes",
                              (double)state->c->solver.tolerance));
  if (unsearched)
    PetscCall(HeatWarningsAdd(warnings,
                              "the times at which '%.200s' switches were not all found; give them "
                              "in time.events",
                              unsearched));
  if (hidden.pulse)
    PetscCall(HeatWarningsAdd(warnings,
                              "'%.200s' rises and falls within one step; steps below the length of "
                              "its pulses, or bdf2 or esdirk with step: auto, resolve them",
                              hidden.pulse));
  if (hidden.steep)
    PetscCall(HeatWarningsAdd(
        warnings,
        "'%.200s' changes from t = %.9g s to %.9g s, within a small part of a step of %.3g s, "
        "whose "
        "heat may be wrong by as much; give these two times in time.events, or take bdf2 or esdirk "
        "with step: auto",
        hidden.steep, (double)hidden.between[0], (double)hidden.between[1], (double)hidden.step));
  if (outside[0] && HeatOperatorBrokenHalo(state->op).every == 0)
    PetscCall(HeatWarningsAdd(warnings,
                              "%s: the scheme overshoots after a sudden change; take "
                              "backward-euler, which does not, or shorter steps, or let bdf2 or "
                              "esdirk control theirs (step: auto)",
                              outside));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRunWarnAbandoned(HeatWarnings *warnings, const HeatRunState *state,
                                    const char *reason)
{
  const HeatClock *clock = &state->clock;

  PetscFunctionBeginUser;
  if (clock->step == state->first_step && strncmp(reason, "signal", 6) != 0)
    PetscCall(HeatWarningsAdd(
        warnings, "%s came before %s", reason,
        clock->steady ? "the steady state was found, and it cannot be continued: run it "
                        "again with more time or a better solver"
                      : "the first step was finished: a run continued with the same limit "
                        "and solver does not finish it either"));
  PetscFunctionReturn(PETSC_SUCCESS);
}
