/* Measure explicit steps against the least that taking them one by one can cost on this machine.
 *
 *     mpiexec -n 2 bench_explicit [-cells 4000] [-steps 64] [-repeats 5] [-processor_time]
 *                                 [-ways stream,blocked,...]
 *
 *  The conductivity is one in the first run and differs from cell to cell in the second.  In
 *  turns, all ways or those that are named:
 *     stream    one sweep for each step with stores that bypass the cache.  It reads and writes the
 *               field, and for a varying conductivity reads two arrays of it; it has no sides,
 *               masses, sources or energy account.
 *     plain     heat2d's steps one by one, with the energy account
 *     blocked   heat2d's steps, several in one sweep, with the energy account; it must end with the
 *               bits of `plain`
 *     probed    as blocked, with four probes that are sampled after each step
 *     rows      as blocked, in sweeps of 10 steps, each followed by what a row of history.csv takes
 *     timed     as blocked, with a source that is a shape in space times a factor of time
 *     cooled-1  steps of ftcs with an ambient exchange, one by one
 *     cooled    the same steps, several in one sweep, which must end with the same bits
 *     stages    steps of rkl2 with 9 stages, as `step: auto` takes them, stage by stage
 *     rkl2      the same steps, all stages of a step in one sweep, which must end with the same
 *               bits
 *     cooled-s  as rkl2, with an ambient exchange
 *  Printed are medians over the turns, in 10^9 cells times steps (or stages) per second, their
 *  ratios to the stream's (nan without it), and the simulated time that a second of rkl2 covers
 *  over that of `blocked`. */
#include <math.h>
#include <stdlib.h>

#if defined(__SSE2__)
  #include <emmintrin.h>
#endif

#include "solver/measure/diagnostics.h"
#include "solver/measure/energy.h"
#include "solver/measure/probes.h"
#include "solver/stepper/stepper.h"
#include "tests/benchmark/bench_clock.h"
#include "tests/benchmark/bench_main.h"
#include "tests/unit/solver_test.h"

enum {
  STREAM,
  PLAIN,
  BLOCKED,
  PROBED,
  ROWS,
  TIMED,
  COOLED_ONE,
  COOLED,
  STAGES,
  RKL2,
  COOLED_RKL2,
  WAYS,
  MOST_REPEATS = 99,
  CHUNK        = 512
};

/* Probes of `probed`, and steps between the rows of `rows`. */
enum { PROBES = 4, ROW_STEPS = 10 };

/* Stages of a step of rkl2, and how many of ftcs's largest steps it is: (s^2 + s - 2)/4. */
enum { RKL2_STAGES = 9, RKL2_STEPS = 22 };

static const char *const Names[WAYS] = {"stream", "plain", "blocked",  "probed",
                                        "rows",   "timed", "cooled-1", "cooled",
                                        "stages", "rkl2",  "cooled-s"};

typedef struct {
  PetscInt       cells, steps, repeats, depth;
  PetscBool      varies, processor; /* processor: count its time instead of wall time */
  PetscBool      left_out[WAYS];    /* by -ways */
  HeatCase      *c;
  HeatGrid      *g;
  HeatStepper   *stepper[WAYS]; /* NULL for the stream; the ways of ftcs share one */
  HeatOperator  *op[WAYS];
  PetscReal      dt; /* [s] of ftcs */
  Vec            T;
  HeatProbes    *probes;
  HeatEnergy     energy;
  HeatCellRecord record; /* cells of the probes */
  size_t         stride; /* of a row of the stream's arrays [nyl + 2][stride]; own cells begin at
                           row 1, column 8 */
  PetscReal     *memory, *old, *new, *kx, *ky;
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

/* Create operator and stepper of one way, with the case's scheme. */
static PetscErrorCode CreateWay(Bench *b, const HeatCellInputs *inputs, int way)
{
  PetscFunctionBeginUser;
  PetscCall(HeatOperatorCreate(b->g, b->c, inputs, &b->op[way]));
  PetscCall(HeatOperatorSetTime(b->op[way], 0.0));
  PetscCall(HeatOperatorStableStep(b->op[way], &b->dt));
  b->dt *= 0.9;
  PetscCall(HeatStepperCreate(b->op[way], b->dt, &b->stepper[way]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Create what `probed` and `rows` report with. */
static PetscErrorCode SetUpReports(Bench *b)
{
  const PetscReal at[PROBES][2] = {{0.1, 0.2}, {0.5, 0.5}, {0.77, 0.31}, {0.0, 0.6}};

  PetscFunctionBeginUser;
  PetscCall(HeatProbesCreate(b->op[PROBED], PROBES, at, &b->probes));
  HeatProbesCells(b->probes, &b->record.n, &b->record.cell);
  PetscCall(PetscMalloc1(HEAT_MOST_AT_ONCE * (b->record.n + 1), &b->record.T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Give the case an ambient exchange, which is weak beside the conduction between cells, or take it
   away. */
static void SetExchange(Bench *b, PetscBool given)
{
  HeatTestNumber(&b->c->exchange.coefficient, 10.0);
  HeatTestNumber(&b->c->exchange.ambient, 0.5);
  b->c->exchange.coefficient.given = b->c->exchange.ambient.given = given;
}

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
  PetscCall(CreateWay(b, &inputs, BLOCKED));
  PetscCall(HeatStepperMostAtOnce(b->stepper[BLOCKED], &b->depth));
  for (int way = PLAIN; way <= ROWS; way++) {
    b->op[way]      = b->op[BLOCKED];
    b->stepper[way] = b->stepper[BLOCKED];
  }
  PetscCall(SetUpReports(b));
  HeatTestText(&b->c->source, "1e-3*exp(-(x - 0.3)^2)*(1 + sin(t))");
  PetscCall(CreateWay(b, &inputs, TIMED));
  PetscCall(HeatStepperMostAtOnce(b->stepper[TIMED], &b->depth));
  b->c->source.given = PETSC_FALSE;
  PetscCall(PetscFree(b->c->source.text));
  SetExchange(b, PETSC_TRUE);
  PetscCall(CreateWay(b, &inputs, COOLED));
  b->op[COOLED_ONE]      = b->op[COOLED];
  b->stepper[COOLED_ONE] = b->stepper[COOLED];
  PetscCall(HeatStepperMostAtOnce(b->stepper[COOLED], &b->depth));
  b->c->time.scheme = HEAT_SCHEME_RKL2;
  PetscCall(CreateWay(b, &inputs, COOLED_RKL2));
  SetExchange(b, PETSC_FALSE);
  PetscCall(CreateWay(b, &inputs, RKL2));
  PetscCall(CreateWay(b, &inputs, STAGES));
  PetscCall(HeatOperatorLimitSteps(b->op[STAGES], 1));
  PetscCall(PetscFree(inputs.properties[HEAT_PROPERTY_CONDUCTIVITY]));
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

/* Return the number of steps of rkl2 that have as many stages as ftcs has steps, at least one. */
static PetscInt RklSteps(const Bench *b) { return PetscMax(b->steps / RKL2_STAGES, 1); }

/* Sample the probes after n steps that were taken at once. */
static PetscErrorCode Sample(Bench *b, PetscInt n)
{
  PetscReal terms[PROBES * HEAT_PROBE_TERMS];

  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) {
    PetscCall(HeatOperatorSetSurfaceTime(b->op[PROBED], 0.0));
    PetscCall(HeatProbesSampleCells(b->probes, b->record.T + k * b->record.n, terms));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute what a row of history.csv holds. */
static PetscErrorCode Row(Bench *b)
{
  const PetscReal *T;
  HeatSummary      summary;
  HeatEnergyReport report;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(b->T, &T));
  PetscCall(HeatDiagnosticsSummary(b->op[ROWS], T, &summary));
  PetscCall(HeatEnergyClose(&b->energy, b->op[ROWS], T, PETSC_FALSE, &report));
  PetscCall(VecRestoreArrayRead(b->T, &T));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode OurSteps(Bench *b, int way)
{
  const PetscBool       rkl2   = way >= STAGES ? PETSC_TRUE : PETSC_FALSE;
  const PetscInt        steps  = rkl2 ? RklSteps(b) : b->steps;
  const PetscBool       single = (PetscBool)(rkl2 || way == PLAIN || way == COOLED_ONE);
  const PetscInt        most = single ? 1 : way == ROWS ? PetscMin(b->depth, ROW_STEPS) : b->depth;
  const HeatCellRecord *record                   = way == PROBED ? &b->record : NULL;
  const PetscReal       dt                       = rkl2 ? RKL2_STEPS * b->dt : b->dt;
  PetscReal             times[HEAT_MOST_AT_ONCE] = {0.0};
  HeatStepInfo          info;

  PetscFunctionBeginUser;
  for (PetscInt done = 0; done < steps;) {
    const PetscInt n = PetscMin(most, steps - done);

    if (n > 1)
      PetscCall(HeatStepperAdvanceSeveral(b->stepper[way], n, times, dt, record, &b->T, &info));
    else PetscCall(HeatStepperAdvance(b->stepper[way], 0.0, dt, &b->T, &info));
    done += n;
    if (way == PROBED && n > 1) PetscCall(Sample(b, n));
    if (way == ROWS && done % ROW_STEPS == 0) PetscCall(Row(b));
  }
  HeatCheck(!rkl2 || info.stages == RKL2_STAGES, b->g->comm, HEAT_ERR_NUMERICS,
            "a step took %" PetscInt_FMT " stages", info.stages);
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
  const PetscInt  sweeps  = way < STAGES ? b->steps : RklSteps(b) * RKL2_STAGES;
  const PetscReal updates = (PetscReal)b->cells * (PetscReal)b->cells * (PetscReal)sweeps;
  PetscReal       start, seconds, busy;

  PetscFunctionBeginUser;
  if (way != STREAM) PetscCall(Paint(b));
  PetscCall(BenchNow(b->g->comm, &start));
  busy = BenchProcessorTime();
  if (way == STREAM) {
    for (PetscInt k = 0; k < b->steps; k++) PetscCall(StreamStep(b));
  } else {
    PetscCall(OurSteps(b, way));
  }
  PetscCall(BenchSince(b->g->comm, start, &seconds));
  busy = BenchProcessorTime() - busy;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &busy, 1, MPIU_REAL, MPIU_MAX, b->g->comm));
  *rate = updates / (b->processor ? busy : seconds);
  if (way != STREAM) PetscCall(Fingerprint(b, bits));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fail unless two ways, where both are measured, ended with the same bits. */
static PetscErrorCode CompareBits(const Bench *b, const PetscInt64 bits[WAYS], int single, int way)
{
  PetscFunctionBeginUser;
  if (b->left_out[single] || b->left_out[way]) PetscFunctionReturn(PETSC_SUCCESS);
  HeatCheck(bits[single] == bits[way], b->g->comm, HEAT_ERR_NUMERICS,
            "`%s` ends with other bits than `%s`", Names[way], Names[single]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Measure(Bench *b)
{
  PetscReal  rates[WAYS][MOST_REPEATS], median[WAYS] = {NAN}, ignored;
  PetscInt64 bits[WAYS];

  PetscFunctionBeginUser;
  PetscCall(TakeTurn(b, BLOCKED, &ignored, &bits[BLOCKED])); /* these warm up */
  PetscCall(TakeTurn(b, RKL2, &ignored, &bits[RKL2]));
  for (PetscInt r = 0; r < b->repeats; r++) {
    for (int way = 0; way < WAYS; way++) {
      if (!b->left_out[way]) PetscCall(TakeTurn(b, way, &rates[way][r], &bits[way]));
    }
    for (int way = BLOCKED; way <= ROWS; way++) PetscCall(CompareBits(b, bits, PLAIN, way));
    PetscCall(CompareBits(b, bits, COOLED_ONE, COOLED));
    PetscCall(CompareBits(b, bits, STAGES, RKL2));
  }
  for (int way = 0; way < WAYS; way++) {
    if (b->left_out[way]) continue;
    qsort(rates[way], (size_t)b->repeats, sizeof(PetscReal), Ascending);
    median[way] = rates[way][b->repeats / 2];
    PetscCall(PetscPrintf(b->g->comm, "%-9s %6" PetscInt_FMT "^2  %3d ranks  %-8s %7.3f  %5.2f\n",
                          b->varies ? "varying" : "constant", b->cells, b->g->size, Names[way],
                          (double)median[way] / 1e9, (double)(median[way] / median[STREAM])));
  }
  if (b->left_out[RKL2] || b->left_out[BLOCKED]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscPrintf(b->g->comm, "simulated seconds a second, rkl2 over blocked: %.2f\n",
                        (double)(median[RKL2] / median[BLOCKED]) * RKL2_STEPS / RKL2_STAGES));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Leave out the ways that -ways does not name. */
static PetscErrorCode ChooseWays(Bench *b)
{
  char     *names[WAYS];
  PetscInt  n = WAYS;
  PetscBool given, same;

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetStringArray(NULL, NULL, "-ways", names, &n, &given));
  for (int way = 0; way < WAYS && given; way++) b->left_out[way] = PETSC_TRUE;
  for (PetscInt k = 0; k < n && given; k++) {
    int way = 0;

    for (; way < WAYS; way++) {
      PetscCall(PetscStrcmp(names[k], Names[way], &same));
      if (same) break;
    }
    HeatCheck(way < WAYS, PETSC_COMM_WORLD, HEAT_ERR_INPUT, "-ways: `%s` is no way", names[k]);
    b->left_out[way] = PETSC_FALSE;
    PetscCall(PetscFree(names[k]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode RunOne(PetscBool varies, PetscInt cells, PetscInt steps, PetscInt repeats)
{
  Bench b = {.cells = cells, .steps = steps, .repeats = repeats, .varies = varies};

  PetscFunctionBeginUser;
  PetscCall(PetscOptionsGetBool(NULL, NULL, "-processor_time", &b.processor, NULL));
  PetscCall(ChooseWays(&b));
  PetscCall(SetUpOurs(&b));
  PetscCall(SetUpStream(&b));
  PetscCall(Measure(&b));
  PetscCall(PetscFree(b.memory));
  PetscCall(VecDestroy(&b.T));
  PetscCall(HeatProbesDestroy(&b.probes));
  PetscCall(PetscFree(b.record.T));
  for (int way = ROWS; way < WAYS; way++) {
    if (way == COOLED_ONE) continue; /* it shares those of COOLED */
    PetscCall(HeatStepperDestroy(&b.stepper[way]));
    PetscCall(HeatOperatorDestroy(&b.op[way]));
  }
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
