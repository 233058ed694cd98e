/** Terminal detection (see terminal.h).
 *
 * Go up from this process through its ancestors, read from /proc, as long as they are MPI
 * launchers, and look at the standard output of the topmost one.  Without /proc only a terminal of
 * this process itself counts. */
#define _POSIX_C_SOURCE 200809L
#include "app/process/terminal.h"

#include <stdio.h>
#include <string.h>
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

/* Return whether the standard output of a process is a terminal, by the name of its device. */
static PetscBool WritesToTerminal(long pid)
{
  char    path[64], target[64];
  ssize_t length;

  (void)snprintf(path, sizeof path, "/proc/%ld/fd/1", pid);
  length = readlink(path, target, sizeof target - 1);
  if (length <= 0) return PETSC_FALSE;
  target[length] = '\0';
  return (strncmp(target, "/dev/pts/", 9) == 0 || strncmp(target, "/dev/tty", 8) == 0)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

PetscBool HeatTerminalReached(void)
{
  /* Launchers between this process and the shell.  Chosen: beyond it the answer is false. */
  enum { DEEPEST = 8 };
  long launcher = 0, pid = (long)getppid();

  if (isatty(STDOUT_FILENO)) return PETSC_TRUE;
  for (int level = 0; level < DEEPEST; level++) {
    char name[64];
    long parent;

    if (!ReadProcess(pid, name, &parent) || !IsLauncher(name)) break;
    launcher = pid;
    pid      = parent;
  }
  return launcher ? WritesToTerminal(launcher) : PETSC_FALSE;
}
