/** Geometric multigrid for the matrix of an implicit step, and what conjugate gradients around it
 *  need, fused with it.
 *
 *  The matrix is that of HeatOperatorAssemble, mass C - J with conductances held fixed, as a network
 *  (level_kernels.h); no matrix is assembled.  The cycle works in single precision on any grid and
 *  any blocks.  It is a function of global indices alone: its result has the same bits for any
 *  number of ranks and any layout of blocks.  Collective on the grid's communicator throughout.
 *  Source: solver/README.md, "Multigrid".
 */
#ifndef HEAT_SOLVER_MULTIGRID_H
#define HEAT_SOLVER_MULTIGRID_H

#include "solver/operator/operator.h"

typedef struct HeatMultigrid HeatMultigrid;

/** The operator must outlive it.  SetUp before anything else. */
PetscErrorCode HeatMultigridCreate(HeatOperator *op, HeatMultigrid **mg);

/** For the operator's present coefficients.
 *  @param[in] mass  [1/s], as HeatOperatorApply's */
PetscErrorCode HeatMultigridSetUp(HeatMultigrid *mg, PetscReal mass);

/** How often each coarse level is visited from the one above: 1 (V-cycle, the default) or 2 (W). */
void HeatMultigridSetCycle(HeatMultigrid *mg, int visits);
int  HeatMultigridCycleVisits(const HeatMultigrid *mg);

/** z = M r, one cycle from zero: symmetric and positive definite.
 *  @param[in]  r  [nyl][nxl]
 *  @param[out] z  likewise; must not alias r */
PetscErrorCode HeatMultigridApply(HeatMultigrid *mg, const PetscReal *r, PetscReal *z);

/** Conjugate gradients in three calls an iteration; r, z and p live in the levels' own arrays.
 *
 *      Load              r = b,  p = 0
 *      Down (NULL)       first half of the cycle
 *      repeat: Up        second half: z = M r;  gives (r, z) and (z, A z)
 *              Down      p = z + beta p,  x += alpha p,  r -= alpha A p;  first half of the cycle
 *
 *  The products of A are those of the matrix to 48 bits, in double precision; sums over cells do not
 *  depend on their order, and have terms of single precision: norms and products are good to 1e-7. */
PetscErrorCode HeatMultigridLoad(HeatMultigrid *mg, const PetscReal *b, PetscReal *norm);

typedef struct {
  PetscReal  alpha, beta;
  PetscReal *x;     /* [nyl][nxl]; updated every second time, and by Finish */
  PetscBool  cycle; /* whether the first half of a cycle follows */
} HeatMultigridUpdate;

/** @param[in]  update  NULL: the cycle alone
 *  @param[out] norm    ||r||, of b's units, where there is an update */
PetscErrorCode HeatMultigridDown(HeatMultigrid *mg, const HeatMultigridUpdate *update,
                                 PetscReal *norm);

/** @param[out] rz, zAz  (r, z) and (z, A z), in a scale of its own */
PetscErrorCode HeatMultigridUp(HeatMultigrid *mg, PetscReal *rz, PetscReal *zAz);

/** The part of x that Down still owes. */
PetscErrorCode HeatMultigridFinish(HeatMultigrid *mg, PetscReal *x);

/** Levels, for reports. */
typedef struct {
  PetscInt  n[2];
  PetscInt  blocks[2];
  PetscBool joins[2]; /* pairs of cells of this level make those of the next, along x, y */
} HeatMultigridLevel;
PetscInt           HeatMultigridLevels(const HeatMultigrid *mg);
HeatMultigridLevel HeatMultigridGetLevel(const HeatMultigrid *mg, PetscInt level);

/** *mg may be NULL. */
PetscErrorCode HeatMultigridDestroy(HeatMultigrid **mg);

#endif
