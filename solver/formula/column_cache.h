/** Results of a formula that depend on x and t only, kept from row to row.
 *
 *  All rows of a grid have equal x.  A costly part of a formula that depends on x, or on x and t,
 *  such as sin(pi*x), is evaluated in the first row.  Later rows compare x and t and use the kept
 *  result.  The cache holds pieces of a row, one in each of a limited number of slots:
 *
 *      slot  | x: `piece` values | result 0: `piece` values | result 1 | ...
 *
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_FORMULA_COLUMN_CACHE_H
#define HEAT_SOLVER_FORMULA_COLUMN_CACHE_H

#include "solver/formula/operations.h"

/** The numbers of slots and of results that are kept.  Chosen: 32 slots cover 8192 columns in
 *  pieces of 256, and a formula keeps about 320 KiB, which is a part of a second-level cache. */
enum { HEAT_COLUMN_SLOTS = 32, HEAT_COLUMN_RESULTS = 4 };

/** The x and the results of one piece of a row, drawn above. */
typedef struct {
  PetscReal *values; /* owned; NULL: not used so far */
  PetscReal  t;      /* [s] time of the results */
  int        n;      /* number of columns; 0: no results are kept */
} HeatColumnSlot;

/** The cache of one formula.  Destroy it with HeatColumnCacheDestroy. */
typedef struct {
  int            piece;     /* most columns of a slot */
  int            n_results; /* number of results that are kept */
  PetscBool      of_t;      /* some result depends on t */
  int           *result;    /* owned [list n]: number of an entry among the results; -1: none */
  PetscBool     *skipped;   /* owned [list n]: the entry is not needed if the results are known */
  HeatColumnSlot slots[HEAT_COLUMN_SLOTS + 1]; /* all pieces beyond the slots use the last one,
                                                  which keeps nothing */
} HeatColumnCache;

/** Choose the results that are kept: the first HEAT_COLUMN_RESULTS that are worth it.
 *  @param[in] piece  most columns of a slot */
PetscErrorCode HeatColumnCacheCreate(const HeatOperations *list, int piece, HeatColumnCache *cache);

/** Free what the cache owns. */
PetscErrorCode HeatColumnCacheDestroy(HeatColumnCache *cache);

/** Return the slot of piece number `number` of a row.
 *  @param[in]  x      [n] coordinates of the piece
 *  @param[out] known  true: the slot holds the results at x and t; false: the caller must evaluate
 *                     them into the arrays of HeatColumnCacheResult */
PetscErrorCode HeatColumnCacheOpen(HeatColumnCache *cache, PetscInt number, int n,
                                   const PetscReal *x, PetscReal t, HeatColumnSlot **slot,
                                   PetscBool *known);

/** Return the array of a result in a slot. */
PetscReal *HeatColumnCacheResult(const HeatColumnCache *cache, const HeatColumnSlot *slot,
                                 int result);

#endif
