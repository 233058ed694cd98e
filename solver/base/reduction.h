/** Several reductions over all ranks in one collective call: exact sums, counts, maxima and texts,
 *  any number of them, which different modules add.
 *
 *      HeatReductionAddSums(r, ...), HeatReductionAddMaxima(r, ...), ...   any number of times
 *      HeatReductionRun(r)                                                 fills in all results
 *
 *  The functions that add are not collective, but all ranks must add the same quantities in the
 *  same order.  Parts are copied.  Arrays for results are borrowed until Run, which fills them.
 *
 *  Results have the same bits on any number of ranks and on all of them: sums are exact
 *  (exact_sum.h), and maxima do not round.  A maximum is NaN if a part is NaN on any rank, and +0
 *  where zeros of both signs are the largest. */
#ifndef HEAT_SOLVER_REDUCTION_H
#define HEAT_SOLVER_REDUCTION_H

#include "solver/base/exact_sum.h"

typedef struct HeatReduction HeatReduction;

enum {
  HEAT_REDUCTION_TEXT = 128 /* [bytes] of a text with its NUL, a multiple of 8; chosen: a line */
};

/** Create an empty reduction over comm, which is borrowed.  Not collective; owned by the caller. */
PetscErrorCode HeatReductionCreate(MPI_Comm comm, HeatReduction **reduction);

/** Add n >= 0 exact sums.
 *  @param[in]  parts   [n] this rank's parts
 *  @param[out] totals  [n] the totals, rounded to double */
PetscErrorCode HeatReductionAddSums(HeatReduction *r, PetscInt n, const HeatExactSum *parts,
                                    PetscReal *totals);

/** Add n >= 0 maxima.
 *  @param[in]  parts   [n] this rank's values
 *  @param[out] maxima  [n] may be `parts` */
PetscErrorCode HeatReductionAddMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                      PetscReal *maxima);

/** Add n >= 0 maxima together with the ranks that have them.
 *  @param[in]  parts   [n] this rank's values
 *  @param[out] maxima  [n]
 *  @param[out] ranks   [n] the lowest rank that has each maximum */
PetscErrorCode HeatReductionAddPlacedMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                            PetscReal *maxima, PetscMPIInt *ranks);

/** Add n >= 0 sums of integers.
 *  @param[in]  parts   [n] this rank's numbers
 *  @param[out] totals  [n] may be `parts` */
PetscErrorCode HeatReductionAddCounts(HeatReduction *r, PetscInt n, const PetscInt64 *parts,
                                      PetscInt64 *totals);

/** Add a text that some ranks have.
 *  @param[in]  part  this rank's; "": it has none; a longer one is cut off
 *  @param[out] text  that of the lowest rank that has one; "" if none has */
PetscErrorCode HeatReductionAddText(HeatReduction *r, const char *part,
                                    char text[HEAT_REDUCTION_TEXT]);

/** Reduce everything that was added since the last Run, and store the results, the same on all
 *  ranks.  Collective; one reduction, and none if nothing was added. */
PetscErrorCode HeatReductionRun(HeatReduction *r);

/** Destroy the reduction and set *reduction to NULL; *reduction may be NULL.  Not collective. */
PetscErrorCode HeatReductionDestroy(HeatReduction **reduction);

#endif
