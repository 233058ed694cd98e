/** The steppers' inside, shared by the files that implement them (stepper*.c) and by no others. */
#ifndef HEAT_SOLVER_STEPPER_IMPL_H
#define HEAT_SOLVER_STEPPER_IMPL_H

#include "solver/implicit/stage.h"
#include "solver/stepper/step_control.h"
#include "solver/stepper/stepper.h"

/** One try at a step. */
typedef struct {
  PetscBool solved; /* false: a solve gave up; nothing else below has a meaning */
  PetscReal error;  /* largest estimated error of own cells [K]; where the step is controlled */
  int       order;  /* of that error in dt */
} HeatAttempt;

/** A scheme.  Members may be NULL where there is nothing to do. */
typedef struct {
  PetscReal theta;       /* for those that have one */
  PetscReal growth;      /* largest factor from one controlled step to the next */
  int       first_order; /* of the error of a controlled first step in dt */
  PetscErrorCode (*create)(HeatStepper *, PetscReal dt);
  /* From T, which stays, to s->next; flows, stages, solve and `next` of info. */
  PetscErrorCode (*attempt)(HeatStepper *, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                            HeatAttempt *attempt);
  /* The step was taken; *T and s->next are about to change places: remember what is needed. */
  PetscErrorCode (*accept)(HeatStepper *, PetscReal dt, Vec T, const HeatStepInfo *info);
  /* In place of attempt and accept: all of HeatStepperAdvance. */
  PetscErrorCode (*advance)(HeatStepper *, PetscReal t, PetscReal dt, Vec *T, HeatStepInfo *info);
  /* Several equal steps in place; NULL: one at a time.  `most` as HeatStepperMostAtOnce. */
  PetscErrorCode (*most)(HeatStepper *, PetscInt *most);
  PetscErrorCode (*several)(HeatStepper *, PetscInt steps, const PetscReal *times, PetscReal dt,
                            Vec T, HeatStepInfo *info);
  /* The step of `step: auto` where the step is not controlled (*dt is 0); a step that the case gives
     (*dt > 0) is looked at with the field. */
  PetscErrorCode (*first_step)(HeatStepper *, PetscReal t, Vec T, PetscReal *dt);
  HeatLinear *(*linear)(HeatStepper *); /* where it is not the stage's */
  PetscErrorCode (*save)(HeatStepper *, HeatStepperMemory *);
  PetscErrorCode (*load)(HeatStepper *, const HeatStepperMemory *);
  PetscErrorCode (*destroy)(HeatStepper *);
} HeatMethod;

struct HeatStepper {
  HeatOperator     *op;
  const HeatMethod *method;
  HeatStage        *stage;   /* owned, like everything below; NULL: explicit, or a PETSc TS */
  Vec               next;    /* the new temperature */
  Vec               net;     /* N [W/m], where the method needs it */
  HeatStepControl   control; /* tolerance 0: the step is not controlled */
  void             *own;     /* the method's */
};

/** A number of the memory that is the method's: those before are the step control's. */
enum { HEAT_MEMORY_OWN = HEAT_STEP_CONTROL_NUMBERS };

/* The methods. */
extern const HeatMethod HeatMethodFtcs, HeatMethodRkl2, HeatMethodBackwardEuler,
    HeatMethodCrankNicolson, HeatMethodBdf2, HeatMethodEsdirk, HeatMethodSteady, HeatMethodTs;

/* What they share (stepper_common.c). */

/** The stage for steps of about dt; 0: not known yet. */
PetscErrorCode HeatStepperCreateStage(HeatStepper *s, PetscReal multiple, PetscReal dt);

/** The operator to time t and, where it is not linear, to the field T.  Collective.
 *  Errors: HEAT_ERR_NUMERICS when the coefficients have no meaning there. */
PetscErrorCode HeatStepperBring(HeatStepper *s, PetscReal t, Vec T);

/** Likewise, but quiet: *valid tells whether the coefficients have a meaning.  Collective. */
PetscErrorCode HeatStepperTryBring(HeatStepper *s, PetscReal t, Vec T, PetscBool *valid);

/** N(T) at the operator's time, and weight times the heat that enters, added to sum (NULL: none).
 *  The operator must have been brought to T.  Collective. */
PetscErrorCode HeatStepperNet(HeatStepper *s, Vec T, Vec net, PetscReal weight, HeatFlows *sum);

/** Likewise the heat alone.  Not collective. */
PetscErrorCode HeatStepperAddFlows(HeatStepper *s, Vec T, PetscReal weight, HeatFlows *sum);

/** "the step from t = 1.5 s" into text. */
void HeatStepperName(PetscReal t, char *text, size_t size);

#endif
