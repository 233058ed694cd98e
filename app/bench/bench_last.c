/** The last field of the timed problem (bench_last.h). */
#include "app/bench/bench_last.h"

#include <math.h>
#include <stdio.h>

#include "app/bench/draw.h"
#include "app/run/memory_check.h"
#include "io/field_file/field_file.h"
#include "io/file/checksum.h"
#include "solver/base/monotonic.h"

/* The checksum. */

/* Compute the checksum of a field, the same on all ranks and on any number of them. */
static PetscErrorCode Checksum(const HeatGrid *g, const PetscReal *T, uint64_t *sum)
{
  PetscFunctionBeginUser;
  *sum = 0;
  for (PetscInt j = 0; j < g->nyl; j++)
    *sum += HeatChecksum(sizeof *T, T + (size_t)j * (size_t)g->nxl,
                         (PetscInt64)(g->ys + j) * g->nx + g->xs, g->nxl);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sum, 1, MPI_UINT64_T, MPI_SUM, g->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The run. */

PetscBool HeatBenchWritesLast(const HeatBenchRequest *q)
{
  return (PetscBool)(q->write_field || HeatBenchWritesField(q->id.size));
}

/* Write the field to DIR/field.h5, read back all of it, and compare its row checksums with the
   checksum of the blocks. */
static PetscErrorCode WriteFile(const HeatBenchRequest *q, const HeatCase *c, const HeatGrid *grid,
                                const PetscReal *T, HeatBenchResult *r)
{
  const HeatFieldFileOptions options = {.kind      = "snapshot",
                                        .title     = c->title,
                                        .step      = HEAT_BENCH_CYCLE,
                                        .time      = HEAT_BENCH_CYCLE * c->time.step,
                                        .alignment = c->output.alignment,
                                        .verify    = HEAT_READ_BACK_FULL};
  const HeatFileField        field   = {.name      = "temperature",
                                        .units     = "K",
                                        .long_name = "temperature",
                                        .element   = HEAT_ELEMENT_DOUBLE,
                                        .block     = T};
  const double               start   = HeatMonotonicTime();
  HeatFileStats              stats;
  char                       path[PETSC_MAX_PATH_LEN];

  PetscFunctionBeginUser;
  (void)snprintf(path, sizeof path, "%s/" HEAT_FIELD_NAME, q->directory);
  PetscCall(HeatFieldFileWrite(grid, path, &options, 1, &field, &stats));
  PetscCallMPI(MPI_Bcast(&stats.values, 1, MPI_UINT64_T, 0, grid->comm));
  r->last.seconds = HeatMonotonicTime() - start;
  r->last.bytes   = stats.bytes;
  if (stats.values != r->last.checksum)
    HeatBenchInvalid(r,
                     "the last field: its file has the checksum 0x%016llx, the cells have "
                     "0x%016llx",
                     (unsigned long long)stats.values, (unsigned long long)r->last.checksum);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBenchKeepLast(const HeatBenchRequest *q, const HeatCase *c, const HeatGrid *grid,
                                 const PetscReal *T, HeatProof *proof, HeatBenchResult *r)
{
  const PetscReal *fields[HEAT_COMMITTED] = {[HEAT_AFTER] = T};
  HeatCommitment   commitment             = {.problem = HEAT_BENCH_PROBLEM_LAST};
  char             text[24];

  PetscFunctionBeginUser;
  commitment.cycle = r->cycles - 1;
  commitment.step  = HEAT_BENCH_CYCLE;
  PetscCall(HeatProofCommit(proof, grid, &commitment, fields, HEAT_BENCH_WINDOWS));
  r->last.root = commitment.root[HEAT_AFTER];
  PetscCall(Checksum(grid, T, &r->last.checksum));
  (void)snprintf(text, sizeof text, "0x%016llx", (unsigned long long)r->last.checksum);
  HeatProofPutText(proof, "checksum", text);
  if (HeatBenchWritesLast(q)) PetscCall(WriteFile(q, c, grid, T, r));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Reading again. */

/* Compare range and heat of a field with those of the initial field of its cycle. */
static PetscErrorCode CompareWithStart(const HeatGrid *g, const PetscReal *T,
                                       HeatBenchReread *found)
{
  const HeatBenchId *id      = &found->id;
  double             sums[2] = {0.0, 0.0}; /* [J/m] heat that came in, heat above the lowest T */
  double             outside = -INFINITY;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++) {
    double row[2] = {0.0, 0.0}; /* a sum of its own, for accuracy */

    for (PetscInt i = 0; i < g->nxl; i++) {
      const PetscInt64 x = g->xs + i, y = g->ys + j;
      const double     C     = HeatBenchCapacity(id, x, y);
      const double     start = HeatDrawTemperature(id->nonce, found->stated.cycle, x, y);
      const double     value = T[(size_t)j * (size_t)g->nxl + (size_t)i];
      const double     out   = PetscMax(HeatBenchRange[0] - value, value - HeatBenchRange[1]);

      row[0] += C * (value - start);
      row[1] += C * (start - HeatBenchRange[0]);
      if (isnan(out) || out > outside) outside = out; /* NaN stays */
    }
    sums[0] += row[0];
    sums[1] += row[1];
  }
  if (isnan(outside)) outside = INFINITY; /* MPI_MAX of a NaN is not defined */
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, sums, 2, MPI_DOUBLE, MPI_SUM, g->comm));
  PetscCallMPI(MPI_Allreduce(&outside, &found->outside, 1, MPI_DOUBLE, MPI_MAX, g->comm));
  found->balance = fabs(sums[0]) / sums[1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read the file and evaluate its field. */
static PetscErrorCode ReadFile(const HeatGrid *grid, const char *path, HeatBenchReread *found)
{
  PetscReal     *T;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(grid), &T));
  code = HeatFieldFileRead(grid, path, "/temperature", HEAT_ELEMENT_DOUBLE, T);
  if (!code) {
    PetscCall(Checksum(grid, T, &found->checksum));
    PetscCall(HeatProofRoot(&found->id, grid, T, &found->root));
    PetscCall(CompareWithStart(grid, T, found));
  }
  PetscCall(PetscFree(T));
  PetscFunctionReturn(code);
}

/* Add a reason for each difference. */
static void Judge(const HeatBenchReread *found, HeatBenchResult *r)
{
  if (found->checksum != found->stated.checksum)
    HeatBenchInvalid(r, "reread: the checksum is 0x%016llx, not the stated 0x%016llx",
                     (unsigned long long)found->checksum,
                     (unsigned long long)found->stated.checksum);
  if (!HeatHashSame(&found->root, &found->stated.root))
    HeatBenchInvalid(r, "reread: the field is not the one that the proof commits to");
  if (!(found->outside <= HeatBenchOvershoot))
    HeatBenchInvalid(r, "reread: the temperature leaves the range of its start by %.3g K",
                     found->outside);
  if (!(found->balance <= HeatBenchBalance))
    HeatBenchInvalid(r,
                     "reread: the heat is not that of the nonce's first field: off by %.3g, "
                     "above %.3g",
                     found->balance, HeatBenchBalance);
}

/* Read record and proof on rank 0, and share what they state: the class as its number in the list,
   since addresses differ between processes. */
static PetscErrorCode ShareStated(MPI_Comm comm, const char *dir, HeatBenchReread *found,
                                  HeatBenchResult *r)
{
  PetscErrorCode code = PETSC_SUCCESS;
  PetscMPIInt    rank;
  int            number = 0;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(comm, &rank));
  if (rank == 0) code = HeatAuditReadLast(dir, &found->id, &found->stated, r);
  PetscCallMPI(MPI_Bcast(&code, 1, MPI_INT, 0, comm));
  if (code) PetscFunctionReturn(code);
  if (rank == 0) number = (int)(found->id.size - HeatBenchClasses);
  PetscCallMPI(MPI_Bcast(&number, 1, MPI_INT, 0, comm));
  PetscCallMPI(MPI_Bcast(&found->id, sizeof found->id, MPI_BYTE, 0, comm));
  PetscCallMPI(MPI_Bcast(&found->stated, sizeof found->stated, MPI_BYTE, 0, comm));
  found->id.size = &HeatBenchClasses[number];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Read and evaluate the file with the blocks of a run of the case. */
static PetscErrorCode ReadBlocks(MPI_Comm comm, const char *dir, const HeatCase *c,
                                 HeatBenchReread *found)
{
  char           path[PETSC_MAX_PATH_LEN];
  HeatGrid      *grid;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(HeatGridCreate(comm, c, &grid));
  (void)snprintf(path, sizeof path, "%s/" HEAT_FIELD_NAME, dir);
  code = ReadFile(grid, path, found);
  PetscCall(HeatGridDestroy(&grid));
  PetscFunctionReturn(code);
}

PetscErrorCode HeatBenchRereadLast(MPI_Comm comm, const char *dir, HeatBenchReread *found,
                                   HeatBenchResult *r)
{
  HeatCase      *c;
  PetscMPIInt    ranks;
  PetscErrorCode code;

  PetscFunctionBeginUser;
  PetscCall(ShareStated(comm, dir, found, r));
  PetscCall(HeatBenchCheckIndex(comm, found->id.size));
  PetscCallMPI(MPI_Comm_size(comm, &ranks));
  PetscCall(HeatBenchReadCase(comm, &found->id, HEAT_BENCH_PROBLEM_MODES, ranks, &c));
  code = HeatMemoryCheckField(comm, c);
  if (!code) code = ReadBlocks(comm, dir, c, found);
  PetscCall(HeatCaseDestroy(&c));
  if (!code) Judge(found, r);
  PetscFunctionReturn(code);
}
