/** A model of the bytes that steps move between memory and processor.
 *
 *  The model counts each array that a pass over the field reads or writes once, as STREAM does: no
 *  bytes that a store may read before it writes, no halos, no arrays that stay in a cache.
 *
 *      ftcs                       a pass reads and writes T (16 bytes a cell), and reads gx, gy and
 *                                 dt/C (24) unless all rows have the same coefficients; a pass
 *                                 takes one step or several
 *      heatcg with heatmg         an iteration moves 97 bytes a cell (solver/MEASURED.md, "Memory
 *                                 traffic"), less where rows share their coefficients; the work of
 *                                 a step outside of its solves is not counted
 *      everything else            is not modelled
 *
 *  Not collective. */
#ifndef HEAT_SOLVER_MEMORY_TRAFFIC_H
#define HEAT_SOLVER_MEMORY_TRAFFIC_H

#include "solver/case/case.h"

/** The work of a number of steps. */
typedef struct {
  PetscInt64 steps;      /* number of steps */
  PetscInt64 passes;     /* sweeps over the field in which explicit steps were taken */
  PetscInt64 iterations; /* of the linear solver */
  PetscBool  ours;       /* linear solves by heatcg with heatmg, and no others */
} HeatMemoryWork;

/** Compute the bytes that are moved for each cell and step, NaN if the scheme or the solver is not
 *  modelled or no step was taken.
 *  @param[in] c  a validated case */
PetscErrorCode HeatMemoryTraffic(const HeatCase *c, const HeatMemoryWork *work, double *bytes);

#endif
