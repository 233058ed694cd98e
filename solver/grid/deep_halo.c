/** The deep halo exchange.
 *
 *  Columns are sent along x first.  Rows are then sent along y, each with the ghost cells that have
 *  just arrived at its two ends, so that corner cells travel through two neighbours and need no
 *  messages of their own.  A halo exchange of depth d costs one wait along each axis, and pays for
 *  d explicit steps.  The code assumes that a block is at least `depth` cells wide, which
 *  HeatFrameMake ensures, so that all ghost cells belong to adjacent blocks. */
#include "solver/grid/deep_halo.h"

#include <string.h>

#include "solver/base/monotonic.h"
#include "solver/base/traffic.h"

/* The frame. */

/* Return whether blocks have neighbours along an axis (0: x, 1: y). */
static PetscBool IsCut(const HeatGrid *g, int axis)
{
  return (axis == 0 ? g->px : g->py) > 1 || g->periodic[axis] ? PETSC_TRUE : PETSC_FALSE;
}

/* Return the number of cells of the grid's narrowest block along an axis. */
static PetscInt Narrowest(const HeatGrid *g, int axis)
{
  const PetscInt *start = axis == 0 ? g->x_start : g->y_start, n = axis == 0 ? g->px : g->py;
  PetscInt        least = PETSC_MAX_INT;

  for (PetscInt p = 0; p < n; p++) least = PetscMin(least, start[p + 1] - start[p]);
  return least;
}

PetscInt HeatFrameDepth(const HeatLayout *l, PetscInt most)
{
  /* Both are chosen.  least: smallest useful depth [cells]; with a smaller one, a halo exchange
     would allow too few steps.  share: a depth of at most 1/4 of a block makes the frame at most
     half as wide again as the block; with a smaller `share`, halos are deeper and more work is
     redundant.  Together they leave blocks narrower than 16 cells without a frame. */
  const PetscInt least = 4, share = 4;
  PetscInt       depth = most;

  for (int axis = 0; axis < 2; axis++) {
    const PetscBool cut = HeatLayoutParts(l, axis) > 1 || l->periodic[axis] ? PETSC_TRUE
                                                                            : PETSC_FALSE;
    PetscInt        narrowest, widest;

    HeatLayoutWidths(l, axis, &narrowest, &widest);
    while (cut && depth * share > narrowest) depth /= 2;
  }
  return depth < least ? 0 : depth;
}

HeatFrame HeatFrameMake(const HeatGrid *g, PetscInt most)
{
  HeatFrame frame = {.grid = g, .depth = HeatFrameDepth(&g->layout, most)};

  for (int s = 0; s < HEAT_SIDES; s++) frame.margin[s] = g->boundary[s] ? 0 : frame.depth;
  frame.nx = g->nxl + frame.margin[HEAT_LEFT] + frame.margin[HEAT_RIGHT];
  frame.ny = g->nyl + frame.margin[HEAT_BOTTOM] + frame.margin[HEAT_TOP];
  return frame;
}

/* Messages. */

/* A swap of strips with the neighbours on two opposite sides.  The tag of a message is the side
   through which it leaves its block, as in halo.c. */
typedef struct {
  HeatSide         low, high;            /* left and right, or bottom and top */
  PetscInt         n;                    /* number of values of each strip */
  const PetscReal *to_low, *to_high;     /* [n]; not read if there is no neighbour on that side */
  PetscReal       *from_low, *from_high; /* [n]; not written if there is no neighbour there */
} StripSwap;

/* Count a message of n values through a side, unless it stays on this rank. */
static void CountMessage(const HeatGrid *g, HeatSide side, PetscInt n, HeatHaloCounts *counts)
{
  if (!counts || g->neighbour[side] == MPI_PROC_NULL || g->neighbour[side] == g->rank) return;
  counts->messages[g->off_node[side]] += 1;
  counts->bytes[g->off_node[side]] += (PetscInt64)sizeof(PetscReal) * n;
}

/* Send the strips and receive the neighbours', all at once: with one after the other, two ranks in
   a row would send in turns, and use their link in one direction at a time. */
static PetscErrorCode SendAndReceive(const HeatGrid *g, const StripSwap *s, PetscMPIInt n)
{
  const PetscMPIInt low = g->neighbour[s->low], high = g->neighbour[s->high];
  MPI_Request       requests[4];
  PetscMPIInt       k = 0;

  PetscFunctionBeginUser;
  if (high != MPI_PROC_NULL)
    PetscCallMPI(MPI_Irecv(s->from_high, n, MPIU_REAL, high, s->low, g->comm, &requests[k++]));
  if (low != MPI_PROC_NULL)
    PetscCallMPI(MPI_Irecv(s->from_low, n, MPIU_REAL, low, s->high, g->comm, &requests[k++]));
  if (low != MPI_PROC_NULL)
    PetscCallMPI(MPI_Isend(s->to_low, n, MPIU_REAL, low, s->low, g->comm, &requests[k++]));
  if (high != MPI_PROC_NULL)
    PetscCallMPI(MPI_Isend(s->to_high, n, MPIU_REAL, high, s->high, g->comm, &requests[k++]));
  PetscCallMPI(MPI_Waitall(k, requests, MPI_STATUSES_IGNORE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Swap the strips, by messages, or by copies if the rank is its own neighbour.  If `counts` is
   NULL, the values are coefficients or side temperatures, and the messages count as set-up. */
static PetscErrorCode SwapStrips(const HeatGrid *g, const StripSwap *s, HeatHaloCounts *counts)
{
  const double    start = HeatMonotonicTime();
  PetscMPIInt     n;
  HeatTrafficKind before;

  PetscFunctionBeginUser;
  if (g->neighbour[s->low] == g->rank) {
    PetscCall(PetscArraycpy(s->from_low, s->to_high, s->n));
    PetscCall(PetscArraycpy(s->from_high, s->to_low, s->n));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscMPIIntCast(s->n, &n));
  before = HeatTrafficSet(counts ? HEAT_TRAFFIC_HALO : HEAT_TRAFFIC_SETUP);
  PetscCall(SendAndReceive(g, s, n));
  (void)HeatTrafficSet(before);
  CountMessage(g, s->low, s->n, counts);
  CountMessage(g, s->high, s->n, counts);
  if (counts) counts->wait += HeatMonotonicTime() - start;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy the first `depth` values of each of `lines` lines to a strip [lines][depth]. */
static void Pack(PetscInt lines, PetscInt depth, const PetscReal *from, size_t stride,
                 PetscReal *strip)
{
  for (PetscInt k = 0; k < lines; k++) {
    for (PetscInt d = 0; d < depth; d++)
      strip[k * depth + d] = from[(size_t)k * stride + (size_t)d];
  }
}

/* Copy a strip [lines][depth] to the first `depth` values of each of `lines` lines. */
static void Unpack(PetscInt lines, PetscInt depth, const PetscReal *strip, PetscReal *to,
                   size_t stride)
{
  for (PetscInt k = 0; k < lines; k++) {
    for (PetscInt d = 0; d < depth; d++) to[(size_t)k * stride + (size_t)d] = strip[k * depth + d];
  }
}

PetscErrorCode HeatFrameExtend(const HeatFrame *f, int axis, PetscInt lines, PetscReal *values)
{
  const HeatGrid *g     = f->grid;
  const HeatSide  low   = axis == 0 ? HEAT_LEFT : HEAT_BOTTOM,
                 high   = axis == 0 ? HEAT_RIGHT : HEAT_TOP;
  const PetscInt before = f->margin[low], after = f->margin[high], n = lines * f->depth;
  const PetscInt own    = axis == 0 ? g->nxl : g->nyl;
  const size_t   stride = (size_t)(before + own + after);
  PetscReal     *strip[4];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc4(n, &strip[0], n, &strip[1], n, &strip[2], n, &strip[3]));
  if (before) Pack(lines, f->depth, values + before, stride, strip[0]);
  if (after) Pack(lines, f->depth, values + before + own - f->depth, stride, strip[1]);
  const StripSwap swap = {low, high, n, strip[0], strip[1], strip[2], strip[3]};
  PetscCall(SwapStrips(g, &swap, NULL));
  if (before) Unpack(lines, before, strip[2], values, stride);
  if (after) Unpack(lines, after, strip[3], values + before + own, stride);
  PetscCall(PetscFree4(strip[0], strip[1], strip[2], strip[3]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fields. */

PetscErrorCode HeatFrameFieldCreate(const HeatFrame *f, HeatFrameField *field)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(field, sizeof *field));
  for (int s = 0; s < HEAT_SIDES; s++) {
    const size_t along = s < HEAT_BOTTOM ? (size_t)f->grid->nyl : (size_t)f->nx;

    PetscCall(PetscCalloc1(along * (size_t)f->margin[s], &field->ghost[s]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFrameFieldDestroy(HeatFrameField *field)
{
  PetscFunctionBeginUser;
  for (int s = 0; s < HEAT_SIDES; s++) PetscCall(PetscFree(field->ghost[s]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy `depth` columns of own cells, from column `first` on, to a strip [nyl][depth]. */
static void PackColumns(const HeatFrame *f, const HeatFrameField *field, PetscInt first,
                        PetscReal *strip)
{
  for (PetscInt j = 0; j < f->grid->nyl; j++)
    memcpy(strip + j * f->depth, HeatFrameOwnRow(field, j) + first,
           (size_t)f->depth * sizeof *strip);
}

/* Fill the left and right strips. */
static PetscErrorCode ExchangeColumns(const HeatFrame *f, HeatFrameField *field,
                                      HeatHaloCounts *counts)
{
  const HeatGrid *g = f->grid;
  const PetscInt  n = g->nyl * f->depth;
  PetscReal      *low, *high;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(n, &low, n, &high));
  if (f->margin[HEAT_LEFT]) PackColumns(f, field, 0, low);
  if (f->margin[HEAT_RIGHT]) PackColumns(f, field, g->nxl - f->depth, high);
  const StripSwap swap = {
      HEAT_LEFT, HEAT_RIGHT, n, low, high, field->ghost[HEAT_LEFT], field->ghost[HEAT_RIGHT]};
  PetscCall(SwapStrips(g, &swap, counts));
  PetscCall(PetscFree2(low, high));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fill the bottom and top strips; the left and right ones must be filled. */
static PetscErrorCode ExchangeRows(const HeatFrame *f, HeatFrameField *field,
                                   HeatHaloCounts *counts)
{
  const PetscInt first = f->margin[HEAT_BOTTOM], n = f->nx * f->depth;
  const PetscInt last = first + f->grid->nyl - f->depth;
  PetscReal     *low, *high;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(n, &low, n, &high));
  for (PetscInt d = 0; d < f->depth; d++) {
    if (f->margin[HEAT_BOTTOM]) HeatFrameRow(f, field, first + d, 0, f->nx, low + d * f->nx);
    if (f->margin[HEAT_TOP]) HeatFrameRow(f, field, last + d, 0, f->nx, high + d * f->nx);
  }
  const StripSwap swap = {HEAT_BOTTOM,           HEAT_TOP, n, low, high, field->ghost[HEAT_BOTTOM],
                          field->ghost[HEAT_TOP]};
  PetscCall(SwapStrips(f->grid, &swap, counts));
  PetscCall(PetscFree2(low, high));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFrameExchange(const HeatFrame *f, HeatFrameField *field, HeatHaloCounts *counts)
{
  PetscFunctionBeginUser;
  if (f->margin[HEAT_LEFT] || f->margin[HEAT_RIGHT]) PetscCall(ExchangeColumns(f, field, counts));
  if (f->margin[HEAT_BOTTOM] || f->margin[HEAT_TOP]) PetscCall(ExchangeRows(f, field, counts));
  if (counts) counts->exchanges += 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Copy the values of [begin, end) that lie in [first, first + n); from[0] is the value at `first`,
   row[0] the one at `begin`. */
static void CopyPart(PetscInt begin, PetscInt end, PetscInt first, PetscInt n,
                     const PetscReal *from, PetscReal *row)
{
  const PetscInt a = PetscMax(begin, first), b = PetscMin(end, first + n);

  if (a < b) memcpy(row + (a - begin), from + (a - first), (size_t)(b - a) * sizeof *row);
}

void HeatFrameRow(const HeatFrame *f, const HeatFrameField *field, PetscInt row, PetscInt begin,
                  PetscInt end, PetscReal *out)
{
  const PetscInt left = f->margin[HEAT_LEFT], right = f->margin[HEAT_RIGHT];
  const PetscInt nx = f->grid->nxl, j = row - f->margin[HEAT_BOTTOM], above = j - f->grid->nyl;

  if (j < 0) {
    CopyPart(begin, end, 0, f->nx, field->ghost[HEAT_BOTTOM] + (size_t)row * (size_t)f->nx, out);
  } else if (above >= 0) {
    CopyPart(begin, end, 0, f->nx, field->ghost[HEAT_TOP] + (size_t)above * (size_t)f->nx, out);
  } else {
    if (left) CopyPart(begin, end, 0, left, field->ghost[HEAT_LEFT] + j * left, out);
    CopyPart(begin, end, left, nx, HeatFrameOwnRow(field, j), out);
    if (right) CopyPart(begin, end, left + nx, right, field->ghost[HEAT_RIGHT] + j * right, out);
  }
}

PetscErrorCode HeatFrameTraffic(const HeatFrame *f, PetscInt64 messages[2], PetscInt64 bytes[2])
{
  HeatLayoutTraffic traffic;

  PetscFunctionBeginUser;
  PetscCall(HeatLayoutHalo(&f->grid->layout, f->depth, PETSC_TRUE, &traffic));
  for (int k = 0; k < 2; k++) {
    messages[k] = traffic.messages[k];
    bytes[k]    = (PetscInt64)sizeof(PetscReal) * traffic.values[k];
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatFrameExtendTraffic(const HeatFrame *f, HeatSide side, PetscInt lines,
                                      HeatLayoutTraffic *traffic)
{
  PetscFunctionBeginUser;
  PetscCall(HeatLayoutAlongSide(&f->grid->layout, side, lines * f->depth, traffic));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Surroundings. */

/* One exchange of HeatSurroundingsFetch along an axis.  Before it, the array holds the cells up to
   `known` cells beyond the block, after it those up to known + n.  The lines along the axis are the
   own rows (axis 0), or all columns of the array (axis 1), which carry the corners. */
typedef struct {
  const HeatGrid *grid;
  int             axis;
  PetscInt        depth, known, n;
  uint16_t       *all; /* the array that HeatSurroundingsFetch fills */
} Extension;

/* Return the number of lines of an extension. */
static PetscInt Lines(const Extension *e)
{
  return e->axis == 0 ? e->grid->nyl : e->grid->nxl + 2 * e->depth;
}

/* Return a pointer to the value at `place` of a line; the own cells begin at place 0. */
static uint16_t *ValueAt(const Extension *e, PetscInt line, PetscInt place)
{
  const PetscInt width = e->grid->nxl + 2 * e->depth;
  const PetscInt j     = e->depth + (e->axis == 0 ? line : place);
  const PetscInt i     = e->axis == 0 ? e->depth + place : line;

  return e->all + (size_t)j * (size_t)width + (size_t)i;
}

/* Copy places [first, first + n) of all lines to a strip [lines][n]. */
static void ReadLines(const Extension *e, PetscInt first, PetscReal *strip)
{
  for (PetscInt line = 0; line < Lines(e); line++)
    for (PetscInt d = 0; d < e->n; d++) *strip++ = (PetscReal)*ValueAt(e, line, first + d);
}

/* Copy a strip [lines][n] to places [first, first + n) of all lines. */
static void WriteLines(const Extension *e, PetscInt first, const PetscReal *strip)
{
  for (PetscInt line = 0; line < Lines(e); line++)
    for (PetscInt d = 0; d < e->n; d++) *ValueAt(e, line, first + d) = (uint16_t)*strip++;
}

/* Exchange the next e->n cells on both sides.  A block sends the cells that its neighbour lacks:
   own cells or, if the block is narrower than e->known, cells that it has received before.  e->n is
   at most the width of the narrowest block.  Doubles represent 16-bit numbers exactly.
   Collective. */
static PetscErrorCode Extend(const Extension *e)
{
  const HeatGrid *g   = e->grid;
  const HeatSide  low = e->axis == 0 ? HEAT_LEFT : HEAT_BOTTOM, high = (HeatSide)(low + 1);
  const PetscInt  own = e->axis == 0 ? g->nxl : g->nyl, n = Lines(e) * e->n;
  PetscReal      *strip[4];

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc4(n, &strip[0], n, &strip[1], n, &strip[2], n, &strip[3]));
  ReadLines(e, e->known, strip[0]);
  ReadLines(e, own - e->known - e->n, strip[1]);
  const StripSwap swap = {low, high, n, strip[0], strip[1], strip[2], strip[3]};
  PetscCall(SwapStrips(g, &swap, NULL));
  if (!g->boundary[low]) WriteLines(e, -e->known - e->n, strip[2]);
  if (!g->boundary[high]) WriteLines(e, own + e->known, strip[3]);
  PetscCall(PetscFree4(strip[0], strip[1], strip[2], strip[3]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSurroundingsFetch(const HeatGrid *g, const uint16_t *own, PetscInt depth,
                                     uint16_t outside, uint16_t *all)
{
  Extension e = {.grid = g, .depth = depth, .all = all};

  PetscFunctionBeginUser;
  for (size_t k = 0; k < HeatSurroundingsSize(g, depth); k++) all[k] = outside;
  for (PetscInt j = 0; j < g->nyl; j++)
    PetscCall(PetscArraycpy(ValueAt(&e, j, 0), own + (size_t)j * (size_t)g->nxl, g->nxl));
  for (e.axis = 0; e.axis < 2; e.axis++) {
    if (!IsCut(g, e.axis)) continue;
    for (e.known = 0; e.known < depth; e.known += e.n) {
      e.n = PetscMin(Narrowest(g, e.axis), depth - e.known);
      PetscCall(Extend(&e));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
