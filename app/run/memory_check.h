/** Refuse a run that needs more memory than is available. */
#ifndef HEAT_APP_MEMORY_CHECK_H
#define HEAT_APP_MEMORY_CHECK_H

#include "solver/grid/grid.h"

/** Compare the memory that the case needs on these ranks with what each rank and each node can
 *  still take (app/process/memory_have.h); do nothing with limits.memory: ignore.  Call it after
 *  HeatOptionsInsertPetsc and before anything of the grid's size is allocated.  Collective.
 *  @param[in] grid  the grid of the case, for its blocks; NULL: blocks are equal
 *  Errors: HEAT_ERR_INPUT where a rank or a node has not enough. */
PetscErrorCode HeatMemoryCheck(MPI_Comm comm, const HeatCase *c, const HeatGrid *grid);

/** HeatMemoryCheck for work that holds one field of the case and reads it from a file, and takes no
 *  step.  Collective.
 *  Errors: HEAT_ERR_INPUT where a rank or a node has not enough. */
PetscErrorCode HeatMemoryCheckField(MPI_Comm comm, const HeatCase *c);

#endif
