/** Internals of the sweep, shared by wavefront.c and wavefront_setup.c and included nowhere else.
 *  The head of wavefront.c draws tiles, steps and seams. */
#ifndef HEAT_SOLVER_WAVEFRONT_IMPL_H
#define HEAT_SOLVER_WAVEFRONT_IMPL_H

#include "solver/operator/wavefront.h"

/* [doubles] One line of the cache, 64 bytes, and one vector of 512 bits. */
enum { LANES = 8 };

/* [columns] Width of the seam: S + 1 columns are read, rounded up to whole lines. */
enum { SEAM = 2 * LANES };

/* [rows] Rows kept of each step, as drawn at the head of wavefront.c: two new, two old. */
enum { RING = 4 };

/** The coefficients of one row of cells of a tile.  Columns are counted from HeatWavefrontSpanLeft,
 *  the leftmost column that the tile has in any step; span is W + S depth.  All cells in columns
 *  [begin, end) have the same coefficients, gx0, gy0, r0, q0. */
typedef struct {
  const PetscReal *gx; /* [span + 1] conductance of west faces, and the last east face [W/(m K)] */
  const PetscReal *gy; /* [span] conductance of south faces [W/(m K)] */
  const PetscReal *r;  /* [span] dt/C [m K/W]; NULL with PLAIN, which reads r0 */
  const PetscReal *q;  /* [span] sources and prescribed fluxes [W/m]; NULL unless SOURCES */
  PetscReal        gx0, gy0, r0, q0; /* values of column `begin` */
  PetscInt         begin, end;       /* the longest run of cells with equal coefficients */
} HeatWavefrontRow;

/** The kernel of a block: the first of these that fits all rows of its frame.  Each one reads one
 *  array more than the one before it. */
typedef enum {
  PLAIN,      /* no sources, and C is the same along each row */
  CAPACITIES, /* no sources */
  SOURCES
} HeatWavefrontKernel;

/** Layout of the ring, and of the two rows after it.  A row begins at a cache line, SEAM columns
   before the tile's first column; pitch is an odd number of lines.

       |<-- SEAM -->|<------------ width ------------->|<- LANES ->|<- padding: 0 or LANES ->|
        seam of the    columns of the tile at step l    one column
        tile before                                     beyond the domain's right side

       ring[l][f % RING]: row f of step l;    then zero_row;    then discard_rows[0], [1] */
struct HeatWavefront {
  HeatFrame           frame; /* by value; its grid is borrowed */
  HeatWavefrontKernel kernel;
  PetscInt            width; /* W [columns]; with one tile, the frame's width rounded up to LANES */
  PetscInt            skew;  /* S [columns]; 0 with one tile */
  PetscInt            tiles; /* number of tiles */
  PetscInt            span;  /* W + S depth [columns]: those of a tile over all steps */
  HeatWavefrontRow   *rows;  /* [tiles][frame.ny + 1]; owned, like everything below */
  PetscReal         **slabs; /* [n_slabs] allocations that the rows point into */
  PetscInt            n_slabs;
  size_t              slab, used; /* size of the last slab, and the part in use [doubles] */
  PetscReal          *memory;     /* allocation that the next three point into */
  PetscReal          *ring;       /* [depth][RING][pitch] temperatures [K] */
  PetscReal *zero_row;     /* [pitch] zeros: an input row beyond the frame, from which no own cell
                               is computed */
  PetscReal *discard_rows; /* [2][pitch] output rows whose values are not needed */
  size_t     pitch;        /* [doubles] from one row to the next */
  PetscReal *seam;         /* [depth][frame.ny][SEAM] temperatures [K]; NULL with one tile */
};

/** Return the leftmost column of a tile over all steps, which may lie left of the frame. */
static inline PetscInt HeatWavefrontSpanLeft(const HeatWavefront *w, PetscInt tile)
{
  return tile * w->width - w->skew * w->frame.depth;
}

#endif
