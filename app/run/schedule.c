/** The schedule of the time loop (schedule.h).
 *
 *  History rows and snapshots depend on steps and simulated times alone, so that an interrupted and
 *  continued run writes the same files as an uninterrupted one.  Only checkpoints, and surveys
 *  without a row, depend on signals and the wall clock. */
#include "app/run/schedule.h"

HeatDue HeatScheduleDue(const HeatSchedule *s, const HeatClock *clock, PetscBool last)
{
  const HeatCase  *c        = s->state->c;
  const PetscBool  by_steps = HeatCheckpointsAreDue(c, clock->step);
  const PetscInt64 newest   = HeatCheckpointsLastStep(s->checkpoints);
  HeatDue          due;

  due.snapshot   = HeatOutputSnapshotIsDue(s->output, c, clock, last);
  due.checkpoint = (PetscBool)((by_steps || s->stop->checkpoint) && newest != clock->step);
  due.row = (PetscBool)(last || due.snapshot || by_steps || HeatOutputRowIsDue(s->output, clock));
  due.survey = (PetscBool)(due.row || due.checkpoint || s->stop->stop);
  return due;
}

/* Return whether steps that are taken at once must end at the given state of the clock: for an
   output other than a probe's row, or a fault to inject.  The ranks' agreement on stopping waits
   for the end of a sweep, so that the number of sweeps, and thus of messages, does not depend on
   the wall clock. */
static PetscBool MustPause(const HeatSchedule *s, const HeatClock *clock)
{
  const HeatDue due = HeatScheduleDue(s, clock, HeatClockIsDone(clock));

  return due.survey || due.checkpoint || HeatInjectIsAt(s->inject, clock->step) ? PETSC_TRUE
                                                                                : PETSC_FALSE;
}

PetscInt HeatScheduleSteps(const HeatSchedule *s, HeatClockStep *steps, PetscReal *times)
{
  HeatClock clock = s->state->clock;
  PetscInt  n     = 0;

  while (n < s->most_at_once && !HeatClockIsDone(&clock)) {
    steps[n] = HeatClockNext(&clock);
    times[n] = clock.time;
    if (steps[n].dt != steps[0].dt) break;
    HeatClockAdvance(&clock, &steps[n], steps[n].dt, 0.0, 0);
    n++;
    if (MustPause(s, &clock)) break;
  }
  return n;
}
