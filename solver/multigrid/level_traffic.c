/* Traffic of transfers (level_traffic.h).
 *
 * A transfer is a product of overlaps along x and along y (level_transfer.c).  It is therefore
 * described by two lists, one for each axis, of the pairs of blocks that overlap (HeatLayoutPairs,
 * solver/grid/layout.h), from which HeatLayoutCount counts messages and values.  Blocks ascend
 * along an axis, and so do the blocks that overlap them: all overlaps are found in one pass. */
#include "solver/multigrid/level_traffic.h"

/* The blocks [first, end) of `to` that overlap the present block of `from` at one turn round a
   periodic axis. */
typedef struct {
  PetscInt first, end;
} Window;

/* The two distributions along one axis. */
typedef struct {
  const HeatDistribution *from, *to;
  int                     axis;
  PetscInt                halo, turns; /* turns round the axis: -turns ... turns */
  Window                 *windows;     /* owned [2 turns + 1] */
} Axis;

/* Return the cells that block a of `from`, shifted by `turn` lengths of the axis, has in common
   with block b of `to` and its halo, which is clipped at sides that are not periodic. */
static PetscInt Overlap(const Axis *x, PetscInt a, PetscInt b, PetscInt turn)
{
  const PetscInt *from = x->from->start[x->axis], *to = x->to->start[x->axis];
  const PetscInt  shift = turn * x->from->n[x->axis];
  PetscInt        lo = to[b] - x->halo, hi = to[b + 1] + x->halo;

  if (!x->to->periodic[x->axis]) {
    lo = PetscMax(lo, 0);
    hi = PetscMin(hi, x->to->n[x->axis]);
  }
  return PetscMin(hi, from[a + 1] + shift) - PetscMax(lo, from[a] + shift);
}

/* Move a window on to block a of `from`. */
static void MoveWindow(const Axis *x, PetscInt a, PetscInt turn, Window *w)
{
  const PetscInt *from = x->from->start[x->axis], *to = x->to->start[x->axis];
  const PetscInt  shift = turn * x->from->n[x->axis], parts = x->to->parts[x->axis];

  while (w->first < parts && to[w->first + 1] + x->halo <= from[a] + shift) w->first++;
  w->end = PetscMax(w->end, w->first);
  while (w->end < parts && to[w->end] - x->halo < from[a + 1] + shift) w->end++;
}

/* Return whether block b overlaps the present block at an earlier turn, too: both overlaps then
   travel in one message. */
static PetscBool SeenBefore(const Axis *x, PetscInt a, PetscInt b, PetscInt turn)
{
  for (PetscInt before = -x->turns; before < turn; before++) {
    const Window *w = &x->windows[before + x->turns];

    if (b >= w->first && b < w->end && Overlap(x, a, b, before) > 0) return PETSC_TRUE;
  }
  return PETSC_FALSE;
}

/* Add the overlaps of block a of `from`. */
static PetscErrorCode AddOverlaps(const Axis *x, PetscInt a, HeatLayoutPairs *pairs)
{
  const PetscInt  from  = x->from->owner[x->axis][a];
  const PetscInt *owner = x->to->owner[x->axis];

  PetscFunctionBeginUser;
  for (PetscInt turn = -x->turns; turn <= x->turns; turn++) {
    Window *w = &x->windows[turn + x->turns];

    MoveWindow(x, a, turn, w);
    for (PetscInt b = w->first; b < w->end; b++) {
      const PetscInt cells = Overlap(x, a, b, turn);

      if (cells <= 0) continue;
      PetscCall(
          HeatLayoutPairsAdd(pairs, from, owner[b], SeenBefore(x, a, b, turn) ? 0 : 1, cells));
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatDistributionTraffic(const HeatDistribution *from, const HeatDistribution *to,
                                       PetscInt halo, HeatLayoutTraffic *traffic)
{
  HeatLayoutPairs *pairs[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  for (int axis = 0; axis < 2; axis++) {
    Axis x = {.from = from, .to = to, .axis = axis, .halo = halo};

    if (to->periodic[axis]) x.turns = halo / to->n[axis] + 1;
    PetscCall(PetscCalloc1(2 * x.turns + 1, &x.windows));
    PetscCall(HeatLayoutPairsCreate(&from->layout, axis, &pairs[axis]));
    for (PetscInt a = 0; a < from->parts[axis]; a++) PetscCall(AddOverlaps(&x, a, pairs[axis]));
    PetscCall(PetscFree(x.windows));
  }
  PetscCall(HeatLayoutCount(pairs[0], pairs[1], traffic));
  for (int axis = 0; axis < 2; axis++) PetscCall(HeatLayoutPairsDestroy(&pairs[axis]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
