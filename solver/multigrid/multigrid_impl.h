/** The multigrid's inside, shared by multigrid*.c and by no others. */
#ifndef HEAT_SOLVER_MULTIGRID_IMPL_H
#define HEAT_SOLVER_MULTIGRID_IMPL_H

#include "solver/multigrid/level_kernels.h"
#include "solver/multigrid/level_transfer.h"
#include "solver/multigrid/multigrid.h"

/** A sweep is a half-sweep a colour; a cycle smooths with as many half-sweeps before as after, in the opposite
 *  order, so that it is symmetric. */
enum {
  HEAT_HALF_SWEEPS = 4, /* two sweeps */
  HEAT_MAX_LEVELS  = 64
};

/** How deep around the own cells things are valid, so that a level needs one exchange of b and one
 *  of the coarser correction: each half-sweep costs one cell. */
enum {
  HEAT_UP_DEPTH    = HEAT_HALF_SWEEPS + 1, /* of u when post-smoothing begins: one deep is left */
  HEAT_DOWN_DEPTH  = HEAT_UP_DEPTH + HEAT_HALF_SWEEPS - 1, /* of b, and of the first half-sweep */
  HEAT_HALO        = HEAT_DOWN_DEPTH + 1,                  /* of coefficients, and of z and p */
  HEAT_COARSE_HALO = HEAT_UP_DEPTH /* of the correction, where the level below has the same rows */
};

/** Rows of a coefficient, by pointer: equal rows that follow one another are one in memory, so that
 *  layered and homogeneous parts are read from a cache.  Index 0 is one row before the halo; the
 *  last, the second one after it, stands for the first. */
typedef struct {
  float        *array; /* [shape] */
  const float **row;   /* owned */
} HeatRows;

enum {
  HEAT_DIAGONALS = 2 * HEAT_HALF_SWEEPS /* more than there are rows in a wave */
};

/** Diagonals of the rows that a wave is at: made when it comes to a row, and shared by rows
 *  with the same coefficients. */
typedef struct {
  float       *slot[HEAT_DIAGONALS]; /* a row each */
  void        *memory;               /* owned: of these */
  int          latest;               /* the slot of the last row */
  HeatHalfRow  coefficients;         /* its coefficients */
  const float *row[HEAT_DIAGONALS];  /* of row j, at j mod HEAT_DIAGONALS */
} HeatDiagonals;

typedef struct {
  HeatDistribution d; /* where its equations are solved */
  HeatLevelShape   s;
  float           *u, *b;
  HeatRows         gx, gy, m;
  void            *memory;   /* owned: of these arrays */
  PetscBool        stepwise; /* colours meet themselves round an odd periodic axis */
  PetscBool        joins[2]; /* towards the next level */
  PetscBool        coarsest;
  float           *line[2]; /* owned: rows for restriction and correction */
  HeatDiagonals    diagonals;
  const float     *prefetched[2]; /* arrays that come with b on the way down; NULL: none */

  /* Where the finer level's ranks put b and find u: the same arrays, unless the level was
     agglomerated on fewer ranks. */
  PetscBool        moved;
  HeatDistribution landing_d;
  HeatLevelShape   landing_s;
  float           *landing_u, *landing_b;
  void            *landing_memory;
  HeatTransfer    *gather;  /* landing to level, with the whole halo */
  HeatTransfer    *halo;    /* within the level */
  HeatTransfer    *scatter; /* level to landing, with the halo of a correction */
} HeatLevel;

/** A row's coefficients in double precision, for rows that are alike: layers and homogeneous parts. */
typedef struct {
  double   *row[HEAT_ROW_COEFFICIENTS];  /* owned; NULL: rows are too long for a cache */
  HeatPair  held[HEAT_ROW_COEFFICIENTS]; /* what they hold */
  HeatPair  last[HEAT_ROW_COEFFICIENTS]; /* of the row that was updated last */
  PetscBool filled;
} HeatWideRow;

/** The sums of conjugate gradients, and what is predicted for them (multigrid_sums.c). */
typedef enum { HEAT_SUM_SQUARES, HEAT_SUM_RZ, HEAT_SUM_ZAZ, HEAT_SUM_COUNT } HeatSum;

typedef struct {
  PetscReal squares;                  /* last ||r||^2; 0 before the first */
  PetscReal expected[HEAT_SUM_COUNT]; /* predicted ||r||^2, sum of |terms of (r, z)|, (z, A z) */
} HeatSums;

struct HeatMultigrid {
  HeatOperator *op;
  MPI_Comm      comm;
  int           visits;
  PetscInt      n_levels, n_made;        /* in use; with arrays, from this set-up or others */
  HeatLevel     levels[HEAT_MAX_LEVELS]; /* the finest first */

  /* Of the finest level alone. */
  float   *r_low, *p;
  float   *zeros; /* owned, a half row */
  HeatRows gx_low, gy_low, m_low;
  int      scale_A;    /* its matrix is that of the operator times 2^scale_A */
  int      scale_b;    /* r is b times 2^scale_b */
  float    least_mass; /* mass of a level of one cell */

  HeatWideRow wide;

  /* Conjugate gradients. */
  PetscBool pending; /* x lacks alpha p */
  PetscReal alpha;   /* of the last update */
  HeatSums  sums;
};

/** The rows [lo, hi) that are valid `depth` cells around the own ones. */
static inline void HeatLevelRows(const HeatLevel *l, PetscInt depth, PetscInt *lo, PetscInt *hi)
{
  *lo = PetscMax(l->s.own.lo[1] - depth, l->s.all.lo[1]);
  *hi = PetscMin(l->s.own.hi[1] + depth, l->s.all.hi[1]);
}

static inline const float *HeatRowsAt(const HeatRows *rows, const HeatLevel *l, PetscInt j)
{
  return rows->row[j - l->s.all.lo[1] + 1];
}

/** The half row of a parity of columns in row j. */
void HeatLevelHalfRow(const HeatLevel *l, PetscInt j, int parity, HeatHalfRow *r);

/** Return the place of the pair of columns that holds the first own cell of row j. */
static inline size_t HeatLevelFirstPair(const HeatLevel *l, PetscInt j)
{
  return HeatLevelShapeRow(&l->s, j) + (size_t)((l->s.own.lo[0] - l->s.origin) >> 1);
}

/** The first part of a cycle on a level: pre-smoothing and restriction, and in row order before it
 *  whatever `prepare` does to each row (NULL: nothing).  `from_zero`: u is zero, whatever it holds. */
typedef PetscErrorCode (*HeatRowAction)(PetscInt j, void *context);
PetscErrorCode HeatLevelDown(HeatLevel *l, HeatLevel *coarse, PetscBool from_zero,
                             HeatRowAction prepare, void *context);

/** The last part: correction and post-smoothing; in row order after it `finish` on own rows and on
 *  those next to them. */
PetscErrorCode HeatLevelUp(HeatLevel *l, const HeatLevel *coarse, HeatRowAction finish,
                           void *context);

/** All levels from `first` on: b of its landing to u of its landing. */
PetscErrorCode HeatMultigridCycle(HeatMultigrid *mg, PetscInt first);

/** Choose the power of two, 2^scale_b, that brings the largest |b| to about 2^20.  Collective.
 *  @param[in]  b        [nyl][nxl]
 *  @param[out] largest  max |b| over all ranks; infinite where b is not finite */
PetscErrorCode HeatMultigridChooseScale(HeatMultigrid *mg, const PetscReal *b, PetscReal *largest);

/** Store b 2^scale_b as the pair (b of the finest level, r_low), own cells only.  Not collective. */
PetscErrorCode HeatMultigridLoadScaled(HeatMultigrid *mg, const PetscReal *b);

/** Levels from `first` on go. */
PetscErrorCode HeatMultigridClear(HeatMultigrid *mg, PetscInt first);

#endif
