/** The state of a run besides its temperature (checkpoint_state.h). */
#include "io/run_files/checkpoint_state.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

PetscErrorCode HeatCheckpointStateClear(HeatCheckpointState *state)
{
  PetscFunctionBeginUser;
  for (PetscInt f = 0; f < state->n_fields; f++) PetscCall(PetscFree(state->fields[f].block));
  PetscCall(PetscFree(state->snapshots));
  PetscCall(PetscFree(state->case_text));
  PetscCall(PetscFree(state->case_keys));
  PetscCall(PetscFree(state->tables));
  memset(state, 0, sizeof(*state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointStateSetSum(HeatCheckpointState *state, const char *name, double value)
{
  PetscInt i = 0;

  PetscFunctionBeginUser;
  while (i < state->n_sums && strcmp(state->sums[i].name, name) != 0) i++;
  PetscCheck(i < HEAT_CHECKPOINT_SUMS && strlen(name) < sizeof(state->sums[i].name),
             PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "a checkpoint has no room for the sum %s",
             name);
  if (i == state->n_sums) state->n_sums++;
  snprintf(state->sums[i].name, sizeof(state->sums[i].name), "%s", name);
  state->sums[i].value = value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

double HeatCheckpointStateGetSum(const HeatCheckpointState *state, const char *name,
                                 double fallback)
{
  for (PetscInt i = 0; i < state->n_sums; i++) {
    if (strcmp(state->sums[i].name, name) == 0) return state->sums[i].value;
  }
  return fallback;
}

PetscErrorCode HeatCheckpointStateSetField(HeatCheckpointState *state, const char *name,
                                           PetscReal *block)
{
  PetscInt f = 0;

  PetscFunctionBeginUser;
  while (f < state->n_fields && strcmp(state->fields[f].name, name) != 0) f++;
  PetscCheck(f < HEAT_CHECKPOINT_FIELDS && strlen(name) < sizeof(state->fields[f].name),
             PETSC_COMM_SELF, PETSC_ERR_ARG_OUTOFRANGE, "a checkpoint has no room for the field %s",
             name);
  if (f == state->n_fields) state->n_fields++;
  snprintf(state->fields[f].name, sizeof(state->fields[f].name), "%s", name);
  state->fields[f].block = block;
  PetscFunctionReturn(PETSC_SUCCESS);
}

const PetscReal *HeatCheckpointStateGetField(const HeatCheckpointState *state, const char *name)
{
  for (PetscInt f = 0; f < state->n_fields; f++) {
    if (strcmp(state->fields[f].name, name) == 0) return state->fields[f].block;
  }
  return NULL;
}

PetscBool HeatCheckpointStateSameSums(const HeatCheckpointState *a, const HeatCheckpointState *b)
{
  for (PetscInt i = 0; i < a->n_sums; i++) {
    const double back = HeatCheckpointStateGetSum(b, a->sums[i].name, NAN);

    if (memcmp(&back, &a->sums[i].value, sizeof(back)) != 0) return PETSC_FALSE;
  }
  return a->n_sums == b->n_sums ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatCheckpointSameText(const char *a, const char *b)
{
  return strcmp(a ? a : "", b ? b : "") == 0 ? PETSC_TRUE : PETSC_FALSE;
}
