/** The choice of the step from its estimated error: a PI controller.
 *
 *  The error of a step is the largest over the cells, over tolerance * spread, where spread is the
 *  difference of the highest and the lowest temperature seen so far, the new field included: it
 *  does not depend on the zero of the scale.  A step is taken when that ratio is at most 1.  The
 *  next one: K. Gustafsson, ACM Trans. Math. Softw. 17 (1991) 533; it stays what it is when it
 *  would grow by less than a fifth, so that set-ups are used again.
 */
#ifndef HEAT_SOLVER_STEP_CONTROL_H
#define HEAT_SOLVER_STEP_CONTROL_H

#include "solver/operator/operator.h"

/** Plain data, the same on all ranks. */
typedef struct {
  PetscReal tolerance; /* of the case; 0: steps are not controlled */
  PetscReal min, max;  /* [s]; 0: no bound */
  PetscReal growth;    /* largest factor from one step to the next */
  PetscReal seen[2];   /* low and high with the field last measured */
  /* what a restart needs */
  PetscReal next;      /* proposed [s]; 0: none yet */
  PetscReal previous;  /* the error ratio of the last step that was not clipped; 0: none */
  PetscReal low, high; /* temperatures seen so far; low > high: none */
} HeatStepControl;

enum { HEAT_STEP_CONTROL_NUMBERS = 4 };

/** @param[in] growth  2 for multi-step schemes, which lose stability at larger ones */
void HeatStepControlInit(HeatStepControl *control, const HeatCase *c, PetscReal growth);

/** Take the temperatures of a field into the range.  Collective. */
PetscErrorCode HeatStepControlSee(HeatStepControl *control, const HeatOperator *op,
                                  const PetscReal *T);

/** The error ratio of an attempted step; infinite for a field that is not finite.  The range
 *  takes the field in when the step is accepted.  Collective.
 *  @param[in] T      the new field, [nyl][nxl]
 *  @param[in] error  the largest estimated error of own cells [K]; NaN allowed */
PetscErrorCode HeatStepControlMeasure(HeatStepControl *control, const HeatOperator *op,
                                      const PetscReal *T, PetscReal error, PetscReal *ratio);

/** The step to try instead of dt, which was too long by the ratio > 1. */
PetscReal HeatStepControlShorter(PetscReal dt, PetscReal ratio, int order);

/** A step was taken: propose the next one.  A step that was shorter than proposed because somebody
 *  asked for that (an output time) does not shorten the proposal.
 *  @param[in] order     of the error in dt
 *  @param[in] rejected  whether attempts had been given up: the next step then does not grow */
void HeatStepControlAccept(HeatStepControl *control, PetscReal dt, PetscReal ratio, int order,
                           PetscBool rejected);

/** For HeatStepperMemory. */
void HeatStepControlSave(const HeatStepControl *control,
                         PetscReal              numbers[HEAT_STEP_CONTROL_NUMBERS]);
void HeatStepControlLoad(HeatStepControl *control,
                         const PetscReal  numbers[HEAT_STEP_CONTROL_NUMBERS]);

/** A first step [s] from the field and its rate of change at time t, after E. Hairer, S. Norsett,
 *  G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., ch. II.4.  Collective; leaves the
 *  operator at another time and field.
 *  @param[in] order  of the error of the first step in dt */
PetscErrorCode HeatStepControlFirst(HeatStepControl *control, HeatOperator *op, PetscReal t,
                                    const PetscReal *T, int order, PetscReal *dt);

#endif
