/** The group /state in the file of a checkpoint: everything but the fields.  The files
 *  checkpoint*.c use it, and the fuzzer of tests/fuzz, which reads a file without a grid. */
#ifndef HEAT_IO_CHECKPOINT_GROUP_H
#define HEAT_IO_CHECKPOINT_GROUP_H

#include "io/run_files/checkpoint_state.h"

/** Write /state (a HeatFieldFileExtra).  Step and time are not part of it, but attributes of the
 *  file's root.
 *  @param[in] context  the HeatCheckpointState, which is unchanged */
void HeatCheckpointGroupWrite(int64_t file, void *context, HeatFileError *error);

/** Read /state back and fail unless the scalars, the texts and the number of snapshots are those of
 *  the state (a HeatFieldFileExtra).
 *  @param[in] context  the HeatCheckpointState, which is unchanged */
void HeatCheckpointGroupCheck(int64_t file, void *context, HeatFileError *error);

/** Return the size [bytes] of the texts and of the list of snapshots in /state. */
PetscInt64 HeatCheckpointGroupBytes(const HeatCheckpointState *state);

/** Read the header and /state of a checkpoint.  The names of the fields are set, and their blocks
 *  are NULL.  Collective on comm; every rank returns with the same error, which is not raised.
 *  @param[out] state  cleared with HeatCheckpointStateClear; zeros after a failure */
PetscErrorCode HeatCheckpointTryReadState(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                          HeatCheckpointState *state, HeatFileError *error);

#endif
