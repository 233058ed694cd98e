/** The history of a window: its field, computed from the nonce's initial field by the audit itself.
 *
 *  The residual of a step says nothing about the steps before it: a constant field satisfies the
 *  equation, too.  The audit therefore takes all steps of a cycle up to the committed one on a
 *  patch of cells around a window, with insulated edges, and compares the result with the committed
 *  field.
 *
 *  Explicit steps carry information by one cell each.  A patch that is wider than the window by as
 *  many cells as there are steps gives its cells exactly, up to rounding.
 *
 *  An implicit step couples all cells, and heat spreads by 100 cells and more in copper during a
 *  cycle.  But within blocks of glass and epoxy it spreads by a few cells only, while copper and
 *  steel around them come close to the mean temperature wherever the edge of the patch is.  Cells
 *  of glass and epoxy therefore keep a deviation from the mean that a small patch reproduces to
 *  some tenths (solver/MEASURED.md, "The history of a window").  A field without this history has
 *  an error of one and more.
 *
 *  Nothing here is collective. */
#ifndef HEAT_APP_BENCH_HISTORY_H
#define HEAT_APP_BENCH_HISTORY_H

#include "app/bench/definition.h"

/** A row of cells whose field is known. */
typedef struct {
  PetscInt64    row, first; /* place of its first cell */
  int           n;          /* number of cells */
  const double *values;     /* [n] [K] the committed field */
} HeatHistoryRow;

/** Compare a row after step `step` of a cycle with the history that follows from the nonce.
 *  @param[in]  step   number of steps from the nonce's field to the committed one
 *  @param[out] error  implicit: root mean square of the differences in glass and epoxy, divided by
 *                     the root mean square of the deviations of the history from the mean
 *                     temperature there, 0 if the row has neither glass nor epoxy; explicit:
 *                     largest difference [K]; NaN if a value of the row is NaN */
PetscErrorCode HeatHistoryCompare(const HeatBenchId *id, uint32_t cycle, PetscInt step,
                                  const HeatHistoryRow *row, double *error);

/** Return the largest error that the audit accepts, as HeatHistoryCompare measures it. */
double HeatHistoryBound(HeatBenchWorkload workload);

#endif
