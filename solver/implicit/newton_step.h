/** The steps of Newton's method where a conductivity depends on T. */
#ifndef HEAT_SOLVER_NEWTON_STEP_H
#define HEAT_SOLVER_NEWTON_STEP_H

#include <petscsnes.h>

#include "solver/operator/operator.h"

/** What HeatNewtonSolve did. */
typedef struct {
  PetscInt            newton, linear; /* Newton and linear iterations of all runs */
  PetscBool           full;           /* a run, the first or the second one, took full steps */
  SNESConvergedReason reason;         /* how the last run ended */
} HeatNewtonRun;

/** Make a SNES with a line search take its steps in the integral of k over T
 *  (HeatOperatorBendStep).  The operator must outlive the SNES, and the callback that updates the
 *  Jacobian to an iterate must update the operator to this iterate too.  Does nothing where no
 *  conductivity depends on T.  Not collective. */
PetscErrorCode HeatNewtonBendSteps(SNES snes, HeatOperator *op);

/** Run Newton's method from T.  If the line search finds no smaller ||F|| or the iterations run
 *  out, run it a second time from the same T with full steps, since ||F|| may have to grow for some
 *  iterations where k is steep.  There is no second run where no conductivity depends on T, or
 *  where the method has no line search.  Collective.
 *  @param[in,out] T       [K] the guess; the last iterate of the last run
 *  @param[in]     op      the operator that HeatNewtonBendSteps was given
 *  @param[out]    run     iterations of the runs, and how the last one ended */
PetscErrorCode HeatNewtonSolve(SNES snes, HeatOperator *op, Vec T, HeatNewtonRun *run);

/** Return in words why Newton's method stopped, and what would help. */
const char *HeatNewtonAdvice(const HeatNewtonRun *run);

#endif
