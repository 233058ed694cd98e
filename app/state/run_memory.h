/** The memory that a run will need, with the solver that the options name. */
#ifndef HEAT_APP_RUN_MEMORY_H
#define HEAT_APP_RUN_MEMORY_H

#include "solver/measure/memory_need.h"

/** [bytes] Buffers of HDF5, of MPI-IO and of rows of a file: measured on one rank in the workload
 *  `checkpoint` with 512^2 and 4096^2 cells, in both 35 MB above fields and program. */
enum { HEAT_FILE_BUFFERS = 35000000 };

/** Compute the memory of a rank with a block of nx x ny cells, by HeatNeedEstimate.  The
 *  preconditioner is that of PETSc's option -pc_type or else of the case; the Krylov method is that
 *  of -ksp_type or else the default.  Call it after HeatOptionsInsertPetsc.  Not collective.
 *  @param[in] size   number of ranks
 *  @param[in] share  rows that the rank writes to files, divided by the rows of its block
 *                    (HeatNeedShape) */
PetscErrorCode HeatRunMemoryNeed(const HeatCase *c, PetscInt64 nx, PetscInt64 ny, PetscInt64 size,
                                 double share, HeatNeed *need);

#endif
