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

#include "solver/base/divisors.h"

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
   a tile of 1 x 1 if no tile fits.  If per_node is 0, return 0 with a tile of 1 x 1.
   @param[in] widths  the divisors of per_node; not used if per_node is 0 */
static PetscInt64 ChooseNodeTile(PetscInt nx, PetscInt ny, const PetscBool periodic[2], PetscInt px,
                                 PetscInt py, PetscInt per_node, const HeatDivisors *widths,
                                 PetscInt *tile_x, PetscInt *tile_y)
{
  PetscInt64 best = -1;

  *tile_x = *tile_y = 1;
  if (per_node == 0) return 0;
  for (PetscInt k = 0; k < widths->n && widths->divisor[k] <= px; k++) {
    const PetscInt tx = widths->divisor[k], ty = per_node / tx;

    if (px % tx || py % ty) continue;
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
  PetscInt64   best_between = 0, best_total = 0;
  HeatDivisors columns, widths;

  *px = *py = 0;
  *node_px = *node_py = 1;
  HeatDivisorsFind(size, &columns);
  if (per_node > 0) HeatDivisorsFind(per_node, &widths);
  for (PetscInt k = 0; k < columns.n && columns.divisor[k] <= nx; k++) {
    const PetscInt qx = columns.divisor[k], qy = size / qx;
    PetscInt       tx, ty;

    if (qy > ny) continue;
    const PetscInt64 total = CutCells(qx, periodic[0], ny) + CutCells(qy, periodic[1], nx);
    PetscInt64 between     = ChooseNodeTile(nx, ny, periodic, qx, qy, per_node, &widths, &tx, &ty);

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
  else {
    HeatDivisors widths;

    if (tiles > 0) HeatDivisorsFind(tiles, &widths);
    (void)ChooseNodeTile(l.nx, l.ny, l.periodic, l.px, l.py, tiles, &widths, &x, &y);
  }
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

/* Return the largest distance of rows that can have blocks on one node. */
static PetscInt LargestDistance(const HeatLayout *l) { return (l->per_node - 1) / l->px + 1; }

/* Return whether sums are kept. */
static PetscBool KeepsSums(const HeatLayout *l)
{
  const PetscInt64 distances = 2 * (PetscInt64)LargestDistance(l) + 1;

  return (PetscBool)(!l->node_of && distances <= MOST_KEPT / l->per_node);
}

static PetscErrorCode KeptCreate(const HeatLayout *l, Kept *kept)
{
  PetscFunctionBeginUser;
  kept->most = LargestDistance(l);
  kept->sums = NULL;
  if (KeepsSums(l))
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

enum {
  /* Most columns or rows of blocks that are visited one by one.  Chosen: a list of a number for
     each has 16 MB. */
  MOST_PARTS = 1 << 21,

  /* Most columns or rows of blocks whose pairs are listed.  Chosen: a list has some tens of MB. */
  MOST_LISTED = 1 << 18,

  /* Most blocks that are visited to sum pairs that no tile describes.  Chosen: some hundredths of a
     second. */
  MOST_VISITED = 2000000
};

/* Return whether the time and memory of counting the messages do not grow with the number of
   blocks along an axis: the sums of the pairs follow from the numbers of blocks and of tiles. */
static PetscBool HasFormula(const HeatLayout *l, int axis)
{
  return (PetscBool)(HeatLayoutHasTiles(l) && !l->start[axis]);
}

/* Each kept sum is computed once for each place at which a row can begin in its node. */
PetscBool HeatLayoutCanCount(const HeatLayout *l)
{
  const PetscInt parts = PetscMax(l->px, l->py);
  const PetscInt rows  = KeepsSums(l) ? PetscMin(l->py, l->per_node) : l->py;

  if (HeatLayoutHasTiles(l)) return (PetscBool)(parts <= MOST_PARTS);
  return (PetscBool)(parts <= MOST_LISTED && (double)rows * (double)l->px <= (double)MOST_VISITED);
}

PetscBool HeatLayoutCanCountHalo(const HeatLayout *l)
{
  return (PetscBool)((HasFormula(l, 0) && HasFormula(l, 1)) || HeatLayoutCanCount(l));
}

/* Halo exchanges. */

/* Return the number of cuts between `parts` parts of an axis. */
static PetscInt Cuts(const HeatLayout *l, int axis, PetscInt parts)
{
  return l->periodic[axis] ? parts : parts - 1;
}

/* Add the sums of AddNeighbours: two messages across each cut, of which those between tiles are
   between nodes.  If a periodic axis has one part, the part is its own neighbour. */
static void SumNeighbours(const HeatLayout *l, int axis, PetscInt depth, HeatLayoutPairs *pairs)
{
  const PetscInt   parts = HeatLayoutParts(l, axis), tiles = (parts - 1) / l->tile[axis] + 1;
  const PetscInt64 all     = 2 * (PetscInt64)Cuts(l, axis, parts),
                   between = tiles > 1 ? 2 * (PetscInt64)Cuts(l, axis, tiles) : 0;

  const PetscInt64 messages[SUMS] = {
      [ALL] = all, [TILE] = all - between, [SELF] = parts == 1 ? all : 0};

  for (int sum = ALL; sum < SUMS; sum++) {
    pairs->messages[sum] += messages[sum];
    pairs->values[sum] += depth * messages[sum];
  }
}

/* Add the pairs of adjacent blocks along an axis, each with `depth` cells; both sides of a block
   send, also where its two neighbours are the same block. */
static PetscErrorCode AddNeighbours(const HeatLayout *l, int axis, PetscInt depth,
                                    HeatLayoutPairs *pairs)
{
  const PetscInt parts = HeatLayoutParts(l, axis);

  PetscFunctionBeginUser;
  if (HasFormula(l, axis)) {
    SumNeighbours(l, axis, depth, pairs);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (PetscInt p = 0; p < parts; p++) {
    if (p + 1 < parts || l->periodic[axis])
      PetscCall(HeatLayoutPairsAdd(pairs, p, (p + 1) % parts, 1, depth));
    if (p > 0 || l->periodic[axis])
      PetscCall(HeatLayoutPairsAdd(pairs, p, (p + parts - 1) % parts, 1, depth));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Sides of a block beyond which the strips that it sends below and above contain corners. */
typedef enum { CORNERS_NOWHERE, CORNERS_AT_CUTS, CORNERS_EVERYWHERE } Corners;

/* Add each block's pair with itself along an axis, with its number of cells and `margin` more
   beyond each side that has corners. */
static PetscErrorCode AddLengths(const HeatLayout *l, int axis, Corners corners, PetscInt margin,
                                 HeatLayoutPairs *pairs)
{
  const PetscInt  parts      = HeatLayoutParts(l, axis);
  const PetscBool everywhere = (PetscBool)(corners == CORNERS_EVERYWHERE);
  const PetscInt  sides      = everywhere ? parts : Cuts(l, axis, parts); /* half of the sides */

  PetscFunctionBeginUser;
  if (corners == CORNERS_NOWHERE) margin = 0;
  for (int sum = ALL; sum < SUMS && HasFormula(l, axis); sum++) {
    pairs->messages[sum] += parts;
    pairs->values[sum] += HeatLayoutCells(l, axis) + 2 * (PetscInt64)margin * sides;
  }
  if (HasFormula(l, axis)) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt p = 0; p < parts; p++) {
    PetscInt length = HeatLayoutWidth(l, axis, p);

    if (everywhere || p > 0 || l->periodic[axis]) length += margin;
    if (everywhere || p + 1 < parts || l->periodic[axis]) length += margin;
    PetscCall(HeatLayoutPairsAdd(pairs, p, p, 1, length));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Count the messages of a halo exchange of the given depth. */
static PetscErrorCode CountHalo(const HeatLayout *l, PetscInt depth, Corners corners,
                                HeatLayoutTraffic *traffic)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  for (int across = 0; across < 2; across++) { /* the axis along which messages travel */
    HeatLayoutPairs *pairs[2];

    for (int axis = 0; axis < 2; axis++) {
      PetscCall(HeatLayoutPairsCreate(l, axis, &pairs[axis]));
      if (axis == across) PetscCall(AddNeighbours(l, axis, depth, pairs[axis]));
      else
        PetscCall(AddLengths(l, axis, across == 1 ? corners : CORNERS_NOWHERE, depth, pairs[axis]));
    }
    PetscCall(HeatLayoutCount(pairs[0], pairs[1], traffic));
    for (int axis = 0; axis < 2; axis++) PetscCall(HeatLayoutPairsDestroy(&pairs[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutHalo(const HeatLayout *l, PetscInt depth, PetscBool corners,
                              HeatLayoutTraffic *traffic)
{
  PetscFunctionBeginUser;
  PetscCall(CountHalo(l, depth, corners ? CORNERS_AT_CUTS : CORNERS_NOWHERE, traffic));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLayoutSurroundings(const HeatLayout *l, HeatLayoutTraffic *traffic)
{
  PetscFunctionBeginUser;
  PetscCall(CountHalo(l, 1, CORNERS_EVERYWHERE, traffic));
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

/* Writers. */

/* Return the number of w in [first, end) for which w and w + distance are in [begin, limit). */
static PetscInt64 PairsWithin(PetscInt first, PetscInt end, PetscInt distance, PetscInt begin,
                              PetscInt limit)
{
  return PetscMax(0, PetscMin(end, limit - distance) - PetscMax(first, begin));
}

/* Count the messages of the n writers of HeatLayoutWriters of which each node has `each`, and the
   last node the remainder.  Half of the messages travel n/2 writers ahead; the other half are their
   counterparts.  A message stays on its node only if that is less than `each` writers away, so
   that there are at most two nodes. */
static void CountEven(PetscInt n, PetscInt each, HeatLayoutTraffic *traffic)
{
  const PetscInt half   = n / 2;
  PetscInt64     within = 0;

  for (PetscInt64 at = 0; at < n && n - each < each; at += each) {
    const PetscInt begin = (PetscInt)at, limit = (PetscInt)PetscMin(at + each, n);

    within += PairsWithin(0, n - half, half, begin, limit); /* from w to w + half */
    within += PairsWithin(0, half, n - half, begin, limit); /* from w + n - half to w */
  }
  traffic->messages[0] = traffic->values[0] = 2 * within;
  traffic->messages[1] = traffic->values[1] = 2 * (n - within);
}

/* Count these messages where ranks are dealt to nodes in another order. */
static PetscErrorCode CountDealt(const HeatLayout *l, PetscInt asked, HeatLayoutTraffic *traffic)
{
  PetscInt *ranks, *node_of, n = 0; /* ranks of each node; node of each writer; writers so far */

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc2(l->n_nodes, &ranks, l->size, &node_of));
  for (PetscInt r = 0; r < l->size; r++) ranks[l->node_of[r]]++;
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

/* Writers are numbered node by node.  Each of n writers sends its rank to the writers n/2 ahead and
   n/2 behind, as in PairUp of writers.c. */
PetscErrorCode HeatLayoutWriters(const HeatLayout *l, PetscInt asked, HeatLayoutTraffic *traffic)
{
  const PetscInt each = asked == 0 ? l->per_node : PetscMin(asked, l->per_node);
  const PetscInt last = PetscMin(each, l->size - (l->n_nodes - 1) * l->per_node);
  const PetscInt n    = (l->n_nodes - 1) * each + last;

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(traffic, sizeof *traffic));
  if (l->node_of) PetscCall(CountDealt(l, asked, traffic));
  else if (n > 1) CountEven(n, each, traffic);
  PetscFunctionReturn(PETSC_SUCCESS);
}
