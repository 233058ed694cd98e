/** Geometric multigrid for the matrix of an implicit step, and conjugate gradients fused with it.
 *
 *  The matrix is A = mass C - J with conductances held fixed, as HeatOperatorAssemble defines it.
 *  It is used as a network of masses and conductances, solver/README.md eq. (11), and never
 *  assembled.  One cycle of the multigrid is the preconditioner M, an approximation of A^-1 in
 *  single precision.  It works on any grid and any blocks.
 *
 *  M is a function of global cell indices alone: results have the same bits for any number of ranks
 *  and any layout of blocks.  Vectors are a rank's own cells, [nyl][nxl] of the grid.  All
 *  functions but the getters and SetCycle are collective on the grid's communicator.
 *  Source: solver/README.md, "Multigrid".
 */
#ifndef HEAT_SOLVER_MULTIGRID_H
#define HEAT_SOLVER_MULTIGRID_H

#include "solver/base/traffic.h"
#include "solver/operator/operator.h"

typedef struct HeatMultigrid HeatMultigrid;

/** Create the multigrid of an operator, which is borrowed and must outlive it.  Call SetUp before
 *  anything else. */
PetscErrorCode HeatMultigridCreate(HeatOperator *op, HeatMultigrid **mg);

/** Set up all levels for the operator's present coefficients.  Call it again after the coefficients
 *  or the mass have changed; memory is used again as long as levels are joined along the same axes.
 *  @param[in] mass  [1/s], the mass of HeatOperatorApply */
PetscErrorCode HeatMultigridSetUp(HeatMultigrid *mg, PetscReal mass);

/** Set how often a cycle visits each coarse level from the level above it.
 *  @param[in] visits  1: V-cycle, the default; 2: W-cycle */
void HeatMultigridSetCycle(HeatMultigrid *mg, int visits);

/** Return what SetCycle has set. */
int HeatMultigridCycleVisits(const HeatMultigrid *mg);

/** Apply the preconditioner: z = M r, one cycle from zero.  M is symmetric and positive definite.
 *  Like SetUp it overwrites arrays that conjugate gradients use: do not call it between Load and
 *  Finish.
 *  @param[in]  r  [nyl][nxl], in the units of A x [W/m]
 *  @param[out] z  [nyl][nxl], in the units of x [K]; must not alias r */
PetscErrorCode HeatMultigridApply(HeatMultigrid *mg, const PetscReal *r, PetscReal *z);

/** Preconditioned conjugate gradients, solver/README.md eq. (13), in two calls for each iteration.
 *  r, z and p live in arrays of the finest level; the caller computes alpha and beta.  Each
 *  iteration has one reduction over the ranks, or two where the caller needs ||r|| at once.
 *
 *      Load               r = b
 *      Down(NULL)         first half of the first cycle: pre-smoothing, restriction
 *      repeat
 *        Up               second half: coarse levels, correction, post-smoothing: z = M r;
 *                         returns (r, z) and (z, A z), and ||r|| if Down has postponed it
 *        Down(update)     p = z + beta p,  x = x + alpha p,  r = r - alpha A p;
 *                         first half of the next cycle; returns ||r||, or postpones it to Up
 *      Finish             x = x + alpha p, if the last Down has postponed it
 *
 *  A p is computed with all coefficients to 48 bits, in double precision.  Sums over cells do not
 *  depend on their order.  Their terms are of single precision, so that norms and products are
 *  accurate to 1e-7.
 *
 *  Load stores the right-hand side.
 *  @param[in]  b     [nyl][nxl]
 *  @param[out] norm  ||b||; 0 if b is zero, and infinite if some value is not finite: there is then
 *                    nothing to iterate on, and nothing is stored */
PetscErrorCode HeatMultigridLoad(HeatMultigrid *mg, const PetscReal *b, PetscReal *norm);

/** What Down does before the first half of a cycle. */
typedef struct {
  PetscReal  alpha, beta; /* of eq. (13); beta = 0 starts a new direction, p = z */
  PetscReal *x;           /* [nyl][nxl], borrowed; every second Down adds the steps alpha p of two
                             iterations, the Downs between leave x unchanged */
  PetscBool  cycle;       /* whether the first half of a cycle follows the update */
} HeatMultigridUpdate;

/** Update p, x and r, and do the first half of a cycle.
 *  @param[in]  update  NULL: do the first half of a cycle alone
 *  @param[out] norm    ||r||, in the units of b; unused and may be NULL if update is NULL.  With an
 *                      update that has a cycle, NULL postpones ||r|| to the next Up, which must
 *                      follow: its reduction then takes the place of two */
PetscErrorCode HeatMultigridDown(HeatMultigrid *mg, const HeatMultigridUpdate *update,
                                 PetscReal *norm);

/** Do the second half of a cycle.
 *  @param[out] norm     ||r|| that the last Down has postponed, with the bits that Down would have
 *                       returned; NULL if Down has not postponed it
 *  @param[out] rz, zAz  (r, z) and (z, A z), in a scale of the multigrid; only ratios of them, such
 *                       as alpha and beta, have a meaning outside */
PetscErrorCode HeatMultigridUp(HeatMultigrid *mg, PetscReal *norm, PetscReal *rz, PetscReal *zAz);

/** Add the step that the last Down has postponed to x, if any.
 *  @param[in,out] x  [nyl][nxl], the x of the updates */
PetscErrorCode HeatMultigridFinish(HeatMultigrid *mg, PetscReal *x);

/** A level, for reports. */
typedef struct {
  PetscInt  n[2];      /* cells along x, y */
  PetscInt  blocks[2]; /* blocks along x, y; each on a rank of its own */
  PetscBool joins[2];  /* whether a cell of the next level joins two cells of this one along x, y */
} HeatMultigridLevel;

/** Return the number of levels.  Level 0 is the finest, with the cells of the grid. */
PetscInt HeatMultigridLevels(const HeatMultigrid *mg);

/** Describe level 0 <= `level` < HeatMultigridLevels. */
HeatMultigridLevel HeatMultigridGetLevel(const HeatMultigrid *mg, PetscInt level);

/** Add to *sum what all ranks have sent in the multigrid's transfers while HeatTrafficNow was
 *  `kind`, predicted from the layout of blocks and the number of transfers.  A value is a float.
 *  Not collective. */
void HeatMultigridPredict(const HeatMultigrid *mg, HeatTrafficKind kind, HeatLayoutTraffic *sum);

/** Free the multigrid and set the pointer to NULL; *mg may be NULL. */
PetscErrorCode HeatMultigridDestroy(HeatMultigrid **mg);

#endif
