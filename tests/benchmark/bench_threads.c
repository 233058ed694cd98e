/* Measure two ranks that send messages against one rank with two threads, on the solver's kernels.
 *
 *     OMP_WAIT_POLICY=active mpiexec -n 2 bench_threads [-cells 1000] [-repeats 9] [-iterations N]
 *
 *  Two workers have half of the rows of cells x cells cells each, with a halo of some rows.  In
 *  turns they are two ranks, which exchange halos by MPI_Sendrecv and sums by MPI_Allreduce, or two
 *  threads of rank 0, which copy halos and read sums after a barrier of OpenMP, while rank 1
 *  sleeps:
 *     plain   an explicit step (step_kernel.h), k differs from cell to cell; a halo of one row
 *     sweep   eight such steps, row by row as a wave in a cache; a halo of eight rows
 *     smooth  four half-sweeps of red-black Gauss-Seidel as a wave, and a sum over all cells
 *             (level_kernels.h), as an iteration of the linear solver has; a halo of four rows
 *  Each worker keeps to a processor of its own, the first two that the launcher lets the ranks use.
 *  Both must end with the same bits.  Printed are medians over the turns of the time of an
 *  iteration, and the time of ranks over that of threads: above 1, threads are faster. */
#define _GNU_SOURCE /* sched_setaffinity */
#include <omp.h>
#include <sched.h>
#include <string.h>
#include <time.h>

#include "solver/multigrid/level_kernels.h"
#include "solver/operator/step_kernel.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/benchmark/bench_median.h"

enum { PLAIN, SWEEP, SMOOTH, WAYS };
enum { RANKS, THREADS, TEAMS };
enum { WORKERS = 2, MOST_REPEATS = 99 };

/* [rows] Steps of a sweep, and half-sweeps of a wave: so many rows of a halo they use up. */
enum { STEPS = 8, WAVE = 4, RING = 4 };

/* [values] Readable values on either side of a row: one vector of floats. */
enum { PAD = 16 };

/* [cells] Cells times iterations of a turn, chosen for some tenths of a second.  Small grids have
   MOST_ITERATIONS, so that a busy machine, on which workers wait for each other, ends a turn. */
static const double Work[WAYS] = {2e8, 3e7, 1e8};

enum { MOST_ITERATIONS = 4000 };

static const char *const Names[WAYS] = {"plain", "sweep", "smooth"};
static const PetscInt    Halo[WAYS]  = {1, STEPS, WAVE};

/* Half of the rows.  Arrays have ny + 2 halo rows of `stride` values; a row begins at PAD.  Floats
   are rows of even columns, then of odd columns, each as long as half a row of doubles. */
typedef struct {
  int        index; /* 0: the lower half */
  PetscInt   nx, ny, halo;
  size_t     stride, half; /* [doubles], [floats] */
  PetscReal *memory, *old, *new, *gx, *gy, *r, *ring;
  float     *u, *b, *diagonal, *wx, *wy; /* wx, wy: conductances towards west and south */
  PetscReal  sum, total;                 /* of this half, of both */
} Worker;

typedef struct {
  PetscInt cells, iterations;
  int      way, rank;
  int      processor[WORKERS]; /* that a worker keeps to; -1: there are not enough */
  Worker   worker[WORKERS];    /* of a rank, its own one; of threads, both */
} Bench;

static size_t Rows(const Worker *w) { return (size_t)(w->ny + 2 * w->halo); }

static PetscErrorCode Allocate(const Bench *b, int index, Worker *w)
{
  size_t n, ring;

  PetscFunctionBeginUser;
  *w        = (Worker){.index = index, .nx = b->cells, .halo = Halo[b->way]};
  w->ny     = index ? b->cells - b->cells / 2 : b->cells / 2;
  w->half   = ((size_t)(b->cells + 1) / 2 + 3 * PAD) / PAD * PAD;
  w->stride = 2 * w->half;
  n         = Rows(w) * w->stride;
  ring      = (STEPS + 1) * RING * w->stride;
  PetscCall(PetscMalloc1(5 * n + ring, &w->memory)); /* touched first in Fill */
  w->old      = w->memory;
  w->new      = w->old + n;
  w->gx       = w->new + n;
  w->gy       = w->gx + n;
  w->r        = w->gy + n;
  w->ring     = w->r + n;
  w->u        = (float *)w->old;
  w->b        = (float *)w->new;
  w->diagonal = (float *)w->gx;
  w->wx       = (float *)w->gy;
  w->wy       = (float *)w->r;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill the arrays with values that depend on the place in the whole. */
static void Fill(const Bench *b, Worker *w)
{
  const PetscInt first = (w->index ? b->cells / 2 : 0) - w->halo;

  memset(w->ring, 0, (STEPS + 1) * RING * w->stride * sizeof *w->ring);
  for (size_t j = 0; j < Rows(w); j++) {
    const size_t seed = (size_t)(first + (PetscInt)j + STEPS);

    for (size_t i = 0, at = j * w->stride; i < w->stride; i++, at++) {
      if (b->way == SMOOTH) {
        w->u[at]        = (float)((i + 3 * seed) % 7) / 8.0F;
        w->b[at]        = (float)((i + seed) % 5) / 4.0F;
        w->wx[at]       = 0.5F + (float)((i + seed) % 11) / 16.0F;
        w->wy[at]       = 0.5F + (float)((2 * i + seed) % 13) / 16.0F;
        w->diagonal[at] = 6.0F;
      } else {
        w->old[at] = w->new[at] = (PetscReal)((i + 3 * seed) % 7);
        w->gx[at]               = 0.5 + (PetscReal)((i + seed) % 11) / 16.0;
        w->gy[at]               = 0.5 + (PetscReal)((2 * i + seed) % 13) / 16.0;
        w->r[at]                = 0.1;
      }
    }
  }
}

/* Exchange halos and sums. */

/* Return the field that a worker reads in iteration k.  Another thread must not read w->old, which
   the worker may have swapped for the next iteration. */
static char *Field(const Bench *b, const Worker *w, PetscInt k)
{
  const size_t n = Rows(w) * w->stride;

  return (char *)(w->memory + (b->way != SMOOTH && k % 2 ? n : 0));
}

/* Fill the rows of the halo towards the other worker before iteration k.
   @param[in] other  the other worker, if it is a thread; NULL: it is the other rank */
static PetscErrorCode Exchange(const Bench *b, PetscInt k, const Worker *w, const Worker *other)
{
  const size_t row  = w->stride * (b->way == SMOOTH ? sizeof(float) : sizeof(PetscReal));
  const size_t halo = (size_t)w->halo * row, own = (size_t)w->ny * row;
  char        *field = Field(b, w, k), *below = field, *above = field + halo + own;

  PetscFunctionBeginUser;
  if (other) {
#pragma omp barrier
    if (w->index) memcpy(below, Field(b, other, k) + (size_t)other->ny * row, halo);
    else memcpy(above, Field(b, other, k) + halo, halo);
  } else {
    PetscCallMPI(MPI_Sendrecv(w->index ? field + halo : field + own, (PetscMPIInt)halo, MPI_BYTE,
                              1 - w->index, 1, w->index ? below : above, (PetscMPIInt)halo,
                              MPI_BYTE, 1 - w->index, 1, PETSC_COMM_WORLD, MPI_STATUS_IGNORE));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set w->total to the sum of both workers. */
static PetscErrorCode AddUp(Worker *w, const Worker *other)
{
  PetscFunctionBeginUser;
  w->total = w->sum;
  if (other) {
#pragma omp barrier
    w->total += other->sum;
  } else {
    PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &w->total, 1, MPIU_REAL, MPI_SUM, PETSC_COMM_WORLD));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute. */

static void Step(const Worker *w, size_t j, const PetscReal *below, const PetscReal *T,
                 const PetscReal *above, PetscBool past_cache, PetscReal *out)
{
  const size_t      at  = j * w->stride + PAD;
  const HeatStepRow row = {.n     = w->nx,
                           .T     = T + PAD,
                           .below = below + PAD,
                           .above = above + PAD,
                           .gx    = w->gx + at,
                           .gs    = w->gy + at,
                           .gn    = w->gy + at, /* a symmetric matrix is not needed here */
                           .r     = w->r + at,
                           .out   = out + PAD};

  HeatStepCompute(&row, NULL, past_cache);
}

static void PlainStep(Worker *w)
{
  const PetscBool past = HeatStepPastCache(Rows(w) * w->stride * sizeof *w->old);

  for (size_t j = 1; j + 1 < Rows(w); j++) {
    const PetscReal *T = w->old + j * w->stride;

    Step(w, j, T - w->stride, T, T + w->stride, past, w->new + j * w->stride);
  }
  HeatStepFence();
}

/* Row j of step l of the sweep. */
static PetscReal *SweepRow(const Worker *w, size_t l, size_t j)
{
  if (l == 0) return w->old + j * w->stride;
  if (l == STEPS) return w->new + j * w->stride;
  return w->ring + (l * RING + j % RING) * w->stride;
}

static void Sweep(Worker *w)
{
  for (size_t m = 0; m < Rows(w) + STEPS; m++) {
    for (size_t l = 1; l <= STEPS && l <= m; l++) {
      const size_t j = m - l;

      if (j < l || j + l >= Rows(w)) continue;
      Step(w, j, SweepRow(w, l - 1, j - 1), SweepRow(w, l - 1, j), SweepRow(w, l - 1, j + 1),
           PETSC_FALSE, SweepRow(w, l, j));
    }
  }
}

/* Return the half row of row j and one parity of columns. */
static HeatHalfRow HalfRow(const Worker *w, size_t j, size_t parity)
{
  const size_t row = j * w->stride, at = row + parity * w->half + PAD;
  const size_t beside = row + (1 - parity) * w->half + PAD;

  return (HeatHalfRow){.u        = w->u + at,
                       .uw       = w->u + beside - (parity ? 0 : 1),
                       .us       = w->u + at - w->stride,
                       .un       = w->u + at + w->stride,
                       .gw       = w->wx + at,
                       .ge       = w->wx + beside + (parity ? 1 : 0),
                       .gs       = w->wy + at,
                       .gn       = w->wy + at + w->stride,
                       .m        = w->diagonal + at,
                       .b        = w->b + at,
                       .diagonal = w->diagonal + at};
}

static void Smooth(Worker *w)
{
  const HeatPrefetch none = {0};
  const PetscInt     n    = (w->nx + 1) / 2;

  for (size_t m = WAVE; m + 1 < Rows(w); m++) {
    HeatHalfRow r[WAVE];

    for (size_t k = 0; k < WAVE; k++) r[k] = HalfRow(w, m - k, m % 2);
    HeatRelaxWave(n, r, &none);
  }
  w->sum = 0.0;
  for (size_t j = (size_t)w->halo; j < Rows(w) - (size_t)w->halo; j++) {
    const float *u = w->u + j * w->stride + PAD, *b = w->b + j * w->stride + PAD;
    PetscReal    sum = 0.0;

    for (size_t i = 0; i < w->half - 2 * PAD; i++) sum += (double)u[i] * (double)b[i];
    w->sum += sum;
  }
}

static void Swap(Worker *w)
{
  PetscReal *swap = w->old;

  w->old = w->new;
  w->new = swap;
}

/* Take the iterations of a turn. */
static PetscErrorCode Iterate(const Bench *b, Worker *w, const Worker *other)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < b->iterations; k++) {
    PetscCall(Exchange(b, k, w, other));
    if (b->way == SMOOTH) {
      if (other) { /* the other worker has copied rows that are about to change */
#pragma omp barrier
      }
      Smooth(w);
      PetscCall(AddUp(w, other));
    } else {
      if (b->way == PLAIN) PlainStep(w);
      else Sweep(w);
      Swap(w);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Turns. */

/* Find the processors of the workers: the first two that one of the ranks may use.  Collective. */
static PetscErrorCode FindProcessors(Bench *b)
{
  cpu_set_t set;
  int       found = 0;

  PetscFunctionBeginUser;
  CPU_ZERO(&set);
  (void)sched_getaffinity(0, sizeof set, &set);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &set, (PetscMPIInt)sizeof set, MPI_BYTE, MPI_BOR,
                             PETSC_COMM_WORLD));
  for (int k = 0; k < CPU_SETSIZE && found < WORKERS; k++)
    if (CPU_ISSET(k, &set)) b->processor[found++] = k;
  if (found < WORKERS) b->processor[0] = b->processor[1] = -1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Keep the calling thread to the processor of a worker. */
static void Bind(const Bench *b, int worker)
{
  cpu_set_t set;

  if (b->processor[worker] < 0) return;
  CPU_ZERO(&set);
  CPU_SET(b->processor[worker], &set);
  (void)sched_setaffinity(0, sizeof set, &set);
}

/* Wait for the other rank without keeping a core busy. */
static PetscErrorCode SleepUntilBoth(void)
{
  const struct timespec nap  = {.tv_nsec = 500000};
  int                   done = 0;
  MPI_Request           request;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Ibarrier(PETSC_COMM_WORLD, &request));
  while (!done) {
    PetscCallMPI(MPI_Test(&request, &done, MPI_STATUS_IGNORE));
    if (!done) (void)nanosleep(&nap, NULL);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* PETSc's error handling is not made for threads: here its calls only return. */
static PetscErrorCode RunThreads(Bench *b, PetscReal *seconds)
{
  PetscReal start  = 0.0;
  int       failed = 0;

  PetscFunctionBeginUser;
#pragma omp parallel num_threads(WORKERS) reduction(+ : failed)
  {
    Worker *w = &b->worker[omp_get_thread_num()];

    Bind(b, w->index);
    Fill(b, w);
#pragma omp barrier
#pragma omp          master
    start  = HeatMonotonicTime();
    failed = Iterate(b, w, &b->worker[1 - w->index]) ? 1 : 0;
#pragma omp barrier
#pragma omp master
    *seconds = HeatMonotonicTime() - start;
  }
  PetscCheck(failed == 0, PETSC_COMM_SELF, PETSC_ERR_PLIB, "a thread failed");
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return a number that almost certainly changes if a bit of an own cell does. */
static uint64_t Fingerprint(const Worker *w)
{
  const size_t bytes = w->stride * (w->halo == WAVE ? sizeof(float) : sizeof(PetscReal));
  const char  *own   = (const char *)w->old + (size_t)w->halo * bytes;
  uint64_t     sum   = 0, bits;

  for (size_t at = 0; at + sizeof bits <= (size_t)w->ny * bytes; at += sizeof bits) {
    memcpy(&bits, own + at, sizeof bits);
    sum = sum * 6364136223846793005U + bits;
  }
  memcpy(&bits, &w->total, sizeof bits);
  return sum * (2 * (uint64_t)w->index + 3) + bits;
}

/* Take a turn of a team and store its time of an iteration.  Collective. */
static PetscErrorCode TakeTurn(Bench *b, int team, PetscReal *seconds, uint64_t *bits)
{
  PetscReal start;
  uint64_t  mine = 0;

  PetscFunctionBeginUser;
  *seconds = 0.0;
  if (team == RANKS) {
    Worker *w = &b->worker[b->rank];

    Bind(b, b->rank);
    PetscCall(Allocate(b, b->rank, w));
    Fill(b, w);
    PetscCall(BenchNow(PETSC_COMM_WORLD, &start));
    PetscCall(Iterate(b, w, NULL));
    PetscCall(BenchSince(PETSC_COMM_WORLD, start, seconds));
    mine = Fingerprint(w);
    PetscCall(PetscFree(w->memory));
  } else if (b->rank == 0) {
    for (int k = 0; k < WORKERS; k++) PetscCall(Allocate(b, k, &b->worker[k]));
    PetscCall(RunThreads(b, seconds));
    for (int k = 0; k < WORKERS; k++) {
      mine ^= Fingerprint(&b->worker[k]);
      PetscCall(PetscFree(b->worker[k].memory));
    }
  }
  if (team == THREADS) PetscCall(SleepUntilBoth());
  PetscCallMPI(MPI_Allreduce(&mine, bits, 1, MPI_UINT64_T, MPI_BXOR, PETSC_COMM_WORLD));
  *seconds /= (PetscReal)b->iterations;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(Bench *b, PetscInt repeats)
{
  PetscReal times[TEAMS][MOST_REPEATS], median[TEAMS];
  uint64_t  bits[TEAMS];

  PetscFunctionBeginUser;
  b->iterations = PetscClipInterval(
      (PetscInt)(Work[b->way] / ((double)b->cells * (double)b->cells)), 2, MOST_ITERATIONS);
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-iterations", &b->iterations, NULL));
  for (PetscInt r = 0; r < repeats; r++) {
    for (int team = 0; team < TEAMS; team++)
      PetscCall(TakeTurn(b, team, &times[team][r], &bits[team]));
    HeatCheck(bits[RANKS] == bits[THREADS], PETSC_COMM_WORLD, HEAT_ERR_NUMERICS,
              "%s: ranks and threads end with different bits", Names[b->way]);
  }
  for (int team = 0; team < TEAMS; team++) median[team] = BenchMedian(times[team], repeats);
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%-7s %5" PetscInt_FMT "^2 %12.2f %12.2f %8.3f\n",
                        Names[b->way], b->cells, 1e6 * (double)median[RANKS],
                        1e6 * (double)median[THREADS], (double)(median[RANKS] / median[THREADS])));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunAll(void)
{
  Bench       b       = {.cells = 1000};
  PetscInt    repeats = 9;
  PetscMPIInt rank, size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PETSC_COMM_WORLD, &rank));
  PetscCallMPI(MPI_Comm_size(PETSC_COMM_WORLD, &size));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-cells", &b.cells, NULL));
  PetscCall(PetscOptionsGetInt(NULL, NULL, "-repeats", &repeats, NULL));
  HeatCheck(size == WORKERS && b.cells >= 2 * STEPS && repeats >= 1 && repeats <= MOST_REPEATS,
            PETSC_COMM_WORLD, HEAT_ERR_INPUT,
            "two ranks, -cells at least %d, and -repeats 1 to %d are needed", 2 * STEPS,
            MOST_REPEATS);
  b.rank = rank;
  PetscCall(FindProcessors(&b));
  if (b.processor[0] < 0)
    PetscCall(PetscPrintf(PETSC_COMM_WORLD, "one processor for both: times mean nothing\n"));
  PetscCall(PetscPrintf(PETSC_COMM_WORLD, "%-7s %7s %12s %12s %8s\n", "kernel", "cells",
                        "ranks [us]", "threads [us]", "ratio"));
  for (b.way = 0; b.way < WAYS; b.way++) PetscCall(Measure(&b, repeats));
  PetscFunctionReturn(PETSC_SUCCESS);
}

int main(int argc, char **argv) { return BenchMain(argc, argv, RunAll); }
