/** What all ranks together send when fields are moved between blocks and the rows of files, from
 *  the layout of blocks and the choice of writers alone.  Runs compare it with their counts, and
 *  plans show it.  Nothing here is collective.
 *
 *  Each message of slab.h counts, also one that a rank sends to itself.  What MPI-IO or HDF5 sends
 *  within the library would not, but values are read and written by POSIX calls. */
#ifndef HEAT_IO_SLAB_TRAFFIC_H
#define HEAT_IO_SLAB_TRAFFIC_H

#include "solver/grid/grid.h"

/** Return whether HeatSlabTraffic takes less than some tenths of a second. */
PetscBool HeatSlabCanCount(const HeatLayout *layout);

/** Count the messages of moving uncompressed fields.
 *  @param[in]  asked    writers on each node as HeatWritersPerNode returns them; 0: all ranks
 *  @param[in]  moves    how often fields are moved; row checksums that stay with their ranks, where
 *                       all ranks are writers, send nothing
 *  @param[out] traffic  messages, and their bytes as values */
PetscErrorCode HeatSlabTraffic(const HeatLayout *layout, PetscInt asked,
                               const HeatFieldMoves *moves, HeatLayoutTraffic *traffic);

#endif
