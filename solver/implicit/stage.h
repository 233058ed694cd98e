/** The stage equation, which every implicit scheme of heat2d solves once a step or once a
 *  Runge-Kutta stage:
 *
 *      sigma C (T - T_base) = N(T, t) + r            [W/m]
 *
 *  For a linear operator this takes one linear solve for the increment from the initial guess;
 *  otherwise Newton's method by PETSc's SNES, whose -snes_... options are open to the user.
 *  solver.tolerance is relative to the residual of the guess.  A solve that does not converge is
 *  reported in *solved, so that the scheme may try a shorter step; when it gives up it calls
 *  HeatStageRaise.
 *  Source: solver/README.md eq. (10) and "Newton's method".
 */
#ifndef HEAT_SOLVER_STAGE_H
#define HEAT_SOLVER_STAGE_H

#include "solver/implicit/linear.h"

typedef struct HeatStage HeatStage;

/** One stage equation.  Plain data; the Vecs are borrowed, global Vecs of the grid. */
typedef struct {
  PetscReal t;     /* [s] time at which N is evaluated */
  PetscReal sigma; /* [1/s] a multiple of 1/dt; 0 for a steady state */
  Vec       base;  /* [K] T_base; NULL: the initial guess is T_base */
  Vec       extra; /* [W/m] r; NULL: r = 0 */
} HeatStageEquation;

/** Create the solver of stage equations; reads PETSc's options.  Collective; owned by the caller;
 *  the operator must outlive it.  A non-linear operator's coefficients are undefined on return.
 *  @param[in] sigma  the sigma of the first set-up [1/s], 0 for a steady state
 *  Errors: HEAT_ERR_INPUT for options that PETSc refuses. */
PetscErrorCode HeatStageCreate(HeatOperator *op, PetscReal sigma, HeatStage **stage);

/** Set the preconditioner up for sigma [1/s], once a step and before its solves.  For a linear
 *  operator nothing is done while sigma stays; for a non-linear one the preconditioner takes the
 *  coefficients of the operator's last Update.  During HeatStageSolve heatmg takes those of a later
 *  iterate where that pays, and jacobi those of each iterate.  Collective.
 *  Errors: HEAT_ERR_INPUT where PETSc refuses the set-up. */
PetscErrorCode HeatStagePrepare(HeatStage *stage, PetscReal sigma);

/** Solve one stage equation.  Collective.  Where *solved, the operator is afterwards at time eq->t
 *  and, if non-linear, its last Update was with the solution.
 *  @param[in]     eq      its sigma must be the one of the last Prepare
 *  @param[in,out] T       the guess, then the solution [K], global Vec of the grid; undefined where
 *                         not *solved; must be neither eq->base nor eq->extra
 *  @param[in,out] info    the record of this solve is added, see HeatSolveInfoAdd
 *  @param[out]    solved  whether the solve converged */
PetscErrorCode HeatStageSolve(HeatStage *stage, const HeatStageEquation *eq, Vec T,
                              HeatSolveInfo *info, PetscBool *solved);

/** Raise HEAT_ERR_NUMERICS for the last HeatStageSolve, which failed: the reason, iterations and
 *  residuals.  Collective.
 *  @param[in] what    beginning of the message: "the step from t = 1.5 s"
 *  @param[in] remedy  a clause to append, or "" */
PetscErrorCode HeatStageRaise(HeatStage *stage, const char *what, const char *remedy);

/** Return the linear solver of the stage; borrowed.  Not collective. */
HeatLinear *HeatStageLinear(HeatStage *stage);

/** Destroy the solver and set *stage to NULL; *stage may be NULL.  Collective. */
PetscErrorCode HeatStageDestroy(HeatStage **stage);

#endif
