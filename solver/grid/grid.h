/** The grid: the cells, their cut into one block per rank, and the ranks' neighbours.
 *
 *  The domain is a rectangle of nx x ny cells of hx by hy.  Cell fields are written T[j][i]: i
 *  counts columns along x, j counts rows along y, and x is the fastest index.  The cells are cut
 *  along whole rows and columns into px x py blocks, one per rank: evenly, or by the speeds of the
 *  ranks (decomposition.weights, solver/grid/weights.h).
 *
 *  PETSc sees a field as a global Vec whose local array is the rank's own block; HeatGridCreateVec
 *  creates one.  A DMDA of the same layout is created only for methods of PETSc that work on one,
 *  because its set-up takes longer than all other set-up, and its index sets more memory than the
 *  fields.
 *
 *  grid->comm has the ranks of the communicator that the grid was made from, renumbered such that
 *  each node (shared-memory domain) owns a compact rectangle of blocks where the numbers of ranks
 *  and nodes allow it.  Rank 0 keeps its number.  Where no rank gets another number, grids that are
 *  made from one communicator share grid->comm, whose references PETSc counts.
 */
#ifndef HEAT_SOLVER_GRID_H
#define HEAT_SOLVER_GRID_H

#include <petscdmda.h>

#include "solver/grid/layout.h"
#include "solver/grid/node.h"
#include "solver/grid/writers.h"

/** How often fields were moved between blocks and the rows of files (io/field_file/slab.h), by
 *  which their messages are predicted.  The same on all ranks. */
typedef struct {
  PetscInt64 in_pieces[2]; /* fields moved piece by piece; [0] of 4 bytes a cell, [1] of 8 */
  PetscInt64 at_once[2];   /* fields moved as a whole */
  PetscInt64 sums;         /* fields whose row checksums were sent to the owners of rows */
  PetscInt64 peer_sums;    /* fields whose row checksums were sent to those who read rows back */
} HeatFieldMoves;

/** The blocks, here px = 4 and py = 2, on two nodes A and B of four ranks each:
 *
 *        y
 *        ^   ip = 0   ip = 1   ip = 2   ip = 3
 *        | +--------+--------+--------+--------+  y0 + ny hy
 *        | | rank 4 | rank 5 | rank 6 | rank 7 |
 *        | |   A    |   A    |   B    |   B    |  jp = 1: rows y_start[1] to y_start[2] - 1
 *        | +--------+--------+--------+--------+
 *        | | rank 0 | rank 1 | rank 2 | rank 3 |
 *        | |   A    |   A    |   B    |   B    |  jp = 0: rows y_start[0] to y_start[1] - 1
 *        | +--------+--------+--------+--------+  y0
 *        | x0                                  x0 + nx hx
 *        +-----------------------------------------> x
 *          ^        ^        ^        ^        ^
 *  x_start [0] = 0  [1]      [2]      [3]      [4] = nx
 *
 *  A rank's own cells are columns xs to xs + nxl - 1 of rows ys to ys + nyl - 1.  In memory they
 *  are one array [nyl][nxl] without padding, which is also the local array of a global Vec:
 *
 *        cell (i, j)  =  value[(j - ys) nxl + (i - xs)]
 */
typedef struct {
  MPI_Comm     comm;     /* owned; the rank of block (ip, jp) is jp * px + ip */
  MPI_Comm    *row_comm; /* owned [1]; MPI_COMM_NULL until HeatGridGetRowComm creates it */
  PetscMPIInt  rank;     /* this rank's number in comm */
  PetscMPIInt  size;     /* number of ranks of comm */
  PetscInt     n_nodes;  /* number of nodes (shared-memory domains) */
  HeatNode     node;     /* owned; this rank's node, with ranks as numbered in comm */
  VecType      vec_type; /* type of Vecs: standard, or with exact sums (solver.reproducible) */
  DM          *da;       /* owned [1]; *da is NULL until HeatGridGetDMDA creates the DMDA */
  PetscLayout *map; /* owned [1]; the rows of Vecs and matrices, which share it, since setting up
                           one takes a message; *map is NULL until it is needed */

  PetscInt  nx, ny;      /* number of cells in x and y */
  PetscReal x0, y0;      /* [m] lower left corner of the domain */
  PetscReal hx, hy;      /* [m] width and height of a cell */
  PetscBool periodic[2]; /* whether the domain is periodic in x, in y */

  PetscInt    px, py;                /* number of blocks in x and y; px * py = size */
  PetscInt    ip, jp;                /* column and row of this rank's block */
  PetscInt   *x_start;               /* owned [px + 1]; first cell of each block column, then nx */
  PetscInt   *y_start;               /* owned [py + 1]; first cell of each block row, then ny */
  PetscInt    xs, ys;                /* global column and row of this rank's first cell */
  PetscInt    nxl, nyl;              /* this rank's number of cells in x and y, each >= 1 */
  PetscMPIInt neighbour[HEAT_SIDES]; /* rank beyond each side of the block, itself with one periodic
                                        block; MPI_PROC_NULL at the boundary of the domain */
  PetscBool   boundary[HEAT_SIDES];  /* whether the side lies on the domain's boundary and is not
                                        periodic */
  PetscBool   off_node[HEAT_SIDES];  /* whether the neighbour beyond the side is on another node */

  PetscInt messages_between, messages_within; /* messages of one halo exchange of depth one, summed
                                                 over ranks: between nodes, within nodes; predicted
                                                 from the layout */
  PetscInt64 bytes_between, bytes_within;     /* [bytes] of these messages, in double precision */
  PetscInt   cells_min, cells_max;            /* cells of the smallest and of the largest block */
  PetscReal  load_balance; /* time of a step if all cells were shared in proportion to the speeds of
                              the ranks (decomposition.weights), divided by that of the slowest */

  HeatWriters writers; /* the ranks that write files of fields, as output.writers says; owned */

  HeatFieldMoves *moves; /* owned [HEAT_TRAFFIC_KINDS]: by the kind of communication */

  HeatLayout layout;  /* of all blocks; predicts what all ranks together send */
  int       *node_of; /* owned [size], the array that layout.node_of borrows; NULL: none */
} HeatGrid;

/** Create the grid of a validated case.  Collective on comm.
 *  @param[out] grid  owned by the caller, also after an error: destroy it with HeatGridDestroy
 *  Errors: HEAT_ERR_INPUT if the cells cannot be cut into one block per rank, or if a side of a
 *  block has more cells than an MPI message can hold. */
PetscErrorCode HeatGridCreate(MPI_Comm comm, const HeatCase *c, HeatGrid **grid);

/** Free the grid and set *grid to NULL; *grid may be NULL.  Collective on grid->comm. */
PetscErrorCode HeatGridDestroy(HeatGrid **grid);

/** Return the communicator of this row of blocks, whose ranks are ordered by ip.  The first call
 *  creates it.  Collective on grid->comm.
 *  @param[out] comm  owned by the grid */
PetscErrorCode HeatGridGetRowComm(const HeatGrid *grid, MPI_Comm *comm);

/** Create a global Vec, whose local array is T[j][i] of the own cells, [nyl][nxl], filled with
 *  zeros.  Collective on grid->comm.
 *  @param[out] v  owned by the caller */
PetscErrorCode HeatGridCreateVec(const HeatGrid *grid, Vec *v);

/** Create a matrix-free operator on Vecs of the grid, MATSHELL, with this context; its operations
 *  are still to be set.  Collective on grid->comm.
 *  @param[out] A  owned by the caller */
PetscErrorCode HeatGridCreateShell(const HeatGrid *grid, void *context, Mat *A);

/** Return a DMDA of the cells with the layout of the grid's Vecs: one value per cell, a star
 *  stencil of width one, no coordinates.  The first call creates it.  Collective on grid->comm.
 *  @param[out] da  owned by the grid */
PetscErrorCode HeatGridGetDMDA(const HeatGrid *grid, DM *da);

/** Create a matrix with a row for each cell and zero entries for the cell and its four neighbours,
 *  to be filled by MatSetValuesStencil.  The DMDA is created, too.  Collective on grid->comm.
 *  @param[out] A  owned by the caller */
PetscErrorCode HeatGridCreateMatrix(const HeatGrid *grid, Mat *A);

/** Return the x coordinate [m] of the cell centres of column i, a global index. */
static inline PetscReal HeatGridX(const HeatGrid *g, PetscInt i)
{
  return g->x0 + ((PetscReal)i + 0.5) * g->hx;
}

/** Return the y coordinate [m] of the cell centres of row j, a global index. */
static inline PetscReal HeatGridY(const HeatGrid *g, PetscInt j)
{
  return g->y0 + ((PetscReal)j + 0.5) * g->hy;
}

/** Return this rank's number of cells, nxl nyl. */
static inline size_t HeatGridLocalCells(const HeatGrid *g)
{
  return (size_t)g->nxl * (size_t)g->nyl;
}

#endif
