/** Checked HDF5 calls; the only module that handles HDF5's error stack.
 *
 *  HeatH5(error, call) runs a call that reports failure by a negative value, unless an earlier one
 *  failed.  A sequence of such calls stops at the first failure, whose innermost reason (the
 *  operating system's message where there is one) is kept in the HeatFileError.  Nothing is
 *  printed.  Identifiers start as -1 and are closed by HeatH5Close, which also closes after a
 *  failure.  Nothing here is collective.
 */
#ifndef HEAT_IO_HDF5_UTIL_H
#define HEAT_IO_HDF5_UTIL_H

#include <hdf5.h>

#include "io/file/file_util.h"

#define HeatH5(error, call)                                                                        \
  do {                                                                                             \
    if (!(error)->failed && (call) < 0) HeatH5Capture((error), #call);                             \
  } while (0)

/** Note the innermost reason on HDF5's error stack as a failure, and clear the stack.
 *  @param[in] call  the text of the call that failed */
void HeatH5Capture(HeatFileError *error, const char *call);

/** Turn off HDF5's printing of errors and its loading of filter plugins.  Call it before a sequence
 *  of HeatH5. */
void HeatH5Begin(void);

/** Close an identifier of any kind (file, group, dataset, attribute, space, type, property list)
 *  and set *id to -1; skip a negative one.  A close that fails is a failure, because it may have
 *  been a write. */
void HeatH5Close(HeatFileError *error, hid_t *id);

/** Return the hints for MPI-IO in "name=value name=value", freed by the caller with MPI_Info_free,
 *  or MPI_INFO_NULL where there are none.
 *  @param[in] text  may be NULL */
MPI_Info HeatH5Hints(const char *text, HeatFileError *error);

/** Open a file with MPI-IO, for this rank alone, and write the hints that are then in force into
 *  text: lines "name=value".  Hints that do not fit are left out.
 *  @param[in] descriptor, path  of the open file, and its name
 *  @param[in] hints             "name=value name=value"; may be NULL */
void HeatH5HintsInForce(int descriptor, const char *path, const char *hints, char *text,
                        size_t size, HeatFileError *error);

/** Return a file access property list for files that heat2d writes.  Format bounds and alignment
 *  are fixed, so that a file's bytes do not depend on the library's defaults.  The driver is the
 *  serial one, since one rank alone opens a file with HDF5.
 *  @param[in] alignment  [bytes] of large datasets; 0: HEAT_FILE_ALIGNMENT */
hid_t HeatH5WriteAccess(PetscInt alignment, HeatFileError *error);

/** Open a regular file for reading on this rank alone (serial driver, no file lock); return the
 *  file, or -1 on a failure. */
hid_t HeatH5OpenRead(const char *path, HeatFileError *error);

/** Return a dataset creation property list: contiguous, without time stamps, space allocated when
 *  the dataset is created, no fill values written. */
hid_t HeatH5ContiguousList(HeatFileError *error);

/** Create a group without time stamps; return it, or -1 on a failure. */
hid_t HeatH5CreateGroup(hid_t object, const char *name, HeatFileError *error);

/** Create an attribute of any type and write it: a scalar when n is 0, else [n] values.
 *  @param[in] type, memory  HDF5 types in the file and in memory */
void HeatH5WriteAttribute(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt n,
                          const void *value, HeatFileError *error);

/** Create and write, or read, an attribute of an object.  Strings are of fixed length, UTF-8;
 *  numbers are little-endian in the file.  n is 0 for a scalar.  Reading fails when the attribute
 *  is of another class or number of elements; a text longer than size - 1 bytes is cut off. */
void HeatH5WriteText(hid_t object, const char *name, const char *value, HeatFileError *error);
void HeatH5WriteDouble(hid_t object, const char *name, PetscInt n, const double *v,
                       HeatFileError *error);
void HeatH5WriteInt32(hid_t object, const char *name, PetscInt n, const int32_t *v,
                      HeatFileError *error);
void HeatH5WriteInt64(hid_t object, const char *name, int64_t value, HeatFileError *error);
void HeatH5WriteUint64(hid_t object, const char *name, uint64_t value, HeatFileError *error);
void HeatH5ReadText(hid_t object, const char *name, char *value, size_t size, HeatFileError *error);
void HeatH5ReadDouble(hid_t object, const char *name, PetscInt n, double *v, HeatFileError *error);
void HeatH5ReadInt32(hid_t object, const char *name, int32_t *value, HeatFileError *error);
void HeatH5ReadInt64(hid_t object, const char *name, int64_t *value, HeatFileError *error);
void HeatH5ReadUint64(hid_t object, const char *name, uint64_t *value, HeatFileError *error);

/** Create and write an attribute that is an array of n strings of one fixed length. */
void HeatH5WriteTexts(hid_t object, const char *name, PetscInt n, const char *const *v,
                      HeatFileError *error);

#endif
