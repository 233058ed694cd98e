/** Collect the contents of a checkpoint from a run, and restore a run from them (restart.h). */
#include "app/run/restart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "io/case_file/case_compare.h"

/* Changed keys that a note lists one by one; it counts the others.  Chosen to fit a window. */
enum { MOST_DIFFERENCES = 10 };

/* The number in a checkpoint of a run with --break-halo: its EVERY. */
#define BROKEN_HALO "broken_halo"

struct HeatRestart {
  char                path[PETSC_MAX_PATH_LEN];
  HeatCheckpointState contents;  /* zero after HeatRestartFreeContents */
  PetscInt64          step;      /* of the checkpoint; this and the members below stay to the end */
  PetscReal           time;      /* [s] */
  PetscBool           of_folder; /* the output folder holds the files of the checkpoint's run */
  PetscInt64          bytes;     /* of the file */
  double              seconds;   /* [s] that reading it took on this rank */
  PetscBool           other_heat; /* cells have another heat capacity than the checkpoint's */
};

/* Format the name of number or field k that the stepper remembers. */
static void MemoryName(int k, char *name, size_t size)
{
  (void)snprintf(name, size, "memory_%d", k);
}

/* Collecting the contents of a checkpoint. */

static PetscErrorCode CollectNumbers(const HeatRunState *state, const HeatStepperMemory *memory,
                                     HeatCheckpointState *contents)
{
  PetscReal sums[HEAT_ENERGY_SUMS], clock[HEAT_CLOCK_NUMBERS];
  char      name[48];

  PetscFunctionBeginUser;
  PetscCall(HeatEnergySave(&state->energy, state->op, sums));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    PetscCall(HeatCheckpointStateSetSum(contents, HeatEnergySumNames[k], sums[k]));
  if (HeatOperatorBrokenHalo(state->op).every > 0)
    PetscCall(HeatCheckpointStateSetSum(contents, BROKEN_HALO,
                                        (PetscReal)HeatOperatorBrokenHalo(state->op).every));
  HeatClockSave(&state->clock, clock);
  for (int k = 0; k < HEAT_CLOCK_NUMBERS; k++)
    PetscCall(HeatCheckpointStateSetSum(contents, HeatClockNumberNames[k], clock[k]));
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    if (memory->numbers[k] == 0.0) continue;
    MemoryName(k, name, sizeof name);
    PetscCall(HeatCheckpointStateSetSum(contents, name, memory->numbers[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Collect the heat of the ambient exchange that is not settled yet, where the scheme sums it. */
static PetscErrorCode CollectExchange(const HeatRunState *state, HeatCheckpointState *contents)
{
  const HeatExchangeHeat *heat = HeatOperatorExchangeHeat(state->op);

  PetscFunctionBeginUser;
  if (!heat) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(
      HeatCheckpointStateSetField(contents, HEAT_ENERGY_EXCHANGE, heat->cells)); /* borrowed */
  PetscCall(
      HeatCheckpointStateSetSum(contents, HEAT_ENERGY_EXCHANGE_TERMS, (PetscReal)heat->terms));
  PetscCall(HeatCheckpointStateSetSum(contents, HEAT_ENERGY_EXCHANGE_DT, heat->dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartCollect(const HeatRunState *state, const HeatOutputList *list,
                                  HeatStepperMemory *memory, HeatCheckpointState *contents)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(contents, sizeof *contents));
  PetscCall(HeatStepperSave(state->stepper, memory));
  contents->step      = state->clock.step;
  contents->time      = state->clock.time;
  contents->step_size = state->clock.dt;
  HeatCaseSchemeName(state->c, contents->scheme, sizeof contents->scheme);
  PetscCall(CollectNumbers(state, memory, contents));
  for (PetscInt k = 0; k < memory->n_fields; k++) {
    const PetscReal *block;
    char             name[48];

    MemoryName((int)k, name, sizeof name);
    PetscCall(VecGetArrayRead(memory->fields[k], &block));
    PetscCall(HeatCheckpointStateSetField(contents, name, (PetscReal *)block)); /* borrowed */
  }
  PetscCall(CollectExchange(state, contents));
  contents->n_snapshots = list->n;
  contents->snapshots   = (HeatSnapshotEntry *)list->snapshots; /* borrowed, and not changed */
  contents->tables      = (char *)list->tables;                 /* borrowed, and not changed */
  contents->case_text   = state->c->text;
  contents->case_keys   = state->c->keys;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartRelease(HeatStepperMemory *memory, HeatCheckpointState *contents)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < memory->n_fields; k++) {
    const PetscReal *block = contents->fields[k].block;

    PetscCall(VecRestoreArrayRead(memory->fields[k], &block));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reading a checkpoint. */

/* Finish reading, which returned `code`: keep what outlives the contents, or free everything. */
static PetscErrorCode EndRead(const HeatRunState *state, PetscErrorCode code, HeatRestart *r,
                              HeatRestart **restart)
{
  PetscFunctionBeginUser;
  if (!code)
    PetscCall(HeatCheckpointIsOfFolder(state->grid->comm, r->path, &r->contents,
                                       state->c->output.directory, &r->of_folder));
  r->step    = r->contents.step;
  r->time    = r->contents.time;
  r->bytes   = r->contents.bytes;
  r->seconds = r->contents.seconds;
  *restart   = r;
  if (code) PetscCall(HeatRestartDestroy(restart));
  PetscFunctionReturn(code);
}

PetscErrorCode HeatRestartReadLatest(HeatRunState *state, HeatRestart **restart)
{
  HeatRestart   *r;
  PetscReal     *T;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&r));
  PetscCall(VecGetArrayWrite(state->T, &T));
  code = HeatCheckpointReadLatest(state->grid, state->c->output.directory, r->path, sizeof r->path,
                                  &r->contents, T);
  PetscCall(VecRestoreArrayWrite(state->T, &T));
  PetscCall(EndRead(state, code, r, restart));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartReadFile(HeatRunState *state, const char *path, HeatRestart **restart)
{
  HeatRestart   *r;
  PetscReal     *T;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&r));
  PetscCall(PetscStrncpy(r->path, path, sizeof r->path));
  PetscCall(VecGetArrayWrite(state->T, &T));
  code = HeatCheckpointRead(state->grid, r->path, &r->contents, T);
  PetscCall(VecRestoreArrayWrite(state->T, &T));
  PetscCall(EndRead(state, code, r, restart));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartRead(HeatRunState *state, const char *from, HeatRestart **restart)
{
  PetscBool latest;

  PetscFunctionBeginUser;
  HeatCaseCheckKey(state->c->time.scheme != HEAT_SCHEME_STEADY, state->grid->comm, state->c,
                   "time.scheme",
                   "a steady case has no time steps to continue; run it without --restart");
  PetscCall(PetscStrcmp(from, "latest", &latest));
  if (latest) PetscCall(HeatRestartReadLatest(state, restart));
  else PetscCall(HeatRestartReadFile(state, from, restart));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const char *HeatRestartFile(const HeatRestart *r) { return r ? r->path : NULL; }

PetscBool HeatRestartIsOfFolder(const HeatRestart *r) { return r->of_folder; }

PetscInt64 HeatRestartStep(const HeatRestart *r) { return r ? r->step : 0; }

PetscReal HeatRestartTime(const HeatRestart *r) { return r ? r->time : 0.0; }

void HeatRestartGetCost(const HeatRestart *r, PetscInt64 *bytes, double *seconds)
{
  *bytes   = r ? r->bytes : 0;
  *seconds = r ? r->seconds : 0.0;
}

HeatOutputList HeatRestartOutputList(const HeatRestart *r)
{
  /* In another folder the tables begin anew: no row is missing there. */
  const HeatOutputList list = {r->contents.n_snapshots, r->contents.snapshots,
                               r->of_folder ? r->contents.tables : NULL};

  return list;
}

/* Continuing from a checkpoint. */

/* Return whether the checkpoint was written by the scheme of the case. */
static PetscBool IsSameScheme(const HeatRestart *r, const HeatCase *c)
{
  char name[sizeof r->contents.scheme];

  HeatCaseSchemeName(c, name, sizeof name);
  return strcmp(name, r->contents.scheme) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

PetscErrorCode HeatRestartChooseStep(const HeatRestart *r, HeatRunState *state, PetscBool free,
                                     PetscReal *dt)
{
  PetscFunctionBeginUser;
  if (r && free && IsSameScheme(r, state->c)) *dt = r->contents.step_size;
  else PetscCall(HeatRunStateChooseStep(state, HeatRestartTime(r), free, dt));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Continue the energy account of the checkpoint.  Where the cells store other heat at the same
   temperature, that account cannot close, and a new one begins.  Collective. */
static PetscErrorCode AdoptEnergy(const HeatRestart *r, HeatRunState *state)
{
  const HeatCheckpointState *contents = &r->contents;
  PetscReal                  sums[HEAT_ENERGY_SUMS];
  const PetscReal           *T;

  PetscFunctionBeginUser;
  if (r->other_heat) {
    PetscCall(VecGetArrayRead(state->T, &T));
    PetscCall(HeatEnergyStart(&state->energy, state->op, T));
    PetscCall(VecRestoreArrayRead(state->T, &T));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    sums[k] = HeatCheckpointStateGetSum(contents, HeatEnergySumNames[k], 0.0);
  HeatEnergyLoad(&state->energy, state->op, sums);
  PetscCall(HeatEnergyLoadExchange(
      &state->energy, state->op, HeatCheckpointStateGetField(contents, HEAT_ENERGY_EXCHANGE),
      (PetscInt)HeatCheckpointStateGetSum(contents, HEAT_ENERGY_EXCHANGE_TERMS, 0.0),
      HeatCheckpointStateGetSum(contents, HEAT_ENERGY_EXCHANGE_DT, 0.0)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartAdopt(const HeatRestart *r, HeatRunState *state)
{
  const HeatCheckpointState *contents = &r->contents;
  PetscReal                  clock[HEAT_CLOCK_NUMBERS];

  PetscFunctionBeginUser;
  PetscCall(AdoptEnergy(r, state));
  for (int k = 0; k < HEAT_CLOCK_NUMBERS; k++)
    clock[k] = HeatCheckpointStateGetSum(contents, HeatClockNumberNames[k], NAN);
  HeatClockResume(&state->clock, IsSameScheme(r, state->c), contents->step, contents->time,
                  contents->step_size, clock);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartCheckHalo(const HeatRestart *r, const HeatRunState *state)
{
  const PetscReal every = HeatCheckpointStateGetSum(&r->contents, BROKEN_HALO, 0.0);

  PetscFunctionBeginUser;
  HeatCheck(every == 0.0 || HeatOperatorBrokenHalo(state->op).every > 0, state->grid->comm,
            HEAT_ERR_INPUT,
            "the checkpoint %s was written by a run with --break-halo %g, and its temperatures are "
            "wrong; run the case again from its start, or continue with --break-halo",
            r->path, (double)every);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartCheckEnd(const HeatRestart *r, const HeatRunState *state)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  if (!HeatClockIsPastEnd(&state->clock)) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCaseCheckKey(c->time.end < 0.0, state->grid->comm, c, "time.end",
                   "found %g s, and the checkpoint %s is of a later time, %g s (step "
                   "%" PetscInt64_FMT "); raise the end, or restart from an earlier checkpoint",
                   (double)c->time.end, r->path, (double)r->time, r->step);
  HeatCaseCheckKey(PETSC_FALSE, state->grid->comm, c, "time.steps",
                   "found %" PetscInt64_FMT ", and the checkpoint %s is of a later step, "
                   "%" PetscInt64_FMT "; raise the number of steps, or restart from an earlier "
                   "checkpoint",
                   (PetscInt64)c->time.steps, r->path, r->step);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print on rank 0 that the scheme differs from the scheme that wrote the checkpoint. */
static PetscErrorCode NoteOtherScheme(const HeatRestart *r, const HeatRunState *state)
{
  char name[64], field[48];

  PetscFunctionBeginUser;
  MemoryName(0, field, sizeof field);
  HeatCaseSchemeName(state->c, name, sizeof name);
  if (state->grid->rank == 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: note: the checkpoint was made with %s, continuing with %s%s\n",
                           r->contents.scheme, name,
                           HeatCheckpointStateGetField(&r->contents, field)
                               ? "; what the earlier scheme remembered of its steps is dropped"
                               : ""));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscBool BeginsWith(const char *text, const char *begin)
{
  return strncmp(text, begin, strlen(begin)) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Return whether a key, or the contents of the file that it names, gives cells another heat
   capacity. */
static PetscBool SetsCapacity(const char *key)
{
  if (BeginsWith(key, HEAT_CASE_CONTENTS)) key += strlen(HEAT_CASE_CONTENTS);
  if (BeginsWith(key, "properties.density") || BeginsWith(key, "properties.specific_heat"))
    return PETSC_TRUE;
  if (BeginsWith(key, "materials["))
    return strstr(key, "].density") || strstr(key, "].specific_heat") || strstr(key, "].name")
               ? PETSC_TRUE
               : PETSC_FALSE;
  return BeginsWith(key, "regions[") && !strstr(key, "].source") && !strstr(key, "].power")
             ? PETSC_TRUE
             : PETSC_FALSE;
}

/* Print n differences between the keys of two cases, the first few one by one.
   @param[in] anew  whether the energy account begins anew */
static PetscErrorCode PrintDifferences(PetscInt n, const HeatCaseDifference *list, PetscBool anew)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                         "heat2d: note: the case differs from the checkpoint's in %" PetscInt_FMT
                         " of the keys that determine the solution; from this step on the values "
                         "given now apply:\n",
                         n));
  for (PetscInt k = 0; k < PetscMin(n, MOST_DIFFERENCES); k++) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "  %.80s: %.80s then, %.80s now\n",
                           list[k].key, list[k].then ? list[k].then : "not given",
                           list[k].now ? list[k].now : "not given"));
  }
  if (n > MOST_DIFFERENCES)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR, "  and %" PetscInt_FMT " more\n",
                           n - MOST_DIFFERENCES));
  if (anew)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "  the energy account begins anew at this step, because the heat that "
                           "cells store at a temperature may have changed\n"));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Print which keys that determine the solution differ between the case of the checkpoint and this
   one, and set *anew to whether the energy account begins anew.  Called on rank 0; nothing where
   the keys of either case were not recorded. */
static PetscErrorCode CompareKeys(const HeatRestart *r, const HeatCase *c, PetscBool *anew)
{
  HeatCaseDifference *list;
  PetscInt            n;
  char               *then, *now;

  PetscFunctionBeginUser;
  if (!r->contents.case_keys || !c->keys) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscStrallocpy(r->contents.case_keys, &then));
  PetscCall(PetscStrallocpy(c->keys, &now));
  PetscCall(HeatCaseCompare(then, now, &n, &list));
  for (PetscInt k = 0; k < n; k++)
    if (SetsCapacity(list[k].key)) *anew = PETSC_TRUE;
  if (n) PetscCall(PrintDifferences(n, list, *anew));
  PetscCall(PetscFree(list));
  PetscCall(PetscFree(then));
  PetscCall(PetscFree(now));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the keys on rank 0, and tell all ranks whether cells store other heat.  Collective. */
static PetscErrorCode NoteDifferences(HeatRestart *r, const HeatRunState *state)
{
  int anew = 0;

  PetscFunctionBeginUser;
  if (state->grid->rank == 0) {
    PetscBool other = PETSC_FALSE;

    PetscCall(CompareKeys(r, state->c, &other));
    anew = other ? 1 : 0;
  }
  PetscCallMPI(MPI_Bcast(&anew, 1, MPI_INT, 0, state->grid->comm));
  r->other_heat = anew ? PETSC_TRUE : PETSC_FALSE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create a Vec of the grid with a copy of a block. */
static PetscErrorCode CopyToVec(const HeatGrid *g, const PetscReal *block, Vec *v)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreateVec(g, v));
  PetscCall(VecGetArrayWrite(*v, &values));
  PetscCall(PetscArraycpy(values, block, HeatGridLocalCells(g)));
  PetscCall(VecRestoreArrayWrite(*v, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartLoadStepper(HeatRestart *r, HeatRunState *state)
{
  HeatStepperMemory memory = {0};
  char              name[48];

  PetscFunctionBeginUser;
  PetscCall(NoteDifferences(r, state));
  if (!IsSameScheme(r, state->c)) {
    PetscCall(NoteOtherScheme(r, state));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    MemoryName(k, name, sizeof name);
    memory.numbers[k] = HeatCheckpointStateGetSum(&r->contents, name, 0.0);
  }
  for (int k = 0; k < HEAT_MEMORY_FIELDS; k++) {
    const PetscReal *block;

    MemoryName(k, name, sizeof name);
    block = HeatCheckpointStateGetField(&r->contents, name);
    if (!block) break;
    PetscCall(CopyToVec(state->grid, block, &memory.fields[k]));
    memory.n_fields++;
  }
  PetscCall(HeatStepperLoad(state->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields; k++) PetscCall(VecDestroy(&memory.fields[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartFreeContents(HeatRestart *r)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointStateClear(&r->contents));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRestartDestroy(HeatRestart **restart)
{
  PetscFunctionBeginUser;
  if (!*restart) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCheckpointStateClear(&(*restart)->contents));
  PetscCall(PetscFree(*restart));
  PetscFunctionReturn(PETSC_SUCCESS);
}
