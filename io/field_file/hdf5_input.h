/** Check HDF5 files of unknown origin before their values are read.
 *
 *  A dataset must lie in the file itself, under hard links, and use no filters other than HDF5's
 *  own, in an order whose effect on the size is known before anything is decompressed.  Failures
 *  are noted in the HeatFileError; nothing here is collective.
 */
#ifndef HEAT_IO_HDF5_INPUT_H
#define HEAT_IO_HDF5_INPUT_H

#include "io/field_file/hdf5_util.h"

/** List the names in a group or file, at most `room` of them, each cut to size - 1 characters,
 *  sorted in ascending order.  Return their number.
 *  @param[out] names  [room][size] */
PetscInt HeatInputListNames(hid_t group, PetscInt room, size_t size, char *names,
                            HeatFileError *error);

/** Open a dataset after checking its path, storage, chunks and filters.  Return -1 on a failure.
 *  @param[in] object  the file or a group
 *  @param[in] name    a path without a leading slash
 *  Failures: it does not exist (the message lists the names that do), is reached through a link, is
 *  stored in other files, or has chunks or filters that are not accepted. */
hid_t HeatInputOpenDataset(hid_t object, const char *name, HeatFileError *error);

/** Open a group that lies in the file itself, or return -1 on a failure. */
hid_t HeatInputOpenGroup(hid_t object, const char *name, HeatFileError *error);

/** Fail when a chunk of rows [first, first + n) of a two-dimensional dataset inflates to more than
 *  its size.  HDF5's deflate filter has no such limit: it would allocate up to a thousand times the
 *  bytes that the chunk takes in the file.  The chunks are read and inflated once, through a small
 *  buffer.  Datasets that are not chunked, or not deflated, pass. */
void HeatInputCheckChunks(hid_t dataset, PetscInt first, PetscInt n, HeatFileError *error);

/** Return the number of elements of a contiguous one-dimensional dataset of elements of `bytes`
 *  bytes, or 0 on a failure.  A number that the file is too small to hold is a failure, so that it
 *  is safe to allocate memory for the elements. */
PetscInt64 HeatInputArrayLength(hid_t dataset, const char *name, size_t bytes,
                                HeatFileError *error);

#endif
