/** Errors that all ranks agree on, and files that are either complete or absent.
 *
 *  The order "write, fsync, rename, fsync of the folder" is what POSIX requires so that a name
 *  never refers to a part of a file, even after a power cut: rename replaces the name atomically,
 *  and each fsync keeps the next step from reaching the disk before the one in front of it.
 *
 *  fallocate exists on Linux only; elsewhere HeatFileReserve compares the free space instead.
 */
#define _GNU_SOURCE /* fallocate */
#include "io/file/file_util.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* [bytes] Largest size of one pread or pwrite.  Chosen below the 2 GiB that Linux transfers in one
 * call at most; a smaller one means more calls. */
#define MOST_AT_ONCE ((size_t)1073741824)

void HeatFileFail(HeatFileError *error, const char *format, ...)
{
  va_list arguments;

  if (error->failed) return;
  error->failed = PETSC_TRUE;
  va_start(arguments, format);
  vsnprintf(error->text, sizeof(error->text), format, arguments);
  va_end(arguments);
}

void HeatFileFailErrno(HeatFileError *error, const char *doing)
{
  HeatFileFail(error, "%s: %s", doing, strerror(errno));
}

PetscErrorCode HeatFileShare(MPI_Comm comm, HeatFileError *error)
{
  PetscMPIInt rank, size, mine, first, length;
  char        host[MPI_MAX_PROCESSOR_NAME], text[sizeof(error->text)];

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  mine = error->failed ? rank : size;
  PetscCallMPI(MPI_Allreduce(&mine, &first, 1, MPI_INT, MPI_MIN, comm));
  if (first == size) PetscFunctionReturn(PETSC_SUCCESS);
  if (rank == first && rank > 0) {
    PetscCallMPI(MPI_Get_processor_name(host, &length));
    memcpy(text, error->text, sizeof(text));
    if (snprintf(error->text, sizeof(error->text), "rank %d (%s): %s", rank, host, text) < 0) {
      memcpy(error->text, text, sizeof(text));
    }
  }
  error->failed = PETSC_TRUE;
  PetscCallMPI(MPI_Bcast(error->text, (PetscMPIInt)sizeof(error->text), MPI_CHAR, first, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFileAgree(MPI_Comm comm, const char *path, const char *verb,
                             HeatFileError *error)
{
  PetscFunctionBeginUser;
  PetscCall(HeatFileShare(comm, error));
  PetscCall(HeatFileRaise(comm, path, verb, error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFileRaise(MPI_Comm comm, const char *path, const char *verb,
                             const HeatFileError *error)
{
  PetscFunctionBeginUser;
  HeatCheck(!error->failed, comm, HEAT_ERR_FILE, "%s cannot be %s: %s", path, verb, error->text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

const char *HeatPathName(const char *path)
{
  const char *slash = strrchr(path, '/');

  return slash ? slash + 1 : path;
}

void HeatPathFolder(const char *path, char *buffer, size_t size)
{
  const size_t length = (size_t)(HeatPathName(path) - path);

  if (length == 0) snprintf(buffer, size, ".");
  else if (length == 1) snprintf(buffer, size, "/");
  else snprintf(buffer, size, "%.*s", (int)(length - 1), path);
}

void HeatPathTemporary(const char *path, char *buffer, size_t size)
{
  const char *name = HeatPathName(path);

  snprintf(buffer, size, "%.*s.%s.part", (int)(name - path), path, name);
}

PetscBool HeatFileExists(const char *path)
{
  struct stat status;

  return lstat(path, &status) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return what a file is, in words, or NULL for a regular file. */
static const char *KindOfFile(mode_t mode)
{
  if (S_ISREG(mode)) return NULL;
  if (S_ISDIR(mode)) return "a folder";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return S_ISLNK(mode) ? "a symbolic link" : "a device";
}

int HeatFileCreate(const char *path, HeatFileError *error)
{
  /* A file of that name was left by an earlier run or planted by somebody.  It is deleted and never
     opened.  If it exists again after each deletion, this fails after three attempts (chosen). */
  for (int round = 0; round < 3 && !error->failed; round++) {
    const int descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);

    if (descriptor >= 0) return descriptor;
    if (errno != EEXIST || (unlink(path) != 0 && errno != ENOENT))
      HeatFileFailErrno(error, "creating it");
  }
  HeatFileFail(error, "creating it: another program makes files of that name");
  return -1;
}

int HeatFileOpenOwn(const char *path, PetscBool write, HeatFileError *error)
{
  const int   flags = (write ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  struct stat status;
  int         descriptor;

  if (error->failed) return -1;
  descriptor = open(path, flags);
  if (descriptor < 0 && errno == ELOOP) HeatFileFail(error, "it is a symbolic link");
  else if (descriptor < 0) HeatFileFailErrno(error, "opening it");
  else if (fstat(descriptor, &status) != 0) HeatFileFailErrno(error, "opening it");
  else if (KindOfFile(status.st_mode))
    HeatFileFail(error, "it is %s, not a file", KindOfFile(status.st_mode));
  else if (write && status.st_nlink > 1)
    HeatFileFail(error, "it has another name, too (a hard link)");
  if (error->failed && descriptor >= 0) close(descriptor);
  return error->failed ? -1 : descriptor;
}

int HeatFileOpenInput(const char *path, HeatFileError *error)
{
  struct stat status;
  int         descriptor;

  if (error->failed) return -1;
  descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC); /* a pipe must not block */
  if (descriptor < 0 && errno == ENXIO) HeatFileFail(error, "it is a socket, not a file");
  else if (descriptor < 0 || fstat(descriptor, &status) != 0)
    HeatFileFailErrno(error, "opening it");
  else if (KindOfFile(status.st_mode))
    HeatFileFail(error, "it is %s, not a file", KindOfFile(status.st_mode));
  if (error->failed && descriptor >= 0) close(descriptor);
  return error->failed ? -1 : descriptor;
}

const char *HeatFileOpenName(int descriptor, const char *path, char *buffer, size_t size)
{
  snprintf(buffer, size, "/proc/self/fd/%d", descriptor);
  return access(buffer, F_OK) == 0 ? buffer : path;
}

/* EINVAL is accepted: some network file systems return it for folders, which they cannot sync. */
void HeatFileSyncOpen(int descriptor, HeatFileError *error)
{
  int synced;

  if (error->failed) return;
  do synced = fsync(descriptor);
  while (synced != 0 && errno == EINTR);
  if (synced != 0 && errno != EINVAL) HeatFileFailErrno(error, "fsync");
}

/* Sync a folder to the disk. */
static void SyncFolder(const char *path, HeatFileError *error)
{
  int descriptor;

  if (error->failed) return;
  descriptor = open(path, O_RDONLY);
  if (descriptor < 0) {
    HeatFileFailErrno(error, "opening it to sync");
    return;
  }
  HeatFileSyncOpen(descriptor, error);
  close(descriptor);
}

void HeatFileDropCache(const char *path)
{
  const int descriptor = open(path, O_RDONLY | O_CLOEXEC);

  if (descriptor < 0) return;
  (void)posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  close(descriptor);
}

/* [bytes] Part of a file that is looked up at once, and the most pages of it.  Chosen: the list of
   pages, one byte each, fits on the stack. */
enum { LOOKED_UP = 64 << 20, MOST_PAGES = LOOKED_UP / 4096 };

/* Count the pages of `length` bytes of a file, from offset `start` on, that are in the page cache;
   return -1 on failure. */
static double CountCachedPages(int descriptor, off_t start, size_t length, size_t page)
{
  unsigned char pages[MOST_PAGES];
  const size_t  n      = (length + page - 1) / page;
  void         *map    = mmap(NULL, length, PROT_READ, MAP_SHARED, descriptor, start);
  double        cached = 0.0;

  if (map == MAP_FAILED) return -1.0;
  if (n > MOST_PAGES || mincore(map, length, pages) != 0) cached = -1.0;
  for (size_t k = 0; cached >= 0.0 && k < n; k++) cached += pages[k] & 1;
  (void)munmap(map, length);
  return cached;
}

double HeatFileCachedPart(const char *path)
{
  const size_t page       = (size_t)sysconf(_SC_PAGESIZE);
  const int    descriptor = open(path, O_RDONLY | O_CLOEXEC);
  struct stat  s;
  double       cached = 0.0, some = 0.0, all = 0.0;

  if (descriptor < 0) return 1.0;
  if (fstat(descriptor, &s) != 0) s.st_size = 0;
  for (off_t at = 0; some >= 0.0 && at < s.st_size; at += LOOKED_UP) {
    const size_t length = (size_t)PetscMin((PetscInt64)LOOKED_UP, (PetscInt64)(s.st_size - at));

    some = CountCachedPages(descriptor, at, length, page);
    cached += some;
    all += (double)((length + page - 1) / page);
  }
  close(descriptor);
  return some >= 0.0 && all > 0.0 ? cached / all : 1.0;
}

void HeatFilePublish(const char *part, const char *path, HeatFileError *error)
{
  char          folder[PETSC_MAX_PATH_LEN];
  HeatFileError unsynced = {0};

  if (error->failed) return;
  if (rename(part, path) != 0) {
    HeatFileFailErrno(error, "rename");
    return;
  }
  HeatPathFolder(path, folder, sizeof(folder));
  SyncFolder(folder, &unsynced);
  if (unsynced.failed)
    HeatFileFail(error,
                 "it is there, but its folder is not synced (%.200s), so that a crash may lose it",
                 unsynced.text);
}

void HeatFileWriteAt(int descriptor, const void *bytes, size_t length, PetscInt64 start,
                     HeatFileError *error)
{
  const char *at = bytes;

  while (length > 0 && !error->failed) {
    const ssize_t written = pwrite(descriptor, at, PetscMin(length, MOST_AT_ONCE), (off_t)start);

    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) HeatFileFailErrno(error, "write");
    at += PetscMax(written, 0);
    length -= (size_t)PetscMax(written, 0);
    start += PetscMax(written, 0);
  }
}

void HeatFileReadAt(int descriptor, void *bytes, size_t length, PetscInt64 start,
                    HeatFileError *error)
{
  char *at = bytes;

  while (length > 0 && !error->failed) {
    const ssize_t n = pread(descriptor, at, PetscMin(length, MOST_AT_ONCE), (off_t)start);

    if (n < 0 && errno == EINTR) continue;
    if (n < 0) HeatFileFailErrno(error, "read");
    else if (n == 0) HeatFileFail(error, "it is cut short");
    at += PetscMax(n, 0);
    length -= (size_t)PetscMax(n, 0);
    start += PetscMax(n, 0);
  }
}

void HeatFileReplace(const char *path, const char *text, size_t length, HeatFileError *error)
{
  char part[PETSC_MAX_PATH_LEN];
  int  descriptor;

  if (error->failed) return;
  HeatPathTemporary(path, part, sizeof(part));
  descriptor = HeatFileCreate(part, error);
  if (descriptor < 0) return;
  HeatFileWriteAt(descriptor, text, length, 0, error);
  HeatFileSyncOpen(descriptor, error);
  if (close(descriptor) != 0) HeatFileFailErrno(error, "close");
  HeatFilePublish(part, path, error);
  if (error->failed) unlink(part);
}

void HeatFileRequireRegular(const char *path, HeatFileError *error)
{
  struct stat status;

  if (error->failed || stat(path, &status) != 0 || !KindOfFile(status.st_mode)) return;
  HeatFileFail(error, "it is %s; name a regular file", KindOfFile(status.st_mode));
}

/* Write all bytes to an open pipe or device, which has no offset. */
static void WriteOn(int descriptor, const char *at, size_t length, HeatFileError *error)
{
  while (length > 0 && !error->failed) {
    const ssize_t written = write(descriptor, at, PetscMin(length, MOST_AT_ONCE));

    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) HeatFileFailErrno(error, "write");
    at += PetscMax(written, 0);
    length -= (size_t)PetscMax(written, 0);
  }
}

void HeatFileWriteNamed(const char *path, const char *text, size_t length, HeatFileError *error)
{
  char        target[PATH_MAX];
  struct stat status;
  int         descriptor;

  if (error->failed) return;
  if (stat(path, &status) != 0 || S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)) {
    /* /dev/stdout is a link, in the end to the file that a shell made for `> FILE`. */
    const char *file = strncmp(path, "/dev/", 5) == 0 && realpath(path, target) ? target : path;

    HeatFileReplace(file, text, length, error);
    return;
  }
  if (S_ISBLK(status.st_mode)) {
    HeatFileFail(error, "it is a block device");
    return;
  }
  descriptor = open(path, O_WRONLY | O_CLOEXEC);
  if (descriptor < 0) {
    HeatFileFailErrno(error, "opening it");
    return;
  }
  WriteOn(descriptor, text, length, error);
  if (close(descriptor) != 0) HeatFileFailErrno(error, "close");
}

/* Return how many bytes an unprivileged user can still write to the file system of an open file, or
 * -1 if that is unknown. */
static PetscInt64 FreeBytes(int descriptor)
{
  struct statvfs room;

  if (fstatvfs(descriptor, &room) != 0) return -1;
  return (PetscInt64)room.f_bavail * (PetscInt64)room.f_frsize;
}

/* Return how many bytes the disk has allocated for the file already.  st_blocks counts units of 512
 * bytes on Linux, whatever the block size of the file system. */
static PetscInt64 AllocatedBytes(int descriptor)
{
  struct stat status;

  return fstat(descriptor, &status) == 0 ? (PetscInt64)status.st_blocks * 512 : 0;
}

/* Fail with ENOSPC, the needed and the free bytes. */
static void FailNoSpace(int descriptor, PetscInt64 bytes, HeatFileError *error)
{
  const PetscInt64 room = FreeBytes(descriptor);

  if (room < 0)
    HeatFileFail(error, "%s: it needs %" PetscInt64_FMT " bytes", strerror(ENOSPC), bytes);
  HeatFileFail(error,
               "%s: it needs %" PetscInt64_FMT " bytes, and %" PetscInt64_FMT
               " are free in its folder",
               strerror(ENOSPC), bytes, room);
}

/* Allocate the first `bytes` bytes of an open file.  Return 0 or errno; EOPNOTSUPP or ENOSYS when
 * fallocate is not available. */
static int Allocate(int descriptor, PetscInt64 bytes, PetscBool keep_size)
{
#if defined(__linux__)
  const int mode = keep_size ? FALLOC_FL_KEEP_SIZE : 0;
  int       failed;

  do failed = fallocate(descriptor, mode, 0, (off_t)bytes);
  while (failed != 0 && errno == EINTR);
  return failed ? errno : 0;
#else
  (void)descriptor;
  (void)bytes;
  (void)keep_size;
  return EOPNOTSUPP;
#endif
}

void HeatFileReserve(int descriptor, PetscInt64 bytes, PetscBool keep_size, HeatFileError *error)
{
  int reason;

  if (error->failed) return;
  reason = Allocate(descriptor, bytes, keep_size);
  if (reason == EOPNOTSUPP || reason == ENOSYS) {
    const PetscInt64 room = FreeBytes(descriptor);

    reason = (room >= 0 && room < bytes - AllocatedBytes(descriptor)) ? ENOSPC : 0;
  }
  if (reason == ENOSPC) FailNoSpace(descriptor, bytes, error);
  else if (reason)
    HeatFileFail(error, "reserving %" PetscInt64_FMT " bytes: %s", bytes, strerror(reason));
}

void HeatFileTrim(int descriptor, HeatFileError *error)
{
  struct stat status;
  int         cut;

  if (error->failed) return;
  /* Truncating a file to its own length frees the blocks beyond its end. */
  do cut = fstat(descriptor, &status) != 0 || ftruncate(descriptor, status.st_size) != 0;
  while (cut && errno == EINTR);
  if (cut) HeatFileFailErrno(error, "truncate");
}

PetscInt64 HeatFileBytes(int descriptor)
{
  struct stat status;

  return fstat(descriptor, &status) == 0 ? (PetscInt64)status.st_size : 0;
}

PetscInt64 HeatNameStep(const char *name, const char *prefix, const char *suffix)
{
  const size_t length = strlen(prefix);
  char        *end, again[64];
  long long    step;

  if (strncmp(name, prefix, length) != 0 || name[length] < '0' || name[length] > '9') return -1;
  errno = 0;
  step  = strtoll(name + length, &end, 10);
  if (errno || strcmp(end, suffix) != 0) return -1;
  /* Accept only the digits that heat2d itself would write: not "checkpoint_50.h5". */
  snprintf(again, sizeof(again), "%06lld", step);
  return strncmp(again, name + length, (size_t)(end - name) - length) == 0 &&
                 strlen(again) == (size_t)(end - name) - length
             ? (PetscInt64)step
             : -1;
}

/* Return whether the entry of an open folder is a regular file, and no link to one. */
static PetscBool IsRegularEntry(DIR *folder, const char *name)
{
  struct stat status;

  return fstatat(dirfd(folder), name, &status, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(status.st_mode)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscErrorCode HeatFolderSteps(const char *dir, const char *prefix, const char *suffix,
                               PetscBool regular, PetscInt *n, PetscInt64 **steps,
                               HeatFileError *error)
{
  DIR           *folder;
  struct dirent *entry;
  PetscInt       room = 64;

  PetscFunctionBeginUser;
  *n     = 0;
  *steps = NULL;
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  folder = opendir(dir);
  if (!folder) {
    if (errno != ENOENT) HeatFileFailErrno(error, "opening the folder");
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscMalloc1(room, steps));
  while (errno = 0, (entry = readdir(folder))) {
    const PetscInt64 step = HeatNameStep(entry->d_name, prefix, suffix);

    if (step < 0 || IsRegularEntry(folder, entry->d_name) != regular) continue;
    if (*n == room) {
      room *= 2;
      PetscCall(PetscRealloc((size_t)room * sizeof(**steps), steps));
    }
    (*steps)[(*n)++] = step;
  }
  if (errno) HeatFileFailErrno(error, "listing the folder");
  closedir(folder);
  PetscCall(PetscSortInt64(*n, *steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}
