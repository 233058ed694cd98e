/* Checkpoints' contents (see the header).  Numbers go by name, so that a checkpoint of an older
 * heat2d lacks some and is still understood. */
#include "app/run/restart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/case_file/case_compare.h"

enum { MOST_DIFFERENCES = 10 }; /* that are told one by one */

/* Of a number or a field that the stepper remembers. */
static void MemoryName(int k, char *name, size_t size)
{
  (void)snprintf(name, size, "memory_%d", k);
}

/* Into a checkpoint. */

static PetscErrorCode FillNumbers(HeatSimulation *sim, const HeatStepperMemory *memory,
                                  HeatCheckpointState *state)
{
  PetscReal sums[HEAT_ENERGY_SUMS], clock[HEAT_CLOCK_NUMBERS];
  char      name[48];

  PetscFunctionBeginUser;
  PetscCall(HeatEnergySave(&sim->energy, sim->op, sums));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    PetscCall(HeatCheckpointStateSetSum(state, HeatEnergySumNames[k], sums[k]));
  HeatClockSave(&sim->clock, clock);
  for (int k = 0; k < HEAT_CLOCK_NUMBERS; k++)
    PetscCall(HeatCheckpointStateSetSum(state, HeatClockNumberNames[k], clock[k]));
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    if (memory->numbers[k] == 0.0) continue;
    MemoryName(k, name, sizeof name);
    PetscCall(HeatCheckpointStateSetSum(state, name, memory->numbers[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartFill(HeatSimulation *sim, HeatStepperMemory *memory,
                               HeatCheckpointState *state)
{
  const HeatSnapshotEntry *entries;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(state, sizeof *state));
  PetscCall(HeatStepperSave(sim->stepper, memory));
  state->step      = sim->clock.step;
  state->time      = sim->clock.time;
  state->step_size = sim->clock.dt;
  HeatCaseSchemeName(sim->c, state->scheme, sizeof state->scheme);
  PetscCall(FillNumbers(sim, memory, state));
  for (PetscInt k = 0; k < memory->n_fields; k++) {
    const PetscReal *block;
    char             name[48];

    MemoryName((int)k, name, sizeof name);
    PetscCall(VecGetArrayRead(memory->fields[k], &block));
    PetscCall(HeatCheckpointStateSetField(state, name, (PetscReal *)block)); /* borrowed */
  }
  HeatSnapshotsGetList(sim->snapshots, &state->n_snapshots, &entries);
  state->snapshots = (HeatSnapshotEntry *)entries; /* likewise */
  state->case_text = sim->c->text;
  state->case_keys = sim->c->keys;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartRelease(HeatStepperMemory *memory, HeatCheckpointState *state)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < memory->n_fields; k++) {
    const PetscReal *block = state->fields[k].block;

    PetscCall(VecRestoreArrayRead(memory->fields[k], &block));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Out of a checkpoint. */

PetscErrorCode HeatRestartRead(HeatSimulation *sim)
{
  PetscBool  latest;
  PetscReal *T;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(sim->c->time.scheme != HEAT_SCHEME_STEADY, sim->grid->comm, sim->c,
                   "time.scheme",
                   "a steady case has no time steps to continue; run it without --restart");
  PetscCall(PetscStrcmp(sim->options->restart, "latest", &latest));
  PetscCall(VecGetArrayWrite(sim->T, &T));
  if (latest) {
    PetscCall(HeatCheckpointReadLatest(sim->grid, sim->c->output.directory, sim->restarted_from,
                                       sizeof sim->restarted_from, &sim->resumed, T));
  } else {
    PetscCall(PetscStrncpy(sim->restarted_from, sim->options->restart, sizeof sim->restarted_from));
    PetscCall(HeatCheckpointRead(sim->grid, sim->restarted_from, &sim->resumed, T));
  }
  PetscCall(VecRestoreArrayWrite(sim->T, &T));
  sim->restart_bytes   = sim->resumed.bytes;
  sim->restart_seconds = sim->resumed.seconds;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatRestartIsSameScheme(const HeatSimulation *sim)
{
  char name[sizeof sim->resumed.scheme];

  HeatCaseSchemeName(sim->c, name, sizeof name);
  return strcmp(name, sim->resumed.scheme) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatRestartAdopt(HeatSimulation *sim)
{
  const HeatCheckpointState *state = &sim->resumed;
  PetscReal                  sums[HEAT_ENERGY_SUMS], clock[HEAT_CLOCK_NUMBERS];

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    sums[k] = HeatCheckpointStateGetSum(state, HeatEnergySumNames[k], 0.0);
  HeatEnergyLoad(&sim->energy, sums);
  for (int k = 0; k < HEAT_CLOCK_NUMBERS; k++)
    clock[k] = HeatCheckpointStateGetSum(state, HeatClockNumberNames[k], NAN);
  HeatClockResume(&sim->clock, HeatRestartIsSameScheme(sim), state->step, state->time,
                  state->step_size, clock);
  sim->first_step = sim->last_checkpoint_step = state->step;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode NoteOtherScheme(const HeatSimulation *sim)
{
  char name[64];

  PetscFunctionBeginUser;
  HeatCaseSchemeName(sim->c, name, sizeof name);
  if (sim->grid->rank == 0) {
    PetscCall(PetscFPrintf(
        PETSC_COMM_SELF, PETSC_STDERR,
        "heat2d: note: the checkpoint was made with %s, going on with %s%s\n", sim->resumed.scheme,
        name, sim->resumed.n_fields ? "; what that one remembered of its steps is dropped" : ""));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What decides how the field goes on and is not as it was, key by key: rank 0 says it. */
static PetscErrorCode NoteDifferences(const HeatSimulation *sim)
{
  HeatCaseDifference *list;
  PetscInt            n;
  char               *then, *now;

  PetscFunctionBeginUser;
  if (!sim->resumed.case_keys || !sim->c->keys || sim->grid->rank != 0)
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscStrallocpy(sim->resumed.case_keys, &then));
  PetscCall(PetscStrallocpy(sim->c->keys, &now));
  PetscCall(HeatCaseCompare(then, now, &n, &list));
  if (n)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: the case is not the checkpoint's in %" PetscInt_FMT
                           " of the keys that decide how the field goes on; from here on it is as "
                           "given now:\n",
                           n));
  for (PetscInt k = 0; k < PetscMin(n, MOST_DIFFERENCES); k++) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "  %.80s: %.80s then, %.80s now\n",
                           list[k].key, list[k].then ? list[k].then : "not given",
                           list[k].now ? list[k].now : "not given"));
  }
  if (n > MOST_DIFFERENCES)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "  and %" PetscInt_FMT " more\n",
                           n - MOST_DIFFERENCES));
  PetscCall(PetscFree(list));
  PetscCall(PetscFree(then));
  PetscCall(PetscFree(now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A Vec of the grid with a copy of a block. */
static PetscErrorCode CopyToVec(const HeatGrid *g, const PetscReal *block, Vec *v)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(DMCreateGlobalVector(g->da, v));
  PetscCall(VecGetArrayWrite(*v, &values));
  PetscCall(PetscArraycpy(values, block, HeatGridLocalCells(g)));
  PetscCall(VecRestoreArrayWrite(*v, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartLoadStepper(HeatSimulation *sim)
{
  const HeatCheckpointState *state  = &sim->resumed;
  HeatStepperMemory          memory = {0};
  char                       name[48];

  PetscFunctionBeginUser;
  PetscCall(NoteDifferences(sim));
  if (!HeatRestartIsSameScheme(sim)) {
    PetscCall(NoteOtherScheme(sim));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    MemoryName(k, name, sizeof name);
    memory.numbers[k] = HeatCheckpointStateGetSum(state, name, 0.0);
  }
  for (int k = 0; k < HEAT_MEMORY_FIELDS; k++) {
    const PetscReal *block;

    MemoryName(k, name, sizeof name);
    block = HeatCheckpointStateGetField(state, name);
    if (!block) break;
    PetscCall(CopyToVec(sim->grid, block, &memory.fields[k]));
    memory.n_fields++;
  }
  PetscCall(HeatStepperLoad(sim->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields; k++) PetscCall(VecDestroy(&memory.fields[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
