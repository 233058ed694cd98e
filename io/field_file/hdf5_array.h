/** Write and read small one-dimensional arrays in an HDF5 file, each with a checksum.
 *
 *  An array is a contiguous dataset with an attribute `checksum` (io/file/checksum.h, the index of
 *  the first element is 0).  It carries the attributes of an HDF5 dimension scale, so that netCDF
 *  readers accept it.  Failures are noted in the HeatFileError; nothing here is collective. */
#ifndef HEAT_IO_HDF5_ARRAY_H
#define HEAT_IO_HDF5_ARRAY_H

#include "io/field_file/hdf5_util.h"

/** Create the dataset `name` below `object` and write n values; with n = 0 do nothing.
 *  @param[in] type, memory  HDF5 types of an element in the file and in memory, of 1, 4 or 8 bytes
 *  @param[in] values        [n] of the type `memory` */
void HeatH5WriteArray(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt64 n,
                      const void *values, HeatFileError *error);

/** Read the dataset `name` below `object` and compare its checksum.  A dataset that does not exist
 *  is not a failure: it has n = 0.
 *  @param[in]  memory  HDF5 type of an element in memory
 *  @param[out] values  [*n], freed by the caller with PetscFree; NULL when there is no dataset or
 *                      after a failure
 *  Failures: another shape or type of storage, the checksum does not match, no memory. */
void HeatH5ReadArray(hid_t object, const char *name, hid_t memory, PetscInt64 *n, void **values,
                     HeatFileError *error);

#endif
