/** What linear.c (set-up), linear_solve.c (solves and fallbacks) and linear_watch.c share; for no
 *  other file. */
#ifndef HEAT_SOLVER_LINEAR_IMPL_H
#define HEAT_SOLVER_LINEAR_IMPL_H

#include "solver/implicit/linear.h"
#include "solver/multigrid/heat_petsc.h"

/** Absolute tolerance of every solve, in the unit of b [W/m].  Chosen close to the smallest normal
 *  double (2e-308), so that only a zero right-hand side meets it: the case's tolerance is relative.
 *  A larger value would end solves with small right-hand sides too early. */
#define HEAT_LINEAR_ABSOLUTE 1e-300

/** What one method of a solve achieved. */
typedef struct {
  PetscInt  iterations; /* 0: the method was not tried */
  PetscReal residual;   /* ||b - A x|| / ||b|| after it */
} HeatAttemptRecord;

struct HeatLinear {
  HeatSystem    system;     /* the matrix mass C - J, for heatmg */
  HeatOperator *op;         /* borrowed; also in system */
  KSP           ksp;        /* owned, like everything below; the method that the case chose */
  KSP           algebraic;  /* the fallback behind heatcg; NULL until one is needed */
  Mat           shell;      /* the matrix-free operator */
  Mat           assembled;  /* matrix for preconditioners; NULL until one needs it */
  Vec           residual;   /* [W/m] b - A x, work space; NULL until needed */
  Vec           correction; /* [K] added to x, work space; NULL until needed */
  PetscBool
      fallen_back;     /* ksp is preconditioned by GAMG instead of heatmg, until the next Update */
  PetscBool half_made; /* PETSc is setting ksp up, or refused to: PETSc cannot destroy it then */

  HeatLinearTimes   times;               /* wall time on this rank */
  HeatAttemptRecord tried[HEAT_RESCUES]; /* the methods of the last solve, by HeatRescue */
};

/** Assemble the matrix for preconditioners at the operator's present coefficients; create it at the
 *  first call.  Collective. */
PetscErrorCode HeatLinearAssemble(HeatLinear *linear);

/** Set the preconditioner and the KSP up for the present mass and coefficients.  Collective. */
PetscErrorCode HeatLinearSetUp(HeatLinear *linear);

/** Have the convergence test of `ksp` poll the operator's interrupt first, and end the solve where
 *  the step is to be abandoned; do nothing where it does so already.  Call it after
 *  KSPSetFromOptions, which may choose another test.  Not collective. */
PetscErrorCode HeatLinearWatch(HeatLinear *linear, KSP ksp);

/** Make `pc` the preconditioner of a fallback: GAMG with strong couplings, GAMG with all couplings,
 *  or Jacobi.  Collective.
 *  @param[in] rescue  HEAT_RESCUE_STRONG, HEAT_RESCUE_ALL or HEAT_RESCUE_JACOBI */
PetscErrorCode HeatLinearMakeAlgebraic(PC pc, HeatRescue rescue);

#endif
