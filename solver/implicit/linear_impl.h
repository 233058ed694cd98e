/** The linear solver's inside, shared by linear*.c and by no others. */
#ifndef HEAT_SOLVER_LINEAR_IMPL_H
#define HEAT_SOLVER_LINEAR_IMPL_H

#include "solver/implicit/linear.h"
#include "solver/multigrid/heat_petsc.h"

/** Absolute tolerance of every solve, near the smallest double: only a zero right-hand side meets it. */
#define HEAT_LINEAR_ABSOLUTE 1e-300

/** One of the methods that a solve tried. */
typedef struct {
  PetscInt  iterations;
  PetscReal residual; /* relative to b, afterwards */
} HeatAttemptRecord;

struct HeatLinear {
  HeatSystem    system;
  HeatOperator *op;        /* of the system */
  KSP           ksp;       /* owned, like everything below */
  KSP           algebraic; /* the last resort; NULL: not needed so far */
  Mat           shell;
  Mat           assembled;            /* NULL when nothing needs one */
  Vec           residual, correction; /* NULL: not needed so far */
  PetscBool     fallen_back;          /* an algebraic multigrid stands in for ours */

  HeatLinearTimes   times;
  HeatAttemptRecord tried[HEAT_RESCUES]; /* of the last solve */
};

/** The assembled matrix, made or made anew.  Collective. */
PetscErrorCode HeatLinearAssemble(HeatLinear *linear);

/** For the present coefficients.  Collective. */
PetscErrorCode HeatLinearSetUp(HeatLinear *linear);

/** Makes pc the algebraic multigrid of a rescue.  Collective. */
PetscErrorCode HeatLinearMakeAlgebraic(PC pc, HeatRescue rescue);

#endif
