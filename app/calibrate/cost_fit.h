/** Fit the costs of a call, of a row and of a cell to the times of kernels on several grids, with a
 *  model of which every term grows with the grid.  Nothing here is collective.
 *
 *  The time of one call of a kernel on m cells in ny rows is
 *
 *      t(m, ny) = a + l ny + c m + sum over the steps j of  d_j m g_j(m),    a, l, c, d_j >= 0
 *
 *  a is the cost of a call, l that of a row, c that of a cell in the first cache.  g_j is 0 up to
 *  the j-th of the measured sizes and 1 from the next one on (linear in log m between them): d_j is
 *  what a cell costs more, because a cache has become too small.  t and, beyond the costs of calls
 *  and rows, the cost of a cell never fall as the grid grows.  Grids of equal size with different
 *  numbers of rows determine l.  Source: solver/README.md, eq. (15a). */
#ifndef HEAT_APP_COST_FIT_H
#define HEAT_APP_COST_FIT_H

#include "solver/model/machine.h"

/** What is timed on a grid, each as one call. */
typedef enum {
  HEAT_RAW_FTCS,       /* a step of ftcs */
  HEAT_RAW_FTCS_SHORT, /* a sweep of HEAT_SHORT_SWEEP steps */
  HEAT_RAW_FTCS_LONG,  /* a sweep of HEAT_LONG_SWEEP steps */
  HEAT_RAW_RKL2,       /* a step of HEAT_FEW_STAGES stages of rkl2, each by itself */
  HEAT_RAW_RKL2_FEW,   /* the same step in a sweep */
  HEAT_RAW_RKL2_MANY,  /* a step of HEAT_MANY_STAGES stages in sweeps */
  HEAT_RAW_ONE_FEW,    /* a solve with HEAT_FEW_ITERATIONS of a multigrid of one level */
  HEAT_RAW_ONE_MANY,   /* the same with HEAT_MANY_ITERATIONS */
  HEAT_RAW_ALL_FEW,    /* a solve with HEAT_FEW_ITERATIONS of a multigrid of all levels */
  HEAT_RAW_ALL_MANY,   /* the same with HEAT_MANY_ITERATIONS */
  HEAT_RAW_STEP,       /* a step of backward Euler with a multigrid of one level */
  HEAT_RAW_ROW,        /* a row of history.csv */
  HEAT_RAWS
} HeatRaw;

enum {
  HEAT_SHORT_SWEEP     = 4,
  HEAT_LONG_SWEEP      = 32,
  HEAT_FEW_STAGES      = 5,
  HEAT_MANY_STAGES     = 15,
  HEAT_FEW_ITERATIONS  = 2, /* even, since x is updated in every second iteration */
  HEAT_MANY_ITERATIONS = 6,
  HEAT_FIT_GRIDS       = 18 /* most grids of a fit */
};

/** The times on a grid. */
typedef struct {
  double nx, ny;             /* cells along each axis */
  double iterations;         /* of HEAT_RAW_STEP */
  double seconds[HEAT_RAWS]; /* [s] of a call, > 0 */
} HeatRawTimes;

/** What a fit finds for a kernel. */
typedef struct {
  HeatCurve seconds; /* [s] of a cell of a square grid, by its cells */
  double    row;     /* [s] of a row, without its cells */
} HeatFittedCost;

/** Fit the costs of all kernels.
 *  @param[in]  n      number of grids, 1 to HEAT_FIT_GRIDS
 *  @param[in]  raw    [n], ascending numbers of cells; the first is a square
 *  @param[out] costs  [HEAT_KERNELS] */
void HeatCostFit(PetscInt n, const HeatRawTimes *raw, HeatFittedCost costs[HEAT_KERNELS]);

/** Compute how much more a cell of a kernel costs on one grid than on another, as a ratio of its
 *  times: the largest ratio of all kernels that are timed alone.
 *  @param[in] small, large  the times on two grids */
double HeatCostRise(const HeatRawTimes *small, const HeatRawTimes *large);

#endif
