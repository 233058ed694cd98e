/** Checked HDF5 calls.
 *
 *  HDF5 keeps a stack of errors, from the call that was made down to the system call.  The
 *  innermost entry is the reason that a user can act on.  HDF5's file drivers put the operating
 *  system's message into it ("... errno = 28, error message = 'No space left on device', ..."); the
 *  MPI-IO driver puts an MPI error string into it.  In both cases only the system's message is
 *  kept.
 */
#include "io/field_file/hdf5_util.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "io/file/hints.h"
#include "solver/case/case.h"

/* [bytes] Objects of at least this size are aligned, smaller ones are packed.  Chosen: a larger
   value leaves more datasets unaligned, a smaller one loses up to the alignment for more
   objects. */
#define ALIGN_THRESHOLD 65536

/* Attributes of an object that stay in its header, where HDF5's checksum covers them; HDF5 moves
   more than these into other storage.  Derived: the object with the most attributes is /state/sums,
   with up to HEAT_CHECKPOINT_SUMS, 64. */
#define MAX_ATTRIBUTES 64

/* What a walk along the error stack has found; it begins with the innermost entry. */
typedef struct {
  char innermost[320]; /* HDF5's description in the innermost entry */
  char system[160];    /* the operating system's message, or "" */
} Reason;

/* Copy what follows `key` in `text`, up to the character `end`, unless `found` is filled. */
static void FindAfter(const char *text, const char *key, char end, char *found, size_t size)
{
  const char *start = text ? strstr(text, key) : NULL, *stop;

  if (!start || found[0]) return;
  start += strlen(key);
  stop = strchr(start, end);
  snprintf(found, size, "%.*s", (int)(stop ? stop - start : (ptrdiff_t)strlen(start)), start);
}

/* H5E_walk2_t: keep the innermost description and the first message of the system. */
static herr_t KeepReason(unsigned depth, const H5E_error2_t *entry, void *context)
{
  Reason *reason = (Reason *)context;

  (void)depth;
  if (!reason->innermost[0] && entry->desc) {
    snprintf(reason->innermost, sizeof(reason->innermost), "%s", entry->desc);
  }
  FindAfter(entry->desc, "error message = '", '\'', reason->system, sizeof(reason->system));
  FindAfter(entry->desc, "MPI error string is '", '\'', reason->system, sizeof(reason->system));
  return 0;
}

/* Return the operating system's message at the end of an MPI error string, or its last line.  The
   string may have several lines; the last one of MPICH is "FUNCTION(LINE): Other I/O error File too
   large". */
static const char *SystemReason(char *text)
{
  static const char before[] = "Other I/O error ";
  size_t            length   = strlen(text);
  char             *line;

  while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == ' ')) text[--length] = '\0';
  line = strrchr(text, '\n');
  text = line ? line + 1 : text;
  line = strstr(text, before);
  return line && line[sizeof(before) - 1] ? line + sizeof(before) - 1 : text;
}

void HeatH5Capture(HeatFileError *error, const char *call)
{
  Reason      reason = {{0}, {0}};
  const char *name   = strstr(call, "H5");
  int         length;

  if (!name) name = call;
  length = (int)strcspn(name, "( ");
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, KeepReason, &reason);
  H5Eclear2(H5E_DEFAULT);
  if (reason.system[0]) HeatFileFail(error, "%s (%.*s)", SystemReason(reason.system), length, name);
  else if (reason.innermost[0])
    HeatFileFail(error, "HDF5 reports: %s (%.*s)", reason.innermost, length, name);
  else HeatFileFail(error, "%.*s failed", length, name);
}

void HeatH5Begin(void)
{
  H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
  H5PLset_loading_state(0);
}

/* Close an identifier with the function for its kind. */
static herr_t CloseByKind(hid_t id)
{
  switch (H5Iget_type(id)) {
  case H5I_FILE: return H5Fclose(id);
  case H5I_GROUP: return H5Gclose(id);
  case H5I_DATASET: return H5Dclose(id);
  case H5I_ATTR: return H5Aclose(id);
  case H5I_DATASPACE: return H5Sclose(id);
  case H5I_DATATYPE: return H5Tclose(id);
  case H5I_GENPROP_LST: return H5Pclose(id);
  default: return -1;
  }
}

void HeatH5Close(HeatFileError *error, hid_t *id)
{
  if (*id < 0) return;
  if (CloseByKind(*id) < 0) HeatH5Capture(error, "H5 close");
  *id = -1;
}

MPI_Info HeatH5Hints(const char *text, HeatFileError *error)
{
  MPI_Info info = MPI_INFO_NULL;
  HeatHint hint;

  if (!text || !*text) return info;
  if (MPI_Info_create(&info) != MPI_SUCCESS) HeatFileFail(error, "no memory for hints");
  while (!error->failed && HeatHintNext(&text, ' ', &hint)) {
    if (MPI_Info_set(info, hint.name, hint.value) != MPI_SUCCESS)
      HeatFileFail(error, "MPI does not take the hint %s", hint.name);
  }
  return info;
}

void HeatH5HintsInForce(int descriptor, const char *path, const char *hints, char *text,
                        size_t size, HeatFileError *error)
{
  MPI_Info asked = HeatH5Hints(hints, error), info = MPI_INFO_NULL;
  MPI_File file = MPI_FILE_NULL;
  int      n    = 0, failed;
  size_t   used = 0;
  char     opened[64];

  text[0] = '\0';
  if (error->failed) {
    if (asked != MPI_INFO_NULL) (void)MPI_Info_free(&asked);
    return;
  }
  failed = MPI_File_open(MPI_COMM_SELF, HeatFileOpenName(descriptor, path, opened, sizeof(opened)),
                         MPI_MODE_RDONLY, asked, &file);
  if (asked != MPI_INFO_NULL) (void)MPI_Info_free(&asked);
  if (failed) HeatFileFail(error, "MPI-IO cannot open it");
  else (void)MPI_File_get_info(file, &info);
  if (!failed) (void)MPI_File_close(&file);
  if (info == MPI_INFO_NULL) return;
  (void)MPI_Info_get_nkeys(info, &n);
  for (int k = 0; k < n; k++) {
    char name[MPI_MAX_INFO_KEY + 1] = "", value[MPI_MAX_INFO_VAL + 1] = "";
    int  length = MPI_MAX_INFO_VAL, there = 0;

    (void)MPI_Info_get_nthkey(info, k, name);
    (void)MPI_Info_get(info, name, length, value, &there);
    if (!there || used + strlen(name) + strlen(value) + 3 > size) continue;
    used += (size_t)snprintf(text + used, size - used, "%s=%s\n", name, value);
  }
  (void)MPI_Info_free(&info);
}

hid_t HeatH5WriteAccess(PetscInt alignment, HeatFileError *error)
{
  const hsize_t to   = (hsize_t)(alignment > 0 ? alignment : HEAT_FILE_ALIGNMENT);
  hid_t         list = -1;

  HeatH5(error, list = H5Pcreate(H5P_FILE_ACCESS));
  HeatH5(error, H5Pset_libver_bounds(list, H5F_LIBVER_V18, H5F_LIBVER_V18));
  HeatH5(error, H5Pset_alignment(list, ALIGN_THRESHOLD, to));
  HeatH5(error, H5Pset_fclose_degree(list, H5F_CLOSE_STRONG));
  HeatH5(error, H5Pset_fapl_sec2(list));
#if H5_VERSION_GE(1, 10, 7)
  /* File locks fail on parallel file systems that are mounted without them, and are not needed: no
     other program knows the temporary name. */
  HeatH5(error, H5Pset_file_locking(list, 0, 1));
#endif
  return list;
}

hid_t HeatH5OpenRead(const char *path, HeatFileError *error)
{
  hid_t     list = -1, file = -1;
  char      name[64];
  const int opened = HeatFileOpenInput(path, error);

  HeatH5(error, list = H5Pcreate(H5P_FILE_ACCESS));
  HeatH5(error, H5Pset_fapl_sec2(list));
  HeatH5(error, H5Pset_fclose_degree(list, H5F_CLOSE_STRONG));
#if H5_VERSION_GE(1, 10, 7)
  HeatH5(error, H5Pset_file_locking(list, 0, 1));
#endif
  HeatH5(error,
         file = H5Fopen(HeatFileOpenName(opened, path, name, sizeof(name)), H5F_ACC_RDONLY, list));
  HeatH5Close(error, &list);
  if (opened >= 0) (void)close(opened);
  return file;
}

hid_t HeatH5ContiguousList(HeatFileError *error)
{
  hid_t list = -1;

  HeatH5(error, list = H5Pcreate(H5P_DATASET_CREATE));
  HeatH5(error, H5Pset_obj_track_times(list, 0));
  HeatH5(error, H5Pset_attr_phase_change(list, MAX_ATTRIBUTES, 0));
  HeatH5(error, H5Pset_layout(list, H5D_CONTIGUOUS));
  HeatH5(error, H5Pset_alloc_time(list, H5D_ALLOC_TIME_EARLY));
  HeatH5(error, H5Pset_fill_time(list, H5D_FILL_TIME_NEVER));
  return list;
}

hid_t HeatH5CreateGroup(hid_t object, const char *name, HeatFileError *error)
{
  hid_t list = -1, group = -1;

  HeatH5(error, list = H5Pcreate(H5P_GROUP_CREATE));
  HeatH5(error, H5Pset_obj_track_times(list, 0));
  HeatH5(error, H5Pset_attr_phase_change(list, MAX_ATTRIBUTES, 0));
  HeatH5(error, group = H5Gcreate2(object, name, H5P_DEFAULT, list, H5P_DEFAULT));
  HeatH5Close(error, &list);
  return group;
}

void HeatH5WriteAttribute(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt n,
                          const void *value, HeatFileError *error)
{
  hid_t   space = -1, attribute = -1;
  hsize_t extent = (hsize_t)n;

  HeatH5(error, space = n ? H5Screate_simple(1, &extent, NULL) : H5Screate(H5S_SCALAR));
  HeatH5(error, attribute = H5Acreate2(object, name, type, space, H5P_DEFAULT, H5P_DEFAULT));
  HeatH5(error, H5Awrite(attribute, memory, value));
  HeatH5Close(error, &attribute);
  HeatH5Close(error, &space);
}

/* Return the type of a null-terminated UTF-8 string of at most `length` bytes, plus one for the
   null, because HDF5 has no strings of length 0. */
static hid_t TextType(size_t length, HeatFileError *error)
{
  hid_t type = -1;

  HeatH5(error, type = H5Tcopy(H5T_C_S1));
  HeatH5(error, H5Tset_size(type, length + 1));
  HeatH5(error, H5Tset_cset(type, H5T_CSET_UTF8));
  return type;
}

void HeatH5WriteText(hid_t object, const char *name, const char *value, HeatFileError *error)
{
  hid_t type = TextType(strlen(value), error);

  HeatH5WriteAttribute(object, name, type, type, 0, value, error);
  HeatH5Close(error, &type);
}

void HeatH5WriteTexts(hid_t object, const char *name, PetscInt n, const char *const *v,
                      HeatFileError *error)
{
  size_t width = 0;
  char  *packed;
  hid_t  type;

  for (PetscInt i = 0; i < n; i++) width = PetscMax(width, strlen(v[i]) + 1);
  if (n == 0) return;
  if (PetscCalloc1((size_t)n * width, &packed)) {
    HeatFileFail(error, "no memory for the attribute %s", name);
    return;
  }
  for (PetscInt i = 0; i < n; i++) memcpy(packed + (size_t)i * width, v[i], strlen(v[i]));
  type = TextType(width - 1, error);
  HeatH5WriteAttribute(object, name, type, type, n, packed, error);
  HeatH5Close(error, &type);
  (void)PetscFree(packed);
}

void HeatH5WriteDouble(hid_t object, const char *name, PetscInt n, const double *v,
                       HeatFileError *error)
{
  HeatH5WriteAttribute(object, name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, n, v, error);
}

void HeatH5WriteInt32(hid_t object, const char *name, PetscInt n, const int32_t *v,
                      HeatFileError *error)
{
  HeatH5WriteAttribute(object, name, H5T_STD_I32LE, H5T_NATIVE_INT32, n, v, error);
}

void HeatH5WriteInt64(hid_t object, const char *name, int64_t value, HeatFileError *error)
{
  HeatH5WriteAttribute(object, name, H5T_STD_I64LE, H5T_NATIVE_INT64, 0, &value, error);
}

void HeatH5WriteUint64(hid_t object, const char *name, uint64_t value, HeatFileError *error)
{
  HeatH5WriteAttribute(object, name, H5T_STD_U64LE, H5T_NATIVE_UINT64, 0, &value, error);
}

/* Open an attribute and fail unless it has this class and n elements (n = 0 means one).  Return -1
   after a failure. */
static hid_t OpenAttribute(hid_t object, const char *name, H5T_class_t kind, PetscInt n,
                           HeatFileError *error)
{
  hid_t attribute = -1, type = -1, space = -1;

  HeatH5(error, attribute = H5Aopen(object, name, H5P_DEFAULT));
  if (error->failed) return -1;
  HeatH5(error, type = H5Aget_type(attribute));
  HeatH5(error, space = H5Aget_space(attribute));
  if (!error->failed && (H5Tget_class(type) != kind || H5Tis_variable_str(type) > 0 ||
                         H5Sget_simple_extent_npoints(space) != (hssize_t)PetscMax(n, 1))) {
    HeatFileFail(error, "attribute %s is not of the type and size that heat2d writes", name);
  }
  HeatH5Close(error, &space);
  HeatH5Close(error, &type);
  if (error->failed) HeatH5Close(error, &attribute);
  return attribute;
}

/* Read an attribute of class `kind` and n elements (n = 0 means one) into value. */
static void ReadAttribute(hid_t object, const char *name, H5T_class_t kind, hid_t memory,
                          PetscInt n, void *value, HeatFileError *error)
{
  hid_t attribute = -1;

  if (error->failed) return;
  attribute = OpenAttribute(object, name, kind, n, error);
  HeatH5(error, H5Aread(attribute, memory, value));
  HeatH5Close(error, &attribute);
}

void HeatH5ReadText(hid_t object, const char *name, char *value, size_t size, HeatFileError *error)
{
  hid_t attribute = -1, type = -1;

  value[0] = '\0';
  if (error->failed) return;
  attribute = OpenAttribute(object, name, H5T_STRING, 0, error);
  type      = TextType(size - 1, error); /* a longer text is cut off by HDF5's conversion */
  HeatH5(error, H5Aread(attribute, type, value));
  value[size - 1] = '\0';
  HeatH5Close(error, &type);
  HeatH5Close(error, &attribute);
}

void HeatH5ReadDouble(hid_t object, const char *name, PetscInt n, double *v, HeatFileError *error)
{
  ReadAttribute(object, name, H5T_FLOAT, H5T_NATIVE_DOUBLE, n, v, error);
}

void HeatH5ReadInt32(hid_t object, const char *name, int32_t *value, HeatFileError *error)
{
  ReadAttribute(object, name, H5T_INTEGER, H5T_NATIVE_INT32, 0, value, error);
}

void HeatH5ReadInt64(hid_t object, const char *name, int64_t *value, HeatFileError *error)
{
  ReadAttribute(object, name, H5T_INTEGER, H5T_NATIVE_INT64, 0, value, error);
}

void HeatH5ReadUint64(hid_t object, const char *name, uint64_t *value, HeatFileError *error)
{
  ReadAttribute(object, name, H5T_INTEGER, H5T_NATIVE_UINT64, 0, value, error);
}
