/* Measure writing and reading of checkpoints against a plain file on this machine.
 *
 *     mpiexec -n 2 bench_io [-cells 16384] [-repeats 5] [-directory .]
 *
 * One field of cells^2 doubles is written in turns, in one folder:
 *     probe    a plain file: reserved, written, synced, and read (io/field_file/disk_probe.h)
 *     sync     a checkpoint, until it is synced and renamed; nothing is read back
 *     async    an asynchronous checkpoint, until its threads are done (a run waits for a copy only)
 *     read     reading of the checkpoint with all checksums compared, against the probe's reading
 * Both files are read from the disk, if the system can be told to drop its cache of a file.
 * Printed are medians over the turns, in GB/s, and medians of the ratios to the probe of the
 * same turn. */
#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <unistd.h>

#include "io/field_file/disk_probe.h"
#include "io/field_file/field_file.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/benchmark/bench_median.h"

enum { PROBE, SYNC, ASYNC, PROBE_READ, READ, WAYS, MOST_REPEATS = 99 };

static const char *const Names[WAYS] = {"probe", "sync", "async", "probe, read", "read"};

typedef struct {
  PetscInt            cells, repeats;
  char                directory[PETSC_MAX_PATH_LEN], path[PETSC_MAX_PATH_LEN];
  HeatGrid           *grid;
  HeatFieldFileCopies copies;
  PetscReal          *T; /* [nyl][nxl] */
  PetscReal           seconds[WAYS][MOST_REPEATS], blocked[MOST_REPEATS];
} Bench;

static HeatFieldFileOptions Options(void)
{
  return (HeatFieldFileOptions){
      .kind = "checkpoint", .title = "bench", .verify = HEAT_READ_BACK_NONE};
}

static HeatFileField Field(const Bench *b)
{
  return (HeatFileField){
      .name = "temperature", .units = "K", .long_name = "temperature", .block = b->T};
}

static PetscErrorCode Probe(Bench *b, PetscInt k)
{
  HeatDiskProbe probe;

  PetscFunctionBeginUser;
  PetscCall(HeatDiskProbeRun(b->grid, b->directory, 1, &probe));
  HeatCheck(probe.bytes > 0, b->grid->comm, HEAT_ERR_FILE, "there is nothing to compare with");
  b->seconds[PROBE][k]      = probe.write;
  b->seconds[PROBE_READ][k] = probe.read;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Sync(Bench *b, PetscInt k)
{
  const HeatFieldFileOptions options = Options();
  const HeatFileField        field   = Field(b);
  PetscReal                  start;

  PetscFunctionBeginUser;
  PetscCall(BenchNow(b->grid->comm, &start));
  PetscCall(HeatFieldFileWrite(b->grid, b->path, &options, 1, &field, NULL));
  PetscCall(BenchSince(b->grid->comm, start, &b->seconds[SYNC][k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Async(Bench *b, PetscInt k)
{
  const HeatFieldFileOptions options = Options();
  const HeatFileField        field   = Field(b);
  HeatFileError              error   = {0};
  HeatFieldFileJob          *job;
  PetscReal                  start;

  PetscFunctionBeginUser;
  PetscCall(BenchNow(b->grid->comm, &start));
  PetscCall(HeatFieldFileBegin(b->grid, b->path, &options, 1, &field, &b->copies, &job, &error));
  PetscCall(HeatFileAgree(b->grid->comm, b->path, "written", &error));
  PetscCall(BenchSince(b->grid->comm, start, &b->blocked[k]));
  PetscCall(HeatFieldFileEnd(&job, NULL, &error));
  PetscCall(HeatFileAgree(b->grid->comm, b->path, "written", &error));
  PetscCall(BenchSince(b->grid->comm, start, &b->seconds[ASYNC][k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Read(Bench *b, PetscInt k)
{
  PetscReal start;

  PetscFunctionBeginUser;
  HeatFileDropCache(b->path);
  PetscCall(BenchNow(b->grid->comm, &start));
  PetscCall(HeatFieldFileRead(b->grid, b->path, "temperature", HEAT_ELEMENT_DOUBLE, b->T));
  PetscCall(BenchSince(b->grid->comm, start, &b->seconds[READ][k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Delete the checkpoint, so that the next one finds free space. */
static PetscErrorCode Remove(const Bench *b)
{
  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(b->grid->comm));
  if (b->grid->rank == 0) (void)unlink(b->path);
  PetscCallMPI(MPI_Barrier(b->grid->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Take one turn.  The probe is first in even turns and later in odd ones, because a write can
   leave the disk busy for the next one. */
static PetscErrorCode Turn(Bench *b, PetscInt k)
{
  PetscFunctionBeginUser;
  if (k % 2 == 0) PetscCall(Probe(b, k));
  PetscCall(Async(b, k));
  PetscCall(Remove(b));
  PetscCall(Sync(b, k));
  if (k % 2 == 1) PetscCall(Probe(b, k));
  PetscCall(Read(b, k));
  PetscCall(Remove(b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void Print(Bench *b)
{
  const double bytes        = 8.0 * (double)b->cells * (double)b->cells;
  const int    beside[WAYS] = {PROBE, PROBE, PROBE, PROBE_READ, PROBE_READ};
  PetscReal    values[MOST_REPEATS];

  (void)printf("%.2f GB on %d ranks, %" PetscInt_FMT " turns\n", bytes * 1e-9, (int)b->grid->size,
               b->repeats);
  for (int way = 0; way < WAYS; way++) {
    double rate;

    for (PetscInt k = 0; k < b->repeats; k++) values[k] = bytes * 1e-9 / b->seconds[way][k];
    rate = (double)BenchMedian(values, b->repeats);
    for (PetscInt k = 0; k < b->repeats; k++)
      values[k] = b->seconds[beside[way]][k] / b->seconds[way][k];
    (void)printf("  %-12s %6.2f GB/s  %5.2f of the probe\n", Names[way], rate,
                 (double)BenchMedian(values, b->repeats));
  }
  for (PetscInt k = 0; k < b->repeats; k++) values[k] = b->blocked[k] / b->seconds[ASYNC][k];
  (void)printf("  async: the computation waits for %.2f of its time\n",
               (double)BenchMedian(values, b->repeats));
}

static PetscErrorCode SetUp(Bench *b)
{
  HeatCase *c;

  PetscFunctionBeginUser;
  b->cells   = 16384;
  b->repeats = 5;
  PetscCall(PetscStrncpy(b->directory, ".", sizeof b->directory));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-cells", &b->cells, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeats", &b->repeats, NULL));
  PetscCall(
      PetscOptionsGetString(NULL, NULL, "-directory", b->directory, sizeof b->directory, NULL));
  b->repeats = PetscMin(b->repeats, MOST_REPEATS);
  (void)snprintf(b->path, sizeof b->path, "%.3000s/bench_io.h5", b->directory);
  PetscCall(HeatCaseCreate(&c));
  c->grid.cells[0] = c->grid.cells[1] = b->cells;
  c->grid.x[1] = c->grid.y[1] = 1.0;
  PetscCall(HeatGridCreate(PETSC_COMM_WORLD, c, &b->grid));
  PetscCall(HeatCaseDestroy(&c));
  PetscCall(PetscMalloc1(HeatGridLocalCells(b->grid), &b->T));
  for (size_t i = 0; i < HeatGridLocalCells(b->grid); i++) b->T[i] = 300.0 + 1e-6 * (double)i;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Work(void)
{
  Bench *b;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&b));
  PetscCall(SetUp(b));
  for (PetscInt k = 0; k < b->repeats; k++) PetscCall(Turn(b, k));
  if (b->grid->rank == 0) Print(b);
  PetscCall(HeatFieldFileCopiesClear(&b->copies));
  PetscCall(PetscFree(b->T));
  PetscCall(HeatGridDestroy(&b->grid));
  PetscCall(PetscFree(b));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, Work); }
