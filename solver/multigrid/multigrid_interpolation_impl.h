/** Interpolation between a level and the next one, with weights from the conductances, and the
 *  coefficients of the next level that belong to it.  For the files multigrid*.c only. */
#ifndef HEAT_SOLVER_MULTIGRID_INTERPOLATION_IMPL_H
#define HEAT_SOLVER_MULTIGRID_INTERPOLATION_IMPL_H

#include "solver/multigrid/multigrid_impl.h"

/** Allocate the working memory of a level's interpolation; HeatMultigridClear frees it.  Not
 *  collective. */
PetscErrorCode HeatInterpolationCreate(HeatLevel *l);

/** Mark the weights and coarse rows in the working memory as out of date.  To be called at the
 *  beginning of each pass over the rows.  Not collective. */
PetscErrorCode HeatInterpolationForget(HeatLevel *l);

/** Compute the weights wx and wy of eq. (12a) for the cells of row j in columns of one parity.  The
 *  weights along an axis whose cells are not joined are zero.  Not collective.
 *  @param[out] wx, wy  [half], valid until the weights of another row of this parity are
 *                         computed */
void HeatInterpolationWeights(HeatLevel *l, PetscInt j, int parity, const float **wx,
                              const float **wy);

/** Store the fine rows [begin, end) whose residuals contribute to this rank's coarse cells.  Not
 *  collective. */
void HeatInterpolationRows(const HeatLevel *l, const HeatLevel *coarse, PetscInt *begin,
                           PetscInt *end);

/** Restrict the residual of row j to the lines of the working memory, and store the coarse rows
 *  that it completes.  To be called for all rows of HeatInterpolationRows in ascending order.  Not
 *  collective. */
PetscErrorCode HeatInterpolationRestrictRow(HeatLevel *l, HeatLevel *coarse, PetscInt j);

/** Add the interpolated coarse u to the red cells of row j.  Not collective. */
void HeatInterpolationCorrectRow(HeatLevel *l, const HeatLevel *coarse, PetscInt j);

/** Store sums of residuals as row cj of the coarse right-hand side, at the landing.  Not
 *  collective.  Defined in multigrid_cycle.c.
 *  @param[in] line  columns joined: line[0] has the sums of all coarse columns in order; else
 *                   line[0] has those of even and line[1] those of odd columns */
PetscErrorCode HeatLevelStoreCoarse(const HeatLevel *l, const HeatLevel *coarse, PetscInt cj,
                                    float *const line[2]);

/** Store the places [begin, end) of a coarse half row whose fine places, offset + by * place, lie
 *  within the fine level's lines.  With by = 2 the last one may reach one place beyond the line,
 *  which has room for it.  A place whose fine place begins before the line is left out; it lies at
 *  the outer end of the halo. */
static inline void HeatLevelPlacesWithinLine(const HeatLevel *l, const HeatLevelShape *c,
                                             PetscInt offset, PetscInt by, PetscInt *begin,
                                             PetscInt *end)
{
  *begin = PetscMax(0, (-offset + by - 1) / by);
  *end   = PetscMin(c->half, (l->s.half - offset + by - 1) / by);
}

/** Compute the masses (without sides) and conductances of this rank's own coarse cells, by
 *  projection with the weights, eq. (12b).  Not collective.
 *  @param[in]  mass       masses of the fine level without sides, in its shape
 *  @param[out] M, Gx, Gy  in the shape of the coarse level's landing; zero outside the own cells */
PetscErrorCode HeatInterpolationProject(HeatLevel *fine, const float *mass, const HeatLevel *coarse,
                                        float *M, float *Gx, float *Gy);

#endif
