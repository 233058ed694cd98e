/** Time steppers: advance the temperature by one step, and tell what heat crossed the sides.
 *
 *  Schemes are rows of a table in stepper.c: a name, how to set up, how to advance, how to clean
 *  up. A failed step leaves the temperature as it was. / */
#ifndef HEAT_SOLVER_STEPPER_H
#define HEAT_SOLVER_STEPPER_H

#include "solver/linear.h"

typedef struct HeatStepper HeatStepper;

/** One step, on this rank. */
typedef struct {
  HeatSolveInfo solve;            /* iterations 0 for an explicit step */
  PetscReal     side[HEAT_SIDES]; /* mean heat through own faces during the step, inwards [W/m] */
  PetscReal     source;           /* mean heat released in own cells [W/m] */
  PetscReal     turnover; /* sum of the magnitudes of both, face by face and cell by cell [W/m] */
} HeatStepInfo;

/** Collective; the operator must outlive the stepper.
 *  @param[in] dt  the step it will be asked for, to set up and to check [s]; ignored for `steady`
 *  Errors: HEAT_ERR_INPUT: ftcs with a step that can grow; a steady case without a steady state. */
PetscErrorCode HeatStepperCreate(HeatOperator *op, PetscReal dt, HeatStepper **stepper);

/** From t to t + dt.  Collective.
 *  @param[in,out] T  global Vec of grid->da; the handle may be exchanged for another of the same
 *  layout
 *  Errors: HEAT_ERR_NUMERICS when a solve does not converge; *T is then unchanged. */
PetscErrorCode HeatStepperAdvance(HeatStepper *stepper, PetscReal t, PetscReal dt, Vec *T,
                                  HeatStepInfo *info);

/** The linear solver, NULL for an explicit scheme; borrowed. */
HeatLinear *HeatStepperLinear(HeatStepper *stepper);

/** *stepper may be NULL.  Collective. */
PetscErrorCode HeatStepperDestroy(HeatStepper **stepper);

#endif
