/** Interrupt: abandoning a time step that is still being computed.
 *
 *  A step of a large grid may take minutes.  Whoever runs the steps gives the operator a
 *  HeatInterrupt, and every loop of the solver that may last long polls it: each iteration of a
 *  Krylov method and of Newton's method, each stage of rkl2 or each sweep over several stages, and
 *  each evaluation for PETSc's TS.  Once the run is to stop, the step returns HEAT_STOPPED, and the
 *  temperature is the one before the step.
 *
 *  All ranks poll equally often and in the same order, because iterations and stages are
 *  collective.  So `ask` may count its calls and communicate in some of them only. */
#ifndef HEAT_SOLVER_INTERRUPT_H
#define HEAT_SOLVER_INTERRUPT_H

#include "solver/base/error.h"

/** How to ask whether the step is to be abandoned, and the decision so far.  Plain data, owned by
 *  the caller that runs the steps. */
typedef struct {
  /* Decide whether the present step is to be abandoned; collective, the same on all ranks. */
  PetscErrorCode (*ask)(void *context, PetscBool *stop);
  void     *context; /* borrowed; handed to `ask` */
  PetscBool stopped; /* the decision; `ask` is not called again once it is true */
} HeatInterrupt;

/** Ask whether to abandon the step.  Collective.
 *  @param[in,out] interrupt  NULL: the step is never abandoned
 *  @param[out]    stop       true at every poll from the first positive answer on */
PetscErrorCode HeatInterruptPoll(HeatInterrupt *interrupt, PetscBool *stop);

/** Poll, and return HEAT_STOPPED where the step is to be abandoned, else 0.  For a loop that has no
 *  other means to end early, such as a convergence test.  Collective. */
PetscErrorCode HeatInterruptPollOrReturn(HeatInterrupt *interrupt);

/** Return HEAT_STOPPED where an earlier poll has decided to abandon the step, else 0.  Not
 *  collective; the same on all ranks. */
PetscErrorCode HeatInterruptDecided(const HeatInterrupt *interrupt);

#endif
