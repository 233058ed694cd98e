/* Measure the error of history (app/bench/bench_history.h) of honest results.
 *
 *     bench_history -result DIR [-windows 64]
 *
 * DIR is a result of `heat2d bench` with its last field, DIR/field.h5.  For windows at random
 * places the program takes the steps of the cycle on a patch, as the audit does, and compares the
 * patch with the field.  Printed are the mean error, quantiles, the largest error, the bound of
 * the audit and the processor time of a window.  The errors themselves are printed, too, one a
 * line, so that several results can be joined.  Exit code 3: an honest window is above the
 * bound. */
#include <stdio.h>

#include "app/bench/bench_history.h"
#include "app/bench/bench_last.h"
#include "app/bench/draw.h"
#include "io/field_file/field_file.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"

/* Read the last field of a result, [cells][cells], which the caller frees. */
static PetscErrorCode ReadField(const char *dir, HeatBenchId *id, HeatAuditLast *last, double **T)
{
  char             path[PETSC_MAX_PATH_LEN];
  HeatBenchResult *r;
  HeatCase        *c;
  HeatGrid        *grid;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&r));
  PetscCall(HeatAuditReadLast(dir, id, last, r));
  PetscCall(PetscFree(r));
  PetscCall(HeatBenchReadCase(PETSC_COMM_SELF, id, HEAT_BENCH_PROBLEM_MODES, 1, &c));
  PetscCall(HeatGridCreate(PETSC_COMM_SELF, c, &grid));
  PetscCall(PetscMalloc1(HeatGridLocalCells(grid), T));
  (void)snprintf(path, sizeof path, "%s/" HEAT_FIELD_NAME, dir);
  PetscCall(HeatFieldFileRead(grid, path, "/temperature", HEAT_ELEMENT_DOUBLE, *T));
  PetscCall(HeatGridDestroy(&grid));
  PetscCall(HeatCaseDestroy(&c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the error of a window at a random place; k is its number. */
static PetscErrorCode ErrorOf(const HeatBenchId *id, const HeatAuditLast *last, const double *T,
                              PetscInt k, PetscReal *error)
{
  const PetscInt64 n   = id->size->cells;
  const uint64_t   bit = HeatDraw(id->nonce + 1, HEAT_DRAW_STEP, 0, (uint64_t)k);
  HeatHistoryRow   row = {.row   = (PetscInt64)(bit % (uint64_t)n),
                          .first = (PetscInt64)((bit >> 32) % (uint64_t)(HeatPieces(id) - 1)) *
                                   HEAT_PIECE,
                          .n = HEAT_WINDOW_COLUMNS * HEAT_PIECE};
  double           found;

  PetscFunctionBeginUser;
  row.values = T + row.row * n + row.first;
  PetscCall(HeatHistoryCompare(id, last->cycle, HEAT_BENCH_CYCLE, &row, &found));
  *error = found;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(const char *dir, PetscInt windows)
{
  HeatBenchId   id;
  HeatAuditLast last;
  double       *T, bound, seconds;
  PetscReal    *errors, sum = 0.0;

  PetscFunctionBeginUser;
  PetscCall(ReadField(dir, &id, &last, &T));
  PetscCall(PetscMalloc1(windows, &errors));
  seconds = BenchProcessorTime();
  for (PetscInt k = 0; k < windows; k++) {
    PetscCall(ErrorOf(&id, &last, T, k, &errors[k]));
    PetscCall(PetscPrintf(PETSC_COMM_SELF, "error %.6g\n", (double)errors[k]));
    sum += errors[k];
  }
  seconds = (BenchProcessorTime() - seconds) / (double)windows;
  PetscCall(PetscSortReal(windows, errors));
  bound = HeatHistoryBound(id.workload);
  PetscCall(PetscPrintf(
      PETSC_COMM_SELF,
      "class %s, %s, nonce 0x%016llx, cycle %u: %d windows after %d steps\n"
      "  mean %.3g, median %.3g, 90 %% below %.3g, largest %.3g, bound %.3g; "
      "%.3g s a window\n",
      id.size->name, HeatBenchWorkloadNames[id.workload], (unsigned long long)id.nonce, last.cycle,
      (int)windows, HEAT_BENCH_CYCLE, (double)sum / (double)windows, (double)errors[windows / 2],
      (double)errors[windows * 9 / 10], (double)errors[windows - 1], bound, seconds));
  HeatCheck(errors[windows - 1] <= bound, PETSC_COMM_SELF, HEAT_ERR_NUMERICS,
            "an honest window has the error %g, above the bound %g", (double)errors[windows - 1],
            bound);
  PetscCall(PetscFree(errors));
  PetscCall(PetscFree(T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  char      dir[PETSC_MAX_PATH_LEN] = "";
  PetscInt  windows                 = 64;
  PetscBool given;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetString(NULL, NULL, "-result", dir, sizeof dir, &given));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-windows", &windows, NULL));
  HeatCheck(given && windows >= 1, PETSC_COMM_WORLD, HEAT_ERR_INPUT,
            "-result DIR, the folder of a result of heat2d bench; -windows at least 1");
  PetscCall(Measure(dir, windows));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
