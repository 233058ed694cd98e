/** The layout of a multigrid level: which rank owns which block of cells, and where a cell stands
 *  in a rank's arrays.
 *
 *  A level is distributed like the grid, in blocks that are products of cuts in x and in y.  A
 *  coarse cell belongs to the rank that owns its first fine cell.  Blocks may therefore start at
 *  any cell, be one cell wide, or become empty.  An empty block keeps its halo, since the fine
 *  cells at its place are corrected by the coarse cells around them.  Agglomeration joins
 *  neighbouring blocks on fewer ranks.
 *
 *  A rank's array holds its own cells and a halo around them, clipped at sides that are not
 *  periodic.  Cell indices are global; in a periodic halo they are below zero or beyond the last
 *  cell.  Rows are stored split by the parity of their columns, see HeatLevelShape.
 *
 *  No function here is collective.
 */
#ifndef HEAT_SOLVER_LEVEL_LAYOUT_H
#define HEAT_SOLVER_LEVEL_LAYOUT_H

#include "solver/grid/grid.h"

enum {
  /* Half-sweeps before the correction, and as many after it.  A half-sweep updates the cells of
     one colour; two make a red-black Gauss-Seidel sweep.  Four, two sweeps, are chosen: with six,
     a solve takes a seventh fewer iterations, but smoothing costs 50 % more in each. */
  HEAT_HALF_SWEEPS = 4
};

/** How many cells deep around the own cells each quantity is valid.  A half-sweep that needs a
 *  neighbour's update computes the update again instead of waiting for a message, and is therefore
 *  valid one cell less deep than the half-sweep before it.
 *
 *      depth                     9   8   7   6   5   4   3   2   1 | own cells
 *                                                                  |
 *      coefficients, z, p       ###################################|######      HEAT_HALO
 *      b, r, A p                    ###############################|######      HEAT_DOWN_DEPTH
 *      half-sweep 1, red            ###############################|######
 *      half-sweep 2, black              ###########################|######
 *      half-sweep 3, red                    #######################|######
 *      half-sweep 4, black                      ###################|######
 *      correction                               ###################|######      HEAT_UP_DEPTH
 *      half-sweep 1, black                          ###############|######
 *      half-sweep 2, red                                ###########|######
 *      half-sweep 3, black                                  #######|######
 *      half-sweep 4, red                                        ###|######      left for sums
 *
 *  A level then needs one transfer of b, and one of the coarse level's correction; the finest
 *  level needs one transfer of z for each iteration. */
enum {
  HEAT_UP_DEPTH   = HEAT_HALF_SWEEPS + 1, /* leaves one cell after four half-sweeps */
  HEAT_DOWN_DEPTH = HEAT_UP_DEPTH + HEAT_HALF_SWEEPS - 1, /* leaves HEAT_UP_DEPTH */
  HEAT_HALO       = HEAT_DOWN_DEPTH + 1, /* A p at HEAT_DOWN_DEPTH needs p one cell deeper */

  /* Depth of the correction in coarse cells.  Along an axis whose cells are not joined, coarse and
     fine cells are equally wide, so that as many of them are needed. */
  HEAT_COARSE_HALO = HEAT_UP_DEPTH
};

/** The rectangle of cells (i, j) with lo[0] <= i < hi[0] and lo[1] <= j < hi[1]. */
typedef struct {
  PetscInt lo[2], hi[2];
} HeatBox;

static inline PetscBool HeatBoxIsEmpty(const HeatBox *b)
{
  return (b->lo[0] >= b->hi[0] || b->lo[1] >= b->hi[1]) ? PETSC_TRUE : PETSC_FALSE;
}

/** The distribution of a level over the ranks.  All members but `place` are equal on all ranks.
 *
 *  Example along one axis: a grid of 16 cells on four ranks, coarsened, then agglomerated.
 *
 *      rank            |    0    |    1    |    2    |    3    |    n  parts  start        owner
 *      grid            | 0 1 2 3 | 4 5 6 7 |  8 .. 11| 12 .. 15|   16    4    0 4 8 12 16  0 1 2 3
 *      Coarsen         |  0   1  |  2   3  |  4   5  |  6   7  |    8    4    0 2 4  6  8  0 1 2 3
 *      Agglomerate     |  0   1     2   3  |  4   5     6   7  |    8    2    0 4 8        0 2
 *        on rank       |         0         |         2         |
 */
typedef struct {
  MPI_Comm  comm;        /* the grid's communicator, borrowed */
  PetscInt  n[2];        /* cells of the level, along x and y */
  PetscBool periodic[2]; /* along x and y */
  PetscInt  parts[2];    /* blocks, along x and y */
  PetscInt *start[2];    /* owned [parts + 1]: first cell of each block, then n */
  PetscInt *owner[2];    /* owned [parts]: the grid's column or row of blocks on whose ranks block
                            b lies, ascending */
  PetscInt  columns;     /* blocks of the grid along x: rank = row * columns + column */
  PetscInt  place[2];    /* column and row of this rank's block of the grid */

  HeatLayout layout; /* the grid's: which node has which block */
} HeatDistribution;

/** Describe the distribution of the grid.  Destroy it with HeatDistributionDestroy. */
PetscErrorCode HeatDistributionCreate(const HeatGrid *grid, HeatDistribution *d);

/** Describe the distribution of a layout that no communicator has, as the rank of block (0, 0) sees
 *  it.  Destroy it with HeatDistributionDestroy. */
PetscErrorCode HeatDistributionPlan(const HeatLayout *layout, HeatDistribution *d);

/** Describe the level whose cells join two cells of `fine` along each chosen axis; an odd last cell
 *  stays alone.  Destroy it with HeatDistributionDestroy.
 *  @param[in] along  whether to join cells along x, along y */
PetscErrorCode HeatDistributionCoarsen(const HeatDistribution *fine, const PetscBool along[2],
                                       HeatDistribution *coarse);

/** Describe the same cells with two blocks of `d` joined into one along each chosen axis, on the
 *  rank of the first block.  Destroy it with HeatDistributionDestroy.
 *  @param[in] along  whether to join blocks along x, along y; neither makes a copy */
PetscErrorCode HeatDistributionAgglomerate(const HeatDistribution *d, const PetscBool along[2],
                                           HeatDistribution *fewer);

/** Describe where the equations of a level are solved whose right-hand side lies on `landing`: on
 *  the same blocks, or, where these are thin, on fewer ranks.  Thin blocks are joined with blocks
 *  of their node first, and with blocks of other nodes only if all blocks of the node together are
 *  thin.  Destroy it with HeatDistributionDestroy.
 *  @param[out] moved  whether blocks were joined */
PetscErrorCode HeatDistributionJoinThin(const HeatDistribution *landing, HeatDistribution *d,
                                        PetscBool *moved);

/** Return whether the half-sweeps of a level need a transfer each: round a periodic axis with an
 *  odd number of cells, two cells of one colour are neighbours. */
PetscBool HeatDistributionIsStepwise(const HeatDistribution *d);

/** Free the members of `d`. */
PetscErrorCode HeatDistributionDestroy(HeatDistribution *d);

/** Return this rank's own cells.  The box of an empty block lies where the block would be; a rank
 *  without a block gets the empty box at (0, 0). */
HeatBox HeatDistributionOwn(const HeatDistribution *d);

/** Return the rank that owns block (a, b). */
static inline PetscMPIInt HeatDistributionRank(const HeatDistribution *d, PetscInt a, PetscInt b)
{
  return (PetscMPIInt)(d->owner[1][b] * d->columns + d->owner[0][a]);
}

/** Return the number along an axis of this rank's block, with or without cells; -1: it has none. */
PetscInt HeatDistributionBlock(const HeatDistribution *d, int axis);

enum {
  HEAT_LANES = 16 /* floats of the widest vector, 64 bytes of AVX-512 */
};

/** The shape of a rank's arrays on one level: split storage.
 *
 *  A row is stored as its even columns, then its odd columns.  In row j the cells of one colour of
 *  the checkerboard (i + j even: red, odd: black) are then contiguous, and place k of both half
 *  rows together is the pair of columns that a coarse cell joins:
 *
 *      column   origin + 0   1   2   3   4   5 ...
 *                        |   |   |   |   |   |
 *      even half row     0       2       4     ...     place k holds column origin + 2k
 *      odd half row          1       3       5 ...     place k holds column origin + 2k + 1
 *
 *  One row in memory, in floats.  Every half row has at least HEAT_LANES zeros before and after it,
 *  so that a vector loop may read the cells west of place 0 and east of the last place:
 *
 *      |<----------------------------------- row ----------------------------------->|
 *      |<--------------- odd ---------------->|
 *      +------------------------+-------------+------------------------+-------------+
 *      | even columns | padding | 0 0 ... 0 0 | odd columns  | padding | 0 0 ... 0 0 |
 *      +------------------------+-------------+------------------------+-------------+
 *      |<-------- half -------->|<---- 2 ---->|
 *      ^                          HEAT_LANES
 *      HeatLevelShapeRow(s, j)
 *
 *  `half` is a multiple of HEAT_LANES, and padding fills it up.  Padding is zero, too, so that it
 *  changes no sum.  In an array of masses all places without a cell are 1 instead of 0, so that no
 *  kernel divides by zero.  One array:
 *
 *      HEAT_LANES zeros
 *      row all.lo[1] - 1         no cells: the neighbour below the lowest row of the halo
 *      rows all.lo[1] ...        halo, own cells, halo
 *           all.hi[1] - 1
 *      row all.hi[1]             no cells: the neighbour above the highest row of the halo
 *      HEAT_LANES zeros
 */
typedef struct {
  HeatBox  own, all; /* own cells; own cells and their halo */
  PetscInt origin;   /* the even column at place 0 of a half row; all.lo[0] or all.lo[0] - 1 */
  PetscInt half;     /* places of a half row, a multiple of HEAT_LANES; 0: no block on this rank */
  size_t   odd;      /* floats from the start of a row's even columns to its odd columns */
  size_t   row;      /* floats from one row to the next */
  size_t   size;     /* floats of an array; 0: no block on this rank */
} HeatLevelShape;

/** Return the shape of this rank's arrays.
 *  @param[in] halo  depth of the halo [cells] */
HeatLevelShape HeatLevelShapeMake(const HeatDistribution *d, PetscInt halo);

/** Return the position of row j's even columns; j may be one row outside the halo. */
static inline size_t HeatLevelShapeRow(const HeatLevelShape *s, PetscInt j)
{
  return (size_t)HEAT_LANES + (size_t)(j - s->all.lo[1] + 1) * s->row;
}

/** Return the position of cell (i, j). */
static inline size_t HeatLevelShapeCell(const HeatLevelShape *s, PetscInt i, PetscInt j)
{
  return HeatLevelShapeRow(s, j) + (size_t)(i & 1) * s->odd + (size_t)((i - s->origin) >> 1);
}

/** Return the places [begin, end) that columns [lo, hi) have in the half row of a parity. */
static inline void HeatLevelShapePlaces(const HeatLevelShape *s, PetscInt lo, PetscInt hi,
                                        int parity, PetscInt *begin, PetscInt *end)
{
  *begin = (lo - s->origin + 1 - parity) >> 1;
  *end   = (hi - s->origin + 1 - parity) >> 1;
}

/** Allocate n arrays of zeros in one piece of memory.  Free it with HeatLevelShapeFree.
 *  @param[out] arrays  where to store the address of each array; NULL where the rank has no block
 *  Errors: PETSC_ERR_MEM on this rank. */
PetscErrorCode HeatLevelShapeAllocate(const HeatLevelShape *s, int n, float **arrays[],
                                      void **memory);

/** Free the memory and set it to NULL; *memory may be NULL. */
PetscErrorCode HeatLevelShapeFree(void **memory);

#endif
