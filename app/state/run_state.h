/** The physical state that a run computes, and the objects that compute it.
 *
 *  This struct is the common language of the modules of a run: those that report take it as
 *  `const HeatRunState *`, those that change the state (restart, rollback, fault injection) take it
 *  without const.  It holds nothing about files, the terminal or the end of the run.
 *
 *  Layout of the temperature, as of every cell array of a rank: T[j][i], [nyl][nxl], x fastest, no
 *  ghost cells. */
#ifndef HEAT_APP_RUN_STATE_H
#define HEAT_APP_RUN_STATE_H

#include "app/state/clock.h"
#include "solver/measure/energy.h"
#include "solver/measure/zones.h"
#include "solver/physics/sizes.h"

typedef struct {
  const HeatCase *c;       /* the validated case; borrowed */
  HeatGrid       *grid;    /* cells and their decomposition; owned, like all pointers below */
  HeatOperator   *op;      /* the discrete heat balance, at the (t, T) of its last update */
  HeatSizes       sizes;   /* painted and true size of each region and segment */
  HeatZones      *zones;   /* the cells of each named region */
  HeatEvents     *events;  /* the times at which sources and sides switch */
  HeatStepper    *stepper; /* the time integration scheme with what it remembers of earlier steps */
  Vec             T;       /* temperature [K, or the case's unit], global Vec of the grid */
  HeatEnergy      energy;  /* account of the heat since t = 0 */
  HeatClock       clock;   /* present time and number of steps */
  const HeatCellRecord *record; /* cells recorded where several steps are taken at once; borrowed;
                                   NULL: none */
  HeatStepInfo          last_step;  /* what the last step of this process took; zero before it */
  PetscInt64            first_step; /* clock.step when this process began: 0, or the checkpoint's */
} HeatRunState;

/** Measure the sizes, and create the operator and the zones, of state->c on state->grid.
 *  Collective.
 *  @param[in] inputs  what the files of the case hold; not needed afterwards
 *  Errors: HEAT_ERR_INPUT for coefficients that are not physical, and for regions and segments that
 *  cover nothing. */
PetscErrorCode HeatRunStateCreateOperator(HeatRunState *state, const HeatCellInputs *inputs);

/** Fill state->T with the initial field of the case, from a file or painted, and start the energy
 *  account with it.  Collective.
 *  Errors: HEAT_ERR_FILE for the file of the initial field, HEAT_ERR_INPUT for an expression that
 *  is not finite. */
PetscErrorCode HeatRunStateSetInitial(HeatRunState *state, const HeatCellInputs *inputs);

/** Update an operator that depends on the temperature to time t [s] and state->T, the field from
 *  which the run starts, before the stable step is computed from its coefficients.  Do nothing for
 *  a linear operator.  Collective.
 *  Errors: HEAT_ERR_INPUT where a coefficient is undefined at these temperatures. */
PetscErrorCode HeatRunStateUpdateOperator(HeatRunState *state, PetscReal t);

/** Return whether the stepper proposes the length of each step: because it controls its error, or
 *  because `step: auto` follows a stability limit that changes with the field.  Not collective. */
PetscBool HeatRunStateHasFreeSteps(const HeatRunState *state);

/** Choose the fixed step, or the first proposal of free steps, at time t [s]: the case's, or the
 *  stepper's, which is the largest stable one for an explicit scheme.  A fixed step that the
 *  stepper chose is shortened so that it divides the time of the run.  Collective.
 *  @param[in]  free  whether steps are free
 *  @param[out] dt    [s]; 0 for a steady case
 *  Errors: HEAT_ERR_INPUT where any step is stable, so that none can be chosen. */
PetscErrorCode HeatRunStateChooseStep(HeatRunState *state, PetscReal t, PetscBool free,
                                      PetscReal *dt);

/** Destroy what the state owns; the struct itself stays the caller's.  Collective. */
PetscErrorCode HeatRunStateDestroy(HeatRunState *state);

#endif
