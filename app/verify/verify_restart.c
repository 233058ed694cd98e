/** Entry `restart`: half a run, a checkpoint, and the other half in a new problem that takes its
 * state from that file alone, compared with the uninterrupted run.
 *
 * A checkpoint holds the temperature, the clock, the energy account, and what the scheme remembers
 * of earlier steps.  app/run stores the same with restart.c; the suite does without the simulation
 * loop, so it writes and reads the state itself. */
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "app/verify/verify_entries.h"
#include "io/run_files/checkpoint.h"
#include "io/run_files/manifest.h"
#include "io/run_files/output_dir.h"

enum { STEPS = 40 }; /* of the uninterrupted run, as the case asks for; the checkpoint is at half */

/* Write the name that number k, or field k, of the stepper's memory has in a checkpoint. */
static void MemoryName(int k, char *name, size_t size)
{
  (void)snprintf(name, size, "memory_%d", k);
}

/* Store the energy account and the numbers of the stepper's memory in the state of a checkpoint. */
static PetscErrorCode FillState(HeatVerifyProblem *p, const HeatStepperMemory *memory,
                                HeatCheckpointState *state)
{
  PetscReal sums[HEAT_ENERGY_SUMS];
  char      name[48];

  PetscFunctionBeginUser;
  (void)snprintf(state->scheme, sizeof state->scheme, "%s", HeatSchemeNames[p->c->time.scheme]);
  PetscCall(HeatEnergySave(&p->energy, p->op, sums));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    PetscCall(HeatCheckpointStateSetSum(state, HeatEnergySumNames[k], sums[k]));
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    if (memory->numbers[k] == 0.0) continue;
    MemoryName(k, name, sizeof name);
    PetscCall(HeatCheckpointStateSetSum(state, name, memory->numbers[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write a checkpoint of a problem into a folder. */
static PetscErrorCode WriteCheckpoint(HeatVerifyProblem *p, const char *folder)
{
  HeatCheckpointState state = {.step = p->step, .time = p->t, .step_size = p->dt};
  HeatStepperMemory   memory;
  const PetscReal    *T, *blocks[HEAT_MEMORY_FIELDS];

  const HeatCheckpointOptions how = {
      .keep = {.newest = 1}, .verify = HEAT_READ_BACK_FULL, .title = "verify"};

  PetscFunctionBeginUser;
  PetscCall(HeatStepperSave(p->stepper, &memory));
  PetscCall(FillState(p, &memory, &state));
  for (int k = 0; k < (int)memory.n_fields; k++) {
    char name[48];

    MemoryName(k, name, sizeof name);
    PetscCall(VecGetArrayRead(memory.fields[k], &blocks[k]));
    PetscCall(HeatCheckpointStateSetField(&state, name, (PetscReal *)blocks[k])); /* borrowed */
  }
  PetscCall(VecGetArrayRead(p->T, &T));
  PetscCall(HeatCheckpointWrite(p->grid, folder, &how, &state, T, NULL, NULL));
  PetscCall(VecRestoreArrayRead(p->T, &T));
  for (int k = 0; k < (int)memory.n_fields; k++)
    PetscCall(VecRestoreArrayRead(memory.fields[k], &blocks[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give the stepper the memory that a checkpoint holds. */
static PetscErrorCode LoadMemory(HeatVerifyProblem *p, const HeatCheckpointState *state)
{
  HeatStepperMemory memory = {0};
  char              name[48];

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_MEMORY_NUMBERS; k++) {
    MemoryName(k, name, sizeof name);
    memory.numbers[k] = HeatCheckpointStateGetSum(state, name, 0.0);
  }
  for (; memory.n_fields < state->n_fields; memory.n_fields++) {
    Vec       *field = &memory.fields[memory.n_fields];
    PetscReal *values;

    PetscCall(VecDuplicate(p->T, field));
    PetscCall(VecGetArrayWrite(*field, &values));
    PetscCall(
        PetscArraycpy(values, state->fields[memory.n_fields].block, HeatGridLocalCells(p->grid)));
    PetscCall(VecRestoreArrayWrite(*field, &values));
  }
  PetscCall(HeatStepperLoad(p->stepper, &memory));
  for (PetscInt k = 0; k < memory.n_fields; k++) PetscCall(VecDestroy(&memory.fields[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Replace the state of a problem by that of the newest checkpoint of a folder. */
static PetscErrorCode ReadCheckpoint(HeatVerifyProblem *p, const char *folder)
{
  HeatCheckpointState state = {0};
  PetscReal           sums[HEAT_ENERGY_SUMS], *T;
  char                path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(p->T, &T));
  PetscCall(HeatCheckpointReadLatest(p->grid, folder, path, sizeof path, &state, T));
  PetscCall(VecRestoreArrayWrite(p->T, &T));
  for (int k = 0; k < HEAT_ENERGY_SUMS; k++)
    sums[k] = HeatCheckpointStateGetSum(&state, HeatEnergySumNames[k], NAN);
  HeatEnergyLoad(&p->energy, p->op, sums);
  p->step = state.step;
  p->t    = state.time;
  p->dt   = state.step_size;
  PetscCall(LoadMemory(p, &state));
  PetscCall(HeatCheckpointStateClear(&state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take half of the steps, write a checkpoint, close the problem, and take the other half in a new
   problem that reads the checkpoint. */
static PetscErrorCode RunInterrupted(HeatVerify *v, const char *scheme, const char *folder,
                                     HeatVerifyProblem **p)
{
  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time.scheme=%s", scheme));
  PetscCall(HeatVerifyOpen(v, HeatVerifyJumpCase, p));
  PetscCall(HeatVerifyAdvance(*p, STEPS / 2));
  PetscCall(WriteCheckpoint(*p, folder));
  PetscCall(HeatVerifyClose(v, p));
  /* Start from another field and another layout of blocks: only the file may matter. */
  PetscCall(HeatVerifySet(v, "time.scheme=%s", scheme));
  PetscCall(HeatVerifySet(v, "regions[0].temperature=-1000"));
  PetscCall(HeatVerifySet(v, "decomposition.mapping=linear"));
  PetscCall(HeatVerifyOpen(v, HeatVerifyJumpCase, p));
  PetscCall(ReadCheckpoint(*p, folder));
  PetscCall(HeatVerifyAdvance(*p, STEPS / 2));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compare the restarted with the uninterrupted run: the temperature at the end, and the energy
   account over the restart.  1e-11 is the bound of the entry `conservation`. */
static PetscErrorCode MeasureScheme(HeatVerify *v, const char *scheme, PetscReal bound,
                                    const char *folder)
{
  HeatVerifyProblem *straight, *restarted;
  PetscReal          difference, size;

  PetscFunctionBeginUser;
  PetscCall(HeatVerifySet(v, "time.scheme=%s", scheme));
  PetscCall(HeatVerifyOpen(v, HeatVerifyJumpCase, &straight));
  PetscCall(HeatVerifyAdvance(straight, STEPS));
  PetscCall(RunInterrupted(v, scheme, folder, &restarted));
  PetscCall(HeatVerifyAccount(restarted));
  PetscCall(VecNorm(straight->T, NORM_INFINITY, &size));
  PetscCall(VecAXPY(straight->T, -1.0, restarted->T));
  PetscCall(VecNorm(straight->T, NORM_INFINITY, &difference));
  PetscCall(
      HeatVerifyBelow(v, difference / size, bound, "%s: largest relative difference", scheme));
  PetscCall(HeatVerifyBelow(v, restarted->account.relative, 1e-11,
                            "%s: energy account error over the restart", scheme));
  PetscCall(HeatVerifyClose(v, &straight));
  PetscCall(HeatVerifyClose(v, &restarted));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Remove the checkpoint and its folder.  A failure to remove them is ignored: it says nothing about
   the restart. */
static PetscErrorCode RemoveCheckpoint(HeatVerify *v, const char *folder)
{
  char        path[PETSC_MAX_PATH_LEN], manifest[PETSC_MAX_PATH_LEN];
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(v->comm, &rank));
  if (rank == 0) {
    (void)snprintf(path, sizeof path, "%s/checkpoint_%06d.h5", folder, STEPS / 2);
    (void)unlink(path);
    HeatManifestPath(path, manifest, sizeof manifest);
    (void)unlink(manifest);
    (void)rmdir(folder);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVerifyRestart(HeatVerify *v)
{
  static const HeatScheme schemes[] = {HEAT_SCHEME_FTCS,           HEAT_SCHEME_RKL2,
                                       HEAT_SCHEME_BACKWARD_EULER, HEAT_SCHEME_CRANK_NICOLSON,
                                       HEAT_SCHEME_BDF2,           HEAT_SCHEME_ESDIRK};
  char                    folder[PETSC_MAX_PATH_LEN];
  PetscErrorCode          code = PETSC_SUCCESS;

  PetscFunctionBeginUser;
  (void)snprintf(folder, sizeof folder, "%s/restart", v->directory);
  PetscCall(HeatOutputDirectoryPrepare(v->comm, folder, PETSC_TRUE));
  /* The first two schemes are explicit and must agree bit for bit.  The others may differ within
     the solver's tolerance, because sums over other blocks round differently. */
  for (size_t k = 0; k < PETSC_STATIC_ARRAY_LENGTH(schemes) && !code; k++)
    code = MeasureScheme(v, HeatSchemeNames[schemes[k]], k < 2 ? 0.0 : 1e-11, folder);
  PetscCall(RemoveCheckpoint(v, folder));
  PetscCall(code);
  PetscFunctionReturn(PETSC_SUCCESS);
}
