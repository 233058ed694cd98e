/** The coefficients of the sweep of several steps, row by row of each segment of columns
 *  (wavefront_impl.h).
 *
 *  Rows of own cells are read where the operator has them.  What the sweep adds are dt/C, once for
 *  rows that share their C, and the coefficients of the deep halo, in which rows share one copy of
 *  what is equal in them. */
#include "solver/operator/wavefront_impl.h"

#include <stdint.h>
#include <string.h>

enum { LANES = HEAT_WAVE_LANES };

/* [doubles] Size of an allocation for values, 512 KB.  Chosen: larger allocations waste more at the
   end of the last one, smaller ones are more numerous. */
enum { SLAB = 1 << 16 };

PetscReal *HeatWaveAlign(PetscReal *p)
{
  const uintptr_t line = LANES * sizeof(PetscReal);

  return (PetscReal *)(((uintptr_t)p + line - 1) / line * line);
}

/* Take n doubles from the last slab or a new one; they begin a cache line. */
static PetscErrorCode AllocateValues(HeatWavefront *w, size_t n, PetscReal **values)
{
  PetscFunctionBeginUser;
  n = (n + LANES - 1) / LANES * LANES;
  if (w->n_slabs == 0 || w->used + n > w->slab) {
    w->slab = n > SLAB ? n : SLAB;
    w->used = 0;
    PetscCall(PetscRealloc(sizeof(PetscReal *) * (size_t)(w->n_slabs + 1), &w->slabs));
    PetscCall(PetscMalloc1(w->slab + LANES, &w->slabs[w->n_slabs]));
    w->n_slabs++;
  }
  *values = HeatWaveAlign(w->slabs[w->n_slabs - 1]) + w->used;
  w->used += n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Runs of equal cells. */

/* Return the end of the run of equal cells that begins with cell `begin` of a row of n cells. */
static PetscInt EndOfRun(const HeatWaveRow *row, PetscInt begin, PetscInt n)
{
  const PetscReal gx = row->gx[begin], gy = row->gy[begin], r = row->r[begin], q = row->q[begin];
  PetscInt        end = begin;

  while (end < n && row->gx[end] == gx && row->gx[end + 1] == gx && row->gy[end] == gy &&
         row->r[end] == r && row->q[end] == q &&
         (!row->E || (row->E[end] == row->E[begin] && row->ambient[end] == row->ambient[begin])))
    end++;
  return end;
}

/* Find the runs of at least HEAT_WAVE_MIN_RUN cells of a row of n cells.
   @param[in,out] scratch  [n / HEAT_WAVE_MIN_RUN + 1] */
static PetscErrorCode FindRuns(HeatWavefront *w, PetscInt n, HeatWaveRun *scratch, HeatWaveRow *row)
{
  const size_t values = sizeof(HeatWaveRun) / sizeof(PetscReal);
  PetscReal   *runs;
  PetscInt     end;

  PetscFunctionBeginUser;
  row->n_runs = 0;
  row->runs   = NULL;
  for (PetscInt begin = 0; begin < n; begin = PetscMax(end, begin + 1)) {
    end = EndOfRun(row, begin, n);
    if (end - begin < HEAT_WAVE_MIN_RUN) continue;
    scratch[row->n_runs++] = (HeatWaveRun){.begin   = begin,
                                           .end     = end,
                                           .gx      = row->gx[begin],
                                           .gy      = row->gy[begin],
                                           .r       = row->r[begin],
                                           .q       = row->q[begin],
                                           .E       = row->E ? row->E[begin] : 0.0,
                                           .ambient = row->E ? row->ambient[begin] : 0.0};
  }
  if (row->n_runs == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(AllocateValues(w, values * (size_t)row->n_runs, &runs));
  memcpy(runs, scratch, (size_t)row->n_runs * sizeof *scratch);
  row->runs = (const HeatWaveRun *)(const void *)runs;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether the n cells of a row with an ambient exchange have the same r, E and T_amb. */
static PetscBool IsEven(const HeatWaveRow *row, size_t n)
{
  for (size_t i = 1; i < n; i++) {
    if (row->r[i] != row->r[0] || row->E[i] != row->E[0] || row->ambient[i] != row->ambient[0])
      return PETSC_FALSE;
  }
  return PETSC_TRUE;
}

/* Rows. */

/* The arrays of a row. */
enum { GX, GY, CAPACITY, Q, S, E, AMBIENT, ARRAYS };

/* The row that is being stored, and the one below it. */
typedef struct {
  const PetscReal *from[ARRAYS]; /* where the operator or `values` has each array */
  PetscReal       *values;       /* [ARRAYS][nx + 1] of a row that is gathered from a halo */
  PetscReal       *before;       /* values of the row below, where it was gathered, too */
  PetscBool        gathered[2];  /* this row, and the row below */
  const PetscReal *from_before[ARRAYS];
  HeatWaveRun     *runs;  /* for FindRuns */
  HeatWaveSpan    *spans; /* [2 nx] for StoreSpans */
  PetscReal       *which; /* [nx] for StoreSpans */
} Storing;

static const HeatFrameField *FieldOf(const HeatFrameCoefficients *k, int array)
{
  return array == GX         ? &k->face[HEAT_LEFT]
         : array == GY       ? &k->face[HEAT_BOTTOM]
         : array == CAPACITY ? &k->capacity
         : array == Q        ? &k->q
         : array == S        ? k->shape
         : array == E        ? k->E
                             : k->ambient;
}

/* Point to row f of the operator's own cells in a segment.  The row above them, which exists where
   they reach up to the frame's top, has a meaning for south faces only. */
static void PointToOwn(const HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt segment,
                       PetscInt f, Storing *s)
{
  const PetscInt j = f - w->frame.margin[HEAT_BOTTOM], top = w->frame.grid->nyl - 1;
  const PetscInt i = w->cut[segment] - w->frame.margin[HEAT_LEFT];

  for (int array = 0; array < ARRAYS; array++) {
    const HeatFrameField *field = j > top && array == GY ? &k->face[HEAT_TOP] : FieldOf(k, array);

    s->from[array] = field ? HeatFrameOwnRow(field, PetscMin(j, top)) + i : NULL;
  }
}

/* Gather row f of a segment with cells of the deep halo. */
static void Gather(const HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt segment,
                   PetscInt f, Storing *s)
{
  const HeatFrame *frame = &w->frame;
  const PetscInt   row   = PetscMin(f, frame->ny - 1);
  const PetscInt   begin = w->cut[segment], end = w->cut[segment + 1];
  const size_t     n    = (size_t)frame->nx + 1;
  PetscReal       *swap = s->before;

  s->before = s->values;
  s->values = swap;
  memset(s->values, 0, ARRAYS * n * sizeof *s->values);
  for (int array = 0; array < ARRAYS; array++) {
    const HeatFrameField *field = f == frame->ny && array == GY ? &k->face[HEAT_TOP]
                                                                : FieldOf(k, array);

    s->from[array] = field ? s->values + (size_t)array * n : NULL;
    if (field) HeatFrameRow(frame, field, row, begin, end, s->values + (size_t)array * n);
  }
  HeatFrameRow(frame, &k->face[HEAT_RIGHT], row, end - 1, end, s->values + (end - begin));
}

/* Return whether an array has the same n values as in the row below. */
static PetscBool IsSame(const Storing *s, int array, size_t n)
{
  if (s->gathered[0] != s->gathered[1] || !s->from[array]) return PETSC_FALSE;
  if (s->from[array] == s->from_before[array]) return PETSC_TRUE;
  return memcmp(s->from[array], s->from_before[array], n * sizeof(PetscReal)) ? PETSC_FALSE
                                                                              : PETSC_TRUE;
}

/* Set an array of *row, with n values: the array of the row below if that has the same values,
   which then stays in the cache; else the operator's own, or a copy. */
static PetscErrorCode SetArray(HeatWavefront *w, const Storing *s, int array, size_t n,
                               const PetscReal *below, const PetscReal **of_row)
{
  const PetscBool same = IsSame(s, array, n);
  PetscReal      *kept;

  PetscFunctionBeginUser;
  *of_row = same ? below : s->from[array];
  if (same || !s->from[array] || !s->gathered[0]) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(AllocateValues(w, n, &kept));
  memcpy(kept, s->from[array], n * sizeof *kept);
  *of_row = kept;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Set r = dt/C of n cells of *row. */
static PetscErrorCode SetR(HeatWavefront *w, const Storing *s, PetscReal dt, size_t n,
                           const HeatWaveRow *below, HeatWaveRow *row)
{
  PetscReal *r;

  PetscFunctionBeginUser;
  row->r = below ? below->r : NULL;
  if (below && IsSame(s, CAPACITY, n)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(AllocateValues(w, n, &r));
  for (size_t i = 0; i < n; i++) r[i] = dt / s->from[CAPACITY][i];
  row->r = r;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* List in scratch[n] the spans of a row of n cells in which one source each acts, without their
   shapes, and return the number of spans.
   @param[in] which  [n] 1 + index of the source that acts in each cell; 0: none */
static PetscInt FindSpans(const PetscReal *which, PetscInt n, HeatWaveSpan *scratch)
{
  PetscInt found = 0, end;

  for (PetscInt begin = 0; begin < n; begin = end) {
    for (end = begin + 1; end < n && which[end] == which[begin];) end++;
    if (which[begin] > 0.0)
      scratch[found++] = (HeatWaveSpan){begin, end, (PetscInt)which[begin] - 1, NULL};
  }
  return found;
}

/* Store the spans of row f of a segment in which sources with factors of time act, layer by layer.
   There are none where the only such source is k->shape. */
static PetscErrorCode StoreSpans(HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt segment,
                                 PetscInt f, const Storing *s, HeatWaveRow *row)
{
  const PetscInt begin = w->cut[segment], end = w->cut[segment + 1];
  const size_t   values = sizeof(HeatWaveSpan) / sizeof(PetscReal);
  PetscReal     *memory;
  PetscInt       n = 0;

  PetscFunctionBeginUser;
  for (int layer = 0; layer < HEAT_SOURCE_LAYERS; layer++) {
    HeatWaveSpan    *spans = s->spans + n;
    const PetscReal *shape;
    PetscInt         found;

    if (!k->layer[layer]) continue;
    HeatFrameRow(&w->frame, k->which[layer], f, begin, end, s->which);
    found = FindSpans(s->which, end - begin, spans);
    if (found == 0) continue;
    if (s->gathered[0]) {
      PetscCall(AllocateValues(w, (size_t)(end - begin), &memory));
      HeatFrameRow(&w->frame, k->layer[layer], f, begin, end, memory);
      shape = memory;
    } else {
      shape = HeatFrameOwnRow(k->layer[layer], f - w->frame.margin[HEAT_BOTTOM]) + begin -
              w->frame.margin[HEAT_LEFT];
    }
    for (PetscInt i = 0; i < found; i++) spans[i].shape = shape + spans[i].begin;
    n += found;
  }
  row->n_spans = n;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(AllocateValues(w, values * (size_t)n, &memory));
  memcpy(memory, s->spans, (size_t)n * sizeof *s->spans);
  row->spans = (const HeatWaveSpan *)(const void *)memory;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store row f of a segment. */
static PetscErrorCode StoreRow(HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt segment,
                               PetscInt f, Storing *s)
{
  const PetscInt    low = w->frame.margin[HEAT_BOTTOM], high = low + w->frame.grid->nyl;
  const PetscBool   own  = (PetscBool)(w->own[segment] && f >= low &&
                                    (f < high || (f == high && high == w->frame.ny)));
  const size_t      n    = (size_t)(w->cut[segment + 1] - w->cut[segment]);
  HeatWaveRow      *row  = &w->rows[segment * (w->frame.ny + 1) + f];
  const HeatWaveRow none = {0}, *below = f > 0 ? row - 1 : &none;
  PetscBool         same;

  PetscFunctionBeginUser;
  s->gathered[0] = own ? PETSC_FALSE : PETSC_TRUE;
  if (own) PointToOwn(w, k, segment, f, s);
  else Gather(w, k, segment, f, s);
  if (f == 0) s->gathered[1] = own; /* there is no row below to compare with */
  PetscCall(SetArray(w, s, GX, n + 1, below->gx, &row->gx));
  PetscCall(SetArray(w, s, GY, n, below->gy, &row->gy));
  PetscCall(SetArray(w, s, Q, n, below->q, &row->q));
  PetscCall(SetArray(w, s, S, n, below->s, &row->s));
  PetscCall(SetArray(w, s, E, n, below->E, &row->E));
  PetscCall(SetArray(w, s, AMBIENT, n, below->ambient, &row->ambient));
  PetscCall(SetR(w, s, k->dt, n, f > 0 ? below : NULL, row));
  if (f > 0 && row->r == below->r && row->E == below->E && row->ambient == below->ambient)
    row->even = below->even;
  else if (row->E) row->even = IsEven(row, n);
  same = (PetscBool)(f > 0 && row->gx == below->gx && row->gy == below->gy && row->q == below->q &&
                     row->r == below->r && row->E == below->E && row->ambient == below->ambient);
  if (same) {
    row->runs   = below->runs;
    row->n_runs = below->n_runs;
  } else {
    PetscCall(FindRuns(w, (PetscInt)n, s->runs, row));
  }
  if (f < w->frame.ny) PetscCall(StoreSpans(w, k, segment, f, s, row));
  memcpy(s->from_before, s->from, sizeof s->from);
  s->gathered[1] = s->gathered[0];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the coefficients of all rows of all segments. */
static PetscErrorCode StoreRows(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const size_t n = ARRAYS * ((size_t)w->frame.nx + 1);
  Storing      s = {.gathered = {PETSC_FALSE, PETSC_FALSE}};

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)w->segments * (size_t)(w->frame.ny + 1), &w->rows));
  PetscCall(PetscMalloc1(n, &s.values));
  PetscCall(PetscMalloc1(n, &s.before));
  PetscCall(PetscMalloc1(w->frame.nx / HEAT_WAVE_MIN_RUN + 1, &s.runs));
  PetscCall(PetscMalloc1(HEAT_SOURCE_LAYERS * w->frame.nx, &s.spans));
  PetscCall(PetscMalloc1(w->frame.nx, &s.which));
  for (PetscInt segment = 0; segment < w->segments; segment++) {
    for (PetscInt f = 0; f <= w->frame.ny; f++) PetscCall(StoreRow(w, k, segment, f, &s));
  }
  PetscCall(PetscFree(s.values));
  PetscCall(PetscFree(s.before));
  PetscCall(PetscFree(s.runs));
  PetscCall(PetscFree(s.spans));
  PetscCall(PetscFree(s.which));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Cut the frame's columns into segments: the left margin, the own cells, the right margin; the own
   column along a left or right side with a flux of time is a segment of its own. */
static void CutColumns(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt first = w->frame.margin[HEAT_LEFT], last = first + w->frame.grid->nxl;
  const PetscInt left    = k->flux[HEAT_LEFT] && first == 0 ? first + 1 : first;
  const PetscInt right   = k->flux[HEAT_RIGHT] && last == w->frame.nx ? last - 1 : last;
  const PetscInt ends[5] = {first, left, PetscMax(left, right), last, w->frame.nx};

  w->segments = 0;
  w->cut[0]   = 0;
  for (int i = 0; i < 5; i++) {
    if (ends[i] == w->cut[w->segments]) continue;
    w->own[w->segments++] = i > 0 && i < 4 ? PETSC_TRUE : PETSC_FALSE;
    w->cut[w->segments]   = ends[i];
  }
}

/* Find the kind of the coefficients. */
static PetscErrorCode FindKind(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt nx = w->frame.nx;
  PetscReal     *row;

  PetscFunctionBeginUser;
  w->kind = k->E ? HEAT_WAVE_EXCHANGE : k->shape ? HEAT_WAVE_TIMED : HEAT_WAVE_PLAIN;
  if (k->E || k->shape) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(nx, &row));
  for (PetscInt f = 0; f < w->frame.ny; f++) {
    HeatFrameRow(&w->frame, &k->capacity, f, 0, nx, row);
    for (PetscInt e = 0; e < nx && w->kind == HEAT_WAVE_PLAIN; e++) {
      if (row[e] != row[0]) w->kind = HEAT_WAVE_CAPACITIES;
    }
    HeatFrameRow(&w->frame, &k->q, f, 0, nx, row);
    for (PetscInt e = 0; e < nx; e++) {
      if (row[e] != 0.0) w->kind = HEAT_WAVE_SOURCES;
    }
    if (w->kind == HEAT_WAVE_SOURCES) break;
  }
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWaveStoreRows(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  PetscFunctionBeginUser;
  CutColumns(w, k);
  PetscCall(FindKind(w, k));
  PetscCall(StoreRows(w, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add what a row of n cells reads to *sum.  Runs have the coefficients of their cells in a list;
   what changes with time is read in runs, too.
   @param[in] below  the row below, whose arrays are in a cache; NULL: none */
static void AddRead(const HeatWavefront *w, const HeatWaveRow *row, const HeatWaveRow *below,
                    PetscInt n, HeatCoefficientsRead *sum)
{
  const HeatWaveRow none = {0}, *last = below ? below : &none;
  PetscInt          cells = n;

  for (PetscInt k = 0; k < row->n_runs; k++) cells -= row->runs[k].end - row->runs[k].begin;
  if (row->gx != last->gx) sum->gx += (PetscReal)cells;
  if (row->gy != last->gy) sum->gy += (PetscReal)cells;
  if (row->r != last->r && w->kind != HEAT_WAVE_PLAIN) sum->capacity += (PetscReal)cells;
  if (row->q != last->q && w->kind >= HEAT_WAVE_SOURCES)
    sum->sources += (PetscReal)(row->n_spans ? n : cells);
  if (row->s != last->s) sum->sources += (PetscReal)n;
  if (w->kind == HEAT_WAVE_EXCHANGE) {
    sum->exchange += 2.0 * (PetscReal)n; /* the heat that it brought, read and written */
    if (row->E != last->E) sum->exchange += (PetscReal)cells;
    if (row->ambient != last->ambient) sum->ambient += (PetscReal)cells;
  }
  for (PetscInt k = 0; k < row->n_spans; k++)
    sum->sources += (PetscReal)(row->spans[k].end - row->spans[k].begin);
}

HeatCoefficientsRead HeatWavefrontCoefficientsRead(const HeatWavefront *w)
{
  const PetscInt       low = w->frame.margin[HEAT_BOTTOM], high = low + w->frame.grid->nyl;
  HeatCoefficientsRead sum = {0};

  for (PetscInt segment = 0; segment < w->segments; segment++) {
    const HeatWaveRow *rows = &w->rows[segment * (w->frame.ny + 1)];

    for (PetscInt f = low; f < high && w->own[segment]; f++)
      AddRead(w, &rows[f], f > 0 ? &rows[f - 1] : NULL, w->cut[segment + 1] - w->cut[segment],
              &sum);
  }
  return sum;
}

PetscErrorCode HeatWaveFreeRows(HeatWavefront *w)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < w->n_slabs; k++) PetscCall(PetscFree(w->slabs[k]));
  PetscCall(PetscFree(w->slabs));
  PetscCall(PetscFree(w->rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}
