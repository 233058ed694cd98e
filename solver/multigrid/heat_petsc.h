/** The solvers that heat2d adds to PETSc: the multigrid as a preconditioner, `-pc_type heatmg`, and
 *  conjugate gradients fused with it, `-ksp_type heatcg`.
 *
 *  Both take their coefficients from the operator behind a matrix, not from the matrix's entries:
 *  the matrix must be one for which HeatSystemAttach was called.  heatmg works under every KSP that
 *  takes a symmetric positive definite preconditioner, and as an approximation under the others.
 *  heatcg needs heatmg as its preconditioner, and a linear operator.
 */
#ifndef HEAT_SOLVER_HEAT_PETSC_H
#define HEAT_SOLVER_HEAT_PETSC_H

#include <petscksp.h>

#include "solver/multigrid/multigrid.h"

#define PCHEATMG  "heatmg"
#define KSPHEATCG "heatcg"

/** Register heatmg and heatcg with PETSc.  Not collective; may be called again. */
PetscErrorCode HeatRegisterPetscTypes(void);

/** Register heatmg alone.  Not collective; may be called again. */
PetscErrorCode HeatRegisterPC(void);

/** The system behind a matrix: A = mass C - J of an operator (HeatOperatorApply). */
typedef struct {
  HeatOperator *op;   /* borrowed */
  PetscReal     mass; /* [1/s] */
} HeatSystem;

/** Attach a system to A.  The system stays the caller's, must outlive A, and is read at each set-up
 *  of heatmg, so that its members may change.  Not collective. */
PetscErrorCode HeatSystemAttach(Mat A, HeatSystem *system);

/** Return the system that is attached to A; NULL if there is none.  Not collective. */
PetscErrorCode HeatSystemGet(Mat A, HeatSystem **system);

/** Return the multigrid of a heatmg, borrowed; NULL before its first set-up.  Not collective.
 *  Errors: PETSC_ERR_SUP if pc is another preconditioner. */
PetscErrorCode HeatPCGetMultigrid(PC pc, HeatMultigrid **mg);

/** The record of the last solve with heatcg. */
typedef struct {
  PetscInt  iterations[2]; /* with V-cycles, with W-cycles */
  PetscReal norm[2];       /* ||r|| after the V-cycles, after the W-cycles; 0 if there were none */
  PetscReal first;         /* ||r|| at the beginning */
} HeatCGInfo;

/** Return the record of the last solve; all zeros if ksp is not heatcg.  Not collective. */
PetscErrorCode HeatKSPGetInfo(KSP ksp, HeatCGInfo *info);

#endif
