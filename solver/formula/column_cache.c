/* The cache of results that depend on x and t only (column_cache.h).  A result is worth keeping if
 * it costs several times the comparison of x, which costs about one addition. */
#include "solver/formula/column_cache.h"

#include <string.h>

/* Costs in additions, roughly as measured (tests/benchmark/bench_formula.c): functions and powers
   some 20, divisions and square roots 4.  Chosen: the least cost worth keeping, and the cost above
   which no more is added up. */
enum { WORTH_KEEPING = 8, OF_FUNCTION = 20, OF_DIVISION = 4, ENOUGH = 1000 };

/* Return whether an entry depends on x, or on x and t, alone: a column entry. */
static PetscBool IsOfColumns(const HeatListed *e)
{
  return (e->variables & HEAT_VAR_X) && !(e->variables & (HEAT_VAR_Y | HEAT_VAR_TEMPERATURE))
             ? PETSC_TRUE
             : PETSC_FALSE;
}

static int CostOf(HeatOp op)
{
  if (op <= HEAT_OP_TEMPERATURE) return 0;
  if (op == HEAT_OP_DIVIDE || op == HEAT_OP_SQRT) return OF_DIVISION;
  return op == HEAT_OP_POWER || (op >= HEAT_OP_SIN && op <= HEAT_OP_LOG2) ? OF_FUNCTION : 1;
}

/* Store the cost of each column entry with all entries on which it depends; 0 for other entries. */
static void AddUpCosts(const HeatOperations *list, int *cost)
{
  for (int k = 0; k < list->n; k++) {
    const HeatListed *e = &list->entries[k];

    cost[k] = IsOfColumns(e) ? CostOf(e->op) : 0;
    for (int i = 0; i < 3; i++)
      if (cost[k] && e->operand[i] >= 0) cost[k] += cost[e->operand[i]];
    cost[k] = PetscMin(cost[k], ENOUGH);
  }
}

/* Mark an entry if it is the value or the slope, or if an entry that is no column entry reads
   it. */
static void FindLeaves(const HeatOperations *list, PetscBool *leaf)
{
  for (int k = 0; k < list->n; k++) {
    for (int i = 0; i < 3 && !IsOfColumns(&list->entries[k]); i++)
      if (list->entries[k].operand[i] >= 0) leaf[list->entries[k].operand[i]] = PETSC_TRUE;
  }
  leaf[list->value] = PETSC_TRUE;
  if (list->slope >= 0) leaf[list->slope] = PETSC_TRUE;
}

/* Mark the entries that need not be evaluated if the results are known. */
static void FindSkipped(const HeatOperations *list, HeatColumnCache *cache)
{
  for (int k = 0; k < list->n; k++) cache->skipped[k] = PETSC_TRUE;
  cache->skipped[list->value] = PETSC_FALSE;
  if (list->slope >= 0) cache->skipped[list->slope] = PETSC_FALSE;
  for (int k = list->n - 1; k >= 0; k--) {
    if (cache->result[k] >= 0) cache->skipped[k] = PETSC_TRUE;
    for (int i = 0; i < 3 && !cache->skipped[k]; i++)
      if (list->entries[k].operand[i] >= 0)
        cache->skipped[list->entries[k].operand[i]] = PETSC_FALSE;
  }
}

PetscErrorCode HeatColumnCacheCreate(const HeatOperations *list, int piece, HeatColumnCache *cache)
{
  int       *cost;
  PetscBool *leaf;

  PetscFunctionBeginUser;
  *cache = (HeatColumnCache){.piece = piece};
  PetscCall(PetscMalloc2((size_t)list->n, &cost, (size_t)list->n, &leaf));
  PetscCall(PetscMalloc1((size_t)list->n, &cache->result));
  PetscCall(PetscMalloc1((size_t)list->n, &cache->skipped));
  PetscCall(PetscArrayzero(leaf, (size_t)list->n));
  AddUpCosts(list, cost);
  FindLeaves(list, leaf);
  for (int k = 0; k < list->n; k++) {
    cache->result[k] = -1;
    if (k >= list->n_value || !leaf[k] || cost[k] < WORTH_KEEPING) continue;
    if (cache->n_results == HEAT_COLUMN_RESULTS) continue;
    cache->result[k] = cache->n_results++;
    if (list->entries[k].variables & HEAT_VAR_TIME) cache->of_t = PETSC_TRUE;
  }
  FindSkipped(list, cache);
  PetscCall(PetscFree2(cost, leaf));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatColumnCacheDestroy(HeatColumnCache *cache)
{
  PetscFunctionBeginUser;
  for (int s = 0; s <= HEAT_COLUMN_SLOTS; s++) PetscCall(PetscFree(cache->slots[s].values));
  PetscCall(PetscFree(cache->result));
  PetscCall(PetscFree(cache->skipped));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatColumnCacheOpen(HeatColumnCache *cache, PetscInt number, int n,
                                   const PetscReal *x, PetscReal t, HeatColumnSlot **slot,
                                   PetscBool *known)
{
  HeatColumnSlot *s = &cache->slots[PetscMin(number, (PetscInt)HEAT_COLUMN_SLOTS)];

  PetscFunctionBeginUser;
  *slot = s;
  if (!s->values)
    PetscCall(PetscMalloc1((size_t)(1 + cache->n_results) * (size_t)cache->piece, &s->values));
  *known = s->n == n && (!cache->of_t || s->t == t) &&
                   memcmp(s->values, x, (size_t)n * sizeof *x) == 0
               ? PETSC_TRUE
               : PETSC_FALSE;
  if (*known || number >= HEAT_COLUMN_SLOTS) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArraycpy(s->values, x, (size_t)n));
  s->t = t;
  s->n = n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscReal *HeatColumnCacheResult(const HeatColumnCache *cache, const HeatColumnSlot *slot,
                                 int result)
{
  return slot->values + (size_t)(1 + result) * (size_t)cache->piece;
}
