/** Layouts (layout.h).
 *
 *  The process grid has px by py blocks such that the fewest halo cells are sent between nodes, and
 *  among these grids the fewest in total.  Ties go to fewer block columns, because rows are
 *  contiguous in memory.
 *
 *  The numbering of the blocks: launchers number ranks node by node.  If blocks were numbered row
 *  by row, each node would own a long strip of blocks with a long halo.  Ranks are therefore
 *  renumbered such that the ranks of a node own a compact rectangle of blocks, called a tile.
 *
 *  Counting: where nodes own tiles, a pair of blocks is on one node if its columns are in one
 *  column of tiles and its rows are in one row of tiles.  The number of such pairs is therefore a
 *  product of two numbers, and so is the number of pairs of a block with itself.  If nodes own no
 *  tiles, pairs of columns are listed, and the list is summed for each pair of rows; a sum is kept
 *  for later pairs of rows that begin at an equal place in their node. */
#include "solver/grid/layout.h"

/* The process grid. */

/* Return the number of cells along all cuts, on one side of each, if an axis is cut into `parts`
   parts and each cut is `length` cells long.  A periodic axis that is cut has one more cut,
   where its ends meet; an axis of one part has no cut. */
static PetscInt64 CutCells(PetscInt parts, PetscBool periodic, PetscInt length)
{
  const PetscInt64 lines = parts == 1 ? 0 : (PetscInt64)parts - (periodic ? 0 : 1);

  return lines * length;
}

/* Choose the tile of per_node blocks, tile_x x tile_y, that tiles a px x py process grid with the
   least traffic between nodes.  Return the number of cells along the cuts between tiles, or -1 with
   a tile of 1 x 1 if no tile fits.  If per_node is 0, return 0 with a tile of 1 x 1. */
static PetscInt64 ChooseNodeTile(PetscInt nx, PetscInt ny, const PetscBool periodic[2], PetscInt px,
                                 PetscInt py, PetscInt per_node, PetscInt *tile_x, PetscInt *tile_y)
{
  PetscInt64 best = -1;

  *tile_x = *tile_y = 1;
  if (per_node == 0) return 0;
  for (PetscInt tx = 1; tx <= per_node && tx <= px; tx++) {
    const PetscInt ty = per_node / tx;

    if (per_node % tx || px % tx || py % ty) continue;
    const PetscInt64 cells = CutCells(px / tx, periodic[0], ny) +
                             CutCells(py / ty, periodic[1], nx);
    if (best < 0 || cells < best) {
      best    = cells;
      *tile_x = tx;
      *tile_y = ty;
    }
  }
  return best;
}

void HeatGridChooseProcesses(PetscInt nx, PetscInt ny, const PetscBool periodic[2], PetscInt size,
                             PetscInt per_node, PetscInt *px, PetscInt *py, PetscInt *node_px,
                             PetscInt *node_py)
{
  PetscInt64 best_between = 0, best_total = 0;

  *px = *py = 0;
  *node_px = *node_py = 1;
  for (PetscInt qx = 1; qx <= size && qx <= nx; qx++) {
    const PetscInt qy = size / qx;
    PetscInt       tx, ty;

    if (size % qx || qy > ny) continue;
    const PetscInt64 total   = CutCells(qx, periodic[0], ny) + CutCells(qy, periodic[1], nx);
    PetscInt64       between = ChooseNodeTile(nx, ny, periodic, qx, qy, per_node, &tx, &ty);
    if (between < 0) between = total; /* no tile fits: assume that all traffic is between nodes */
    if (*px && (between > best_between || (between == best_between && total >= best_total)))
      continue;
    best_between = between;
    best_total   = total;
    *px          = qx;
    *py          = qy;
    *node_px     = tx;
    *node_py     = ty;
  }
}

/* Set the tile of a layout whose ranks keep their order, if its nodes own rectangles. */
static void FindTileOfRows(HeatLayout *l)
{
  const PetscInt n = l->per_node;

  if (l->n_nodes == 1) {
    l->tile[0] = l->px;
    l->tile[1] = l->py;
  } else if (l->py == 1 || l->px % n == 0) {
    l->tile[0] = n;
    l->tile[1] = 1;
  } else if (n % l->px == 0) {
    l->tile[0] = l->px;
    l->tile[1] = n / l->px;
  }
}

HeatLayout HeatLayoutMake(const HeatCase *c, PetscInt size, PetscInt per_node, PetscBool even)
{
  return HeatLayoutMakeWith(c, size, per_node, even, c->decomposition.processes[0],
                            c->decomposition.processes[1]);
}

HeatLayout HeatLayoutMakeWith(const HeatCase *c, PetscInt size, PetscInt per_node, PetscBool even,
                              PetscInt px, PetscInt py)
{
  HeatLayout l = {
      .nx       = c->grid.cells[0],
      .ny       = c->grid.cells[1],
      .periodic = {c->boundary[HEAT_LEFT].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE
                                                                               : PETSC_FALSE,
                   c->boundary[HEAT_BOTTOM].segments[0].type == HEAT_BC_PERIODIC ? PETSC_TRUE
                                                                                 : PETSC_FALSE},
      .px       = px,
      .py       = py,
      .size     = size,
      .per_node = per_node,
      .n_nodes  = (size - 1) / per_node + 1};
  const PetscInt tiles = even && c->decomposition.mapping != HEAT_MAPPING_LINEAR ? per_node : 0;
  PetscInt       x = 1, y = 1;

  if (l.px == 0) HeatGridChooseProcesses(l.nx, l.ny, l.periodic, size, tiles, &l.px, &l.py, &x, &y);
  else (void)ChooseNodeTile(l.nx, l.ny, l.periodic, l.px, l.py, tiles, &x, &y);
  if (l.px == 0) return l;
  l.reordered = tiles && x * y == tiles ? PETSC_TRUE : PETSC_FALSE;
  if (l.reordered) {
    l.tile[0] = x;
    l.tile[1] = y;
  } else FindTileOfRows(&l);
  return l;
}

void HeatLayoutCutCells(const HeatLayout *l, PetscInt64 *all, PetscInt64 *between)
{
  *all = *between = CutCells(l->px, l->periodic[0], l->ny) + CutCells(l->py, l->periodic[1], l->nx);
  if (!HeatLayoutHasTiles(l)) return;
  *between = CutCells((l->px - 1) / l->tile[0] + 1, l->periodic[0], l->ny) +
             CutCells((l->py - 1) / l->tile[1] + 1, l->periodic[1], l->nx);
}

PetscInt HeatLayoutPart(const HeatLayout *l, int axis, PetscInt cell)
{
  const PetscInt parts = HeatLayoutParts(l, axis), n = HeatLayoutCells(l, axis);
  const PetscInt large = n % parts, size = n / parts;
  PetscInt       low = 0, high = parts; /* low <= part < high */

  if (!l->start[axis]) return cell < large * (size + 1) ? cell / (size + 1) : (cell - large) / size;
  while (high - low > 1) {
    const PetscInt middle = low + (high - low) / 2;

    if (l->start[axis][middle] <= cell) low = middle;
    else high = middle;
  }
  return low;
}

PetscInt HeatLayoutBlock(const HeatLayout *l, PetscInt rank, PetscInt node, PetscInt local)
{
  const PetscInt nodes_x = l->reordered ? l->px / l->tile[0] : 1;

  if (!l->reordered) return rank;
  return (node / nodes_x * l->tile[1] + local / l->tile[0]) * l->px + node % nodes_x * l->tile[0] +
         local % l->tile[0];
}

void HeatLayoutWidths(const HeatLayout *l, int axis, PetscInt *narrowest, PetscInt *widest)
{
  const PetscInt parts = HeatLayoutParts(l, axis);

  *narrowest = HeatLayoutCells(l, axis) / parts;
  *widest    = HeatLayoutWidth(l, axis, 0); /* if divided evenly, the first blocks are the widest */
  for (PetscInt p = 0; l->start[axis] && p < parts; p++) {
    *narrowest = PetscMin(*narrowest, HeatLayoutWidth(l, axis, p));
    *widest    = PetscMax(*widest, HeatLayoutWidth(l, axis, p));
  }
}

PetscInt HeatLayoutNode(const HeatLayout *l, PetscInt ip, PetscInt jp)
{
  const PetscInt rank = jp * l->px + ip;

  if (l->node_of) return l->node_of[rank];
  if (l->tile[0] == 0) return rank / l->per_node;
  return jp / l->tile[1] * ((l->px + l->tile[0] - 1) / l->tile[0]) + ip / l->tile[0];
}

/* Pairs. */

/* A pair, as HeatLayoutPairsAdd takes it. */
typedef struct {
  PetscInt   from, to;
  PetscInt64 messages, values;
} Pair;

/* The sums of a list of pairs: over all pairs, over pairs within one column or row of tiles, and
   over pairs of a column or row with itself. */
enum { ALL, TILE, SELF, SUMS };

struct HeatLayoutPairs {
  const HeatLayout *layout; /* borrowed */
  int               axis;
  PetscInt64        messages[SUMS], values[SUMS];
  PetscInt          n, room;
  Pair             *list; /* owned [n]; empty where the sums suffice */
};

PetscErrorCode HeatLayoutPairsCreate(const HeatLayout *layout, int axis, HeatLayoutPairs **pairs)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(pairs));
  (*pairs)->layout = layout;
  (*pairs)->axis   = axis;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutPairsDestroy(HeatLayoutPairs **pairs)
{
  PetscFunctionBeginUser;
  if (!*pairs) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree((*pairs)->list));
  PetscCall(PetscFree(*pairs));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutPairsAdd(HeatLayoutPairs *p, PetscInt from, PetscInt to, PetscInt messages,
                                  PetscInt64 values)
{
  const PetscInt tile = p->layout->tile[p->axis];

  PetscFunctionBeginUser;
  for (int sum = ALL; sum < SUMS; sum++) {
    if (sum == SELF && from != to) continue;
    if (sum == TILE && (tile == 0 || from / tile != to / tile)) continue;
    p->messages[sum] += messages;
    p->values[sum] += values;
  }
  if (HeatLayoutHasTiles(p->layout)) PetscFunctionReturn(PETSC_SUCCESS);
  if (p->n == p->room) {
    p->room = 2 * p->room + 64;
    PetscCall(PetscRealloc((size_t)p->room * sizeof *p->list, &p->list));
  }
  p->list[p->n++] = (Pair){from, to, messages, values};
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Counting. */

/* The messages and values within nodes for one pair of rows, summed over the pairs of columns. */
typedef struct {
  PetscInt64 messages, values;
  PetscBool  known;
} RowSum;

/* Sum over the pairs of columns whose blocks in rows `from` and `to` are on one node. */
static RowSum SumOnNode(const HeatLayoutPairs *x, PetscInt from, PetscInt to)
{
  RowSum sum = {0, 0, PETSC_TRUE};

  for (PetscInt k = 0; k < x->n; k++) {
    const Pair *p = &x->list[k];

    if (HeatLayoutNode(x->layout, p->from, from) != HeatLayoutNode(x->layout, p->to, to)) continue;
    sum.messages += p->messages;
    sum.values += p->values;
  }
  return sum;
}

/* The kept sums, by the distance of the rows and by the place in its node at which the row `from`
   begins. */
typedef struct {
  PetscInt most; /* largest distance of rows that can have blocks on one node */
  RowSum  *sums; /* owned [2 most + 1][per_node]; NULL: nothing is kept */
} Kept;

/* Most kept sums.  Chosen: 24 MB.  If nodes with many ranks and few columns of blocks need more, no
   sums are kept, and counting takes longer. */
enum { MOST_KEPT = 1000000 };

static PetscErrorCode KeptCreate(const HeatLayout *l, Kept *kept)
{
  PetscFunctionBeginUser;
  kept->most = (l->per_node + l->px - 1) / l->px;
  kept->sums = NULL;
  if (!l->node_of && (2 * kept->most + 1) * l->per_node <= MOST_KEPT)
    PetscCall(PetscCalloc1((size_t)((2 * kept->most + 1) * l->per_node), &kept->sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return SumOnNode(x, from, to), which is taken from the kept sums if possible. */
static RowSum LookUp(const HeatLayoutPairs *x, Kept *kept, PetscInt from, PetscInt to)
{
  const HeatLayout *l        = x->layout;
  const PetscInt    distance = to - from;
  RowSum           *sum;

  if (!l->node_of && (distance > kept->most || distance < -kept->most)) return (RowSum){0};
  if (!kept->sums) return SumOnNode(x, from, to);
  sum = &kept->sums[(distance + kept->most) * l->per_node + from * l->px % l->per_node];
  if (!sum->known) *sum = SumOnNode(x, from, to);
  return *sum;
}

/* Sum messages and values within nodes over both lists, pairs of a block with itself included. */
static PetscErrorCode CountOnNodes(const HeatLayoutPairs *x, const HeatLayoutPairs *y,
                                   PetscInt64 *messages, PetscInt64 *values)
{
  Kept kept;

  PetscFunctionBeginUser;
  *messages = *values = 0;
  PetscCall(KeptCreate(x->layout, &kept));
  for (PetscInt k = 0; k < y->n; k++) {
    const RowSum sum = LookUp(x, &kept, y->list[k].from, y->list[k].to);

    *messages += sum.messages * y->list[k].messages;
    *values += sum.values * y->list[k].values;
  }
  PetscCall(PetscFree(kept.sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutCount(const HeatLayoutPairs *x, const HeatLayoutPairs *y,
                               HeatLayoutTraffic *traffic)
{
  PetscInt64 messages = x->messages[TILE] * y->messages[TILE];
  PetscInt64 values   = x->values[TILE] * y->values[TILE];

  PetscFunctionBeginUser;
  if (!HeatLayoutHasTiles(x->layout)) PetscCall(CountOnNodes(x, y, &messages, &values));
  traffic->messages[0] += messages - x->messages[SELF] * y->messages[SELF];
  traffic->values[0] += values - x->values[SELF] * y->values[SELF];
  traffic->messages[1] += x->messages[ALL] * y->messages[ALL] - messages;
  traffic->values[1] += x->values[ALL] * y->values[ALL] - values;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Halo exchanges. */

/* Add the pairs of adjacent blocks along an axis, each with `depth` cells; both sides of a block
   send, also where its two neighbours are the same block. */
static PetscErrorCode AddNeighbours(const HeatLayout *l, int axis, PetscInt depth,
                                    HeatLayoutPairs *pairs)
{
  const PetscInt parts = HeatLayoutParts(l, axis);

  PetscFunctionBeginUser;
  for (PetscInt p = 0; p < parts; p++) {
    if (p + 1 < parts || l->periodic[axis])
      PetscCall(HeatLayoutPairsAdd(pairs, p, (p + 1) % parts, 1, depth));
    if (p > 0 || l->periodic[axis])
      PetscCall(HeatLayoutPairsAdd(pairs, p, (p + parts - 1) % parts, 1, depth));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add each block's pair with itself along an axis, with its number of cells and `margin` more where
   it has a neighbour. */
static PetscErrorCode AddLengths(const HeatLayout *l, int axis, PetscInt margin,
                                 HeatLayoutPairs *pairs)
{
  const PetscInt parts = HeatLayoutParts(l, axis);

  PetscFunctionBeginUser;
  for (PetscInt p = 0; p < parts; p++) {
    PetscInt length = HeatLayoutWidth(l, axis, p);

    if (p > 0 || l->periodic[axis]) length += margin;
    if (p + 1 < parts || l->periodic[axis]) length += margin;
    PetscCall(HeatLayoutPairsAdd(pairs, p, p, 1, length));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutHalo(const HeatLayout *l, PetscInt depth, PetscBool corners,
                              HeatLayoutTraffic *traffic)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  for (int across = 0; across < 2; across++) { /* the axis along which messages travel */
    HeatLayoutPairs *pairs[2];

    for (int axis = 0; axis < 2; axis++) {
      const PetscInt margin = corners && across == 1 ? depth : 0;

      PetscCall(HeatLayoutPairsCreate(l, axis, &pairs[axis]));
      if (axis == across) PetscCall(AddNeighbours(l, axis, depth, pairs[axis]));
      else PetscCall(AddLengths(l, axis, margin, pairs[axis]));
    }
    PetscCall(HeatLayoutCount(pairs[0], pairs[1], traffic));
    for (int axis = 0; axis < 2; axis++) PetscCall(HeatLayoutPairsDestroy(&pairs[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutAlongSide(const HeatLayout *l, HeatSide side, PetscInt n,
                                   HeatLayoutTraffic *traffic)
{
  const int        along = side < HEAT_BOTTOM ? 1 : 0; /* the axis of the side */
  const PetscInt   last  = (along == 1 ? l->px : l->py) - 1;
  const PetscInt   block = side == HEAT_LEFT || side == HEAT_BOTTOM ? 0 : last;
  HeatLayoutPairs *pairs[2];

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  for (int axis = 0; axis < 2; axis++) PetscCall(HeatLayoutPairsCreate(l, axis, &pairs[axis]));
  PetscCall(AddNeighbours(l, along, n, pairs[along]));
  PetscCall(HeatLayoutPairsAdd(pairs[!along], block, block, 1, 1));
  PetscCall(HeatLayoutCount(pairs[0], pairs[1], traffic));
  for (int axis = 0; axis < 2; axis++) PetscCall(HeatLayoutPairsDestroy(&pairs[axis]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Writers are numbered node by node.  Each of n writers sends its rank to the writers n/2 ahead and
   n/2 behind, as in PairUp of writers.c. */
PetscErrorCode HeatLayoutWriters(const HeatLayout *l, PetscInt asked, HeatLayoutTraffic *traffic)
{
  PetscInt *ranks, *node_of, n = 0; /* ranks of each node; node of each writer; writers so far */

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  PetscCall(PetscCalloc2(l->n_nodes, &ranks, l->size, &node_of));
  for (PetscInt k = 0; k < l->n_nodes && !l->node_of; k++)
    ranks[k] = PetscMin(l->per_node, l->size - k * l->per_node);
  for (PetscInt r = 0; r < l->size && l->node_of; r++) ranks[l->node_of[r]]++;
  for (PetscInt k = 0; k < l->n_nodes; k++)
    for (PetscInt w = 0; w < (asked == 0 ? ranks[k] : PetscMin(asked, ranks[k])); w++)
      node_of[n++] = k;
  for (PetscInt w = 0; w < n && n > 1; w++) {
    const PetscInt other[2] = {(w + n / 2) % n, (w + n - n / 2) % n};

    for (int k = 0; k < 2; k++) {
      traffic->messages[node_of[w] != node_of[other[k]]]++;
      traffic->values[node_of[w] != node_of[other[k]]]++;
    }
  }
  PetscCall(PetscFree2(ranks, node_of));
  PetscFunctionReturn(PETSC_SUCCESS);
}
