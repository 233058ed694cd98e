/** Testing the present state (health.h).
 *
 *  Balance.  The error of the energy account (solver/README.md section 5) may not have changed by
 *  more than
 *      bound turnover + 10 sqrt(N) leak + 16 epsilon n (1 + dt/dt_explicit) sum(C) max|T|
 *  [J/m] since this process began, after n steps on N cells, where
 *      bound        is 1e-6 (`limits.balance: auto`), or the number that the case gives; explicit
 *                   and well solved steps stay below 1e-9 (measured at most: 5e-10)
 *      turnover     is the heat turned over, by which the account's relative error divides
 *      leak         is the sum of dt ||r|| over all steps, with r the residual that the solves of a
 *                   step leave: a residual is heat that the account misses, and
 *                   |sum r| <= sqrt(N) ||r||; the factor 10 is chosen
 *      dt_explicit  is the largest stable explicit step, dt the longest step taken; the last term
 *                   bounds the rounding of the stored heat, because no solve can leave less than a
 *                   rounding of its largest terms, which are dt/dt_explicit times the stored heat;
 *                   the factor 16 is chosen.
 *  Smaller bounds would raise false alarms, larger ones would miss larger faults.  Not tested:
 *  ts:TYPE, whose account is a trapezoidal rule, steady, which stores no heat, and --break-halo.
 *
 *  Extremes.  Without sources and without given fluxes the temperature stays in a range of width R
 *  (reach.h).  ftcs and backward-euler, which obey this maximum principle, may exceed the range by
 *  R/10, the other schemes, which overshoot, by 10 R (both chosen).  In addition, every scheme may
 *  exceed it by leak/min(C), which bounds the error of unfinished solves, and by a rounding.
 *  A temperature outside the range but within these margins shows that the scheme rings, and is a
 *  warning. */
#include "app/run/health.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "app/run/reach.h"
#include "solver/base/exact_sum.h"

struct HeatHealth {
  PetscBool  bad;       /* the last test failed */
  PetscBool  undefined; /* the last test raised an error of the case, not of the state: a formula
                           without a valid value, or a temperature below absolute zero */
  char       what[256]; /* the test that failed, with step, value and bound; for the user */
  PetscInt64 good_step; /* the last step at which a test passed; -1: none */

  PetscBool has_balance; /* the balance is tested */
  PetscReal error_start; /* [J/m] error of the account when this process began */
  PetscReal capacity;    /* [J/(m K)] sum(C) of all cells */
  PetscReal least;       /* [J/(m K)] min(C) of all cells */
  PetscReal stable_step; /* [s] dt_explicit at the start */
  PetscReal magnitude;   /* [K] max|T| of the states that passed */
  PetscReal leak;        /* [J/m] sum of dt ||r|| */

  HeatReach reach;          /* [K] range of the maximum principle */
  PetscBool tests_extremes; /* the range is tested */
  char      outside[256];   /* how the range was left first, for the user; "": not yet */
};

/* The bounds. */

/* Return by how much the error of the account may have changed since this process began [J/m]. */
static PetscReal AllowedError(const HeatHealth *h, const HeatRunState *state,
                              const HeatSurvey *survey)
{
  const HeatCase *c     = state->c;
  const PetscReal bound = c->limits.balance > 0.0 ? c->limits.balance : 1e-6;
  const PetscReal cells = (PetscReal)state->grid->nx * (PetscReal)state->grid->ny;
  const PetscReal steps = (PetscReal)(state->clock.step - state->first_step + 1);
  const PetscReal stiff = 1.0 + state->clock.longest / h->stable_step;

  return bound * HeatSurveyAccount(survey)->turnover + 10.0 * PetscSqrtReal(cells) * h->leak +
         16.0 * PETSC_MACHINE_EPSILON * steps * stiff * h->capacity * h->magnitude;
}

/* Return by how much a temperature may lie outside the range [K].  1e-6 of the larger bound
   (chosen) allows for rounding where the width of the range is 0. */
static PetscReal Margin(const HeatHealth *h, HeatScheme scheme)
{
  const PetscBool strict = scheme == HEAT_SCHEME_FTCS || scheme == HEAT_SCHEME_BACKWARD_EULER
                               ? PETSC_TRUE
                               : PETSC_FALSE;

  return (strict ? 0.1 : 10.0) * (h->reach.high - h->reach.low) + h->leak / h->least +
         1e-6 * PetscMax(PetscAbsReal(h->reach.low), PetscAbsReal(h->reach.high));
}

/* The tests. */

/* Note that a test failed, with a sentence for the user. */
static void Fail(HeatHealth *h, const HeatClock *clock, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
static void Fail(HeatHealth *h, const HeatClock *clock, const char *format, ...)
{
  va_list arguments;
  int n = snprintf(h->what, sizeof h->what, "step %" PetscInt64_FMT " (t = %g s): ", clock->step,
                   (double)clock->time);

  h->bad = PETSC_TRUE;
  va_start(arguments, format);
  (void)vsnprintf(h->what + n, sizeof h->what - (size_t)n, format, arguments);
  va_end(arguments);
}

static void TestBalance(HeatHealth *h, const HeatRunState *state, const HeatSurvey *survey)
{
  const PetscReal moved   = PetscAbsReal(HeatSurveyAccount(survey)->error - h->error_start);
  const PetscReal allowed = AllowedError(h, state, survey);

  if (!h->has_balance || h->bad || moved <= allowed) return;
  Fail(h, &state->clock,
       "the energy balance is off by %.3g J/m, beyond %.3g J/m (limits.balance): the state is "
       "corrupted",
       (double)moved, (double)allowed);
}

/* Test that the extremes of a field lie in the range of the maximum principle.
   @param[in] of  the field, for the message: "" for the temperature */
static void TestExtremes(HeatHealth *h, const HeatRunState *state, const char *of,
                         const HeatSummary *summary)
{
  const PetscReal margin = Margin(h, state->c->time.scheme);

  if (!h->tests_extremes || h->bad) return;
  if (!(summary->max <= h->reach.high + margin))
    Fail(h, &state->clock,
         "the highest temperature%s is %.6g, beyond %.6g and a margin of %.3g "
         "(limits.extremes): the state is corrupted",
         of, (double)summary->max, (double)h->reach.high, (double)margin);
  else if (!(summary->min >= h->reach.low - margin))
    Fail(h, &state->clock,
         "the lowest temperature%s is %.6g, beyond %.6g and a margin of %.3g "
         "(limits.extremes): the state is corrupted",
         of, (double)summary->min, (double)h->reach.low, (double)margin);
}

/* Raise HEAT_ERR_NUMERICS if the temperature is below the absolute zero, by more than the error of
   the solves and 1e-6 of the largest temperature (chosen, far above rounding).  The case, not the
   state, is wrong then.  Collective. */
static PetscErrorCode CheckAbsoluteZero(const HeatHealth *h, const HeatRunState *state,
                                        const HeatSummary *summary)
{
  char            reason[100];
  const PetscReal zero   = HeatCaseAbsoluteZero(state->c, reason, sizeof reason);
  const PetscReal margin = h->leak / h->least + 1e-6 * h->magnitude;

  PetscFunctionBeginUser;
  HeatCheck(!(summary->min < zero - margin), state->grid->comm, HEAT_ERR_NUMERICS,
            "step %" PetscInt64_FMT " (t = %g s): the lowest temperature is %.6g, below %g, the "
            "absolute zero: %s; more heat is taken out than the body has, or the scheme overshoots",
            state->clock.step, (double)state->clock.time, (double)summary->min, (double)zero,
            reason);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Note how the temperature first left the range by more than the error of the solves plus 1 % of
   its span.  1 % is chosen: a scheme that rings overshoots by more, a scheme on a smooth solution
   by less. */
static void NoteOutside(HeatHealth *h, const HeatRunState *state, const HeatSummary *summary)
{
  const HeatReach *r    = &h->reach;
  const PetscReal  span = PetscMax(r->high, summary->max) - PetscMin(r->low, summary->min);
  const PetscReal  most = 0.01 * span + h->leak / h->least + 1e-6 * h->magnitude;
  const PetscBool  low  = (PetscBool)(r->has_low && summary->min < r->low - most);
  const PetscBool  high = (PetscBool)(r->has_high && summary->max > r->high + most);

  if (h->outside[0] || !(low || high) || state->c->time.scheme == HEAT_SCHEME_STEADY) return;
  (void)snprintf(h->outside, sizeof h->outside,
                 "at t = %g s (step %" PetscInt64_FMT ") the %s temperature is %.6g, and no cell "
                 "can be %s than %.6g",
                 (double)state->clock.time, state->clock.step, low ? "lowest" : "highest",
                 (double)(low ? summary->min : summary->max), low ? "colder" : "warmer",
                 (double)(low ? r->low : r->high));
}

/* Test that all values of a field are finite.
   @param[in] of  the field, for the message: "" for the temperature */
static void TestFinite(HeatHealth *h, const HeatRunState *state, const char *of,
                       const HeatSummary *summary)
{
  if (h->bad || summary->non_finite == 0) return;
  Fail(h, &state->clock,
       "%" PetscInt64_FMT
       " cells%s are not finite (0 are allowed); the state cannot be used or checkpointed",
       summary->non_finite, of);
}

/* The fields that the scheme remembers. */

/* Return abs(stored(T) - stored(before) - came_in) [J/m], where stored(T) = sum of C T, `before` is
   field k of the memory, and came_in is the heat that entered since then. */
static PetscReal ImbalanceSince(const HeatSurvey *survey, PetscInt k, PetscReal came_in)
{
  HeatSummary summary;
  PetscReal   stored;

  HeatSurveyRemembered(survey, k, &summary, &stored);
  return PetscAbsReal((HeatSurveyAccount(survey)->stored - stored) - came_in);
}

static void TestRemembered(HeatHealth *h, const HeatRunState *state, const HeatSurvey *survey,
                           PetscInt k, PetscReal came_in)
{
  const PetscReal allowed   = AllowedError(h, state, survey);
  const PetscReal imbalance = h->has_balance ? ImbalanceSince(survey, k, came_in) : 0.0;
  HeatSummary     summary;
  PetscReal       stored;

  HeatSurveyRemembered(survey, k, &summary, &stored);
  TestFinite(h, state, " that the scheme remembers", &summary);
  TestExtremes(h, state, " that the scheme remembers", &summary);
  if (h->bad || imbalance <= allowed) return;
  Fail(h, &state->clock,
       "the energy balance since a field that the scheme remembers is off by %.3g J/m, beyond "
       "%.3g J/m (limits.balance): the state is corrupted",
       (double)imbalance, (double)allowed);
}

static PetscErrorCode TestMemory(HeatHealth *h, const HeatRunState *state, const HeatSurvey *survey)
{
  HeatStepperMemory memory = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatStepperSave(state->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields && !h->bad; k++)
    TestRemembered(h, state, survey, k, memory.came_in[k]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole test. */

PetscErrorCode HeatHealthTest(HeatHealth *h, const HeatRunState *state, const HeatSurvey *survey)
{
  const HeatSummary *summary = HeatSurveySummary(survey);

  PetscFunctionBeginUser;
  h->bad       = PETSC_FALSE;
  h->undefined = PETSC_TRUE;
  if (HeatSurveyFoundFault(survey)) PetscCall(HeatOperatorCheckFormulas(state->op));
  if (summary->non_finite == 0) PetscCall(CheckAbsoluteZero(h, state, summary));
  h->undefined = PETSC_FALSE;
  TestFinite(h, state, "", summary);
  TestExtremes(h, state, "", summary);
  TestBalance(h, state, survey);
  if (!h->bad) PetscCall(TestMemory(h, state, survey));
  if (h->bad) PetscFunctionReturn(PETSC_SUCCESS);
  NoteOutside(h, state, summary);
  h->good_step = state->clock.step;
  h->magnitude = PetscMax(h->magnitude,
                          PetscMax(PetscAbsReal(summary->min), PetscAbsReal(summary->max)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthTestOnce(HeatHealth *h, const HeatRunState *state, HeatSurvey *survey)
{
  const PetscReal *T;

  PetscFunctionBeginUser;
  if (h->good_step == state->clock.step || h->bad || h->undefined)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(HeatSurveyTake(survey, state, T, PETSC_FALSE, NULL));
  PetscCall(HeatHealthTest(h, state, survey));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatHealthAddStep(HeatHealth *h, const HeatStepInfo *info)
{
  h->leak += info->dt * info->solve.left;
}

void HeatHealthInvalidate(HeatHealth *h) { h->good_step = -1; }

void HeatHealthAccept(HeatHealth *h, PetscInt64 step)
{
  h->bad       = PETSC_FALSE;
  h->good_step = step;
}

PetscBool HeatHealthIsBad(const HeatHealth *h) { return h->bad; }

const char *HeatHealthReason(const HeatHealth *h) { return h->what; }

const char *HeatHealthOutside(const HeatHealth *h) { return h->outside; }

/* The start. */

/* Find out whether the energy balance between each field that the scheme remembers and the present
   field closes at the start.  After a restart with other materials it need not close; the balance
   is then not tested. */
static PetscErrorCode MemoryFits(const HeatHealth *h, const HeatRunState *state,
                                 const HeatSurvey *survey, PetscBool *fits)
{
  /* Part of the allowed error up to which the fields fit.  Chosen: with a larger part, small
     misfits could become false alarms later; with a smaller one, rounding could disable the
     test. */
  const PetscReal   small = 0.01;
  HeatStepperMemory memory;

  PetscFunctionBeginUser;
  *fits = PETSC_TRUE;
  PetscCall(HeatStepperSave(state->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields; k++) {
    const PetscReal imbalance = ImbalanceSince(survey, k, memory.came_in[k]);

    if (!(imbalance <= small * AllowedError(h, state, survey))) *fits = PETSC_FALSE;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take the first survey, and find what the bound of the balance needs, in one reduction.  At the
   start of a fresh run it is also the survey of the first row. */
static PetscErrorCode TakeFirst(HeatHealth *h, const HeatRunState *state, HeatSurvey *survey,
                                const PetscReal *T)
{
  PetscReal      largest[2] = {-PETSC_MAX_REAL, HeatOperatorStiffness(state->op)}; /* first: -C */
  HeatExactSum   sum        = {0};
  HeatReduction *r;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < state->grid->nyl; j++) {
    const PetscReal *C = HeatOperatorCapacity(state->op, j);

    HeatExactSumAddArray(&sum, (size_t)state->grid->nxl, C);
    for (PetscInt i = 0; i < state->grid->nxl; i++) largest[0] = PetscMax(largest[0], -C[i]);
  }
  PetscCall(HeatReductionCreate(state->grid->comm, &r));
  PetscCall(HeatReductionAddMaxima(r, 2, largest, largest));
  PetscCall(HeatReductionAddSums(r, 1, &sum, &h->capacity));
  PetscCall(HeatSurveyTakeWith(survey, state, T, (PetscBool)(state->clock.step == 0), NULL, r));
  PetscCall(HeatReductionDestroy(&r));
  h->least       = -largest[0];
  h->stable_step = HeatOperatorStableStepOf(largest[1]);
  h->error_start = HeatSurveyAccount(survey)->error;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find out whether the balance is tested. */
static PetscErrorCode StartBalance(HeatHealth *h, const HeatRunState *state,
                                   const HeatSurvey *survey)
{
  const HeatScheme scheme = state->c->time.scheme;

  PetscFunctionBeginUser;
  /* Without halo exchanges heat is lost at the blocks' edges, which such a run is to show. */
  if (HeatOperatorBrokenHalo(state->op).every > 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (state->c->limits.balance == 0.0 || scheme == HEAT_SCHEME_STEADY || scheme == HEAT_SCHEME_TS)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(MemoryFits(h, state, survey, &h->has_balance));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthCreate(const HeatRunState *state, HeatSurvey *survey, HeatHealth **health)
{
  const HeatSummary *summary = HeatSurveySummary(survey);
  const PetscReal    end     = HeatClockEnd(&state->clock); /* NaN: not known */
  const PetscReal   *T;
  HeatHealth        *h;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&h));
  *health      = h;
  h->good_step = -1;
  PetscCall(VecGetArrayRead(state->T, &T));
  PetscCall(TakeFirst(h, state, survey, T));
  PetscCall(
      HeatReachOf(state->c, isnan(end) ? INFINITY : end, summary->min, summary->max, &h->reach));
  h->magnitude = PetscMax(PetscAbsReal(summary->min), PetscAbsReal(summary->max));
  PetscCall(StartBalance(h, state, survey));
  PetscCall(VecRestoreArrayRead(state->T, &T));
  if (state->c->limits.extremes && state->c->time.scheme != HEAT_SCHEME_STEADY &&
      HeatOperatorBrokenHalo(state->op).every == 0)
    h->tests_extremes = (PetscBool)(h->reach.has_low && h->reach.has_high);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatHealthDestroy(HeatHealth **health)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(*health));
  PetscFunctionReturn(PETSC_SUCCESS);
}
