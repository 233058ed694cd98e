/** The memory that a run will need, with the solver that the options name. */
#ifndef HEAT_APP_RUN_MEMORY_H
#define HEAT_APP_RUN_MEMORY_H

#include "solver/measure/memory_need.h"

/** Compute the memory of a rank with a block of nx x ny cells, as HeatNeedEstimate.  The
 *  preconditioner and the Krylov method are those of PETSc's options where these name them, else
 *  the case's.  Call it after HeatOptionsInsertPetsc.  Not collective.
 *  @param[in] size   number of ranks
 *  @param[in] share  rows that the rank writes to files by those of its block (HeatNeedShape) */
PetscErrorCode HeatRunMemoryNeed(const HeatCase *c, PetscInt64 nx, PetscInt64 ny, PetscInt64 size,
                                 double share, HeatNeed *need);

#endif
