/** The grid and who owns what.
 *
 *  nx x ny cells, T[j][i], x fastest, uniform spacing.  The cells are cut into px x py blocks, one
 *  a rank, px*py = ranks, whole rows and columns of cells.  A DMDA (one value a cell, star stencil
 *  of width one) carries the layout to PETSc; the same ownership is repeated here as plain data for
 *  everybody else.  Ranks of grid->comm are a permutation of those of the communicator it was made
 *  from, such that each node owns a compact rectangle of blocks where the numbers allow it; rank 0
 *  stays rank 0.
 */
#ifndef HEAT_SOLVER_GRID_H
#define HEAT_SOLVER_GRID_H

#include <petscdmda.h>

#include "solver/case/case.h"

typedef struct {
  MPI_Comm    comm;       /* owned; rank = py_index * px + px_index */
  MPI_Comm    row_comm;   /* owned: the ranks of this row of blocks, in order of x */
  PetscMPIInt rank, size; /* in comm */
  PetscInt    n_nodes;    /* shared-memory domains */
  DM          da;         /* owned */

  PetscInt  nx, ny;      /* cells */
  PetscReal x0, y0;      /* [m] lower left corner */
  PetscReal hx, hy;      /* [m] spacing */
  PetscBool periodic[2]; /* in x, in y */

  PetscInt    px, py;                /* blocks in x and y */
  PetscInt    ip, jp;                /* this rank's block */
  PetscInt   *x_start;               /* owned [px+1]: first column of each block column, then nx */
  PetscInt   *y_start;               /* owned [py+1]: likewise rows */
  PetscInt    xs, ys;                /* first own cell */
  PetscInt    nxl, nyl;              /* own cells in x and y, each >= 1 */
  PetscMPIInt neighbour[HEAT_SIDES]; /* rank beyond each side, MPI_PROC_NULL at the boundary */
  PetscBool   boundary[HEAT_SIDES];  /* this block touches that side of the domain */
  PetscBool   off_node[HEAT_SIDES];  /* the neighbour beyond that side is on another node */

  PetscInt   messages_between, messages_within; /* of one halo exchange, all ranks: nodes, node */
  PetscInt64 bytes_between, bytes_within;       /* likewise, fp64, one cell deep */
  PetscInt   cells_min, cells_max;              /* over ranks */
} HeatGrid;

/** The process grid with the least halo traffic: between nodes first, then in all.
 *  @param[in]  nx, ny       cells
 *  @param[in]  size         ranks
 *  @param[in]  per_node     ranks on each node; 0 when nodes differ or the mapping is linear
 *  @param[out] px, py       blocks; px <= nx and py <= ny, or 0 0 when no factorisation fits
 *  @param[out] node_px, node_py  blocks of one node; 1 1 when per_node is 0 or does not tile */
void HeatGridChooseProcesses(PetscInt nx, PetscInt ny, const PetscBool periodic[2], PetscInt size,
                             PetscInt per_node, PetscInt *px, PetscInt *py, PetscInt *node_px,
                             PetscInt *node_py);

/** Collective on comm.  Errors: HEAT_ERR_INPUT when no decomposition fits.  Owned by the caller. */
PetscErrorCode HeatGridCreate(MPI_Comm comm, const HeatCase *c, HeatGrid **grid);

/** Collective; *grid may be NULL. */
PetscErrorCode HeatGridDestroy(HeatGrid **grid);

static inline PetscReal HeatGridX(const HeatGrid *g, PetscInt i)
{
  return g->x0 + ((PetscReal)i + 0.5) * g->hx;
}
static inline PetscReal HeatGridY(const HeatGrid *g, PetscInt j)
{
  return g->y0 + ((PetscReal)j + 0.5) * g->hy;
}
static inline size_t HeatGridLocalCells(const HeatGrid *g)
{
  return (size_t)g->nxl * (size_t)g->nyl;
}

#endif
