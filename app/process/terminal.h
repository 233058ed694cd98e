/** Whether what rank 0 prints ends on a terminal, also through a launcher. */
#ifndef HEAT_APP_TERMINAL_H
#define HEAT_APP_TERMINAL_H

#include <petscsys.h>

/** mpiexec hands the ranks pipes and prints what comes out of them itself; then the question is
 *  whether the launcher's own output is a terminal.  PETSC_FALSE when in doubt.  Not collective. */
PetscBool HeatTerminalReached(void);

#endif
