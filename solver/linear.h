/** The linear solve of an implicit step: (mass C - L) x = b with PETSc's KSP.
 *
 *  The operator is applied matrix-free (a MATSHELL around HeatOperatorApply); a matrix is assembled
 *  only when the chosen preconditioner needs one.  Every PETSc option (-ksp_..., -pc_...) is open.
 */
#ifndef HEAT_SOLVER_LINEAR_H
#define HEAT_SOLVER_LINEAR_H

#include <petscksp.h>

#include "solver/operator.h"

typedef struct HeatLinear HeatLinear;

/** One solve. */
typedef struct {
  PetscInt  iterations; /* linear, of all its linear solves */
  PetscInt  newton;     /* Newton iterations; 0 for a linear problem */
  PetscReal residual;   /* ||b - A x|| / ||b||, recursive, as the Krylov method sees it */
} HeatSolveInfo;

/** Collective.  Reads the case's solver section, then PETSc's options.
 *  @param[in] mass   [1/s]: a multiple of 1/dt, or 0 for a steady state
 *  Errors: HEAT_ERR_INPUT for a preconditioner or option that PETSc refuses. */
PetscErrorCode HeatLinearCreate(HeatOperator *op, PetscReal mass, HeatLinear **linear);

/** Another time step: assembles and sets up again where that is needed.  Collective. */
PetscErrorCode HeatLinearSetMass(HeatLinear *linear, PetscReal mass);

/** Solve from x = 0.  Collective.
 *  @param[in] what  for the message: "the step from t = 1.5 s"
 *  Errors: HEAT_ERR_NUMERICS when the Krylov method gives up; x is then meaningless. */
PetscErrorCode HeatLinearSolve(HeatLinear *linear, Vec b, Vec x, const char *what,
                               HeatSolveInfo *info);

/** The solver itself, for reports and tests; borrowed. */
KSP HeatLinearKSP(HeatLinear *linear);

/** *linear may be NULL.  Collective. */
PetscErrorCode HeatLinearDestroy(HeatLinear **linear);

#endif
