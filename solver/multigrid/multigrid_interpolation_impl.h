/** Interpolation between a level and the next one, with weights from the conductances, and the
 *  coefficients of the next level that belong to it.  For the files multigrid*.c only. */
#ifndef HEAT_SOLVER_MULTIGRID_INTERPOLATION_IMPL_H
#define HEAT_SOLVER_MULTIGRID_INTERPOLATION_IMPL_H

#include "solver/multigrid/multigrid_impl.h"

/** Allocate the working memory of a level's interpolation; HeatMultigridClear frees it.  Not
 *  collective. */
PetscErrorCode HeatInterpolationCreate(HeatLevel *l);

/** Forget what the working memory holds, when a pass begins.  Not collective. */
PetscErrorCode HeatInterpolationForget(HeatLevel *l);

/** Compute the weights of the half row of row j with one parity of columns: the shares of the next
 *  coarse cell along x and of the one along y in a cell's value.  They are zero along an axis
 *  whose cells are not joined.
 *  @param[out] wx, wy  [half], valid until the weights of another row of this parity are computed
 *  */
void HeatInterpolationWeights(HeatLevel *l, PetscInt j, int parity, const float **wx,
                              const float **wy);

/** Return the fine rows [begin, end) whose residuals this rank's coarse cells receive. */
void HeatInterpolationRows(const HeatLevel *l, const HeatLevel *coarse, PetscInt *begin,
                           PetscInt *end);

/** Add the residual of row j of [begin, end), and store the coarse rows that are complete with it.
 *  Called for rows in order.  Not collective. */
PetscErrorCode HeatInterpolationRestrictRow(HeatLevel *l, HeatLevel *coarse, PetscInt j);

/** Add the interpolated coarse u to the red cells of row j.  Not collective. */
void HeatInterpolationCorrectRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j);

/** Store coarse row cj of the right-hand side from sums in split or joined columns
 *  (multigrid_cycle.c).
 *  @param[in] line  line[0], and line[1] where columns are not joined */
PetscErrorCode HeatLevelStoreCoarse(const HeatLevel *l, const HeatLevel *coarse, PetscInt cj,
                                    float *const line[2]);

/** Return the places [begin, end) of a coarse half row whose fine places, offset + by * place, lie
 *  within the fine level's lines.  The last of them may reach one place beyond, where lines have
 *  room.  A first one that begins before the line is left out: it is at the far end of a halo. */
static inline void HeatLevelPlacesWithinLine(const HeatLevel *l, const HeatLevelShape *c,
                                             PetscInt offset, PetscInt by, PetscInt *begin,
                                             PetscInt *end)
{
  *begin = PetscMax(0, (-offset + by - 1) / by);
  *end   = PetscMin(c->half, (l->s.half - offset + by - 1) / by);
}

/** Compute the masses (without sides) and conductances of this rank's own coarse cells, by
 *  projection with the weights.  Not collective.
 *  @param[in]  mass  masses of the fine level, in its shape
 *  @param[in]  s     shape of the coarse arrays: the landing of the coarse level
 *  @param[out] M, Gx, Gy  all arrays of the shape s; values outside the own cells are zero */
PetscErrorCode HeatInterpolationProject(HeatLevel *fine, const float *mass, const HeatLevel *coarse,
                                        float *M, float *Gx, float *Gy);

#endif
