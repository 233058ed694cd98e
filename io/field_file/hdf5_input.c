/** Check HDF5 files of unknown origin.
 *
 *  HDF5 does whatever a file asks for: it follows links to other files, reads values that lie in
 *  other files, loads filters as plugins, and inflates compressed chunks of any size.  Each of
 *  these is refused here, with a message that names it.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/hdf5_input.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "io/file/deflate.h"

/* [bytes] of a chunk.  Chosen: every rank holds a whole inflated chunk while it reads, so a larger
   value takes more memory, and a smaller one refuses more files. */
#define MAX_CHUNK_BYTES 268435456

/* Filters of a dataset: one of each kind (shuffle, a compressor, a checksum). */
#define MAX_FILTERS 3

/* A list of names that is being filled. */
typedef struct {
  size_t   size;    /* [bytes] for each name */
  PetscInt room, n; /* names that fit, names so far */
  char    *names;   /* [room][size] */
} Names;

static herr_t AppendName(hid_t group, const char *name, const H5L_info_t *info, void *context)
{
  Names *list = context;

  (void)group, (void)info;
  if (list->n == list->room) return 1; /* ends the iteration */
  snprintf(list->names + (size_t)list->n++ * list->size, list->size, "%s", name);
  return 0;
}

static int CompareNames(const void *a, const void *b)
{
  return strcmp((const char *)a, (const char *)b);
}

/* The names are asked for in the order in which they are stored and sorted here: when HDF5 1.10
   sorts them, it crashes on damaged groups (found by fuzzing). */
PetscInt HeatInputListNames(hid_t group, PetscInt room, size_t size, char *names,
                            HeatFileError *error)
{
  Names list = {.size = size, .room = room, .names = names};

  HeatH5(error, H5Literate(group, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, AppendName, &list));
  qsort(names, (size_t)list.n, size, CompareNames);
  return list.n;
}

/* Note the failure that there is no such dataset, with the names of those that exist. */
static void FailMissing(hid_t object, const char *name, HeatFileError *error)
{
  HeatFileError  none = {0};
  char           names[12][40], text[256] = "";
  const PetscInt n    = HeatInputListNames(object, 12, sizeof(names[0]), names[0], &none);
  size_t         used = 0;

  for (PetscInt i = 0; i < n && used + sizeof(names[0]) < sizeof(text); i++) {
    used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i ? " " : "", names[i]);
  }
  HeatFileFail(error, "it has no dataset %s (it holds: %s)", name, text);
}

/* Fail unless every component of the path is a hard link that exists, so that nothing leads out of
   the file. */
static void CheckPath(hid_t object, const char *name, HeatFileError *error)
{
  char       path[512];
  H5L_info_t link;

  if (!error->failed && strlen(name) >= sizeof(path)) {
    HeatFileFail(error, "the name of a dataset has %zu characters; at most %zu are accepted",
                 strlen(name), sizeof(path) - 1);
  }
  for (const char *end = name; *end && !error->failed;) {
    while (*end == '/') end++;
    end += strcspn(end, "/");
    snprintf(path, sizeof(path), "%.*s", (int)(end - name), name);
    if (H5Lexists(object, path, H5P_DEFAULT) <= 0) {
      FailMissing(object, name, error);
      return;
    }
    HeatH5(error, H5Lget_info(object, path, &link, H5P_DEFAULT));
    if (!error->failed && link.type != H5L_TYPE_HARD) {
      HeatFileFail(error, "%s is a link; only datasets of the file itself are read", path);
    }
  }
}

/* Fail unless the filters are HDF5's own, with at most one compression, nothing but a checksum
   after it, and at most one checksum.  Deflate and szip inflate their input without a bound.  With
   one compression the bytes that it should give are known, those of a chunk and of a checksum made
   before, because shuffle keeps the size; with two they are not. */
static void CheckFilters(hid_t list, const char *name, HeatFileError *error)
{
  static const H5Z_filter_t known[] = {H5Z_FILTER_SHUFFLE,     H5Z_FILTER_DEFLATE,
                                       H5Z_FILTER_SZIP,        H5Z_FILTER_NBIT,
                                       H5Z_FILTER_SCALEOFFSET, H5Z_FILTER_FLETCHER32};
  const int                 n       = H5Pget_nfilters(list);
  PetscBool                 packed = PETSC_FALSE, checksummed = PETSC_FALSE;

  if (n > MAX_FILTERS) {
    HeatFileFail(error, "dataset %s has %d filters; at most %d are accepted", name, n, MAX_FILTERS);
  }
  for (int f = 0; f < n && !error->failed; f++) {
    unsigned     flags, config;
    size_t       values    = 0;
    char         title[64] = "";
    H5Z_filter_t filter    = -1;
    PetscBool    builtin   = PETSC_FALSE;

    HeatH5(error, filter = H5Pget_filter2(list, (unsigned)f, &flags, &values, NULL, sizeof(title),
                                          title, &config));
    for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(known); k++) builtin |= known[k] == filter;
    if (!error->failed && !builtin) {
      HeatFileFail(error, "dataset %s needs the filter %d%s%.60s, which is not HDF5's own", name,
                   (int)filter, title[0] ? ", " : "", title);
    } else if (!error->failed && packed && filter != H5Z_FILTER_FLETCHER32) {
      HeatFileFail(error, "dataset %s has a filter after its compression", name);
    } else if (!error->failed && checksummed && filter == H5Z_FILTER_FLETCHER32) {
      HeatFileFail(error, "dataset %s has two checksums", name);
    }
    packed |= filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SZIP ||
              filter == H5Z_FILTER_NBIT || filter == H5Z_FILTER_SCALEOFFSET;
    checksummed |= filter == H5Z_FILTER_FLETCHER32;
  }
}

/* Fail when a chunk is larger than MAX_CHUNK_BYTES. */
static void CheckChunkSize(hid_t list, hid_t dataset, const char *name, HeatFileError *error)
{
  hid_t   type                = -1;
  hsize_t chunk[H5S_MAX_RANK] = {0};
  double  bytes               = 0.0;
  int     n                   = 0;

  HeatH5(error, type = H5Dget_type(dataset));
  HeatH5(error, n = H5Pget_chunk(list, H5S_MAX_RANK, chunk));
  if (type >= 0) bytes = (double)H5Tget_size(type);
  for (int d = 0; d < n; d++) bytes *= (double)chunk[d];
  if (!error->failed && bytes > MAX_CHUNK_BYTES) {
    HeatFileFail(error,
                 "dataset %s has chunks of %.0f MiB; at most %d are accepted (h5repack makes "
                 "smaller ones)",
                 name, bytes / 1048576.0, MAX_CHUNK_BYTES / 1048576);
  }
  HeatH5Close(error, &type);
}

/* Fail unless the values lie in the file itself, and their chunks and filters are accepted. */
static void CheckStorage(hid_t dataset, const char *name, HeatFileError *error)
{
  hid_t        list   = -1;
  H5D_layout_t layout = H5D_LAYOUT_ERROR;

  HeatH5(error, list = H5Dget_create_plist(dataset));
  if (!error->failed) layout = H5Pget_layout(list);
  if (!error->failed && (layout == H5D_VIRTUAL || H5Pget_external_count(list) > 0)) {
    HeatFileFail(error, "the values of %s are stored in other files; only the file itself is read",
                 name);
  }
  if (!error->failed && layout == H5D_CHUNKED) {
    CheckChunkSize(list, dataset, name, error);
    CheckFilters(list, name, error);
  }
  HeatH5Close(error, &list);
}

hid_t HeatInputOpenDataset(hid_t object, const char *name, HeatFileError *error)
{
  hid_t dataset = -1;

  CheckPath(object, name, error);
  HeatH5(error, dataset = H5Oopen(object, name, H5P_DEFAULT));
  if (!error->failed && H5Iget_type(dataset) != H5I_DATASET)
    HeatFileFail(error, "%s is not a dataset", name);
  CheckStorage(dataset, name, error);
  if (error->failed) HeatH5Close(error, &dataset);
  return dataset;
}

hid_t HeatInputOpenGroup(hid_t object, const char *name, HeatFileError *error)
{
  hid_t group = -1;

  CheckPath(object, name, error);
  HeatH5(error, group = H5Gopen2(object, name, H5P_DEFAULT));
  return group;
}

/* The chunks of a two-dimensional dataset, as they should inflate. */
typedef struct {
  hsize_t  shape[2], chunk[2]; /* elements in y and x: of the dataset, of a chunk */
  size_t   bytes;              /* of an inflated chunk, with a checksum made before deflate */
  unsigned deflate;            /* 1 << position of deflate among the filters; 0: no deflate */
} Chunks;

/* Fill the description of a dataset's chunks. */
static void DescribeChunks(hid_t dataset, hid_t list, Chunks *c, HeatFileError *error)
{
  hid_t space = -1, type = -1;

  HeatH5(error, space = H5Dget_space(dataset));
  HeatH5(error, type = H5Dget_type(dataset));
  if (!error->failed && H5Sget_simple_extent_ndims(space) != 2) {
    HeatFileFail(error, "its chunks are not those of a two-dimensional dataset");
  }
  HeatH5(error, H5Sget_simple_extent_dims(space, c->shape, NULL));
  HeatH5(error, H5Pget_chunk(list, 2, c->chunk));
  if (!error->failed) c->bytes = (size_t)(c->chunk[0] * c->chunk[1]) * H5Tget_size(type);
  for (int f = 0; !error->failed && f < H5Pget_nfilters(list); f++) {
    size_t             values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(list, (unsigned)f, NULL, &values, NULL, 0, NULL,
                                               NULL);

    if (filter == H5Z_FILTER_DEFLATE) c->deflate = 1u << f;
    if (filter == H5Z_FILTER_FLETCHER32 && !c->deflate) c->bytes += sizeof(uint32_t);
  }
  HeatH5Close(error, &type);
  HeatH5Close(error, &space);
}

/* Fail when the chunk at element `at` inflates to more than the size of a chunk, or takes more
   bytes in the file than twice that size plus 4096 (chosen: far more than any of HDF5's filters
   makes of a chunk). */
static void CheckChunk(hid_t dataset, const Chunks *c, const hsize_t at[2], HeatFileError *error)
{
  hsize_t        stored  = 0;
  unsigned char *packed  = NULL;
  haddr_t        where   = HADDR_UNDEF;
  unsigned       skipped = 0;
  uint32_t       again   = 0;

  HeatH5(error, H5Dget_chunk_info_by_coord(dataset, at, &skipped, &where, &stored));
  if (error->failed || stored == 0) return; /* 0: never written; HDF5 reads the fill value */
  if (stored > 2 * c->bytes + 4096) {
    HeatFileFail(error, "a chunk takes %llu bytes of the file and holds %zu",
                 (unsigned long long)stored, c->bytes);
  } else if (PetscMalloc1((size_t)stored, &packed)) {
    HeatFileFail(error, "no memory for a chunk of %llu bytes", (unsigned long long)stored);
  }
  HeatH5(error, H5Dread_chunk(dataset, H5P_DEFAULT, at, &again, packed));
  if (!error->failed && !(skipped & c->deflate) &&
      !HeatInflatesWithin(packed, (size_t)stored, c->bytes)) {
    HeatFileFail(error,
                 "the chunk at [%llu][%llu] unpacks to more than the %zu bytes that it holds",
                 (unsigned long long)at[0], (unsigned long long)at[1], c->bytes);
  }
  (void)PetscFree(packed);
}

void HeatInputCheckChunks(hid_t dataset, PetscInt first, PetscInt n, HeatFileError *error)
{
  Chunks c    = {.bytes = 0};
  hid_t  list = -1;

  HeatH5(error, list = H5Dget_create_plist(dataset));
  if (!error->failed && n > 0 && H5Pget_layout(list) == H5D_CHUNKED) {
    DescribeChunks(dataset, list, &c, error);
    if (!error->failed && c.deflate) {
      const hsize_t start = (hsize_t)first / c.chunk[0] * c.chunk[0];

      for (hsize_t j = start; j < (hsize_t)(first + n) && !error->failed; j += c.chunk[0]) {
        for (hsize_t i = 0; i < c.shape[1] && !error->failed; i += c.chunk[1]) {
          CheckChunk(dataset, &c, (const hsize_t[2]){j, i}, error);
        }
      }
    }
  }
  HeatH5Close(error, &list);
}

PetscInt64 HeatInputArrayLength(hid_t dataset, const char *name, size_t bytes, HeatFileError *error)
{
  hid_t   space = -1, file = -1, list = -1;
  hsize_t n = 0, size = 0;

  HeatH5(error, space = H5Dget_space(dataset));
  HeatH5(error, list = H5Dget_create_plist(dataset));
  HeatH5(error, file = H5Iget_file_id(dataset));
  HeatH5(error, H5Fget_filesize(file, &size));
  if (!error->failed &&
      (H5Pget_layout(list) != H5D_CONTIGUOUS || H5Sget_simple_extent_ndims(space) != 1 ||
       H5Sget_simple_extent_dims(space, &n, NULL) < 0 || n < 1)) {
    HeatFileFail(error, "dataset %s is not of the shape that heat2d writes", name);
  }
  if (!error->failed && n > size / bytes) {
    HeatFileFail(error, "dataset %s claims %llu values, more than the file has room for", name,
                 (unsigned long long)n);
  }
  HeatH5Close(error, &file);
  HeatH5Close(error, &list);
  HeatH5Close(error, &space);
  return error->failed ? 0 : (PetscInt64)n;
}
