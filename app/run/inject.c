/* Faults on purpose (see the header).  Rank 0's environment counts. */
#include "app/run/inject.h"

#include <stdio.h>
#include <stdlib.h>

static PetscErrorCode Parse(HeatInject *in, const char *text, PetscBool *sense)
{
  long long step = -1, i = -1, j = -1, times = 1, memory = -1;
  char      value[32] = "", *end;
  const int n = sscanf(text, "%lld:%lld:%lld:%31[^:]:%lld:%lld", &step, &i, &j, value, &times,
                       &memory);

  PetscFunctionBeginUser;
  in->step    = step;
  in->cell[0] = (PetscInt)i;
  in->cell[1] = (PetscInt)j;
  in->value   = strtod(value, &end);
  in->times   = (PetscInt)times;
  in->memory  = (PetscInt)memory;
  *sense      = n >= 4 && *end == '\0' && step > 0 ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInjectStart(HeatSimulation *sim)
{
  const char *text  = getenv("HEAT2D_INJECT");
  PetscBool   sense = PETSC_TRUE;
  MPI_Comm    comm  = sim->grid->comm;

  PetscFunctionBeginUser;
  if (sim->grid->rank == 0 && text) PetscCall(Parse(&sim->inject, text, &sense));
  PetscCallMPI(MPI_Bcast(&sim->inject, (int)sizeof sim->inject, MPI_BYTE, 0, comm));
  PetscCallMPI(MPI_Bcast(&sense, 1, MPIU_BOOL, 0, comm));
  HeatCheck(
      sense, comm, HEAT_ERR_INPUT,
      "HEAT2D_INJECT must be STEP:I:J:VALUE[:TIMES[:MEMORY]]; it is for tests only, unset it");
  if (sim->inject.times > 0 && sim->grid->rank == 0)
    (void)fprintf(stderr, "heat2d: note: a fault is injected on purpose: HEAT2D_INJECT=%s\n", text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Where this rank has the cell. */
static PetscErrorCode Put(const HeatSimulation *sim, Vec field)
{
  const HeatGrid *g = sim->grid;
  const PetscInt  i = sim->inject.cell[0] - g->xs, j = sim->inject.cell[1] - g->ys;
  PetscReal      *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(field, &values));
  if (i >= 0 && i < g->nxl && j >= 0 && j < g->nyl) values[j * g->nxl + i] = sim->inject.value;
  PetscCall(VecRestoreArray(field, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInjectStep(HeatSimulation *sim)
{
  HeatInject       *in = &sim->inject;
  HeatStepperMemory memory;

  PetscFunctionBeginUser;
  if (in->times <= 0 || sim->clock.step != in->step) PetscFunctionReturn(PETSC_SUCCESS);
  in->times--;
  if (in->memory < 0) {
    PetscCall(Put(sim, sim->T));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatStepperSave(sim->stepper, &memory));
  if (in->memory < memory.n_fields) PetscCall(Put(sim, memory.fields[in->memory]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
