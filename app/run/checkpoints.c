/** The checkpoints of a run (checkpoints.h).
 *
 *  Each rank keeps the energy account of the newest checkpoint in memory, as exact sums; the file
 *  holds the sums over all ranks as four doubles each (solver/measure/energy.h).  After a rollback
 *  to this checkpoint the account is the one that was kept, exact whatever its size. */
#include "app/run/checkpoints.h"

#include "app/process/provenance.h"
#include "app/run/restart.h"

/* The energy account at a checkpoint, as the exact sums of this rank. */
typedef struct {
  PetscInt64 step; /* -1: none */
  HeatEnergy energy;
} Account;

struct HeatCheckpoints {
  HeatCheckpointsPartners with;
  PetscInt64              last_step;  /* as HeatCheckpointsLastStep returns it */
  PetscInt64              first_step; /* first one written by this process; -1: none */
  HeatFileStats           stats;      /* sums over the checkpoints written by this process */
  Account                 newest;     /* at the newest checkpoint that has its final name */
  HeatDiskProbe           disk;
  PetscBool               probed; /* the disk was measured, or the measurement failed */

  HeatCheckpointJob  *job;     /* the checkpoint that is under way; NULL: none */
  Account             pending; /* at that checkpoint */
  HeatFieldFileCopies copies;  /* memory of the job, used again by the next one */
};

PetscReal HeatCheckpointsBytesPerNode(const HeatGrid *g)
{
  return (PetscReal)g->nx * (PetscReal)g->ny * (PetscReal)sizeof(PetscReal) *
         (1 + HEAT_MEMORY_FIELDS) / (PetscReal)g->n_nodes;
}

PetscErrorCode HeatCheckpointsCreate(const HeatCheckpointsPartners *partners,
                                     HeatCheckpoints              **checkpoints)
{
  HeatCheckpoints *cp;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&cp));
  cp->with      = *partners;
  cp->last_step = cp->first_step = cp->newest.step = -1;
  *checkpoints                                     = cp;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatCheckpointsResume(HeatCheckpoints *cp, const HeatRunState *state)
{
  cp->last_step     = state->clock.step;
  cp->newest.step   = state->clock.step;
  cp->newest.energy = state->energy;
}

void HeatCheckpointsRewind(HeatCheckpoints *cp, HeatRunState *state)
{
  cp->last_step = state->clock.step;
  if (cp->newest.step == state->clock.step) state->energy = cp->newest.energy;
}

PetscBool HeatCheckpointsAreDue(const HeatCase *c, PetscInt64 step)
{
  const PetscInt every = c->checkpoint.every;

  return every > 0 && step > 0 && step % every == 0 ? PETSC_TRUE : PETSC_FALSE;
}

/* Writing. */

/* Note that the checkpoint of a step exists. */
static void NoteWritten(HeatCheckpoints *cp, const Account *account, const HeatFileStats *stats)
{
  HeatFileStatsAdd(&cp->stats, stats);
  HeatStopCheckpointed(cp->with.stop, stats->seconds);
  HeatScreenCheckpointInterval(cp->with.screen, cp->with.stop);
  if (cp->first_step < 0) cp->first_step = account->step;
  cp->newest = *account;
}

/* Measure the disk before the first checkpoint, if the case asks for it. */
static PetscErrorCode ProbeDisk(HeatCheckpoints *cp, const HeatRunState *state, PetscInt n_fields)
{
  const HeatCase *c = state->c;

  PetscFunctionBeginUser;
  if (c->checkpoint.probe && !cp->probed)
    PetscCall(HeatDiskProbeRun(state->grid, c->output.directory, n_fields, &cp->disk));
  cp->probed = PETSC_TRUE;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static HeatCheckpointOptions Options(const HeatCase *c, const char *program)
{
  const HeatCheckpointOptions options = {.keep  = {c->checkpoint.keep, c->checkpoint.keep_every},
                                         .hints = c->output.hints,
                                         .alignment = c->output.alignment,
                                         .verify    = c->checkpoint.verify,
                                         .title     = c->title,
                                         .program   = program};

  return options;
}

/* What a checkpoint is made of, while it is written or copied.  Everything is borrowed. */
typedef struct {
  char                  program[64]; /* name, version and commit of heat2d */
  HeatCheckpointOptions options;
  HeatCheckpointState   contents; /* everything but the temperature */
  HeatStepperMemory     memory;   /* what the stepper remembers, lent to the contents */
  char                 *tables;   /* list of the tables, on rank 0 */
  const PetscReal      *T;        /* temperature, [nyl][nxl] */
} Material;

/* Bring the tables up to date, so that a restart finds their rows, and collect the material.
   Collective. */
static PetscErrorCode BeginMaterial(HeatCheckpoints *cp, const HeatRunState *state, Material *m)
{
  HeatOutputList list;

  PetscFunctionBeginUser;
  m->options             = Options(state->c, HeatProgram(m->program, sizeof m->program));
  m->options.broken_halo = HeatOperatorBrokenHalo(state->op).every;
  PetscCall(HeatOutputSync(cp->with.output, state));
  PetscCall(HeatOutputListTables(cp->with.output, state, &m->tables));
  list.tables = m->tables;
  HeatOutputGetSnapshots(cp->with.output, &list.n, &list.snapshots);
  PetscCall(HeatRestartCollect(state, &list, &m->memory, &m->contents));
  PetscCall(ProbeDisk(cp, state, 1 + m->contents.n_fields));
  PetscCall(VecGetArrayRead(state->T, &m->T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give back what BeginMaterial borrowed. */
static PetscErrorCode EndMaterial(const HeatRunState *state, Material *m)
{
  PetscFunctionBeginUser;
  PetscCall(VecRestoreArrayRead(state->T, &m->T));
  PetscCall(HeatRestartRelease(&m->memory, &m->contents));
  PetscCall(PetscFree(m->tables));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write a checkpoint of the present state and wait for it.
   @param[out] written  as in HeatCheckpointsWrite; may be NULL */
static PetscErrorCode WriteNow(HeatCheckpoints *cp, const HeatRunState *state, PetscBool *written)
{
  const Account account = {state->clock.step, state->energy};
  HeatFileStats stats   = {0};
  Material      m;

  PetscFunctionBeginUser;
  HeatPhaseBegin(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscCall(BeginMaterial(cp, state, &m));
  PetscCall(HeatCheckpointWrite(state->grid, state->c->output.directory, &m.options, &m.contents,
                                m.T, written, &stats));
  if (!written || *written) {
    cp->last_step = account.step;
    NoteWritten(cp, &account, &stats);
  } else HeatStopCheckpointed(cp->with.stop, 0.0);
  PetscCall(EndMaterial(state, &m));
  HeatPhaseEnd(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy the present state and have the copy written in the background. */
static PetscErrorCode BeginInBackground(HeatCheckpoints *cp, const HeatRunState *state)
{
  Material m;

  PetscFunctionBeginUser;
  HeatPhaseBegin(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscCall(BeginMaterial(cp, state, &m));
  PetscCall(HeatCheckpointBegin(state->grid, state->c->output.directory, &m.options, &m.contents,
                                m.T, &cp->copies, &cp->job));
  /* The wall time until the next checkpoint counts from here; the cost of this one is known only
     when the job ends. */
  HeatStopCheckpointed(cp->with.stop, 0.0);
  if (cp->job) {
    cp->last_step      = state->clock.step;
    cp->pending.step   = state->clock.step;
    cp->pending.energy = state->energy;
  }
  PetscCall(EndMaterial(state, &m));
  HeatPhaseEnd(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsWrite(HeatCheckpoints *cp, const HeatRunState *state,
                                    PetscBool *written)
{
  PetscFunctionBeginUser;
  PetscCall(HeatCheckpointsFinish(cp));
  if (written) *written = PETSC_TRUE;
  if (cp->last_step == state->clock.step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatHealthTestOnce(cp->with.health, state, cp->with.survey));
  if (written) *written = PETSC_FALSE;
  if (!HeatHealthIsBad(cp->with.health)) PetscCall(WriteNow(cp, state, written));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsWriteDue(HeatCheckpoints *cp, const HeatRunState *state)
{
  PetscBool written;

  PetscFunctionBeginUser;
  if (state->c->checkpoint.mode == HEAT_CHECKPOINT_SYNC || cp->with.stop->stop) {
    PetscCall(HeatCheckpointsWrite(cp, state, &written));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatCheckpointsFinish(cp));
  PetscCall(HeatHealthTestOnce(cp->with.health, state, cp->with.survey));
  if (!HeatHealthIsBad(cp->with.health)) PetscCall(BeginInBackground(cp, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsWriteLast(HeatCheckpoints *cp, const HeatRunState *state)
{
  PetscFunctionBeginUser;
  if (cp->last_step != state->clock.step) PetscCall(HeatCheckpointsWriteDue(cp, state));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsWriteLastGood(HeatCheckpoints *cp, const HeatRunState *state)
{
  PetscBool written;

  PetscFunctionBeginUser;
  HeatHealthInvalidate(cp->with.health);
  PetscCall(HeatCheckpointsWrite(cp, state, &written));
  if (written && state->grid->rank == 0) {
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: the last good state, step %" PetscInt64_FMT
                           ", is in a checkpoint in %s\n",
                           state->clock.step, state->c->output.directory));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Finishing what is under way. */

PetscErrorCode HeatCheckpointsFinish(HeatCheckpoints *cp)
{
  HeatFileStats stats;
  PetscBool     written;

  PetscFunctionBeginUser;
  if (!cp->job) PetscFunctionReturn(PETSC_SUCCESS);
  HeatPhaseBegin(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscCall(HeatCheckpointEnd(&cp->job, &written, &stats));
  if (written) NoteWritten(cp, &cp->pending, &stats);
  else if (cp->last_step == cp->pending.step) cp->last_step = -1;
  HeatPhaseEnd(cp->with.phases, HEAT_PHASE_CHECKPOINT);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatCheckpointsPoll(HeatCheckpoints *cp, PetscInt64 step)
{
  PetscBool ready;

  PetscFunctionBeginUser;
  if (!cp->job || cp->with.stop->asked_step != step) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCheckpointTest(cp->job, &ready));
  if (ready) PetscCall(HeatCheckpointsFinish(cp));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* What is known of the checkpoints. */

PetscInt64 HeatCheckpointsLastStep(const HeatCheckpoints *cp) { return cp->last_step; }

PetscInt64 HeatCheckpointsFirstStep(const HeatCheckpoints *cp) { return cp->first_step; }

const HeatFileStats *HeatCheckpointsStats(const HeatCheckpoints *cp) { return &cp->stats; }

const HeatDiskProbe *HeatCheckpointsDiskProbe(const HeatCheckpoints *cp) { return &cp->disk; }

PetscErrorCode HeatCheckpointsDestroy(HeatCheckpoints **checkpoints)
{
  HeatCheckpoints *cp = *checkpoints;

  PetscFunctionBeginUser;
  if (!cp) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatCheckpointsFinish(cp));
  PetscCall(HeatFieldFileCopiesClear(&cp->copies));
  PetscCall(PetscFree(*checkpoints));
  PetscFunctionReturn(PETSC_SUCCESS);
}
