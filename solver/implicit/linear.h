/** The linear solver under every implicit scheme: (mass C - J) x = b, by PETSc's KSP.
 *
 *  The operator is applied matrix-free, by a MATSHELL around HeatOperatorApply; a matrix is
 *  assembled only when the chosen preconditioner needs one.  Every PETSc option (-ksp_..., -pc_...)
 *  is open to the user.  A set-up depends on the mass and on the operator's coefficients alone,
 *  never on earlier solves, so that a run and its continuation from a checkpoint have the same
 *  bits.
 *  Source: solver/README.md, section 8.
 */
#ifndef HEAT_SOLVER_LINEAR_H
#define HEAT_SOLVER_LINEAR_H

#include <petscksp.h>

#include "solver/operator/operator.h"

typedef struct HeatLinear HeatLinear;

/** The fallbacks of a solve, in the order in which it tries them.  A method takes over where the
 *  one before it makes too little progress; HeatSolveInfo reports the last one that was used. */
typedef enum {
  HEAT_RESCUE_NONE,   /* no fallback: V-cycles converged, or the user chose another method */
  HEAT_RESCUE_W,      /* W-cycles instead of V-cycles */
  HEAT_RESCUE_STRONG, /* PETSc's algebraic multigrid GAMG, with weak couplings dropped */
  HEAT_RESCUE_ALL,    /* GAMG with all couplings */
  HEAT_RESCUE_JACOBI, /* CG with Jacobi: with `solver.reproducible`, instead of GAMG */
  HEAT_RESCUES
} HeatRescue;

/** Return the method's name for messages, such as "W-cycles". */
const char *HeatRescueName(HeatRescue rescue);

/** The effort and the accuracy of one solve, or of all solves of a step.  Plain data, the same on
 *  all ranks. */
typedef struct {
  PetscInt  iterations;    /* of the Krylov methods; of several solves the sum */
  PetscInt  newton;        /* Newton iterations, summed; 0 for a linear problem */
  PetscReal residual;      /* ||b - A x|| / ||b|| by the Krylov method's recurrence, or for a
                               non-linear problem ||F|| / ||F_0||; of several solves the largest */
  PetscReal true_residual; /* ||b - A x|| / ||b|| computed from x after the solve; of several solves
                               the largest; 0 for a non-linear problem */
  PetscReal left;          /* [W/m] norm of the remaining residual: ||b - A x||, or ||F|| for a
                               non-linear problem; of several solves the sum */
  HeatRescue rescue;       /* last fallback used; of several solves the furthest */
  PetscBool  at_rounding;  /* the residual is above the tolerance, but within rounding */
  PetscBool  loose; /* the solution was accepted, by an option of PETSc, with a residual above
                              the case's tolerance and above rounding */
} HeatSolveInfo;

/** Residual, over the tolerance, with which a solution still counts as solved to the tolerance.
 *  Chosen: the residual of a Krylov method that stopped at the tolerance drifts by rounding, which
 *  is not worth another solve.  A larger value accepts residuals further above the tolerance, a
 *  smaller one solves again for the drift. */
#define HEAT_LINEAR_SLACK 1.01

/** Add the record of one solve to the record of several: sums, maxima or disjunctions, as the
 *  members above say.  Not collective. */
void HeatSolveInfoAdd(HeatSolveInfo *all, const HeatSolveInfo *one);

/** Create the solver from the case's `solver` section and PETSc's options, and set it up.
 *  Collective; owned by the caller; the operator must outlive it.  The default method is heatcg
 *  where the preconditioner is heatmg and nothing depends on T; otherwise CG where
 *  HeatOperatorIsSymmetric; otherwise GMRES, preconditioned from the right (flexible GMRES with
 *  heatmg).  -ksp_type overrides this default.
 *  A non-linear operator's coefficients are undefined on return; call HeatOperatorUpdate, then
 *  HeatLinearUpdate, before the first solve.
 *  @param[in] mass   sigma [1/s]: a multiple of 1/dt, or 0 for a steady state
 *  Errors: HEAT_ERR_INPUT for a preconditioner or an option that PETSc refuses, and with
 *  `solver.reproducible` for a preconditioner whose result depends on the decomposition. */
PetscErrorCode HeatLinearCreate(HeatOperator *op, PetscReal mass, HeatLinear **linear);

/** Set the solver up for another mass [1/s]; do nothing where the mass is unchanged.  For a linear
 *  operator, whose coefficients do not change.  Collective.
 *  Errors: HEAT_ERR_INPUT where PETSc refuses the set-up. */
PetscErrorCode HeatLinearSetMass(HeatLinear *linear, PetscReal mass);

/** Set the solver up for this mass [1/s] and the operator's present coefficients, even where the
 *  mass is unchanged.  Ends a fallback to algebraic multigrid.  Collective.
 *  Errors: HEAT_ERR_INPUT where PETSc refuses the set-up. */
PetscErrorCode HeatLinearUpdate(HeatLinear *linear, PetscReal mass);

/** Return the most iterations that one linear solve inside Newton's method may take.  With the
 *  preconditioner `multigrid` the limit is low, so that HeatLinearFallBack is tried early;
 *  otherwise it is `solver.max_iterations`.  Not collective. */
PetscInt HeatLinearIterationLimit(const HeatLinear *linear);

/** Replace heatmg by algebraic multigrid (HEAT_RESCUE_STRONG) until the next HeatLinearUpdate.
 *  Collective.
 *  @param[out] fell_back  false, with nothing done, where another preconditioner than heatmg is in
 *                         use, or with `solver.reproducible` */
PetscErrorCode HeatLinearFallBack(HeatLinear *linear, PetscBool *fell_back);

/** Mark the matrix-free operator as changed, after a change of the operator's coefficients, which
 *  each of its products reads.  A preconditioner with an assembled matrix is kept; PETSc sets one
 *  that was given the matrix-free operator (heatmg, jacobi) up again in the next solve.
 *  Collective. */
PetscErrorCode HeatLinearUpdateOperator(HeatLinear *linear);

/** Make the solver's iterations poll the operator's interrupt again.  Call it after a call of
 *  KSPSetFromOptions for HeatLinearKSP, which may have replaced the convergence test that polls.
 *  Not collective. */
PetscErrorCode HeatLinearWatchAgain(HeatLinear *linear);

/** Solve A x = b from the initial guess x = 0.  Collective.
 *  @param[in]  b     [W/m], global Vec of the grid; unchanged
 *  @param[out] x     [K], global Vec of the grid; undefined after an error
 *  @param[in]  what  beginning of the error message: "the step from t = 1.5 s"
 *  @param[out] info  the record of this solve
 *  Errors: HEAT_ERR_NUMERICS when neither the method nor its fallbacks converge. */
PetscErrorCode HeatLinearSolve(HeatLinear *linear, Vec b, Vec x, const char *what,
                               HeatSolveInfo *info);

/** Solve as HeatLinearSolve does, but report failure in *solved instead of raising an error.
 *  Collective.
 *  @param[out] solved  whether the tolerance, or the rounding of the residual, was reached; x is
 *                      undefined where false.  A method other than heatcg that stops before the
 *                      tolerance counts as failed, even if its residual is within rounding. */
PetscErrorCode HeatLinearTry(HeatLinear *linear, Vec b, Vec x, HeatSolveInfo *info,
                             PetscBool *solved);

/** Raise HEAT_ERR_NUMERICS for the last HeatLinearTry, which failed: PETSc's reason, iterations and
 *  residual of every method tried.  Collective.
 *  @param[in] what  beginning of the message: "the step from t = 1.5 s"
 *  @param[in] info  the record of that solve */
PetscErrorCode HeatLinearRaise(HeatLinear *linear, const char *what, const HeatSolveInfo *info);

/** Wall time on this rank since the solver was created. */
typedef struct {
  PetscInt64 set_ups; /* number of set-ups */
  double     set_up;  /* [s] spent in set-ups */
  double     solve;   /* [s] spent in HeatLinearTry; solves inside Newton's method do not count */
} HeatLinearTimes;

/** Return the times so far.  Not collective. */
HeatLinearTimes HeatLinearGetTimes(const HeatLinear *linear);

/** Return PETSc's solver: Newton's method and PETSc's TS are built on it, and reports print its
 *  type.  Borrowed.  Not collective. */
KSP HeatLinearKSP(HeatLinear *linear);

/** Destroy the solver and set *linear to NULL; *linear may be NULL.  Collective. */
PetscErrorCode HeatLinearDestroy(HeatLinear **linear);

#endif
