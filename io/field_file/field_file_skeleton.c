/** The skeleton of a field file: all of HDF5's metadata and the small datasets, written by rank 0
 *  alone.
 *
 *  Once every dataset has its place in the file, each rank only has to write its bytes at known
 *  offsets, which it can do independently: no rank waits in a collective call for a rank that has
 *  failed.  The file contains no time stamps, no library version and nothing about the layout of
 *  the run, so equal data give equal bytes.  The dimension scales follow the HDF5 dimension scale
 *  specification; they are written here so that HDF5's high-level library is not needed.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/field_file_parts.h"
#include "io/field_file/hdf5_array.h"
#include "io/file/deflate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Cells of a compressed chunk, 64 KiB of doubles (a chunk has at least one whole row).  Chosen:
   larger chunks compress a little better and need a smaller index, but a reader inflates more than
   it asked for, and fewer ranks share the work.  Part of the format: another value gives other
   bytes. */
#define CHUNK_CELLS 8192

/* Attributes of the root group that stay in its object header, where HDF5's checksum covers them.
   Chosen: HDF5 moves more than these into other storage; the root group has 9, or 10 in a run with
   --break-halo. */
#define ROOT_ATTRIBUTES 64

/* [bytes] reserved for HDF5's metadata, the attributes and /state.  Chosen: a larger value asks for
   space that is given back when the file is trimmed; with a smaller one a full disk may be found
   only by HDF5, which may then crash at exit. */
#define HEADER_BYTES 524288

/* [bytes] that the default alignment (HEAT_FILE_ALIGNMENT) loses for a dataset, at most.
   HeatSkeletonCreate adds what options->alignment may lose. */
#define ALIGN_SLACK 4096

size_t HeatElementBytes(HeatElement element)
{
  return element == HEAT_ELEMENT_DOUBLE ? sizeof(double) : sizeof(int32_t);
}

hid_t HeatElementFileType(HeatElement element)
{
  return element == HEAT_ELEMENT_DOUBLE ? H5T_IEEE_F64LE : H5T_STD_I32LE;
}

hid_t HeatElementMemoryType(HeatElement element)
{
  return element == HEAT_ELEMENT_DOUBLE ? H5T_NATIVE_DOUBLE : H5T_NATIVE_INT32;
}

MPI_Datatype HeatElementMPIType(HeatElement element)
{
  return element == HEAT_ELEMENT_DOUBLE ? MPI_DOUBLE : MPI_INT32_T;
}

PetscInt HeatChunkRows(PetscInt nx) { return PetscMax(1, CHUNK_CELLS / nx); }

static void WriteRootAttributes(hid_t file, const HeatGrid *grid,
                                const HeatFieldFileOptions *options, HeatFileError *error)
{
  const int32_t version = HEAT_FIELD_FILE_VERSION;
  const double  time    = options->time;
  const double  x[2]    = {grid->x0, grid->x0 + (double)grid->nx * grid->hx};
  const double  y[2]    = {grid->y0, grid->y0 + (double)grid->ny * grid->hy};

  HeatH5WriteText(file, "format", "heat2d field file", error);
  HeatH5WriteInt32(file, "format_version", 0, &version, error);
  HeatH5WriteText(file, "kind", options->kind, error);
  HeatH5WriteText(file, "title", options->title ? options->title : "", error);
  HeatH5WriteDouble(file, "time", 0, &time, error);
  HeatH5WriteInt64(file, "step", options->step, error);
  if (options->broken_halo > 0)
    HeatH5WriteInt64(file, HEAT_BROKEN_HALO, options->broken_halo, error);
  HeatH5WriteText(file, "Conventions", "CF-1.8", error);
  HeatH5WriteDouble(file, "extent_x", 2, x, error);
  HeatH5WriteDouble(file, "extent_y", 2, y, error);
}

/* Write the cell edges start + i h, i = 0 ... n, and the cell centres start + (i + 1/2) h,
   i = 0 ... n - 1, along one axis [m]. */
static void WriteAxis(hid_t file, const char *edges, const char *centres, PetscInt n, double start,
                      double h, HeatFileError *error)
{
  double *v;

  if (error->failed) return;
  if (PetscMalloc1((size_t)n + 1, &v)) {
    HeatFileFail(error, "no memory for an axis of %" PetscInt_FMT " cells", n);
    return;
  }
  for (PetscInt i = 0; i <= n; i++) v[i] = start + (double)i * h;
  HeatH5WriteArray(file, edges, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n + 1, v, error);
  for (PetscInt i = 0; i < n; i++) v[i] = start + ((double)i + 0.5) * h;
  HeatH5WriteArray(file, centres, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n, v, error);
  (void)PetscFree(v);
}

/* Write the CF attributes of an axis; `axis` is "X", "Y", or NULL for cell edges. */
static void DescribeAxis(hid_t file, const char *name, const char *long_name, const char *axis,
                         HeatFileError *error)
{
  hid_t dataset = -1;

  HeatH5(error, dataset = H5Dopen2(file, name, H5P_DEFAULT));
  HeatH5WriteText(dataset, "units", "m", error);
  HeatH5WriteText(dataset, "long_name", long_name, error);
  if (axis) HeatH5WriteText(dataset, "axis", axis, error);
  HeatH5Close(error, &dataset);
}

static void WriteAxes(hid_t file, const HeatGrid *g, HeatFileError *error)
{
  WriteAxis(file, "x_edges", "x", g->nx, g->x0, g->hx, error);
  WriteAxis(file, "y_edges", "y", g->ny, g->y0, g->hy, error);
  DescribeAxis(file, "x", "x of the cell centres", "X", error);
  DescribeAxis(file, "y", "y of the cell centres", "Y", error);
  DescribeAxis(file, "x_edges", "x of the cell edges", NULL, error);
  DescribeAxis(file, "y_edges", "y of the cell edges", NULL, error);
}

/* Write /time, a scalar coordinate of the CF conventions [s].  The fields name it in their
   attribute `coordinates`, and xarray joins a series of files along it.  The storage is compact,
   inside the object header, so that HDF5's checksum of the header covers the value. */
static void WriteTime(hid_t file, double time, HeatFileError *error)
{
  hid_t list = HeatH5ContiguousList(error), space = -1, dataset = -1;

  HeatH5(error, H5Pset_layout(list, H5D_COMPACT));
  HeatH5(error, space = H5Screate(H5S_SCALAR));
  HeatH5(error,
         dataset = H5Dcreate2(file, "time", H5T_IEEE_F64LE, space, H5P_DEFAULT, list, H5P_DEFAULT));
  HeatH5(error, H5Dwrite(dataset, H5T_NATIVE_DOUBLE, H5S_ALL, H5S_ALL, H5P_DEFAULT, &time));
  HeatH5WriteText(dataset, "units", "s", error);
  HeatH5WriteText(dataset, "long_name", "simulated time", error);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &space);
  HeatH5Close(error, &list);
}

/* Write the attribute DIMENSION_LIST of a dataset: for each of its n dimensions, y or (y, x), a
   list with one reference to the dimension scale. */
static void AttachScales(hid_t file, hid_t dataset, int n, HeatFileError *error)
{
  static const char *const names[2] = {"y", "x"};
  const hsize_t            extent   = (hsize_t)n;
  hobj_ref_t               scale[2];
  hvl_t                    list[2];
  hid_t                    type = -1, space = -1, attribute = -1;

  for (int d = 0; d < n; d++) {
    HeatH5(error, H5Rcreate(&scale[d], file, names[d], H5R_OBJECT, -1));
    list[d].len = 1;
    list[d].p   = &scale[d];
  }
  HeatH5(error, type = H5Tvlen_create(H5T_STD_REF_OBJ));
  HeatH5(error, space = H5Screate_simple(1, &extent, NULL));
  HeatH5(error,
         attribute = H5Acreate2(dataset, "DIMENSION_LIST", type, space, H5P_DEFAULT, H5P_DEFAULT));
  HeatH5(error, H5Awrite(attribute, type, list));
  HeatH5Close(error, &attribute);
  HeatH5Close(error, &space);
  HeatH5Close(error, &type);
}

/* An entry of REFERENCE_LIST, which the specification asks for in each dimension scale: a dataset
   that uses the scale, and for which of its dimensions. */
typedef struct {
  hobj_ref_t dataset;
  int32_t    dimension, unused; /* unused: padding, written as zeros */
} BackReference;

/* Write the attribute REFERENCE_LIST of a scale. */
static void WriteBackReferences(hid_t file, const char *scale, PetscInt n_list,
                                const BackReference *list, HeatFileError *error)
{
  const hsize_t n       = (hsize_t)n_list;
  hid_t         dataset = -1, type = -1, space = -1, attribute = -1;

  HeatH5(error, type = H5Tcreate(H5T_COMPOUND, sizeof(BackReference)));
  HeatH5(error, H5Tinsert(type, "dataset", HOFFSET(BackReference, dataset), H5T_STD_REF_OBJ));
  HeatH5(error, H5Tinsert(type, "dimension", HOFFSET(BackReference, dimension), H5T_STD_I32LE));
  HeatH5(error, space = H5Screate_simple(1, &n, NULL));
  HeatH5(error, dataset = H5Dopen2(file, scale, H5P_DEFAULT));
  HeatH5(error,
         attribute = H5Acreate2(dataset, "REFERENCE_LIST", type, space, H5P_DEFAULT, H5P_DEFAULT));
  HeatH5(error, H5Awrite(attribute, type, list));
  HeatH5Close(error, &attribute);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &space);
  HeatH5Close(error, &type);
}

/* Write the references from the scales /y and /x to the fields [ny][nx] and, from /y alone, to the
   row checksums [ny]. */
static void WriteAllBackReferences(hid_t file, PetscInt n_fields, const HeatFileField *fields,
                                   HeatFileError *error)
{
  BackReference y[2 * HEAT_MAX_FILE_FIELDS] = {{0}}, x[HEAT_MAX_FILE_FIELDS] = {{0}};
  char          path[256];

  for (PetscInt f = 0; f < n_fields; f++) {
    HeatH5(error, H5Rcreate(&y[f].dataset, file, fields[f].name, H5R_OBJECT, -1));
    x[f].dataset   = y[f].dataset;
    x[f].dimension = 1;
    snprintf(path, sizeof(path), "integrity/%s", fields[f].name);
    HeatH5(error, H5Rcreate(&y[n_fields + f].dataset, file, path, H5R_OBJECT, -1));
  }
  WriteBackReferences(file, "y", 2 * n_fields, y, error);
  WriteBackReferences(file, "x", n_fields, x, error);
}

/* Write the flag attributes of the CF conventions for a field of codes.  CF separates the meanings
   by blanks in one text, so blanks inside a meaning become underscores there; the attribute `names`
   keeps the meanings unchanged. */
static void WriteMeanings(hid_t dataset, const HeatFileField *field, HeatFileError *error)
{
  const PetscInt n      = field->n_meanings;
  size_t         length = 1;
  int32_t       *values;
  char          *text, *end;

  if (n == 0 || error->failed) return;
  for (PetscInt i = 0; i < n; i++) length += strlen(field->meanings[i]) + 1;
  if (PetscMalloc2((size_t)n, &values, length, &text)) {
    HeatFileFail(error, "no memory for %" PetscInt_FMT " names", n);
    return;
  }
  end = text;
  for (PetscInt i = 0; i < n; i++) {
    values[i] = (int32_t)i;
    if (i) *end++ = ' ';
    for (const char *c = field->meanings[i]; *c; c++) *end++ = strchr(" \t\n", *c) ? '_' : *c;
  }
  *end = '\0';
  HeatH5WriteInt32(dataset, "flag_values", n, values, error);
  HeatH5WriteText(dataset, "flag_meanings", text, error);
  HeatH5WriteTexts(dataset, "names", n, field->meanings, error);
  (void)PetscFree2(values, text);
}

/* Return the creation property list of a field: contiguous and allocated at once, or, for deflate,
   chunks of whole rows that are allocated when they are written. */
static hid_t FieldCreationList(const HeatGrid *grid, HeatCompression compression,
                               HeatFileError *error)
{
  const hsize_t chunk[2] = {(hsize_t)PetscMin(HeatChunkRows(grid->nx), grid->ny),
                            (hsize_t)grid->nx};
  hid_t         list     = HeatH5ContiguousList(error);

  if (compression == HEAT_COMPRESSION_DEFLATE) {
    HeatH5(error, H5Pset_chunk(list, 2, chunk));
    HeatH5(error, H5Pset_alloc_time(list, H5D_ALLOC_TIME_INCR));
    HeatH5(error, H5Pset_shuffle(list));
    HeatH5(error, H5Pset_deflate(list, HEAT_DEFLATE_LEVEL));
  }
  return list;
}

/* Create the dataset of a field, without values, and write its attributes. */
static void CreateField(hid_t file, const HeatGrid *grid, HeatCompression compression,
                        const HeatFileField *field, HeatFileError *error)
{
  const hsize_t shape[2] = {(hsize_t)grid->ny, (hsize_t)grid->nx};
  hid_t         list = FieldCreationList(grid, compression, error), space = -1, dataset = -1;
  const hid_t   type = HeatElementFileType(field->element);

  HeatH5(error, space = H5Screate_simple(2, shape, NULL));
  HeatH5(error,
         dataset = H5Dcreate2(file, field->name, type, space, H5P_DEFAULT, list, H5P_DEFAULT));
  HeatH5WriteText(dataset, "units", field->units, error);
  HeatH5WriteText(dataset, "long_name", field->long_name, error);
  if (field->standard_name) HeatH5WriteText(dataset, "standard_name", field->standard_name, error);
  HeatH5WriteText(dataset, "coordinates", "time", error);
  WriteMeanings(dataset, field, error);
  AttachScales(file, dataset, 2, error);
  HeatH5Close(error, &dataset);
  HeatH5Close(error, &space);
  HeatH5Close(error, &list);
}

/* Create the group /integrity with a dataset [ny] for the row checksums of each field,
   unwritten. */
static void CreateSums(hid_t file, const HeatGrid *grid, PetscInt n_fields,
                       const HeatFileField *fields, HeatFileError *error)
{
  const hsize_t ny   = (hsize_t)grid->ny;
  hid_t         list = HeatH5ContiguousList(error), space = -1, group = -1, dataset = -1;

  group = HeatH5CreateGroup(file, "integrity", error);
  HeatH5WriteText(group, "checksum",
                  "per row: sum modulo 2^64 over i of splitmix64_finaliser(bits XOR "
                  "(j*nx+i+1)*0x9E3779B97F4A7C15)",
                  error);
  HeatH5(error, space = H5Screate_simple(1, &ny, NULL));
  for (PetscInt f = 0; f < n_fields; f++) {
    HeatH5(error, dataset = H5Dcreate2(group, fields[f].name, H5T_STD_U64LE, space, H5P_DEFAULT,
                                       list, H5P_DEFAULT));
    AttachScales(file, dataset, 1, error);
    HeatH5Close(error, &dataset);
  }
  HeatH5Close(error, &group);
  HeatH5Close(error, &space);
  HeatH5Close(error, &list);
}

/* Create an empty HDF5 file in the file `name`, which exists. */
static hid_t CreateFile(const char *name, PetscInt alignment, HeatFileError *error)
{
  hid_t access = HeatH5WriteAccess(alignment, error), creation = -1, file = -1;

  HeatH5(error, creation = H5Pcreate(H5P_FILE_CREATE));
  HeatH5(error, H5Pset_obj_track_times(creation, 0));
  HeatH5(error, H5Pset_attr_phase_change(creation, ROOT_ATTRIBUTES, 0));
  HeatH5(error, file = H5Fcreate(name, H5F_ACC_TRUNC, creation, access));
  HeatH5Close(error, &creation);
  HeatH5Close(error, &access);
  return file;
}

/* Return an upper estimate of the bytes of the whole file.  The values of compressed fields are
   left out: their space is reserved when their size is known (field_file_deflate.c). */
static PetscInt64 EstimateBytes(const HeatGrid *grid, HeatCompression compression,
                                PetscInt n_fields, const HeatFileField *fields)
{
  const PetscInt64 cells = (PetscInt64)grid->nx * (PetscInt64)grid->ny;
  PetscInt64       bytes = HEADER_BYTES + 16 * ((PetscInt64)grid->nx + (PetscInt64)grid->ny);

  for (PetscInt f = 0; f < n_fields; f++) {
    bytes += 8 * (PetscInt64)grid->ny + ALIGN_SLACK;
    if (compression == HEAT_COMPRESSION_NONE)
      bytes += cells * (PetscInt64)HeatElementBytes(fields[f].element);
    for (PetscInt i = 0; i < fields[f].n_meanings; i++)
      bytes += 3 * (PetscInt64)strlen(fields[f].meanings[i]) + 8;
  }
  return bytes;
}

/* Create the file with MPI-IO and its hints, because a parallel file system decides how to stripe a
   file when it is created. */
static void CreateWithHints(const char *part, const char *text, HeatFileError *error)
{
  MPI_Info hints = HeatH5Hints(text, error);
  MPI_File file;
  int      failed = 0;

  if (!error->failed) {
    (void)unlink(part); /* a file that was left over would keep its striping */
    failed = MPI_File_open(MPI_COMM_SELF, part, MPI_MODE_CREATE | MPI_MODE_EXCL | MPI_MODE_WRONLY,
                           hints, &file) ||
             MPI_File_close(&file);
  }
  if (failed) HeatFileFail(error, "MPI-IO cannot make it with the hints %.200s", text);
  if (hints != MPI_INFO_NULL) (void)MPI_Info_free(&hints);
}

/* Create the file after reserving its disk space with the system's own calls, so that a disk that
   is too small is found before HDF5 holds anything in memory that it must write.  H5Fcreate empties
   the file and so gives the reservation back; therefore it is made again, without changing the
   length. */
static hid_t CreateReserved(const char *part, const HeatFieldFileOptions *options, PetscInt64 bytes,
                            int *descriptor, HeatFileError *error)
{
  hid_t file = -1;
  char  name[64];

  if (options->hints && options->hints[0]) {
    CreateWithHints(part, options->hints, error);
    *descriptor = HeatFileOpenOwn(part, PETSC_TRUE, error);
  } else *descriptor = HeatFileCreate(part, error);
  HeatFileReserve(*descriptor, bytes, PETSC_FALSE, error);
  if (!error->failed)
    file = CreateFile(HeatFileOpenName(*descriptor, part, name, sizeof(name)), options->alignment,
                      error);
  if (file >= 0) HeatFileReserve(*descriptor, bytes, PETSC_TRUE, error);
  return file;
}

hid_t HeatSkeletonCreate(const HeatGrid *grid, const char *part,
                         const HeatFieldFileOptions *options, PetscInt n_fields,
                         const HeatFileField *fields, int *descriptor, HeatFileError *error)
{
  hid_t file = CreateReserved(part, options,
                              EstimateBytes(grid, options->compression, n_fields, fields) +
                                  2 * (PetscInt64)n_fields * (PetscInt64)options->alignment +
                                  options->extra_bytes,
                              descriptor, error);

  if (file < 0) return -1;
  WriteRootAttributes(file, grid, options, error);
  WriteAxes(file, grid, error);
  WriteTime(file, options->time, error);
  if (options->extra && !error->failed) options->extra((int64_t)file, options->context, error);
  CreateSums(file, grid, n_fields, fields, error);
  for (PetscInt f = 0; f < n_fields; f++) {
    CreateField(file, grid, options->compression, &fields[f], error);
  }
  WriteAllBackReferences(file, n_fields, fields, error);
  if (error->failed) HeatSkeletonClose(&file, error);
  return file;
}

void HeatSkeletonClose(hid_t *file, HeatFileError *error)
{
  if (*file < 0) return;
  if (H5Fflush(*file, H5F_SCOPE_GLOBAL) >= 0) HeatH5Close(error, file);
  else HeatH5Capture(error, "H5Fflush");
  *file = -1;
}
