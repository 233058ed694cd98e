/** Read and compare the rows of a dataset, and write, read and compare their checksums, in an open
 *  field file.
 *
 *  Nothing here is collective: each rank transfers its own rows.  A read is cut into pieces of at
 *  most HEAT_CALL_BYTES, with a heartbeat (solver/base/heartbeat.h) after each.
 */
#include "io/field_file/field_file_parts.h"
#include "io/field_file/hdf5_input.h"
#include "io/file/checksum.h"
#include "solver/base/heartbeat.h"

PetscInt HeatPieceRows(PetscInt nx)
{
  return (PetscInt)PetscMax(1, (size_t)HEAT_STREAM_BYTES / ((size_t)nx * sizeof(double)));
}

/* Return the dataspace of a dataset [ny][nx] with its rows [first, first + n) selected. */
static hid_t SelectRows(hid_t dataset, PetscInt first, PetscInt n, PetscInt nx,
                        HeatFileError *error)
{
  const hsize_t start[2] = {(hsize_t)first, 0}, count[2] = {(hsize_t)n, (hsize_t)nx};
  hid_t         space = -1;

  HeatH5(error, space = H5Dget_space(dataset));
  HeatH5(error, H5Sselect_hyperslab(space, H5S_SELECT_SET, start, NULL, count, NULL));
  return space;
}

/* Read rows [first, first + n) in one HDF5 call. */
static void ReadPiece(hid_t dataset, hid_t memory, PetscInt first, PetscInt n, PetscInt nx,
                      char *rows, HeatFileError *error)
{
  const hsize_t shape[2]   = {(hsize_t)n, (hsize_t)nx};
  hid_t         file_space = SelectRows(dataset, first, n, nx, error), memory_space = -1;

  HeatH5(error, memory_space = H5Screate_simple(2, shape, NULL));
  HeatH5(error, H5Dread(dataset, memory, memory_space, file_space, H5P_DEFAULT, rows));
  HeatH5Close(error, &memory_space);
  HeatH5Close(error, &file_space);
  HeatBeat();
}

void HeatRowsRead(hid_t dataset, hid_t memory, PetscInt first, PetscInt n, PetscInt nx,
                  size_t bytes, void *rows, HeatFileError *error)
{
  const size_t   row  = (size_t)nx * bytes;
  const PetscInt step = (PetscInt)PetscMax(1, HEAT_CALL_BYTES / row);

  for (PetscInt j = 0; j < n && !error->failed; j += step) {
    ReadPiece(dataset, memory, first + j, PetscMin(step, n - j), nx, (char *)rows + (size_t)j * row,
              error);
  }
}

/* Write or read entries [first, first + n) of /integrity/NAME.  A file that is read may come from
   anywhere, so its dataset is checked first. */
static void MoveSums(hid_t file, const char *name, PetscInt first, PetscInt n, PetscBool write,
                     uint64_t *sums, HeatFileError *error)
{
  const hsize_t start = (hsize_t)first, count = (hsize_t)n;
  hid_t         group = -1, dataset = -1, file_space = -1, memory_space = -1;

  if (n == 0) return;
  if (write) {
    HeatH5(error, group = H5Gopen2(file, "integrity", H5P_DEFAULT));
    HeatH5(error, dataset = H5Dopen2(group, name, H5P_DEFAULT));
  } else {
    group   = HeatInputOpenGroup(file, "integrity", error);
    dataset = HeatInputOpenDataset(group, name, error);
    if (HeatInputArrayLength(dataset, name, sizeof(*sums), error) < first + n)
      HeatFileFail(error, "integrity/%s holds too few checksums", name);
  }
  HeatH5(error, file_space = H5Dget_space(dataset));
  HeatH5(error, H5Sselect_hyperslab(file_space, H5S_SELECT_SET, &start, NULL, &count, NULL));
  HeatH5(error, memory_space = H5Screate_simple(1, &count, NULL));
  if (write)
    HeatH5(error,
           H5Dwrite(dataset, H5T_NATIVE_UINT64, memory_space, file_space, H5P_DEFAULT, sums));
  else
    HeatH5(error, H5Dread(dataset, H5T_NATIVE_UINT64, memory_space, file_space, H5P_DEFAULT, sums));
  HeatH5Close(error, &memory_space);
  HeatH5Close(error, &file_space);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &group);
}

void HeatSumsWrite(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                   HeatFileError *error)
{
  MoveSums(file, name, first, n, PETSC_TRUE, (uint64_t *)sums, error);
}

void HeatSumsRead(hid_t file, const char *name, PetscInt first, PetscInt n, uint64_t *sums,
                  HeatFileError *error)
{
  MoveSums(file, name, first, n, PETSC_FALSE, sums, error);
}

void HeatFailDamaged(const char *name, PetscInt damaged, PetscInt low, PetscInt high,
                     HeatFileError *error)
{
  if (damaged == 1) {
    HeatFileFail(error, "row %" PetscInt_FMT " of %s is damaged: its checksum does not match", low,
                 name);
  } else if (damaged > 1) {
    HeatFileFail(error,
                 "%" PetscInt_FMT " rows of %s between %" PetscInt_FMT " and %" PetscInt_FMT
                 " are damaged: their checksums do not match",
                 damaged, name, low, high);
  }
}

void HeatSumsCompareArrays(const uint64_t *a, const uint64_t *b, PetscInt first, PetscInt n,
                           const char *name, HeatFileError *error)
{
  PetscInt damaged = 0, low = 0, high = 0;

  if (error->failed) return;
  for (PetscInt j = 0; j < n; j++) {
    if (a[j] == b[j]) continue;
    if (damaged++ == 0) low = first + j;
    high = first + j;
  }
  HeatFailDamaged(name, damaged, low, high, error);
}

void HeatRowsCompare(size_t bytes, const void *rows, PetscInt first, PetscInt n, PetscInt nx,
                     const uint64_t *sums, const char *name, HeatFileError *error)
{
  const char *cells   = (const char *)rows;
  PetscInt    damaged = 0, low = 0, high = 0;

  if (error->failed) return;
  for (PetscInt j = 0; j < n; j++) {
    const PetscInt64 index = (PetscInt64)(first + j) * (PetscInt64)nx;

    if (HeatChecksum(bytes, cells + (size_t)j * (size_t)nx * bytes, index, nx) == sums[j]) continue;
    if (damaged++ == 0) low = first + j;
    high = first + j;
  }
  HeatFailDamaged(name, damaged, low, high, error);
}

void HeatSumsCompare(hid_t file, const char *name, PetscInt first, PetscInt n, const uint64_t *sums,
                     HeatFileError *error)
{
  uint64_t *stored;

  if (error->failed) return;
  if (PetscMalloc1((size_t)n, &stored)) {
    HeatFileFail(error, "no memory for the checksums of %" PetscInt_FMT " rows", n);
    return;
  }
  HeatSumsRead(file, name, first, n, stored, error);
  HeatSumsCompareArrays(stored, sums, first, n, name, error);
  (void)PetscFree(stored);
}
