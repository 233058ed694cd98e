/* Make one call of one rank fail, as a failing disk or the loss of a node does.
 *
 * This library is preloaded into the ranks and wraps the calls that write a file.  Environment
 * variables choose the call:
 *   HEAT2D_FAULT=nth:action[:rank]  the nth of these calls, from 1, on this rank or on all ranks
 *   HEAT2D_FAULT_PATH=word          counts only calls on paths that contain this word, and the
 *                                   fsync of the folder that follows the rename of such a path
 *   HEAT2D_FAULT_LOG=file           appends a line `rank call path` to the file for each call
 *   HEAT2D_FAULT_OPENS=1            an open of such a path is one of these calls, too
 *   HEAT2D_FAULT_HOLD=file          the first of these calls after the file exists waits until the
 *                                   file with .go appended to its name exists, for a minute at most
 * Actions:
 *   EIO, ENOSPC, EINTR  the call fails with this errno, once
 *   short               a write writes half of its bytes; other calls are not changed
 *   flip                a write changes one bit of its middle byte; other calls are not changed
 *   slow                the call takes 1.5 s longer
 *   stop                this process stops before the call, as with SIGSTOP
 *   kill                this process is killed before the call
 *   killothers          the other ranks of this node are killed before the call
 *   killall             all ranks of this node are killed before the call
 * The wrappers make system calls (64-bit Linux).  Calls that the C library makes internally are
 * not wrapped. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void SleepAsSlowDisk(void)
{
  const struct timespec pause = {1, 500000000};

  nanosleep(&pause, NULL);
}

enum { PATH_BYTES = 4096, FLIP_BYTES = 1 << 20, SHORT_WRITE = -1, FLIPPED_WRITE = -2 };

static int seen;    /* matching calls so far */
static int renamed; /* whether a matching path was renamed and its folder is not synced yet */

static void KillOthers(void)
{
  char  path[64];
  FILE *children;
  int   pid;

  snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)getppid(), (int)getppid());
  children = fopen(path, "r");
  while (children && fscanf(children, "%d", &pid) == 1) {
    if (pid != getpid()) kill(pid, SIGKILL);
  }
  if (children) fclose(children);
}

static void Log(const char *rank, const char *call, const char *path)
{
  const char *log = getenv("HEAT2D_FAULT_LOG");
  char        line[PATH_BYTES + 64];
  int         file;

  if (!log) return;
  snprintf(line, sizeof(line), "%s %s %s\n", rank, call, path);
  file = (int)syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (syscall(SYS_write, file, line, strlen(line)) < 0) abort();
  syscall(SYS_close, file);
}

/* Wait as HEAT2D_FAULT_HOLD says. */
static void Hold(void)
{
  static int            held;
  const char           *file  = getenv("HEAT2D_FAULT_HOLD");
  const struct timespec pause = {0, 10000000};
  char                  go[PATH_BYTES + 4];

  if (!file || held || access(file, F_OK) != 0) return;
  held = 1;
  snprintf(go, sizeof(go), "%s.go", file);
  for (int k = 0; k < 6000 && access(go, F_OK) != 0; k++) nanosleep(&pause, NULL);
}

/* Count and log a call, and do what HEAT2D_FAULT asks for.  Return 0 if the call is to be made, the
   errno with which it is to fail, SHORT_WRITE or FLIPPED_WRITE. */
static int Fault(const char *call, const char *path, int folder)
{
  const char *word = getenv("HEAT2D_FAULT_PATH"), *fault = getenv("HEAT2D_FAULT");
  const char *rank = getenv("PMI_RANK") ? getenv("PMI_RANK") : getenv("PMIX_RANK");
  char        action[16];
  int         nth, which = -1;

  if (!word || !rank || (!strstr(path, word) && !folder)) return 0;
  Log(rank, call, path);
  Hold();
  if (!fault || sscanf(fault, "%d:%15[^:]:%d", &nth, action, &which) < 2) return 0;
  if (which >= 0 && which != atoi(rank)) return 0;
  if (++seen != nth) return 0;
  if (strcmp(action, "killothers") == 0 || strcmp(action, "killall") == 0) KillOthers();
  if (strcmp(action, "kill") == 0 || strcmp(action, "killall") == 0) kill(getpid(), SIGKILL);
  if (strcmp(action, "stop") == 0) kill(getpid(), SIGSTOP);
  if (strcmp(action, "killothers") == 0 || strcmp(action, "stop") == 0) return 0;
  if (strcmp(action, "slow") == 0) {
    SleepAsSlowDisk();
    return 0;
  }
  if (strcmp(action, "short") == 0) return strstr(call, "write") ? SHORT_WRITE : 0;
  if (strcmp(action, "flip") == 0) return strstr(call, "write") ? FLIPPED_WRITE : 0;
  if (strcmp(action, "EIO") == 0) return EIO;
  if (strcmp(action, "ENOSPC") == 0) return ENOSPC;
  if (strcmp(action, "EINTR") == 0) return EINTR;
  fprintf(stderr, "faults: there is no action %s\n", action);
  abort();
}

static int FaultOfFile(const char *call, int file)
{
  const int   before = errno;
  char        link[64], path[PATH_BYTES];
  struct stat status;
  ssize_t     length;
  int         folder = 0, fault;

  if (!getenv("HEAT2D_FAULT_PATH")) return 0;
  snprintf(link, sizeof(link), "/proc/self/fd/%d", file);
  length = readlink(link, path, sizeof(path) - 1);
  if (length < 0) length = 0;
  path[length] = 0;
  if (renamed && strcmp(call, "fsync") == 0 && fstat(file, &status) == 0 &&
      S_ISDIR(status.st_mode)) {
    renamed = 0;
    folder  = 1;
  }
  fault = Fault(call, path, folder);
  errno = before;
  return fault;
}

static int Failed(int reason)
{
  errno = reason;
  return -1;
}

static ssize_t Write(const char *call, int file, const void *data, size_t size, off_t offset)
{
  static char flipped[FLIP_BYTES];
  const int   fault = FaultOfFile(call, file);

  if (fault > 0) return Failed(fault);
  if (fault == SHORT_WRITE) size = (size + 1) / 2;
  if (fault == FLIPPED_WRITE && size > 0 && size <= sizeof(flipped)) {
    memcpy(flipped, data, size);
    flipped[size / 2] ^= 4;
    data = flipped;
  }
  if (strcmp(call, "write") == 0) return syscall(SYS_write, file, data, size);
  return syscall(SYS_pwrite64, file, data, size, offset);
}

static int Sync(const char *call, long number, int file)
{
  const int fault = FaultOfFile(call, file);

  return fault ? Failed(fault) : (int)syscall(number, file);
}

ssize_t write(int file, const void *data, size_t size)
{
  return Write("write", file, data, size, 0);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t offset)
{
  return Write("pwrite", file, data, size, offset);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t offset)
{
  return Write("pwrite", file, data, size, offset);
}

static int Open(const char *path, int flags, va_list arguments)
{
  const int mode  = flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, int) : 0;
  const int fault = getenv("HEAT2D_FAULT_OPENS") ? Fault("open", path, 0) : 0;

  return fault > 0 ? Failed(fault) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
  va_list arguments;
  int     file;

  va_start(arguments, flags);
  file = Open(path, flags, arguments);
  va_end(arguments);
  return file;
}

int open64(const char *path, int flags, ...)
{
  va_list arguments;
  int     file;

  va_start(arguments, flags);
  file = Open(path, flags, arguments);
  va_end(arguments);
  return file;
}

int fsync(int file) { return Sync("fsync", SYS_fsync, file); }

int fdatasync(int file) { return Sync("fdatasync", SYS_fdatasync, file); }

/* Close the file even if a failure is returned, as Linux does. */
int close(int file)
{
  const int fault  = FaultOfFile("close", file);
  const int closed = (int)syscall(SYS_close, file);

  return fault ? Failed(fault) : closed;
}

int rename(const char *from, const char *to)
{
  const int fault = Fault("rename", to, 0);
  int       done;

  if (fault) return Failed(fault);
  done = (int)syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to);
  if (done == 0 && getenv("HEAT2D_FAULT_PATH") && strstr(to, getenv("HEAT2D_FAULT_PATH")))
    renamed = 1;
  return done;
}

int unlink(const char *path)
{
  const int fault = Fault("unlink", path, 0);

  return fault ? Failed(fault) : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

int fallocate(int file, int mode, off_t start, off_t length)
{
  const int fault = FaultOfFile("fallocate", file);

  return fault ? Failed(fault) : (int)syscall(SYS_fallocate, file, mode, start, length);
}

int fallocate64(int file, int mode, off64_t start, off64_t length)
{
  return fallocate(file, mode, start, length);
}

int ftruncate(int file, off_t length)
{
  const int fault = FaultOfFile("ftruncate", file);

  return fault ? Failed(fault) : (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

int truncate(const char *path, off_t length)
{
  const int fault = Fault("truncate", path, 0);

  return fault ? Failed(fault) : (int)syscall(SYS_truncate, path, length);
}

int truncate64(const char *path, off64_t length) { return truncate(path, length); }
