/** Find out whether the output of rank 0 appears on a terminal, also behind an MPI launcher. */
#ifndef HEAT_APP_TERMINAL_H
#define HEAT_APP_TERMINAL_H

#include <petscsys.h>

/** Return whether this process's standard output appears on a terminal.  mpiexec gives each rank a
 *  pipe and prints what it reads there, so behind a launcher the launcher's standard output counts.
 *  Return PETSC_FALSE in doubt.  Not collective. */
PetscBool HeatTerminalReached(void);

/** Return the width of that terminal in characters; 80 where it is not known.  Not collective. */
int HeatTerminalColumns(void);

#endif
