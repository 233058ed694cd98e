/** The times that no time step of a case may span: events.
 *
 *  An event is the time of an entry of a table, a time at which a formula of the case switches
 *  (switches.h), or an entry of time.events.  At an event a source, a side or an ambient
 *  temperature may jump or have a kink, and a scheme that stepped over it would lose accuracy, or
 *  not see a short pulse at all.  Nothing here is collective; all ranks find the same times. */
#ifndef HEAT_SOLVER_EVENTS_H
#define HEAT_SOLVER_EVENTS_H

#include "solver/case/case.h"

typedef struct HeatEvents HeatEvents;

/** Collect what can switch in a validated case, which must outlive the events.  Owned by the
 *  caller; a steady case has no events. */
PetscErrorCode HeatEventsCreate(const HeatCase *c, HeatEvents **events);

/** Return the distance [s] below which two events near t count as one: HeatSwitchesMargin, or one
 *  rounding (2e-16) of the length of the run if that is more, so that an event at 1e-300 s, for
 *  example, counts as t = 0. */
PetscReal HeatEventsMargin(const HeatEvents *events, PetscReal t);

/** Return the first event [s] after the time `after`, or PETSC_MAX_REAL where there is none up to
 *  `needed`.  Events nearer to `after` than HeatEventsMargin do not count.  The answer is stored
 *  for each formula, so that the next step need not search the formula again.
 *  @param[in] needed  [s] the time up to which the answer has to hold */
PetscReal HeatEventsNext(HeatEvents *events, PetscReal after, PetscReal needed);

/** Return whether some event after the time `after` and before `end` [s] lies between two points
 *  base + k*step of the grid of times, so that it shortens a step.  Where there are very many
 *  events, return true. */
PetscBool HeatEventsShorten(HeatEvents *events, PetscReal after, PetscReal base, PetscReal step,
                            PetscReal end);

/** Return the end of a controlled step [s] from `from` to at most `to` that resolves the case's
 *  formulas in time: within the step, no part of a formula that depends on t alone has a peak or a
 *  dip, or deviates from a straight line by more than a tenth of its range (HeatTurnsFollow);
 *  while a moving pulse passes, the step is at most half of its length (HeatMovingFollow); and at
 *  no place does a part that depends on t and the place change by much more than 0.7 of its range
 *  (HeatSmoothFollow).  A smooth pulse is no event, but no controlled step passes over it.  A turn
 *  in the last hundredth of the step, after which the formula hardly changes until `to`, is passed,
 *  so that no very short step is left. */
PetscReal HeatEventsFollow(HeatEvents *events, PetscReal from, PetscReal to);

/** A formula whose pulses move over the domain (moving.h, smooth.h). */
typedef struct {
  const char *text;     /* borrowed; NULL: there is none */
  PetscReal   place[2]; /* [m] */
  PetscReal   length;   /* [s] for which the place is heated, or not heated, at least; smooth: in
                           which the formula changes there by its range */
  PetscReal   step;     /* [s] that resolves the pulse */
  PetscBool   smooth;   /* the formula does not switch */
} HeatMovingPulse;

/** Return the formula with the shortest moving pulses, if steps of the length `step` [s] do not
 *  resolve them: a pulse that switches needs at least four steps, and a smooth change steps of at
 *  most 0.7 of its length.  Smooth changes are considered where no other pulse is found.
 *  @param[in] step  negative: steps are controlled, and only pulses that are too short for
 *                   HeatEventsFollow count */
HeatMovingPulse HeatEventsMoving(const HeatEvents *events, PetscReal step);

/** Return the text of a formula whose pulses that move over the domain were not searched because
 *  the searches of the case had taken too long, or because its bounds are infinite
 *  (HeatSmoothIsUnsearched); NULL where there is none. */
const char *HeatEventsUnfollowed(const HeatEvents *events);

/** Return the text of a formula that is too fast for HeatEventsFollow (HeatTurnsAreFast), so that
 *  it is left out there; NULL where there is none. */
const char *HeatEventsTooFast(const HeatEvents *events);

/** Return the text of a formula of which a fixed step from `from` to `to` [s] hides a peak or a dip
 *  by more than a quarter (HeatTurnsHidden), or NULL where there is none.  At most 100 peaks and
 *  dips of each formula in the step are examined.  Each formula is returned at most once. */
const char *HeatEventsHidden(HeatEvents *events, PetscReal from, PetscReal to);

/** Return the text of a formula of which a fixed step from `from` to `to` [s] hides a steep change
 *  (HeatTurnsSteep), or NULL where there is none.  Each formula is returned at most once.
 *  @param[out] between  [s] when the change begins and ends */
const char *HeatEventsSteep(HeatEvents *events, PetscReal from, PetscReal to, PetscReal between[2]);

/** Return the text of a formula whose switches are not all found: the search was given up because
 *  it took too long, or the formula compares t with T (HeatSwitchesDependOnField) and the case has
 *  no time.events.  NULL while there is none. */
const char *HeatEventsUnsearched(const HeatEvents *events);

/** Free the events and set *events to NULL; *events may be NULL. */
PetscErrorCode HeatEventsDestroy(HeatEvents **events);

#endif
