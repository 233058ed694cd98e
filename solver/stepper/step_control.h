/** The choice of the step from its estimated error: a PI controller.
 *
 *  The error ratio of a step is its largest estimated error over the cells, divided by the
 *  tolerated error max(tolerance * spread, absolute), where spread is the highest minus the
 *  lowest temperature of the run so far, the new field included.  The spread does not depend on
 *  the zero of the temperature scale.  `absolute` lets a uniform field, whose spread is 0, be
 *  stepped through; by default it grows with the temperatures, so that it does depend on the
 *  zero.  A step is accepted when the ratio is at most 1.  With k the order of the error in dt,
 *  the next step is
 *
 *      dt 0.9 ratio^(-0.7/k) previous^(0.4/k)
 *
 *  where previous is the ratio of the step before (K. Gustafsson, ACM Trans. Math. Softw. 17
 *  (1991) 533).  The step keeps its length when it would grow by less than a fifth, so that the
 *  set-up of the preconditioner can be used again.  Source: solver/README.md, "Controlled
 *  steps".
 */
#ifndef HEAT_SOLVER_STEP_CONTROL_H
#define HEAT_SOLVER_STEP_CONTROL_H

#include "solver/operator/operator.h"

/** The state of the controller.  Plain data, the same on all ranks. */
typedef struct {
  PetscReal tolerance;   /* of the error, relative to the spread; 0: steps are not controlled */
  PetscReal absolute;    /* [K] least tolerated error */
  PetscReal min, max;    /* [s] bounds of the step; 0: no bound */
  PetscReal growth;      /* largest factor from one step to the next */
  PetscReal measured[2]; /* [K] low and high with the field of the last HeatStepControlMeasure */
  /* The members below are saved for a restart. */
  PetscReal next; /* [s] proposed step; 0: none yet */
  PetscReal
      previous;   /* error ratio of the last step that was not cut short by the caller; 0: none */
  PetscReal low;  /* [K] lowest temperature of the run so far */
  PetscReal high; /* [K] highest temperature of the run so far; low > high: none known */
} HeatStepControl;

/** How many numbers HeatStepControlSave stores. */
enum { HEAT_STEP_CONTROL_NUMBERS = 4 };

/** Initialise the controller from the case's `time.adaptive`.
 *  Where the case gives no `absolute`, it is tolerance * max(0.01 spread, 1e-4 |T|, 1e-4 K), spread
 *  and |T| being those of the temperatures that the case gives as numbers or in tables.
 *  @param[in] growth  largest factor from one step to the next: 2 for multi-step schemes, which
 *                     become unstable when steps keep growing faster */
void HeatStepControlInit(HeatStepControl *control, const HeatCase *c, PetscReal growth);

/** Return the tolerated error [K] of a field within the range low to high: max(tolerance * spread,
 *  absolute).  Not collective. */
PetscReal HeatStepControlTolerated(const HeatStepControl *control);

/** Widen the range low to high by the temperatures T [K], [nyl][nxl].  Collective. */
PetscErrorCode HeatStepControlWidenRange(HeatStepControl *control, const HeatOperator *op,
                                         const PetscReal *T);

/** Compute the error ratio of an attempted step; it is infinite for a field that is not finite.
 *  HeatStepControlAccept then widens the range by this field.  Collective.
 *  @param[in]  T      the new field [K], [nyl][nxl]
 *  @param[in]  error  the largest estimated error of this rank's cells [K]; may be NaN
 *  @param[out] ratio  the error over the tolerated error, the same on all ranks */
PetscErrorCode HeatStepControlMeasure(HeatStepControl *control, const HeatOperator *op,
                                      const PetscReal *T, PetscReal error, PetscReal *ratio);

/** Return the step [s] to try after a step of dt [s] was rejected with this error ratio > 1.
 *  @param[in] order  k, of the error in dt */
PetscReal HeatStepControlShorten(PetscReal dt, PetscReal ratio, int order);

/** Accept a step of dt [s] and store the proposal for the next one in control->next.  A step that
 *  is shorter than the proposal because the caller cut it short (for an output time) does not
 *  shorten the next proposal.  Not collective; call it on all ranks.
 *  @param[in] ratio     error ratio, from HeatStepControlMeasure
 *  @param[in] order     k, of the error in dt
 *  @param[in] rejected  whether attempts at this step were rejected; the next step then does not
 *                       grow */
void HeatStepControlAccept(HeatStepControl *control, PetscReal dt, PetscReal ratio, int order,
                           PetscBool rejected);

/** Store what a restart needs, for HeatStepperMemory: next, previous, low, high. */
void HeatStepControlSave(const HeatStepControl *control,
                         PetscReal              numbers[HEAT_STEP_CONTROL_NUMBERS]);

/** Load what HeatStepControlSave stored; all zero: begin anew. */
void HeatStepControlLoad(HeatStepControl *control,
                         const PetscReal  numbers[HEAT_STEP_CONTROL_NUMBERS]);

/** Compute a first step [s] from the field and its rate of change at time t [s], after E. Hairer,
 *  S. Norsett, G. Wanner, Solving Ordinary Differential Equations I, 2nd ed., ch. II.4.  Also
 *  widens the range by T.  Collective.  The operator is left at another time and field.
 *  @param[in]  T      [K], [nyl][nxl]
 *  @param[in]  order  k of the first step's error, in dt
 *  @param[out] dt     within the case's bounds [s] */
PetscErrorCode HeatStepControlFirstStep(HeatStepControl *control, HeatOperator *op, PetscReal t,
                                        const PetscReal *T, int order, PetscReal *dt);

#endif
