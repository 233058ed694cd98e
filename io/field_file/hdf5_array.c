/** Write and read small arrays in an HDF5 file.
 *
 *  An array that is read may come from any file, so path, storage and length are checked before
 *  memory is allocated for it.
 */
#include "io/field_file/hdf5_array.h"

#include <string.h>

#include "io/field_file/hdf5_input.h"
#include "io/file/checksum.h"

/* Write a text attribute in HDF5's default character set (ASCII), as the dimension scale
   specification asks for it. */
static void WriteScaleText(hid_t dataset, const char *name, const char *value, HeatFileError *error)
{
  hid_t type = -1;

  HeatH5(error, type = H5Tcopy(H5T_C_S1));
  HeatH5(error, H5Tset_size(type, strlen(value) + 1));
  HeatH5WriteAttribute(dataset, name, type, type, 0, value, error);
  HeatH5Close(error, &type);
}

void HeatH5WriteArray(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt64 n,
                      const void *values, HeatFileError *error)
{
  hid_t   list, space = -1, dataset = -1;
  hsize_t extent = (hsize_t)n;

  if (n == 0 || error->failed) return;
  list = HeatH5ContiguousList(error);
  HeatH5(error, space = H5Screate_simple(1, &extent, NULL));
  HeatH5(error, dataset = H5Dcreate2(object, name, type, space, H5P_DEFAULT, list, H5P_DEFAULT));
  HeatH5(error, H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values));
  HeatH5WriteUint64(dataset, "checksum", HeatChecksum(H5Tget_size(memory), values, 0, n), error);
  WriteScaleText(dataset, "CLASS", "DIMENSION_SCALE", error);
  WriteScaleText(dataset, "NAME", name, error);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &space);
  HeatH5Close(error, &list);
}

void HeatH5ReadArray(hid_t object, const char *name, hid_t memory, PetscInt64 *n, void **values,
                     HeatFileError *error)
{
  hid_t        dataset = -1;
  uint64_t     stored  = 0;
  const size_t bytes   = H5Tget_size(memory);

  *n      = 0;
  *values = NULL;
  if (error->failed || H5Lexists(object, name, H5P_DEFAULT) <= 0) return;
  dataset = HeatInputOpenDataset(object, name, error);
  if (error->failed) return;
  *n = HeatInputArrayLength(dataset, name, bytes, error);
  if (!error->failed && PetscMalloc((size_t)*n * bytes, values)) {
    HeatFileFail(error, "no memory for %" PetscInt64_FMT " elements of %s", *n, name);
  }
  HeatH5(error, H5Dread(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, *values));
  HeatH5ReadUint64(dataset, "checksum", &stored, error);
  if (!error->failed && HeatChecksum(bytes, *values, 0, *n) != stored) {
    HeatFileFail(error, "dataset %s is damaged: its checksum does not match", name);
  }
  HeatH5Close(error, &dataset);
  if (error->failed) {
    *n = 0;
    (void)PetscFree(*values);
  }
}
