/** What the steps of a case consist of: halo exchanges, solves and set-ups.  For plans; a test
 *  compares the numbers with those of runs. */
#ifndef HEAT_SOLVER_MODEL_STEPS_H
#define HEAT_SOLVER_MODEL_STEPS_H

#include "solver/model/model_levels.h"

/** The effort of one step, and of the run around the steps. */
typedef struct {
  PetscInt64 steps;     /* of the run; -1: not known before the run */
  PetscBool  known;     /* the members below are known; false for schemes whose steps depend on the
                           field: non-linear cases and those of PETSc's TS */
  PetscInt   exchanges; /* halo exchanges one cell deep of a step; 0 with deep ones */
  PetscInt   deep;      /* steps of one deep halo exchange, which is as many cells deep; 0: none */
  PetscInt   row;       /* steps between rows of history.csv, which end a deep halo exchange */
  PetscInt   solves;    /* linear solves of a step */
  PetscInt   set_ups;   /* set-ups of the multigrid in the run */
  PetscInt   before;    /* halo exchanges of the run before the first step */
  PetscReal  sigma;     /* [1/s] mass of the equations */
} HeatModelSteps;

/** Count the halo exchanges of n steps, one cell deep and several cells deep.  The wall clock can
 *  end deep ones early, where the ranks agree on stopping. */
void HeatModelStepsExchanges(const HeatModelSteps *steps, PetscInt64 n, PetscInt64 *single,
                             PetscInt64 *deep);

/** Find the effort.  Not collective.
 *  @param[in] c  a validated case */
PetscErrorCode HeatModelStepsMake(const HeatCase *c, const HeatModelBody *body,
                                  const HeatLayout *layout, HeatModelSteps *steps);

#endif
