/** The kernels of the sweep of several steps: one step, or one stage, of two consecutive rows.
 *
 *      sum = (g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T))
 *
 *  with g_w, g_e, g_s, g_n the conductances of the cell's faces, T_w ... T_n the temperatures of
 *  its neighbours; HeatWaveResult lists the results that are computed from the sum.  All additions
 *  are in the order of RowKernel in operator_stencil.c, so that the bits are the same.  The heat
 *  between the two rows is computed once, as `up`: x - y and y - x differ in sign only.
 *
 *  Each kernel is a template: `result` is a compile-time constant in each of its instances. */
#include "solver/operator/wavefront_impl.h"

enum { LANES = HEAT_WAVE_LANES };

/* [cells] The shortest run of cells with equal coefficients that gets the kernel with constants.
   Chosen, two vectors: on a shorter run the split into three calls costs more than reading the
   coefficients; a larger value gives up runs that would pay. */
enum { MIN_RUN = 2 * LANES };

#define TEMPLATE static inline __attribute__((always_inline)) void

/* Heat through the west and east faces of cell i of row u [W/m]. */
#define FACES(g_w, g_e, u) ((g_w) * ((u)[i - 1] - (u)[i]) + (g_e) * ((u)[i + 1] - (u)[i]))

/* Names of the rows of p from column `at` on. */
#define ROWS                                                                                       \
  const PetscReal *restrict below = p->below + at, *restrict low = p->low + at;                    \
  const PetscReal *restrict high = p->high + at, *restrict above = p->above + at;                  \
  PetscReal *restrict new_low = p->new_low + at, *restrict new_high = p->new_high + at;            \
  const PetscBool    staged             = result == HEAT_WAVE_STEP ? PETSC_FALSE : PETSC_TRUE;     \
  const PetscBool    later              = result == HEAT_WAVE_STAGE ? PETSC_TRUE : PETSC_FALSE;    \
  const HeatRklStage s                  = staged ? *p->stage : (HeatRklStage){0};                  \
  const PetscReal *restrict before_low  = later ? p->before[0] + at : NULL;                        \
  const PetscReal *restrict before_high = later ? p->before[1] + at : NULL;                        \
  PetscReal *restrict rate_low          = staged ? p->rate[0] + at : NULL;                         \
  PetscReal *restrict rate_high         = staged ? p->rate[1] + at : NULL

/* Compute the result of cell i of the row `name`, low or high, from the heat through its faces.
   Without `sources`, q is 0, and a step leaves the addition out, since x + 0 = x.  The bits of x +
   0 and x differ only for x = -0; the rate therefore always adds q, as the plain sweep does. */
#define RESULT(name, r, heat, sources, q)                                                          \
  if (result == HEAT_WAVE_STEP) {                                                                  \
    new_##name[i] = name[i] + (r) * ((sources) ? (heat) + (q) : (heat));                           \
  } else if (result == HEAT_WAVE_RATE) {                                                           \
    const PetscReal rate = (r) * ((heat) + (q));                                                   \
                                                                                                   \
    rate_##name[i] = rate;                                                                         \
    new_##name[i]  = s.net * rate;                                                                 \
  } else {                                                                                         \
    new_##name[i] = (s.m * name[i] + s.n * before_##name[i]) +                                     \
                    ((r) * (s.net * (heat)) + s.rate * rate_##name[i]);                            \
  }

/* Compute the result of cell i of the row `name` with an ambient exchange, as RESULT does without
   it.  The heat is summed in `total`. */
#define RESULT_WITH_EXCHANGE(name, r, faces, q, E, ambient, total)                                 \
  if (result == HEAT_WAVE_STAGE) {                                                                 \
    const PetscReal lost = (E)*name[i];                                                            \
                                                                                                   \
    total[i] -= s.share * lost;                                                                    \
    new_##name[i] = (s.m * name[i] + s.n * before_##name[i]) +                                     \
                    ((r) * (s.net * ((faces)-lost)) + s.rate * rate_##name[i]);                    \
  } else {                                                                                         \
    const PetscReal brought = (E) * ((ambient)-name[i]);                                           \
    const PetscReal change  = (r) * (((faces) + (q)) + brought);                                   \
                                                                                                   \
    total[i] += brought;                                                                           \
    if (result == HEAT_WAVE_STEP) {                                                                \
      new_##name[i] = name[i] + change;                                                            \
    } else {                                                                                       \
      rate_##name[i] = change;                                                                     \
      new_##name[i]  = s.net * change;                                                             \
    }                                                                                              \
  }

/* Cells with equal coefficients, k; those of kind TIMED and CHANGING have sources that differ from
   cell to cell. */
TEMPLATE Uniform(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                 const HeatWaveRun *const k[3], PetscInt at, PetscInt column, PetscInt n)
{
  ROWS;
  const PetscReal gl = k[0]->gx, gh = k[1]->gx, rl = k[0]->r, rh = k[1]->r;
  const PetscReal gs = k[0]->gy, gm = k[1]->gy, gn = k[2]->gy;
  const PetscReal ql = k[0]->q, qh = k[1]->q, factor = p->factor;
  const PetscBool timed = kind == HEAT_WAVE_TIMED, changing = kind == HEAT_WAVE_CHANGING;
  const PetscReal *restrict sl = timed ? p->row[0]->s + column : changing ? p->q[0] + at : NULL;
  const PetscReal *restrict sh = timed ? p->row[1]->s + column : changing ? p->q[1] + at : NULL;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm * (high[i] - low[i]);

    RESULT(low, rl, FACES(gl, gl, low) + (gs * (below[i] - low[i]) + up), 1,
           timed      ? ql + sl[i] * factor
           : changing ? sl[i]
                      : ql);
    RESULT(high, rh, FACES(gh, gh, high) + (gn * (above[i] - high[i]) - up), 1,
           timed      ? qh + sh[i] * factor
           : changing ? sh[i]
                      : qh);
  }
}

/* Cells with equal coefficients, k, and ambient exchange; where the sources change with time, they
   may differ from cell to cell. */
TEMPLATE UniformExchange(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                         const HeatWaveRun *const k[3], PetscInt at, PetscInt n)
{
  ROWS;
  const PetscReal gl = k[0]->gx, gh = k[1]->gx, rl = k[0]->r, rh = k[1]->r;
  const PetscReal gs = k[0]->gy, gm = k[1]->gy, gn = k[2]->gy;
  const PetscReal ql = k[0]->q, qh = k[1]->q, El = k[0]->E, Eh = k[1]->E;
  const PetscReal al                = p->level ? p->ambient : k[0]->ambient;
  const PetscReal ah                = p->level ? p->ambient : k[1]->ambient;
  const PetscBool changing          = kind == HEAT_WAVE_EXCHANGE_CHANGING;
  const PetscReal *restrict cl      = changing ? p->q[0] + at : NULL;
  const PetscReal *restrict ch      = changing ? p->q[1] + at : NULL;
  PetscReal *restrict total_of_low  = p->heat[0] + at;
  PetscReal *restrict total_of_high = p->heat[1] + at;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm * (high[i] - low[i]);

    RESULT_WITH_EXCHANGE(low, rl, FACES(gl, gl, low) + (gs * (below[i] - low[i]) + up),
                         changing ? cl[i] : ql, El, al, total_of_low);
    RESULT_WITH_EXCHANGE(high, rh, FACES(gh, gh, high) + (gn * (above[i] - high[i]) - up),
                         changing ? ch[i] : qh, Eh, ah, total_of_high);
  }
}

/* Names of the coefficients of p from column `column` on. */
#define COEFFICIENTS                                                                               \
  const PetscReal *restrict gl = p->row[0]->gx + column, *restrict gh = p->row[1]->gx + column;    \
  const PetscReal *restrict gs = p->row[0]->gy + column, *restrict gm = p->row[1]->gy + column;    \
  const PetscReal *restrict gn = p->row[2]->gy + column

/* Heat through the four faces of cell i of the lower and of the upper row [W/m]. */
#define LOW(i)  (FACES(gl[i], gl[(i) + 1], low) + (gs[i] * (below[i] - low[i]) + up))
#define HIGH(i) (FACES(gh[i], gh[(i) + 1], high) + (gn[i] * (above[i] - high[i]) - up))

/* Cells whose conductances vary. */
TEMPLATE Faces(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
               PetscInt n)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal rl = p->row[0]->r[column], rh = p->row[1]->r[column];

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT(low, rl, LOW(i), 0, 0.0);
    RESULT(high, rh, HIGH(i), 0, 0.0);
  }
}

/* Cells whose conductances and capacities vary. */
TEMPLATE Capacities(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
                    PetscInt n)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT(low, rl[i], LOW(i), 0, 0.0);
    RESULT(high, rh[i], HIGH(i), 0, 0.0);
  }
}

/* Cells whose conductances, capacities and sources vary. */
TEMPLATE Sources(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
                 PetscInt n)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;
  const PetscReal *restrict ql = p->row[0]->q + column, *restrict qh = p->row[1]->q + column;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT(low, rl[i], LOW(i), 1, ql[i]);
    RESULT(high, rh[i], HIGH(i), 1, qh[i]);
  }
}

/* Cells whose conductances, capacities and sources vary, and whose sources change with time. */
TEMPLATE Timed(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
               PetscInt n)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;
  const PetscReal *restrict ql = p->row[0]->q + column, *restrict qh = p->row[1]->q + column;
  const PetscReal *restrict sl = p->row[0]->s + column, *restrict sh = p->row[1]->s + column;
  const PetscReal factor = p->factor;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT(low, rl[i], LOW(i), 1, ql[i] + sl[i] * factor);
    RESULT(high, rh[i], HIGH(i), 1, qh[i] + sh[i] * factor);
  }
}

/* Cells whose coefficients vary, with the sources of the present step. */
TEMPLATE Changing(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
                  PetscInt n)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;
  const PetscReal *restrict ql = p->q[0] + at, *restrict qh = p->q[1] + at;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT(low, rl[i], LOW(i), 1, ql[i]);
    RESULT(high, rh[i], HIGH(i), 1, qh[i]);
  }
}

/* Cells whose coefficients vary, with ambient exchange.
   @param[in] level   T_amb is the same in all cells
   @param[in] ql, qh  sources and fluxes of the lower and the upper row [W/m] */
TEMPLATE VaryingExchange(HeatWaveResult result, PetscBool level, const HeatWavePair *p, PetscInt at,
                         PetscInt column, PetscInt n, const PetscReal *restrict ql,
                         const PetscReal *restrict qh)
{
  ROWS;
  COEFFICIENTS;
  const PetscReal a            = p->ambient;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;
  const PetscReal *restrict El = p->row[0]->E + column, *restrict Eh = p->row[1]->E + column;
  const PetscReal *restrict al      = p->row[0]->ambient + column;
  const PetscReal *restrict ah      = p->row[1]->ambient + column;
  PetscReal *restrict total_of_low  = p->heat[0] + at;
  PetscReal *restrict total_of_high = p->heat[1] + at;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    RESULT_WITH_EXCHANGE(low, rl[i], LOW(i), ql[i], El[i], level ? a : al[i], total_of_low);
    RESULT_WITH_EXCHANGE(high, rh[i], HIGH(i), qh[i], Eh[i], level ? a : ah[i], total_of_high);
  }
}

TEMPLATE Exchange(HeatWaveResult result, const HeatWavePair *p, PetscInt at, PetscInt column,
                  PetscInt n)
{
  const PetscReal *ql = p->row[0]->q + column, *qh = p->row[1]->q + column;

  if (result == HEAT_WAVE_STEP && p->level)
    VaryingExchange(result, PETSC_TRUE, p, at, column, n, ql, qh);
  else VaryingExchange(result, PETSC_FALSE, p, at, column, n, ql, qh);
}

TEMPLATE ExchangeChanging(HeatWaveResult result, const HeatWavePair *p, PetscInt at,
                          PetscInt column, PetscInt n)
{
  if (p->level) VaryingExchange(result, PETSC_TRUE, p, at, column, n, p->q[0] + at, p->q[1] + at);
  else VaryingExchange(result, PETSC_FALSE, p, at, column, n, p->q[0] + at, p->q[1] + at);
}

/* Instances. */

typedef void (*Varying)(const HeatWavePair *p, PetscInt at, PetscInt column, PetscInt n);

#define INSTANCE(template, name, result)                                                           \
  static void template##name(const HeatWavePair *p, PetscInt at, PetscInt column, PetscInt n)      \
  {                                                                                                \
    template(result, p, at, column, n);                                                            \
  }
INSTANCE(Faces, Step, HEAT_WAVE_STEP)
INSTANCE(Faces, Rate, HEAT_WAVE_RATE)
INSTANCE(Faces, Stage, HEAT_WAVE_STAGE)
INSTANCE(Capacities, Step, HEAT_WAVE_STEP)
INSTANCE(Capacities, Rate, HEAT_WAVE_RATE)
INSTANCE(Capacities, Stage, HEAT_WAVE_STAGE)
INSTANCE(Sources, Step, HEAT_WAVE_STEP)
INSTANCE(Sources, Rate, HEAT_WAVE_RATE)
INSTANCE(Timed, Step, HEAT_WAVE_STEP)
INSTANCE(Changing, Step, HEAT_WAVE_STEP)
INSTANCE(Exchange, Step, HEAT_WAVE_STEP)
INSTANCE(Exchange, Rate, HEAT_WAVE_RATE)
INSTANCE(Exchange, Stage, HEAT_WAVE_STAGE)
INSTANCE(ExchangeChanging, Step, HEAT_WAVE_STEP)

/* By result and kind.  A stage after the first reads no sources.  Stages are taken in sweeps only
   where no source or flux changes with time (HeatOperatorTakesStages). */
static const Varying Kernels[HEAT_WAVE_RESULTS][HEAT_WAVE_KINDS] = {
    [HEAT_WAVE_STEP]  = {FacesStep, CapacitiesStep, SourcesStep, TimedStep, ChangingStep,
                         ExchangeStep, ExchangeChangingStep},
    [HEAT_WAVE_RATE]  = {FacesRate, CapacitiesRate, SourcesRate, NULL, NULL, ExchangeRate, NULL},
    [HEAT_WAVE_STAGE] = {FacesStage, CapacitiesStage, CapacitiesStage, NULL, NULL, ExchangeStage,
                         NULL},
};

static void UniformExchangeCells(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                                 const HeatWaveRun *const k[3], PetscInt at, PetscInt n)
{
  switch (result) {
  case HEAT_WAVE_RATE: UniformExchange(HEAT_WAVE_RATE, HEAT_WAVE_EXCHANGE, p, k, at, n); break;
  case HEAT_WAVE_STAGE: UniformExchange(HEAT_WAVE_STAGE, HEAT_WAVE_EXCHANGE, p, k, at, n); break;
  default:
    if (kind == HEAT_WAVE_EXCHANGE_CHANGING)
      UniformExchange(HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE_CHANGING, p, k, at, n);
    else UniformExchange(HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE, p, k, at, n);
  }
}

static void UniformCells(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                         const HeatWaveRun *const k[3], PetscInt at, PetscInt column, PetscInt n)
{
  switch (result) {
  case HEAT_WAVE_RATE: Uniform(HEAT_WAVE_RATE, HEAT_WAVE_SOURCES, p, k, at, column, n); break;
  case HEAT_WAVE_STAGE: Uniform(HEAT_WAVE_STAGE, HEAT_WAVE_SOURCES, p, k, at, column, n); break;
  default:
    if (kind == HEAT_WAVE_TIMED) Uniform(HEAT_WAVE_STEP, HEAT_WAVE_TIMED, p, k, at, column, n);
    else if (kind == HEAT_WAVE_CHANGING)
      Uniform(HEAT_WAVE_STEP, HEAT_WAVE_CHANGING, p, k, at, column, n);
    else Uniform(HEAT_WAVE_STEP, HEAT_WAVE_SOURCES, p, k, at, column, n);
  }
}

/* The runs of a pair's three rows of coefficients that are still to come. */
typedef struct {
  const HeatWaveRun *next[3], *end[3];
} Runs;

/* Begin with the first run of each row that reaches beyond a column. */
static Runs RunsFrom(const HeatWavePair *p, PetscInt column)
{
  Runs runs;

  for (int k = 0; k < 3; k++) {
    runs.next[k] = p->row[k]->runs;
    runs.end[k]  = p->row[k]->runs + p->row[k]->n_runs;
    while (runs.next[k] < runs.end[k] && runs.next[k]->end <= column) runs.next[k]++;
  }
  return runs;
}

/* Find the next columns [*begin, *end) from `column` on, and before `last`, where all three rows
   have runs; *begin = *end = last: there are none.  *begin is `column` plus a multiple of LANES. */
static void NextUniform(Runs *runs, PetscInt column, PetscInt last, PetscInt *begin, PetscInt *end)
{
  for (;;) {
    int first = 0; /* the run that ends first */

    *begin = column;
    *end   = last;
    for (int k = 0; k < 3; k++) {
      if (runs->next[k] == runs->end[k]) {
        *begin = *end = last;
        return;
      }
      *begin = PetscMax(*begin, runs->next[k]->begin);
      *end   = PetscMin(*end, runs->next[k]->end);
      if (runs->next[k]->end < runs->next[first]->end) first = k;
    }
    *begin = column + (*begin - column + LANES - 1) / LANES * LANES;
    if (*end - *begin >= MIN_RUN) return;
    if (runs->next[first]->end >= last) {
      *begin = *end = last;
      return;
    }
    runs->next[first]++;
  }
}

/* Cells are computed with constants where all three rows of coefficients have runs of equal cells,
   and with arrays elsewhere. */
void HeatWaveCells(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p, PetscInt at,
                   PetscInt column, PetscInt n)
{
  const Varying  kernel = Kernels[result][kind];
  const PetscInt shift = at - column, last = column + n;
  Runs           runs = RunsFrom(p, column);
  PetscInt       begin, end;

  while (column < last) {
    NextUniform(&runs, column, last, &begin, &end);
    if (begin > column) kernel(p, column + shift, column, begin - column);
    if (end > begin && kind >= HEAT_WAVE_EXCHANGE)
      UniformExchangeCells(result, kind, p, runs.next, begin + shift, end - begin);
    else if (end > begin)
      UniformCells(result, kind, p, runs.next, begin + shift, begin, end - begin);
    column = end;
  }
}
