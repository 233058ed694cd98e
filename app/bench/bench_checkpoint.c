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
#define _DEFAULT_SOURCE /* lstat */
#include "app/bench/bench_checkpoint.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "app/bench/draw.h"
#include "io/case_file/case_file.h"
#include "io/run_files/checkpoint.h"
#include "io/run_files/manifest.h"
#include "io/run_files/output_dir.h"
#include "solver/base/monotonic.h"

typedef struct {
  const HeatBenchRequest *q;
  HeatProof              *proof;
  HeatBenchResult        *r;
  HeatCase               *c; /* owned, like everything below */
  HeatGrid               *grid;
  PetscReal              *T, *back; /* [nyl][nxl] [K], as written and as read */
  char dir[PETSC_MAX_PATH_LEN];     /* of the checkpoints and the probe: DIR/bench-files */
  char path[PETSC_MAX_PATH_LEN];    /* of the last checkpoint */
} Run;

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

/* Set run->path to that of checkpoint number `step`; to nothing if it is too long. */
static void PathOf(Run *run, PetscInt64 step)
{
  if (snprintf(run->path, sizeof run->path, "%s/checkpoint_%06lld.h5", run->dir, (long long)step) >=
      (int)sizeof run->path)
    run->path[0] = '\0'; /* such a name cannot be written either */
}

/* Write checkpoint number `step` and store how long it took [s], and how long without reading back
   and without deleting the older one, as io/run_files/results_cost.c counts `durable_bandwidth`. */
static PetscErrorCode Write(Run *run, PetscInt step, double *seconds, double *durable)
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
  PetscCall(HeatCheckpointWrite(run->grid, run->dir, &options, &state, run->T, NULL, &stats));
  PetscCall(Clock(run, start, seconds));
  PathOf(run, step);
  run->r->restart.file_bytes = stats.bytes;
  *durable                   = stats.seconds_open + stats.seconds_exchange + stats.seconds_write +
             stats.seconds_close + stats.seconds_sync;
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
  PetscCall(HeatProofCommit(run->proof, run->grid, &c, fields, HeatBenchWindows(cycle)));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Write and read a plain file of the same size, and add up what that took: nothing if it failed. */
static PetscErrorCode Probe(Run *run)
{
  HeatDiskProbe probe;

  PetscFunctionBeginUser;
  PetscCall(HeatDiskProbeRun(run->grid, run->dir, 1, &probe));
  run->r->restart.probe.bytes += probe.bytes;
  run->r->restart.probe.write += probe.write;
  run->r->restart.probe.read += probe.read;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunCycle(Run *run, uint32_t cycle)
{
  HeatBenchResult *r = run->r;
  double           durable;

  PetscFunctionBeginUser;
  PetscCall(HeatBenchReserve(r));
  Draw(run, cycle);
  PetscCall(Write(run, HeatBenchCommittedStep(&run->q->id, cycle), &r->times[cycle], &durable));
  PetscCall(Restart(run, &r->restart.reads[cycle]));
  PetscCall(Commit(run, cycle));
  if (HeatBenchIsChosen(cycle)) PetscCall(Probe(run));
  r->seconds += r->times[cycle];
  r->restart.durable += durable;
  r->restart.seconds += r->restart.reads[cycle];
  r->cycles += 1;
  r->steps += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The folder of the files. */

/* Delete a checkpoint and its manifest. */
static void RemoveFiles(const char *path, HeatFileError *error)
{
  char manifest[PETSC_MAX_PATH_LEN];

  HeatManifestPath(path, manifest, sizeof manifest);
  if ((unlink(manifest) != 0 && errno != ENOENT) || (unlink(path) != 0 && errno != ENOENT))
    HeatFileFailErrno(error, HeatPathName(path));
}

/* Delete all checkpoints of the folder, which belongs to this workload alone.  Rank 0 alone. */
static PetscErrorCode RemoveAll(Run *run, HeatFileError *error)
{
  PetscInt    n     = 0;
  PetscInt64 *steps = NULL;

  PetscFunctionBeginUser;
  PetscCall(HeatFolderSteps(run->dir, "checkpoint_", ".h5", PETSC_TRUE, &n, &steps, error));
  for (PetscInt k = 0; k < n; k++) {
    PathOf(run, steps[k]);
    RemoveFiles(run->path, error);
  }
  PetscCall(PetscFree(steps));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Make the folder DIR/bench-files, and delete what a run of this workload that was killed left
   there.  A link is refused, since it may lead to the checkpoints of another run. */
static PetscErrorCode MakeFolder(MPI_Comm comm, Run *run)
{
  HeatFileError error = {0};
  struct stat   status;
  PetscMPIInt   rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (snprintf(run->dir, sizeof run->dir, "%s/bench-files", run->q->directory) >=
      (int)sizeof run->dir)
    HeatFileFail(&error, "the name is too long");
  if (rank == 0 && lstat(run->dir, &status) == 0 && !S_ISDIR(status.st_mode))
    HeatFileFail(&error, "it exists and is not a folder");
  PetscCall(HeatFileAgree(comm, run->dir, "used for checkpoints", &error));
  PetscCall(HeatOutputDirectoryPrepare(comm, run->dir, PETSC_TRUE));
  if (rank == 0) PetscCall(RemoveAll(run, &error));
  PetscCall(HeatFileAgree(comm, run->dir, "cleared", &error));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete the checkpoints, also parts of one, and the folder.  Files that are not of this workload
   stay.  Rank 0 alone. */
static PetscErrorCode RemoveFolder(Run *run)
{
  HeatFileError error = {0};
  char          part[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  HeatPathTemporary(run->path, part, sizeof part);
  (void)unlink(part);
  PetscCall(RemoveAll(run, &error));
  if (rmdir(run->dir) != 0) HeatFileFailErrno(&error, "deleting the folder");
  if (error.failed)
    PetscCall(PetscFPrintf(PETSC_COMM_SELF, PETSC_STDERR,
                           "heat2d: warning: files of the benchmark stay in %s: %s\n", run->dir,
                           error.text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run of the workload. */

/* Find the type of the file system, and refuse one in memory as not durable. */
static PetscErrorCode JudgeFileSystem(MPI_Comm comm, Run *run)
{
  struct statfs system;
  PetscInt64    type = 0;

  PetscFunctionBeginUser;
  if (statfs(run->dir, &system) == 0) type = (PetscInt64)((uint64_t)system.f_type & 0xffffffffu);
  PetscCallMPI(MPI_Bcast(&type, 1, MPIU_INT64, 0, comm));
  run->r->restart.file_system = type;
  if (HeatBenchIsInMemory(type))
    HeatBenchInvalid(run->r, "checkpoint: %.100s is in memory (tmpfs), not on a disk",
                     run->q->directory);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up, and write one checkpoint that is not timed. */
static PetscErrorCode SetUp(MPI_Comm comm, Run *run)
{
  const double start = HeatMonotonicTime();
  double       seconds, durable;
  PetscMPIInt  ranks;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(HeatBenchReadCase(comm, &run->q->id, HEAT_BENCH_PROBLEM_MODES, ranks, &run->c));
  PetscCall(HeatGridCreate(comm, run->c, &run->grid));
  PetscCall(PetscMalloc2(HeatGridLocalCells(run->grid), &run->T, HeatGridLocalCells(run->grid),
                         &run->back));
  run->r->restart.writers = run->grid->writers.n;
  Draw(run, 0);
  PetscCall(Write(run, 0, &seconds, &durable));
  PetscCall(Clock(run, start, &run->r->setup));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete the files, and free everything. */
static PetscErrorCode TearDown(Run *run)
{
  PetscFunctionBeginUser;
  if (run->grid && run->grid->rank == 0) PetscCall(RemoveFolder(run));
  PetscCall(PetscFree2(run->T, run->back));
  PetscCall(HeatGridDestroy(&run->grid));
  PetscCall(HeatCaseDestroy(&run->c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set up and run all cycles. */
static PetscErrorCode RunCycles(MPI_Comm comm, Run *run)
{
  PetscFunctionBeginUser;
  PetscCall(SetUp(comm, run));
  while (run->r->seconds < run->q->duration) PetscCall(RunCycle(run, run->r->cycles));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchRunCheckpoints(MPI_Comm comm, const HeatBenchRequest *q, HeatProof *proof,
                                       HeatBenchResult *r)
{
  Run            run = {.q = q, .proof = proof, .r = r};
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(MakeFolder(comm, &run));
  PetscCall(JudgeFileSystem(comm, &run));
  code = RunCycles(comm, &run);
  if (HeatErrorExitCode(code) == HEAT_EXIT_INTERNAL)
    PetscFunctionReturn(code); /* perhaps on this rank alone */
  PetscCall(TearDown(&run));
  PetscCall(code);
  if (r->restart.wrong > 0)
    HeatBenchInvalid(r, "checkpoint: %lld cells are not those that were written",
                     (long long)r->restart.wrong);
  HeatBenchJudgeDuration(r);
  PetscFunctionReturn(PETSC_SUCCESS);
}
