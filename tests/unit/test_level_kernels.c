/* Kernels that update several rows in one loop leave the same bits as kernels that update one
   row. */
#include "solver_test.h"

#include "solver/multigrid/level_kernels.h"

/* N is no multiple of the length of a block or a vector, so that remainders are tested. */
enum { N = 200, ROWS = 8, PAD = 16, ROW = N + 2 * PAD };

typedef struct {
  float values[ROWS][ROW];
} Array;

static void Fill(Array *a, int seed, float least)
{
  for (int j = 0; j < ROWS; j++)
    for (int k = 0; k < ROW; k++) a->values[j][k] = least + 1.0F + (float)HeatTestNoise(k, j, seed);
}

static float *At(Array *a, int row) { return a->values[row] + PAD; }

typedef struct {
  Array u, other, b, gw, ge, gy, diagonal; /* other: half rows of the other parity of columns */
} Wave;

static void FillWave(Wave *w)
{
  Array *const arrays[] = {&w->u, &w->other, &w->b, &w->gw, &w->ge, &w->gy, &w->diagonal};

  for (int k = 0; k < 7; k++) Fill(arrays[k], k, 0.1F);
}

/* Describe the half rows of a wave: half-sweep k is at row 5 - k. */
static void RowsOf(Wave *w, HeatHalfRow r[4])
{
  for (int k = 0; k < 4; k++) {
    const int j = 5 - k;

    r[k] = (HeatHalfRow){.u        = At(&w->u, j),
                         .uw       = At(&w->other, j) - 1,
                         .us       = At(&w->u, j - 1),
                         .un       = At(&w->u, j + 1),
                         .gw       = At(&w->gw, j),
                         .ge       = At(&w->ge, j),
                         .gs       = At(&w->gy, j),
                         .gn       = At(&w->gy, j + 1),
                         .b        = At(&w->b, j),
                         .diagonal = At(&w->diagonal, j)};
  }
}

static void CompareWave(PetscBool from_zero)
{
  static Wave        one, four;
  const HeatPrefetch prefetch = {1, {At(&four.u, 7)}};
  HeatHalfRow        r[4];

  FillWave(&one);
  FillWave(&four);
  RowsOf(&one, r);
  for (int k = 0; k < 4; k++) {
    if (k == 0 && from_zero) HeatRelaxFromZero(N, &r[k]);
    else HeatRelax(N, &r[k]);
  }
  RowsOf(&four, r);
  if (from_zero) HeatRelaxWaveFromZero(N, r, &prefetch);
  else HeatRelaxWave(N, r, &prefetch);
  assert_memory_equal(&one, &four, sizeof one);
}

static void a_wave_is_its_half_sweeps_one_by_one(void **state)
{
  (void)state;
  CompareWave(PETSC_FALSE);
}

static void a_wave_from_zero_is_its_half_sweeps_one_by_one(void **state)
{
  (void)state;
  CompareWave(PETSC_TRUE);
}

static void relaxation_solves_the_equation_of_each_cell(void **state)
{
  static Wave w;
  HeatHalfRow r[4];

  (void)state;
  FillWave(&w);
  RowsOf(&w, r);
  r[0].m = r[0].b;
  HeatDiagonal(N, &r[0], At(&w.diagonal, 5));
  HeatRelax(N, &r[0]);
  for (int k = 0; k < N; k++) {
    const HeatHalfRow *h = &r[0];
    const double       u = (double)h->u[k];
    const double       x = (double)h->gw[k] * ((double)h->uw[k] - u) +
                     (double)h->ge[k] * ((double)h->uw[k + 1] - u);
    const double y = (double)h->gs[k] * ((double)h->us[k] - u) +
                     (double)h->gn[k] * ((double)h->un[k] - u);

    /* Six roundings in single precision of terms below about ten are less than 1e-5. */
    assert_true(fabs((double)h->b[k] - (double)h->m[k] * u + x + y) < 1e-5);
  }
}

/* The residual, r + low, and what updates it: search direction and coefficients. */
typedef struct {
  Array  p[2], r[2], low[2];
  double c[HEAT_ROW_COEFFICIENTS][ROW];
} Update;

static void FillUpdate(Update *u)
{
  for (int half = 0; half < 2; half++) {
    Fill(&u->p[half], half, 0.0F);
    Fill(&u->r[half], 2 + half, 0.0F);
    memset(&u->low[half], 0, sizeof u->low[half]);
  }
  for (int i = 0; i < HEAT_ROW_COEFFICIENTS; i++) /* the conductances north equal those south */
    for (int k = 0; k < ROW; k++)
      u->c[i][k] = 1.0 + 0.5 * HeatTestNoise(k, i >= HEAT_ROW_GN ? i - 2 : i, 5);
}

static HeatConjugateRow ConjugateRow(Update *u, int j)
{
  return (HeatConjugateRow){{At(&u->p[0], j), At(&u->p[1], j)},
                            {At(&u->p[0], j - 1), At(&u->p[1], j - 1)},
                            {At(&u->p[0], j + 1), At(&u->p[1], j + 1)},
                            {At(&u->r[0], j), At(&u->r[1], j)},
                            {At(&u->low[0], j), At(&u->low[1], j)}};
}

static void two_rows_are_updated_like_one_and_one(void **state)
{
  static Update    one, two;
  double          *c[HEAT_ROW_COEFFICIENTS];
  HeatConjugateRow a, b;

  (void)state;
  FillUpdate(&one);
  FillUpdate(&two);
  for (int i = 0; i < HEAT_ROW_COEFFICIENTS; i++) c[i] = one.c[i] + PAD;
  a = ConjugateRow(&one, 2);
  b = ConjugateRow(&one, 3);
  HeatUpdateResidualWide(N, 0.3, c, &a);
  HeatUpdateResidualWide(N, 0.3, c, &b);
  a = ConjugateRow(&two, 2);
  b = ConjugateRow(&two, 3);
  HeatUpdateResidualTwoRows(N, 0.3, c, &a, &b);
  assert_memory_equal(&one, &two, sizeof one);
}

static void interleaving_undoes_splitting(void **state)
{
  float row[2 * N], even[N], odd[N], again[2 * N];

  (void)state;
  for (int k = 0; k < 2 * N; k++) row[k] = (float)k;
  HeatSplit(N, row, even, odd);
  HeatInterleave(N, even, odd, again);
  assert_memory_equal(row, again, sizeof row);
}

static const struct CMUnitTest Tests[] = {
    cmocka_unit_test(a_wave_is_its_half_sweeps_one_by_one),
    cmocka_unit_test(a_wave_from_zero_is_its_half_sweeps_one_by_one),
    cmocka_unit_test(relaxation_solves_the_equation_of_each_cell),
    cmocka_unit_test(two_rows_are_updated_like_one_and_one),
    cmocka_unit_test(interleaving_undoes_splitting),
};

int main(void) { return RUN_TESTS(Tests); }
