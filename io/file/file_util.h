/** Tools of all writers and readers: one error that all ranks agree on, files that are either
 *  complete or absent, reserved disk space, and file names that contain a step.
 *
 *  A rank that meets a failure stores it in a HeatFileError and continues to the next point of
 *  agreement, where HeatFileShare or HeatFileAgree hands it to all ranks.  Between two points of
 *  agreement no rank makes a collective call that a failed rank would skip.  So a full disk ends
 *  the operation with an error, and does not hang the job.
 *
 *  HeatFileShare and HeatFileAgree are collective, the other functions are not.  Each of these does
 *  nothing when its HeatFileError is already set, so a sequence of calls needs no test in between.
 *
 *  A complete or absent file is made in this order, which keeps a part of a file from ever showing
 *  under the final name, even after a power cut:
 *
 *    write DIR/.NAME.part  ->  fsync it  ->  rename to DIR/NAME  ->  fsync DIR
 */
#ifndef HEAT_IO_FILE_UTIL_H
#define HEAT_IO_FILE_UTIL_H

#include <petscsys.h>

#include "solver/base/error.h"

enum {
  /* [bytes] Size of the pieces in which fields are written and read.  Chosen: many disk blocks, yet
   * small enough for a level-3 cache.  Larger pieces take more memory, smaller ones more calls. */
  HEAT_STREAM_BYTES = 32 << 20,
  /* [bytes] Upper limit of one MPI message or one transfer by HDF5.  Chosen: far below 2^31 - 1,
   * the largest count of MPI.  A smaller limit means more calls. */
  HEAT_CALL_BYTES = 256 << 20
};

/** The first failure of this rank.  Initialise with {0}. */
typedef struct {
  PetscBool failed;
  char      text[512]; /* the reason, without the file's name; a longer one is truncated */
} HeatFileError;

/** Store a failure with a printf message as its reason. */
void HeatFileFail(HeatFileError *error, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** Store a failure of the C library, with the reason "DOING: strerror(errno)". */
void HeatFileFailErrno(HeatFileError *error, const char *doing);

/** Copy the failure of the lowest failed rank to all ranks.  A reason of another rank than 0 gets
 *  that rank in front: "rank 3 (HOST): reason".  Raise nothing, so that the caller can clean up
 *  first.  Collective on comm. */
PetscErrorCode HeatFileShare(MPI_Comm comm, HeatFileError *error);

/** Call HeatFileShare and raise the failure, if there is one.  Collective on comm.
 *  @param[in] verb  for the message: "written", "read"
 *  Errors: HEAT_ERR_FILE "PATH cannot be VERB: reason". */
PetscErrorCode HeatFileAgree(MPI_Comm comm, const char *path, const char *verb,
                             HeatFileError *error);

/** Raise HEAT_ERR_FILE, "PATH cannot be VERB: reason", if a failure has been shared.  No message is
 *  sent, but all ranks must call it, with what HeatFileShare has left. */
PetscErrorCode HeatFileRaise(MPI_Comm comm, const char *path, const char *verb,
                             const HeatFileError *error);

/** Write the folder of a path into `buffer` of `size` bytes: "." for a path without '/'. */
void HeatPathFolder(const char *path, char *buffer, size_t size);

/** Return the part of `path` after its last '/'. */
const char *HeatPathName(const char *path);

/** Write the temporary name of DIR/NAME, "DIR/.NAME.part", into `buffer` of `size` bytes.  It lies
 *  in the folder of the final name, hence in the same file system, as rename requires. */
void HeatPathTemporary(const char *path, char *buffer, size_t size);

/** Return whether a file, a folder or a symbolic link (also a dangling one) of that name exists. */
PetscBool HeatFileExists(const char *path);

/** Create a new file and open it for reading and writing; return its descriptor, or -1.  A file or
 *  link that has the name already is deleted, and never opened or followed (O_EXCL, O_NOFOLLOW), so
 *  that a link that somebody else has put into the folder leads nowhere. */
int HeatFileCreate(const char *path, HeatFileError *error);

/** Open a file that this run has made, for reading or also for writing; return its descriptor, or
 *  -1.  Fail for a link, a folder, a pipe, and, when writing, for a file with several names. */
int HeatFileOpenOwn(const char *path, PetscBool write, HeatFileError *error);

/** Open a file that the user named, for reading; return its descriptor, or -1.  Links are followed.
 *  Fail for anything but a regular file; a pipe does not block. */
int HeatFileOpenInput(const char *path, HeatFileError *error);

/** Return a name by which a library can open the file of an open descriptor, even if the file's own
 *  name refers to another file by then: "/proc/self/fd/N" in `buffer`, or `path` on a system
 *  without /proc. */
const char *HeatFileOpenName(int descriptor, const char *path, char *buffer, size_t size);

/** Return the size of an open file in bytes, 0 if the system does not report it. */
PetscInt64 HeatFileBytes(int descriptor);

/** Rename the synced file `part` to its final name `path` and sync the folder.  After a failure of
 *  that last sync `path` exists, and the reason says so. */
void HeatFilePublish(const char *part, const char *path, HeatFileError *error);

/** Write `length` bytes at offset `start` [bytes] of an open file.  Resume after short writes and
 *  EINTR. */
void HeatFileWriteAt(int descriptor, const void *bytes, size_t length, PetscInt64 start,
                     HeatFileError *error);

/** Read exactly `length` bytes at offset `start` [bytes] of an open file.  Resume after short reads
 *  and EINTR; fail at an earlier end of the file. */
void HeatFileReadAt(int descriptor, void *bytes, size_t length, PetscInt64 start,
                    HeatFileError *error);

/** Ask the system to drop this node's cached pages of a synced file, so that the next read comes
 *  from the disk.  The system may ignore it; errors are ignored, too. */
void HeatFileDropCache(const char *path);

/** Return the part of a file, from 0 to 1, that is in this node's page cache; 1 where the system
 *  does not report it. */
double HeatFileCachedPart(const char *path);

/** Sync an open file to the disk (fsync).  Resume after EINTR.  A file system that cannot sync an
 *  object of this kind (EINVAL) is no failure. */
void HeatFileSyncOpen(int descriptor, HeatFileError *error);

/** Write a small text file that is either complete or absent (temporary name, fsync, rename, fsync
 *  of the folder).  After a failure the temporary file is deleted and an earlier file `path` is
 *  unchanged, unless only the folder could not be synced: then `path` has the new text. */
void HeatFileReplace(const char *path, const char *text, size_t length, HeatFileError *error);

/** Fail if `path`, or what a link of this name leads to, exists and is no regular file. */
void HeatFileRequireRegular(const char *path, HeatFileError *error);

/** Write a small text file whose name the user gave on the command line.  A pipe, a terminal or
 *  another character device, also behind a link, is written to as it is, so that /dev/stdout and
 *  /dev/null work and none is ever replaced; any other file is replaced as by HeatFileReplace.
 *  Not for names in an output folder, in which somebody may have planted a link. */
void HeatFileWriteNamed(const char *path, const char *text, size_t length, HeatFileError *error);

/** Reserve disk space for the first `bytes` bytes of an open file, so that later writes do not meet
 *  a full disk.  The space is allocated with fallocate; on a file system without fallocate the free
 *  space is only compared with the missing bytes.
 *  @param[in] keep_size  PETSC_TRUE: keep the file's length.  PETSC_FALSE: fallocate extends the
 *                        file to at least `bytes`; without fallocate the length is kept
 *  Fails when the disk is full, with the needed and the free bytes in the reason, and when the size
 *  of the file is limited. */
void HeatFileReserve(int descriptor, PetscInt64 bytes, PetscBool keep_size, HeatFileError *error);

/** Free the disk space that was reserved beyond the end of an open file. */
void HeatFileTrim(int descriptor, HeatFileError *error);

/** Return the step in a name PREFIX<step>SUFFIX, e.g. 50 for "checkpoint_000050.h5".  Return -1 for
 *  any other name, also when the step is not written as heat2d writes it (%06lld). */
PetscInt64 HeatNameStep(const char *name, const char *prefix, const char *suffix);

/** List the steps of all files PREFIX<step>SUFFIX in the folder `dir`.  A folder that does not
 *  exist contains none.
 *  @param[in]  regular  PETSC_TRUE: only regular files; PETSC_FALSE: only entries of other kinds,
 *                       for example symbolic links
 *  @param[out] n        number of steps
 *  @param[out] steps    [*n], ascending; free with PetscFree */
PetscErrorCode HeatFolderSteps(const char *dir, const char *prefix, const char *suffix,
                               PetscBool regular, PetscInt *n, PetscInt64 **steps,
                               HeatFileError *error);

#endif
