/** The steps of Newton's method where a conductivity depends on T. */
#ifndef HEAT_SOLVER_NEWTON_STEP_H
#define HEAT_SOLVER_NEWTON_STEP_H

#include <petscsnes.h>

#include "solver/operator/operator.h"

/** Make a SNES with a line search take its steps in the integral of k over T
 *  (HeatOperatorBendStep).  The operator, which must outlive the SNES, has to be updated to the
 *  iterate when its Jacobian is.  Does nothing where no conductivity depends on T.  Not
 *  collective. */
PetscErrorCode HeatNewtonBendSteps(SNES snes, HeatOperator *op);

/** Run Newton's method from T, and a second time from the same T with full steps where the line
 *  search found no shorter ||F|| or the iterations ran out: ||F|| may have to grow for some
 *  iterations where k is steep.  Collective.
 *  @param[in,out] T       [K] the guess; the last iterate of the last run
 *  @param[in]     op      that of HeatNewtonBendSteps
 *  @param[out]    newton, linear  Newton and linear iterations of both runs */
PetscErrorCode HeatNewtonSolve(SNES snes, HeatOperator *op, Vec T, PetscInt *newton,
                               PetscInt *linear, SNESConvergedReason *reason);

/** Return in words why Newton's method stopped, and what would help. */
const char *HeatNewtonAdvice(SNESConvergedReason reason);

#endif
