/** Whether the present state can be believed, before it is reported or checkpointed.
 *
 *  Memory, processors and links change bits now and then without a word.  Three rules find what
 *  matters of it, for the cost of sums that a report needs anyway: all cells are finite; the energy
 *  account closes; where the maximum principle holds, no temperature is far beyond those that it
 *  allows.  The fields that a scheme remembers are judged like the temperature.  The bounds are wide:
 *  a long run must not end by a false alarm (app/README.md). */
#ifndef HEAT_APP_HEALTH_H
#define HEAT_APP_HEALTH_H

#include "app/run/simulation_data.h"

/** At the state from which this process sets out.  Collective. */
PetscErrorCode HeatHealthStart(HeatSimulation *sim);

/** A step was solved: how exactly decides what may be asked of the account.  Not collective. */
void HeatHealthStep(HeatSimulation *sim);

/** Judge the state that was just surveyed; sim->health.bad and .what tell.  Collective. */
PetscErrorCode HeatHealthJudge(HeatSimulation *sim, const PetscReal *T);

/** Survey and judge the present state, unless this step was found good already.  Collective. */
PetscErrorCode HeatHealthLook(HeatSimulation *sim);

/** A good state, that of a step with this account of energy, is in a checkpoint.  Not collective. */
void HeatHealthCheckpointed(HeatSimulation *sim, PetscInt64 step, const HeatEnergy *energy);

#endif
