/* Measure explicit steps against the least that taking them one by one can cost on this machine.
 *
 *     mpiexec -n 2 bench_explicit [-cells 4000] [-steps 64] [-repeats 5]
 *
 * The conductivity is one in the first run and differs from cell to cell in the second.  In
 * turns:
 *     stream    one sweep for each step with stores that bypass the cache.  It reads and writes the
 *               field, and for a varying conductivity reads two arrays of it; it has no sides,
 *               masses, sources or energy account.
 *     plain     heat2d's steps one by one, with the energy account
 *     blocked   heat2d's steps, several in one sweep, with the energy account; it must end with the
 *               bits of `plain`
 * Printed are medians over the turns, in 10^9 cells times steps per second, and their ratios to
 * the stream's. */
#include <math.h>
#include <stdlib.h>

#if defined(__SSE2__)
  #include <emmintrin.h>
#endif

#include "solver/stepper/stepper.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/unit/solver_test.h"

enum { STREAM, PLAIN, BLOCKED, WAYS, MOST_REPEATS = 99, CHUNK = 512 };

static const char *const Names[WAYS] = {"stream", "plain", "blocked"};

typedef struct {
  PetscInt      cells, steps, repeats, depth;
  PetscBool     varies;
  HeatCase     *c;
  HeatGrid     *g;
  HeatStepper  *stepper;
  HeatOperator *op;
  PetscReal     dt;
  Vec           T;
  size_t        stride; /* of a row of the stream's arrays [nyl + 2][stride]; own cells begin at
                           row 1, column 8 */
  PetscReal    *memory, *old, *new, *kx, *ky;
} Bench;

/* ------- the stream ------- */

/* Store n values, a multiple of 2, at an address aligned to 16 bytes, with stores that bypass the
   cache. */
static void StorePastCache(PetscInt n, const PetscReal *from, PetscReal *to)
{
#if defined(__SSE2__)
  for (PetscInt i = 0; i < n; i += 2) _mm_stream_pd(to + i, _mm_loadu_pd(from + i));
#else /* ordinary stores */
  for (PetscInt i = 0; i < n; i++) to[i] = from[i];
#endif
}

static void StreamRow(const Bench *b, size_t row)
{
  const size_t    stride = b->stride;
  const PetscReal a      = 0.2;
  PetscReal       buffer[CHUNK];

  for (PetscInt begin = 0; begin < b->g->nxl; begin += CHUNK) {
    const PetscInt n            = PetscMin(b->g->nxl - begin, CHUNK);
    const size_t   at           = row * stride + 8 + (size_t)begin;
    const PetscReal *restrict c = b->old + at, *restrict s = c - stride, *restrict no = c + stride;

    if (b->varies) {
      const PetscReal *restrict kx = b->kx + at, *restrict ky = b->ky + at,
                                *restrict kn = ky + stride;

      _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
      {
        buffer[i] = c[i] + ((kx[i + 1] * (c[i + 1] - c[i]) - kx[i] * (c[i] - c[i - 1])) +
                            (kn[i] * (no[i] - c[i]) - ky[i] * (c[i] - s[i])));
      }
    } else {
      _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
      {
        buffer[i] = c[i] + a * (((c[i + 1] - c[i]) - (c[i] - c[i - 1])) +
                                ((no[i] - c[i]) - (c[i] - s[i])));
      }
    }
    StorePastCache((n + 1) / 2 * 2, buffer, b->new + at);
  }
}

/* Take one step of the stream.  The rows below and above the block come from the neighbouring
   ranks. */
static PetscErrorCode StreamStep(Bench *b)
{
  const HeatGrid   *g  = b->g;
  const size_t      ny = (size_t)g->nyl, row = b->stride;
  const PetscMPIInt low = g->neighbour[HEAT_BOTTOM], high = g->neighbour[HEAT_TOP];
  const PetscMPIInt n    = (PetscMPIInt)row;
  PetscReal        *swap = b->old;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Sendrecv(b->old + row, n, MPIU_REAL, low, 1, b->old + (ny + 1) * row, n,
                            MPIU_REAL, high, 1, g->comm, MPI_STATUS_IGNORE));
  PetscCallMPI(MPI_Sendrecv(b->old + ny * row, n, MPIU_REAL, high, 2, b->old, n, MPIU_REAL, low, 2,
                            g->comm, MPI_STATUS_IGNORE));
  for (size_t j = 1; j <= ny; j++) StreamRow(b, j);
  b->old = b->new;
  b->new = swap;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode SetUpStream(Bench *b)
{
  const size_t n = ((size_t)b->g->nyl + 2) * (b->stride = ((size_t)b->g->nxl + 25) / 8 * 8);

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(4 * n + 8, &b->memory));
  b->old = b->memory;
  if ((size_t)b->old % 16) b->old++;
  b->new = b->old + n;
  b->kx  = b->new + n;
  b->ky  = b->kx + n;
  for (size_t i = 0; i < n; i++) {
    b->old[i] = b->new[i] = 1.0 + (double)(i % 7);
    b->kx[i] = b->ky[i] = 0.1 + 0.01 * (double)(i % 11);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- ours ------- */

static PetscErrorCode SetUpOurs(Bench *b)
{
  const HeatTestMaterial m      = {1.0, 1.0, 1.0, 1.0};
  HeatCellInputs         inputs = {0};
  PetscReal             *values;

  PetscFunctionBeginUser;
  b->c              = HeatTestCase(b->cells, b->cells, 1.0, 1.0, m);
  b->c->time.scheme = HEAT_SCHEME_FTCS;
  HeatTestText(&b->c->initial.temperature, "cos(3*pi*x)*cos(20*pi*y)/4");
  b->g = HeatTestSetUpGrid(PETSC_COMM_WORLD, b->c).g;
  if (b->varies) {
    values = HeatTestArray(b->g);
    for (PetscInt j = 0; j < b->g->nyl; j++) {
      for (PetscInt i = 0; i < b->g->nxl; i++)
        values[j * b->g->nxl + i] = 1.5 + HeatTestNoise(b->g->xs + i, b->g->ys + j, 1);
    }
    inputs.properties[HEAT_PROPERTY_CONDUCTIVITY] = values;
  }
  PetscCall(HeatOperatorCreate(b->g, b->c, &inputs, &b->op));
  PetscCall(PetscFree(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY]));
  PetscCall(HeatOperatorSetTime(b->op, 0.0));
  PetscCall(HeatOperatorStableStep(b->op, &b->dt));
  b->dt *= 0.9;
  PetscCall(HeatStepperCreate(b->op, b->dt, &b->stepper));
  PetscCall(HeatStepperMostAtOnce(b->stepper, &b->depth));
  PetscCall(HeatGridCreateVec(b->g, &b->T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Paint(Bench *b)
{
  PetscReal *values;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayWrite(b->T, &values));
  PetscCall(HeatPaintTemperature(b->g, b->c, NULL, PETSC_FALSE, values));
  PetscCall(VecRestoreArrayWrite(b->T, &values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode OurSteps(Bench *b, PetscInt most)
{
  PetscReal    times[HEAT_MOST_AT_ONCE] = {0.0};
  HeatStepInfo info;

  PetscFunctionBeginUser;
  for (PetscInt done = 0; done < b->steps;) {
    const PetscInt n = PetscMin(most, b->steps - done);

    if (n > 1) PetscCall(HeatStepperAdvanceSeveral(b->stepper, n, times, b->dt, &b->T, &info));
    else PetscCall(HeatStepperAdvance(b->stepper, 0.0, b->dt, &b->T, &info));
    done += n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store a number that almost certainly changes if a bit of any cell does. */
static PetscErrorCode Fingerprint(Bench *b, PetscInt64 *sum)
{
  const PetscReal *values;
  PetscInt64       mine = 0, bits;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(b->T, &values));
  for (size_t i = 0; i < HeatGridLocalCells(b->g); i++) {
    memcpy(&bits, &values[i], sizeof bits);
    mine = (PetscInt64)((uint64_t)mine * 6364136223846793005U + (uint64_t)bits);
  }
  PetscCall(VecRestoreArrayRead(b->T, &values));
  PetscCallMPI(MPI_Allreduce(&mine, sum, 1, MPIU_INT64, MPI_BXOR, b->g->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- turns ------- */

static int Ascending(const void *a, const void *b)
{
  const PetscReal x = *(const PetscReal *)a, y = *(const PetscReal *)b;

  return (x > y) - (x < y);
}

static PetscErrorCode TakeTurn(Bench *b, int way, PetscReal *rate, PetscInt64 *bits)
{
  const PetscReal updates = (PetscReal)b->cells * (PetscReal)b->cells * (PetscReal)b->steps;
  PetscReal       start, seconds;

  PetscFunctionBeginUser;
  if (way != STREAM) PetscCall(Paint(b));
  PetscCall(BenchNow(b->g->comm, &start));
  if (way == STREAM) {
    for (PetscInt k = 0; k < b->steps; k++) PetscCall(StreamStep(b));
  } else {
    PetscCall(OurSteps(b, way == PLAIN ? 1 : b->depth));
  }
  PetscCall(BenchSince(b->g->comm, start, &seconds));
  *rate = updates / seconds;
  if (way != STREAM) PetscCall(Fingerprint(b, bits));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(Bench *b)
{
  PetscReal  rates[WAYS][MOST_REPEATS], median[WAYS], ignored;
  PetscInt64 bits[WAYS];

  PetscFunctionBeginUser;
  PetscCall(TakeTurn(b, BLOCKED, &ignored, &bits[BLOCKED])); /* warms up */
  for (PetscInt r = 0; r < b->repeats; r++) {
    for (int way = 0; way < WAYS; way++) PetscCall(TakeTurn(b, way, &rates[way][r], &bits[way]));
    HeatCheck(bits[PLAIN] == bits[BLOCKED], b->g->comm, HEAT_ERR_NUMERICS,
              "%" PetscInt_FMT " steps at once end with other bits than one by one", b->depth);
  }
  for (int way = 0; way < WAYS; way++) {
    qsort(rates[way], (size_t)b->repeats, sizeof(PetscReal), Ascending);
    median[way] = rates[way][b->repeats / 2];
    PetscCall(PetscPrintf(b->g->comm, "%-9s %6" PetscInt_FMT "^2  %3d ranks  %-8s %7.3f  %5.2f\n",
                          b->varies ? "varying" : "constant", b->cells, b->g->size, Names[way],
                          (double)median[way] / 1e9, (double)(median[way] / median[STREAM])));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunOne(PetscBool varies, PetscInt cells, PetscInt steps, PetscInt repeats)
{
  Bench b = {.cells = cells, .steps = steps, .repeats = repeats, .varies = varies};

  PetscFunctionBeginUser;
  PetscCall(SetUpOurs(&b));
  PetscCall(SetUpStream(&b));
  PetscCall(Measure(&b));
  PetscCall(PetscFree(b.memory));
  PetscCall(VecDestroy(&b.T));
  PetscCall(HeatStepperDestroy(&b.stepper));
  PetscCall(HeatOperatorDestroy(&b.op));
  PetscCall(HeatGridDestroy(&b.g));
  PetscCall(HeatCaseDestroy(&b.c));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  PetscInt cells = 4000, steps = 64, repeats = 5;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-cells", &cells, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-steps", &steps, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeats", &repeats, NULL));
  HeatCheck(cells >= 2 && steps >= 1 && repeats >= 1 && repeats <= MOST_REPEATS, PETSC_COMM_WORLD,
            HEAT_ERR_INPUT, "-cells at least 2, -steps at least 1, -repeats 1 to %d", MOST_REPEATS);
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%-9s %8s  %9s  %-8s %7s  %5s\n", "k", "cells", "", "way",
                        "10^9/s", "ratio"));
  PetscCall(RunOne(PETSC_FALSE, cells, steps, repeats));
  PetscCall(RunOne(PETSC_TRUE, cells, steps, repeats));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
