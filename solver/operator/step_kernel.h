/** The explicit step of one row of cells, at the speed of memory: T_new = T + r (N_faces(T) + q).
 *
 *  The step reads each field once and writes T_new once.  Where fields do not fit into the cache,
 *  T_new is written past it by non-temporal stores: an ordinary store would first read the line
 *  that it replaces.  In rows that share their coefficients (operator_impl.h), the longest run of
 *  cells with equal coefficients is computed with constants.  Source: solver/README.md section
 *  7. */
#ifndef HEAT_SOLVER_STEP_KERNEL_H
#define HEAT_SOLVER_STEP_KERNEL_H

#include <petscsys.h>

/** n cells of a row, and what they are computed from.  All pointers are to the first cell. */
typedef struct {
  PetscInt         n;
  const PetscReal *T, *below, *above; /* temperatures of the row and of the two beside it [K]; T[-1]
                                         and T[n] are read */
  const PetscReal *gx;                /* [n + 1] conductance of west faces [W/(m K)] */
  const PetscReal *gs, *gn;           /* conductance of south and north faces [W/(m K)] */
  const PetscReal *r;                 /* dt/C [m K/W] */
  const PetscReal *q;                 /* sources and prescribed fluxes [W/m]; NULL: none */
  PetscReal       *out;               /* T_new [K] */
} HeatStepRow;

/** Cells [begin, end) of a row with equal coefficients; begin = end: none. */
typedef struct {
  PetscInt  begin, end;
  PetscReal gx, gs, gn, r; /* [W/(m K)], [m K/W] */
} HeatStepConstants;

/** Find the longest run of cells of a row with equal coefficients.  Not collective. */
HeatStepConstants HeatStepFindConstants(const HeatStepRow *row);

/** Compute a row.  Not collective.
 *  @param[in] constants   of this row, from HeatStepFindConstants; NULL: not known
 *  @param[in] past_cache  write T_new past the cache; call HeatStepFence after the last row */
void HeatStepCompute(const HeatStepRow *row, const HeatStepConstants *constants,
                     PetscBool past_cache);

/** Compute a row of a case with ambient exchange, T_new = T + r (N_faces(T) + q + E (T_amb - T)),
 *  by ordinary stores.  Not collective.
 *  @param[in]     E, ambient  [n] [W/(m K)], T_amb [K]
 *  @param[in,out] heat        [n] increased by E (T_amb - T) [W/m]; NULL: not wanted */
void HeatStepComputeExchange(const HeatStepRow *row, const PetscReal *E, const PetscReal *ambient,
                             PetscReal *heat);

/** Return whether a field of this many bytes is written past the cache.  Not collective. */
PetscBool HeatStepPastCache(size_t bytes);

/** Store x + y, each [n], past the cache.  Lines of the cache that also hold other values than
 *  `sum` are stored by ordinary stores.  Call HeatStepFence after the last row.  Not collective. */
void HeatStepAddPastCache(PetscInt n, const PetscReal *x, const PetscReal *y, PetscReal *sum);

/** Complete the stores past the cache before any later store. */
void HeatStepFence(void);

#endif
