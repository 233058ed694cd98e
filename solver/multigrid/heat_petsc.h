/** What heat2d adds to PETSc: the multigrid as a preconditioner, `-pc_type heatmg`, and conjugate
 *  gradients fused with it, `-ksp_type heatcg`.
 *
 *  Both take their coefficients from the operator behind a matrix, not from its entries: the matrix
 *  has to be one that HeatSystemAttach was called for.  heatmg works under every KSP that takes a
 *  symmetric positive definite preconditioner, and as an approximation under the others; heatcg
 *  needs heatmg, and a linear operator.
 */
#ifndef HEAT_SOLVER_HEAT_PETSC_H
#define HEAT_SOLVER_HEAT_PETSC_H

#include <petscksp.h>

#include "solver/multigrid/multigrid.h"

#define PCHEATMG  "heatmg"
#define KSPHEATCG "heatcg"

/** Make both known to PETSc; the preconditioner alone.  Not collective; may be called again. */
PetscErrorCode HeatRegisterPetscTypes(void);
PetscErrorCode HeatRegisterPC(void);

/** The system behind a matrix: mass C - J of an operator. */
typedef struct {
  HeatOperator *op;
  PetscReal     mass; /* [1/s] */
} HeatSystem;

/** A refers to the system, which stays the caller's and must outlive it.  Not collective. */
PetscErrorCode HeatSystemAttach(Mat A, HeatSystem *system);

/** NULL: A has none.  Not collective. */
PetscErrorCode HeatSystemGet(Mat A, HeatSystem **system);

/** The multigrid of a heatmg; borrowed; NULL before its set-up. */
PetscErrorCode HeatPCGetMultigrid(PC pc, HeatMultigrid **mg);

/** How a solve with heatcg went. */
typedef struct {
  PetscInt  iterations[2]; /* with V-cycles, with W-cycles */
  PetscReal norm[2];       /* of the residual after these */
  PetscReal first;         /* of the residual that it began with */
} HeatCGInfo;
PetscErrorCode HeatKSPGetInfo(KSP ksp, HeatCGInfo *info);

#endif
