/** Terminal detection (see terminal.h).
 *
 * Go up from this process through its ancestors, read from /proc, as long as they are MPI
 * launchers, and look at the standard output of the topmost one.  Without /proc only a terminal of
 * this process itself counts. */
#define _DEFAULT_SOURCE
#include "app/process/terminal.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* Read name and parent of a process from /proc.  Return 1, or 0 if they cannot be read. */
static int ReadProcess(long pid, char name[64], long *parent)
{
  char  path[64];
  FILE *file;
  int   found;

  (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
  file = fopen(path, "r");
  if (!file) return 0;
  found = fscanf(file, "%*d (%63[^)]) %*c %ld", name, parent);
  (void)fclose(file);
  return found == 2;
}

/* Return whether a process name begins with that of a launcher of MPICH (hydra, mpiexec), Open MPI
   (mpirun, orted, prte, prun), or of timeout, under which jobs are run. */
static PetscBool IsLauncher(const char *name)
{
  static const char *const launchers[] = {"hydra", "mpiexec", "mpirun", "orted",
                                          "prte",  "prun",    "timeout"};

  for (size_t k = 0; k < sizeof launchers / sizeof launchers[0]; k++) {
    if (strncmp(name, launchers[k], strlen(launchers[k])) == 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Store the device of the terminal on which the standard output of a process appears.  Return
   whether it is a terminal, by the name of its device. */
static PetscBool TerminalOf(long pid, char device[64])
{
  char    path[64];
  ssize_t length;

  (void)snprintf(path, sizeof path, "/proc/%ld/fd/1", pid);
  length = readlink(path, device, 63);
  if (length <= 0) return PETSC_FALSE;
  device[length] = '\0';
  return (strncmp(device, "/dev/pts/", 9) == 0 || strncmp(device, "/dev/tty", 8) == 0)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Return the topmost launcher above this process, 0 if there is none. */
static long Launcher(void)
{
  /* Launchers between this process and the shell.  Chosen: those beyond it are not seen. */
  enum { DEEPEST = 8 };
  long launcher = 0, pid = (long)getppid();

  for (int level = 0; level < DEEPEST; level++) {
    char name[64];
    long parent;

    if (!ReadProcess(pid, name, &parent) || !IsLauncher(name)) break;
    launcher = pid;
    pid      = parent;
  }
  return launcher;
}

PetscBool HeatTerminalReached(void)
{
  char       device[64];
  const long launcher = Launcher();

  if (isatty(STDOUT_FILENO)) return PETSC_TRUE;
  return launcher ? TerminalOf(launcher, device) : PETSC_FALSE;
}

int HeatTerminalColumns(void)
{
  enum { USUAL = 80 }; /* chosen: the width of most terminals, if it is not known */
  const long     launcher = Launcher();
  struct winsize size     = {0};
  char           device[64];
  int            file;

  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  if (!launcher || !TerminalOf(launcher, device)) return USUAL;
  file = open(device, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (file < 0) return USUAL;
  if (ioctl(file, TIOCGWINSZ, &size) != 0) size.ws_col = 0;
  (void)close(file);
  return size.ws_col > 0 ? size.ws_col : USUAL;
}
