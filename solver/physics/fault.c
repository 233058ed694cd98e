/** Faults: the first one of all ranks, and its message. */
#include "solver/physics/fault.h"

#include <math.h>
#include <stdio.h>

void HeatFaultAtCell(HeatFault *f, const HeatGrid *g)
{
  f->x    = HeatGridX(g, (PetscInt)(f->place % g->nx));
  f->y    = HeatGridY(g, (PetscInt)(f->place / g->nx));
  f->of_T = f->of_t = PETSC_FALSE;
}

void HeatFaultOfTemperature(HeatFault *f, const HeatCase *c)
{
  char            reason[100];
  const PetscReal zero = HeatCaseAbsoluteZero(c, reason, sizeof reason);

  snprintf(f->what, sizeof f->what, "the temperature");
  snprintf(f->unit, sizeof f->unit, "%.15s", c->output.temperature_unit);
  if (f->value < zero)
    snprintf(f->rule, sizeof f->rule, "it must be at least %g, the absolute zero: %s", zero,
             reason);
  else if (isfinite(f->value))
    snprintf(f->rule, sizeof f->rule, "its magnitude must be at most %g", HEAT_LARGEST);
  else snprintf(f->rule, sizeof f->rule, "it must be finite");
}

PetscErrorCode HeatFaultReduce(MPI_Comm comm, HeatFault *f)
{
  PetscInt64  count, first = f->count ? f->place : INT64_MAX, least;
  PetscMPIInt rank, size, mine, owner;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Allreduce(&f->count, &count, 1, MPIU_INT64, MPI_SUM, comm));
  f->count = count;
  if (count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCallMPI(MPI_Allreduce(&first, &least, 1, MPIU_INT64, MPI_MIN, comm));
  mine = first == least ? rank : size;
  PetscCallMPI(MPI_Allreduce(&mine, &owner, 1, MPI_INT, MPI_MIN, comm));
  PetscCallMPI(MPI_Bcast(f, (PetscMPIInt)sizeof *f, MPI_BYTE, owner, comm));
  f->count = count;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFaultRaise(MPI_Comm comm, const HeatCase *c, PetscErrorCode code,
                              const char *when, HeatFault *f)
{
  char where[400], at_T[40] = "", at_t[40] = "", all[48] = "";

  PetscFunctionBeginUser;
  PetscCall(HeatFaultReduce(comm, f));
  if (f->count == 0) PetscFunctionReturn(PETSC_SUCCESS);
  if (PetscIsNanReal(f->value)) f->value = PetscAbsReal(f->value); /* prints as nan, not -nan */
  if (f->of_T) snprintf(at_T, sizeof at_T, " at T = %.6g", f->T);
  if (f->of_t) snprintf(at_t, sizeof at_t, " at t = %.6g s", f->t);
  if (f->count > 1)
    snprintf(all, sizeof all, ", the first of %lld such values", (long long)f->count);
  return HeatRaiseHere(comm, code, "%s%s: %s%s%s is %.6g%s%s%s%s at x = %.6g, y = %.6g m%s; %s%s",
                       HeatCaseLocate(c, f->path, where, sizeof where), f->path, when,
                       when[0] ? ": " : "", f->what, f->value, f->unit[0] ? " " : "", f->unit, at_T,
                       at_t, f->x, f->y, all, f->rule,
                       code == HEAT_ERR_NUMERICS && f->of_T ? ", or steps must be shorter" : "");
}

PetscErrorCode HeatFaultRaiseUnlessNumbers(MPI_Comm comm, const HeatCase *c, PetscBool numbers,
                                           HeatFault *f)
{
  PetscFunctionBeginUser;
  if (numbers)
    PetscCheck(f->count == 0, PETSC_COMM_SELF, PETSC_ERR_PLIB,
               "%s: a number that the validation has accepted is invalid: %g", f->path, f->value);
  else PetscCall(HeatFaultRaise(comm, c, HEAT_ERR_INPUT, "", f));
  PetscFunctionReturn(PETSC_SUCCESS);
}
