/** Several explicit steps in one sweep: skewed tiles of columns, and a wavefront of rows in each.
 *
 *  Columns e and rows f are counted from the frame's first.  W is the width of a tile, S the skew.
 *
 *  Tiles.  Tile t of step l has the columns [t W - l S, (t + 1) W - l S), as far as they lie in the
 *  frame.  A tile goes through all steps before the next tile begins:
 *
 *      e           0               W               2 W              3 W
 *      step 0      |--- tile 0 ----|--- tile 1 ----|--- tile 2 ----|      the field itself
 *      step 1    |--- tile 0 ----|--- tile 1 ----|--- tile 2 ----|
 *      step 2  |--- tile 0 ----|--- tile 1 ----|--- tile 2 ----|
 *              |-|
 *               S
 *
 *  Step l reads one column beyond its tile on either side.  On the right that column is in the same
 *  tile of step l - 1, since S >= 1.  On the left, S + 1 columns of step l - 1 belong to the tile
 *  before: each tile stores the last SEAM columns of every row of steps 0 to steps - 1 in `seam`,
 *  for the next tile to load.
 *
 *  Wavefront.  Within a tile, turn m computes rows 2m - l and 2m - l + 1 of each step l, from rows
 *  2m - l - 1 to 2m - l + 2 of step l - 1:
 *
 *      row         step 0    step 1    step 2    step 3
 *      2m + 1      new                                      new: computed (or loaded) by turn m
 *      2m          new       new                            old: by turn m - 1
 *      2m - 1      old       new       new
 *      2m - 2      old       old       new       new
 *      2m - 3                old       old       new
 *      2m - 4                          old       old
 *
 *  So four rows of each step are kept, in a ring.  The last step writes into the field itself: into
 *  columns and rows that no later tile and no later turn reads.
 *
 *  Edges of the frame.  Beyond a side that is not the domain's, rows and columns hold some finite
 *  values.  After l steps they have influenced only cells within l cells of the frame's edge, and
 *  the frame's margin is at least as deep as the number of steps, so that own cells are not
 *  affected. */
#include "solver/operator/wavefront.h"

#include <stdint.h>
#include <string.h>

#include "solver/base/heartbeat.h"

/* [doubles] One line of the cache, 64 bytes, and one vector of 512 bits. */
enum { LANES = 8 };

/* [columns] S, where there are several tiles.  1 would do; a multiple of LANES keeps the rows of
   all steps aligned with one another and with the coefficients. */
enum { SKEW = LANES };

/* [columns] Width of the seam: S + 1 columns are read, rounded up to whole lines. */
enum { SEAM = 2 * LANES };

/* [columns] W, where there are several tiles.  Chosen: for 32 steps the ring takes 1.07 MB, about a
   second-level cache.  A larger value would push the ring out of it; with a smaller one, copying
   seams takes a larger share. */
enum { WIDTH = 1024 };

/* [columns] The widest frame that is one tile without skew.  Chosen: a wider frame has a ring above
   1.6 MB at 32 steps; with a smaller value, frames little wider than WIDTH would pay for seams. */
enum { SINGLE_TILE_MAX = 1536 };

/* [rows] Rows kept of each step, as drawn above: two new, two old. */
enum { RING = 4 };

/* [cells] The shortest run of cells with equal coefficients that gets the kernel with constants.
   Chosen, two vectors: on a shorter run the split into three calls costs more than reading the
   coefficients; a larger value gives up runs that would pay. */
enum { MIN_RUN = 2 * LANES };

/* [doubles] Size of an allocation for coefficients, 4 MB.  Chosen: larger wastes more at the end of
   the last one, smaller makes more allocations. */
enum { SLAB = 1 << 19 };

/* [turns] Turns between two signs of life for the watchdog.  Chosen: 64 turns are 128 rows of a
   tile in all steps, about 2 ms at the rate of solver/MEASURED.md.  A larger value comes nearer to
   `limits.stall`; a smaller one beats more often than anything reads it. */
enum { TURNS_PER_BEAT = 64 };

/* The coefficients of one row of cells of a tile.  Columns are counted from SpanLeft, the tile's
   leftmost column, which it has at the deepest step; span is W + S depth.  All cells in columns
   [begin, end) have the same coefficients, gx0, gy0, r0, q0. */
typedef struct {
  const PetscReal *gx; /* [span + 1] conductance of west faces, and the last east face [W/(m K)] */
  const PetscReal *gy; /* [span] conductance of south faces [W/(m K)] */
  const PetscReal *r;  /* [span] dt/C [m K/W]; NULL with PLAIN, which reads r0 */
  const PetscReal *q;  /* [span] sources and prescribed fluxes [W/m]; NULL unless SOURCES */
  PetscReal        gx0, gy0, r0, q0; /* values of column `begin` */
  PetscInt         begin, end;       /* the longest run of cells with equal coefficients */
} Row;

/* The kernel of a block: the first that fits all rows of its frame.  A later one reads one array
   more. */
typedef enum {
  PLAIN,      /* no sources, and C is the same along each row */
  CAPACITIES, /* no sources */
  SOURCES
} Kernel;

/* Layout of the ring, and of the two rows after it.  A row begins at a cache line, SEAM columns
   before the tile's first column; pitch is an odd number of lines.

       |<-- SEAM -->|<------------ width ------------->|<- LANES ->|<- padding: 0 or LANES ->|
        seam of the    columns of the tile at step l    one column
        tile before                                     beyond the domain's right side

       ring[l][f % RING]: row f of step l;    then zero_row;    then discard_rows[0], [1] */
struct HeatWavefront {
  HeatFrame   frame; /* by value; its grid is borrowed */
  Kernel      kernel;
  PetscInt    width; /* W [columns]; with one tile, the frame's width rounded up to LANES */
  PetscInt    skew;  /* S [columns]; 0 with one tile */
  PetscInt    tiles; /* number of tiles */
  PetscInt    span;  /* W + S depth [columns]: those of a tile over all steps */
  Row        *rows;  /* [tiles][frame.ny + 1]; owned, like everything below */
  PetscReal **slabs; /* [n_slabs] allocations that the rows point into */
  PetscInt    n_slabs;
  size_t      slab, used;   /* size of the last slab, and the part in use [doubles] */
  PetscReal  *memory;       /* allocation that the next three point into */
  PetscReal  *ring;         /* [depth][RING][pitch] temperatures [K] */
  PetscReal  *zero_row;     /* [pitch] zeros: an input row beyond the frame, from which no own cell
                               is computed */
  PetscReal  *discard_rows; /* [2][pitch] output rows whose values are not needed */
  size_t      pitch;        /* [doubles] from one row to the next */
  PetscReal  *seam;         /* [depth][frame.ny][SEAM] temperatures [K]; NULL with one tile */
};

/* Coefficients. */

/* Return the leftmost column of a tile over all steps, which may lie left of the frame. */
static PetscInt SpanLeft(const HeatWavefront *w, PetscInt tile)
{
  return tile * w->width - w->skew * w->frame.depth;
}

/* Copy row f of a field on the span of a tile to out[span]; columns outside the frame are zero. */
static void Gather(const HeatWavefront *w, const HeatFrameField *field, PetscInt tile, PetscInt f,
                   PetscReal *out)
{
  const PetscInt first = SpanLeft(w, tile);
  const PetscInt begin = PetscClipInterval(first, 0, w->frame.nx);
  const PetscInt end   = PetscClipInterval(first + w->span, 0, w->frame.nx);

  memset(out, 0, (size_t)w->span * sizeof *out);
  if (begin < end) HeatFrameRow(&w->frame, field, f, begin, end, out + (begin - first));
}

/* Find the longest run of cells of the frame with the same west, east and south conductance, dt/C
   and q, and store its place and values in *row. */
static void FindRun(const HeatWavefront *w, PetscInt tile, const PetscReal *r, const PetscReal *q,
                    Row *row)
{
  const PetscInt first = PetscMax(-SpanLeft(w, tile), 0);
  const PetscInt last  = PetscMin(w->frame.nx - SpanLeft(w, tile), w->span);
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

/* Gather the coefficients of row f of a tile into values[ArrayOffset(w, 4)].  Row frame.ny lies
   above the frame; only its south faces have a meaning. */
static void GatherRow(const HeatWavefront *w, const HeatFrameCoefficients *k, PetscInt tile,
                      PetscInt f, PetscReal *values)
{
  const PetscInt from = PetscMin(f, w->frame.ny - 1);
  const PetscInt last = PetscMin(w->frame.nx - SpanLeft(w, tile), w->span);
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
static PetscErrorCode StoreRow(HeatWavefront *w, PetscInt tile, const PetscReal *values, Row *row)
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
      Row *row = &w->rows[t * (ny + 1) + f];

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

/* Kernels: one step of n cells of two consecutive rows, `low` and `high`.

       T_new = T + r ((g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T)) + q)

   with g_w, g_e, g_s, g_n the conductances of the cell's faces, T_w ... T_n its neighbours.  The
   sum is in the order of RowKernel in operator.c, so that the bits are the same.  The heat between
   the two rows is computed once, as `up`: x - y and y - x differ in sign only. */

typedef struct {
  const PetscReal *below, *low, *high, *above; /* rows of the step before [K] */
  PetscReal       *new_low, *new_high;         /* rows of this step [K] */
  const Row       *row[3]; /* coefficients of low, high and above; of above, the south faces only */
} RowPair;

/* Heat through the west and east faces of cell i of row u [W/m]. */
#define FACES(g_w, g_e, u) ((g_w) * ((u)[i - 1] - (u)[i]) + (g_e) * ((u)[i + 1] - (u)[i]))

/* Step n cells with equal coefficients, from column `at` of the rows of p on. */
static void Uniform(const RowPair *p, PetscInt at, PetscInt n)
{
  const PetscReal *restrict below = p->below + at, *restrict low = p->low + at;
  const PetscReal *restrict high = p->high + at, *restrict above = p->above + at;
  PetscReal *restrict new_low = p->new_low + at, *restrict new_high = p->new_high + at;
  const PetscReal gl = p->row[0]->gx0, gh = p->row[1]->gx0, rl = p->row[0]->r0, rh = p->row[1]->r0;
  const PetscReal gs = p->row[0]->gy0, gm = p->row[1]->gy0, gn = p->row[2]->gy0;
  const PetscReal ql = p->row[0]->q0, qh = p->row[1]->q0;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm * (high[i] - low[i]);

    new_low[i]  = low[i] + rl * ((FACES(gl, gl, low) + (gs * (below[i] - low[i]) + up)) + ql);
    new_high[i] = high[i] + rh * ((FACES(gh, gh, high) + (gn * (above[i] - high[i]) - up)) + qh);
  }
}

/* Pointers of the kernels below: rows of p from column `at` on, coefficients from column `column`
   on. */
#define VARYING                                                                                    \
  const PetscReal *restrict below = p->below + at, *restrict low = p->low + at;                    \
  const PetscReal *restrict high = p->high + at, *restrict above = p->above + at;                  \
  PetscReal *restrict new_low = p->new_low + at, *restrict new_high = p->new_high + at;            \
  const PetscReal *restrict gl = p->row[0]->gx + column, *restrict gh = p->row[1]->gx + column;    \
  const PetscReal *restrict gs = p->row[0]->gy + column, *restrict gm = p->row[1]->gy + column;    \
  const PetscReal *restrict gn = p->row[2]->gy + column

/* Heat through the four faces of cell i of the lower and of the upper row [W/m]. */
#define LOW(i)  (FACES(gl[i], gl[(i) + 1], low) + (gs[i] * (below[i] - low[i]) + up))
#define HIGH(i) (FACES(gh[i], gh[(i) + 1], high) + (gn[i] * (above[i] - high[i]) - up))

/* Step n cells whose conductances vary. */
static void VaryingFaces(const RowPair *p, PetscInt at, PetscInt column, PetscInt n)
{
  VARYING;
  const PetscReal rl = p->row[0]->r0, rh = p->row[1]->r0;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    new_low[i]  = low[i] + rl * LOW(i);
    new_high[i] = high[i] + rh * HIGH(i);
  }
}

/* Step n cells whose conductances and capacities vary. */
static void VaryingCapacities(const RowPair *p, PetscInt at, PetscInt column, PetscInt n)
{
  VARYING;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    new_low[i]  = low[i] + rl[i] * LOW(i);
    new_high[i] = high[i] + rh[i] * HIGH(i);
  }
}

/* Step n cells whose conductances, capacities and sources vary. */
static void VaryingSources(const RowPair *p, PetscInt at, PetscInt column, PetscInt n)
{
  VARYING;
  const PetscReal *restrict rl = p->row[0]->r + column, *restrict rh = p->row[1]->r + column;
  const PetscReal *restrict ql = p->row[0]->q + column, *restrict qh = p->row[1]->q + column;

  _Pragma("omp simd") for (PetscInt i = 0; i < n; i++)
  {
    const PetscReal up = gm[i] * (high[i] - low[i]);

    new_low[i]  = low[i] + rl[i] * (LOW(i) + ql[i]);
    new_high[i] = high[i] + rh[i] * (HIGH(i) + qh[i]);
  }
}

/* Step n cells with the kernel of the block. */
static void VaryingCells(Kernel kernel, const RowPair *p, PetscInt at, PetscInt column, PetscInt n)
{
  if (n <= 0) return;
  switch (kernel) {
  case PLAIN: VaryingFaces(p, at, column, n); break;
  case CAPACITIES: VaryingCapacities(p, at, column, n); break;
  case SOURCES: VaryingSources(p, at, column, n); break;
  }
}

/* Step n cells, the first of which has column `column` of the coefficients: with constants on the
   run of equal cells that all three rows of coefficients share, if it is long enough, and with
   arrays before and after it. */
static void StepCells(Kernel kernel, const RowPair *p, PetscInt column, PetscInt n)
{
  PetscInt begin = 0, end = column + n;

  for (int k = 0; k < 3; k++) {
    begin = PetscMax(begin, p->row[k]->begin - column);
    end   = PetscMin(end, p->row[k]->end);
  }
  begin = (begin + LANES - 1) / LANES * LANES;
  end -= column;
  if (end - begin < MIN_RUN) {
    VaryingCells(kernel, p, 0, column, n);
    return;
  }
  VaryingCells(kernel, p, 0, column, begin);
  Uniform(p, begin, end - begin);
  VaryingCells(kernel, p, end, column + end, n - end);
}

/* The sweep. */

/* The arguments of HeatWavefrontRun, and the present tile. */
typedef struct {
  HeatWavefront            *w;
  PetscInt                  steps, tile;
  const HeatFrameField     *field;
  const HeatWavefrontSides *sides;
  PetscReal                *T; /* [nyl][nxl] [K] */
} Sweep;

/* Return whether row f has to be computed at step l: it is an own row, or own rows depend on it in
   later steps. */
static PetscBool IsNeeded(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   left  = s->steps - l; /* steps still to come: each needs one row more */
  const PetscInt   low   = PetscMax(frame->margin[HEAT_BOTTOM] - left, 0);
  const PetscInt   high = PetscMin(frame->margin[HEAT_BOTTOM] + frame->grid->nyl + left, frame->ny);

  return f >= low && f < high ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the first column of the tile at step l, which may lie left of the frame. */
static PetscInt TileLeft(const Sweep *s, PetscInt l)
{
  return s->tile * s->w->width - s->w->skew * l;
}

/* Return row f of step l in the ring, from the tile's first column at that step on. */
static PetscReal *RingRow(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatWavefront *w = s->w;

  return w->ring + ((size_t)l * RING + (size_t)(f % RING)) * w->pitch + SEAM;
}

/* Return the seam of row f of step l, [SEAM]. */
static PetscReal *Seam(const Sweep *s, PetscInt l, PetscInt f)
{
  return s->w->seam + ((size_t)l * (size_t)s->w->frame.ny + (size_t)f) * SEAM;
}

/* Copy the seam of the tile before to the left of row f of step l in the ring. */
static void LoadSeam(const Sweep *s, PetscInt l, PetscInt f)
{
  if (s->w->seam) memcpy(RingRow(s, l, f) - SEAM, Seam(s, l, f), SEAM * sizeof(PetscReal));
}

/* Store the last columns of row f of step l for the next tile. */
static void StoreSeam(const Sweep *s, PetscInt l, PetscInt f)
{
  if (s->w->seam)
    memcpy(Seam(s, l, f), RingRow(s, l, f) + s->w->width - SEAM, SEAM * sizeof(PetscReal));
}

/* Load row f of the field into the ring as step 0. */
static void Load(const Sweep *s, PetscInt f)
{
  const PetscInt begin = TileLeft(s, 0), end = PetscMin(begin + s->w->width, s->w->frame.nx);

  if (!IsNeeded(s, 0, f)) return;
  LoadSeam(s, 0, f);
  if (begin < end) HeatFrameRow(&s->w->frame, s->field, f, begin, end, RingRow(s, 0, f));
  StoreSeam(s, 0, f);
}

/* Return row f of step l for reading, from column e on.  Below and above the frame it is the row of
   T_b where the side is the domain's, otherwise zeros, which do not influence own cells. */
static const PetscReal *InputRow(const Sweep *s, PetscInt l, PetscInt f, PetscInt e)
{
  const HeatWavefront      *w     = s->w;
  const HeatWavefrontSides *sides = s->sides;
  const PetscInt            nx = w->frame.nx, ny = w->frame.ny;

  if (f >= 0 && f < ny) return RingRow(s, l, f) + (e - TileLeft(s, l));
  if (f == -1 && sides->beyond[HEAT_BOTTOM])
    return sides->beyond[HEAT_BOTTOM] + (size_t)l * (size_t)nx + e;
  if (f == ny && sides->beyond[HEAT_TOP])
    return sides->beyond[HEAT_TOP] + (size_t)l * (size_t)nx + e;
  return w->zero_row + SEAM;
}

/* Prepare columns [e, e + n) of row f of step l for step l + 1: store T_b of the domain's left and
   right side beside the row, and copy the own cells along the domain's sides to `edge`, from which
   the energy account is computed. */
static void TransferSides(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, PetscInt n)
{
  const HeatWavefrontSides *sides = s->sides;
  const HeatFrame          *frame = &s->w->frame;
  const HeatGrid           *g     = frame->grid;
  const PetscInt            nx = frame->nx, i = e - frame->margin[HEAT_LEFT];
  const PetscInt            j   = f - frame->margin[HEAT_BOTTOM];
  const size_t              at  = (size_t)l * (size_t)frame->ny + (size_t)f;
  const size_t              own = (size_t)l * (size_t)g->nyl + (size_t)j;
  PetscReal                *row = RingRow(s, l, f) + (e - TileLeft(s, l));

  if (e == 0 && sides->beyond[HEAT_LEFT]) row[-1] = sides->beyond[HEAT_LEFT][at];
  if (e + n == nx && sides->beyond[HEAT_RIGHT]) row[n] = sides->beyond[HEAT_RIGHT][at];
  if (j < 0 || j >= g->nyl) return;
  if (e == 0 && sides->edge[HEAT_LEFT]) sides->edge[HEAT_LEFT][own] = row[0];
  if (e + n == nx && sides->edge[HEAT_RIGHT]) sides->edge[HEAT_RIGHT][own] = row[n - 1];
  for (int side = HEAT_BOTTOM; side <= HEAT_TOP; side++) {
    PetscReal     *edge  = sides->edge[side];
    const PetscInt begin = PetscMax(0, -i), end = PetscMin(n, g->nxl - i);

    if (!edge || j != (side == HEAT_BOTTOM ? 0 : g->nyl - 1)) continue;
    edge += (size_t)l * (size_t)g->nxl;
    for (PetscInt k = begin; k < end; k++) edge[i + k] = row[k];
  }
}

/* Return where to write row f of step l, from column e on: in the ring, or in the field for the
   last step, or in discard_rows[which] if the row is not needed. */
static PetscReal *OutputRow(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, int which)
{
  const HeatFrame *frame = &s->w->frame;

  if (!IsNeeded(s, l, f)) return s->w->discard_rows + (size_t)which * s->w->pitch;
  if (l < s->steps) return RingRow(s, l, f) + (e - TileLeft(s, l));
  return s->T + (size_t)(f - frame->margin[HEAT_BOTTOM]) * (size_t)frame->grid->nxl +
         (e - frame->margin[HEAT_LEFT]);
}

/* Compute rows f and f + 1 of step l from step l - 1, on the columns of the present tile; for the
   last step on own columns only.  Both rows are computed if one of them is needed. */
static void StepRows(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatWavefront *w         = s->w;
  const HeatFrame     *frame     = &w->frame;
  const PetscBool      needed[2] = {IsNeeded(s, l, f), IsNeeded(s, l, f + 1)};
  const PetscInt       left = TileLeft(s, l), first = l == s->steps ? frame->margin[HEAT_LEFT] : 0;
  const PetscInt       e    = PetscMax(left, first);
  const PetscInt       end  = l == s->steps ? first + frame->grid->nxl : frame->nx;
  const PetscInt       n    = PetscMin(left + w->width, end) - e;
  const Row           *rows = w->rows + s->tile * (frame->ny + 1);

  for (int k = 0; k < 2; k++) {
    if (needed[k] && l < s->steps) LoadSeam(s, l, f + k);
  }
  if (!(needed[0] || needed[1]) || n <= 0) return;
  for (int k = 0; k < 2; k++) {
    if (needed[k]) TransferSides(s, l - 1, f + k, e, n);
  }
  const RowPair pair = {.below    = InputRow(s, l - 1, f - 1, e),
                        .low      = InputRow(s, l - 1, f, e),
                        .high     = InputRow(s, l - 1, f + 1, e),
                        .above    = InputRow(s, l - 1, f + 2, e),
                        .new_low  = OutputRow(s, l, f, e, 0),
                        .new_high = OutputRow(s, l, f + 1, e, 1),
                        .row      = {rows + PetscClipInterval(f, 0, frame->ny),
                                     rows + PetscClipInterval(f + 1, 0, frame->ny),
                                     rows + PetscClipInterval(f + 2, 0, frame->ny)}};

  StepCells(w->kernel, &pair, e - SpanLeft(w, s->tile), n);
  for (int k = 0; k < 2; k++) {
    if (needed[k] && l < s->steps) StoreSeam(s, l, f + k);
  }
}

PetscErrorCode HeatWavefrontRun(HeatWavefront *w, PetscInt steps, const HeatFrameField *field,
                                const HeatWavefrontSides *sides, PetscReal *T)
{
  Sweep s = {.w = w, .steps = steps, .field = field, .sides = sides, .T = T};

  PetscFunctionBeginUser;
  PetscCheck(steps > 0 && steps <= w->frame.depth && field->own == T, PETSC_COMM_SELF,
             PETSC_ERR_ARG_WRONG,
             "a sweep of %" PetscInt_FMT " steps on a frame %" PetscInt_FMT " deep", steps,
             w->frame.depth);
  for (s.tile = 0; s.tile < w->tiles; s.tile++) {
    for (PetscInt m = 0; 2 * m - steps < w->frame.ny; m++) {
      if (m % TURNS_PER_BEAT == 0) HeatBeat();
      Load(&s, 2 * m);
      Load(&s, 2 * m + 1);
      for (PetscInt l = 1; l <= steps; l++) StepRows(&s, l, 2 * m - l);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
