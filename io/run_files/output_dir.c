/** Create, lock, clear and rewind the output folder (output_dir.h).  Rank 0 does everything, and
 *  its failure is then raised on all ranks.
 *
 *  Only regular files with heat2d's own names are deleted or moved.  Checkpoints of a run that did
 *  not finish are moved, never deleted, because the user may still want to continue it.
 */
#define _DEFAULT_SOURCE
#include "io/run_files/output_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/run_files/results.h"

/* The kinds of names in an output folder. */
typedef enum {
  NAME_OTHER,      /* not one of heat2d's names: never touched */
  NAME_PART,       /* .NAME.part: the temporary file of one of the kinds below */
  NAME_CHECKPOINT, /* checkpoint_<step>.h5 */
  NAME_MANIFEST,   /* checkpoint_<step>.json */
  NAME_SNAPSHOT,   /* snapshot_<step>.h5 */
  NAME_RESULTS,    /* results.json */
  NAME_PLAIN       /* every other name of heat2d */
} NameKind;

/* Return whether a name is profile_<name>.csv. */
static PetscBool IsProfile(const char *name)
{
  const size_t length = strlen(name), head = strlen("profile_"), tail = strlen(".csv");

  return (PetscBool)(length > head + tail && strncmp(name, "profile_", head) == 0 &&
                     strcmp(name + length - tail, ".csv") == 0);
}

/* Return the kind of a name without folder that is not of the form .NAME.part. */
static NameKind KindOfFinalName(const char *name)
{
  static const char *const plain[] = {"snapshots.xdmf", "history.csv", "probes.csv"};

  if (HeatNameStep(name, "checkpoint_", ".h5") >= 0) return NAME_CHECKPOINT;
  if (HeatNameStep(name, "checkpoint_", ".json") >= 0) return NAME_MANIFEST;
  if (HeatNameStep(name, "snapshot_", ".h5") >= 0) return NAME_SNAPSHOT;
  if (strcmp(name, "results.json") == 0) return NAME_RESULTS;
  for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
    if (strcmp(name, plain[i]) == 0) return NAME_PLAIN;
  }
  return IsProfile(name) ? NAME_PLAIN : NAME_OTHER;
}

/* Return the kind of a name without folder. */
static NameKind KindOf(const char *name)
{
  const size_t length = strlen(name), tail = strlen(".part");
  char         final[256];

  if (name[0] != '.') return KindOfFinalName(name);
  if (length <= tail + 1 || length > sizeof(final) || strcmp(name + length - tail, ".part") != 0)
    return NAME_OTHER;
  snprintf(final, sizeof(final), "%.*s", (int)(length - tail - 1), name + 1);
  if (strcmp(final, "probe") == 0)
    return NAME_PART; /* of the disk probe, which has no final name */
  return KindOfFinalName(final) == NAME_OTHER ? NAME_OTHER : NAME_PART;
}

/* Create the folder and its parents, as `mkdir -p` does, and fail unless it is a folder in which
   files can be created. */
static void MakeFolders(const char *dir, HeatFileError *error)
{
  char        path[PETSC_MAX_PATH_LEN];
  struct stat status;

  if (strlen(dir) >= sizeof(path)) HeatFileFail(error, "the name is too long");
  for (size_t i = 1; !error->failed && i <= strlen(dir); i++) {
    if (dir[i] != '/' && dir[i] != '\0') continue;
    snprintf(path, sizeof(path), "%.*s", (int)i, dir);
    if (mkdir(path, 0777) != 0 && errno != EEXIST) HeatFileFailErrno(error, "making the folder");
  }
  if (!error->failed && (stat(dir, &status) != 0 || !S_ISDIR(status.st_mode))) {
    HeatFileFail(error, "it exists and is not a folder");
  }
  if (!error->failed && access(dir, W_OK | X_OK) != 0) HeatFileFailErrno(error, "writing into it");
}

/* A filter: it returns whether a file with one of heat2d's names is to be moved or deleted. */
typedef PetscBool (*FileFilter)(NameKind kind, const char *name, const void *context);

/* Move the files that pass the filter into the folder `aside`, or delete them if `aside` is NULL;
   if `count_only`, only count them.  Return their number. */
static PetscInt MoveOrRemove(const char *dir, FileFilter filter, const void *context,
                             const char *aside, PetscBool count_only, HeatFileError *error)
{
  DIR           *folder = error->failed ? NULL : opendir(dir);
  struct dirent *entry;
  PetscInt       n = 0;

  if (!folder) {
    HeatFileFailErrno(error, "opening the folder");
    return 0;
  }
  while (errno = 0, (entry = readdir(folder))) {
    char           from[PETSC_MAX_PATH_LEN], to[PETSC_MAX_PATH_LEN];
    struct stat    status;
    const NameKind kind = KindOf(entry->d_name);

    if (kind == NAME_OTHER || !filter(kind, entry->d_name, context)) continue;
    snprintf(from, sizeof(from), "%s/%s", dir, entry->d_name);
    if (lstat(from, &status) != 0 || !S_ISREG(status.st_mode)) continue;
    n++;
    if (count_only) continue;
    if (aside) snprintf(to, sizeof(to), "%s/%s", aside, entry->d_name);
    if ((aside ? rename(from, to) : unlink(from)) != 0) {
      HeatFileFail(error, "%s %s: %s", aside ? "moving" : "removing", entry->d_name,
                   strerror(errno));
    }
  }
  if (errno) HeatFileFailErrno(error, "listing the folder");
  closedir(folder);
  return n;
}

/* Create the folder DIR/PREFIX_NNN with the first number that is free. */
static void MakeAside(const char *dir, const char *prefix, char *aside, size_t size,
                      HeatFileError *error)
{
  for (int number = 1; number < 1000 && !error->failed; number++) {
    snprintf(aside, size, "%s/%s_%03d", dir, prefix, number);
    if (mkdir(aside, 0777) == 0) return;
    if (errno != EEXIST) HeatFileFailErrno(error, "making a folder in it");
  }
  HeatFileFail(error, "there are 999 folders %s_NNN in it: clear them away", prefix);
}

/* Move the files that pass the filter into a new folder DIR/PREFIX_NNN, whose name is returned in
   `aside`.  Return the number of these files. */
static PetscInt SetAside(const char *dir, const char *prefix, FileFilter filter,
                         const void *context, char *aside, size_t size, HeatFileError *error)
{
  MakeAside(dir, prefix, aside, size, error);
  return error->failed ? 0 : MoveOrRemove(dir, filter, context, aside, PETSC_FALSE, error);
}

/* The filters. */

static PetscBool IsPart(NameKind kind, const char *name, const void *context)
{
  (void)name;
  (void)context;
  return kind == NAME_PART ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool IsPartOrResults(NameKind kind, const char *name, const void *context)
{
  (void)name;
  (void)context;
  return kind == NAME_PART || kind == NAME_RESULTS ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool IsCheckpoint(NameKind kind, const char *name, const void *context)
{
  (void)name;
  (void)context;
  return kind == NAME_CHECKPOINT ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool IsAny(NameKind kind, const char *name, const void *context)
{
  (void)kind;
  (void)name;
  (void)context;
  return PETSC_TRUE;
}

static PetscBool IsLaterCheckpoint(NameKind kind, const char *name, const void *context)
{
  const PetscInt64 step = *(const PetscInt64 *)context;

  return kind == NAME_CHECKPOINT && HeatNameStep(name, "checkpoint_", ".h5") > step ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
}

static PetscBool IsLaterManifest(NameKind kind, const char *name, const void *context)
{
  const PetscInt64 step = *(const PetscInt64 *)context;

  return kind == NAME_MANIFEST && HeatNameStep(name, "checkpoint_", ".json") > step ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
}

static PetscBool IsLaterSnapshot(NameKind kind, const char *name, const void *context)
{
  const PetscInt64 step = *(const PetscInt64 *)context;

  return kind == NAME_SNAPSHOT && HeatNameStep(name, "snapshot_", ".h5") > step ? PETSC_TRUE
                                                                                : PETSC_FALSE;
}

/* Delete the files of an earlier run, or move them into a folder of their own if that run could
   still be continued.  Rank 0 alone, at the start of a fresh run.
   @param[out] notice  a line for the user, or "" */
static PetscErrorCode ClearEarlierRun(const char *dir, char *notice, size_t size,
                                      HeatFileError *error)
{
  char      aside[PETSC_MAX_PATH_LEN], status[32];
  PetscInt  n;
  PetscBool finished;

  PetscFunctionBeginUser;
  (void)MoveOrRemove(dir, IsPart, NULL, NULL, PETSC_FALSE, error);
  n = MoveOrRemove(dir, IsCheckpoint, NULL, NULL, PETSC_TRUE, error);
  PetscCall(HeatResultsReadStatus(dir, status, sizeof(status)));
  finished = strcmp(status, "ok") == 0 || strcmp(status, "check-failed") == 0 ? PETSC_TRUE
                                                                              : PETSC_FALSE;
  if (n > 0 && !finished) {
    (void)SetAside(dir, "unfinished", IsAny, NULL, aside, sizeof(aside), error);
    snprintf(notice, size,
             "%s held an unfinished run: its files (%" PetscInt_FMT
             " checkpoints among them) are now in %s",
             dir, n, aside);
  } else (void)MoveOrRemove(dir, IsAny, NULL, NULL, PETSC_FALSE, error);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The lock. */

/* Read the holder of the lock from the lock file, for example "process 4711 on node17". */
static void ReadHolder(int file, char *text, size_t size)
{
  const ssize_t n = pread(file, text, size - 1, 0);

  text[n > 0 ? n : 0] = '\0';
  if (n <= 0) snprintf(text, size, "another process");
}

/* Write this process into the lock file.  A failure is ignored, since the text is for messages. */
static void WriteHolder(int file)
{
  char text[320], host[256] = "";

  (void)gethostname(host, sizeof(host) - 1);
  snprintf(text, sizeof(text), "process %ld on %s", (long)getpid(), host);
  if (ftruncate(file, 0) == 0 && pwrite(file, text, strlen(text), 0) < 0) return;
}

/* Return whether the open file is the file that has the name `path` now.  It is not if the last
   holder of the lock deleted the file after this process had opened it. */
static PetscBool IsSameFile(int file, const char *path)
{
  struct stat mine, there;

  return fstat(file, &mine) == 0 && stat(path, &there) == 0 && mine.st_ino == there.st_ino &&
                 mine.st_dev == there.st_dev
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Open the lock file, which may exist already, from a process that was killed.  Fail unless it is a
   regular file with one name, since this process would write into another file. */
static int OpenLock(const char *path, HeatFileError *error)
{
  const int   flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;
  const int   file  = open(path, flags, 0666);
  struct stat status;

  if (file < 0) HeatFileFailErrno(error, "making .lock in it");
  else if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink > 1) {
    HeatFileFail(error, ".lock in it is no plain file; remove it");
    close(file);
  }
  return error->failed ? -1 : file;
}

/* Open and lock the lock file.  Return its descriptor; or -1 if another run holds the lock, which
   is a failure, or if the file system has no locks.  Rank 0 alone.
   @param[out] notice  a line for the user where the file system has no locks, or "" */
static int TakeLock(const char *dir, char *notice, size_t size, HeatFileError *error)
{
  char path[PETSC_MAX_PATH_LEN], holder[320];

  snprintf(path, sizeof(path), "%s/.lock", dir);
  while (!error->failed) {
    const int file = OpenLock(path, error);

    if (file < 0) return -1;
    if (flock(file, LOCK_EX | LOCK_NB) == 0) {
      if (IsSameFile(file, path)) {
        WriteHolder(file);
        return file;
      }
      close(file);
    } else if (errno == EWOULDBLOCK) {
      ReadHolder(file, holder, sizeof(holder));
      close(file);
      HeatFileFail(error,
                   "a run is writing into it (%s); wait for that one, or take another folder with "
                   "--output",
                   holder);
    } else {
      snprintf(notice, size, "%s cannot be locked (%s): start no other run in it meanwhile", dir,
               strerror(errno));
      close(file);
      unlink(path);
      break;
    }
  }
  return -1;
}

/* Raise the failure of rank 0 on all ranks.  Collective. */
static PetscErrorCode AgreeOnFolder(MPI_Comm comm, const char *dir, HeatFileError *error)
{
  PetscFunctionBeginUser;
  PetscCall(HeatFileShare(comm, error));
  HeatCheck(!error->failed, comm, HEAT_ERR_FILE, "%s cannot be used as the output folder: %s", dir,
            error->text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create the folder and lock it, unless this process holds the lock, and print a notice.  Rank 0
   alone. */
static PetscErrorCode Lock(const char *dir, int *lock, HeatFileError *error)
{
  char notice[2 * PETSC_MAX_PATH_LEN] = "";

  PetscFunctionBeginUser;
  if (*lock >= 0) PetscFunctionReturn(PETSC_SUCCESS);
  MakeFolders(dir, error);
  *lock = TakeLock(dir, notice, sizeof(notice), error);
  if (notice[0])
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "heat2d: note: %s\n", notice));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputDirectoryLock(MPI_Comm comm, const char *dir, PetscBool make, int *lock)
{
  HeatFileError error = {0};
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0 && (make || HeatFileExists(dir))) PetscCall(Lock(dir, lock, &error));
  PetscCall(AgreeOnFolder(comm, dir, &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatOutputDirectoryUnlock(const char *dir, int *lock)
{
  char path[PETSC_MAX_PATH_LEN];

  if (*lock < 0) return;
  snprintf(path, sizeof(path), "%s/.lock", dir);
  if (IsSameFile(*lock, path)) unlink(path);
  close(*lock);
  *lock = -1;
}

/* Return whether `file` is results.json in `dir`, by whatever path it is named.  Rank 0 alone. */
static PetscBool IsRecord(const char *dir, const char *file)
{
  char        path[PETSC_MAX_PATH_LEN];
  struct stat given, found;

  snprintf(path, sizeof path, "%s/results.json", dir);
  return (PetscBool)(stat(file, &given) == 0 && stat(path, &found) == 0 &&
                     given.st_dev == found.st_dev && given.st_ino == found.st_ino);
}

/* Create the folder and clear it for a run; print a line if an unfinished run was moved.  Rank 0
   alone. */
static PetscErrorCode Prepare(const char *dir, PetscBool restart, HeatFileError *error)
{
  char notice[2 * PETSC_MAX_PATH_LEN] = "";

  PetscFunctionBeginUser;
  MakeFolders(dir, error);
  if (restart) (void)MoveOrRemove(dir, IsPartOrResults, NULL, NULL, PETSC_FALSE, error);
  else if (!error->failed) PetscCall(ClearEarlierRun(dir, notice, sizeof(notice), error));
  if (notice[0]) PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "heat2d: %s\n", notice));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether every run must be able to write a file of this name. */
static PetscBool IsOfEveryRun(const char *name)
{
  static const char *const every[] = {"results.json", "snapshots.xdmf", "history.csv"};

  for (size_t k = 0; k < sizeof every / sizeof every[0]; k++)
    if (strcmp(name, every[k]) == 0) return PETSC_TRUE;
  return KindOf(name) == NAME_PART ? PETSC_TRUE : PETSC_FALSE;
}

/* Fail if a folder has a name under which every run must be able to write a file.  An output folder
   that does not exist has none. */
static void CheckNames(const char *dir, HeatFileError *error)
{
  DIR           *folder = opendir(dir);
  struct dirent *entry;

  while (folder && (entry = readdir(folder))) {
    char        path[PETSC_MAX_PATH_LEN];
    struct stat status;

    if (!IsOfEveryRun(entry->d_name)) continue;
    snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
    if (lstat(path, &status) == 0 && S_ISDIR(status.st_mode))
      HeatFileFail(error, "%s in it is a folder; move it away", entry->d_name);
  }
  if (folder) closedir(folder);
}

PetscErrorCode HeatOutputDirectoryPrepare(MPI_Comm comm, const char *dir, PetscBool restart)
{
  HeatFileError error = {0};
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    CheckNames(dir, &error);
    if (!error.failed) PetscCall(Prepare(dir, restart, &error));
  }
  PetscCall(AgreeOnFolder(comm, dir, &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Move all files of an earlier run into a new folder earlier_NNN/, and print a line if there are
   any.  Rank 0 alone. */
static PetscErrorCode MoveEarlier(const char *dir, HeatFileError *error)
{
  const PetscInt n = MoveOrRemove(dir, IsAny, NULL, NULL, PETSC_TRUE, error);
  char           aside[PETSC_MAX_PATH_LEN];
  PetscInt       moved;

  PetscFunctionBeginUser;
  if (n == 0 || error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  moved = SetAside(dir, "earlier", IsAny, NULL, aside, sizeof(aside), error);
  if (error->failed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(
      PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                   "heat2d: note: %s held the files of another run, or branch of it, than the "
                   "checkpoint's: they (%" PetscInt_FMT ") are now in %s\n",
                   dir, moved, aside));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputDirectoryStart(MPI_Comm comm, const char *dir, const char *case_file,
                                        PetscBool restart, PetscBool other, int *lock,
                                        PetscBool *is_record)
{
  struct {
    HeatFileError error;
    PetscBool     is_record;
  } found = {.is_record = PETSC_FALSE};
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    PetscCall(Lock(dir, lock, &found.error));
    if (!found.error.failed) CheckNames(dir, &found.error);
    if (other && !found.error.failed) PetscCall(MoveEarlier(dir, &found.error));
    found.is_record = IsRecord(dir, case_file);
    if (!found.error.failed) PetscCall(Prepare(dir, restart, &found.error));
  }
  PetscCallMPI(MPI_Bcast(&found, sizeof found, MPI_BYTE, 0, comm));
  *is_record = found.is_record;
  HeatCheck(!found.error.failed, comm, HEAT_ERR_FILE, "%s cannot be used as the output folder: %s",
            dir, found.error.text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOutputDirectoryRewind(MPI_Comm comm, const char *dir, PetscInt64 step)
{
  HeatFileError error = {0};
  char          aside[PETSC_MAX_PATH_LEN];
  PetscMPIInt   rank;
  PetscInt      n = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    n = MoveOrRemove(dir, IsLaterCheckpoint, &step, NULL, PETSC_TRUE, &error);
    if (n > 0)
      n = SetAside(dir, "abandoned", IsLaterCheckpoint, &step, aside, sizeof(aside), &error);
    (void)MoveOrRemove(dir, IsLaterManifest, &step, n > 0 ? aside : NULL, PETSC_FALSE, &error);
    (void)MoveOrRemove(dir, IsLaterSnapshot, &step, NULL, PETSC_FALSE, &error);
  }
  PetscCall(AgreeOnFolder(comm, dir, &error));
  if (n > 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: %" PetscInt_FMT
                           " checkpoints later than step %lld are now in %s\n",
                           n, (long long)step, aside));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
