/** Transfer of a level's cells between ranks: into the halos of one distribution (a halo exchange),
 *  or from one distribution to another and its halos (agglomeration and back).
 *
 *  A transfer sends one message from each rank to every rank that needs some of its cells, corner
 *  cells included, so that halos of any depth need no second round.  Its MPI requests are
 *  persistent.
 */
#ifndef HEAT_SOLVER_LEVEL_TRANSFER_H
#define HEAT_SOLVER_LEVEL_TRANSFER_H

#include "solver/base/traffic.h"
#include "solver/multigrid/level_layout.h"

typedef struct HeatTransfer HeatTransfer;

/** Plan a transfer: the own cells of `from` are sent to every place that they have in the own cells
 *  of `to` and a halo around them, periodic images included.  Collective on the distributions'
 *  communicator, and a copy of the shapes is kept.
 *  @param[in] halo      depth of the halo to fill [cells]; at most the depth in `to_shape`
 *  @param[in] in_place  whether both distributions and both shapes are the same and Run will get
 *                       the same array twice: own cells then stay where they are
 *  Errors: PETSC_ERR_ARG_OUTOFRANGE on this rank when a message exceeds the range of MPI's int. */
PetscErrorCode HeatTransferCreate(const HeatDistribution *from, const HeatLevelShape *from_shape,
                                  const HeatDistribution *to, const HeatLevelShape *to_shape,
                                  PetscInt halo, PetscBool in_place, HeatTransfer **transfer);

/** Transfer the values of one array.  Collective; returns when this rank's cells have arrived.
 *  @param[in]  from  array of the shape `from_shape`
 *  @param[out] to    array of the shape `to_shape`; the same array as `from` if in place.  Places
 *                    outside the boxes of the transfer keep their values. */
PetscErrorCode HeatTransferRun(HeatTransfer *transfer, const float *from, float *to);

/** Return how many messages and bytes this rank has sent since Create.  Not collective. */
void HeatTransferCounts(const HeatTransfer *transfer, PetscInt64 *messages, PetscInt64 *bytes);

/** Add to *sum what all ranks have sent since Create while HeatTrafficNow was `kind`, predicted
 *  from the distributions and the number of runs.  A value is a float.  Not collective. */
void HeatTransferPredict(const HeatTransfer *transfer, HeatTrafficKind kind,
                         HeatLayoutTraffic *sum);

/** Free the transfer and its requests, and set the pointer to NULL; *transfer may be NULL.  Not
 *  collective; no Run may be under way. */
PetscErrorCode HeatTransferDestroy(HeatTransfer **transfer);

#endif
