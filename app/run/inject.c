/** Fault injection for tests (inject.h). */
#include "app/run/inject.h"

#include <stdio.h>
#include <stdlib.h>

/* Parse the value of HEAT2D_INJECT.
   @param[out] valid  whether the text has the form of such a value */
static PetscErrorCode Parse(HeatInject *in, const char *text, PetscBool *valid)
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
  *valid      = n >= 4 && *end == '\0' && step > 0 ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInjectStart(HeatInject *in, const HeatGrid *grid, const char *text)
{
  PetscBool valid;

  PetscFunctionBeginUser;
  if (!text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Parse(in, text, &valid));
  HeatCheck(
      valid, grid->comm, HEAT_ERR_INPUT,
      "HEAT2D_INJECT must be STEP:I:J:VALUE[:TIMES[:MEMORY]]; it is for tests only, unset it");
  if (in->times > 0 && grid->rank == 0)
    (void)fprintf(stderr, "heat2d: note: a fault is injected on purpose: HEAT2D_INJECT=%s\n", text);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatInjectIsAt(const HeatInject *in, PetscInt64 step)
{
  return step == in->step ? PETSC_TRUE : PETSC_FALSE;
}

/* Write the value into the cell of a field, on the rank that owns the cell. */
static PetscErrorCode SetCell(const HeatInject *in, const HeatGrid *g, Vec field)
{
  const PetscInt i = in->cell[0] - g->xs, j = in->cell[1] - g->ys;
  PetscReal     *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArray(field, &values));
  if (i >= 0 && i < g->nxl && j >= 0 && j < g->nyl) values[j * g->nxl + i] = in->value;
  PetscCall(VecRestoreArray(field, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInjectStep(HeatInject *in, HeatRunState *state)
{
  HeatStepperMemory memory;

  PetscFunctionBeginUser;
  if (in->times <= 0 || state->clock.step != in->step) PetscFunctionReturn(PETSC_SUCCESS);
  in->times--;
  if (in->memory < 0) {
    PetscCall(SetCell(in, state->grid, state->T));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatStepperSave(state->stepper, &memory));
  if (in->memory < memory.n_fields) PetscCall(SetCell(in, state->grid, memory.fields[in->memory]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
