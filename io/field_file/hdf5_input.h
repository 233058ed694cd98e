/** HDF5 files that come from anywhere: what is looked at before their values are read.
 *
 *  A dataset must lie in the file itself, under hard links, and use no more than HDF5's own
 *  filters, in an order whose effect is known before anything is decompressed.  Failures go to the
 *  HeatFileError; nothing here is collective.
 */
#ifndef HEAT_IO_HDF5_INPUT_H
#define HEAT_IO_HDF5_INPUT_H

#include "io/field_file/hdf5_util.h"

/** The names in a group or file, at most `room` of them, cut to size - 1 characters and sorted.
 *  @param[out] names  [room][size] */
PetscInt HeatInputListNames(hid_t group, PetscInt room, size_t size, char *names,
                            HeatFileError *error);

/** Open a dataset after all its checks, or return -1.
 *  @param[in] object  the file or a group
 *  @param[in] name    a path without a leading slash */
hid_t HeatInputOpenDataset(hid_t object, const char *name, HeatFileError *error);

/** Open a group of the file itself, or return -1. */
hid_t HeatInputOpenGroup(hid_t object, const char *name, HeatFileError *error);

/** No chunk of rows [first, first + n) of a two-dimensional dataset may inflate to more than its
 *  size: deflate itself would go on to a thousand times the bytes of the file.  Reads and inflates
 *  them once, through a small buffer.  Datasets that are not chunked pass. */
void HeatInputCheckChunks(hid_t dataset, PetscInt first, PetscInt n, HeatFileError *error);

/** Elements of a contiguous, one-dimensional dataset of values of `bytes` each: no more than the file has room
 *  for, so that memory may be got for them.  0 after a failure. */
PetscInt64 HeatInputArrayLength(hid_t dataset, const char *name, size_t bytes,
                                HeatFileError *error);

#endif
