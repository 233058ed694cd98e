/** Set-up of the sweep: its tiles, the copies of the coefficients in the order in which the sweep
 *  reads them, and the memory of the ring. */
#include <stdint.h>
#include <string.h>

#include "solver/operator/wavefront_impl.h"

/* [columns] S, where there are several tiles.  1 would do; a multiple of LANES keeps the rows of
   all steps aligned with one another and with the coefficients. */
enum { SKEW = LANES };

/* [columns] W, where there are several tiles.  Chosen: for 32 steps the ring takes 1.07 MB, about a
   second-level cache.  A larger value would push the ring out of it; with a smaller one, copying
   seams takes a larger share. */
enum { WIDTH = 1024 };

/* [columns] The widest frame that is one tile without skew.  Chosen: a wider frame has a ring above
   1.6 MB at 32 steps; with a smaller value, frames little wider than WIDTH would pay for seams. */
enum { SINGLE_TILE_MAX = 1536 };

/* [doubles] Size of an allocation for coefficients, 4 MB.  Chosen: larger allocations waste more at
   the end of the last one, smaller ones are more numerous. */
enum { SLAB = 1 << 19 };

/* Copy row f of a field on the span of a tile to out[span]; columns outside the frame are zero. */
static void Gather(const HeatWavefront *w, const HeatFrameField *field, PetscInt tile, PetscInt f,
                   PetscReal *out)
{
  const PetscInt first = HeatWavefrontSpanLeft(w, tile);
  const PetscInt begin = PetscClipInterval(first, 0, w->frame.nx);
  const PetscInt end   = PetscClipInterval(first + w->span, 0, w->frame.nx);

  memset(out, 0, (size_t)w->span * sizeof *out);
  if (begin < end) HeatFrameRow(&w->frame, field, f, begin, end, out + (begin - first));
}

/* Find the longest run of cells of the frame with the same west, east and south conductance, dt/C
   and q, and store its place and values in *row. */
static void FindRun(const HeatWavefront *w, PetscInt tile, const PetscReal *r, const PetscReal *q,
                    HeatWavefrontRow *row)
{
  const PetscInt first = PetscMax(-HeatWavefrontSpanLeft(w, tile), 0);
  const PetscInt last  = PetscMin(w->frame.nx - HeatWavefrontSpanLeft(w, tile), w->span);
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

/* Return the first address at or after p that begins a cache line. */
static PetscReal *AlignToLine(PetscReal *p)
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
  *values = AlignToLine(w->slabs[w->n_slabs - 1]) + w->used;
  w->used += n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the offset of an array among the values of a row, in doubles: gx (0), gy (1), r (2), q
   (3); 4 is the total.  Each array begins a cache line; gx has one value more than the others. */
static size_t ArrayOffset(const HeatWavefront *w, int array)
{
  return array == 0 ? 0 : (size_t)array * (size_t)w->span + LANES;
}

/* Gather the coefficients of row f of a tile into values[ArrayOffset(w, 4)].  HeatWavefrontRow
   frame.ny lies above the frame; only its south faces have a meaning. */
static void GatherRow(const HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt tile,
                      PetscInt f, PetscReal *values)
{
  const PetscInt from = PetscMin(f, w->frame.ny - 1);
  const PetscInt last = PetscMin(w->frame.nx - HeatWavefrontSpanLeft(w, tile), w->span);
  PetscReal     *gx   = values, edge;

  memset(values, 0, ArrayOffset(w, 4) * sizeof *values);
  Gather(w, &k->face[HEAT_RIGHT], tile, from, gx + 1);
  edge = gx[last];
  Gather(w, &k->face[HEAT_LEFT], tile, from, gx);
  gx[w->span] = 0.0;
  gx[last]    = edge;
  Gather(w, &k->face[f < w->frame.ny ? HEAT_BOTTOM : HEAT_TOP], tile, from,
         values + ArrayOffset(w, 1));
  Gather(w, &k->r, tile, from, values + ArrayOffset(w, 2));
  Gather(w, &k->q, tile, from, values + ArrayOffset(w, 3));
}

/* Store the arrays of a row that the kernel reads, and describe them in *row. */
static PetscErrorCode StoreRow(HeatWavefront *w, PetscInt tile, const PetscReal *values,
                               HeatWavefrontRow *row)
{
  const size_t n = ArrayOffset(w, w->kernel == PLAIN ? 2 : w->kernel == CAPACITIES ? 3 : 4);
  PetscReal   *kept;

  PetscFunctionBeginUser;
  PetscCall(AllocateValues(w, n, &kept));
  memcpy(kept, values, n * sizeof *kept);
  row->gx = kept;
  row->gy = kept + ArrayOffset(w, 1);
  row->r  = w->kernel == PLAIN ? NULL : kept + ArrayOffset(w, 2);
  row->q  = w->kernel == SOURCES ? kept + ArrayOffset(w, 3) : NULL;
  FindRun(w, tile, values + ArrayOffset(w, 2), values + ArrayOffset(w, 3), row);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Store the coefficients of all rows of all tiles.  A row equal to the row below it shares its
   values. */
static PetscErrorCode StoreRows(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt ny = w->frame.ny;
  const size_t   n  = ArrayOffset(w, 4);
  PetscReal     *values, *before, *swap;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1((size_t)w->tiles * (size_t)(ny + 1), &w->rows));
  PetscCall(PetscMalloc1(n, &values));
  PetscCall(PetscMalloc1(n, &before));
  for (PetscInt t = 0; t < w->tiles; t++) {
    for (PetscInt f = 0; f <= ny; f++) {
      HeatWavefrontRow *row = &w->rows[t * (ny + 1) + f];

      GatherRow(w, k, t, f, values);
      if (f > 0 && memcmp(values, before, n * sizeof *values) == 0) {
        *row = row[-1];
        continue;
      }
      PetscCall(StoreRow(w, t, values, row));
      swap   = before;
      before = values;
      values = swap;
    }
  }
  PetscCall(PetscFree(values));
  PetscCall(PetscFree(before));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Choose the kernel of the block. */
static PetscErrorCode ChooseKernel(HeatWavefront *w, const HeatFrameCoefficients *k)
{
  const PetscInt nx = w->frame.nx;
  PetscReal     *row;

  PetscFunctionBeginUser;
  w->kernel = PLAIN;
  PetscCall(PetscMalloc1(nx, &row));
  for (PetscInt f = 0; f < w->frame.ny; f++) {
    HeatFrameRow(&w->frame, &k->r, f, 0, nx, row);
    for (PetscInt e = 0; e < nx && w->kernel == PLAIN; e++) {
      if (row[e] != row[0]) w->kernel = CAPACITIES;
    }
    HeatFrameRow(&w->frame, &k->q, f, 0, nx, row);
    for (PetscInt e = 0; e < nx; e++) {
      if (row[e] != 0.0) w->kernel = SOURCES;
    }
    if (w->kernel == SOURCES) break;
  }
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Allocate ring, zero_row, discard_rows and seam, all zero. */
static PetscErrorCode AllocateRing(HeatWavefront *w)
{
  const size_t rows = (size_t)w->frame.depth * RING;

  PetscFunctionBeginUser;
  w->pitch = (size_t)w->width + SEAM + LANES;
  /* An odd number of lines spreads the rows over the sets of the cache. */
  if (w->pitch / LANES % 2 == 0) w->pitch += LANES;
  PetscCall(PetscCalloc1((rows + 3) * w->pitch + LANES, &w->memory));
  w->ring         = AlignToLine(w->memory);
  w->zero_row     = w->ring + rows * w->pitch;
  w->discard_rows = w->zero_row + w->pitch;
  if (w->tiles > 1)
    PetscCall(PetscCalloc1((size_t)w->frame.depth * (size_t)w->frame.ny * SEAM, &w->seam));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWavefrontCreate(const HeatFrame *frame, const HeatFrameCoefficients *k,
                                   HeatWavefront **out)
{
  HeatWavefront *w;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&w));
  *out     = w;
  w->frame = *frame;
  w->width = (frame->nx + LANES - 1) / LANES * LANES;
  w->tiles = 1;
  if (w->width > SINGLE_TILE_MAX) {
    w->width = WIDTH;
    w->skew  = SKEW;
    w->tiles = (frame->nx + w->skew * frame->depth + w->width - 1) / w->width;
  }
  w->span = w->width + w->skew * frame->depth;
  PetscCall(ChooseKernel(w, k));
  PetscCall(StoreRows(w, k));
  PetscCall(AllocateRing(w));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWavefrontDestroy(HeatWavefront **out)
{
  HeatWavefront *w = *out;

  PetscFunctionBeginUser;
  if (!w) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < w->n_slabs; k++) PetscCall(PetscFree(w->slabs[k]));
  PetscCall(PetscFree(w->slabs));
  PetscCall(PetscFree(w->rows));
  PetscCall(PetscFree(w->memory));
  PetscCall(PetscFree(w->seam));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
