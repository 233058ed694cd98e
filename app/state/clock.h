/** The clock of a run: the present time, the number of steps taken, and the length of the next
 *  step.
 *
 *  Fixed steps lie on a grid of times
 *      t(point) = base_time + (point - base_point) * dt
 *  that is computed as a product, not as a running sum, so that a restarted run gets the same
 *  bits.  A step must end exactly at certain times: at the end of the run, at output times (the
 *  multiples of the intervals of snapshots and history rows), and at events, at which a source
 *  or a side switches (solver/case/events.h).  Such a given time between two points of the grid
 *  shortens the step: the step ends at the given time, bit for bit, and the following step ends at
 *  the next point of the grid:
 *
 *      points   |-------------|-------------|-------------|
 *      event                       E
 *      steps    |-------------|----|--------|-------------|
 *
 *  `time.steps` of a case counts points of the grid, not steps, so that output times and events
 *  do not change the time at which a run ends.
 *
 *  Free steps are those whose length the stepper proposes, from an error estimate or from a
 *  stability limit that changes with the field.  A free step has the proposed length, or
 *  ends at the next given time if that is nearer.  If the time left until the given time is less
 *  than twice the proposal, the step covers half of it, so that no tiny step is left over.
 *
 *  Times that differ by less than 1e-9 of a fixed step, or by rounding, count as one time: outputs
 *  and points of the grid so close to each other are reached by one step.  Events count as one with
 *  another time only within rounding.
 *
 *  Plain data; no function is collective, and the numbers are the same on all ranks. */
#ifndef HEAT_APP_CLOCK_H
#define HEAT_APP_CLOCK_H

#include "solver/case/events.h"
#include "solver/case/time_grid.h"

/** Outputs that recur at an interval of simulated time. */
typedef enum { HEAT_OUTPUT_SNAPSHOT, HEAT_OUTPUT_HISTORY, HEAT_OUTPUTS } HeatOutputKind;

/** The state of the clock.  Other modules read the members; only the functions below change
 *  them. */
typedef struct {
  PetscBool   steady; /* the steady state is computed: one solve counts as one step, time stays 0 */
  PetscBool   free;   /* the stepper proposes the length of each step */
  PetscReal   dt;     /* [s] fixed step; free: proposal for the next step; steady: 1, no unit */
  PetscReal   end;    /* [s] when the run ends; negative: `steps` ends it */
  PetscInt64  steps; /* points of the grid to reach (free: steps to take); -1: `end` ends the run */
  PetscReal   interval[HEAT_OUTPUTS]; /* [s] between outputs of each kind; 0: none by time */
  HeatEvents *events;                 /* borrowed; NULL: none */
  PetscBool   events_shorten;         /* some event lies between points of the grid of times */

  PetscInt64 step;       /* number of steps taken since t = 0 */
  PetscReal  time;       /* [s] present time */
  PetscInt64 point;      /* last point of the grid at or before `time`; free: rises by 1 a step */
  PetscInt64 base_point; /* point at base_time: 0, or where a restart changed the step */
  PetscReal  base_time;  /* [s] origin of the grid of times */
  PetscReal  before;     /* [s] time before the last step; 0 at the start */
  PetscReal  last;       /* [s] length of the last step; 0 at the start */
  PetscReal  shortest;   /* [s] shortest step taken; 0 before the first one */
  PetscReal  longest;    /* [s] longest step taken; 0 before the first one */
  PetscInt64 rejected;   /* attempts at free steps that were repeated with a shorter step */
  PetscBool  at_event;   /* the last step ended at an event */
  PetscInt64 n_events;   /* events reached by this process */
  PetscInt64 anew_step;  /* step at which this process began, or of the last event if later */

  PetscInt64 window_step; /* step and time at which HeatClockHasCollapsed compared last */
  PetscReal  window_time; /* [s] */
} HeatClock;

/** A step that is still to be taken. */
typedef struct {
  PetscReal  dt;      /* [s] length to ask the stepper for */
  PetscReal  target;  /* [s] time after the step if it is taken in full */
  PetscInt64 point;   /* point of the grid after the step */
  PetscBool  event;   /* whether `target` is an event */
  PetscBool  follows; /* whether the step is shortened to follow a formula of t */
} HeatClockStep;

/** Set the clock to time 0 and read end, steps and intervals from the case.
 *  @param[in] free  whether the stepper proposes the length of each step
 *  @param[in] dt    [s] the fixed step, or the first proposal; ignored for a steady case */
void HeatClockStart(HeatClock *clock, const HeatCase *c, PetscBool free, PetscReal dt);

/** Set the events of the case, which the clock borrows.  Call it after HeatClockStart or
 *  HeatClockResume, which set the grid of times. */
void HeatClockSetEvents(HeatClock *clock, HeatEvents *events);

/** Return whether the run has reached its end. */
PetscBool HeatClockIsDone(const HeatClock *clock);

/** Return whether the present time is later than the end that the case gives, as after a restart
 *  from a later checkpoint. */
PetscBool HeatClockIsPastEnd(const HeatClock *clock);

/** Return the next step.  The run must not be at its end. */
HeatClockStep HeatClockNext(const HeatClock *clock);

/** Advance the clock by a step that was taken.
 *  @param[in] asked     the step as HeatClockNext returned it
 *  @param[in] taken     [s] its length, at most asked->dt
 *  @param[in] proposed  [s] the stepper's proposal for the next step; 0: none
 *  @param[in] rejected  attempts that the stepper repeated with a shorter step */
void HeatClockAdvance(HeatClock *clock, const HeatClockStep *asked, PetscReal taken,
                      PetscReal proposed, PetscInt64 rejected);

/** Replace the proposal for the next free step by dt [s], as after an event.  Fixed steps ignore
 *  it. */
void HeatClockPropose(HeatClock *clock, PetscReal dt);

/** Return whether steps have become so short that the run would not end: the next step does not
 *  change the time; or the proposal for a free step is below 1e-12 of the run, more than 200 steps
 *  after the last event; or at the mean length of the last thousand steps, of free steps or of
 *  fixed steps that events shorten, the rest of the run would need more than 1e9 steps.  Stores the
 *  present step and time every thousand steps. */
PetscBool HeatClockHasCollapsed(HeatClock *clock, const HeatClockStep *next);

/** Return whether the present time is a multiple, 0 included, of the interval of these outputs. */
PetscBool HeatClockIsDue(const HeatClock *clock, HeatOutputKind kind);

/** Return whether the last step reached or passed a multiple of `width` [s]. */
PetscBool HeatClockPassed(const HeatClock *clock, PetscReal width);

/** Return the time at which the run ends [s]; NaN where a number of free steps ends it. */
PetscReal HeatClockEnd(const HeatClock *clock);

/** Return the part of the run that is done, from 0 to 1. */
PetscReal HeatClockFraction(const HeatClock *clock);

/** Return the number of steps of the whole run, those taken included; -1 where it cannot be
 *  predicted: for free steps up to a time, and where events or output times shorten steps. */
PetscInt64 HeatClockExpectedSteps(const HeatClock *clock);

/** The numbers that a checkpoint stores of the clock besides step, time and dt, by name. */
enum { HEAT_CLOCK_NUMBERS = 9 };
extern const char *const HeatClockNumberNames[HEAT_CLOCK_NUMBERS];

/** Copy the numbers that a checkpoint stores out of the clock, in the order of
 *  HeatClockNumberNames. */
void HeatClockSave(const HeatClock *clock, PetscReal numbers[HEAT_CLOCK_NUMBERS]);

/** Set a clock, after HeatClockStart, to the state in a checkpoint.  If the fixed step is the same
 *  as at the checkpoint, the grid of times stays; if it differs, a new grid begins at the time of
 *  the checkpoint.  Free steps continue with the step that was proposed at the checkpoint, if the
 *  scheme is the same and had free steps there.
 *  @param[in] same     whether the checkpoint was written by the scheme of this case
 *  @param[in] step     number of steps taken
 *  @param[in] time     [s]
 *  @param[in] dt       [s] the fixed step or the proposal at the checkpoint
 *  @param[in] numbers  as HeatClockSave wrote them; NaN for a number that the checkpoint lacks */
void HeatClockResume(HeatClock *clock, PetscBool same, PetscInt64 step, PetscReal time,
                     PetscReal dt, const PetscReal numbers[HEAT_CLOCK_NUMBERS]);

#endif
