/** Polling of an interrupt (interrupt.h). */
#include "solver/base/interrupt.h"

PetscErrorCode HeatInterruptPoll(HeatInterrupt *interrupt, PetscBool *stop)
{
  PetscFunctionBeginUser;
  *stop = PETSC_FALSE;
  if (!interrupt) PetscFunctionReturn(PETSC_SUCCESS);
  if (!interrupt->stopped) PetscCall(interrupt->ask(interrupt->context, &interrupt->stopped));
  *stop = interrupt->stopped;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInterruptDecided(const HeatInterrupt *interrupt)
{
  return interrupt && interrupt->stopped ? HEAT_STOPPED : PETSC_SUCCESS;
}

PetscErrorCode HeatInterruptPollOrReturn(HeatInterrupt *interrupt)
{
  PetscBool stop;

  PetscFunctionBeginUser;
  PetscCall(HeatInterruptPoll(interrupt, &stop));
  PetscFunctionReturn(stop ? HEAT_STOPPED : PETSC_SUCCESS);
}
