/** What the files of the stepper (stepper*.c) share: a scheme as a table of functions, and the
 *  stepper itself.  For no other file. */
#ifndef HEAT_SOLVER_STEPPER_IMPL_H
#define HEAT_SOLVER_STEPPER_IMPL_H

#include "solver/implicit/stage.h"
#include "solver/stepper/step_control.h"
#include "solver/stepper/stepper.h"

/** The outcome of one attempt at a step. */
typedef struct {
  PetscBool solved; /* false: a solve did not converge, and the members below are undefined */
  PetscReal error;  /* [K] largest estimated error of own cells; 0 where the step is fixed */
  int       order;  /* k, of that error in dt */
} HeatAttempt;

/** A scheme: its numbers and its functions.  A scheme has either `advance` or `attempt`; a function
 *  may be NULL where the scheme has nothing to do.  All functions but `linear` are collective. */
typedef struct {
  HeatTimeRule rule;        /* how sources and sides that depend on time are evaluated in a step */
  PetscReal    theta;       /* theta methods: weight of the new time level, 0 < theta <= 1 */
  PetscReal    growth;      /* largest factor from one controlled step to the next */
  int          first_order; /* k, of the error of a controlled first step in dt */

  /* Create the stage, the scheme's data and work space; dt as HeatStepperCreate's. */
  PetscErrorCode (*create)(HeatStepper *, PetscReal dt);

  /* Compute s->next, the temperature at t + dt, from T, which stays unchanged.  Adds to stages and
     solve of info, sets its flows, and may set its next and shorten its dt. */
  PetscErrorCode (*attempt)(HeatStepper *, PetscReal t, PetscReal dt, Vec T, HeatStepInfo *info,
                            HeatAttempt *attempt);

  /* Store what later steps need, after a step of dt was accepted and before *T and s->next are
     swapped. */
  PetscErrorCode (*accept)(HeatStepper *, PetscReal dt, Vec T, const HeatStepInfo *info);

  /* Do all of HeatStepperAdvance, instead of attempt and accept. */
  PetscErrorCode (*advance)(HeatStepper *, PetscReal t, PetscReal dt, Vec *T, HeatStepInfo *info);

  /* HeatStepperMostAtOnce and HeatStepperAdvanceSeveral; NULL: one step at a time. */
  PetscErrorCode (*most)(HeatStepper *, PetscInt *most);
  PetscErrorCode (*several)(HeatStepper *, PetscInt steps, const PetscReal *times, PetscReal dt,
                            const HeatCellRecord *record, Vec T, HeatStepInfo *info);

  /* Compute the first step of `step: auto` where the step is not controlled (*dt is 0 on entry), or
     check the case's step (*dt > 0) against the field T. */
  PetscErrorCode (*first_step)(HeatStepper *, PetscReal t, Vec T, PetscReal *dt);

  /* Discard what was stored of earlier steps. */
  PetscErrorCode (*forget)(HeatStepper *);

  /* Return the linear solver where it is not the stage's. */
  HeatLinear *(*linear)(HeatStepper *);

  /* The scheme's part of HeatStepperSave and HeatStepperLoad. */
  PetscErrorCode (*save)(HeatStepper *, HeatStepperMemory *);
  PetscErrorCode (*load)(HeatStepper *, const HeatStepperMemory *);

  /* Destroy what s->data holds; HeatStepperDestroy frees s->data itself. */
  PetscErrorCode (*destroy)(HeatStepper *);
} HeatMethod;

struct HeatStepper {
  HeatOperator     *op;      /* borrowed */
  const HeatMethod *method;  /* the scheme */
  HeatStage        *stage;   /* owned, like everything below; NULL: explicit, or a PETSc TS */
  Vec               next;    /* [K] the new temperature */
  Vec               net;     /* [W/m] N(T, t); NULL where the scheme does not need it */
  HeatStepControl   control; /* its tolerance is 0 where the step is not controlled */
  void             *data;    /* the scheme's own struct */
};

/** Index of the scheme's first number in HeatStepperMemory; the step control's come before it. */
enum { HEAT_MEMORY_METHOD = HEAT_STEP_CONTROL_NUMBERS };

/** The schemes. */
extern const HeatMethod HeatMethodFtcs, HeatMethodRkl2, HeatMethodBackwardEuler,
    HeatMethodCrankNicolson, HeatMethodBdf2, HeatMethodEsdirk, HeatMethodSteady, HeatMethodTs;

/* The functions below are in stepper_common.c. */

/** Create s->stage with sigma = multiple/dt.  Collective.
 *  @param[in] multiple  of 1/dt in the scheme's sigma
 *  @param[in] dt        expected step [s]; <= 0: not known yet */
PetscErrorCode HeatStepperCreateStage(HeatStepper *s, PetscReal multiple, PetscReal dt);

/** Bring the operator to time t and, where it is not linear, to the field T.  Collective.
 *  Errors: HEAT_ERR_NUMERICS when the coefficients are undefined there. */
PetscErrorCode HeatStepperBring(HeatStepper *s, PetscReal t, Vec T);

/** Bring the operator to time t and, where it is not linear, to the field T, and report in *valid
 *  whether the coefficients are defined there.  Collective. */
PetscErrorCode HeatStepperTryBring(HeatStepper *s, PetscReal t, Vec T, PetscBool *valid);

/** Compute net = N(T) [W/m] at the operator's time, and add `weight` times the entering heat flows
 *  [W/m] to *sum unless sum is NULL.  The operator must have been brought to T.  Collective. */
PetscErrorCode HeatStepperNet(HeatStepper *s, Vec T, Vec net, PetscReal weight, HeatFlows *sum);

/** Add `weight` times the heat flows [W/m] that enter at the operator's time, from T, to *sum.  The
 *  operator must have been brought to T.  Not collective. */
PetscErrorCode HeatStepperAddFlows(HeatStepper *s, Vec T, PetscReal weight, HeatFlows *sum);

/** Write "the step from t = 1.5 s" into text, for error messages. */
void HeatStepperFormatStep(PetscReal t, char *text, size_t size);

#endif
