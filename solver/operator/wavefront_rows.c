/** The coefficients of the sweep of several steps, stored tile by tile in the order in which they
 *  are read.  Rows share one copy of each coefficient that is equal in them: where only a source
 *  differs between rows, conductances and capacities stay in the first-level cache. */
#include "solver/operator/wavefront_impl.h"

#include <stdint.h>
#include <string.h>

enum { LANES = HEAT_WAVE_LANES };

/* [doubles] Size of an allocation for coefficients, 4 MB.  Chosen: larger allocations waste more at
   the end of the last one, smaller ones are more numerous. */
enum { SLAB = 1 << 19 };

/* Copy row f of a field on the span of a tile to out[span]; columns outside the frame are zero. */
static void Gather(const HeatWavefront *w, const HeatFrameField *field, PetscInt tile, PetscInt f,
                   PetscReal *out)
{
  const PetscInt first = HeatWaveSpanLeft(w, tile);
  const PetscInt begin = PetscClipInterval(first, 0, w->frame.nx);
  const PetscInt end   = PetscClipInterval(first + w->span, 0, w->frame.nx);

  memset(out, 0, (size_t)w->span * sizeof *out);
  if (begin < end) HeatFrameRow(&w->frame, field, f, begin, end, out + (begin - first));
}

/* Find the longest run of cells of the frame with the same west, east and south conductance, dt/C
   and q; its shape s may differ.  Store its place and values in *row. */
static void FindRun(const HeatWavefront *w, PetscInt tile, const PetscReal *r, const PetscReal *q,
                    HeatWaveRow *row)
{
  const PetscInt first = PetscMax(-HeatWaveSpanLeft(w, tile), 0);
  const PetscInt last  = PetscMin(w->frame.nx - HeatWaveSpanLeft(w, tile), w->span);
  PetscInt       end;

  row->begin = row->end = first;
  for (PetscInt begin = first; begin < last; begin = PetscMax(end, begin + 1)) {
    end = begin;
    while (end < last && row->gx[end] == row->gx[begin] && row->gx[end + 1] == row->gx[begin] &&
           row->gy[end] == row->gy[begin] && r[end] == r[begin] && q[end] == q[begin])
      end++;
    if (end - begin > row->end - row->begin) {
      row->begin = begin;
      row->end   = end;
    }
  }
  row->gx0 = row->gx[row->begin];
  row->gy0 = row->gy[row->begin];
  row->r0  = r[row->begin];
  row->q0  = q[row->begin];
}

PetscReal *HeatWaveAlign(PetscReal *p)
{
  const uintptr_t line = LANES * sizeof(PetscReal);

  return (PetscReal *)(((uintptr_t)p + line - 1) / line * line);
}

/* Take n doubles, a multiple of LANES, from the last slab or a new one; they begin a cache line. */
static PetscErrorCode AllocateValues(HeatWavefront *w, size_t n, PetscReal **values)
{
  PetscFunctionBeginUser;
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

/* Number of arrays of a row. */
enum { ARRAYS = 5 };

/* Return the offset of an array among the values of a row, in doubles: gx (0), gy (1), r (2), q
   (3), s (4); ARRAYS is the total.  Each array begins a cache line; gx has one value more than the
   others. */
static size_t ArrayOffset(const HeatWavefront *w, int array)
{
  return array == 0 ? 0 : (size_t)array * (size_t)w->span + LANES;
}

/* Gather the coefficients of row f of a tile into values[ArrayOffset(w, ARRAYS)].  Row frame.ny
   lies above the frame; only its south faces have a meaning. */
static void GatherRow(const HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt tile,
                      PetscInt f, PetscReal *values)
{
  const PetscInt from = PetscMin(f, w->frame.ny - 1);
  const PetscInt last = PetscMin(w->frame.nx - HeatWaveSpanLeft(w, tile), w->span);
  PetscReal     *gx   = values, edge;

  memset(values, 0, ArrayOffset(w, ARRAYS) * sizeof *values);
  Gather(w, &k->face[HEAT_RIGHT], tile, from, gx + 1);
  edge = gx[last];
  Gather(w, &k->face[HEAT_LEFT], tile, from, gx);
  gx[w->span] = 0.0;
  gx[last]    = edge;
  Gather(w, &k->face[f < w->frame.ny ? HEAT_BOTTOM : HEAT_TOP], tile, from,
         values + ArrayOffset(w, 1));
  Gather(w, &k->r, tile, from, values + ArrayOffset(w, 2));
  Gather(w, &k->q, tile, from, values + ArrayOffset(w, 3));
  if (k->shape) Gather(w, k->shape, tile, from, values + ArrayOffset(w, 4));
}

/* Return the number of arrays that the kernel reads. */
static int ArraysOf(HeatWaveKind kind)
{
  return kind == HEAT_WAVE_PLAIN        ? 2
         : kind == HEAT_WAVE_CAPACITIES ? 3
         : kind == HEAT_WAVE_SOURCES    ? 4
                                        : ARRAYS;
}

/* Store the arrays of a row that the kernel reads, and describe them in *row.  An array that equals
   that of the row below, row[-1], is the same array in memory.
   @param[in] before  values of the row below; NULL: there is none */
static PetscErrorCode StoreRow(HeatWavefront *w, PetscInt tile, const PetscReal *values,
                               const PetscReal *before, HeatWaveRow *row)
{
  const PetscReal **const of[ARRAYS]    = {&row->gx, &row->gy, &row->r, &row->q, &row->s};
  const PetscReal        *below[ARRAYS] = {NULL};

  PetscFunctionBeginUser;
  if (before) {
    const HeatWaveRow *b = row - 1;

    below[0] = b->gx;
    below[1] = b->gy;
    below[2] = b->r;
    below[3] = b->q;
    below[4] = b->s;
  }
  for (int k = 0; k < ArraysOf(w->kind); k++) {
    const size_t first = ArrayOffset(w, k), n = ArrayOffset(w, k + 1) - first;
    PetscReal   *kept;

    *of[k] = below[k];
    if (before && memcmp(values + first, before + first, n * sizeof *values) == 0) continue;
    PetscCall(AllocateValues(w, n, &kept));
    memcpy(kept, values + first, n * sizeof *kept);
    *of[k] = kept;
  }
  FindRun(w, tile, values + ArrayOffset(w, 2), values + ArrayOffset(w, 3), row);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the coefficients of all rows of all tiles. */
static PetscErrorCode StoreRows(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt ny = w->frame.ny;
  const size_t   n  = ArrayOffset(w, ARRAYS);
  PetscReal     *values, *before, *swap;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)w->tiles * (size_t)(ny + 1), &w->rows));
  PetscCall(PetscMalloc1(n, &values));
  PetscCall(PetscMalloc1(n, &before));
  for (PetscInt t = 0; t < w->tiles; t++) {
    for (PetscInt f = 0; f <= ny; f++) {
      HeatWaveRow *row = &w->rows[t * (ny + 1) + f];

      GatherRow(w, k, t, f, values);
      if (f > 0 && memcmp(values, before, n * sizeof *values) == 0) {
        *row = row[-1];
        continue;
      }
      PetscCall(StoreRow(w, t, values, f > 0 ? before : NULL, row));
      swap   = before;
      before = values;
      values = swap;
    }
  }
  PetscCall(PetscFree(values));
  PetscCall(PetscFree(before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the kind of the coefficients. */
static PetscErrorCode FindKind(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt nx = w->frame.nx;
  PetscReal     *row;

  PetscFunctionBeginUser;
  w->kind = k->shape ? HEAT_WAVE_TIMED : HEAT_WAVE_PLAIN;
  if (k->shape) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(nx, &row));
  for (PetscInt f = 0; f < w->frame.ny; f++) {
    HeatFrameRow(&w->frame, &k->r, f, 0, nx, row);
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
  PetscCall(FindKind(w, k));
  PetscCall(StoreRows(w, k));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWaveFreeRows(HeatWavefront *w)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < w->n_slabs; k++) PetscCall(PetscFree(w->slabs[k]));
  PetscCall(PetscFree(w->slabs));
  PetscCall(PetscFree(w->rows));
  PetscFunctionReturn(PETSC_SUCCESS);
}
