/** What the files of ts:TYPE (stepper_ts*.c) share.  No other file includes it. */
#ifndef HEAT_SOLVER_STEPPER_TS_IMPL_H
#define HEAT_SOLVER_STEPPER_TS_IMPL_H

#include <petscts.h>

#include "solver/stepper/stepper_impl.h"

/** Data of the scheme, in s->data. */
typedef struct {
  TS            ts;          /* owned, like everything below */
  HeatLinear   *linear;      /* NULL for explicit types */
  Mat           jacobian;    /* shell of J_TS; NULL for explicit types */
  PC            pc;          /* borrowed from the KSPPREONLY; NULL for explicit types */
  Vec           T;           /* [K] TS's solution */
  Vec           scaled;      /* [W/m] C f */
  Vec           T_jacobian;  /* [K] field of the last Jacobian; NULL for a linear operator */
  PetscReal     t_jacobian;  /* [s] time of the last Jacobian */
  PetscBool     once;        /* each stage is one linear system, without an iteration around it */
  PetscBool     undefined;   /* the coefficients were undefined at a residual of this step */
  PetscBool     invalid;     /* the coefficients were undefined at the last residual */
  Vec           T_undefined; /* [K] latest field at which they were undefined; NULL: none */
  PetscReal     t_undefined; /* [s] time of T_undefined */
  PetscReal     interval;    /* largest stable step, in units of 1/(largest rate of decay); 0: not
                               checked, because the type is implicit or the step controlled */
  HeatSolveInfo solve;       /* the record of the present step */
} HeatStepperTs;

/** Give TS the equation: the right-hand side of explicit types; residual, Jacobian and linear
 *  solver of the others.  In stepper_ts_system.c.  Collective.
 *  @param[in] s  s->data->ts has its type; s->data->linear exists for implicit types */
PetscErrorCode HeatStepperTsSetUpSystem(HeatStepper *s, PetscBool explicit);

/* The functions below are in stepper_ts_stable.c. */

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
