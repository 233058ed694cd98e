/** Where the cells of a multigrid level live: which rank owns which block, and where a cell stands
 *  in a rank's arrays.
 *
 *  A level is distributed like the grid, in blocks that are the product of cuts in x and in y.  A
 *  coarse cell belongs to the rank that owns its first fine cell, so blocks may start anywhere, be
 *  one cell wide, or become empty: a block without cells still has a halo, as the fine cells there
 *  want the coarse ones around them.  Agglomeration joins neighbouring blocks on fewer ranks.
 *
 *  A rank's array holds its own cells and a halo around them (clipped at sides that are not
 *  periodic), in split storage: a row is its cells of even columns, then those of odd columns, so
 *  that the cells of one colour of a checkerboard, and pairs of cells that a coarse cell joins, are
 *  contiguous.  Indices are global ones, below zero or beyond the last in periodic halos.
 */
#ifndef HEAT_SOLVER_LEVEL_LAYOUT_H
#define HEAT_SOLVER_LEVEL_LAYOUT_H

#include "solver/grid/grid.h"

/** Cells lo <= (i, j) < hi. */
typedef struct {
  PetscInt lo[2], hi[2];
} HeatBox;

static inline PetscBool HeatBoxIsEmpty(const HeatBox *b)
{
  return (b->lo[0] >= b->hi[0] || b->lo[1] >= b->hi[1]) ? PETSC_TRUE : PETSC_FALSE;
}

/** Who owns which cells; the same on all ranks but for `place`. */
typedef struct {
  MPI_Comm  comm; /* of the grid, borrowed */
  PetscInt  n[2]; /* cells of the level */
  PetscBool periodic[2];
  PetscInt  parts[2];  /* blocks */
  PetscInt *start[2];  /* owned [parts + 1]: first cell of each block, then n */
  PetscInt  stride[2]; /* block b is on the ranks at b * stride of the grid's blocks */
  PetscInt  columns;   /* of the grid's blocks: rank = row * columns + column */
  PetscInt  place[2];  /* this rank's column and row there */
} HeatDistribution;

/** That of the grid.  Not collective, like all here.  Destroy what these make. */
PetscErrorCode HeatDistributionCreate(const HeatGrid *grid, HeatDistribution *d);
/** Two cells become one along the axes that are chosen. */
PetscErrorCode HeatDistributionCoarsen(const HeatDistribution *fine, const PetscBool along[2],
                                       HeatDistribution *coarse);
/** Two blocks become one along the axes that are chosen, on the rank of the first. */
PetscErrorCode HeatDistributionAgglomerate(const HeatDistribution *d, const PetscBool along[2],
                                           HeatDistribution *fewer);
PetscErrorCode HeatDistributionDestroy(HeatDistribution *d);

/** This rank's cells; empty where it has none, at the place where its block would be. */
HeatBox HeatDistributionOwn(const HeatDistribution *d);

/** The shortest side of any block that is not empty, along an axis. */
PetscInt HeatDistributionThinnest(const HeatDistribution *d, int axis);

/** The rank that has block (a, b). */
static inline PetscMPIInt HeatDistributionRank(const HeatDistribution *d, PetscInt a, PetscInt b)
{
  return (PetscMPIInt)(b * d->stride[1] * d->columns + a * d->stride[0]);
}

enum {
  HEAT_LANES = 16 /* floats of the widest vector: half rows are multiples of it, and as many
                     zeros stand before and after each */
};

/** A rank's arrays of one level. */
typedef struct {
  HeatBox  own, all; /* own cells; with the halo */
  PetscInt origin;   /* even column of the first place of a half row */
  PetscInt half;     /* places of a half row, a multiple of HEAT_LANES; 0: no block here */
  size_t   odd;      /* floats from a row's even columns to its odd ones */
  size_t   row;      /* floats from a row to the next */
  size_t   size;     /* floats of an array: all rows, one more on either side */
} HeatLevelShape;

/** Not collective. */
HeatLevelShape HeatLevelShapeMake(const HeatDistribution *d, PetscInt halo);

/** The first place of row j's even columns; j may be one beyond the halo. */
static inline size_t HeatLevelShapeRow(const HeatLevelShape *s, PetscInt j)
{
  return (size_t)HEAT_LANES + (size_t)(j - s->all.lo[1] + 1) * s->row;
}

/** Place of a cell. */
static inline size_t HeatLevelShapeCell(const HeatLevelShape *s, PetscInt i, PetscInt j)
{
  return HeatLevelShapeRow(s, j) + (size_t)(i & 1) * s->odd + (size_t)((i - s->origin) >> 1);
}

/** The places [begin, end) of the cells of columns [lo, hi) in a half row of the given parity. */
static inline void HeatLevelShapePlaces(const HeatLevelShape *s, PetscInt lo, PetscInt hi,
                                        int parity, PetscInt *begin, PetscInt *end)
{
  *begin = (lo - s->origin + 1 - parity) >> 1;
  *end   = (hi - s->origin + 1 - parity) >> 1;
}

/** n arrays of zeros in one piece of memory; free it with HeatLevelShapeFree.
 *  @param[in]  arrays  where to put their addresses; NULL ones where the rank has no block */
PetscErrorCode HeatLevelShapeAllocate(const HeatLevelShape *s, int n, float **arrays[],
                                      void **memory);
PetscErrorCode HeatLevelShapeFree(void **memory);

#endif
