/** Text files for all ranks.
 *
 *  Only rank 0 opens the file, because a file that every rank of a large job opens overloads the
 *  file system.  It broadcasts whether it failed, the length and the first bytes in one message,
 *  and the other bytes of a longer file in a second one; so every rank raises the same error.
 */
#define _POSIX_C_SOURCE 200809L
#include "io/file/text_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "solver/base/monotonic.h"

/* [bytes] Both chosen.  MOST_BYTES bounds the memory that a text takes on every rank; it holds
 * about a million lines "time,value" of a table.  FIRST_BYTES is the first allocation on rank 0,
 * which doubles while the file is longer; a smaller one means more reallocations. */
enum { MOST_BYTES = 16 * 1024 * 1024, FIRST_BYTES = 65536 };

/* Both chosen.  WRITER_SECONDS [s] is how long another program has to open a pipe for writing; a
 * shell that starts both does so in less than a second.  LOOK_MILLISECONDS [ms] is the time between
 * two looks. */
enum { WRITER_SECONDS = 10, LOOK_MILLISECONDS = 20 };

/* Failures besides the positive values of errno. */
enum { TOO_LARGE = -1, PIPE_OR_DEVICE = -2, NO_WRITER = -3 };

/* The first message.  Its size is chosen: most cases fit into it, and MPI sends it as fast as a
   much shorter one. */
typedef struct {
  PetscInt64 failed; /* 0, errno, or a failure of the enumeration */
  PetscInt64 length; /* of the file */
  char       begin[8176];
} Beginning;

/* Open a file without waiting; *failed is 0, errno or PIPE_OR_DEVICE, *pipe is whether it is a
 * pipe.  Unless `pipes`, only a regular file or a folder is accepted: reading a folder fails with
 * EISDIR, whose text is a good message. */
static int Open(const char *path, PetscBool pipes, PetscBool *pipe, int *failed)
{
  const int   file   = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat status = {0};

  *failed = 0;
  if (file < 0) *failed = errno == ENXIO ? PIPE_OR_DEVICE : errno;
  else if (fstat(file, &status) != 0) *failed = errno;
  else if (!pipes && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) *failed = PIPE_OR_DEVICE;
  *pipe = (PetscBool)(!*failed && S_ISFIFO(status.st_mode));
  if (!*failed && isatty(file)) (void)fcntl(file, F_SETFL, 0); /* reading waits for the user */
  if (!*failed) return file;
  if (file < 0) return -1;
  close(file);
  return -1;
}

/* Read up to `size` bytes, and wait for the bytes of a pipe; return their number, 0 at the end.
 * *failed is 0, errno or NO_WRITER.  A pipe that no program has opened for writing seems to be at
 * its end, but poll does not report that its writers have closed it. */
static size_t ReadSome(int file, PetscBool pipe, char *bytes, size_t size, int *failed)
{
  const double  until = HeatMonotonicTime() + WRITER_SECONDS;
  struct pollfd look  = {.fd = file, .events = POLLIN};

  for (;;) {
    const ssize_t n     = read(file, bytes, size);
    const int     error = n < 0 ? errno : 0;

    if (n > 0) return (size_t)n;
    if (error == EINTR) continue;
    if (error && !(pipe && error == EAGAIN)) *failed = error;
    if (*failed || (n == 0 && !pipe)) return 0;
    if (n < 0) {
      (void)poll(&look, 1, -1); /* a writer is there */
      continue;
    }
    if (poll(&look, 1, 0) != 0) return 0;
    if (HeatMonotonicTime() > until) *failed = NO_WRITER;
    (void)poll(NULL, 0, LOOK_MILLISECONDS);
  }
}

/* Read a whole file and append a NUL.  *failed is 0, errno, or a failure of the enumeration; *text
 * is allocated in every case.  `pipes`: read pipes and devices, too. */
static PetscErrorCode ReadBytes(const char *path, PetscBool pipes, char **text, size_t *length,
                                int *failed)
{
  size_t    size = FIRST_BYTES, n = 1;
  PetscBool pipe;
  const int file = Open(path, pipes, &pipe, failed);

  PetscFunctionBeginUser;
  *length = 0;
  PetscCall(PetscMalloc1(size, text));
  while (!*failed && n > 0) {
    n = ReadSome(file, pipe, *text + *length, size - 1 - *length, failed);
    *length += n;
    if (*length > MOST_BYTES) *failed = TOO_LARGE;
    else if (*length == size - 1) {
      size *= 2;
      PetscCall(PetscRealloc(size, text));
    }
  }
  if (file >= 0) close(file);
  (*text)[*length] = '\0';
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatTextRead(MPI_Comm comm, const char *path, PetscErrorCode code, const char *what,
                            char **text, size_t *length)
{
  Beginning   b;
  PetscMPIInt rank;
  int         failed = 0;

  PetscFunctionBeginUser;
  *text = NULL;
  PetscCall(PetscMemzero(&b, sizeof b));
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) {
    /* The case file may be a pipe, which a shell makes for: heat2d <(...). */
    PetscCall(ReadBytes(path, (PetscBool)(code == HEAT_ERR_INPUT), text, length, &failed));
    b.failed = failed;
    b.length = (PetscInt64)*length;
    memcpy(b.begin, *text, PetscMin(*length, sizeof b.begin));
  }
  PetscCallMPI(MPI_Bcast(&b, sizeof b, MPI_BYTE, 0, comm));
  HeatCheck(b.failed != PIPE_OR_DEVICE, comm, code,
            "%s: cannot be read: it is a pipe or a device; give the name of %s", path, what);
  HeatCheck(b.failed != NO_WRITER, comm, code,
            "%s: cannot be read: it is a pipe, and no program has opened it for writing in %d s; "
            "give the name of %s, or start that program first",
            path, WRITER_SECONDS, what);
  HeatCheck(b.failed != TOO_LARGE, comm, code, "%s: larger than %d MiB; this is not %s", path,
            MOST_BYTES / (1024 * 1024), what);
  HeatCheck(b.failed == 0, comm, code, "%s: cannot be read: %s; give the name of %s", path,
            strerror((int)b.failed), what);
  *length = (size_t)b.length;
  if (rank != 0) {
    PetscCall(PetscMalloc1(*length + 1, text));
    memcpy(*text, b.begin, PetscMin(*length, sizeof b.begin));
    (*text)[*length] = '\0';
  }
  if (*length > sizeof b.begin)
    PetscCallMPI(
        MPI_Bcast(*text + sizeof b.begin, (int)(*length - sizeof b.begin), MPI_CHAR, 0, comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}
