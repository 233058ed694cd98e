/** The numbers of halo exchanges, solves and set-ups in the steps of a case, for plans.
 *  tests/system/test_plan.py compares them with those of runs. */
#ifndef HEAT_SOLVER_MODEL_STEPS_H
#define HEAT_SOLVER_MODEL_STEPS_H

#include "solver/model/model_levels.h"

/** The numbers for one step, and for the run outside of its steps. */
typedef struct {
  PetscInt64 steps;     /* of the run; -1: not known before the run */
  PetscBool  known;     /* the members below are known; false for schemes whose steps depend on the
                           field: non-linear cases and those of PETSc's TS */
  PetscInt   exchanges; /* halo exchanges one cell deep in a step; 0 if they are deep */
  PetscInt   deep;      /* depth of deep halo exchanges [cells], and steps after each; 0: none */
  PetscInt   row;       /* steps between rows of history.csv, which end a deep halo exchange */
  PetscInt   solves;    /* linear solves of a step */
  PetscInt   set_ups;   /* set-ups of the multigrid in the run */
  PetscInt   before;    /* halo exchanges of the run before the first step */
  PetscReal  sigma;     /* [1/s] mass of the equations */
} HeatModelSteps;

/** Count the halo exchanges of n steps, one cell deep and several cells deep.  A run can have more:
 *  it takes fewer steps after a deep exchange where the ranks agree on whether to stop, which the
 *  wall clock decides. */
void HeatModelStepsExchanges(const HeatModelSteps *steps, PetscInt64 n, PetscInt64 *single,
                             PetscInt64 *deep);

/** Find the numbers.  Not collective.
 *  @param[in] c  a validated case */
PetscErrorCode HeatModelStepsMake(const HeatCase *c, const HeatModelBody *body,
                                  const HeatLayout *layout, HeatModelSteps *steps);

#endif
