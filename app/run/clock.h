/** The clock of a run: the present time, how many steps were taken, and how long the next one is.
 *
 *  Fixed steps lie on a grid of times, base_time + (point - base_point) * dt, computed as a
 *  product, so that a restarted run has the same bits.  A step is cut where an event lies before
 *  the next point of that grid: the end, and the multiples of the intervals of snapshots and
 *  history.  The time is then the event's own, bit for bit, and the next step goes on to the same
 *  point of the grid as if nothing had been.  `steps` counts points of the grid, so that what is
 *  written never changes what is simulated.
 *
 *  Free steps, those that the error or a changing stability limit controls, take what the stepper
 *  proposes, up to the next event; nearer than twice the proposal they go halfway, so that no
 *  sliver is left.
 *
 *  Where less than 1e-9 of a fixed step would remain there is no step: events, grid points and the
 *  end that are so near are one.  Plain data; nothing here is collective. */
#ifndef HEAT_APP_CLOCK_H
#define HEAT_APP_CLOCK_H

#include "solver/case/case.h"

typedef enum { HEAT_EVENT_SNAPSHOT, HEAT_EVENT_HISTORY, HEAT_EVENTS } HeatEvent;

typedef struct {
  PetscBool  steady, free;
  PetscReal  dt;                    /* [s] of the grid of times; free: proposed; steady: 1 */
  PetscReal  end;                   /* [s]; negative: `steps` decides */
  PetscInt64 steps;                 /* points to reach (free: steps to take); -1: `end` decides */
  PetscReal  interval[HEAT_EVENTS]; /* [s]; 0: none */

  PetscInt64 step;              /* steps taken */
  PetscReal  time;              /* [s] */
  PetscInt64 point;             /* the last point of the grid that was passed; free: step */
  PetscInt64 base_point;        /* where the grid was begun: 0, or at a restart with other steps */
  PetscReal  base_time;         /* [s] */
  PetscReal  before, last;      /* [s] time before the last step, and its length; 0 at the start */
  PetscReal  shortest, longest; /* [s] of the steps taken; 0 at the start */
  PetscInt64 rejected;          /* attempts given up */
} HeatClock;

/** The step to come. */
typedef struct {
  PetscReal  dt;     /* [s] to ask for */
  PetscReal  target; /* [s] the time after it, if it is taken as asked */
  PetscInt64 point;  /* likewise */
} HeatClockStep;

/** At time 0.  @param[in] dt  [s] the fixed step, or the first one to propose */
void HeatClockStart(HeatClock *clock, const HeatCase *c, PetscBool free, PetscReal dt);

/** Whether nothing is left to do. */
PetscBool HeatClockIsDone(const HeatClock *clock);

/** The step to come; only where something is left to do. */
HeatClockStep HeatClockNext(const HeatClock *clock);

/** A step was taken.
 *  @param[in] taken     [s] its length, at most what was asked for
 *  @param[in] proposed  [s] by the stepper for the next one; 0: none
 *  @param[in] rejected  attempts given up before it */
void HeatClockAdvance(HeatClock *clock, const HeatClockStep *asked, PetscReal taken,
                      PetscReal proposed, PetscInt64 rejected);

/** Whether the present time is a multiple of the interval of an event, 0 included. */
PetscBool HeatClockIsDue(const HeatClock *clock, HeatEvent event);

/** Whether the last step passed, or reached, a multiple of `width` [s]. */
PetscBool HeatClockPassed(const HeatClock *clock, PetscReal width);

/** The time at which the run ends [s]; NaN where free steps are counted. */
PetscReal HeatClockEnd(const HeatClock *clock);

/** How much of the run is done, 0 to 1. */
PetscReal HeatClockFraction(const HeatClock *clock);

/** Steps of the whole run, those taken included; -1 where nobody can know. */
PetscInt64 HeatClockExpectedSteps(const HeatClock *clock);

/** What a restart needs besides step and time, by name. */
enum { HEAT_CLOCK_NUMBERS = 9 };
extern const char *const HeatClockNumberNames[HEAT_CLOCK_NUMBERS];
void HeatClockSave(const HeatClock *clock, PetscReal numbers[HEAT_CLOCK_NUMBERS]);

/** Go on from a checkpoint, on a clock that was started.  With the same fixed step the grid of
 *  times goes on; with another one it begins anew at the present time; a run of free steps goes on
 *  with the step that was proposed.
 *  @param[in] same     the checkpoint is of the same scheme
 *  @param[in] dt       [s] the step that the checkpoint says was to come
 *  @param[in] numbers  as saved; NaN for one that the checkpoint does not hold */
void HeatClockResume(HeatClock *clock, PetscBool same, PetscInt64 step, PetscReal time,
                     PetscReal dt, const PetscReal numbers[HEAT_CLOCK_NUMBERS]);

#endif
