/** The linear solver under every implicit scheme: (mass C - J) x = b with PETSc's KSP.
 *
 *  The operator is applied matrix-free (a MATSHELL around HeatOperatorApply); a matrix is assembled
 *  only when the chosen preconditioner needs one.  Every PETSc option (-ksp_..., -pc_...) is open.
 *  A set-up depends on the mass and the operator's coefficients alone, never on earlier solves, so
 *  that a run and its continuation from a checkpoint have the same bits.
 */
#ifndef HEAT_SOLVER_LINEAR_H
#define HEAT_SOLVER_LINEAR_H

#include <petscksp.h>

#include "solver/operator/operator.h"

typedef struct HeatLinear HeatLinear;

/** How far a solve had to go: each of these takes over where the one before makes too little
 *  headway, and says so in HeatSolveInfo. */
typedef enum {
  HEAT_RESCUE_NONE,   /* V-cycles did it, or another method was chosen */
  HEAT_RESCUE_W,      /* W-cycles */
  HEAT_RESCUE_STRONG, /* PETSc's algebraic multigrid, weak couplings dropped */
  HEAT_RESCUE_ALL,    /* likewise, with all couplings */
  HEAT_RESCUE_JACOBI, /* the diagonal alone, where the result may not depend on the layout */
  HEAT_RESCUES
} HeatRescue;

/** "V-cycles", "W-cycles", ... */
const char *HeatRescueName(HeatRescue rescue);

/** One solve, or all solves of a step. */
typedef struct {
  PetscInt   iterations;    /* linear, of all its linear solves */
  PetscInt   newton;        /* Newton iterations; 0 for a linear problem */
  PetscReal  residual;      /* ||b - A x|| / ||b||, recursive, as the Krylov method sees it;
                               non-linear: ||F|| / ||F_0||; of several solves the largest */
  PetscReal  true_residual; /* likewise, computed from x at the end; 0 for a non-linear problem */
  PetscReal  left;          /* ||b - A x||, ||F|| at the end [W/m]; of several solves the sum */
  HeatRescue rescue;        /* of several solves the furthest */
  PetscBool  at_rounding;   /* the tolerance is below what double precision resolves */
} HeatSolveInfo;

/** Adds what one solve took to what several did. */
void HeatSolveInfoAdd(HeatSolveInfo *all, const HeatSolveInfo *one);

/** Collective.  Reads the case's solver section, then PETSc's options.  The method is heatcg where the
 *  preconditioner is ours and nothing depends on T, else CG where HeatOperatorIsSymmetric, else
 *  (flexible) GMRES, preconditioned from the right; -ksp_type has the last word.
 *  An operator that is not linear is left at coefficients of no meaning: Update it, then this.
 *  @param[in] mass   [1/s]: a multiple of 1/dt, or 0 for a steady state
 *  Errors: HEAT_ERR_INPUT for a preconditioner or option that PETSc refuses, or that depends on the
 *  layout of blocks where the case wants the same bits on all. */
PetscErrorCode HeatLinearCreate(HeatOperator *op, PetscReal mass, HeatLinear **linear);

/** Another time step: assembles and sets up again, unless the mass is the one it has.
 *  Collective. */
PetscErrorCode HeatLinearSetMass(HeatLinear *linear, PetscReal mass);

/** Likewise, whatever the mass was: for coefficients that have changed.  Collective. */
PetscErrorCode HeatLinearUpdate(HeatLinear *linear, PetscReal mass);

/** How many iterations a solve of Newton's method may take before somebody falls back.  Not
 *  collective. */
PetscInt HeatLinearPatience(const HeatLinear *linear);

/** An algebraic multigrid in place of ours until the next Update, where ours is the one in use.
 *  Collective. */
PetscErrorCode HeatLinearFallBack(HeatLinear *linear, PetscBool *there_is);

/** The operator alone follows coefficients that have changed; the preconditioner stays, but for
 *  those that look at the operator itself (jacobi).  Collective. */
PetscErrorCode HeatLinearUpdateOperator(HeatLinear *linear);

/** Solve from x = 0.  Collective.
 *  @param[in] what  for the message: "the step from t = 1.5 s"
 *  Errors: HEAT_ERR_NUMERICS when the Krylov method gives up; x is then meaningless. */
PetscErrorCode HeatLinearSolve(HeatLinear *linear, Vec b, Vec x, const char *what,
                               HeatSolveInfo *info);

/** Likewise, but quiet: *solved tells.  Collective. */
PetscErrorCode HeatLinearTry(HeatLinear *linear, Vec b, Vec x, HeatSolveInfo *info,
                             PetscBool *solved);

/** Raises what HeatLinearSolve raises, after a HeatLinearTry that failed.  Collective. */
PetscErrorCode HeatLinearRaise(HeatLinear *linear, const char *what, const HeatSolveInfo *info);

/** Wall time on this rank since the creation.  Not collective. */
typedef struct {
  PetscInt64 set_ups;
  double     set_up, solve; /* [s]; solves inside Newton's method are not counted */
} HeatLinearTimes;
HeatLinearTimes HeatLinearGetTimes(const HeatLinear *linear);

/** The solver itself, for reports and tests; borrowed. */
KSP HeatLinearKSP(HeatLinear *linear);

/** *linear may be NULL.  Collective. */
PetscErrorCode HeatLinearDestroy(HeatLinear **linear);

#endif
