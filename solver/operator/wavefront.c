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
 *  Edges of the frame.  Beyond a side that is not part of the domain's boundary, rows and columns
 *  hold arbitrary finite values.  After l steps they have influenced only cells within l cells of
 *  the frame's edge, and the frame's margin is at least as deep as the number of steps, so that own
 *  cells are not affected. */
#include "solver/operator/wavefront.h"

#include <string.h>

#include "solver/base/heartbeat.h"
#include "solver/operator/wavefront_impl.h"

/* [cells] The shortest run of cells with equal coefficients that gets the kernel with constants.
   Chosen, two vectors: on a shorter run the split into three calls costs more than reading the
   coefficients; a larger value gives up runs that would pay. */
enum { MIN_RUN = 2 * LANES };

/* [turns] Turns between two heartbeats, which the watchdog reads.  Chosen: 64 turns are 128 rows of
   a tile in all steps, about 2 ms at the rate of solver/MEASURED.md.  A larger value comes nearer
   to `limits.stall`; a smaller one beats more often than anything reads it. */
enum { TURNS_PER_BEAT = 64 };

/* Kernels: one step of n cells of two consecutive rows, `low` and `high`.

       T_new = T + r ((g_w (T_w - T) + g_e (T_e - T)) + (g_s (T_s - T) + g_n (T_n - T)) + q)

   with g_w, g_e, g_s, g_n the conductances of the cell's faces, T_w ... T_n its neighbours.  The
   sum is in the order of RowKernel in operator_stencil.c, so that the bits are the same.  The heat
   between the two rows is computed once, as `up`: x - y and y - x differ in sign only. */

typedef struct {
  const PetscReal *below, *low, *high, *above; /* rows of the step before [K] */
  PetscReal       *new_low, *new_high;         /* rows of this step [K] */
  const HeatWavefrontRow
      *row[3]; /* coefficients of low, high and above; of above, the south faces only */
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
static void VaryingCells(HeatWavefrontKernel kernel, const RowPair *p, PetscInt at, PetscInt column,
                         PetscInt n)
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
static void StepCells(HeatWavefrontKernel kernel, const RowPair *p, PetscInt column, PetscInt n)
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
  const PetscInt       e       = PetscMax(left, first);
  const PetscInt       end     = l == s->steps ? first + frame->grid->nxl : frame->nx;
  const PetscInt       n       = PetscMin(left + w->width, end) - e;
  const HeatWavefrontRow *rows = w->rows + s->tile * (frame->ny + 1);

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

  StepCells(w->kernel, &pair, e - HeatWavefrontSpanLeft(w, s->tile), n);
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
