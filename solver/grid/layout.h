/** The layout of blocks on ranks and nodes as plain data, for any number of ranks, and formulas for
 *  what all ranks together send.
 *
 *  The grid of a run contains a layout.  A plan makes one without a communicator, for machines that
 *  are not here.  No function is collective, and none loops over all ranks unless nodes own no
 *  rectangles of blocks: sums over all blocks are products of sums over the columns and over the
 *  rows of blocks. */
#ifndef HEAT_SOLVER_LAYOUT_H
#define HEAT_SOLVER_LAYOUT_H

#include "solver/case/case.h"

/** A layout: the process grid, and which node has which block.  The rank of block (ip, jp) is
 *  jp px + ip.  Where every node owns a rectangle of tile[0] x tile[1] blocks, nodes are numbered
 *  row by row; here px = 4, py = 2, tile = 2 x 2, two nodes:
 *
 *        +--------+--------+--------+--------+
 *        | rank 4 | rank 5 | rank 6 | rank 7 |
 *        |     node 0      |     node 1      |
 *        | rank 0 | rank 1 | rank 2 | rank 3 |
 *        +--------+--------+--------+--------+
 *
 *  Otherwise tile is 0 x 0, and rank r is on node r / per_node, or, where nodes have their ranks in
 *  another order, on node node_of[r]. */
typedef struct {
  PetscInt   nx, ny;      /* cells of the grid */
  PetscBool  periodic[2]; /* whether the domain is periodic in x, in y */
  PetscInt   px, py;      /* blocks in x and in y */
  PetscInt   size;        /* ranks: px py */
  PetscInt   per_node;    /* ranks of each node; the last node may have fewer */
  PetscInt   n_nodes;     /* nodes */
  PetscInt   tile[2];     /* blocks of a node in x and in y; 0 0: see above */
  PetscBool  reordered;   /* ranks are renumbered such that each node owns a tile */
  const int *node_of;     /* borrowed [size], or NULL */
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
 *  what is left.  px and py are 0 where the cells cannot be cut into one block per rank.
 *  @param[in] even  whether all nodes have per_node ranks; otherwise ranks keep their order */
HeatLayout HeatLayoutMake(const HeatCase *c, PetscInt size, PetscInt per_node, PetscBool even);

/** Return the first cell of part p of n cells that are spread evenly over `parts`: the first
 *  n % parts of them have one cell more.  Part `parts` begins at n. */
static inline PetscInt HeatLayoutStart(PetscInt n, PetscInt parts, PetscInt p)
{
  return p * (n / parts) + PetscMin(p, n % parts);
}

/** Return the node of block (ip, jp), from 0. */
PetscInt HeatLayoutNode(const HeatLayout *layout, PetscInt ip, PetscInt jp);

/** Messages of all ranks: [0] within nodes, [1] between nodes. */
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
 *  exchange is the product of its pairs along both axes: for each pair of columns and each pair of
 *  rows, block (from, from) sends block (to, to) messages_x messages_y messages with
 *  values_x values_y values, unless both are the same block. */
typedef struct HeatLayoutPairs HeatLayoutPairs;

PetscErrorCode HeatLayoutPairsCreate(const HeatLayout *layout, int axis, HeatLayoutPairs **pairs);
PetscErrorCode HeatLayoutPairsDestroy(HeatLayoutPairs **pairs);

/** Add a pair of columns or rows.
 *  @param[in] messages  1; 0: its values go into the message of an earlier equal pair */
PetscErrorCode HeatLayoutPairsAdd(HeatLayoutPairs *pairs, PetscInt from, PetscInt to,
                                  PetscInt messages, PetscInt64 values);

/** Count the messages of an exchange and add them to *traffic. */
PetscErrorCode HeatLayoutCount(const HeatLayoutPairs *x, const HeatLayoutPairs *y,
                               HeatLayoutTraffic *traffic);

/** Count the messages of one halo exchange of the given depth [cells].
 *  @param[in]  corners  whether the strips below and above contain the corners, as those of
 *                       solver/grid/deep_halo.h do */
PetscErrorCode HeatLayoutHalo(const HeatLayout *layout, PetscInt depth, PetscBool corners,
                              HeatLayoutTraffic *traffic);

/** Count the messages of n values that the blocks along a side of the domain send to their
 *  neighbours along that side. */
PetscErrorCode HeatLayoutAlongSide(const HeatLayout *layout, HeatSide side, PetscInt n,
                                   HeatLayoutTraffic *traffic);

/** Count the messages of one value by which the writers of files are paired when a run is set up
 *  (HeatWritersChoose).
 *  @param[in] asked  writers on each node as HeatWritersPerNode returns them; 0: all ranks */
PetscErrorCode HeatLayoutWriters(const HeatLayout *layout, PetscInt asked,
                                 HeatLayoutTraffic *traffic);

#endif
