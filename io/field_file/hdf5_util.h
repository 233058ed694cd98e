/** HDF5 calls, checked; the only place that handles HDF5's error stack.
 *
 *  HeatH5(error, call) runs a call that reports failure by a negative value, unless an earlier one
 *  failed: a sequence of them stops at the first failure, whose innermost reason (the system's own
 *  words where there are any) is kept in the HeatFileError.  Nothing is printed.  Identifiers start
 *  as -1 and are closed by HeatH5Close, which also runs after a failure.
 */
#ifndef HEAT_IO_HDF5_UTIL_H
#define HEAT_IO_HDF5_UTIL_H

#include <hdf5.h>

#include "io/file/file_util.h"

#define HeatH5(error, call)                                                                        \
  do {                                                                                             \
    if (!(error)->failed && (call) < 0) HeatH5Capture((error), #call);                             \
  } while (0)

/** Note HDF5's innermost reason; `call` is the text of the call that failed. */
void HeatH5Capture(HeatFileError *error, const char *call);

/** Silence HDF5's printing and turn plugin loading off.  Call before a sequence of HeatH5. */
void HeatH5Begin(void);

/** Close any identifier (file, group, dataset, attribute, space, type, property list); negative
 *  ones are skipped, *id becomes -1.  A failed close is a failure: it may be a failed write. */
void HeatH5Close(HeatFileError *error, hid_t *id);

/** Hints for MPI-IO out of "name=value name=value", or MPI_INFO_NULL where there are none; freed by the
 *  caller with MPI_Info_free.  @param[in] text  may be NULL */
MPI_Info HeatH5Hints(const char *text, HeatFileError *error);

/** What MPI-IO makes of them for the file that is open through it: lines "name=value". */
void HeatH5HintsInForce(hid_t file, char *text, size_t size, HeatFileError *error);

/** File access list for our own files: fixed format bounds and alignment, so that a file's bytes
 *  do not depend on the library's defaults.  comm: MPI_COMM_NULL for the serial driver, else the
 *  MPI-IO driver (HDF5 keeps its own duplicate) with these hints (likewise).
 *  @param[in] alignment  [bytes] of large datasets; 0: the usual */
hid_t HeatH5WriteAccess(MPI_Comm comm, MPI_Info hints, PetscInt alignment, HeatFileError *error);

/** Open any regular file for reading on this rank alone (serial driver, no lock), or -1. */
hid_t HeatH5OpenRead(const char *path, HeatFileError *error);

/** Creation list of a contiguous dataset without time stamps, allocated at once and not filled. */
hid_t HeatH5ContiguousList(HeatFileError *error);

/** A new group without time stamps, or -1. */
hid_t HeatH5CreateGroup(hid_t object, const char *name, HeatFileError *error);

/** Create an attribute of any type and write it: a scalar when n is 0, else [n] values. */
void HeatH5WriteAttribute(hid_t object, const char *name, hid_t type, hid_t memory, PetscInt n,
                          const void *value, HeatFileError *error);

/** Attributes of an object, written (created) and read.  Strings are fixed-length, UTF-8. */
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

/** An attribute that is an array of strings of one fixed length. */
void HeatH5WriteTexts(hid_t object, const char *name, PetscInt n, const char *const *v,
                      HeatFileError *error);

#endif
