/** The workload `checkpoint` (bench_checkpoint.h).
 *
 *  A cycle is
 *
 *      draw the field of the cycle; clock on; write a checkpoint of it; clock off;
 *      drop the file from the page caches; clock on; restart from it; clock off;
 *      compare every cell bit by bit, commit to the field that was written and the one that was
 *      read; in cycles 0, 1, 2, 4, 8, ... write and read a plain file of the same size (the probe)
 *
 *  with a barrier of all ranks before each reading of the clock.  The checkpoint is written as a
 *  run writes it: to a temporary name, synced, read back and compared with its checksums, renamed.
 *  Each cycle has another field, so that no layer can answer from an earlier file. */
#include "app/bench/bench_checkpoint.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "app/bench/draw.h"
#include "io/case_file/case_file.h"
#include "io/run_files/checkpoint.h"
#include "io/run_files/manifest.h"
#include "solver/base/monotonic.h"

typedef struct {
  const HeatBenchRequest *q;
  HeatProof              *proof;
  HeatBenchResult        *r;
  HeatCase               *c; /* owned, like everything below */
  HeatGrid               *grid;
  PetscReal              *T, *back;                 /* [nyl][nxl] [K], as written and as read */
  char                    path[PETSC_MAX_PATH_LEN]; /* of the last checkpoint */
} Run;

/* Space. */

/* Find the part of a path that exists, and return the free bytes of its file system; infinite where
   the system does not say. */
static double FreeBytes(const char *directory, char *path, size_t size)
{
  struct statvfs room;
  char          *slash;

  (void)snprintf(path, size, "%s", directory);
  while (statvfs(path, &room) != 0) {
    slash = strrchr(path, '/');
    if (!slash && !strcmp(path, ".")) return INFINITY;
    if (slash == path) path[1] = '\0';
    else if (slash) *slash = '\0';
    else (void)snprintf(path, size, ".");
    if (!strcmp(path, "/") && statvfs(path, &room) != 0) return INFINITY;
  }
  return (double)room.f_bavail * (double)room.f_frsize;
}

/* Return the space that a class needs [bytes]: two checkpoints, or one and the probe.  2 % and 1 MB
   are chosen for headers, checksums and the record. */
static double NeededBytes(const HeatBenchClass *size)
{
  return 2.0 * 1.02 * 8.0 * (double)size->cells * (double)size->cells + 1e6;
}

PetscErrorCode HeatBenchCheckSpace(MPI_Comm comm, const HeatBenchRequest *q)
{
  const double          GB   = 1e9; /* [bytes] */
  const double          need = NeededBytes(q->id.size);
  const HeatBenchClass *fits = NULL;
  char                  path[PETSC_MAX_PATH_LEN], other[64] = "no class fits there";
  double                have;

  PetscFunctionBeginUser;
  have = FreeBytes(q->directory, path, sizeof path);
  PetscCallMPI(MPI_Bcast(&have, 1, MPI_DOUBLE, 0, comm));
  for (const HeatBenchClass *c = HeatBenchClasses; c->name; c++)
    if (NeededBytes(c) <= have) fits = c;
  if (fits) (void)snprintf(other, sizeof other, "class %s fits there", fits->name);
  HeatCheck(need <= have, comm, HEAT_ERR_INPUT,
            "class %s needs %.3g GB of disk space for two checkpoints, and the file system of %s "
            "has %.3g GB left; name another one with --output (%s)",
            q->id.size->name, need / GB, path, have / GB, other);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Parts of a cycle. */

static void Draw(const Run *run, uint32_t cycle)
{
  const HeatGrid *g = run->grid;

  for (PetscInt j = 0; j < g->nyl; j++)
    for (PetscInt i = 0; i < g->nxl; i++)
      run->T[(size_t)j * (size_t)g->nxl + (size_t)i] = HeatDrawTemperature(run->q->id.nonce, cycle,
                                                                           g->xs + i, g->ys + j);
}

/* Wait for all ranks and return the time [s] since `start`, on the slowest rank; without `start`,
   the present time. */
static PetscErrorCode Clock(const Run *run, double start, double *seconds)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(run->grid->comm));
  *seconds = HeatMonotonicTime() - start;
  if (start > 0.0)
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, run->grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write checkpoint number `step` and store how long it took [s]. */
static PetscErrorCode Write(Run *run, PetscInt step, double *seconds)
{
  const HeatCheckpointOptions options = {.keep      = {.newest = 1},
                                         .alignment = run->c->output.alignment,
                                         .verify    = run->c->checkpoint.verify,
                                         .title     = run->c->title};
  const HeatCheckpointState   state   = {.step      = step,
                                         .time      = (PetscReal)step,
                                         .step_size = 1.0,
                                         .scheme    = "bench",
                                         .case_text = run->c->text};
  HeatFileStats               stats;
  double                      start;

  PetscFunctionBeginUser;
  PetscCall(Clock(run, 0.0, &start));
  PetscCall(
      HeatCheckpointWrite(run->grid, run->q->directory, &options, &state, run->T, NULL, &stats));
  PetscCall(Clock(run, start, seconds));
  (void)snprintf(run->path, sizeof run->path, "%s/checkpoint_%06lld.h5", run->q->directory,
                 (long long)step);
  run->r->restart.file_bytes = stats.bytes;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Drop the checkpoint from the page cache of every node, and store the largest part of it that is
   still in one. */
static PetscErrorCode DropFromCaches(Run *run)
{
  double cached;

  PetscFunctionBeginUser;
  HeatFileDropCache(run->path);
  PetscCallMPI(MPI_Barrier(run->grid->comm));
  cached = HeatFileCachedPart(run->path);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &cached, 1, MPI_DOUBLE, MPI_MAX, run->grid->comm));
  run->r->restart.cached = PetscMax(run->r->restart.cached, cached);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Restart from the last checkpoint, store how long that took [s], and count the cells that are not
   those that were written, bit by bit. */
static PetscErrorCode Restart(Run *run, double *seconds)
{
  const size_t        n     = HeatGridLocalCells(run->grid);
  PetscInt64          wrong = 0;
  HeatCheckpointState state;
  double              start;

  PetscFunctionBeginUser;
  memset(run->back, 0, n * sizeof *run->back);
  PetscCall(DropFromCaches(run));
  PetscCall(Clock(run, 0.0, &start));
  PetscCall(HeatCheckpointRead(run->grid, run->path, &state, run->back));
  PetscCall(Clock(run, start, seconds));
  PetscCall(HeatCheckpointStateClear(&state));
  for (size_t k = 0; k < n; k++) wrong += memcmp(&run->T[k], &run->back[k], sizeof *run->T) ? 1 : 0;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &wrong, 1, MPIU_INT64, MPI_SUM, run->grid->comm));
  run->r->restart.wrong += wrong;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Commit to the field as it was written and as it was read. */
static PetscErrorCode Commit(Run *run, uint32_t cycle)
{
  const PetscReal *fields[HEAT_COMMITTED] = {[HEAT_BEFORE] = run->T, [HEAT_AFTER] = run->back};
  HeatCommitment   c                      = {.problem = HEAT_BENCH_PROBLEM_FIELD,
                                             .cycle   = cycle,
                                             .step    = HeatBenchCommittedStep(&run->q->id, cycle)};

  PetscFunctionBeginUser;
  PetscCall(HeatProofCommit(run->proof, run->grid, &c, fields, HeatBenchHasWindows(cycle)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write and read a plain file of the same size, and add up what that took. */
static PetscErrorCode Probe(Run *run)
{
  HeatDiskProbe probe;

  PetscFunctionBeginUser;
  PetscCall(HeatDiskProbeRun(run->grid, run->q->directory, 1, &probe));
  run->r->restart.probe.bytes += probe.bytes;
  run->r->restart.probe.write += probe.write;
  run->r->restart.probe.read += probe.read;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunCycle(Run *run, uint32_t cycle)
{
  HeatBenchResult *r = run->r;

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReserve(r));
  Draw(run, cycle);
  PetscCall(Write(run, HeatBenchCommittedStep(&run->q->id, cycle), &r->times[cycle]));
  PetscCall(Restart(run, &r->restart.reads[cycle]));
  PetscCall(Commit(run, cycle));
  if (HeatBenchHasWindows(cycle)) PetscCall(Probe(run));
  HeatPowerPoll(run->q->power, HeatMonotonicTime());
  r->seconds += r->times[cycle];
  r->restart.seconds += r->restart.reads[cycle];
  r->cycles += 1;
  r->steps += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The whole. */

/* Set up, and write one checkpoint that is not timed. */
static PetscErrorCode SetUp(MPI_Comm comm, Run *run)
{
  const double start = HeatMonotonicTime();
  double       seconds;

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReadCase(comm, run->q, HEAT_BENCH_PROBLEM_MODES, &run->c));
  PetscCall(HeatGridCreate(comm, run->c, &run->grid));
  PetscCall(PetscMalloc2(HeatGridLocalCells(run->grid), &run->T, HeatGridLocalCells(run->grid),
                         &run->back));
  Draw(run, 0);
  PetscCall(Write(run, 0, &seconds));
  PetscCall(Clock(run, start, &run->r->setup));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete the last checkpoint, and free everything. */
static PetscErrorCode TearDown(Run *run)
{
  char manifest[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  if (run->grid->rank == 0) {
    HeatManifestPath(run->path, manifest, sizeof manifest);
    (void)unlink(manifest);
    (void)unlink(run->path);
  }
  PetscCall(PetscFree2(run->T, run->back));
  PetscCall(HeatGridDestroy(&run->grid));
  PetscCall(HeatCaseDestroy(&run->c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchRunCheckpoints(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                       HeatBenchResult *r)
{
  Run run = {.q = q, .proof = proof, .r = r};

  PetscFunctionBeginUser;
  PetscCall(SetUp(comm, &run));
  while (r->seconds < q->duration) PetscCall(RunCycle(&run, r->cycles));
  PetscCall(TearDown(&run));
  if (r->restart.wrong > 0)
    HeatBenchInvalid(r, "checkpoint: %lld cells are not those that were written",
                     (long long)r->restart.wrong);
  HeatBenchJudgeDuration(r);
  PetscFunctionReturn(PETSC_SUCCESS);
}
