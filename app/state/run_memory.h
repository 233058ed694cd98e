/** The memory that a run will need, with the solver that the options name. */
#ifndef HEAT_APP_RUN_MEMORY_H
#define HEAT_APP_RUN_MEMORY_H

#include "solver/measure/memory_need.h"

/** Compute the memory of a rank with a block of nx x ny cells, by HeatNeedEstimate.  The
 *  preconditioner is that of PETSc's option -pc_type or else of the case; the Krylov method is that
 *  of -ksp_type or else the default.  Call it after HeatOptionsInsertPetsc.  Not collective.
 *  @param[in] size   number of ranks
 *  @param[in] share  rows that the rank writes to files, divided by the rows of its block
 *                    (HeatNeedShape) */
PetscErrorCode HeatRunMemoryNeed(const HeatCase *c, PetscInt64 nx, PetscInt64 ny, PetscInt64 size,
                                 double share, HeatNeed *need);

#endif
