/** What every writer here shares: one agreed error, and files that are either whole or absent.
 *
 *  A rank that meets a failure notes it in a HeatFileError and goes on to the next meeting point,
 *  where HeatFileAgree makes it everybody's.  Between two meeting points nobody enters a collective
 *  call that a failed rank could miss: that is why a full disk does not hang the job.
 */
#ifndef HEAT_IO_FILE_UTIL_H
#define HEAT_IO_FILE_UTIL_H

#include <petscsys.h>

#include "solver/base/error.h"

enum {
  HEAT_STREAM_BYTES = 32 << 20, /* moved at once: many disk blocks, and still in a level-3 cache */
  HEAT_CALL_BYTES = 256 << 20 /* of one message or library call: far below the limit of 2^31 - 1 of
                                   MPI's counts */
};

/** What went wrong on this rank; the first failure is kept.  Initialise with {0}. */
typedef struct {
  PetscBool failed;
  char      text[512]; /* the reason, without the file's name */
} HeatFileError;

/** Note a failure.  Not collective. */
void HeatFileFail(HeatFileError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Note a failure of the C library: "doing: strerror(errno)".  Not collective. */
void HeatFileFailErrno(HeatFileError *error, const char *doing);

/** Make the failure of the lowest failing rank everybody's ("rank 3: ..." when it is not rank 0).
 *  Collective; raises nothing, so that the caller can clean up first. */
PetscErrorCode HeatFileShare(MPI_Comm comm, HeatFileError *error);

/** HeatFileShare, then raise HEAT_ERR_FILE "PATH cannot be VERB: reason" if there was one.
 *  Collective.  @param[in] verb "written", "read" */
PetscErrorCode HeatFileAgree(MPI_Comm comm, const char *path, const char *verb,
                             HeatFileError *error);

/** The folder of a path: "." when it names none.  Writes into buffer. */
void HeatPathFolder(const char *path, char *buffer, size_t size);

/** The last part of a path. */
const char *HeatPathName(const char *path);

/** "DIR/.NAME.part": the temporary name beside the final one, in the same file system. */
void HeatPathTemporary(const char *path, char *buffer, size_t size);

/** Is there anything of that name?  Not collective. */
PetscBool HeatFileExists(const char *path);

/** Fail unless the path names a regular file or nothing at all (opening it reports that): opening a
 *  pipe would block until somebody writes to it.  Not collective. */
void HeatFileCheckRegular(const char *path, HeatFileError *error);

/** fsync of a file or folder.  Not collective.  A folder whose file system cannot is no failure. */
void HeatFileSync(const char *path, HeatFileError *error);

/** Give the synced temporary file its final name and sync the folder.  Not collective. */
void HeatFilePublish(const char *part, const char *path, HeatFileError *error);

/** All of `length` bytes at `start` of an open file: short writes and interruptions are gone on
 *  with.  Not collective; a negative descriptor with an earlier failure is no matter. */
void HeatFileWriteAt(int descriptor, const void *bytes, size_t length, PetscInt64 start,
                     HeatFileError *error);

/** Exactly `length` bytes from `start`; an end of the file before is a failure.  Likewise. */
void HeatFileReadAt(int descriptor, void *bytes, size_t length, PetscInt64 start,
                    HeatFileError *error);

/** Have the system forget what it holds of a synced file in memory, where it can: the next reading is
 *  from the disk.  Not collective. */
void HeatFileDropCache(const char *path);

/** fsync of an open file; an interruption is tried again.  Likewise. */
void HeatFileSyncOpen(int descriptor, HeatFileError *error);

/** Write a small text file as a whole: temporary name, fsync, rename, fsync of the folder; on a
 *  failure the temporary file is gone and an earlier `path` is untouched.  Not collective. */
void HeatFileReplace(const char *path, const char *text, size_t length, HeatFileError *error);

/** Room for `bytes` of the file, which is created where there is none, so that nobody meets a
 *  full disk later: fallocate, or where the file system has none a look at the free space.  Not
 *  collective.  The reason names the needed and the free bytes.
 *  @param[in] keep_size  the file's length stays; else it becomes at least `bytes` */
void HeatFileReserve(const char *path, PetscInt64 bytes, PetscBool keep_size, HeatFileError *error);

/** Give back what was reserved beyond the end of the file.  Not collective. */
void HeatFileTrim(const char *path, HeatFileError *error);

/** A step out of a name PREFIX + digits + SUFFIX, e.g. "checkpoint_000050.h5"; -1: another name. */
PetscInt64 HeatNameStep(const char *name, const char *prefix, const char *suffix);

/** Steps of all files PREFIX<step>SUFFIX in `dir`, ascending; *steps is freed with PetscFree.
 *  A folder that does not exist holds none.  Not collective. */
PetscErrorCode HeatFolderSteps(const char *dir, const char *prefix, const char *suffix, PetscInt *n,
                               PetscInt64 **steps, HeatFileError *error);

#endif
