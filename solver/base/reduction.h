/** Several reductions over all ranks in one collective call: exact sums and maxima of any number of
 *  quantities, which different modules add.
 *
 *      HeatReductionAddSums(r, ...), HeatReductionAddMaxima(r, ...)      any number of times
 *      HeatReductionRun(r)                                               fills in all results
 *
 *  Results have the same bits on any number of ranks and on all of them: sums are exact
 *  (exact_sum.h), and maxima do not round.  A maximum is NaN if a part is NaN on any rank, and +0
 *  where zeros of both signs are the largest. */
#ifndef HEAT_SOLVER_REDUCTION_H
#define HEAT_SOLVER_REDUCTION_H

#include "solver/base/exact_sum.h"

typedef struct HeatReduction HeatReduction;

/** Create an empty reduction over comm, which is borrowed.  Not collective; owned by the caller. */
PetscErrorCode HeatReductionCreate(MPI_Comm comm, HeatReduction **reduction);

/** Add n >= 0 exact sums.  Not collective, but all ranks must add the same quantities in the same
 *  order.
 *  @param[in]  parts   [n] this rank's parts; copied
 *  @param[out] totals  [n] borrowed until Run, which stores the totals, rounded to double */
PetscErrorCode HeatReductionAddSums(HeatReduction *r, PetscInt n, const HeatExactSum *parts,
                                    PetscReal *totals);

/** Add n >= 0 maxima.  Not collective, but all ranks must add the same quantities in the same
 *  order.
 *  @param[in]  parts   [n] this rank's values; copied
 *  @param[out] maxima  [n] borrowed until Run, which stores the maxima; may be `parts` */
PetscErrorCode HeatReductionAddMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                      PetscReal *maxima);

/** Reduce everything that was added since the last Run, and store the results, the same on all
 *  ranks.  Collective; one reduction, and none if nothing was added. */
PetscErrorCode HeatReductionRun(HeatReduction *r);

/** Destroy the reduction and set *reduction to NULL; *reduction may be NULL.  Not collective. */
PetscErrorCode HeatReductionDestroy(HeatReduction **reduction);

#endif
