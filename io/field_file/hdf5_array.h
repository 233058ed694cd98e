/** Small arrays in an HDF5 file: one-dimensional datasets, each with a checksum of its values.
 *
 *  An array is a contiguous dataset with an attribute `checksum` (io/file/checksum.h, index from 0).
 *  It carries the attributes of a dimension scale, so that netCDF readers accept it.  Failures go to
 *  the HeatFileError; nothing here is collective. */
#ifndef HEAT_IO_HDF5_ARRAY_H
#define HEAT_IO_HDF5_ARRAY_H

#include "io/field_file/hdf5_util.h"

/** Create the dataset `name` and write n values; with n = 0 do nothing.
 *  @param[in] type, memory  HDF5 types in the file and in memory, of 1, 4 or 8 bytes */
void HeatH5WriteArray(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt64 n,
                      const void *values, HeatFileError *error);

/** Read the dataset `name` and compare its checksum; an absent dataset has n = 0.
 *  @param[out] values  [*n], freed by the caller with PetscFree; NULL after a failure */
void HeatH5ReadArray(hid_t object, const char *name, hid_t memory, PetscInt64 *n, void **values,
                     HeatFileError *error);

#endif
