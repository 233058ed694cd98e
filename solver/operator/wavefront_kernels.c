/** The kernels of the sweep of several steps: one step, or one stage, of two consecutive rows.
 *
 *      sum = (g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T))
 *
 *  with g_w, g_e, g_s, g_n the conductances of the cell's faces, T_w ... T_n the temperatures of
 *  its neighbours; HeatWaveResult lists the results that are computed from the sum.  All additions
 *  are in the order of RowKernel in operator_stencil.c, so that the bits are the same.  The heat
 *  between the two rows is computed once, as `up`: x - y and y - x differ in sign only.
 *
 *  There is one kernel, `Compute`.  Its argument `result` and the kinds of its coefficients are
 *  compile-time constants in each of its instances.
 *
 *  Vectors (vectors.h) are written out.  With AVX-512 the cells west and east of a vector come
 *  from the vectors beside it by a permutation.  Temperatures so are loaded once, at aligned
 *  addresses; a load across two lines costs two.  Compilers load a row up to four times, and keep
 *  the addresses of the 15 rows in memory for want of registers, which takes further loads: these,
 *  not the arithmetic, limited the kernel.  Narrower vectors are loaded at all three places: half
 *  of their loads or more stay within a line, and additions limit the kernel.  The bits are the
 *  same. */
#include <stdint.h>

#include "solver/base/vectors.h"
#include "solver/operator/wavefront_impl.h"

enum { LANES = HEAT_WAVE_LANES, VECTOR = HEAT_VECTOR, ALL = HEAT_ALL_LANES };

_Static_assert((int)HEAT_WAVE_AFTER >= (int)HEAT_VECTOR,
               "a kernel reads one vector beyond the last whole one");

/* [cells] The shortest run of cells with equal coefficients that gets the kernel with constants.
   Chosen, two vectors of AVX-512: on a shorter run the split into three calls costs more than
   reading the coefficients; a larger value gives up runs that would pay. */
enum { MIN_RUN = 2 * LANES };

#define TEMPLATE HEAT_INLINED

/* A vector of a row, and the cells west and east of each of its cells. */
typedef struct {
  HeatValues west, here, east;
} Three;

TEMPLATE Three LoadThree(const PetscReal *p, HeatLanes lanes)
{
  const Three three = {HeatLoadValues(p - 1, lanes), HeatLoadValues(p, lanes),
                       HeatLoadValues(p + 1, lanes)};

  return three;
}

/* Coefficients. */

/* How a kernel reads a coefficient. */
typedef enum { NONE, CONSTANT, ARRAY } Reading;

typedef struct {
  const PetscReal *low, *high;      /* of the two rows; of ARRAY */
  PetscReal        of_low, of_high; /* of CONSTANT */
} Coefficient;

/* What a kernel reads and writes, from its first cell on. */
typedef struct {
  const PetscReal *below, *low, *high, *above, *before[2];
  PetscReal       *new_low, *new_high, *rate[2], *heat[2];
  Reading          g, r, q, s, E, ambient;
  Coefficient      gx, gy, C, source, shape, exchange, T_amb; /* gy of south faces; C is dt/C */
  const PetscReal *north;                                     /* of the higher row, of ARRAY */
  PetscReal        of_north, factor;
  HeatRklStage     stage;
} Cells;

TEMPLATE HeatValues Read(Reading reading, const PetscReal *array, PetscReal constant, PetscInt i,
                         HeatLanes lanes)
{
  return reading == ARRAY ? HeatLoadValues(array + i, lanes) : HeatSetValues(constant);
}

/* Compute the result of a row of cells from the heat through their faces, `faces`.  Without
   sources, a step leaves the addition of q out, since x + 0 = x.  The bits of x + 0 and x differ
   only for x = -0; the rate therefore always adds q, as the plain sweep does.
   @param[in] row  0: the lower row, 1: the higher row */
TEMPLATE void Finish(HeatWaveResult result, const Cells *c, int row, PetscInt i, HeatLanes lanes,
                     HeatValues T, HeatValues faces)
{
  const Coefficient *C = &c->C, *source = &c->source, *shape = &c->shape, *E = &c->exchange;
  PetscReal         *out  = (row ? c->new_high : c->new_low) + i;
  PetscReal         *heat = c->E == NONE ? NULL : c->heat[row] + i;
  const HeatValues   r = Read(c->r, row ? C->high : C->low, row ? C->of_high : C->of_low, i, lanes);
  HeatValues         q = HeatSetValues(0.0), e = HeatSetValues(0.0);

  if (c->E != NONE) e = Read(c->E, row ? E->high : E->low, row ? E->of_high : E->of_low, i, lanes);
  if (result == HEAT_WAVE_STAGE) {
    const HeatRklStage s   = c->stage;
    HeatValues         sum = faces;

    if (c->E != NONE) {
      const HeatValues lost = e * T;

      HeatStoreValues(heat, lanes, HeatLoadValues(heat, lanes) - HeatSetValues(s.share) * lost);
      sum = faces - lost;
    }
    HeatStoreValues(
        out, lanes,
        (HeatSetValues(s.m) * T + HeatSetValues(s.n) * HeatLoadValues(c->before[row] + i, lanes)) +
            (r * (HeatSetValues(s.net) * sum) +
             HeatSetValues(s.rate) * HeatLoadValues(c->rate[row] + i, lanes)));
    return;
  }
  if (c->q != NONE)
    q = Read(c->q, row ? source->high : source->low, row ? source->of_high : source->of_low, i,
             lanes);
  if (c->s == ARRAY)
    q = q + HeatLoadValues((row ? shape->high : shape->low) + i, lanes) * HeatSetValues(c->factor);
  HeatValues change;

  if (c->E != NONE) {
    const Coefficient *a = &c->T_amb;
    const HeatValues   in =
        e * (Read(c->ambient, row ? a->high : a->low, row ? a->of_high : a->of_low, i, lanes) - T);

    HeatStoreValues(heat, lanes, HeatLoadValues(heat, lanes) + in);
    change = r * ((faces + q) + in);
  } else {
    HeatValues sum = faces;

    if (result == HEAT_WAVE_RATE || c->q != NONE) sum = faces + q;
    change = r * sum;
  }
  if (result == HEAT_WAVE_STEP) {
    HeatStoreValues(out, lanes, T + change);
  } else {
    HeatStoreValues(c->rate[row] + i, lanes, change);
    HeatStoreValues(out, lanes, HeatSetValues(c->stage.net) * change);
  }
}

/* Compute the vectors of both rows that begin with cell i. */
TEMPLATE void Both(HeatWaveResult result, const Cells *c, PetscInt i, HeatLanes lanes, Three low,
                   Three high)
{
  const HeatValues below = HeatLoadValues(c->below + i, lanes),
                   above = HeatLoadValues(c->above + i, lanes);
  const HeatValues gs    = Read(c->g, c->gy.low, c->gy.of_low, i, lanes);
  const HeatValues gm    = Read(c->g, c->gy.high, c->gy.of_high, i, lanes);
  const HeatValues gn    = Read(c->g, c->north, c->of_north, i, lanes);
  const HeatValues up    = gm * (high.here - low.here);
  const HeatValues lw    = Read(c->g, c->gx.low, c->gx.of_low, i, lanes);
  const HeatValues le    = Read(c->g, c->gx.low, c->gx.of_low, i + 1, lanes);
  const HeatValues hw    = Read(c->g, c->gx.high, c->gx.of_high, i, lanes);
  const HeatValues he    = Read(c->g, c->gx.high, c->gx.of_high, i + 1, lanes);

  Finish(result, c, 0, i, lanes, low.here,
         (lw * (low.west - low.here) + le * (low.east - low.here)) +
             (gs * (below - low.here) + up));
  Finish(result, c, 1, i, lanes, high.here,
         (hw * (high.west - high.here) + he * (high.east - high.here)) +
             (gn * (above - high.here) - up));
}

/* Compute the vectors of both rows that begin with cell i, or a part of them. */
TEMPLATE void Some(HeatWaveResult result, const Cells *c, PetscInt i, HeatLanes lanes)
{
  Both(result, c, i, lanes, LoadThree(c->low + i, lanes), LoadThree(c->high + i, lanes));
}

#if defined(__AVX512F__)

/* The vector of a row that was computed last, and the next one. */
typedef struct {
  HeatValues before, here;
} Window;

/* Return the last value of the vector before `here`, and all but the last one of `here`. */
TEMPLATE HeatValues ShiftIn(HeatValues before, HeatValues here)
{
  return _mm512_castsi512_pd(
      _mm512_alignr_epi64(_mm512_castpd_si512(here), _mm512_castpd_si512(before), VECTOR - 1));
}

/* Return all but the first value of `here`, and the first one of the vector after it. */
TEMPLATE HeatValues ShiftOut(HeatValues here, HeatValues after)
{
  return _mm512_castsi512_pd(
      _mm512_alignr_epi64(_mm512_castpd_si512(after), _mm512_castpd_si512(here), 1));
}

TEMPLATE Three Slide(Window *w, const PetscReal *row, PetscInt i)
{
  const HeatValues after = HeatLoadAll(row + i + VECTOR);
  const Three      three = {ShiftIn(w->before, w->here), w->here, ShiftOut(w->here, after)};

  w->before = w->here;
  w->here   = after;
  return three;
}

/* Compute n cells from cell i on, a multiple of VECTOR and not 0. */
TEMPLATE void Vectors(HeatWaveResult result, const Cells *c, PetscInt i, PetscInt n)
{
  Window low  = {HeatSetValues(c->low[i - 1]), HeatLoadAll(c->low + i)};
  Window high = {HeatSetValues(c->high[i - 1]), HeatLoadAll(c->high + i)};

  for (const PetscInt end = i + n; i < end; i += VECTOR)
    Both(result, c, i, ALL, Slide(&low, c->low, i), Slide(&high, c->high, i));
}

#else

TEMPLATE void Vectors(HeatWaveResult result, const Cells *c, PetscInt first, PetscInt n)
{
  _Pragma("omp simd") for (PetscInt i = first; i < first + n; i += VECTOR)
  {
    Some(result, c, i, ALL);
  }
}

#endif

/* Compute n cells: those before the first aligned vector, vectors, and the rest. */
TEMPLATE void Compute(HeatWaveResult result, const Cells *c, PetscInt n)
{
  const PetscInt place   = (PetscInt)((uintptr_t)c->low / sizeof(PetscReal) % VECTOR);
  const PetscInt head    = PetscMin((VECTOR - place) % VECTOR, n);
  const PetscInt vectors = (n - head) / VECTOR * VECTOR, rest = n - head - vectors;

  if (head > 0) Some(result, c, 0, HeatFirstLanes(head));
  if (vectors > 0) Vectors(result, c, head, vectors);
  if (rest > 0) Some(result, c, head + vectors, HeatFirstLanes(rest));
}

/* Point to the rows of p from column `at` on. */
TEMPLATE void SetRows(HeatWaveResult result, const HeatWavePair *p, PetscInt at, Cells *c)
{
  c->below    = p->below + at;
  c->low      = p->low + at;
  c->high     = p->high + at;
  c->above    = p->above + at;
  c->new_low  = p->new_low + at;
  c->new_high = p->new_high + at;
  if (result != HEAT_WAVE_STEP) c->stage = *p->stage;
  for (int k = 0; k < 2 && result != HEAT_WAVE_STEP; k++) {
    c->rate[k]   = p->rate[k] + at;
    c->before[k] = result == HEAT_WAVE_STAGE ? p->before[k] + at : NULL;
  }
  for (int k = 0; k < 2 && c->E != NONE; k++) c->heat[k] = p->heat[k] + at;
}

/* Compute cells with equal coefficients, k; sources of kinds TIMED and CHANGING differ from cell to
   cell. */
TEMPLATE void Uniform(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                      const HeatWaveRun *const k[3], PetscInt at, PetscInt column, PetscInt n)
{
  const PetscBool changing = (PetscBool)(kind == HEAT_WAVE_CHANGING ||
                                         kind == HEAT_WAVE_EXCHANGE_CHANGING);
  Cells           c        = {.g        = CONSTANT,
                              .r        = CONSTANT,
                              .q        = kind < HEAT_WAVE_SOURCES ? NONE
                                          : changing               ? ARRAY
                                                                   : CONSTANT,
                              .s        = kind == HEAT_WAVE_TIMED ? ARRAY : NONE,
                              .E        = kind >= HEAT_WAVE_EXCHANGE ? CONSTANT : NONE,
                              .gx       = {.of_low = k[0]->gx, .of_high = k[1]->gx},
                              .gy       = {.of_low = k[0]->gy, .of_high = k[1]->gy},
                              .C        = {.of_low = k[0]->r, .of_high = k[1]->r},
                              .source   = {.of_low = k[0]->q, .of_high = k[1]->q},
                              .of_north = k[2]->gy,
                              .factor   = p->factor};

  SetRows(result, p, at, &c);
  if (kind == HEAT_WAVE_TIMED) {
    c.shape.low  = p->row[0]->s + column;
    c.shape.high = p->row[1]->s + column;
  }
  if (changing) {
    c.source.low  = p->q[0] + at;
    c.source.high = p->q[1] + at;
  }
  if (kind >= HEAT_WAVE_EXCHANGE) {
    c.ambient          = CONSTANT;
    c.exchange.of_low  = k[0]->E;
    c.exchange.of_high = k[1]->E;
    c.T_amb.of_low     = p->level ? p->ambient : k[0]->ambient;
    c.T_amb.of_high    = p->level ? p->ambient : k[1]->ambient;
  }
  Compute(result, &c, n);
}

/* What all cells of a row have in common, of kinds with an ambient exchange. */
typedef enum { NOTHING, AMBIENT, ALL_BUT_FACES } Even;

/* Compute cells whose conductances vary.
   @param[in] even  AMBIENT: T_amb is p->ambient; ALL_BUT_FACES: r, E and T_amb are those of the
                    row's first cell */
TEMPLATE void Vary(HeatWaveResult result, HeatWaveKind kind, Even even, const HeatWavePair *p,
                   PetscInt at, PetscInt column, PetscInt n)
{
  const HeatWaveRow *const *row      = p->row;
  const PetscBool           exchange = (PetscBool)(kind >= HEAT_WAVE_EXCHANGE);
  const PetscBool           changing = (PetscBool)(kind == HEAT_WAVE_CHANGING ||
                                         kind == HEAT_WAVE_EXCHANGE_CHANGING);
  const PetscBool           one = (PetscBool)(kind == HEAT_WAVE_PLAIN || even == ALL_BUT_FACES);
  Cells                     c   = {.g      = ARRAY,
                                   .r      = one ? CONSTANT : ARRAY,
                                   .q      = kind < HEAT_WAVE_SOURCES ? NONE : ARRAY,
                                   .s      = kind == HEAT_WAVE_TIMED ? ARRAY : NONE,
                                   .E      = !exchange ? NONE
                                             : one     ? CONSTANT
                                                       : ARRAY,
                                   .north  = row[2]->gy + column,
                                   .factor = p->factor};

  c.gx = (Coefficient){.low = row[0]->gx + column, .high = row[1]->gx + column};
  c.gy = (Coefficient){.low = row[0]->gy + column, .high = row[1]->gy + column};
  c.C  = (Coefficient){.low = row[0]->r + column, .high = row[1]->r + column};
  SetRows(result, p, at, &c);
  if (one) {
    c.C.of_low  = *c.C.low;
    c.C.of_high = *c.C.high;
  }
  if (kind >= HEAT_WAVE_SOURCES) {
    c.source.low  = changing ? p->q[0] + at : row[0]->q + column;
    c.source.high = changing ? p->q[1] + at : row[1]->q + column;
  }
  if (kind == HEAT_WAVE_TIMED) {
    c.shape.low  = row[0]->s + column;
    c.shape.high = row[1]->s + column;
  }
  if (exchange) {
    c.exchange.low     = row[0]->E + column;
    c.exchange.high    = row[1]->E + column;
    c.exchange.of_low  = *c.exchange.low;
    c.exchange.of_high = *c.exchange.high;
    c.ambient          = even == NOTHING ? ARRAY : CONSTANT;
    c.T_amb.low        = row[0]->ambient + column;
    c.T_amb.high       = row[1]->ambient + column;
    c.T_amb.of_low     = p->level ? p->ambient : *c.T_amb.low;
    c.T_amb.of_high    = p->level ? p->ambient : *c.T_amb.high;
  }
  Compute(result, &c, n);
}

/* Instances. */

typedef void (*Varying)(const HeatWavePair *p, PetscInt at, PetscInt column, PetscInt n);

#define INSTANCE(name, result, kind)                                                               \
  static void name(const HeatWavePair *p, PetscInt at, PetscInt column, PetscInt n)                \
  {                                                                                                \
    if (kind >= HEAT_WAVE_EXCHANGE && p->row[0]->even && p->row[1]->even)                          \
      Vary(result, kind, ALL_BUT_FACES, p, at, column, n);                                         \
    else if (kind >= HEAT_WAVE_EXCHANGE && result == HEAT_WAVE_STEP && p->level)                   \
      Vary(result, kind, AMBIENT, p, at, column, n);                                               \
    else Vary(result, kind, NOTHING, p, at, column, n);                                            \
  }
INSTANCE(FacesStep, HEAT_WAVE_STEP, HEAT_WAVE_PLAIN)
INSTANCE(FacesRate, HEAT_WAVE_RATE, HEAT_WAVE_PLAIN)
INSTANCE(FacesStage, HEAT_WAVE_STAGE, HEAT_WAVE_PLAIN)
INSTANCE(CapacitiesStep, HEAT_WAVE_STEP, HEAT_WAVE_CAPACITIES)
INSTANCE(CapacitiesRate, HEAT_WAVE_RATE, HEAT_WAVE_CAPACITIES)
INSTANCE(CapacitiesStage, HEAT_WAVE_STAGE, HEAT_WAVE_CAPACITIES)
INSTANCE(SourcesStep, HEAT_WAVE_STEP, HEAT_WAVE_SOURCES)
INSTANCE(SourcesRate, HEAT_WAVE_RATE, HEAT_WAVE_SOURCES)
INSTANCE(TimedStep, HEAT_WAVE_STEP, HEAT_WAVE_TIMED)
INSTANCE(ChangingStep, HEAT_WAVE_STEP, HEAT_WAVE_CHANGING)
INSTANCE(ExchangeStep, HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE)
INSTANCE(ExchangeRate, HEAT_WAVE_RATE, HEAT_WAVE_EXCHANGE)
INSTANCE(ExchangeStage, HEAT_WAVE_STAGE, HEAT_WAVE_EXCHANGE)
INSTANCE(ExchangeChangingStep, HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE_CHANGING)

/* By result and kind.  A stage after the first reads no sources.  Stages are taken in sweeps only
   where no source or flux changes with time (HeatOperatorTakesStages). */
static const Varying Kernels[HEAT_WAVE_RESULTS][HEAT_WAVE_KINDS] = {
    [HEAT_WAVE_STEP]  = {FacesStep, CapacitiesStep, SourcesStep, TimedStep, ChangingStep,
                         ExchangeStep, ExchangeChangingStep},
    [HEAT_WAVE_RATE]  = {FacesRate, CapacitiesRate, SourcesRate, NULL, NULL, ExchangeRate, NULL},
    [HEAT_WAVE_STAGE] = {FacesStage, CapacitiesStage, CapacitiesStage, NULL, NULL, ExchangeStage,
                         NULL},
};

static void UniformCells(HeatWaveResult result, HeatWaveKind kind, const HeatWavePair *p,
                         const HeatWaveRun *const k[3], PetscInt at, PetscInt column, PetscInt n)
{
  const PetscBool exchange = (PetscBool)(kind >= HEAT_WAVE_EXCHANGE);

#define UNIFORM(result, kind) Uniform(result, kind, p, k, at, column, n)
  if (result == HEAT_WAVE_RATE && exchange) UNIFORM(HEAT_WAVE_RATE, HEAT_WAVE_EXCHANGE);
  else if (result == HEAT_WAVE_RATE) UNIFORM(HEAT_WAVE_RATE, HEAT_WAVE_SOURCES);
  else if (result == HEAT_WAVE_STAGE && exchange) UNIFORM(HEAT_WAVE_STAGE, HEAT_WAVE_EXCHANGE);
  else if (result == HEAT_WAVE_STAGE) UNIFORM(HEAT_WAVE_STAGE, HEAT_WAVE_SOURCES);
  else if (kind == HEAT_WAVE_EXCHANGE) UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE);
  else if (exchange) UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_EXCHANGE_CHANGING);
  else if (kind == HEAT_WAVE_TIMED) UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_TIMED);
  else if (kind == HEAT_WAVE_CHANGING) UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_CHANGING);
  else if (kind == HEAT_WAVE_SOURCES) UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_SOURCES);
  else UNIFORM(HEAT_WAVE_STEP, HEAT_WAVE_PLAIN);
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
    if (end > begin) UniformCells(result, kind, p, runs.next, begin + shift, begin, end - begin);
    column = end;
  }
}
