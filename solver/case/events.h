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

/** Return the distance [s] below which two events near t are one: HeatSwitchesMargin, or 1e-16 of
 *  the run if that is more, so that an event at the smallest doubles counts as t = 0. */
PetscReal HeatEventsMargin(const HeatEvents *events, PetscReal t);

/** Return the first event [s] after the time `after`, or PETSC_MAX_REAL where there is none up to
 *  `needed`.  Events nearer to `after` than HeatEventsMargin do not count.  The next event of
 *  each formula is kept, so that a step does not search it again.
 *  @param[in] needed  [s] the time up to which the answer has to hold */
PetscReal HeatEventsNext(HeatEvents *events, PetscReal after, PetscReal needed);

/** Return the end of a controlled step [s] from `from` to at most `to` that follows the case's
 *  formulas in time: none of their parts of t alone has a peak or dip within it or bends by more
 *  than a tenth of its range (turns.h).  A smooth pulse is no event, but no step passes over it. */
PetscReal HeatEventsFollow(HeatEvents *events, PetscReal from, PetscReal to);

/** Return the text of a formula of which a fixed step from `from` to `to` [s] hides a peak or a
 *  dip: neither end of the step shows more than three quarters of it; NULL where there is none.
 *  A formula is returned once. */
const char *HeatEventsHidden(HeatEvents *events, PetscReal from, PetscReal to);

/** Return the text of a formula of which not all switches could be found, since the search became
 *  too long; NULL while there is none. */
const char *HeatEventsUnsearched(const HeatEvents *events);

/** Free the events and set *events to NULL; *events may be NULL. */
PetscErrorCode HeatEventsDestroy(HeatEvents **events);

#endif
