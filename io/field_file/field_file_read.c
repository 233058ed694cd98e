/** Read a field onto the blocks, from a file of heat2d or from any other HDF5 file.
 *
 *  A file may come from anywhere, so rank 0 checks it first, alone: the dataset must lie in the
 *  file itself (io/field_file/hdf5_input.h) and have the shape of the grid.  Only then do the ranks
 *  that write files (output.writers) open it, each through HDF5's serial driver, because reading
 *  needs no agreement between them; they send the others their cells.  A bad file is refused on all
 *  ranks at once.
 */
#include "io/field_file/field_file.h"

#include <stdio.h>
#include <string.h>

#include "io/field_file/field_file_parts.h"
#include "io/field_file/hdf5_input.h"
#include "io/field_file/slab.h"

#define MAX_NUMBER_BYTES 16 /* [bytes] of a long double, the largest number that C has */

/* Fail unless the dataset holds numbers, or integers where `element` is an integer. */
static void CheckType(hid_t dataset, const char *name, HeatElement element, HeatFileError *error)
{
  hid_t       type = -1;
  H5T_class_t kind;

  HeatH5(error, type = H5Dget_type(dataset));
  if (error->failed) return;
  kind = H5Tget_class(type);
  if (kind != H5T_INTEGER && kind != H5T_FLOAT) {
    HeatFileFail(error, "dataset %s does not hold numbers", name);
  } else if (element == HEAT_ELEMENT_INT32 && kind != H5T_INTEGER) {
    HeatFileFail(error, "dataset %s does not hold integers", name);
  } else if (H5Tget_size(type) > MAX_NUMBER_BYTES) {
    HeatFileFail(error, "dataset %s holds elements of %zu bytes; numbers have at most %d", name,
                 H5Tget_size(type), MAX_NUMBER_BYTES);
  }
  HeatH5Close(error, &type);
}

/* Fail unless the dataset is [ny][nx] of the grid. */
static void CheckShape(hid_t dataset, const char *name, const HeatGrid *grid, HeatFileError *error)
{
  hid_t   space               = -1;
  hsize_t shape[H5S_MAX_RANK] = {0};
  char    found[128]          = "no array";
  int     n = 0, used = 0;

  HeatH5(error, space = H5Dget_space(dataset));
  HeatH5(error, n = H5Sget_simple_extent_dims(space, shape, NULL));
  for (int d = 0; d < PetscMin(n, 4); d++) {
    used += snprintf(found + used, sizeof(found) - (size_t)used, "[%llu]",
                     (unsigned long long)shape[d]);
  }
  if (!error->failed &&
      (n != 2 || shape[0] != (hsize_t)grid->ny || shape[1] != (hsize_t)grid->nx)) {
    HeatFileFail(error,
                 "dataset %s is %s%s, and the grid needs [ny][nx] = [%" PetscInt_FMT
                 "][%" PetscInt_FMT "]",
                 name, found, n > 4 ? "..." : "", grid->ny, grid->nx);
  }
  HeatH5Close(error, &space);
}

/* Return whether the file was written by heat2d, has row checksums for this dataset, and stores the
   dataset in the type in which it is read: checksums cover the stored bits. */
static PetscBool HasChecksums(hid_t file, hid_t dataset, const char *name, HeatElement element)
{
  HeatFileError none       = {0};
  char          format[32] = "", path[512];
  hid_t         type       = -1;
  PetscBool     same       = PETSC_FALSE;

  if (H5Aexists(file, "format") <= 0 || H5Lexists(file, "integrity", H5P_DEFAULT) <= 0)
    return PETSC_FALSE;
  HeatH5ReadText(file, "format", format, sizeof(format), &none);
  snprintf(path, sizeof(path), "integrity/%s", name);
  if (strcmp(format, "heat2d field file") != 0 || H5Lexists(file, path, H5P_DEFAULT) <= 0)
    return PETSC_FALSE;
  HeatH5(&none, type = H5Dget_type(dataset));
  if (type >= 0 && H5Tequal(type, HeatElementFileType(element)) > 0) same = PETSC_TRUE;
  HeatH5Close(&none, &type);
  return same;
}

PetscBool HeatFieldFileHasSums(const char *path, const char *dataset, HeatElement element,
                               PetscBool *has)
{
  const char   *name  = dataset + strspn(dataset, "/");
  HeatFileError error = {0};
  hid_t         file, values;

  HeatH5Begin();
  file   = HeatH5OpenRead(path, &error);
  values = file < 0 ? -1 : HeatInputOpenDataset(file, name, &error);
  *has   = values < 0 ? PETSC_FALSE : HasChecksums(file, values, name, element);
  HeatH5Close(&error, &values);
  HeatH5Close(&error, &file);
  return error.failed ? PETSC_FALSE : PETSC_TRUE;
}

/* Check everything that must hold before the values are read, on rank 0 alone.
   @param[out] sums  the dataset has row checksums that can be compared */
static void CheckDataset(const HeatGrid *grid, const char *path, const char *name,
                         HeatElement element, PetscBool *sums, HeatFileError *error)
{
  hid_t    file, dataset = -1;
  HeatSeal seal;

  HeatSealCheck(path, &seal, error);
  file = error->failed ? -1 : HeatH5OpenRead(path, error);
  if (file < 0) return;
  dataset = HeatInputOpenDataset(file, name, error);
  CheckType(dataset, name, element, error);
  CheckShape(dataset, name, grid, error);
  if (!error->failed) *sums = HasChecksums(file, dataset, name, element);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &file);
}

/* Read this rank's slab piece by piece, and move the pieces onto the blocks.  If each rank's slab
   is its block, rows are read directly into the block.  Otherwise a rank that has failed still
   takes part in the redistribution.  Collective on grid->comm; a failure stays on its rank. */
static PetscErrorCode ReadRows(const HeatGrid *grid, HeatSlab *slab, const char *path,
                               const char *name, HeatElement element, void *block,
                               HeatFileError *error)
{
  const size_t   row   = (size_t)grid->nx * HeatElementBytes(element);
  const PetscInt piece = HeatPieceRows(grid->nx);
  PetscInt       first, n;
  void          *buffer = NULL;
  hid_t          file = -1, dataset = -1;

  PetscFunctionBeginUser;
  HeatSlabGetRows(slab, &first, &n);
  if (!HeatSlabIsBlock(slab))
    PetscCall(PetscMalloc((size_t)PetscMin(piece, PetscMax(n, 1)) * row, &buffer));
  if (n > 0) file = HeatH5OpenRead(path, error);
  if (n > 0) dataset = HeatInputOpenDataset(file, name, error);
  if (n > 0) HeatInputCheckChunks(dataset, first, n, error);
  for (PetscInt j = 0; j < HeatSlabMostRows(slab); j += piece) {
    void *rows = buffer ? buffer : (char *)block + (size_t)j * row;

    if (j < n)
      HeatRowsRead(dataset, HeatElementMemoryType(element), first + j, PetscMin(piece, n - j),
                   grid->nx, HeatElementBytes(element), rows, error);
    if (buffer)
      PetscCall(HeatSlabPutPiece(slab, HeatElementMPIType(element), rows, j, piece, block));
  }
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &file);
  PetscCall(PetscFree(buffer));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the row checksums of the values that arrived on the blocks with the stored ones.
   Collective on grid->comm; a failure stays on its rank. */
static PetscErrorCode CompareSums(HeatSlab *slab, const char *path, const char *name,
                                  HeatElement element, const void *block, HeatFileError *error)
{
  PetscInt  first, n;
  uint64_t *sums;

  PetscFunctionBeginUser;
  HeatSlabGetRows(slab, &first, &n);
  PetscCall(PetscMalloc1((size_t)n, &sums));
  PetscCall(HeatSlabRowSums(slab, HeatElementBytes(element), block, sums));
  if (n > 0) {
    hid_t file = HeatH5OpenRead(path, error);

    if (file >= 0) HeatSumsCompare(file, name, first, n, sums, error);
    HeatH5Close(error, &file);
  }
  PetscCall(PetscFree(sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileTryRead(const HeatGrid *grid, const char *path, const char *dataset,
                                    HeatElement element, void *block, HeatFileError *error)
{
  const char *name = dataset + strspn(dataset, "/");
  PetscBool   sums = PETSC_FALSE;
  HeatSlab   *slab;

  PetscFunctionBeginUser;
  HeatH5Begin();
  if (grid->rank == 0) CheckDataset(grid, path, name, element, &sums, error);
  PetscCall(HeatFileShare(grid->comm, error));
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Bcast(&sums, 1, MPIU_BOOL, 0, grid->comm));
  PetscCall(HeatSlabCreate(grid, &grid->writers, &slab));
  PetscCall(ReadRows(grid, slab, path, name, element, block, error));
  PetscCall(HeatFileShare(grid->comm, error));
  if (!error->failed && sums) PetscCall(CompareSums(slab, path, name, element, block, error));
  PetscCall(HeatSlabDestroy(&slab));
  PetscCall(HeatFileShare(grid->comm, error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Refuse a file that a run with --break-halo wrote.  Rank 0 reads the mark; a file that cannot be
   read has none. */
static PetscErrorCode CheckHealthy(const HeatGrid *grid, const char *path)
{
  HeatFileError none  = {0};
  PetscInt64    every = 0;

  PetscFunctionBeginUser;
  HeatH5Begin();
  if (grid->rank == 0) {
    hid_t file = HeatH5OpenRead(path, &none);

    if (file >= 0) every = HeatBrokenHaloRead(file, &none);
    HeatH5Close(&none, &file);
  }
  PetscCallMPI(MPI_Bcast(&every, 1, MPIU_INT64, 0, grid->comm));
  HeatCheck(
      every == 0, grid->comm, HEAT_ERR_INPUT,
      "%s was written by a run with --break-halo %lld, and its temperatures are wrong; take a "
      "file of a run without the option",
      path, (long long)every);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFieldFileRead(const HeatGrid *grid, const char *path, const char *dataset,
                                 HeatElement element, void *block)
{
  HeatFileError error = {0};

  PetscFunctionBeginUser;
  PetscCall(HeatFieldFileTryRead(grid, path, dataset, element, block, &error));
  PetscCall(HeatFileAgree(grid->comm, path, "read", &error));
  PetscCall(CheckHealthy(grid, path));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Rank 0 reads the whole row that holds the cell. */
PetscErrorCode HeatFieldFileReadInteger(const HeatGrid *grid, const char *path, const char *dataset,
                                        PetscInt64 cell, uint64_t *value)
{
  HeatFileError error = {0};
  uint64_t     *row;

  PetscFunctionBeginUser;
  *value = 0;
  HeatH5Begin();
  if (grid->rank == 0) {
    hid_t file = HeatH5OpenRead(path, &error);
    hid_t set  = file < 0 ? -1 : HeatInputOpenDataset(file, dataset + strspn(dataset, "/"), &error);

    PetscCall(PetscCalloc1((size_t)grid->nx, &row));
    if (set >= 0)
      HeatRowsRead(set, H5T_NATIVE_UINT64, (PetscInt)(cell / grid->nx), 1, grid->nx, sizeof *row,
                   row, &error);
    *value = row[cell % grid->nx];
    PetscCall(PetscFree(row));
    HeatH5Close(&error, &set);
    HeatH5Close(&error, &file);
  }
  PetscCall(HeatFileAgree(grid->comm, path, "read", &error));
  PetscCallMPI(MPI_Bcast(value, 1, MPI_UINT64_T, 0, grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}
