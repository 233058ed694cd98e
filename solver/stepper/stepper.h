/** Time steppers: advance the temperature by one step, and tell what heat crossed the sides.
 *
 *  Schemes are rows of a table in stepper.c.  A failed step leaves the temperature as it was.  An
 *  error-controlled scheme repeats a step with less until the estimated error is below the case's
 *  tolerance, and proposes the next one.  What a multi-step scheme remembers is saved and loaded as
 *  HeatStepperMemory, so that a restart goes on with the same bits.
 */
#ifndef HEAT_SOLVER_STEPPER_H
#define HEAT_SOLVER_STEPPER_H

#include "solver/implicit/linear.h"

typedef struct HeatStepper HeatStepper;

/** One step, on this rank. */
typedef struct {
  PetscReal     dt;       /* the step taken [s] */
  PetscReal     next;     /* proposed for the step after it [s]; 0: the scheme proposes none */
  PetscReal     error;    /* its estimated error over the tolerated one, <= 1; 0: no estimate */
  PetscInt      rejected; /* attempts given up before it */
  PetscInt      stages;   /* evaluations (explicit) or solves (implicit) it took */
  HeatSolveInfo solve;    /* iterations 0 for an explicit step */
  HeatFlows     flows;    /* means over the step: times dt they change the stored heat */
} HeatStepInfo;

enum { HEAT_MOST_AT_ONCE = 64 }; /* steps, see HeatStepperMostAtOnce */

enum { HEAT_MEMORY_FIELDS = 2, HEAT_MEMORY_NUMBERS = 24 };

/** What a scheme remembers of the steps before: a few fields and numbers; all zero at the start.
 *  Plain data; the numbers are the same on all ranks. */
typedef struct {
  PetscInt  n_fields;
  Vec       fields[HEAT_MEMORY_FIELDS];  /* borrowed from the stepper, of the layout of grid->da */
  PetscReal came_in[HEAT_MEMORY_FIELDS]; /* heat since each of them [J/m]; told by Save alone */
  PetscReal numbers[HEAT_MEMORY_NUMBERS];
} HeatStepperMemory;

/** Collective; the operator must outlive the stepper.
 *  @param[in] dt  the step it will be asked for, to set up and to check [s]; ignored for `steady`
 *  Errors: HEAT_ERR_INPUT: ftcs with a step that can grow; a steady case without a steady state. */
PetscErrorCode HeatStepperCreate(HeatOperator *op, PetscReal dt, HeatStepper **stepper);

/** From t to t + info->dt.  Collective.
 *  @param[in]     dt  the step wanted [s]; an error-controlled scheme may take a shorter one
 *  @param[in,out] T   global Vec of grid->da; the handle may be exchanged for another of the same
 *                     layout
 *  Errors: HEAT_ERR_NUMERICS when a solve does not converge (where the scheme controls its step:
 *  not even with the smallest one); *T is then unchanged. */
PetscErrorCode HeatStepperAdvance(HeatStepper *stepper, PetscReal t, PetscReal dt, Vec *T,
                                  HeatStepInfo *info);

/** How many steps AdvanceSeveral can take at once: 1 where the scheme takes each by itself.  The first
 *  call is collective; the same on all ranks. */
PetscErrorCode HeatStepperMostAtOnce(HeatStepper *stepper, PetscInt *most);

/** Several equal steps, with the bits that as many calls of Advance would give.  Collective.
 *  @param[in]     steps  2 to MostAtOnce
 *  @param[in]     times  [steps] at which each begins [s]
 *  @param[in,out] T      as for Advance
 *  @param[out]    info   its dt is that of one step, its flows are summed over the steps */
PetscErrorCode HeatStepperAdvanceSeveral(HeatStepper *stepper, PetscInt steps,
                                         const PetscReal *times, PetscReal dt, Vec *T,
                                         HeatStepInfo *info);

/** Whether the scheme controls its error by the step. */
PetscBool HeatStepperIsAdaptive(const HeatStepper *stepper);

/** The step to begin with [s]: the case's, or where it gives none a first one from the field and its
 *  rate of change at time t, the largest stable one for an explicit scheme.  Collective.
 *  Errors: HEAT_ERR_INPUT for a step of the case that ftcs cannot take from that field. */
PetscErrorCode HeatStepperFirstStep(HeatStepper *stepper, PetscReal t, Vec T, PetscReal *dt);

/** What a restart needs besides the temperature.  Save is collective; the fields are borrowed and
 *  valid until the next Advance.  Load copies them; collective.  n_fields is the same for Load as
 *  Save gave at the same step, or 0 to begin anew. */
PetscErrorCode HeatStepperSave(HeatStepper *stepper, HeatStepperMemory *memory);
PetscErrorCode HeatStepperLoad(HeatStepper *stepper, const HeatStepperMemory *memory);

/** The linear solver, NULL for an explicit scheme; borrowed. */
HeatLinear *HeatStepperLinear(HeatStepper *stepper);

/** *stepper may be NULL.  Collective. */
PetscErrorCode HeatStepperDestroy(HeatStepper **stepper);

#endif
