/* The clock (see the header). */
#include "app/run/clock.h"

#include <math.h>

static const PetscReal remainder_of_a_step = 1e-9; /* less of it is none */

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

/* Times nearer than this are one: what rounds differently as products of other numbers, and for
   fixed steps what is no step.  Proposals can be longer than all that is left, so they do not
   count. */
static PetscReal Tolerance(const HeatClock *clock)
{
  const PetscReal rounding = 8.0 * PETSC_MACHINE_EPSILON * clock->time;

  return clock->free ? rounding : PetscMax(rounding, remainder_of_a_step * clock->dt);
}

static PetscReal PointTime(const HeatClock *clock, PetscInt64 point)
{
  return clock->base_time + (PetscReal)(point - clock->base_point) * clock->dt;
}

PetscBool HeatClockIsDone(const HeatClock *clock)
{
  if (clock->steps >= 0)
    return (clock->free ? clock->step : clock->point) >= clock->steps ? PETSC_TRUE : PETSC_FALSE;
  return clock->time + Tolerance(clock) >= clock->end ? PETSC_TRUE : PETSC_FALSE;
}

/* The first multiple of the interval that is behind the present time by more than the tolerance. */
static PetscReal NextMultiple(const HeatClock *clock, PetscReal interval)
{
  PetscReal k = PetscMax(PetscFloorReal(clock->time / interval), 0.0);

  while (k * interval <= clock->time + Tolerance(clock)) k += 1.0;
  return k * interval;
}

/* The time of the next event, PETSC_MAX_REAL where there is none; of those that are one, the end's
   comes first. */
static PetscReal NextEvent(const HeatClock *clock)
{
  PetscReal times[1 + HEAT_EVENTS], first = PETSC_MAX_REAL;

  times[0] = clock->steps >= 0 ? PETSC_MAX_REAL : clock->end;
  for (int e = 0; e < HEAT_EVENTS; e++) {
    times[1 + e] = clock->interval[e] > 0.0 ? NextMultiple(clock, clock->interval[e])
                                            : PETSC_MAX_REAL;
  }
  for (int e = 0; e <= HEAT_EVENTS; e++) first = PetscMin(first, times[e]);
  for (int e = 0; e <= HEAT_EVENTS; e++) {
    if (times[e] <= first + Tolerance(clock)) return times[e];
  }
  return first;
}

static HeatClockStep NextFree(const HeatClock *clock)
{
  const PetscReal event = NextEvent(clock), left = event - clock->time;
  HeatClockStep   next = {clock->dt, clock->time + clock->dt, clock->point + 1};

  if (left <= clock->dt * (1.0 + remainder_of_a_step)) {
    next.dt     = left;
    next.target = event;
  } else if (left < 2.0 * clock->dt) {
    next.dt     = 0.5 * left;
    next.target = clock->time + next.dt;
  }
  return next;
}

HeatClockStep HeatClockNext(const HeatClock *clock)
{
  const PetscReal tolerance = Tolerance(clock);
  HeatClockStep   next      = {clock->dt, 0.0, clock->point + 1};
  PetscReal       event;

  if (clock->steady) return next;
  if (clock->free) return NextFree(clock);
  next.target = PointTime(clock, next.point);
  event       = NextEvent(clock);
  if (event < next.target - tolerance) {
    next.point  = clock->point;
    next.target = event;
    next.dt     = event - clock->time;
    return next;
  }
  if (event <= next.target + tolerance) next.target = event;
  /* A whole step has the same bits whatever the time. */
  if (clock->time > PointTime(clock, clock->point) + tolerance) next.dt = next.target - clock->time;
  return next;
}

void HeatClockAdvance(HeatClock *clock, const HeatClockStep *asked, PetscReal taken,
                      PetscReal proposed, PetscInt64 rejected)
{
  const PetscBool whole = taken >= asked->dt * (1.0 - 1e-14) ? PETSC_TRUE : PETSC_FALSE;

  clock->before = clock->time;
  clock->last   = taken;
  clock->time   = whole ? asked->target : clock->time + taken;
  clock->point  = asked->point;
  clock->step += 1;
  clock->rejected += rejected;
  clock->shortest = clock->longest == 0.0 ? taken : PetscMin(clock->shortest, taken);
  clock->longest  = PetscMax(clock->longest, taken);
  if (clock->free && proposed > 0.0) clock->dt = proposed;
}

PetscBool HeatClockIsDue(const HeatClock *clock, HeatEvent event)
{
  const PetscReal interval = clock->interval[event];

  if (interval <= 0.0) return PETSC_FALSE;
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

/* Whether the events of an interval all lie on points of the grid of times. */
static PetscBool FallsOnPoints(const HeatClock *clock, PetscReal interval)
{
  const PetscReal points = round(interval / clock->dt);

  return interval <= 0.0 || (points >= 1.0 && clock->base_time == 0.0 &&
                             PetscAbsReal(points * clock->dt - interval) <= 1e-12 * interval)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscInt64 HeatClockExpectedSteps(const HeatClock *clock)
{
  if (clock->free) return clock->steps;
  for (int e = 0; e < HEAT_EVENTS; e++) {
    if (!FallsOnPoints(clock, clock->interval[e])) return -1;
  }
  if (clock->steps >= 0) return clock->step + PetscMax(clock->steps - clock->point, 0);
  if (HeatClockIsDone(clock)) return clock->step;
  return clock->step +
         (PetscInt64)PetscCeilReal((clock->end - PointTime(clock, clock->point)) / clock->dt -
                                   remainder_of_a_step);
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

static PetscReal Or(PetscReal number, PetscReal fallback)
{
  return PetscIsNanReal(number) ? fallback : number;
}

void HeatClockResume(HeatClock *clock, PetscBool same, PetscInt64 step, PetscReal time,
                     PetscReal dt, const PetscReal numbers[HEAT_CLOCK_NUMBERS])
{
  const PetscBool was_free = Or(numbers[FREE], 0.0) != 0.0 ? PETSC_TRUE : PETSC_FALSE;

  clock->step       = step;
  clock->time       = time;
  clock->point      = (PetscInt64)Or(numbers[POINT], (PetscReal)step);
  clock->base_point = (PetscInt64)Or(numbers[BASE_POINT], 0.0);
  clock->base_time  = Or(numbers[BASE_TIME], 0.0);
  clock->last       = Or(numbers[LAST], 0.0);
  clock->before     = Or(numbers[BEFORE], time);
  clock->shortest   = Or(numbers[SHORTEST], 0.0);
  clock->longest    = Or(numbers[LONGEST], 0.0);
  clock->rejected   = (PetscInt64)Or(numbers[REJECTED], 0.0);
  if (clock->free && was_free && same) {
    clock->dt = dt;
  } else if (clock->free || was_free || dt != clock->dt) {
    clock->base_point = clock->point;
    clock->base_time  = time;
  }
}
