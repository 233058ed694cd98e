/** Results of a formula that depend on x and t only, kept from row to row.
 *
 *  Rows of a grid have the same x.  A part of a formula that depends on x, or on x and t, and is
 *  costly (sin(pi*x)) is evaluated in the first row and found again in the next ones by comparing
 *  x and t.  The cache holds pieces of a row, one in each of a limited number of slots:
 *
 *      slot  | x: `piece` values | result 0: `piece` values | result 1 | ...
 *
 *  Nothing here is collective. */
#ifndef HEAT_SOLVER_FORMULA_COLUMN_CACHE_H
#define HEAT_SOLVER_FORMULA_COLUMN_CACHE_H

#include "solver/formula/operations.h"

/** Slots, which cover 8192 columns in pieces of 256, and results that are kept.  Chosen: a formula
 *  keeps at most 320 KiB, which is a part of a second-level cache. */
enum { HEAT_COLUMN_SLOTS = 32, HEAT_COLUMN_RESULTS = 4 };

typedef struct {
  PetscReal *values; /* owned; NULL: never used */
  PetscReal  t;
  int        n; /* columns; 0: nothing is known */
} HeatColumnSlot;

/** Owned: HeatColumnCacheDestroy. */
typedef struct {
  int            piece; /* most columns of a slot */
  int            n_results;
  PetscBool      of_t;    /* some result depends on t */
  int           *result;  /* owned [list n]: which result an entry of the list is; -1: none */
  PetscBool     *skipped; /* owned [list n]: not needed where the results are known */
  HeatColumnSlot slots[HEAT_COLUMN_SLOTS + 1]; /* the last one is for further pieces, and keeps
                                                  nothing */
} HeatColumnCache;

/** Choose the results that are worth keeping. */
PetscErrorCode HeatColumnCacheCreate(const HeatOperations *list, int piece, HeatColumnCache *cache);
PetscErrorCode HeatColumnCacheDestroy(HeatColumnCache *cache);

/** Open the slot of piece number `number` of a row.
 *  @param[out] known  the slot holds the results at x[n] and t; else the caller stores them in
 *                     HeatColumnCacheResult */
PetscErrorCode HeatColumnCacheOpen(HeatColumnCache *cache, PetscInt number, int n,
                                   const PetscReal *x, PetscReal t, HeatColumnSlot **slot,
                                   PetscBool *known);

/** Return the array of a result in an open slot. */
PetscReal *HeatColumnCacheResult(const HeatColumnCache *cache, const HeatColumnSlot *slot,
                                 int result);

#endif
