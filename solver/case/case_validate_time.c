/** Rules for the section `time`.  There are three kinds of time-stepping schemes: those whose step
 *  is limited by stability (ftcs, rkl2), those that can control the error of a step (bdf2, esdirk,
 *  ts:TYPE), and the others (backward-euler, crank-nicolson), whose step must be given.  The
 *  scheme steady takes no time step at all. */
#include "solver/case/case_validate.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

#include "solver/base/number_text.h"
#include "solver/case/petsc_rules.h"
#include "solver/case/time_grid.h"

/* Check that a steady case has no time step, end or number of steps. */
static PetscErrorCode ValidateSteady(const HeatValidation *k)
{
  const HeatCase   *c        = k->c;
  const char *const keys[]   = {"time.step", "time.end", "time.steps"};
  const PetscBool   given[3] = {(PetscBool)(c->time.step_auto || c->time.step != 0.0),
                                (PetscBool)(c->time.end >= 0.0), (PetscBool)(c->time.steps >= 0)};

  PetscFunctionBeginUser;
  for (int i = 0; i < 3; i++) {
    HeatCaseCheckKey(!given[i], k->comm, c, keys[i],
                     "has no meaning for scheme steady, which takes no time step; remove it");
  }
  HeatCaseCheckKey(c->time.n_events == 0, k->comm, c, "time.events",
                   "has no meaning for scheme steady, which takes no time step; remove it");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check the keys of time.adaptive.  `controlled`: the scheme can control the error of a step. */
static PetscErrorCode ValidateAdaptive(const HeatValidation *k, PetscBool controlled)
{
  const HeatCase *c   = k->c;
  const PetscReal min = c->time.adaptive.min, max = c->time.adaptive.max, step = c->time.step;
  const PetscBool given = (PetscBool)(c->time.adaptive.tolerance != 0.0 || min != 0.0 ||
                                      max != 0.0 || c->time.adaptive.absolute != 0.0);
  char            scheme[64];

  PetscFunctionBeginUser;
  HeatCaseCheckKey(controlled || !given, k->comm, c, "time.adaptive",
                   "has no meaning for scheme %s; bdf2, esdirk and ts:TYPE control the error of a "
                   "step",
                   HeatCaseSchemeName(c, scheme, sizeof scheme));
  if (!given) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(isfinite(c->time.adaptive.tolerance) && c->time.adaptive.tolerance > 0.0,
                   k->comm, c, "time.adaptive.tolerance", "found %g; it must be greater than 0",
                   c->time.adaptive.tolerance);
  HeatCaseCheckKey(c->time.steps < 0, k->comm, c, "time.steps",
                   "has no meaning for an error-controlled step, since the number of steps is not "
                   "known in advance; give end in seconds");
  HeatCaseCheckKey(max == 0.0 || min <= max, k->comm, c, "time.adaptive.max_step",
                   "found %s, which is less than min_step, %s", HeatNumber(max), HeatNumber(min));
  HeatCaseCheckKey(
      step == 0.0 || (step >= min && (max == 0.0 || step <= max)), k->comm, c, "time.step",
      "found %s; the first step must lie between adaptive.min_step and max_step", HeatNumber(step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check time.step: a positive number, or auto where the scheme can choose its step. */
static PetscErrorCode ValidateStep(const HeatValidation *k, PetscBool controlled)
{
  const HeatCase *c         = k->c;
  const PetscBool automatic = c->time.step_auto;
  const PetscBool bounded   = (PetscBool)(c->time.scheme == HEAT_SCHEME_FTCS ||
                                        c->time.scheme == HEAT_SCHEME_RKL2);
  char            scheme[64];

  PetscFunctionBeginUser;
  HeatCaseSchemeName(c, scheme, sizeof scheme);
  HeatCaseCheckKey(!automatic || bounded || controlled, k->comm, c, "time.step",
                   "auto has no meaning for scheme %s, which neither has a stability limit nor "
                   "controls its error; give a number of seconds, or choose bdf2 or esdirk",
                   scheme);
  HeatCaseCheckKey(automatic || c->time.step != 0.0, k->comm, c, "time.step",
                   "missing; scheme %s needs a time step in seconds%s", scheme,
                   bounded      ? ", or auto"
                   : controlled ? ", auto, or time.adaptive"
                                : "");
  HeatCaseCheckKey(automatic || (isfinite(c->time.step) && c->time.step > 0.0), k->comm, c,
                   "time.step", "found %g; it must be greater than 0", c->time.step);
  HeatCaseCheckKey(automatic || c->time.step >= DBL_MIN, k->comm, c, "time.step",
                   "found %g; it must be at least %g, the smallest number of full precision",
                   c->time.step, DBL_MIN);
  HeatCaseCheckKey(automatic || c->time.step <= HEAT_LARGEST, k->comm, c, "time.step",
                   "found %g; it must be at most %g", c->time.step, HEAT_LARGEST);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that the steps to time.end can be counted: steps of the given length, or controlled steps
   that are all as long as the longest one may be. */
static PetscErrorCode ValidateCount(const HeatValidation *k)
{
  const HeatCase *c          = k->c;
  const PetscBool controlled = (PetscBool)(c->time.adaptive.tolerance != 0.0 || c->time.step_auto);
  const PetscReal step       = controlled ? c->time.adaptive.max : c->time.step;

  PetscFunctionBeginUser;
  if (step <= 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(HeatTimeGridCounts(ceil(c->time.end / step)), k->comm, c,
                   controlled ? "time.adaptive.max_step" : "time.step",
                   "found %g, which makes %s%g steps; take longer steps, or an earlier time.end",
                   step, controlled ? "at least " : "", ceil(c->time.end / step));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Check that exactly one of time.end and time.steps is given, and that steps can be counted. */
static PetscErrorCode ValidateEnd(const HeatValidation *k)
{
  const HeatCase *c = k->c;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(!(c->time.end >= 0.0 && c->time.steps >= 0), k->comm, c, "time.steps",
                   "given together with time.end; give one of the two");
  HeatCaseCheckKey(c->time.end >= 0.0 || c->time.steps >= 0, k->comm, c, "time",
                   "neither end nor steps is given; give end in seconds, or steps");
  HeatCaseCheckKey(c->time.steps != 0, k->comm, c, "time.steps", "found 0; it must be at least 1");
  HeatCaseCheckKey(c->time.steps < 0 || HeatTimeGridCounts((PetscReal)c->time.steps), k->comm, c,
                   "time.steps",
                   "found %" PetscInt_FMT "; after so many steps a step would be lost in the "
                   "rounding of the time; take fewer and longer ones",
                   c->time.steps);
  HeatCaseCheckKey(c->time.steps < 0 || (PetscReal)c->time.steps * c->time.step <= HEAT_LARGEST,
                   k->comm, c, "time.steps",
                   "found %" PetscInt_FMT ", which end at %g s; the last time must be at most %g s",
                   c->time.steps, (PetscReal)c->time.steps * c->time.step, HEAT_LARGEST);
  if (c->time.end < 0.0) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(isfinite(c->time.end) && c->time.end > 0.0, k->comm, c, "time.end",
                   "found %g; it must be greater than 0", c->time.end);
  HeatCaseCheckKey(c->time.end <= HEAT_LARGEST, k->comm, c, "time.end",
                   "found %g; it must be at most %g", c->time.end, HEAT_LARGEST);
  PetscCall(ValidateCount(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static int CompareTimes(const void *a, const void *b)
{
  const PetscReal s = *(const PetscReal *)a, t = *(const PetscReal *)b;

  return (s > t) - (s < t);
}

/* Check time.events and sort them. */
static PetscErrorCode ValidateEvents(const HeatValidation *k)
{
  HeatCase *c = k->c;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < c->time.n_events; i++)
    HeatCaseCheckKey(isfinite(c->time.events[i]) && c->time.events[i] >= 0.0, k->comm, c,
                     "time.events", "found %g; an event is a time in seconds, 0 or more",
                     c->time.events[i]);
  if (c->time.n_events > 0)
    qsort(c->time.events, (size_t)c->time.n_events, sizeof *c->time.events, CompareTimes);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ValidateIntegrator(const HeatValidation *k)
{
  const char *type    = k->c->time.ts_type;
  const char *refused = HeatPetscIntegratorRefused(type);

  PetscFunctionBeginUser;
  HeatCaseCheckKey(!refused, k->comm, k->c, "time.scheme", "found ts:%s, which %s", type, refused);
  HeatCaseCheckKey(HeatPetscListHas(HeatPetscIntegrators(), type), k->comm, k->c, "time.scheme",
                   "found ts:%.40s; TYPE must be one of %s", type, HeatPetscIntegrators());
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatValidateTime(const HeatValidation *k)
{
  const HeatScheme scheme     = k->c->time.scheme;
  const PetscBool  controlled = HeatSchemeControlsError(scheme);

  PetscFunctionBeginUser;
  if (scheme == HEAT_SCHEME_TS) PetscCall(ValidateIntegrator(k));
  PetscCall(ValidateAdaptive(k, controlled));
  PetscCall(ValidateEvents(k));
  if (scheme == HEAT_SCHEME_STEADY) PetscCall(ValidateSteady(k));
  else PetscCall(ValidateStep(k, controlled));
  if (scheme != HEAT_SCHEME_STEADY) PetscCall(ValidateEnd(k));
  PetscFunctionReturn(PETSC_SUCCESS);
}
