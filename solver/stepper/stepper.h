/** Time steppers: advance the temperature by one step, and return the heat that entered during it.
 *
 *  The schemes are rows of a table in stepper.c.  A failed step leaves the temperature unchanged.
 *  An error-controlled scheme repeats a step with a shorter dt until the estimated error is below
 *  the case's tolerance, and proposes the next dt.  The state of a scheme beyond the temperature is
 *  saved and loaded as HeatStepperMemory, so that a restarted run has the bits of an uninterrupted
 *  one (other than with PETSc's multi-step types, see stepper_ts.c).
 *  Source: solver/README.md, sections 4, 5 and 7.
 */
#ifndef HEAT_SOLVER_STEPPER_H
#define HEAT_SOLVER_STEPPER_H

#include "solver/implicit/linear.h"

typedef struct HeatStepper HeatStepper;

/** The record of one step.  The flows are this rank's part; all other members are the same on all
 *  ranks. */
typedef struct {
  PetscReal     dt;       /* [s] step taken */
  PetscReal     next;     /* [s] proposed for the next step; 0: the scheme proposes none */
  PetscReal     error;    /* estimated error over the tolerated one, <= 1; 0: no estimate */
  PetscInt      rejected; /* attempts at this step that were given up */
  PetscInt      stages;   /* evaluations of N (explicit) or solves (implicit), rejected attempts
                             included; 1 for ts:TYPE */
  PetscInt      sweeps;   /* rkl2: over the field in which stages were taken; 0: one by one;
                             negative: one by one with coefficients that change */
  HeatSolveInfo solve;    /* all solves of the step, rejected attempts included; 0 for explicit
                             schemes */
  HeatFlows     flows;    /* [W/m] means over the step: dt times them is the change of the stored
                             heat; where the operator sums the heat of the ambient exchange
                             (HeatOperatorExchangeHeat), without that */
  HeatFlows     settled;  /* [J/m] heat of the ambient exchange in this and earlier steps that the
                             operator settled in this step */
} HeatStepInfo;

/** Upper bound of the steps that HeatStepperMostAtOnce returns, for arrays.  Equal to the largest
 *  number that operator_steps.c allows. */
enum { HEAT_MOST_AT_ONCE = 64 };

/** Room in HeatStepperMemory: bdf2, the only scheme that remembers fields, has 2 and uses 20
 *  numbers. */
enum { HEAT_MEMORY_FIELDS = 2, HEAT_MEMORY_NUMBERS = 24 };

/** The state of a scheme beyond the temperature; all zero: none yet.  Plain data; the numbers are
 *  the same on all ranks and lie as follows, with 0 where a scheme has none:
 *
 *      index  0     1         2    3     4       5 ... 11     12      13 ... 19    20 ... 23
 *             next  previous  low  high  gap[0]  heat[0][7]   gap[1]  heat[1][7]   unused
 *             |-- HeatStepControl ---|   |------------- scheme bdf2 ------------|
 */
typedef struct {
  PetscInt  n_fields;                     /* fields in use */
  Vec       fields[HEAT_MEMORY_FIELDS];   /* [K] earlier temperatures, global Vecs of the grid */
  PetscReal came_in[HEAT_MEMORY_FIELDS];  /* [J/m] heat that entered since each field, all ranks;
                                             Save sets it, Load ignores it */
  PetscReal numbers[HEAT_MEMORY_NUMBERS]; /* drawn above */
} HeatStepperMemory;

/** Create the stepper of the case's scheme.  Collective; owned by the caller; the operator must
 *  outlive it.
 *  @param[in] dt  expected step [s], for set-up and checks; 0: not known yet; ignored by `steady`
 *  Errors: HEAT_ERR_INPUT for ftcs or an explicit ts:TYPE with an unstable step (linear operator;
 *  for a non-linear one see HeatStepperFirstStep), for a steady case without a steady state, and
 *  for PETSc options or a ts:TYPE that PETSc refuses. */
PetscErrorCode HeatStepperCreate(HeatOperator *op, PetscReal dt, HeatStepper **stepper);

/** Advance the temperature from t to t + info->dt.  Collective.  Returns HEAT_STOPPED, with *T and
 *  the scheme's memory as before, where the operator's interrupt abandons the step.
 *  @param[in]     t     time of *T [s]
 *  @param[in]     dt    step wanted [s]; an error-controlled scheme, and an explicit one whose
 *                       stability limit changes with T, may take a shorter one
 *  @param[in,out] T     [K], global Vec of the grid; the handle may be swapped for another Vec of
 *                       this layout
 *  @param[out]    info  the record of the step
 *  Errors: HEAT_ERR_NUMERICS when a solve does not converge or an explicit step is unstable; for a
 *  scheme that controls its step, only when the shortest step fails too.  *T is then unchanged. */
PetscErrorCode HeatStepperAdvance(HeatStepper *stepper, PetscReal t, PetscReal dt, Vec *T,
                                  HeatStepInfo *info);

/** Store in *most how many steps HeatStepperAdvanceSeveral can take at once, the same on all ranks;
 *  1 for schemes that take each step by itself.  The first call is collective. */
PetscErrorCode HeatStepperMostAtOnce(HeatStepper *stepper, PetscInt *most);

/** Advance by several equal steps, with the bits that as many calls of HeatStepperAdvance would
 *  give.  Collective.
 *  @param[in]     steps  2 to HeatStepperMostAtOnce
 *  @param[in]     times  [steps] time at which each step begins [s]
 *  @param[in]     dt     length of each step [s]
 *  @param[in]     record  cells whose temperature is recorded after each step; NULL: none
 *  @param[in,out] T      [K], global Vec of the grid
 *  @param[out]    info   its dt and stages are those of one step, its flows are summed over the
 *                        steps */
PetscErrorCode HeatStepperAdvanceSeveral(HeatStepper *stepper, PetscInt steps,
                                         const PetscReal *times, PetscReal dt,
                                         const HeatCellRecord *record, Vec *T, HeatStepInfo *info);

/** Stages of a step of rkl2 with `step: auto`: 9 evaluations of N for a step 22 times as long as
 *  one of ftcs.  Chosen: more stages are cheaper for the same time but less accurate, since the
 *  step is longer; fewer cost more evaluations. */
enum { HEAT_RKL2_AUTO_STAGES = 9 };

/** Return the fewest stages of rkl2, odd and at least 3, for which a step of dt [s] is stable where
 *  ftcs takes at most `limit` [s]; 0 where they are more than a million.  Not collective. */
PetscInt HeatRkl2Stages(PetscReal dt, PetscReal limit);

/** Return whether the scheme chooses its step from the estimated error.  Not collective. */
PetscBool HeatStepperIsAdaptive(const HeatStepper *stepper);

/** Store in *dt the first step [s]: the case's step if it gives one.  With `step: auto` it is the
 *  largest stable step of ftcs, or the step that rkl2 takes with its default number of stages; for
 *  a scheme that controls its step, it is computed from the field T [K] and its rate of change at
 *  time t [s].  Collective.
 *  Errors: HEAT_ERR_INPUT for a step of the case that is unstable for ftcs or an explicit ts:TYPE
 *  with that field. */
PetscErrorCode HeatStepperFirstStep(HeatStepper *stepper, PetscReal t, Vec T, PetscReal *dt);

/** Discard what the scheme and its step control know of earlier steps, so that the next step is
 *  taken as the first one of a run.  For a time t [s] at which a source or a side switches.
 *  Collective.
 *  @param[out] dt  [s] a step to begin with, computed from the field T [K] and its rate of change,
 *                  for a scheme that controls its error; 0 for others */
PetscErrorCode HeatStepperBeginAnew(HeatStepper *stepper, PetscReal t, Vec T, PetscReal *dt);

/** Store what a restart needs besides the temperature.  Collective.  The fields are borrowed from
 *  the stepper and valid until the next HeatStepperAdvance. */
PetscErrorCode HeatStepperSave(HeatStepper *stepper, HeatStepperMemory *memory);

/** Load what HeatStepperSave stored at this step, or begin anew where n_fields is 0.  Collective.
 *  The fields are copied. */
PetscErrorCode HeatStepperLoad(HeatStepper *stepper, const HeatStepperMemory *memory);

/** Return the linear solver, or NULL for an explicit scheme; borrowed.  Not collective. */
HeatLinear *HeatStepperLinear(HeatStepper *stepper);

/** Destroy the stepper and set *stepper to NULL; *stepper may be NULL.  Collective. */
PetscErrorCode HeatStepperDestroy(HeatStepper **stepper);

#endif
