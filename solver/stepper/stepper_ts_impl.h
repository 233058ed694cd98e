/** The largest stable step of PETSc's explicit integrators, for stepper_ts.c. */
#ifndef HEAT_SOLVER_STEPPER_TS_IMPL_H
#define HEAT_SOLVER_STEPPER_TS_IMPL_H

#include <petscts.h>

#include "solver/stepper/stepper_impl.h"

/** Store in *interval the largest x up to which one step of the method multiplies the solution of
 *  y' = -x y by a factor of magnitude 1 at most; 2 for euler.  Not collective.
 *  @param[in] ts  an explicit type, euler, rk or ssp, after TSSetFromOptions */
PetscErrorCode HeatStepperTsInterval(TS ts, PetscReal *interval);

/** Refuse a fixed step dt [s] of the case above the limit of stability, before the run, at the
 *  operator's present coefficients.  Collective.
 *  @param[in] interval  from HeatStepperTsInterval; 0: nothing is checked
 *  Errors: HEAT_ERR_INPUT. */
PetscErrorCode HeatStepperTsCheckStable(HeatStepper *s, PetscReal interval, PetscReal dt);

/** Raise an error where the limit depends on the temperature and has fallen below the step of dt
 *  [s] from time t [s]; do nothing for a linear operator.  Collective.
 *  @param[in] interval  from HeatStepperTsInterval; 0: nothing is checked
 *  Errors: HEAT_ERR_NUMERICS. */
PetscErrorCode HeatStepperTsFollowLimit(HeatStepper *s, PetscReal interval, PetscReal t,
                                        PetscReal dt);

#endif
