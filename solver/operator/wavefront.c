/** Several explicit steps or stages in one sweep: skewed tiles of columns, and a wavefront of rows
 *  in each.
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
 *  Edges of the frame.  Beyond a side of the frame that is not a side of the domain, rows and
 *  columns hold arbitrary finite values.  After l steps these have influenced only cells within l
 *  cells of the frame's edge.  The frame's margin is at least as wide as the number of steps, so
 *  that own cells are not affected.
 *
 *  Stages of rkl2 go through the same tiles and turns.  Stage l reads, besides stage l - 1, rows
 *  2m - l and 2m - l + 1 of stage l - 2, which are still in the ring as its two old rows, and of
 *  the rate Q, whose ring holds as many rows as lie between the first stage and the last.  A cell
 *  reads these two at its own place only, not at its neighbours'.  The tile of stage l lies 2 S
 *  columns left of the tile of stage l - 2, so the seam of stage l - 2 is 2 S columns wide; the
 *  seam of Q is S (depth - 1) columns wide.  A step with more stages than the frame is deep
 *  takes several sweeps, between which Q and the two last stages are in memory.
 *
 *  The heat of an ambient exchange is added to an array of own cells.  Its rows between the first
 *  step and the last are in the cache, like those of the ring.  Steps of a tile reach each cell in
 *  their order, so that the additions in a cell are those of single steps. */
#include "solver/operator/wavefront.h"

#include <string.h>

#include "solver/base/heartbeat.h"
#include "solver/operator/step_kernel.h"
#include "solver/operator/wavefront_impl.h"

enum { SEAM = HEAT_WAVE_SEAM, RING = HEAT_WAVE_RING };

/* [turns] Turns between two signs of life for the watchdog.  Chosen: 64 turns are 128 rows of a
   tile in all steps, about 2 ms at the rate of solver/MEASURED.md.  A larger value comes nearer to
   `limits.stall`; a smaller one beats more often than anything reads it. */
enum { TURNS_PER_BEAT = 64 };

/* The sweep. */

/* The arguments of HeatWavefrontRun or HeatWavefrontRunStages, and the present tile.  Steps are
   numbered from 1 within the sweep; a stage counts as a step. */
typedef struct {
  HeatWavefront             *w;
  PetscInt                   steps, tile;
  const HeatWavefrontStages *stages; /* NULL: steps of ftcs */
  const HeatFrameField      *field;  /* step 0 */
  const HeatWavefrontSides  *sides;
  const PetscReal           *factors;  /* [steps][sources with a factor of time]; may be empty */
  const HeatCellRecord      *record;   /* NULL: none */
  HeatWavefrontExchange      exchange; /* of stages, `heat` alone */
  /* [nyl][nxl] [K] result of the last step; NULL: the sweep ends with the last stage of a time
     step, which StoreStage adds to Y_0. */
  PetscReal *out;
  PetscBool  past_cache; /* T_new of the last stage is written past the cache */
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

/* Return row f of a level of the ring, from the tile's first column at that step on. */
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

/* Return the level of the ring that holds d_{a-1}, where earlier sweeps of the time step have taken
   a stages. */
static PetscInt LevelBefore(const Sweep *s) { return s->w->frame.depth; }

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

/* Load row f of a field into a level of the ring, on the columns of step 0. */
static void LoadRow(const Sweep *s, const HeatFrameField *field, PetscInt level, PetscInt f)
{
  const PetscInt begin = TileLeft(s, 0), end = PetscMin(begin + s->w->width, s->w->frame.nx);

  LoadSeam(s, level, f);
  if (begin < end) HeatFrameRow(&s->w->frame, field, f, begin, end, RingRow(s, level, f));
  StoreSeam(s, level, f);
}

/* Load row f of the fields that step 1 reads at the step before and, in a later sweep of a time
   step, at the stage before that. */
static void Load(const Sweep *s, PetscInt f)
{
  if (!IsNeeded(s, 0, f)) return;
  LoadRow(s, s->field, 0, f);
  if (s->stages && !s->stages->first)
    LoadRow(s, s->stages->kept[HEAT_KEPT_BEFORE], LevelBefore(s), f);
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

/* Return the place of column e of own row f in an array [nyl][nxl]. */
static size_t OwnPlace(const Sweep *s, PetscInt f, PetscInt e)
{
  const HeatFrame *frame = &s->w->frame;
  const size_t     row   = (size_t)(f - frame->margin[HEAT_BOTTOM]);

  return row * (size_t)frame->grid->nxl + (size_t)(e - frame->margin[HEAT_LEFT]);
}

/* Return a row for values that are not needed. */
static PetscReal *DiscardRow(const Sweep *s, int which)
{
  return s->w->discard_rows + (size_t)which * PetscMax(s->w->pitch, s->w->rate_pitch);
}

/* Return where to write row f of step l, from column e on: in the ring, or in the field for the
   last step, or in discard_rows[which] if the row is not needed or is added to Y_0. */
static PetscReal *OutputRow(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, int which)
{
  if (!IsNeeded(s, l, f) || (l == s->steps && !s->out)) return DiscardRow(s, which);
  if (l < s->steps) return RingRow(s, l, f) + (e - TileLeft(s, l));
  return s->out + OwnPlace(s, f, e);
}

/* Stages. */

/* Return row f of the rate, from column e on; beyond the frame, discard_rows[2 + which]. */
static PetscReal *RateRow(const Sweep *s, PetscInt f, PetscInt e, int which)
{
  const HeatWavefront *w = s->w;
  const PetscInt       n = w->frame.depth + 2;

  if (f < 0 || f >= w->frame.ny) return DiscardRow(s, 2 + which);
  return w->rate_ring + (size_t)(f % n) * w->rate_pitch + (e - HeatWaveSpanLeft(w, s->tile));
}

/* Copy the seam of the tile before to the left of row f of the rate, whose columns are those of
   step 1. */
static void LoadRateSeam(const Sweep *s, PetscInt f)
{
  const size_t n = HeatWaveRateSeam(s->w);

  if (n)
    memcpy(RateRow(s, f, TileLeft(s, 1), 0) - n, s->w->rate_seam + (size_t)f * n,
           n * sizeof(PetscReal));
}

/* Store the last columns of row f of the rate for the next tile. */
static void StoreRateSeam(const Sweep *s, PetscInt f)
{
  const size_t n = HeatWaveRateSeam(s->w);

  if (n)
    memcpy(s->w->rate_seam + (size_t)f * n, RateRow(s, f, TileLeft(s, 1) + s->w->width, 0) - n,
           n * sizeof(PetscReal));
}

/* Return row f of stage l - 2, from column e on: zeros before the second stage of a time step, and
   beyond the frame. */
static const PetscReal *RowBefore(const Sweep *s, PetscInt l, PetscInt f, PetscInt e)
{
  const PetscInt level = l == 1 ? LevelBefore(s) : l - 2;

  if (f < 0 || f >= s->w->frame.ny || (l == 2 && s->stages->first)) return s->w->zero_row;
  return RingRow(s, level, f) + (e - TileLeft(s, l == 1 ? 0 : l - 2));
}

/* Set the members of a pair of rows that only stages use. */
static void AddStage(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, HeatWavePair *pair)
{
  pair->stage = &s->stages->stage[l - 1];
  for (int k = 0; k < 2; k++) {
    pair->before[k] = RowBefore(s, l, f + k, e);
    pair->rate[k]   = RateRow(s, f + k, e, k);
  }
}

/* Before columns [e, e + n) of row f of step 1 are computed, provide the rate: its seam, and in a
   later sweep of a time step its values. */
static void LoadRate(const Sweep *s, PetscInt f, PetscInt e, PetscInt n)
{
  LoadRateSeam(s, f);
  if (s->stages->first || n == 0) return;
  HeatFrameRow(&s->w->frame, s->stages->kept[HEAT_KEPT_RATE], f, e, e + n, RateRow(s, f, e, 0));
}

/* Copy columns [e, e + n) of row f, as far as they are own cells, to an array [nyl][nxl]. */
static void KeepRow(const Sweep *s, PetscInt f, PetscInt e, PetscInt n, const PetscReal *row,
                    PetscReal *array)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   j = f - frame->margin[HEAT_BOTTOM], left = frame->margin[HEAT_LEFT];
  const PetscInt   begin = PetscMax(e, left), end = PetscMin(e + n, left + frame->grid->nxl);

  if (j < 0 || j >= frame->grid->nyl || begin >= end) return;
  memcpy(array + OwnPlace(s, f, begin), row + (begin - e), (size_t)(end - begin) * sizeof *row);
}

/* After columns [e, e + n) of row f of stage l were computed: store the rate's seam, and the values
   for a later sweep or T_new for the caller. */
static void StoreStage(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, PetscInt n,
                       const PetscReal *row)
{
  const HeatWavefrontStages *stages = s->stages;

  if (l == 1) {
    StoreRateSeam(s, f);
    if (stages->first && !stages->last)
      KeepRow(s, f, e, n, RateRow(s, f, e, 0), stages->keep[HEAT_KEPT_RATE]);
  }
  if (l == s->steps - 1 && !stages->last) KeepRow(s, f, e, n, row, stages->keep[HEAT_KEPT_BEFORE]);
  if (l == s->steps && stages->last) {
    const PetscReal *T     = stages->T->own + OwnPlace(s, f, e);
    PetscReal       *T_new = stages->T_new + OwnPlace(s, f, e);

    if (s->past_cache) HeatStepAddPastCache(n, T, row, T_new);
    else
      for (PetscInt i = 0; i < n; i++) T_new[i] = T[i] + row[i];
  }
}

/* Rows. */

/* Return the first cell of a record that is not before `cell`. */
static PetscInt FirstRecorded(const HeatCellRecord *record, size_t cell)
{
  PetscInt low = 0, high = record->n;

  while (low < high) {
    const PetscInt middle = (low + high) / 2;

    if (record->cell[middle] < cell) low = middle + 1;
    else high = middle;
  }
  return low;
}

/* Record the cells among columns [e, e + n) of row f after step l; row[0] is column e. */
static void RecordCells(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, PetscInt n,
                        const PetscReal *row)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   j = f - frame->margin[HEAT_BOTTOM], left = frame->margin[HEAT_LEFT];
  const PetscInt   begin = PetscMax(e, left), end = PetscMin(e + n, left + frame->grid->nxl);

  if (j < 0 || j >= frame->grid->nyl || begin >= end) return;
  const size_t first = OwnPlace(s, f, begin), after = first + (size_t)(end - begin);
  PetscReal   *T = s->record->T + (size_t)(l - 1) * (size_t)s->record->n;

  for (PetscInt k = FirstRecorded(s->record, first); k < s->record->n && s->record->cell[k] < after;
       k++)
    T[k] = row[(size_t)(begin - e) + (s->record->cell[k] - first)];
}

/* Return column `begin` of own row f of the heat of the ambient exchange, or discard_rows[4 +
   which] where columns or row are not own cells or the heat is not wanted. */
static PetscReal *HeatRow(const Sweep *s, PetscInt segment, PetscInt f, PetscInt begin, int which)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   j     = f - frame->margin[HEAT_BOTTOM];
  const PetscBool  own   = (PetscBool)(s->w->own[segment] && j >= 0 && j < frame->grid->nyl);

  return own && s->exchange.heat ? s->exchange.heat + OwnPlace(s, f, begin)
                                 : DiscardRow(s, 4 + which);
}

/* Settle the heat of the ambient exchange in columns [e, e + n) of row f, as far as they are own
   cells. */
static void SettleRow(const Sweep *s, PetscInt f, PetscInt e, PetscInt n)
{
  const HeatFrame *frame = &s->w->frame;
  const PetscInt   j = f - frame->margin[HEAT_BOTTOM], left = frame->margin[HEAT_LEFT];
  const PetscInt   begin = PetscMax(e, left), end = PetscMin(e + n, left + frame->grid->nxl);

  if (j < 0 || j >= frame->grid->nyl || begin >= end) return;
  PetscReal *heat = s->exchange.heat + OwnPlace(s, f, begin);

  HeatFlowsAddExchange(s->exchange.settled, (size_t)(end - begin), heat);
  memset(heat, 0, (size_t)(end - begin) * sizeof *heat);
}

/* Return what step l computes. */
static HeatWaveResult ResultOf(const Sweep *s, PetscInt l)
{
  if (!s->stages) return HEAT_WAVE_STEP;
  return l == 1 && s->stages->first ? HEAT_WAVE_RATE : HEAT_WAVE_STAGE;
}

/* Compute columns [e, e + n) of rows f and f + 1 of step l, segment by segment. */
static void ComputeSegments(const Sweep *s, PetscInt l, PetscInt f, PetscInt e, PetscInt n,
                            HeatWavePair *pair)
{
  const HeatWavefront *w  = s->w;
  const PetscInt       ny = w->frame.ny;

  for (PetscInt k = 0; k < w->segments; k++) {
    const PetscInt     begin = PetscMax(e, w->cut[k]), end = PetscMin(e + n, w->cut[k + 1]);
    const HeatWaveRow *rows = w->rows + k * (ny + 1);

    HeatWaveKind kind = w->kind;

    if (begin >= end) continue;
    for (int i = 0; i < 2 && kind == HEAT_WAVE_EXCHANGE; i++)
      pair->heat[i] = HeatRow(s, k, f + i, begin, i) - (begin - e);
    for (int i = 0; i < 3; i++) pair->row[i] = rows + PetscClipInterval(f + i, 0, ny);
    if (!s->stages && HeatWaveSetSources(s->w, s->sides, s->factors, l, k, f, begin, end - begin)) {
      kind = kind == HEAT_WAVE_EXCHANGE ? HEAT_WAVE_EXCHANGE_CHANGING : HEAT_WAVE_CHANGING;
      for (int i = 0; i < 2; i++) pair->q[i] = HeatWaveSourceRow(w, i) - (begin - e);
    }
    HeatWaveCells(ResultOf(s, l), kind, pair, begin - e, begin - w->cut[k], end - begin);
  }
}

/* Compute rows f and f + 1 of step l from step l - 1, on the columns of the present tile; for the
   last step on own columns only.  Both rows are computed if one of them is needed. */
static void StepRows(const Sweep *s, PetscInt l, PetscInt f)
{
  const HeatWavefront *w         = s->w;
  const HeatFrame     *frame     = &w->frame;
  const PetscBool      needed[2] = {IsNeeded(s, l, f), IsNeeded(s, l, f + 1)};
  const PetscInt       left = TileLeft(s, l), first = l == s->steps ? frame->margin[HEAT_LEFT] : 0;
  const PetscInt       e   = PetscMax(left, first);
  const PetscInt       end = l == s->steps ? first + frame->grid->nxl : frame->nx;
  const PetscInt       n   = PetscMin(left + w->width, end) - e;

  for (int k = 0; k < 2; k++) {
    if (needed[k] && l < s->steps) LoadSeam(s, l, f + k);
    if (needed[k] && l == 1 && s->stages) LoadRate(s, f + k, e, PetscMax(n, 0));
  }
  if (!(needed[0] || needed[1]) || n <= 0) return;
  for (int k = 0; k < 2; k++) {
    if (needed[k]) TransferSides(s, l - 1, f + k, e, n);
  }
  HeatWavePair pair = {.below    = InputRow(s, l - 1, f - 1, e),
                       .low      = InputRow(s, l - 1, f, e),
                       .high     = InputRow(s, l - 1, f + 1, e),
                       .above    = InputRow(s, l - 1, f + 2, e),
                       .new_low  = OutputRow(s, l, f, e, 0),
                       .new_high = OutputRow(s, l, f + 1, e, 1)};

  if (w->kind == HEAT_WAVE_TIMED) pair.factor = s->factors[l - 1];
  if (s->exchange.ambient) {
    pair.level   = PETSC_TRUE;
    pair.ambient = s->exchange.ambient[l - 1];
  }
  if (s->stages) AddStage(s, l, f, e, &pair);
  ComputeSegments(s, l, f, e, n, &pair);
  for (int k = 0; k < 2; k++) {
    if (needed[k] && l < s->steps) StoreSeam(s, l, f + k);
    if (needed[k] && s->stages) StoreStage(s, l, f + k, e, n, k ? pair.new_high : pair.new_low);
    if (needed[k] && s->record) RecordCells(s, l, f + k, e, n, k ? pair.new_high : pair.new_low);
    if (needed[k] && l == s->exchange.full) SettleRow(s, f + k, e, n);
  }
}

/* Take all steps, tile by tile. */
static void SweepTiles(Sweep *s)
{
  for (s->tile = 0; s->tile < s->w->tiles; s->tile++) {
    for (PetscInt m = 0; 2 * m - s->steps < s->w->frame.ny; m++) {
      if (m % TURNS_PER_BEAT == 0) HeatBeat();
      Load(s, 2 * m);
      Load(s, 2 * m + 1);
      for (PetscInt l = 1; l <= s->steps; l++) StepRows(s, l, 2 * m - l);
    }
  }
}

PetscErrorCode HeatWavefrontRun(HeatWavefront *w, PetscInt steps, const HeatFrameField *field,
                                const HeatWavefrontSides *sides, const PetscReal *factors,
                                const HeatWavefrontExchange *exchange, const HeatCellRecord *record,
                                PetscReal *T)
{
  Sweep s = {.w       = w,
             .steps   = steps,
             .field   = field,
             .sides   = sides,
             .factors = factors,
             .record  = record,
             .out     = T};

  PetscFunctionBeginUser;
  PetscCheck(steps > 0 && steps <= w->frame.depth && field->own == T && !w->stages, PETSC_COMM_SELF,
             PETSC_ERR_ARG_WRONG,
             "a sweep of %" PetscInt_FMT " steps on a frame %" PetscInt_FMT " deep", steps,
             w->frame.depth);
  if (w->kind == HEAT_WAVE_EXCHANGE) s.exchange = *exchange;
  SweepTiles(&s);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatWavefrontRunStages(HeatWavefront *w, const HeatWavefrontStages *stages,
                                      const HeatWavefrontSides *sides)
{
  Sweep        s     = {.w             = w,
                        .steps         = stages->n,
                        .stages        = stages,
                        .field         = stages->first ? stages->T : stages->kept[HEAT_KEPT_LAST],
                        .sides         = sides,
                        .out           = stages->last ? NULL : stages->keep[HEAT_KEPT_LAST],
                        .exchange.heat = stages->heat};
  const size_t bytes = HeatGridLocalCells(w->frame.grid) * sizeof *stages->T_new;

  PetscFunctionBeginUser;
  PetscCheck(stages->n > 1 && stages->n <= w->frame.depth && w->stages, PETSC_COMM_SELF,
             PETSC_ERR_ARG_WRONG,
             "a sweep of %" PetscInt_FMT " stages on a frame %" PetscInt_FMT " deep", stages->n,
             w->frame.depth);
  s.past_cache = HeatStepPastCache(bytes);
  SweepTiles(&s);
  HeatStepFence();
  PetscFunctionReturn(PETSC_SUCCESS);
}
