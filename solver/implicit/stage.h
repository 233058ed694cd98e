/** The one equation that every implicit scheme of ours solves, once a step or once a stage:
 *
 *      sigma C (T - T_base) = N(T, t) + r            [W/m]
 *
 *  A linear operator takes one linear solve for the increment from the guess; any other Newton's
 *  method with PETSc's SNES, whose -snes_... options are open.  solver.tolerance is relative to the
 *  residual of the guess.  A solve that does not converge is told to the scheme, quietly; whoever
 *  gives up raises the error with HeatStageRaise.
 */
#ifndef HEAT_SOLVER_STAGE_H
#define HEAT_SOLVER_STAGE_H

#include "solver/implicit/linear.h"

typedef struct HeatStage HeatStage;

typedef struct {
  PetscReal t;     /* of N [s] */
  PetscReal sigma; /* [1/s]; 0: a steady state */
  Vec       base;  /* T_base [K]; NULL: the guess */
  Vec       extra; /* r [W/m]; NULL: none */
} HeatStageEquation;

/** Collective; the operator must outlive it.  Reads PETSc's options.
 *  @param[in] sigma  the one expected [1/s], 0 for a steady state
 *  Errors: HEAT_ERR_INPUT for options that PETSc refuses. */
PetscErrorCode HeatStageCreate(HeatOperator *op, PetscReal sigma, HeatStage **stage);

/** Set up the preconditioner, once a step: for this sigma, and where the operator is not linear for
 *  the coefficients of its last Update.  Solves with this sigma may follow.  Collective. */
PetscErrorCode HeatStagePrepare(HeatStage *stage, PetscReal sigma);

/** Collective.
 *  @param[in,out] T     the guess, then the solution; meaningless where not *solved; must be
 *                       neither base nor extra
 *  @param[in,out] info  iterations are added, the residual is the larger one
 *  Afterwards, if solved, the operator is at eq->t, and its last Update at T. */
PetscErrorCode HeatStageSolve(HeatStage *stage, const HeatStageEquation *eq, Vec T,
                              HeatSolveInfo *info, PetscBool *solved);

/** Raises HEAT_ERR_NUMERICS with what is known of the last solve, which failed.  Collective.
 *  @param[in] what    "the step from t = 1.5 s"
 *  @param[in] remedy  "" or a sentence */
PetscErrorCode HeatStageRaise(HeatStage *stage, const char *what, const char *remedy);

/** The linear solver underneath; borrowed. */
HeatLinear *HeatStageLinear(HeatStage *stage);

/** *stage may be NULL.  Collective. */
PetscErrorCode HeatStageDestroy(HeatStage **stage);

#endif
