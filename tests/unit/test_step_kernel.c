/* The explicit step of a row, and of two rows in a sweep: rows of any length at any place within a
 * cache line have the bits of the formula in double precision, and nothing else is written.
 * TestList.cmake builds this test with narrower vectors as well. */
#include "case_test.h"

#include <stdlib.h>
#include <string.h>

#include "solver/operator/step_kernel.h"
#include "solver/operator/wavefront_impl.h"

/* Cells of the longest row; memory around each row; values of a row's memory. */
enum { MOST = 37, AROUND = 24, ROOM = MOST + 2 * AROUND };

/* The rows that a test reads and writes. */
enum { BELOW, LOW, HIGH, ABOVE, GX, GX_HIGH, GY, GY_HIGH, NORTH, R, Q, EXCHANGE, AMBIENT, INPUTS };

typedef struct {
  double *in[INPUTS];             /* [ROOM], aligned to a cache line */
  double *out[2], *heat, *before; /* [ROOM]; `before`: what `heat` held */
} Rows;

static void Fill(double *row)
{
  for (int i = 0; i < ROOM; i++) row[i] = (double)rand() / RAND_MAX - 0.25;
}

static double *Row(void)
{
  double *row = aligned_alloc(64, (ROOM * sizeof *row + 63) / 64 * 64);

  assert_non_null(row);
  Fill(row);
  return row;
}

static Rows MakeRows(void)
{
  Rows rows;

  srand(7);
  for (int k = 0; k < INPUTS; k++) rows.in[k] = Row();
  for (int k = 0; k < 2; k++) rows.out[k] = Row();
  rows.heat   = Row();
  rows.before = Row();
  memcpy(rows.before, rows.heat, ROOM * sizeof(double));
  return rows;
}

static void FreeRows(Rows *rows)
{
  for (int k = 0; k < INPUTS; k++) free(rows->in[k]);
  for (int k = 0; k < 2; k++) free(rows->out[k]);
  free(rows->heat);
  free(rows->before);
}

/* Give all rows that are read new values. */
static void FillInputs(const Rows *rows)
{
  for (int k = 0; k < INPUTS; k++) Fill(rows->in[k]);
}

/* Cells [begin, end) get the coefficients of the first one. */
static void MakeEqual(const Rows *rows, int begin, int end)
{
  static const int which[] = {GX, GX_HIGH, GY, GY_HIGH, NORTH, R};

  for (size_t k = 0; k < sizeof which / sizeof *which; k++) {
    double *row = rows->in[which[k]];

    for (int i = begin; i < end + (k < 2); i++) row[i] = row[begin];
  }
}

/* The heat through the faces of cell i of a row, by the formula at the head of step_kernel.c. */
static double Faces(const double *T, const double *below, const double *above, const double *gx,
                    const double *gs, const double *gn, int i)
{
  return (gx[i] * (T[i - 1] - T[i]) + gx[i + 1] * (T[i + 1] - T[i])) +
         (gs[i] * (below[i] - T[i]) + gn[i] * (above[i] - T[i]));
}

/* Fill a row with a value that no step has. */
static void Spoil(double *row)
{
  for (int i = 0; i < ROOM; i++) row[i] = 1e300;
}

/* Whether cells [at, at + n) of `out` have the bits of `wanted`, and no other cell was written. */
static void AssertRow(const double *out, const double *wanted, int at, int n)
{
  assert_memory_equal(out + at, wanted, (size_t)n * sizeof *out);
  for (int i = 0; i < ROOM; i++) {
    if (i < at || i >= at + n) assert_true(out[i] == 1e300);
  }
}

static HeatStepRow StepRow(const Rows *rows, int at, int n, PetscBool sources)
{
  const HeatStepRow row = {.n     = n,
                           .T     = rows->in[LOW] + at,
                           .below = rows->in[BELOW] + at,
                           .above = rows->in[ABOVE] + at,
                           .gx    = rows->in[GX] + at,
                           .gs    = rows->in[GY] + at,
                           .gn    = rows->in[NORTH] + at,
                           .r     = rows->in[R] + at,
                           .q     = sources ? rows->in[Q] + at : NULL,
                           .out   = rows->out[0] + at};

  return row;
}

static void CheckStep(const Rows *rows, int at, int n, PetscBool sources, PetscBool past_cache)
{
  const HeatStepRow row = StepRow(rows, at, n, sources);
  HeatStepConstants k;
  double            wanted[MOST];

  FillInputs(rows);
  MakeEqual(rows, at + n / 4, at + n - n / 5);
  k = HeatStepFindConstants(&row);
  assert_true(n < 6 || k.end - k.begin > 1);
  for (int i = 0; i < n; i++) {
    const double sum = Faces(row.T, row.below, row.above, row.gx, row.gs, row.gn, i);

    wanted[i] = row.T[i] + row.r[i] * (sources ? sum + row.q[i] : sum);
  }
  for (int known = 0; known < 2; known++) {
    Spoil(rows->out[0]);
    HeatStepCompute(&row, known ? &k : NULL, past_cache);
    HeatStepFence();
    AssertRow(rows->out[0], wanted, at, n);
  }
}

static void step_of_a_row_has_the_bits_of_the_formula(void **state)
{
  Rows rows = MakeRows();

  (void)state;
  for (int place = 0; place < 8; place++) {
    for (int n = 1; n <= MOST; n++) {
      for (int way = 0; way < 4; way++)
        CheckStep(&rows, AROUND - 8 + place, n, (PetscBool)(way % 2), (PetscBool)(way / 2));
    }
  }
  FreeRows(&rows);
}

static void CheckExchange(const Rows *rows, int at, int n, PetscBool sources, PetscBool heat)
{
  const HeatStepRow row = StepRow(rows, at, n, sources);
  const double     *E = rows->in[EXCHANGE] + at, *ambient = rows->in[AMBIENT] + at;
  double            wanted[MOST], brought[MOST];

  memcpy(rows->heat, rows->before, ROOM * sizeof(double));
  for (int i = 0; i < n; i++) {
    const double in  = E[i] * (ambient[i] - row.T[i]);
    const double sum = Faces(row.T, row.below, row.above, row.gx, row.gs, row.gn, i);

    brought[i] = rows->heat[at + i] + in;
    wanted[i]  = row.T[i] + row.r[i] * ((sum + (sources ? row.q[i] : 0.0)) + in);
  }
  Spoil(rows->out[0]);
  HeatStepComputeExchange(&row, E, ambient, heat ? rows->heat + at : NULL);
  AssertRow(rows->out[0], wanted, at, n);
  if (heat) {
    assert_memory_equal(rows->heat + at, brought, (size_t)n * sizeof *brought);
    memcpy(rows->heat + at, rows->before + at, (size_t)n * sizeof *brought);
  }
  assert_memory_equal(rows->heat, rows->before, ROOM * sizeof(double));
}

static void step_with_exchange_has_the_bits_of_the_formula(void **state)
{
  Rows rows = MakeRows();

  (void)state;
  for (int place = 0; place < 8; place++) {
    for (int n = 1; n <= MOST; n++) {
      for (int way = 0; way < 4; way++)
        CheckExchange(&rows, AROUND - 8 + place, n, (PetscBool)(way % 2), (PetscBool)(way / 2));
    }
  }
  FreeRows(&rows);
}

static void sum_past_the_cache_has_the_bits_of_the_sum(void **state)
{
  Rows rows = MakeRows();

  (void)state;
  for (int from = 0; from < 8; from++) {
    for (int at = AROUND; at < AROUND + 8; at++) {
      for (int n = 0; n <= MOST - 8; n++) {
        const double *x = rows.in[LOW] + from, *y = rows.in[HIGH] + 3;
        double        wanted[MOST];

        for (int i = 0; i < n; i++) wanted[i] = x[i] + y[i];
        Spoil(rows.out[0]);
        HeatStepAddPastCache(n, x, y, rows.out[0] + at);
        HeatStepFence();
        AssertRow(rows.out[0], wanted, at, n);
      }
    }
  }
  FreeRows(&rows);
}

/* Describe cells [at, at + n) of the three rows of coefficients as runs of equal cells. */
static void SetRuns(const Rows *rows, int at, int n, HeatWaveRow row[3], HeatWaveRun run[3])
{
  MakeEqual(rows, at, at + n);
  for (int k = 0; k < 3; k++) {
    run[k]        = (HeatWaveRun){.begin = at,
                                  .end   = at + n,
                                  .gx    = row[k].gx[at],
                                  .gy    = row[k].gy[at],
                                  .r     = row[k].r[at],
                                  .q     = row[k].q[at]};
    row[k].runs   = &run[k];
    row[k].n_runs = 1;
  }
}

/* Compute cells [at, at + n) of two rows, with constants or with arrays of coefficients. */
static void CheckPair(const Rows *rows, int at, int n, HeatWaveKind kind, PetscBool equal)
{
  double *const     *in = rows->in;
  HeatWaveRun        run[3];
  HeatWaveRow        row[3] = {{0}, {0}, {0}};
  const HeatWavePair pair   = {.below    = in[BELOW],
                               .low      = in[LOW],
                               .high     = in[HIGH],
                               .above    = in[ABOVE],
                               .new_low  = rows->out[0],
                               .new_high = rows->out[1],
                               .row      = {&row[0], &row[1], &row[2]}};

  FillInputs(rows);
  for (int k = 0; k < 3; k++) {
    row[k] = (HeatWaveRow){.gx = in[k ? GX_HIGH : GX],
                           .gy = in[k == 0   ? GY
                                    : k == 1 ? GY_HIGH
                                             : NORTH],
                           .r  = in[R],
                           .q  = in[Q]};
  }
  for (int i = 0; i < ROOM; i++) in[R][i] = in[R][0]; /* PLAIN: the same along each row */
  for (int i = at; i < at + n && equal; i++) in[Q][i] = in[Q][at];
  if (equal) SetRuns(rows, at, n, row, run);
  Spoil(rows->out[0]);
  Spoil(rows->out[1]);
  HeatWaveCells(HEAT_WAVE_STEP, kind, &pair, at, at, n);
  for (int k = 0; k < 2; k++) {
    const double *T = in[k ? HIGH : LOW];
    double        wanted[MOST];

    for (int i = at; i < at + n; i++) {
      const double sum = Faces(T, in[k ? LOW : BELOW], in[k ? ABOVE : HIGH], row[k].gx, row[k].gy,
                               row[k + 1].gy, i);

      wanted[i - at] = T[i] + in[R][i] * (kind == HEAT_WAVE_SOURCES ? sum + in[Q][i] : sum);
    }
    AssertRow(rows->out[k], wanted, at, n);
  }
}

static void step_of_two_rows_has_the_bits_of_the_formula(void **state)
{
  Rows rows = MakeRows();

  (void)state;
  for (int place = 0; place < 8; place++) {
    for (int n = 1; n <= MOST; n++) {
      for (int way = 0; way < 4; way++)
        CheckPair(&rows, AROUND - 8 + place, n, way % 2 ? HEAT_WAVE_SOURCES : HEAT_WAVE_PLAIN,
                  (PetscBool)(way / 2));
    }
  }
  FreeRows(&rows);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(step_of_a_row_has_the_bits_of_the_formula),
    cmocka_unit_test(step_with_exchange_has_the_bits_of_the_formula),
    cmocka_unit_test(sum_past_the_cache_has_the_bits_of_the_sum),
    cmocka_unit_test(step_of_two_rows_has_the_bits_of_the_formula),
};

int main(void) { return RUN_TESTS(Tests); }
