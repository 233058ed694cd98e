/** Read the header of a field file and compare its checksums, for restarts and for `heat2d
 *  inspect`.
 *
 *  Rank 0 reads the header and broadcasts it.  Verifying reads all rows, an even share on each
 *  rank, so it needs no grid and works on any number of ranks.  Nothing in the file is trusted: the
 *  seal is checked before HDF5 opens the file, and every dataset is checked before its values are
 *  read.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/field_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "io/field_file/field_file_parts.h"
#include "io/field_file/hdf5_array.h"
#include "io/field_file/hdf5_input.h"
#include "io/file/checksum.h"

/* [bytes] of the buffer through which verifying reads data.  Chosen: a smaller one takes more calls
   of HDF5, a larger one more memory. */
#define VERIFY_BYTES 16777216

/* Return the number of elements of an axis, 0 after a failure. */
static PetscInt AxisLength(hid_t file, const char *name, HeatFileError *error)
{
  hid_t      dataset = HeatInputOpenDataset(file, name, error);
  PetscInt64 n       = HeatInputArrayLength(dataset, name, sizeof(double), error);

  HeatH5Close(error, &dataset);
  return (PetscInt)n;
}

/* Read the type of a field's elements, and fail unless type and shape are what heat2d writes. */
static void ReadFieldShape(hid_t dataset, const HeatFieldFileInfo *info, HeatFieldInfo *field,
                           HeatFileError *error)
{
  hid_t   space = -1, type = -1;
  hsize_t shape[2] = {0, 0};

  HeatH5(error, type = H5Dget_type(dataset));
  HeatH5(error, space = H5Dget_space(dataset));
  if (error->failed) {
    HeatH5Close(error, &type);
    return;
  }
  field->element = H5Tequal(type, H5T_STD_I32LE) > 0 ? HEAT_ELEMENT_INT32 : HEAT_ELEMENT_DOUBLE;
  if (H5Tequal(type, HeatElementFileType(field->element)) <= 0 ||
      H5Sget_simple_extent_ndims(space) != 2 || H5Sget_simple_extent_dims(space, shape, NULL) < 0 ||
      shape[0] != (hsize_t)info->ny || shape[1] != (hsize_t)info->nx) {
    HeatFileFail(error, "field %s is not of the type and shape that heat2d writes", field->name);
  }
  HeatH5Close(error, &space);
  HeatH5Close(error, &type);
}

/* List the fields in order of name: the datasets that have row checksums below /integrity. */
static void ReadFields(hid_t file, HeatFieldFileInfo *info, HeatFileError *error)
{
  char     names[HEAT_MAX_FILE_FIELDS + 1][sizeof(info->fields[0].name)];
  PetscInt n     = 0;
  hid_t    group = -1, dataset = -1;

  group = HeatInputOpenGroup(file, "integrity", error);
  if (!error->failed)
    n = HeatInputListNames(group, HEAT_MAX_FILE_FIELDS + 1, sizeof(names[0]), names[0], error);
  if (n > HEAT_MAX_FILE_FIELDS)
    HeatFileFail(error, "it has more than %d fields", HEAT_MAX_FILE_FIELDS);
  for (PetscInt f = 0; f < n && !error->failed; f++) {
    HeatFieldInfo *field = &info->fields[info->n_fields++];

    field->has_sums = PETSC_TRUE;
    snprintf(field->name, sizeof(field->name), "%s", names[f]);
    dataset = HeatInputOpenDataset(file, field->name, error);
    ReadFieldShape(dataset, info, field, error);
    HeatH5ReadText(dataset, "units", field->units, sizeof(field->units), error);
    HeatH5ReadText(dataset, "long_name", field->long_name, sizeof(field->long_name), error);
    HeatH5Close(error, &dataset);
  }
  HeatH5Close(error, &group);
}

/* Fail unless heat2d wrote the file, in a version of the format that is known here. */
static void CheckFormat(hid_t file, HeatFieldFileInfo *info, HeatFileError *error)
{
  char    format[32] = "";
  int32_t version    = 0;
  htri_t  there      = 0;

  HeatH5(error, there = H5Aexists(file, "format"));
  if (error->failed) return;
  if (there) HeatH5ReadText(file, "format", format, sizeof(format), error);
  if (!error->failed && strcmp(format, "heat2d field file") != 0) {
    HeatFileFail(error, "it is an HDF5 file, but not one that heat2d wrote");
  }
  HeatH5ReadInt32(file, "format_version", &version, error);
  if (!error->failed && (version < 1 || version > HEAT_FIELD_FILE_VERSION)) {
    HeatFileFail(error, "its format version is %d, and this heat2d reads up to version %d",
                 (int)version, HEAT_FIELD_FILE_VERSION);
  }
  info->format_version = version;
}

/* Fail when the file has no valid seal, but continues behind the end that HDF5 knows: the seal was
   damaged or cut short. */
static void CheckEnd(hid_t file, const char *path, const HeatSeal *seal, HeatFileError *error)
{
  haddr_t     end = 0;
  struct stat status;

  HeatH5(error, H5Fget_eoa(file, &end));
  if (error->failed || seal->length || stat(path, &status) != 0) return;
  if ((uint64_t)status.st_size > (uint64_t)end)
    HeatFileFail(error, "the seal at its end is damaged or cut short");
}

PetscInt64 HeatBrokenHaloRead(hid_t file, HeatFileError *error)
{
  htri_t  there = 0;
  int64_t every = 0;

  if (error->failed) return 0;
  HeatH5(error, there = H5Aexists(file, HEAT_BROKEN_HALO));
  if (!error->failed && there) HeatH5ReadInt64(file, HEAT_BROKEN_HALO, &every, error);
  return every;
}

void HeatInfoRead(const char *path, HeatFieldFileInfo *info, HeatFileError *error)
{
  struct stat status;
  int64_t     step = 0;
  HeatSeal    seal;
  hid_t       file;

  memset(info, 0, sizeof(*info));
  HeatSealCheck(path, &seal, error);
  file = error->failed ? -1 : HeatH5OpenRead(path, error);
  if (file < 0) return;
  CheckFormat(file, info, error);
  HeatH5ReadText(file, "kind", info->kind, sizeof(info->kind), error);
  HeatH5ReadText(file, "title", info->title, sizeof(info->title), error);
  HeatH5ReadInt64(file, "step", &step, error);
  HeatH5ReadDouble(file, "time", 0, &info->time, error);
  HeatH5ReadDouble(file, "extent_x", 2, info->x, error);
  HeatH5ReadDouble(file, "extent_y", 2, info->y, error);
  info->step        = step;
  info->broken_halo = HeatBrokenHaloRead(file, error);
  info->nx          = AxisLength(file, "x", error);
  info->ny          = AxisLength(file, "y", error);
  ReadFields(file, info, error);
  CheckEnd(file, path, &seal, error);
  HeatH5Close(error, &file);
  info->sealed      = seal.length ? PETSC_TRUE : PETSC_FALSE;
  info->bookkeeping = seal.checksum;
  if (stat(path, &status) == 0) info->bytes = (PetscInt64)status.st_size;
}

void HeatAxesVerify(hid_t file, HeatFileError *error)
{
  static const char *const names[4] = {"x_edges", "y_edges", "x", "y"};

  for (int i = 0; i < 4; i++) {
    PetscInt64 n;
    void      *values;

    HeatH5ReadArray(file, names[i], H5T_NATIVE_DOUBLE, &n, &values, error);
    (void)PetscFree(values);
  }
}

/* Update a field's minimum, maximum and number of values that are not finite with n cells. */
static void UpdateRange(HeatFieldInfo *field, const void *cells, size_t n)
{
  for (size_t i = 0; i < n; i++) {
    const double v = field->element == HEAT_ELEMENT_DOUBLE ? ((const double *)cells)[i]
                                                           : (double)((const int32_t *)cells)[i];

    if (!isfinite(v)) field->not_finite++;
    else {
      field->minimum = PetscMin(field->minimum, v);
      field->maximum = PetscMax(field->maximum, v);
    }
  }
}

/* Compare rows [first, first + n) with their checksums and count the damaged ones in the field. */
static void CountDamage(HeatFieldInfo *field, PetscInt first, PetscInt n, PetscInt nx,
                        const void *rows, const uint64_t *sums)
{
  const size_t bytes = HeatElementBytes(field->element);

  for (PetscInt j = 0; j < n; j++) {
    const char    *row = (const char *)rows + (size_t)j * (size_t)nx * bytes;
    const PetscInt at  = first + j;

    if (HeatChecksum(bytes, row, (PetscInt64)at * (PetscInt64)nx, nx) == sums[j]) continue;
    field->damaged_rows++;
    field->first_damaged = PetscMin(field->first_damaged, at);
    field->last_damaged  = PetscMax(field->last_damaged, at);
  }
}

/* Verify rows [first, end) of one field, `piece` rows at a time.
   @param     buffer  room for [piece][nx] elements
   @param     sums    room for [piece] checksums
   @param[in,out] values  the stored checksums of the rows are added */
static void VerifyRows(hid_t file, const HeatFieldFileInfo *info, HeatFieldInfo *field,
                       PetscInt first, PetscInt end, PetscInt piece, void *buffer, uint64_t *sums,
                       uint64_t *values, HeatFileError *error)
{
  const size_t bytes   = HeatElementBytes(field->element);
  hid_t        dataset = -1;

  dataset = HeatInputOpenDataset(file, field->name, error);
  HeatInputCheckChunks(dataset, first, end - first, error);
  for (PetscInt j = first; j < end && !error->failed; j += piece) {
    const PetscInt n = PetscMin(piece, end - j);

    HeatRowsRead(dataset, HeatElementMemoryType(field->element), j, n, info->nx, bytes, buffer,
                 error);
    HeatSumsRead(file, field->name, j, n, sums, error);
    if (error->failed) break;
    UpdateRange(field, buffer, (size_t)n * (size_t)info->nx);
    CountDamage(field, j, n, info->nx, buffer, sums);
    for (PetscInt k = 0; k < n; k++) *values += sums[k];
  }
  HeatH5Close(error, &dataset);
}

/* Reduce what the ranks found in a field.  The largest damaged row is negated, so that one
   reduction by MPI_MIN gives it, too.  Collective on comm. */
static PetscErrorCode ReduceField(MPI_Comm comm, HeatFieldInfo *field)
{
  PetscInt64 sums[2] = {field->damaged_rows, field->not_finite};
  double     low[3]  = {(double)field->first_damaged, -(double)field->last_damaged, field->minimum};

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_INT64_T, MPI_SUM, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, low, 3, MPI_DOUBLE, MPI_MIN, comm));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &field->maximum, 1, MPI_DOUBLE, MPI_MAX, comm));
  field->damaged_rows  = (PetscInt)sums[0];
  field->not_finite    = sums[1];
  field->first_damaged = sums[0] ? (PetscInt)low[0] : 0;
  field->last_damaged  = sums[0] ? (PetscInt)-low[1] : 0;
  field->minimum       = low[2];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Verify all fields, each rank an even share of the rows; rank 0 also verifies the axes.
   Collective on comm; a failure stays on its rank. */
static PetscErrorCode VerifyData(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                 HeatFileError *error)
{
  const size_t   row_bytes = (size_t)info->nx * sizeof(double);
  const PetscInt piece     = (PetscInt)PetscMax(1, VERIFY_BYTES / row_bytes);
  PetscMPIInt    rank, size;
  PetscInt       first, end;
  hid_t          file;
  void          *buffer;
  uint64_t      *sums, values = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  first = (PetscInt)((PetscInt64)info->ny * rank / size);
  end   = (PetscInt)((PetscInt64)info->ny * (rank + 1) / size);
  PetscCall(PetscMalloc((size_t)PetscMin(piece, info->ny) * row_bytes, &buffer));
  PetscCall(PetscMalloc1((size_t)PetscMin(piece, info->ny), &sums));
  file = HeatH5OpenRead(path, error);
  if (rank == 0 && file >= 0) HeatAxesVerify(file, error);
  for (PetscInt f = 0; f < info->n_fields; f++) {
    HeatFieldInfo *field = &info->fields[f];

    field->minimum       = INFINITY;
    field->maximum       = -INFINITY;
    field->first_damaged = info->ny;
    field->last_damaged  = -1;
    if (first < end && file >= 0)
      VerifyRows(file, info, field, first, end, piece, buffer, sums, &values, error);
    PetscCall(ReduceField(comm, field));
  }
  HeatH5Close(error, &file);
  PetscCallMPI(MPI_Allreduce(&values, &info->values, 1, MPI_UINT64_T, MPI_SUM, comm));
  info->has_values = PETSC_TRUE;
  PetscCall(PetscFree(sums));
  PetscCall(PetscFree(buffer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the header and, with `data`, verify all values.  Collective on comm; every rank returns with
   the same error. */
static PetscErrorCode ReadInfo(MPI_Comm comm, const char *path, PetscBool data,
                               HeatFieldFileInfo *info, HeatFileError *error)
{
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  HeatH5Begin();
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) HeatInfoRead(path, info, error);
  PetscCall(HeatFileShare(comm, error));
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Bcast(info, (PetscMPIInt)sizeof(*info), MPI_BYTE, 0, comm));
  if (data) {
    PetscCall(VerifyData(comm, path, info, error));
    PetscCall(HeatFileShare(comm, error));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileTryInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info,
                                    HeatFileError *error)
{
  PetscFunctionBeginUser;
  PetscCall(ReadInfo(comm, path, PETSC_FALSE, info, error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileReadInfo(MPI_Comm comm, const char *path, HeatFieldFileInfo *info)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  PetscCall(ReadInfo(comm, path, PETSC_FALSE, info, &error));
  PetscCall(HeatFileAgree(comm, path, "read", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileVerify(MPI_Comm comm, const char *path, HeatFieldFileInfo *info)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  PetscCall(ReadInfo(comm, path, PETSC_TRUE, info, &error));
  PetscCall(HeatFileAgree(comm, path, "read", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileLibraryVersion(char *buffer, size_t size)
{
  unsigned major, minor, release;

  PetscFunctionBeginUser;
  PetscCheck(H5get_libversion(&major, &minor, &release) >= 0, PETSC_COMM_SELF, PETSC_ERR_LIB,
             "H5get_libversion");
  snprintf(buffer, size, "%u.%u.%u", major, minor, release);
  PetscFunctionReturn(PETSC_SUCCESS);
}
