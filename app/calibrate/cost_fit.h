/** Fit the cost of a cell to the times of kernels on several grids, with a model of which every
 *  term grows with the grid.  Nothing here is collective.
 *
 *  The time of one call of a kernel on m cells is
 *
 *      t(m) = a + r sqrt(m) + c m + sum over the steps j of  d_j m g_j(m),    a, r, c, d_j >= 0
 *
 *  a is the cost of a call, r that of a row of a square grid, c that of a cell in the first cache.
 *  g_j is 0 up to the j-th of the measured sizes and 1 from the next one on (linear in log m
 *  between them): d_j is what a cell costs more, because a cache has become too small.  t and,
 *  beyond the costs of calls and rows, the cost of a cell never fall as the grid grows.  Source:
 *  solver/README.md, eq. (15a), where r is written l. */
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
  HEAT_FIT_SIZES       = 12 /* most grids of a fit */
};

/** The times on a square grid. */
typedef struct {
  double side;               /* cells along each axis, a power of two */
  double iterations;         /* of HEAT_RAW_STEP */
  double seconds[HEAT_RAWS]; /* [s] of a call, > 0 */
} HeatRawTimes;

/** Fit the costs of all kernels.
 *  @param[in]  n      number of grids, 1 to HEAT_FIT_SIZES
 *  @param[in]  raw    [n], ascending sides
 *  @param[out] costs  [HEAT_KERNELS] their curve `seconds` [s] by cells */
void HeatCostFit(PetscInt n, const HeatRawTimes *raw, HeatCurve costs[HEAT_KERNELS]);

#endif
