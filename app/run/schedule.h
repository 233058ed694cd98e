/** The schedule of the time loop: what is due after a step, and how many steps can be taken before
 *  something is due.
 *
 *  It only decides, from numbers that are the same on all ranks; nothing here is collective. */
#ifndef HEAT_APP_SCHEDULE_H
#define HEAT_APP_SCHEDULE_H

#include "app/process/stop.h"
#include "app/report/output.h"
#include "app/run/checkpoints.h"
#include "app/run/inject.h"

/** What the decisions depend on.  Borrowed, and read only. */
typedef struct {
  const HeatRunState    *state;
  const HeatStop        *stop;
  const HeatOutput      *output;
  const HeatCheckpoints *checkpoints;
  const HeatInject      *inject;
  PetscInt               most_at_once; /* steps that the stepper can take at once, at most
                                          HEAT_MOST_AT_ONCE */
} HeatSchedule;

/** What is due after a step. */
typedef struct {
  PetscBool snapshot; /* fields and profiles */
  PetscBool row;      /* of history.csv */
  PetscBool survey;   /* of the state, and its test: something is written, or the run is to stop */
  PetscBool checkpoint;
} HeatDue;

/** Return what is due when the clock stands as given, which may lie ahead of the present state.
 *  @param[in] last  whether the run ends there, which makes a snapshot and a row due */
HeatDue HeatScheduleDue(const HeatSchedule *schedule, const HeatClock *clock, PetscBool last);

/** Return the number of steps to take at once, at least 1: equal steps, between which nothing is
 *  due.  The run must not be at its end.
 *  @param[out] steps  [HEAT_MOST_AT_ONCE] the steps
 *  @param[out] times  [HEAT_MOST_AT_ONCE] [s] when each step begins */
PetscInt HeatScheduleSteps(const HeatSchedule *schedule, HeatClockStep *steps, PetscReal *times);

#endif
