/** A function that checkpoint.c, which writes checkpoints, and checkpoint_read.c share. */
#ifndef HEAT_IO_CHECKPOINT_IMPL_H
#define HEAT_IO_CHECKPOINT_IMPL_H

#include <petscsys.h>

/** Format the path of the checkpoint of a step in the folder `dir`. */
void HeatCheckpointPath(const char *dir, PetscInt64 step, char *path, size_t size);

#endif
