/** The skeleton of a field file: all of HDF5's own bookkeeping, written by rank 0 alone.
 *
 *  Once every dataset has its place in the file, the ranks need nothing of HDF5 but "put these
 *  bytes there", which they can do independently: no rank waits in a collective call for one that
 *  failed.  No time stamps, no library version, nothing of the run's layout goes in: the same
 *  data give the same bytes.  The dimension scales follow the HDF5 dimension scale specification,
 *  written by hand to do without the high-level library.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/field_file/field_file_parts.h"
#include "io/field_file/hdf5_array.h"
#include "io/file/deflate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CHUNK_CELLS     8192   /* of a compressed chunk: 64 KiB of doubles */
#define ROOT_ATTRIBUTES 64     /* kept in the object header, under its checksum */
#define HEADER_BYTES    524288 /* room for what HDF5 itself, attributes and the state take */
#define ALIGN_SLACK     4096   /* bytes lost to alignment by a dataset */

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
  HeatH5WriteText(file, "Conventions", "CF-1.8", error);
  HeatH5WriteDouble(file, "extent_x", 2, x, error);
  HeatH5WriteDouble(file, "extent_y", 2, y, error);
}

/* Edges (n + 1 of them) and centres of the cells along one axis. */
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

/* /time, a scalar coordinate as CF has it, which the fields name: along it xarray joins a series of
 * files.  Compact, so that HDF5's checksum of the object's header covers the value. */
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

/* DIMENSION_LIST: for each of the n dimensions, of (y, x), a list of one reference to its scale. */
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

typedef struct {
  hobj_ref_t dataset;
  int32_t    dimension, unused;
} BackReference;

/* REFERENCE_LIST of a scale. */
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

/* Which datasets use the scales /y and /x, for which of their dimensions. */
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

/* CF's flag attributes: meanings are one blank-separated text, so blanks become underscores there;
 * `names` keeps them as they are. */
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

/* Creation list of a field: contiguous and allocated now, or chunks of whole rows for deflate. */
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

/* /integrity and an empty dataset [ny] of row checksums for each field. */
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

/* An empty file; an older temporary one of that name is overwritten. */
static hid_t CreateFile(const char *part, PetscInt alignment, HeatFileError *error)
{
  hid_t access = HeatH5WriteAccess(MPI_COMM_NULL, MPI_INFO_NULL, alignment, error), creation = -1,
        file = -1;

  HeatH5(error, creation = H5Pcreate(H5P_FILE_CREATE));
  HeatH5(error, H5Pset_obj_track_times(creation, 0));
  HeatH5(error, H5Pset_attr_phase_change(creation, ROOT_ATTRIBUTES, 0));
  HeatH5(error, file = H5Fcreate(part, H5F_ACC_TRUNC, creation, access));
  HeatH5Close(error, &creation);
  HeatH5Close(error, &access);
  return file;
}

/* Bytes of the whole file, on the safe side.  Compressed values reserve their own. */
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

/* How a parallel file system lays a file out is settled when it is made: so MPI-IO makes it. */
static void CreateWithHints(const char *part, const char *text, HeatFileError *error)
{
  MPI_Info hints = HeatH5Hints(text, error);
  MPI_File file;
  int      failed = 0;

  if (!error->failed) {
    (void)unlink(part); /* one that is left over keeps the layout that it has */
    failed = MPI_File_open(MPI_COMM_SELF, part, MPI_MODE_CREATE | MPI_MODE_WRONLY, hints, &file) ||
             MPI_File_close(&file);
  }
  if (failed) HeatFileFail(error, "MPI-IO cannot make it with the hints %.200s", text);
  if (hints != MPI_INFO_NULL) (void)MPI_Info_free(&hints);
}

/* Reserve the space with the system's own calls first: a disk that is too small is found before
 * HDF5 holds anything that it must write. */
static hid_t CreateReserved(const char *part, const HeatFieldFileOptions *options, PetscInt64 bytes,
                            HeatFileError *error)
{
  hid_t file = -1;

  if (options->hints && options->hints[0]) CreateWithHints(part, options->hints, error);
  HeatFileReserve(part, bytes, PETSC_FALSE, error);
  if (!error->failed) file = CreateFile(part, options->alignment, error); /* which empties it */
  if (file >= 0) HeatFileReserve(part, bytes, PETSC_TRUE, error);
  return file;
}

hid_t HeatSkeletonCreate(const HeatGrid *grid, const char *part,
                         const HeatFieldFileOptions *options, PetscInt n_fields,
                         const HeatFileField *fields, HeatFileError *error)
{
  hid_t file = CreateReserved(part, options,
                              EstimateBytes(grid, options->compression, n_fields, fields) +
                                  2 * (PetscInt64)n_fields * (PetscInt64)options->alignment,
                              error);

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
