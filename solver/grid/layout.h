/** The layout of blocks on ranks and nodes as plain data, for any number of ranks, and formulas for
 *  what all ranks together send.
 *
 *  The grid of a run contains a layout.  A plan makes one without a communicator, for machines that
 *  are not available.  No function is collective.  No function loops over all ranks where nodes own
 *  rectangles of blocks: sums over all blocks are products of sums over the columns and over the
 *  rows of blocks, and halo exchanges of evenly divided cells follow from formulas. */
#ifndef HEAT_SOLVER_LAYOUT_H
#define HEAT_SOLVER_LAYOUT_H

#include "solver/case/case.h"

/** A layout: the process grid, and the node of each block.  The rank of block (ip, jp) is
 *  jp px + ip.  If every node owns a rectangle of tile[0] x tile[1] blocks (the last one perhaps
 *  fewer), nodes are numbered row by row; here px = 4, py = 2, tile = 2 x 2, two nodes:
 *
 *        +--------+--------+--------+--------+
 *        | rank 4 | rank 5 | rank 6 | rank 7 |
 *        |     node 0      |     node 1      |
 *        | rank 0 | rank 1 | rank 2 | rank 3 |
 *        +--------+--------+--------+--------+
 *
 *  If tile is 0 x 0, rank r is on node r / per_node.  If node_of is not NULL, rank r is on node
 *  node_of[r], whatever tile says: the launcher has dealt the ranks to nodes in another order. */
typedef struct {
  PetscInt   nx, ny;      /* cells of the grid */
  PetscBool  periodic[2]; /* whether the domain is periodic in x, in y */
  PetscInt   px, py;      /* blocks in x and in y */
  PetscInt   size;        /* ranks: px py */
  PetscInt   per_node;    /* ranks of each node; the last node may have fewer */
  PetscInt   n_nodes;     /* nodes */
  PetscInt   tile[2];     /* blocks of a node in x and in y; 0, 0: nodes own no rectangles */
  PetscBool  reordered;   /* ranks are renumbered such that each node owns a tile */
  const int *node_of;     /* borrowed [size], or NULL */

  /* The first cell of each column and of each row of blocks, then nx and ny; borrowed [px + 1],
     [py + 1].  NULL: cells are divided evenly (HeatLayoutStart). */
  const PetscInt *start[2];
} HeatLayout;

/** Choose the process grid with the least halo traffic: the fewest halo cells between nodes, among
 *  these the fewest in total, and among these the fewest block columns.  Not collective; depends on
 *  the arguments only.
 *  @param[in]  nx, ny            number of cells in x and y
 *  @param[in]  periodic          whether the domain is periodic in x, in y
 *  @param[in]  size              number of ranks
 *  @param[in]  per_node          number of ranks on each node; 0 to ignore nodes (when nodes have
 *                                different numbers of ranks, or the mapping is linear)
 *  @param[out] px, py            number of blocks in x and y, px <= nx and py <= ny; 0 and 0 if no
 *                                factorisation of size fits
 *  @param[out] node_px, node_py  number of blocks of one node in x and y; 1 and 1 if per_node is 0
 *                                or no rectangle of per_node blocks tiles the process grid */
void HeatGridChooseProcesses(PetscInt nx, PetscInt ny, const PetscBool periodic[2], PetscInt size,
                             PetscInt per_node, PetscInt *px, PetscInt *py, PetscInt *node_px,
                             PetscInt *node_py);

/** Return the layout of a case on `size` ranks, of which each node has per_node and the last one
 *  the remainder.  px and py are 0 if the cells cannot be cut into one block per rank.
 *  @param[in] even  whether all nodes have per_node ranks; otherwise ranks keep their order */
HeatLayout HeatLayoutMake(const HeatCase *c, PetscInt size, PetscInt per_node, PetscBool even);

/** Return the layout of HeatLayoutMake for a given process grid of px x py blocks instead of the
 *  case's; px and py are 0: choose one. */
HeatLayout HeatLayoutMakeWith(const HeatCase *c, PetscInt size, PetscInt per_node, PetscBool even,
                              PetscInt px, PetscInt py);

/** Count the cells along all cuts between blocks, on one side of each, and among these the cells
 *  along cuts between nodes: all, if nodes own no rectangles of blocks. */
void HeatLayoutCutCells(const HeatLayout *layout, PetscInt64 *all, PetscInt64 *between);

/** Return the first cell of part p if n cells are divided evenly into `parts` parts: the first
 *  n % parts of them have one cell more.  For p = parts the result is n. */
static inline PetscInt HeatLayoutStart(PetscInt n, PetscInt parts, PetscInt p)
{
  return p * (n / parts) + PetscMin(p, n % parts);
}

/** Return the number of blocks, or of cells, along an axis (0: x, 1: y). */
static inline PetscInt HeatLayoutParts(const HeatLayout *l, int axis)
{
  return axis == 0 ? l->px : l->py;
}

static inline PetscInt HeatLayoutCells(const HeatLayout *l, int axis)
{
  return axis == 0 ? l->nx : l->ny;
}

/** Return the first cell of column (axis 0) or row (axis 1) p of blocks; for the number of columns
 *  or rows the result is the number of cells. */
static inline PetscInt HeatLayoutCut(const HeatLayout *l, int axis, PetscInt p)
{
  if (l->start[axis]) return l->start[axis][p];
  return HeatLayoutStart(HeatLayoutCells(l, axis), HeatLayoutParts(l, axis), p);
}

/** Return the number of cells of column or row p of blocks. */
static inline PetscInt HeatLayoutWidth(const HeatLayout *l, int axis, PetscInt p)
{
  return HeatLayoutCut(l, axis, p + 1) - HeatLayoutCut(l, axis, p);
}

/** Return the column (axis 0) or row (axis 1) of blocks that has a column or row of cells. */
PetscInt HeatLayoutPart(const HeatLayout *layout, int axis, PetscInt cell);

/** Return the block that a rank of the launcher gets: its number, or, if ranks are renumbered such
 *  that nodes own tiles, a block of its node's tile.
 *  @param[in] node, local  the rank's node, from 0, and its number within the node */
PetscInt HeatLayoutBlock(const HeatLayout *layout, PetscInt rank, PetscInt node, PetscInt local);

/** Find the widths of the narrowest and of the widest column or row of blocks [cells]. */
void HeatLayoutWidths(const HeatLayout *layout, int axis, PetscInt *narrowest, PetscInt *widest);

/** Return whether nodes own rectangles of blocks. */
static inline PetscBool HeatLayoutHasTiles(const HeatLayout *l)
{
  return !l->node_of && l->tile[0] > 0 ? PETSC_TRUE : PETSC_FALSE;
}

/** Return the node of block (ip, jp), from 0. */
PetscInt HeatLayoutNode(const HeatLayout *layout, PetscInt ip, PetscInt jp);

/** The messages of all ranks, and the values in them: [0] within nodes, [1] between nodes. */
typedef struct {
  PetscInt64 messages[2], values[2];
} HeatLayoutTraffic;

/** Add n times the traffic `one` to *sum. */
static inline void HeatLayoutTrafficAdd(HeatLayoutTraffic *sum, PetscInt64 n,
                                        const HeatLayoutTraffic *one)
{
  for (int k = 0; k < 2; k++) {
    sum->messages[k] += n * one->messages[k];
    sum->values[k] += n * one->values[k];
  }
}

/** The pairs of columns of blocks (axis 0), or of rows (axis 1), between which messages travel.  An
 *  exchange is the product of its pairs along both axes: for each pair x of columns and each pair y
 *  of rows, block (x.from, y.from) sends x.messages y.messages messages with x.values y.values
 *  values to block (x.to, y.to), unless both are the same block. */
typedef struct HeatLayoutPairs HeatLayoutPairs;

/** Create an empty list of pairs along an axis, owned by the caller; the layout must outlive it. */
PetscErrorCode HeatLayoutPairsCreate(const HeatLayout *layout, int axis, HeatLayoutPairs **pairs);

/** Destroy the pairs and set *pairs to NULL; *pairs may be NULL. */
PetscErrorCode HeatLayoutPairsDestroy(HeatLayoutPairs **pairs);

/** Add a pair of columns or rows.
 *  @param[in] messages  1, or 0 if the values travel in the message of an earlier equal pair
 *  @param[in] values    factor of the number of values of each message */
PetscErrorCode HeatLayoutPairsAdd(HeatLayoutPairs *pairs, PetscInt from, PetscInt to,
                                  PetscInt messages, PetscInt64 values);

/** Count the messages of an exchange and add them to *traffic. */
PetscErrorCode HeatLayoutCount(const HeatLayoutPairs *x, const HeatLayoutPairs *y,
                               HeatLayoutTraffic *traffic);

/** Return whether HeatLayoutCount takes less than some hundredths of a second and some tens of MB
 *  for lists of a few pairs for each column and row of blocks. */
PetscBool HeatLayoutCanCount(const HeatLayout *layout);

/** Return whether HeatLayoutHalo, HeatLayoutSurroundings and HeatLayoutAlongSide do so.  If nodes
 *  own rectangles of blocks and cells are divided evenly, they follow from formulas, for any number
 *  of blocks. */
PetscBool HeatLayoutCanCountHalo(const HeatLayout *layout);

/** Count the messages of one halo exchange of the given depth [cells].
 *  @param[in]  corners  whether the strips below and above contain the corners, as in
 *                       solver/grid/deep_halo.h */
PetscErrorCode HeatLayoutHalo(const HeatLayout *layout, PetscInt depth, PetscBool corners,
                              HeatLayoutTraffic *traffic);

/** Count the messages of one HeatSurroundingsFetch of one cell (solver/grid/deep_halo.h).  Its rows
 *  are as long as the array, also at the boundary of the domain. */
PetscErrorCode HeatLayoutSurroundings(const HeatLayout *layout, HeatLayoutTraffic *traffic);

/** Count the messages of n values that the blocks along a side of the domain send to their
 *  neighbours along that side. */
PetscErrorCode HeatLayoutAlongSide(const HeatLayout *layout, HeatSide side, PetscInt n,
                                   HeatLayoutTraffic *traffic);

/** Count the messages, of one value each, by which the writers of files are paired at the set-up of
 *  a run (HeatWritersChoose).
 *  @param[in] asked  writers on each node as HeatWritersPerNode returns them; 0: all ranks */
PetscErrorCode HeatLayoutWriters(const HeatLayout *layout, PetscInt asked,
                                 HeatLayoutTraffic *traffic);

#endif
