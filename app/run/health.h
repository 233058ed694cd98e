/** Tests whether the present state is corrupted, made before it is reported or checkpointed.
 *
 *  Memory, processors and links change bits now and then without an error.  Three tests find the
 *  changes that matter, at the cost of sums that a report needs anyway: all cells are finite; the
 *  energy account closes; where the maximum principle holds, no temperature is far outside its
 *  range.  The fields that a scheme remembers are tested like the temperature.  The bounds are
 *  wide, because a false alarm could end a long run (app/README.md, "Corrupted states").
 *
 *  Every number in the tests is the same on all ranks, so all ranks come to the same result. */
#ifndef HEAT_APP_HEALTH_H
#define HEAT_APP_HEALTH_H

#include "app/report/survey.h"

typedef struct HeatHealth HeatHealth;

/** Survey the state from which this process starts and derive the bounds of the tests from it.
 *  Collective. */
PetscErrorCode HeatHealthCreate(const HeatRunState *state, HeatSurvey *survey, HeatHealth **health);

/** Widen the bounds of the tests by the residuals that the solves of a step have left.  Not
 *  collective. */
void HeatHealthAddStep(HeatHealth *health, const HeatStepInfo *info);

/** Test the present state and the fields that the scheme remembers, which were surveyed.
 *  Collective. */
PetscErrorCode HeatHealthTest(HeatHealth *health, const HeatRunState *state,
                              const HeatSurvey *survey);

/** Survey and test the present state, unless a test at this step has passed, the state was found
 *  corrupted already, or a test has raised an error of the case (a formula without a valid value, a
 *  temperature below absolute zero).  Collective. */
PetscErrorCode HeatHealthTestOnce(HeatHealth *health, const HeatRunState *state,
                                  HeatSurvey *survey);

/** Make the next HeatHealthTestOnce test the state again even if a test at this step has passed: a
 *  solve has failed, and a fault after that test may be the cause.  Not collective. */
void HeatHealthInvalidate(HeatHealth *health);

/** Accept the state of this step, which a rollback has read from a checkpoint: it was tested before
 *  it was written.  Not collective. */
void HeatHealthAccept(HeatHealth *health, PetscInt64 step);

/** Return whether the last test found the state corrupted. */
PetscBool HeatHealthIsBad(const HeatHealth *health);

/** Return which test failed, with step, value and bound, in a sentence for the user; defined where
 *  HeatHealthIsBad is true. */
const char *HeatHealthReason(const HeatHealth *health);

/** Return a sentence on how the temperature first left the range that the solution can reach, which
 *  happens if the scheme overshoots; "" while it has not. */
const char *HeatHealthOutside(const HeatHealth *health);

/** Free the health; *health may be NULL.  Not collective. */
PetscErrorCode HeatHealthDestroy(HeatHealth **health);

#endif
