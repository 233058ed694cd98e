/** Entry `events`: what switches at a time releases exactly its heat, in every scheme, and
 *  error-controlled steps do not miss a smooth pulse that is far shorter than a step.
 *
 *  An insulated body with rho c = 2 J/(m3 K) is heated everywhere by q(t) [W/m3], so that it
 *  stays uniform and its temperature rises by the integral of q over time, divided by rho c.
 *  The switching times are not multiples of the step.  A scheme whose step spans a switching time,
 *  or that evaluates the source on the wrong side of it, releases a wrong amount of heat. */
#include "app/state/clock.h"
#include "app/verify/verify_entries.h"

static const char events_case[] =
    "grid: {cells: [4, 4], x: [0.0, 1.0], y: [0.0, 1.0]}\n"
    "materials: [{name: m, conductivity: 1.0, density: 1.0, specific_heat: 2.0}]\n"
    "initial: {temperature: 300.0}\n"
    "time: {scheme: backward-euler, step: 0.7, end: 30.0}\n"
    "solver: {tolerance: 1e-13, preconditioner: jacobi}\n";

/* Sources and the rise of the temperature after 30 s. */
static const struct {
  const char *what, *source;
  PetscReal   rise; /* [K] */
} drives[] = {
    {"on for ten seconds", "4*(t < 10)", 20.0},
    {"a pulse", "1000*(t > 20.1)*(t < 20.2)", 50.0},
    {"a duty cycle", "2*(t - 5*floor(t/5) < 1)", 6.0},
    {"a choice and a triangle", "t < 15 ? 1 : 3 + 4*max(0, 1 - abs(t - 20))", 32.0},
    {"a decay after a switch", "8*exp(-2*(t - 3))*(t >= 3)", 2.0},
};

/* A pulse without a jump, 0.01 s long: its heat is the integral 4000 exp(-((t - 20.1)/0.01)^2),
   so that the rise is 2000 * 0.01 sqrt(pi). */
static const char smooth_pulse[] = "source=\"4000*exp(-((t - 20.1)/0.01)^2)\"";

/* Take the steps of the case with a clock and events, as a run does. */
static PetscErrorCode RunWithClock(HeatVerifyProblem *p)
{
  HeatClock   clock;
  HeatEvents *events;
  PetscReal   dt = p->dt;

  PetscFunctionBeginUser;
  if (HeatStepperIsAdaptive(p->stepper))
    PetscCall(HeatStepperFirstStep(p->stepper, 0.0, p->T, &dt));
  HeatClockStart(&clock, p->c, HeatStepperIsAdaptive(p->stepper), dt);
  PetscCall(HeatEventsCreate(p->c, &events));
  HeatClockSetEvents(&clock, events);
  while (!HeatClockIsDone(&clock)) {
    const HeatClockStep step = HeatClockNext(&clock);

    PetscCall(HeatStepperAdvance(p->stepper, clock.time, step.dt, &p->T, &p->last));
    HeatEnergyAddStep(&p->energy, &p->last);
    HeatClockAdvance(&clock, &step, p->last.dt, p->last.next, p->last.rejected);
    if (!clock.at_event) continue;
    PetscCall(HeatStepperBeginAnew(p->stepper, clock.time, p->T, &dt));
    if (dt > 0.0) HeatClockPropose(&clock, dt);
  }
  PetscCall(HeatEventsDestroy(&events));
  p->t = clock.time;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure how far the temperature is from 300 K and a rise, for one scheme and the source that is
   set. */
static PetscErrorCode MeasureRise(HeatVerify *v, PetscReal rise, const char *scheme,
                                  PetscReal *error)
{
  HeatVerifyProblem *p;
  PetscReal          value;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time.scheme=%s", scheme));
  PetscCall(HeatVerifyOpen(v, events_case, &p));
  PetscCall(RunWithClock(p));
  PetscCall(HeatVerifyPoint(p, 0.5, 0.5, &value));
  *error = PetscAbsReal(value - (300.0 + rise));
  PetscCall(HeatVerifyClose(v, &p));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Measure the error of the rise for one drive and scheme. */
static PetscErrorCode MeasureDrive(HeatVerify *v, size_t drive, const char *scheme,
                                   PetscReal *error)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "source=\"%s\"", drives[drive].source));
  PetscCall(MeasureRise(v, drives[drive].rise, scheme, error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Error-controlled steps of some seconds do not miss the smooth pulse.  The bound is the tolerated
   error of a step, 1e-4 of the range of 35 K, times some ten steps that feel the pulse. */
static PetscErrorCode VerifySmoothPulse(HeatVerify *v)
{
  static const char *const schemes[] = {"bdf2", "esdirk"};

  PetscFunctionBeginUser;
  for (size_t s = 0; s < PETSC_STATIC_ARRAY_LENGTH(schemes); s++) {
    PetscReal error;

    PetscCall(HeatVerifySet(v, "%s", smooth_pulse));
    PetscCall(HeatVerifySet(v, "time.step=auto"));
    PetscCall(HeatVerifySet(v, "time.adaptive.tolerance=1e-4"));
    PetscCall(MeasureRise(v, 20.0 * PetscSqrtReal(PETSC_PI), schemes[s], &error));
    PetscCall(
        HeatVerifyBelow(v, error, 0.035, "a smooth pulse, %s: error of the rise [K]", schemes[s]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Drives that are constant between their events are exact in every scheme, to rounding and the
   solver's tolerance.  The others are measured with rkl2 alone, which releases the mean of a source
   over the step by Lobatto's rule (solver/case/time_line.h): exact for the triangle, which is
   linear between its events. */
PetscErrorCode HeatVerifyEvents(HeatVerify *v)
{
  static const char *const schemes[] = {"ftcs",           "rkl2", "backward-euler",
                                        "crank-nicolson", "bdf2", "esdirk"};
  const size_t             constant  = 3; /* drives that are constant between their events */
  const size_t             n         = PETSC_STATIC_ARRAY_LENGTH(schemes);

  PetscFunctionBeginUser;
  for (size_t drive = 0; drive < constant; drive++) {
    PetscReal worst = 0.0;

    for (size_t s = 0; s < n; s++) {
      PetscReal error;

      if (s == 0) PetscCall(HeatVerifySet(v, "time.step=0.013")); /* below ftcs's limit */
      PetscCall(MeasureDrive(v, drive, schemes[s], &error));
      if (!(error <= worst)) worst = error;
    }
    PetscCall(HeatVerifyBelow(v, worst, 1e-8, "%s: error of the rise, fixed steps [K]",
                              drives[drive].what));
    worst = 0.0;
    for (size_t s = n - 2; s < n; s++) {
      PetscReal error;

      PetscCall(HeatVerifySet(v, "time.step=auto"));
      PetscCall(HeatVerifySet(v, "time.adaptive.tolerance=0.1"));
      PetscCall(MeasureDrive(v, drive, schemes[s], &error));
      if (!(error <= worst)) worst = error;
    }
    PetscCall(HeatVerifyBelow(v, worst, 1e-8, "%s: error of the rise, controlled steps [K]",
                              drives[drive].what));
  }
  for (size_t drive = constant; drive < PETSC_STATIC_ARRAY_LENGTH(drives); drive++) {
    PetscReal error;

    PetscCall(MeasureDrive(v, drive, "rkl2", &error));
    /* Lobatto's rule of five points over 0.7 s leaves 1e-5 of 8 exp(-2 t)/2. */
    PetscCall(
        HeatVerifyBelow(v, error, 1e-4, "%s: error of the rise, rkl2 [K]", drives[drive].what));
  }
  PetscCall(VerifySmoothPulse(v));
  PetscFunctionReturn(PETSC_SUCCESS);
}
