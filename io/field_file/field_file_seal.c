/** Find where the values of a field file lie, and seal the rest of the file.
 *
 *  HDF5 reports the address of each contiguous dataset and of each chunk.  These are the extents
 *  that the seal leaves out, and the offsets to which the ranks write their rows.
 */
#include "io/field_file/field_file_parts.h"

/* A growing list of extents. */
typedef struct {
  PetscInt    n, room; /* used, allocated */
  HeatExtent *list;
} ExtentList;

static void AddExtent(ExtentList *x, uint64_t start, uint64_t bytes, HeatFileError *error)
{
  if (error->failed) return;
  if (x->n == x->room) {
    const PetscInt room = PetscMax(64, 2 * x->room);

    if (PetscRealloc((size_t)room * sizeof(*x->list), &x->list)) {
      HeatFileFail(error, "no memory for the places of its values");
      return;
    }
    x->room = room;
  }
  x->list[x->n++] = (HeatExtent){start, bytes};
}

/* Add the extent of a contiguous dataset. */
static void AddContiguous(hid_t dataset, ExtentList *x, HeatFileError *error)
{
  const haddr_t start = error->failed ? HADDR_UNDEF : H5Dget_offset(dataset);

  if (error->failed) return;
  if (start == HADDR_UNDEF) HeatFileFail(error, "HDF5 reports no address of its values");
  AddExtent(x, (uint64_t)start, (uint64_t)H5Dget_storage_size(dataset), error);
}

/* Add the extent of each chunk, looked up by its coordinates.  HDF5's lookup by number would walk
   over all earlier chunks at each call. */
static void AddChunks(hid_t dataset, hid_t list, ExtentList *x, HeatFileError *error)
{
  hid_t   space = -1;
  hsize_t shape[2], chunk[2] = {1, 1};

  HeatH5(error, space = H5Dget_space(dataset));
  HeatH5(error, H5Sget_simple_extent_dims(space, shape, NULL));
  HeatH5(error, H5Pget_chunk(list, 2, chunk));
  for (hsize_t j = 0; !error->failed && j < shape[0]; j += chunk[0]) {
    for (hsize_t i = 0; !error->failed && i < shape[1]; i += chunk[1]) {
      hsize_t bytes = 0;
      haddr_t start = 0;

      HeatH5(error,
             H5Dget_chunk_info_by_coord(dataset, (const hsize_t[2]){j, i}, NULL, &start, &bytes));
      AddExtent(x, (uint64_t)start, (uint64_t)bytes, error);
    }
  }
  HeatH5Close(error, &space);
}

/* Add the extents of the dataset `name` below `object`. */
static void AddDataset(hid_t object, const char *name, ExtentList *x, HeatFileError *error)
{
  hid_t dataset = -1, list = -1;

  HeatH5(error, dataset = H5Dopen2(object, name, H5P_DEFAULT));
  HeatH5(error, list = H5Dget_create_plist(dataset));
  if (!error->failed && H5Pget_layout(list) == H5D_CHUNKED) AddChunks(dataset, list, x, error);
  else AddContiguous(dataset, x, error);
  HeatH5Close(error, &list);
  HeatH5Close(error, &dataset);
}

/* List the extents of all datasets of values: of field 0, of its row checksums, of field 1, ... */
static void ListExtents(const char *part, PetscInt n_fields, const HeatFileField *fields,
                        ExtentList *x, HeatFileError *error)
{
  hid_t file = -1, sums = -1;

  if (error->failed) return;
  file = HeatH5OpenRead(part, error);
  HeatH5(error, sums = H5Gopen2(file, "integrity", H5P_DEFAULT));
  for (PetscInt f = 0; f < n_fields; f++) {
    AddDataset(file, fields[f].name, x, error);
    AddDataset(sums, fields[f].name, x, error);
  }
  HeatH5Close(error, &sums);
  HeatH5Close(error, &file);
}

void HeatFieldFileOffsets(const char *part, PetscInt n_fields, const HeatFileField *fields,
                          int64_t *offsets, HeatFileError *error)
{
  ExtentList x = {.list = NULL};

  ListExtents(part, n_fields, fields, &x, error);
  for (PetscInt k = 0; k < 2 * n_fields && !error->failed; k++)
    offsets[k] = (int64_t)x.list[k].start; /* contiguous datasets have one extent each */
  (void)PetscFree(x.list);
}

void HeatFieldFileSeal(const char *part, PetscInt n_fields, const HeatFileField *fields,
                       HeatSeal *seal, HeatFileError *error)
{
  ExtentList x = {.list = NULL};

  *seal = (HeatSeal){0};
  ListExtents(part, n_fields, fields, &x, error);
  HeatSealAppend(part, x.n, x.list, seal, error);
  (void)PetscFree(x.list);
}
