/* Skewed tiles and wavefronts.
 *
 * Columns of the frame are counted from its first, e; rows likewise, f.  Tile t of step l has the
 * columns [t W - l S, (t + 1) W - l S).  Within a tile, turn m makes rows 2m - l and 2m - l + 1 of
 * step l, out of rows 2m - l - 1 to 2m - l + 2 of step l - 1, the last of which the same turn has just
 * made; step 0 is the field itself.  So four rows of each step are kept, in a ring.  The last step
 * writes into the field, whose columns there no later tile and no later turn reads any more.
 *
 * What a tile needs of the one on its left, the last columns of each row of each step, waits in
 * `seam`.  Beyond the frame, on sides that are not the domain's, rows and columns hold any finite
 * values: what is made of them lies, after l steps, within l cells of the frame's edge, and never
 * becomes own. */
#include "solver/operator/wavefront.h"

#include <stdint.h>
#include <string.h>

#include "solver/base/heartbeat.h"

enum {
  LANES           = 8,         /* doubles: whole vectors of any machine, a line of the cache */
  SKEW            = LANES,     /* S, where there are several tiles */
  SEAM            = 2 * LANES, /* columns: S + 1 at least */
  WIDTH           = 1024,      /* W, where there are several tiles */
  SINGLE_TILE_MAX = 1536,      /* the widest frame that is one tile */
  RING            = 4,         /* rows */
  MIN_RUN = 2 * LANES, /* the shortest run of cells that do not differ worth a kernel of its own */
  SLAB    = 1 << 19    /* values that are allocated at a time: 4 MB */
};

/* The coefficients of one row of cells of a tile; columns are counted from the tile's first at the
   deepest step.  In [begin, end) nothing varies: the first values are those. */
typedef struct {
  const PetscReal *gx, *gy; /* of western faces [span + 1] and southern ones [span] */
  const PetscReal *r, *q;   /* [span]; NULL where the block needs none */
  PetscReal        gx0, gy0, r0, q0;
  PetscInt         begin, end;
} Row;

/* The first kernel that fits all rows of the block. */
typedef enum {
  PLAIN,      /* no sources, C the same along each row */
  CAPACITIES, /* no sources */
  SOURCES
} Kernel;

struct HeatWavefront {
  HeatFrame   frame; /* by value; its grid is borrowed */
  Kernel      kernel;
  PetscInt    width, skew, tiles, span; /* W, S; columns of a tile over all steps: W + S depth */
  Row        *rows;                     /* [tiles][ny + 1]; owned, like everything below */
  PetscReal **slabs;                    /* [n_slabs] what the rows point into */
  PetscInt    n_slabs;
  size_t      slab, used;   /* values of the last slab, and those taken */
  PetscReal  *memory;       /* what the next three point into */
  PetscReal  *ring;         /* [depth][RING][pitch] */
  PetscReal  *zero_row;     /* [pitch] zeros: rows that matter to nobody */
  PetscReal  *discard_rows; /* [2][pitch] rows made for nobody */
  size_t      pitch;
  PetscReal  *seam; /* [depth][ny][SEAM] */
};

/* Coefficients. */

static PetscInt SpanLeft(const HeatWavefront *w, PetscInt tile)
{
  return tile * w->width - w->skew * w->frame.depth;
}

/* Values of a field on a tile's columns of row f; zero outside the frame. */
static void Gather(const HeatWavefront *w, const HeatFrameField *field, PetscInt tile, PetscInt f,
                   PetscReal *out)
{
  const PetscInt first = SpanLeft(w, tile);
  const PetscInt begin = PetscClipInterval(first, 0, w->frame.nx);
  const PetscInt end   = PetscClipInterval(first + w->span, 0, w->frame.nx);

  memset(out, 0, (size_t)w->span * sizeof *out);
  if (begin < end) HeatFrameRow(&w->frame, field, f, begin, end, out + (begin - first));
}

/* The longest run of cells that do not differ.  Outside the frame there are none. */
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

static PetscReal *AlignToLine(PetscReal *p)
{
  const uintptr_t line = LANES * sizeof(PetscReal);

  return (PetscReal *)(((uintptr_t)p + line - 1) / line * line);
}

/* Room for n values, a multiple of LANES, at the beginning of a line. */
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

/* The coefficients of a row, one array after the other, each from the beginning of a line. */
static size_t ArrayOffset(const HeatWavefront *w, int array)
{
  return array == 0 ? 0 : (size_t)array * (size_t)w->span + LANES; /* gx has one more */
}

/* Row f of a tile; row ny has southern faces only. */
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

/* Keep the values of a row, as far as the kernel needs them. */
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

/* Rows that do not differ share their values. */
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

/* The kernel that the block needs. */
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

static PetscErrorCode AllocateRing(HeatWavefront *w)
{
  const size_t rows = (size_t)w->frame.depth * RING;

  PetscFunctionBeginUser;
  w->pitch = (size_t)w->width + SEAM + LANES;
  if (w->pitch / LANES % 2 == 0) w->pitch += LANES; /* rows far apart in the cache */
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

/* Kernels: cells of two rows, `low` and `high`, from those and the ones below and above.  The heat
   between the two is computed once: x - y and y - x differ by their sign only. */

typedef struct {
  const PetscReal *below, *low, *high, *above;
  PetscReal       *new_low, *new_high;
  const Row       *row[3]; /* coefficients: low's, high's, above's, whose southern faces count */
} RowPair;

#define FACES(g_w, g_e, u) ((g_w) * ((u)[i - 1] - (u)[i]) + (g_e) * ((u)[i + 1] - (u)[i]))

/* n cells from column `at` of the pointers of p, `column` of the coefficients. */
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

#define VARYING                                                                                    \
  const PetscReal *restrict below = p->below + at, *restrict low = p->low + at;                    \
  const PetscReal *restrict high = p->high + at, *restrict above = p->above + at;                  \
  PetscReal *restrict new_low = p->new_low + at, *restrict new_high = p->new_high + at;            \
  const PetscReal *restrict gl = p->row[0]->gx + column, *restrict gh = p->row[1]->gx + column;    \
  const PetscReal *restrict gs = p->row[0]->gy + column, *restrict gm = p->row[1]->gy + column;    \
  const PetscReal *restrict gn = p->row[2]->gy + column
#define LOW(i)  (FACES(gl[i], gl[(i) + 1], low) + (gs[i] * (below[i] - low[i]) + up))
#define HIGH(i) (FACES(gh[i], gh[(i) + 1], high) + (gn[i] * (above[i] - high[i]) - up))

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

static void VaryingCells(Kernel kernel, const RowPair *p, PetscInt at, PetscInt column, PetscInt n)
{
  if (n <= 0) return;
  switch (kernel) {
  case PLAIN: VaryingFaces(p, at, column, n); break;
  case CAPACITIES: VaryingCapacities(p, at, column, n); break;
  case SOURCES: VaryingSources(p, at, column, n); break;
  }
}

/* n cells whose first has that column of the coefficients. */
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

typedef struct {
  HeatWavefront            *w;
  PetscInt                  steps, tile;
  const HeatFrameField     *field;
  const HeatWavefrontSides *sides;
  PetscReal                *T;
} Sweep;

/* Whether row f is worth something after l steps. */
static PetscBool IsValidRow(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   left  = s->steps - l; /* steps still to come: rows around the own ones */
  const PetscInt   low   = PetscMax(frame->margin[HEAT_BOTTOM] - left, 0);
  const PetscInt   high = PetscMin(frame->margin[HEAT_BOTTOM] + frame->grid->nyl + left, frame->ny);

  return f >= low && f < high ? PETSC_TRUE : PETSC_FALSE;
}

/* The first column of the tile at step l. */
static PetscInt TileLeft(const Sweep *s, PetscInt l)
{
  return s->tile * s->w->width - s->w->skew * l;
}

/* Row f after l steps, from the tile's first column there. */
static PetscReal *RingRow(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatWavefront *w = s->w;

  return w->ring + ((size_t)l * RING + (size_t)(f % RING)) * w->pitch + SEAM;
}

static PetscReal *Seam(const Sweep *s, PetscInt l, PetscInt f)
{
  return s->w->seam + ((size_t)l * (size_t)s->w->frame.ny + (size_t)f) * SEAM;
}

/* The last columns of the tile before come to the left of row f, ... */
static void LoadSeam(const Sweep *s, PetscInt l, PetscInt f)
{
  if (s->w->seam) memcpy(RingRow(s, l, f) - SEAM, Seam(s, l, f), SEAM * sizeof(PetscReal));
}

/* ... and its own last ones wait for the next. */
static void StoreSeam(const Sweep *s, PetscInt l, PetscInt f)
{
  if (s->w->seam)
    memcpy(Seam(s, l, f), RingRow(s, l, f) + s->w->width - SEAM, SEAM * sizeof(PetscReal));
}

/* Step 0: a row of the field. */
static void Load(const Sweep *s, PetscInt f)
{
  const PetscInt begin = TileLeft(s, 0), end = PetscMin(begin + s->w->width, s->w->frame.nx);

  if (!IsValidRow(s, 0, f)) return;
  LoadSeam(s, 0, f);
  if (begin < end) HeatFrameRow(&s->w->frame, s->field, f, begin, end, RingRow(s, 0, f));
  StoreSeam(s, 0, f);
}

/* Row f after l steps, from column e, for reading; beyond the domain what the sides say. */
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

/* Before step l + 1 reads columns [e, e + n) of row f: what lies beyond the domain's left and right
   goes into the row, and what the account of heat needs goes out. */
static void CrossSides(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, PetscInt n)
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

/* Where row f of step l goes, from column e. */
static PetscReal *OutputRow(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, int which)
{
  const HeatFrame *frame = &s->w->frame;

  if (!IsValidRow(s, l, f)) return s->w->discard_rows + (size_t)which * s->w->pitch;
  if (l < s->steps) return RingRow(s, l, f) + (e - TileLeft(s, l));
  return s->T + (size_t)(f - frame->margin[HEAT_BOTTOM]) * (size_t)frame->grid->nxl +
         (e - frame->margin[HEAT_LEFT]);
}

/* Rows f and f + 1 of step l, as far as they are worth something. */
static void StepRows(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatWavefront *w        = s->w;
  const HeatFrame     *frame    = &w->frame;
  const PetscBool      valid[2] = {IsValidRow(s, l, f), IsValidRow(s, l, f + 1)};
  const PetscInt       left = TileLeft(s, l), last = l == s->steps ? frame->margin[HEAT_LEFT] : 0;
  const PetscInt       e    = PetscMax(left, last);
  const PetscInt       most = l == s->steps ? last + frame->grid->nxl : frame->nx;
  const PetscInt       n    = PetscMin(left + w->width, most) - e;
  const Row           *rows = w->rows + s->tile * (frame->ny + 1);

  for (int k = 0; k < 2; k++) {
    if (valid[k] && l < s->steps) LoadSeam(s, l, f + k);
  }
  if (!(valid[0] || valid[1]) || n <= 0) return;
  for (int k = 0; k < 2; k++) {
    if (valid[k]) CrossSides(s, l - 1, f + k, e, n);
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
    if (valid[k] && l < s->steps) StoreSeam(s, l, f + k);
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
      if (m % 64 == 0) HeatBeat();
      Load(&s, 2 * m);
      Load(&s, 2 * m + 1);
      for (PetscInt l = 1; l <= steps; l++) StepRows(&s, l, 2 * m - l);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
