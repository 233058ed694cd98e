/** What all ranks together send in the transfers of a multigrid, from the layout of blocks alone:
 *  for the record of a run, and for the command `plan`, which predicts runs on any number of ranks.
 *  Values are floats.  No function is collective. */
#ifndef HEAT_SOLVER_LEVEL_TRAFFIC_H
#define HEAT_SOLVER_LEVEL_TRAFFIC_H

#include "solver/multigrid/level_layout.h"

/** Predict one run of the transfer that HeatTransferCreate plans with these arguments. */
PetscErrorCode HeatDistributionTraffic(const HeatDistribution *from, const HeatDistribution *to,
                                       PetscInt halo, HeatLayoutTraffic *traffic);

#endif
