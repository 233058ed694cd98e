/** Moving a level's cells between ranks: to the halos of the same distribution, or to another one
 *  and its halos (agglomeration and back).  One message a pair of ranks, requests are persistent. */
#ifndef HEAT_SOLVER_LEVEL_TRANSFER_H
#define HEAT_SOLVER_LEVEL_TRANSFER_H

#include "solver/multigrid/level_layout.h"

typedef struct HeatTransfer HeatTransfer;

/** Collective.  Own cells of `from` go to wherever they lie in the boxes of `to`, own cells with
 *  `halo` around them (at most that of the shape).
 *  @param[in] in_place  both are the same distribution and shape: own cells stay where they are */
PetscErrorCode HeatTransferCreate(const HeatDistribution *from, const HeatLevelShape *from_shape,
                                  const HeatDistribution *to, const HeatLevelShape *to_shape,
                                  PetscInt halo, PetscBool in_place, HeatTransfer **transfer);

/** Collective.  Arrays are those of the shapes; the same one when in place. */
PetscErrorCode HeatTransferRun(HeatTransfer *transfer, const float *from, float *to);

/** Messages and bytes that this rank has sent since its creation. */
void HeatTransferCounts(const HeatTransfer *transfer, PetscInt64 *messages, PetscInt64 *bytes);

/** Collective; *transfer may be NULL. */
PetscErrorCode HeatTransferDestroy(HeatTransfer **transfer);

#endif
