/** Windows of the committed fields (window.h). */
#include "app/bench/window.h"

#include <stdio.h>
#include <string.h>

const char *const HeatBenchProblemNames[HEAT_BENCH_PROBLEMS] = {"modes", "field", "last"};

int HeatWindowsOf(HeatBenchProblemKind problem, uint32_t cycle)
{
  return problem == HEAT_BENCH_PROBLEM_FIELD ? HeatBenchWindows(cycle) : HEAT_BENCH_WINDOWS;
}

PetscInt64 HeatPieces(const HeatBenchId *id)
{
  return (id->size->cells + HEAT_PIECE - 1) / HEAT_PIECE;
}

int HeatPieceCells(const HeatBenchId *id, PetscInt64 piece)
{
  return (int)PetscMin(HEAT_PIECE, id->size->cells - piece * HEAT_PIECE);
}

/* Return 64 bits of a hash, from byte `skip` on. */
static uint64_t Bits(const HeatHash *hash, int skip)
{
  uint64_t bits = 0;

  for (int k = 0; k < 8; k++) bits |= (uint64_t)hash->byte[skip + k] << (8 * k);
  return bits;
}

/* Add the window's two pieces of row `row` of a field, unless the row is outside of the grid. */
static void AddRow(const HeatBenchId *id, HeatWindow *w, int field, PetscInt64 row)
{
  if (row < 0 || row >= id->size->cells) return;
  for (PetscInt64 p = w->piece; p <= w->piece + 1 && p < HeatPieces(id); p++)
    w->pieces[w->n++] = (HeatPiece){field, row, p};
}

PetscErrorCode HeatWindowDraw(const HeatBenchId *id, const HeatCommitment *c, int k, HeatWindow *w)
{
  const PetscInt64 choices = PetscMax(1, HeatPieces(id) - 1);
  char             text[256], before[HEAT_HASH_TEXT], after[HEAT_HASH_TEXT];
  HeatHash         drawn;

  PetscFunctionBeginUser;
  (void)snprintf(text, sizeof text, "heat2d window %d %016llx %d %u %s %s %d", HEAT_BENCH_VERSION,
                 (unsigned long long)id->nonce, (int)c->problem, c->cycle,
                 HeatHashText(&c->root[HEAT_BEFORE], before),
                 HeatHashText(&c->root[HEAT_AFTER], after), k);
  PetscCall(HeatHashBytes(strlen(text), text, &drawn));
  w->n     = 0;
  w->row   = (PetscInt64)(Bits(&drawn, 0) % (uint64_t)id->size->cells);
  w->piece = (PetscInt64)(Bits(&drawn, 8) % (uint64_t)choices);
  if (c->problem != HEAT_BENCH_PROBLEM_FIELD) {
    AddRow(id, w, HEAT_AFTER, w->row);
  } else {
    const int stencil = id->workload == HEAT_BENCH_EXPLICIT ? HEAT_BEFORE : HEAT_AFTER;

    for (PetscInt64 row = w->row - 1; row <= w->row + 1; row++) AddRow(id, w, stencil, row);
    AddRow(id, w, stencil == HEAT_AFTER ? HEAT_BEFORE : HEAT_AFTER, w->row);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}
