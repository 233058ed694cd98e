/** The clock of a run (clock.h): where the next step ends, and whether a given time is reached.
 *
 *  The times of fixed steps and of outputs are products of a count and a length, never running
 *  sums, so that the bits do not depend on where a run was interrupted.  Products of different
 *  factors round differently, so two times are compared with a tolerance. */
#include "app/state/clock.h"

#include <math.h>

#include "solver/case/switches.h"

/* Part of a fixed step below which two times count as one.  Chosen: far above the rounding of the
   products, some 1e-16 of the time or 1e-10 of a step after 10^6 steps, so that no step is taken
   for the sake of rounding; a larger value would drop short steps that a case asks for. */
static const PetscReal negligible_part = 1e-9;

/* Order of the numbers in a checkpoint, as in HeatClockNumberNames. */
enum { FREE, POINT, BASE_POINT, BASE_TIME, LAST, BEFORE, SHORTEST, LONGEST, REJECTED };

const char *const HeatClockNumberNames[HEAT_CLOCK_NUMBERS] = {
    "clock_free",      "clock_point",    "base_step",     "base_time",     "clock_last_step",
    "clock_last_time", "clock_shortest", "clock_longest", "clock_rejected"};

void HeatClockStart(HeatClock *clock, const HeatCase *c, PetscBool free, PetscReal dt)
{
  const HeatClock fresh = {.steady   = (PetscBool)(c->time.scheme == HEAT_SCHEME_STEADY),
                           .free     = free,
                           .dt       = dt,
                           .end      = c->time.end,
                           .steps    = c->time.end < 0.0 ? c->time.steps : -1,
                           .interval = {c->output.snapshots_interval, c->output.history_interval}};

  *clock = fresh;
  if (clock->steady) {
    clock->dt    = 1.0;
    clock->steps = 1;
  }
}

/* Return the difference [s] below which two times count as one: 8 roundings of the present time
   (chosen: two products with two roundings each differ by fewer), and for fixed steps the
   negligible part of the step.  For free steps a part of the step is no measure, because a proposal
   can be longer than the whole run. */
static PetscReal Tolerance(const HeatClock *clock)
{
  const PetscReal rounding = 8.0 * PETSC_MACHINE_EPSILON * clock->time;
  const PetscReal step     = clock->end > 0.0 ? PetscMin(clock->dt, clock->end) : clock->dt;

  return clock->free ? rounding : PetscMax(rounding, negligible_part * step);
}

/* Return the difference [s] below which an event and another time count as one: rounding alone.  If
   the tolerance of other times were used, a step could begin just before a switch instead of at it,
   and use the value before the switch for the whole step. */
static PetscReal EventTolerance(const HeatClock *clock)
{
  return HeatEventsMargin(clock->events, clock->time);
}

/* Return the time of a point of the grid of fixed steps [s]. */
static PetscReal PointTime(const HeatClock *clock, PetscInt64 point)
{
  return clock->base_time + (PetscReal)(point - clock->base_point) * clock->dt;
}

void HeatClockSetEvents(HeatClock *clock, HeatEvents *events)
{
  clock->events         = events;
  clock->events_shorten = clock->steady || clock->free
                              ? PETSC_FALSE
                              : HeatEventsShorten(events, clock->time, clock->base_time, clock->dt,
                                                  HeatClockEnd(clock));
}

PetscBool HeatClockIsDone(const HeatClock *clock)
{
  if (clock->steps >= 0)
    return (clock->free ? clock->step : clock->point) >= clock->steps ? PETSC_TRUE : PETSC_FALSE;
  return clock->time + Tolerance(clock) >= clock->end ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatClockIsPastEnd(const HeatClock *clock)
{
  if (clock->steps >= 0)
    return (clock->free ? clock->step : clock->point) > clock->steps ? PETSC_TRUE : PETSC_FALSE;
  return clock->time > clock->end + Tolerance(clock) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether multiples of an interval are so close together that each step reaches one: closer
   than the tolerance or the negligible part of a step.  For free steps the step is the proposal,
   but at most the length of the run.  No step is shortened for such multiples. */
static PetscBool EachStepReaches(const HeatClock *clock, PetscReal interval)
{
  PetscReal step = clock->dt;

  if (clock->free) step = clock->steps < 0 ? PetscMin(step, PetscAbsReal(clock->end)) : 0.0;
  return interval <= PetscMax(Tolerance(clock), negligible_part * step) ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the first multiple of the interval that exceeds the present time by more than the
   tolerance [s]; PETSC_MAX_REAL where each step reaches one. */
static PetscReal NextMultiple(const HeatClock *clock, PetscReal interval)
{
  const PetscReal after = clock->time + Tolerance(clock);
  PetscReal       k     = PetscFloorReal(after / interval) + 1.0;

  if (EachStepReaches(clock, interval)) return PETSC_MAX_REAL;
  if ((k - 1.0) * interval > after) k -= 1.0; /* the quotient was rounded up */
  if (k * interval <= after) k += 1.0;
  return k * interval > after ? k * interval : PETSC_MAX_REAL;
}

/* A given time that the next step may not pass. */
typedef struct {
  PetscReal time;      /* [s]; PETSC_MAX_REAL: none */
  PetscReal tolerance; /* [s] difference below which a point of the grid is this time */
  PetscBool event;     /* a source or a side switches there */
} Given;

/* Return the time of the next output or of the end of the run [s], whichever is earlier.  If the
   two count as one, return the end, so that the run ends at exactly the time that the case
   gives. */
static PetscReal NextEndOrOutput(const HeatClock *clock)
{
  const PetscReal end  = clock->steps >= 0 ? PETSC_MAX_REAL : clock->end;
  PetscReal       next = PETSC_MAX_REAL;

  for (int k = 0; k < HEAT_OUTPUTS; k++)
    if (clock->interval[k] > 0.0) next = PetscMin(next, NextMultiple(clock, clock->interval[k]));
  return end <= next + Tolerance(clock) ? end : next;
}

/* Return the next given time: the next output or the end of the run, or an event within the next
   two steps that is earlier.  If an event and another time count as one, return the other time. */
static Given NextGiven(const HeatClock *clock)
{
  const PetscReal horizon = clock->time + 2.0 * clock->dt + Tolerance(clock);
  Given           next    = {NextEndOrOutput(clock), Tolerance(clock), PETSC_FALSE};

  if (!clock->events) return next;
  const PetscReal near  = EventTolerance(clock);
  const PetscReal event = HeatEventsNext(clock->events, clock->time + near, horizon);

  if (event == PETSC_MAX_REAL || event > next.time + near) return next;
  if (event < next.time - near) return (Given){event, near, PETSC_TRUE};
  next.event = PETSC_TRUE;
  return next;
}

/* Return whether fewer than 200 steps were taken since this process began or since the last event,
   so that the step may still be growing from a tiny one.  200: chosen, enough to double it 200
   times. */
static PetscBool StartsAnew(const HeatClock *clock)
{
  return clock->step - clock->anew_step < 200 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the next free step: the proposal, or up to the next given time if that is nearer.  If the
   time left until then is less than twice the proposal, the step covers half of it, so that no tiny
   step is left over.  The step is shorter where it would not resolve a formula of t.  In the first
   steps and after an event, it is long enough for time to advance: the proposal there follows from
   the heat that switches on, and can be below a rounding of the time. */
static HeatClockStep NextFree(const HeatClock *clock)
{
  const Given     given = NextGiven(clock);
  const PetscReal left  = given.time - clock->time;
  const PetscReal dt    = StartsAnew(clock) ? PetscMax(clock->dt, HeatSwitchesMargin(clock->time))
                                            : clock->dt;
  HeatClockStep   next  = {.dt = dt, .target = clock->time + dt, .point = clock->point + 1};

  if (left <= dt * (1.0 + negligible_part)) {
    next.dt     = left;
    next.target = given.time;
    next.event  = given.event;
  } else if (left < 2.0 * dt) {
    next.dt     = 0.5 * left;
    next.target = clock->time + next.dt;
  }
  if (clock->events) {
    const PetscReal to = HeatEventsFollow(clock->events, clock->time, next.target);

    if (to < next.target)
      next = (HeatClockStep){
          .dt = to - clock->time, .target = to, .point = next.point, .follows = PETSC_TRUE};
  }
  return next;
}

/* Return whether the present time is later than its point of the grid: by more than the tolerance,
   or, at an event, by more than rounding. */
static PetscBool IsOffGrid(const HeatClock *clock)
{
  const PetscReal beyond = clock->time - PointTime(clock, clock->point);

  if (beyond > Tolerance(clock)) return PETSC_TRUE;
  if (!clock->events || beyond <= EventTolerance(clock)) return PETSC_FALSE;
  const PetscReal near = EventTolerance(clock);

  return HeatEventsNext(clock->events, clock->time - 2.0 * near, clock->time + near) <=
                 clock->time + near
             ? PETSC_TRUE
             : PETSC_FALSE;
}

HeatClockStep HeatClockNext(const HeatClock *clock)
{
  HeatClockStep next = {.dt = clock->dt, .point = clock->point + 1};
  Given         given;

  if (clock->steady) return next;
  if (clock->free) return NextFree(clock);
  next.target = PointTime(clock, next.point);
  given       = NextGiven(clock);
  if (given.time < next.target - given.tolerance) {
    next.point  = clock->point;
    next.target = given.time;
    next.dt     = given.time - clock->time;
    next.event  = given.event;
    return next;
  }
  if (given.time <= next.target + given.tolerance) {
    next.target = given.time;
    next.event  = given.event;
  }
  /* A step from point to point has length dt exactly, so that the stepper need not set up again for
     a length that differs by rounding. */
  if (IsOffGrid(clock)) next.dt = next.target - clock->time;
  return next;
}

void HeatClockAdvance(HeatClock *clock, const HeatClockStep *asked, PetscReal taken,
                      PetscReal proposed, PetscInt64 rejected)
{
  /* 1e-14: chosen, some 50 roundings.  A step counts as taken in full if it is short by rounding
     only. */
  const PetscBool whole = taken >= asked->dt * (1.0 - 1e-14) ? PETSC_TRUE : PETSC_FALSE;

  clock->before = clock->time;
  clock->last   = taken;
  clock->time   = whole ? asked->target : clock->time + taken;
  clock->point  = asked->point;
  clock->step += 1;
  clock->rejected += rejected;
  clock->shortest = clock->longest == 0.0 ? taken : PetscMin(clock->shortest, taken);
  clock->longest  = PetscMax(clock->longest, taken);
  clock->at_event = whole && asked->event ? PETSC_TRUE : PETSC_FALSE;
  clock->n_events += clock->at_event;
  if (clock->at_event) clock->anew_step = clock->step;
  if (clock->free && proposed > 0.0) {
    /* After a step that follows a pulse the next one grows slowly, so that the error estimate sees
       the pulse's end, too.  2: chosen, the largest growth of multi-step schemes. */
    clock->dt = asked->follows ? PetscMin(proposed, 2.0 * taken) : proposed;
  }
}

void HeatClockPropose(HeatClock *clock, PetscReal dt)
{
  if (clock->free) clock->dt = dt;
}

/* The constants are chosen.  1e-12 of a run is a few thousand roundings of its time, and no run
   takes 1e12 steps.  A window of 1000 steps is longer than the start after an event, in which the
   step grows by a factor of ten in a few steps. */
PetscBool HeatClockHasCollapsed(HeatClock *clock, const HeatClockStep *next)
{
  const PetscReal  least_part = 1e-12, most_steps = 1e9;
  const PetscInt64 window = 1000;

  if (clock->steady) return PETSC_FALSE;
  if (!(next->target > clock->time)) return PETSC_TRUE;
  if (clock->free ? clock->end < 0.0 : !clock->events_shorten) return PETSC_FALSE;
  if (clock->free && clock->dt < least_part * clock->end && !StartsAnew(clock)) return PETSC_TRUE;
  if (clock->step - clock->window_step < window) return PETSC_FALSE;
  const PetscReal covered = clock->time - clock->window_time;
  const PetscReal rest    = (HeatClockEnd(clock) - clock->time) / covered *
                         (PetscReal)(clock->step - clock->window_step);
  /* Steps of the length that the case asks for are no collapse, however many they are. */
  const PetscReal asked = clock->free ? 0.0 : (HeatClockEnd(clock) - clock->time) / clock->dt;
  clock->window_step    = clock->step;
  clock->window_time    = clock->time;
  return rest > most_steps + 2.0 * asked ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatClockIsDue(const HeatClock *clock, HeatOutputKind kind)
{
  const PetscReal interval = clock->interval[kind];

  if (interval <= 0.0) return PETSC_FALSE;
  if (EachStepReaches(clock, interval)) return PETSC_TRUE;
  return PetscAbsReal(round(clock->time / interval) * interval - clock->time) <= Tolerance(clock)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscBool HeatClockPassed(const HeatClock *clock, PetscReal width)
{
  return PetscFloorReal(clock->time / width) > PetscFloorReal(clock->before / width) ? PETSC_TRUE
                                                                                     : PETSC_FALSE;
}

PetscReal HeatClockEnd(const HeatClock *clock)
{
  if (clock->steps < 0) return clock->end;
  return clock->free ? NAN : PointTime(clock, clock->steps);
}

PetscReal HeatClockFraction(const HeatClock *clock)
{
  PetscReal done;

  if (clock->steps < 0) done = clock->time / clock->end;
  else done = (PetscReal)(clock->free ? clock->step : clock->point) / (PetscReal)clock->steps;
  return PetscClipInterval(done, 0.0, 1.0);
}

/* Return whether all multiples of an interval lie on points of the grid of times, so that none
   shortens a step. */
static PetscBool FallsOnPoints(const HeatClock *clock, PetscReal interval)
{
  return interval <= 0.0 ||
                 (clock->base_time == 0.0 && HeatTimeGridHasMultiples(interval, clock->dt))
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscInt64 HeatClockExpectedSteps(const HeatClock *clock)
{
  if (clock->free) return clock->steps;
  if (clock->events_shorten) return -1;
  for (int k = 0; k < HEAT_OUTPUTS; k++) {
    if (!FallsOnPoints(clock, clock->interval[k])) return -1;
  }
  if (clock->steps >= 0) return clock->step + PetscMax(clock->steps - clock->point, 0);
  if (HeatClockIsDone(clock)) return clock->step;
  return clock->step +
         (PetscInt64)PetscCeilReal((clock->end - PointTime(clock, clock->point)) / clock->dt -
                                   negligible_part);
}

void HeatClockSave(const HeatClock *clock, PetscReal numbers[HEAT_CLOCK_NUMBERS])
{
  numbers[FREE]       = clock->free ? 1.0 : 0.0;
  numbers[POINT]      = (PetscReal)clock->point;
  numbers[BASE_POINT] = (PetscReal)clock->base_point;
  numbers[BASE_TIME]  = clock->base_time;
  numbers[LAST]       = clock->last;
  numbers[BEFORE]     = clock->before;
  numbers[SHORTEST]   = clock->shortest;
  numbers[LONGEST]    = clock->longest;
  numbers[REJECTED]   = (PetscReal)clock->rejected;
}

static PetscReal NumberOr(PetscReal number, PetscReal fallback)
{
  return PetscIsNanReal(number) ? fallback : number;
}

void HeatClockResume(HeatClock *clock, PetscBool same, PetscInt64 step, PetscReal time,
                     PetscReal dt, const PetscReal numbers[HEAT_CLOCK_NUMBERS])
{
  const PetscBool was_free = NumberOr(numbers[FREE], 0.0) != 0.0 ? PETSC_TRUE : PETSC_FALSE;

  clock->step       = step;
  clock->anew_step  = step;
  clock->time       = time;
  clock->point      = (PetscInt64)NumberOr(numbers[POINT], (PetscReal)step);
  clock->base_point = (PetscInt64)NumberOr(numbers[BASE_POINT], 0.0);
  clock->base_time  = NumberOr(numbers[BASE_TIME], 0.0);
  clock->last       = NumberOr(numbers[LAST], 0.0);
  clock->before     = NumberOr(numbers[BEFORE], time);
  clock->shortest   = NumberOr(numbers[SHORTEST], 0.0);
  clock->longest    = NumberOr(numbers[LONGEST], 0.0);
  clock->rejected   = (PetscInt64)NumberOr(numbers[REJECTED], 0.0);
  if (clock->free && was_free && same) {
    clock->dt = dt;
  } else if (clock->free || was_free || dt != clock->dt) {
    clock->base_point = clock->point;
    clock->base_time  = time;
  }
}
