/** The numbers of halo exchanges, solves and set-ups in the steps of a case, for plans.
 *  tests/system/test_plan.py compares them with those of runs. */
#ifndef HEAT_SOLVER_MODEL_STEPS_H
#define HEAT_SOLVER_MODEL_STEPS_H

#include "solver/case/time_grid.h"
#include "solver/model/model_levels.h"

/** What ends sweeps of ftcs: rows of history.csv, snapshots, checkpoints. */
enum { HEAT_MODEL_PAUSES = 3 };

/** The numbers for one step, and for the run outside of its steps. */
typedef struct {
  PetscInt64 steps;     /* of the run; -1: not known before the run.  Steps that outputs or events
                           shorten are not counted */
  PetscBool  known;     /* the members below are known; false for schemes whose steps depend on the
                           field: non-linear cases and those of PETSc's TS */
  PetscInt   exchanges; /* halo exchanges one cell deep in a step; 0 if all are deep */
  PetscInt   deep;      /* depth of deep halo exchanges [cells], and the largest number of steps of
                           ftcs, or stages of rkl2, in a sweep; 0: none */
  PetscInt   fields;    /* fields of coefficients that sweeps exchange with deep halos */
  PetscBool  flux[HEAT_SIDES]; /* fluxes along this side are exchanged for each step of a sweep */
  PetscInt   stages;           /* of a step of rkl2; 0 with other schemes */
  PetscBool  timed;            /* a source changes with time and is evaluated in each step */
  PetscBool  alone; /* steps or stages of an explicit scheme are taken one by one, since a
                                  source, a flux or an ambient temperature changes with time */

  /* Of ftcs: steps between rows of history.csv, between snapshots and between checkpoints, which
     all end a sweep; 0: none. */
  PetscInt64 every[HEAT_MODEL_PAUSES];

  PetscInt  solves;  /* linear solves of a step */
  PetscInt  set_ups; /* set-ups of the multigrid in the run */
  PetscInt  before;  /* halo exchanges of the run before the first step */
  PetscReal sigma;   /* [1/s] mass of the equations */
} HeatModelSteps;

/** The halo exchanges of a number of steps. */
typedef struct {
  PetscBool  known;  /* false: sweeps end in too many places to count them */
  PetscInt64 single; /* one cell deep */
  PetscInt64 deep;   /* several cells deep */
  PetscInt64 sweeps; /* sweeps of several steps or stages; each extends the sides' temperatures */
  PetscInt64 lines;  /* steps or stages in these sweeps */
} HeatModelExchanges;

/** Count the halo exchanges of n steps.  A run of ftcs has more where checkpoints by wall time or
 *  events end a sweep. */
HeatModelExchanges HeatModelStepsExchanges(const HeatModelSteps *steps, PetscInt64 n);

/** Return the number of rows of history.csv in n steps: at step 0, with each snapshot and each
 *  checkpoint by steps, and at step n; -1: not known before the run.  Not collective. */
PetscInt64 HeatModelHistoryRows(const HeatCase *c, PetscInt64 n);

/** Return the number of halo exchanges, one cell deep, by which a run of n steps finds the heat
 *  between materials: in each row of history.csv for output.interfaces, and for each check with
 *  `between` at the end; -1: not known before the run.  Not collective. */
PetscInt64 HeatModelInterfaceExchanges(const HeatCase *c, PetscInt64 n);

/** Return the number of deep halo exchanges of a step: several for rkl2, whose stages need them; a
 *  fraction for ftcs, where one exchange serves several steps. */
PetscReal HeatModelStepsDeep(const HeatModelSteps *steps);

/** Predict the messages and values (PetscReal) by which all ranks send coefficients and
 *  temperatures of the sides before sweeps.  A run counts them as set-up.
 *  @param[in] counts  the exchanges of the run */
PetscErrorCode HeatModelStepsPrepare(const HeatModelSteps *steps, const HeatLayout *layout,
                                     const HeatModelExchanges *counts, HeatLayoutTraffic *traffic);

/** Find the numbers of exchanges, solves and set-ups of a case on a layout.  Not collective.
 *  @param[in] c  a validated case */
PetscErrorCode HeatModelStepsMake(const HeatCase *c, const HeatModelBody *body,
                                  const HeatLayout *layout, HeatModelSteps *steps);

#endif
