/** The internals of the multigrid: levels, their halos and their coefficients.  Shared by the files
 *  multigrid*.c; other files use multigrid.h. */
#ifndef HEAT_SOLVER_MULTIGRID_IMPL_H
#define HEAT_SOLVER_MULTIGRID_IMPL_H

#include "solver/multigrid/level_joins.h"
#include "solver/multigrid/level_kernels.h"
#include "solver/multigrid/level_transfer.h"
#include "solver/multigrid/multigrid.h"

/** The rows of a coefficient, by pointer.  A row that equals the row below it is the same row in
 *  memory, so that layers and homogeneous parts are read from a cache.
 *
 *      row[0]         row all.lo[1] - 1, below the halo: no cells
 *      row[1] ...     rows all.lo[1] to all.hi[1] - 1
 *      row[n - 2]     row all.hi[1], above the halo: no cells
 *      row[n - 1]     repeats row[n - 2]: rows j + 1 and j + 2 exist for every row j of the halo
 */
typedef struct {
  float        *array; /* all rows, in the shape of the level; borrowed from the level's memory */
  const float **row;   /* owned [n], n = all.hi[1] - all.lo[1] + 3 */
} HeatRows;

enum {
  /* Rows whose diagonals are kept.  Derived: a power of two, for the index j mod HEAT_DIAGONALS,
     and at least HEAT_HALF_SWEEPS + 1, the number of rows on which a wave works at a time. */
  HEAT_DIAGONALS = 2 * HEAT_HALF_SWEEPS
};

/** The diagonals m + sum g of the rows on which a wave works (multigrid_cycle.c).  The diagonal of
 *  a row is computed when the wave reaches the row.  A row with the coefficients of the row before
 *  it shares that row's diagonal. */
typedef struct {
  float       *slot[HEAT_DIAGONALS]; /* memory for a row each: even columns, then odd columns */
  void        *memory;               /* owned: the memory of the slots */
  int          latest;               /* the slot that was filled last */
  HeatHalfRow  coefficients;         /* from which the latest slot was computed */
  const float *row[HEAT_DIAGONALS];  /* the diagonal of row j, at index j mod HEAT_DIAGONALS */
} HeatDiagonals;

/** Working memory of interpolation between a level and the next one (multigrid_interpolation.c).
 *  All half rows have room for one place more at either end. */
typedef struct {
  /* Coarse row J has the line with index J mod 3.  Restriction: sums of residuals, by parity of
     columns if columns are not joined.  Correction: the values of the row, in line[J mod 3][0]. */
  float       *line[3][2];
  PetscInt     held[3];        /* in correction: the coarse row whose values a line holds */
  float       *weight[2][2];   /* [axis][parity of columns]: the weights computed last */
  const float *from[2][3];     /* [parity] the rows of gy from which weight[1] was computed */
  const float *from_x[2];      /* [parity] the row of gx from which weight[0] was computed */
  float       *residual, *far; /* residual of the present row; its part for the coarse row beside */
  float       *part;           /* scratch of HeatRestrictAlong */
  void        *memory;         /* owned: of all half rows */
} HeatInterpolation;

/** A level.  Its equations are solved on the distribution d.  The ranks of the finer level store
 *  its right-hand side, and read its correction, at its landing: the coarsened distribution of the
 *  finer level.  Where the landing has thin blocks, d joins them on fewer ranks (agglomeration):
 *
 *      finer level: d               this level: landing_d      this level: d
 *      +---+---+---+---+            +---+---+---+---+          +-------+-------+
 *      | 0 | 1 | 2 | 3 |  restrict  | 0 | 1 | 2 | 3 |  gather  |       |       |
 *      +---+---+---+---+  ------->  +---+---+---+---+  ----->  |   0   |   2   |    numbers are
 *      | 4 | 5 | 6 | 7 |  <-------  | 4 | 5 | 6 | 7 |  <-----  |       |       |    ranks
 *      +---+---+---+---+  correct   +---+---+---+---+  scatter +-------+-------+
 *        residual, u             landing_b, landing_u            b, u
 *
 *  Without agglomeration both distributions are equal and the landing's arrays are b and u; gather
 *  then fills the halo of b, and scatter the halo of u. */
typedef struct {
  HeatDistribution d;        /* where the level's equations are solved */
  HeatLevelShape   s;        /* of this rank's arrays on d, with HEAT_HALO */
  float           *u, *b;    /* solution and right-hand side, scaled */
  HeatRows         gx, gy;   /* conductances towards the west and the south, scaled */
  HeatRows         m;        /* masses, with the sides' conductances, scaled */
  void            *memory;   /* owned: of these arrays */
  PetscBool        stepwise; /* half-sweeps go one by one, not as a wave: round a periodic axis with
                                an odd number of cells, two cells of one colour are neighbours */
  PetscBool        joins[2]; /* whether a cell of the next level joins two cells along x, y */
  PetscBool        coarsest; /* joins along neither axis */
  PetscBool        interpolates; /* transfers to and from the next level interpolate, and its
                                    coefficients are projected; else piecewise constants */
  HeatInterpolation interpolation;
  float            *line[2]; /* owned: half rows; sums of residuals in restriction, interleaved
                                coarse values in correction */
  HeatDiagonals     diagonals;
  const float      *prefetched[2]; /* arrays besides u and b that the HeatRowAction of HeatLevelDown
                                     reads, to be prefetched; borrowed; NULL: none */

  PetscBool        moved;                 /* d has fewer blocks than the landing */
  HeatDistribution landing_d;             /* where the finer level's ranks store b and read u */
  HeatLevelShape   landing_s;             /* of this rank's arrays on landing_d, with HEAT_HALO */
  float           *landing_u, *landing_b; /* u and b unless moved */
  void            *landing_memory;        /* owned: of these two arrays, if moved */
  HeatTransfer    *gather;  /* landing to level, HEAT_HALO; owned if moved, else it is `halo` */
  HeatTransfer    *halo;    /* owned: within the level, HEAT_HALO */
  HeatTransfer    *scatter; /* owned: level to landing, HEAT_COARSE_HALO */
} HeatLevel;

/** The coefficients of one row in double precision.  Consecutive rows with equal coefficients, in
 *  layers and homogeneous parts, are updated from it (HeatUpdateResidualWide). */
typedef struct {
  double   *row[HEAT_ROW_COEFFICIENTS];  /* owned; NULL: rows are too long for a cache */
  HeatPair  held[HEAT_ROW_COEFFICIENTS]; /* the coefficients that `row` holds, if filled */
  HeatPair  last[HEAT_ROW_COEFFICIENTS]; /* the coefficients of the row that was updated last */
  PetscBool filled;
} HeatWideRow;

/** The sums of conjugate gradients over the finest level: ||r||^2, (r, z), (z, A z). */
typedef enum { HEAT_SUM_SQUARES, HEAT_SUM_RZ, HEAT_SUM_ZAZ, HEAT_SUM_COUNT } HeatSum;

/** The predictions of these sums, scaled (multigrid_sums.c). */
typedef struct {
  PetscReal squares;                  /* the last ||r||^2; 0 before the first */
  PetscReal fall;                     /* the factor from the one before it to the last ||r||^2 */
  PetscReal expected[HEAT_SUM_COUNT]; /* the next ||r||^2, sum of |terms of (r, z)|, (z, A z) */
  PetscBool postponed;                /* ||r||^2 is to be reduced together with the products */
  PetscReal part;                     /* this rank's terms of ||r||^2, if postponed */
} HeatSums;

/** The multigrid.  Its equations are scaled by powers of two, which change no bit: in its arrays A
 *  stands for A 2^scale_A, r for r 2^scale_b, and therefore z for z 2^(scale_b - scale_A). */
struct HeatMultigrid {
  HeatOperator *op;                      /* borrowed */
  MPI_Comm      comm;                    /* the grid's, borrowed */
  int           visits;                  /* of each coarse level in a cycle: 1 (V) or 2 (W) */
  PetscBool     rough;                   /* the conductances call for interpolation */
  PetscInt      n_levels;                /* levels in use */
  PetscInt      n_made;                  /* levels with arrays, of this set-up or an earlier one */
  HeatLevel     levels[HEAT_MAX_LEVELS]; /* the finest first: z is its u, r's high half its b */

  /* Of the finest level alone. */
  float    *r_low;                 /* low half of r; borrowed from the level's memory */
  float    *p;                     /* search direction; borrowed from the level's memory */
  float    *zeros;                 /* owned: a half row of zeros */
  HeatRows  gx_low, gy_low, m_low; /* low halves of the coefficients */
  int       scale_A, scale_b;      /* exponents of the scaling */
  PetscReal sixteenths;            /* this rank's part of the bound, during a set-up */
  float     least_mass;            /* lower bound on the mass of a level of one cell, scaled */
  PetscReal least_eigenvalue;      /* of A, scaled: an estimate */

  HeatWideRow wide;

  /* Conjugate gradients. */
  PetscBool pending; /* alpha p is still to be added to x */
  PetscReal alpha;   /* of the last update */
  HeatSums  sums;

  HeatLayoutTraffic past[HEAT_TRAFFIC_KINDS]; /* predicted traffic of levels that were freed */
};

/** Return the rows [lo, hi) within `depth` cells of the own cells, clipped to the halo. */
static inline void HeatLevelRows(const HeatLevel *l, PetscInt depth, PetscInt *lo, PetscInt *hi)
{
  *lo = PetscMax(l->s.own.lo[1] - depth, l->s.all.lo[1]);
  *hi = PetscMin(l->s.own.hi[1] + depth, l->s.all.hi[1]);
}

/** Return row j of a coefficient, at its even columns; all.lo[1] - 1 <= j <= all.hi[1] + 1. */
static inline const float *HeatRowsAt(const HeatRows *rows, const HeatLevel *l, PetscInt j)
{
  return rows->row[j - l->s.all.lo[1] + 1];
}

/** Describe the half row of row j with the given parity of columns; its diagonal is left NULL. */
void HeatLevelHalfRow(const HeatLevel *l, PetscInt j, int parity, HeatHalfRow *r);

/** Return the position of the pair of columns that holds the first own cell of row j, in the row's
 *  even columns. */
static inline size_t HeatLevelFirstPair(const HeatLevel *l, PetscInt j)
{
  return HeatLevelShapeRow(&l->s, j) + (size_t)((l->s.own.lo[0] - l->s.origin) >> 1);
}

/** What a pass does to row j, before the first or after the last half-sweep.  It is called in the
 *  order of rows. */
typedef PetscErrorCode (*HeatRowAction)(PetscInt j, void *context);

/** Do the first half of a cycle on a level: half-sweeps, and restriction of the residual to the
 *  landing of `coarse`.  Not collective, unless the level is stepwise.
 *  @param[in] coarse     the next level; NULL: this level is the coarsest, only smooth
 *  @param[in] from_zero  start from u = 0 and ignore what u holds
 *  @param[in] prepare    called for each row within HEAT_DOWN_DEPTH before its first half-sweep;
 *                        may be NULL */
PetscErrorCode HeatLevelDown(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero,
                             HeatRowAction prepare, void *context);

/** Do the second half of a cycle on a level: correction from the landing of `coarse`, and
 *  half-sweeps.  Not collective, unless the level is stepwise.
 *  @param[in] coarse  the next level; NULL: this level is the coarsest, only smooth
 *  @param[in] finish  called for each row within one cell of the own cells after its last
 *                     half-sweep; may be NULL */
PetscErrorCode HeatLevelUp(HeatLevel *l, const HeatLevel *coarse, HeatRowAction finish,
                           void *context);

/** Do a cycle on all levels below the finest, from b of the landing of level 1 to u of its landing;
 *  nothing where the finest level is the only one.  Collective. */
PetscErrorCode HeatMultigridCycleCoarse(HeatMultigrid *mg);

/** Choose the power of two, 2^scale_b, that brings the largest |b| to about 2^20.  Not collective.
 *  @param[in] largest  max |b| over all ranks; 1 is chosen if it is 0 or infinite */
void HeatMultigridSetScale(HeatMultigrid *mg, PetscReal largest);

/** Store b 2^scale_b as a pair, b of the finest level and r_low, on own cells.  Not collective. */
PetscErrorCode HeatMultigridLoadScaled(HeatMultigrid *mg, const PetscReal *b);

/** Free level `first` and all coarser ones; with first = 0 also what the finest level alone has. */
PetscErrorCode HeatMultigridClear(HeatMultigrid *mg, PetscInt first);

#endif
