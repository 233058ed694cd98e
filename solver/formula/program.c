/* A register machine (program.h).  Each entry of the list (operations.h) is, for a piece, of one of
 * three kinds:
 *     uniform   the variables on which it depends are equal at all points: one number, which is
 *               kept until one of these variables changes
 *     variable  x, y or T: the caller's array
 *     array     the result of any other operation: an array in a register of the length of a piece
 *               or, if it depends on x and t only and is costly, in the cache of columns
 * A register is free for another result after the last entry that reads it. */
#if !defined(_GNU_SOURCE)
  #define _GNU_SOURCE 1 /* fegetexcept */
#endif
#include "solver/formula/program.h"

#include <fenv.h>
#include <string.h>

#include "solver/formula/column_cache.h"
#include "solver/formula/derivative.h"
#include "solver/formula/kernels.h"

enum {
  VARIABLES = 4, /* x y t T */
  EVERY     = (1 << VARIABLES) - 1,
  /* Points of a piece.  Chosen: a dozen registers of 2 KiB fit into a first-level cache of 32 KiB,
     and the time to start an operation, some 10 ns, is small against that for 256 points. */
  PIECE = 256,
  /* Most registers of that length.  A formula that needs more, one of thousands of characters, has
     shorter pieces, so that memory is bounded. */
  REGISTERS = 64,
  SHORTEST  = 8, /* least points of a piece; chosen */
  OPERANDS  = 3  /* most operands of an operation */
};

/* `registers`:
 *      | register 0: piece values | register 1 | ... | uniform operand 0 | 1 | 2 | */
struct HeatProgram {
  HeatOperations  list;
  HeatColumnCache columns;
  int             n_registers, piece;
  int            *home;      /* owned [list.n]; register of each entry; -1: none */
  PetscReal      *registers; /* owned [(n_registers + OPERANDS) piece]; NULL: not needed so far */
  PetscReal      *numbers;   /* owned [list.n]; values of uniform entries */
  PetscReal       last[VARIABLES]; /* values of the variables from which `numbers` was computed */
  int             uniform;         /* bits HEAT_VAR_* of the variables with a value in `last` */
  int             n_known;         /* number of entries, from the first, that `numbers` holds */
};

/* The state of the evaluation of one piece. */
typedef struct {
  int              n;
  const PetscReal *given[VARIABLES]; /* [n] or NULL */
  PetscReal        now[VARIABLES];   /* of uniform variables */
  int              uniform, changed; /* bits HEAT_VAR_* of variables: uniform; with a new value */
  HeatColumnSlot  *slot;             /* NULL: no results of columns are needed for this piece */
  PetscBool        known;            /* the slot holds the results of columns */
} Piece;

/* ------- set-up ------- */

/* Return whether an entry is an operation whose result is not in the cache of columns. */
static PetscBool NeedsRegister(const HeatProgram *p, int k)
{
  return p->list.entries[k].op > HEAT_OP_TEMPERATURE && p->columns.result[k] < 0 ? PETSC_TRUE
                                                                                 : PETSC_FALSE;
}

/* Assign registers.  An entry holds its register until the last entry that reads it. */
static PetscErrorCode AssignRegisters(HeatProgram *p)
{
  const HeatOperations *l = &p->list;
  int                  *last, *unused, n_unused = 0;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2((size_t)l->n, &last, (size_t)l->n, &unused));
  for (int k = 0; k < l->n; k++) {
    last[k] = k;
    for (int i = 0; i < OPERANDS; i++)
      if (l->entries[k].operand[i] >= 0) last[l->entries[k].operand[i]] = k;
  }
  last[l->value] = l->n;
  if (l->slope >= 0) last[l->slope] = l->n;
  for (int k = 0; k < l->n; k++) {
    p->home[k] = -1;
    if (NeedsRegister(p, k)) p->home[k] = n_unused ? unused[--n_unused] : p->n_registers++;
    for (int i = 0; i < OPERANDS; i++) {
      const int operand = l->entries[k].operand[i];

      if (operand < 0 || last[operand] != k || p->home[operand] < 0) continue;
      unused[n_unused++] = p->home[operand];
      last[operand]      = -1; /* release it once, also if it is the next operand, too */
    }
  }
  PetscCall(PetscFree2(last, unused));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProgramCreate(const HeatExpressionTree *tree, HeatProgram **program)
{
  HeatProgram *p;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&p));
  PetscCall(HeatOperationsCreate(tree, &p->list));
  PetscCall(HeatDerivativeAppend(&p->list));
  PetscCall(HeatOperationsTrim(&p->list));
  PetscCall(PetscMalloc1((size_t)p->list.n, &p->home));
  PetscCall(PetscMalloc1((size_t)p->list.n, &p->numbers));
  for (int k = 0; k < p->list.n; k++) p->numbers[k] = p->list.entries[k].value;
  PetscCall(HeatColumnCacheCreate(&p->list, PIECE, &p->columns));
  PetscCall(AssignRegisters(p));
  p->piece = PIECE;
  if (p->n_registers > REGISTERS)
    p->piece = PetscMax(PIECE * REGISTERS / p->n_registers, (int)SHORTEST);
  *program = p;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatProgramDestroy(HeatProgram **program)
{
  HeatProgram *p = *program;

  PetscFunctionBeginUser;
  if (!p) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatColumnCacheDestroy(&p->columns));
  PetscCall(HeatOperationsDestroy(&p->list));
  PetscCall(PetscFree(p->home));
  PetscCall(PetscFree(p->registers));
  PetscCall(PetscFree(p->numbers));
  PetscCall(PetscFree(*program));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* ------- pieces ------- */

/* Compare bits: 0 and -0 are equal as numbers, but 1/0 and 1/-0 are not. */
static PetscBool SameBits(int n, const PetscReal *a, const PetscReal *b)
{
  return memcmp(a, b, (size_t)n * sizeof *a) == 0 ? PETSC_TRUE : PETSC_FALSE;
}

static PetscBool IsUniform(int n, const PetscReal *a)
{
  if (n == 1) return PETSC_TRUE;
  return SameBits(1, a, a + n - 1) && SameBits(n - 1, a, a + 1) ? PETSC_TRUE : PETSC_FALSE;
}

/* Find the variables that are uniform over the piece, and those of them whose value is not that in
   the last piece.  All count as changed if `numbers` lacks some of the first `count` entries. */
static void FindUniform(HeatProgram *p, int count, PetscReal t, Piece *piece)
{
  piece->now[2]  = t;
  piece->uniform = HEAT_VAR_TIME;
  for (int v = 0; v < VARIABLES; v++) {
    if (1 << v == HEAT_VAR_TIME) continue;
    if (piece->given[v] && !IsUniform(piece->n, piece->given[v])) continue;
    piece->uniform |= 1 << v;
    piece->now[v] = piece->given[v] ? piece->given[v][0] : 0.0;
  }
  piece->changed = count > p->n_known ? EVERY : 0;
  for (int v = 0; v < VARIABLES; v++) {
    if (!(piece->uniform & (1 << v))) continue;
    if (!(p->uniform & (1 << v)) || !SameBits(1, &p->last[v], &piece->now[v]))
      piece->changed |= 1 << v;
    p->last[v] = piece->now[v];
  }
  p->uniform = piece->uniform;
  if (piece->changed) p->n_known = count;
}

static PetscBool IsUniformEntry(const HeatProgram *p, const Piece *piece, int k)
{
  return p->list.entries[k].variables & ~piece->uniform ? PETSC_FALSE : PETSC_TRUE;
}

/* Evaluate a uniform entry. */
static void EvaluateNumber(HeatProgram *p, const Piece *piece, int k)
{
  const HeatListed *e = &p->list.entries[k];
  const PetscReal  *operands[OPERANDS];

  if (e->op <= HEAT_OP_TEMPERATURE) {
    p->numbers[k] = piece->now[e->op - HEAT_OP_X];
    return;
  }
  for (int i = 0; i < OPERANDS; i++)
    operands[i] = e->operand[i] < 0 ? NULL : &p->numbers[e->operand[i]];
  HeatKernel(e->op, 1, operands[0], operands[1], operands[2], &p->numbers[k]);
}

/* Return the array of the result of an operation that is not uniform. */
static PetscReal *ArrayOf(const HeatProgram *p, const Piece *piece, int k)
{
  if (p->home[k] >= 0) return p->registers + (size_t)p->home[k] * (size_t)p->piece;
  return HeatColumnCacheResult(&p->columns, piece->slot, p->columns.result[k]);
}

/* Return operand i of entry k as an array; a uniform operand is repeated in an array of its own. */
static const PetscReal *OperandOf(HeatProgram *p, const Piece *piece, int k, int i)
{
  const int  operand = p->list.entries[k].operand[i];
  PetscReal *repeated;

  if (operand < 0) return NULL;
  if (!IsUniformEntry(p, piece, operand)) {
    const HeatOp op = p->list.entries[operand].op;

    return op <= HEAT_OP_TEMPERATURE ? piece->given[op - HEAT_OP_X] : ArrayOf(p, piece, operand);
  }
  repeated = p->registers + (size_t)(p->n_registers + i) * (size_t)p->piece;
  for (int j = 0; j < piece->n; j++) repeated[j] = p->numbers[operand];
  return repeated;
}

/* Evaluate the first `count` entries over a piece. */
static void EvaluateEntries(HeatProgram *p, const Piece *piece, int count)
{
  for (int k = 0; k < count; k++) {
    const HeatListed *e = &p->list.entries[k];

    if (IsUniformEntry(p, piece, k)) {
      if (e->variables & piece->changed) EvaluateNumber(p, piece, k);
    } else if (e->op > HEAT_OP_TEMPERATURE && !(piece->known && p->columns.skipped[k])) {
      HeatKernel(e->op, piece->n, OperandOf(p, piece, k, 0), OperandOf(p, piece, k, 1),
                 OperandOf(p, piece, k, 2), ArrayOf(p, piece, k));
    }
  }
}

/* Copy the result of entry k; k = -1 stands for 0. */
static void CopyResult(const HeatProgram *p, const Piece *piece, int k, PetscReal *out)
{
  const HeatOp op = k < 0 ? HEAT_OP_NUMBER : p->list.entries[k].op;

  if (k < 0 || IsUniformEntry(p, piece, k)) {
    for (int i = 0; i < piece->n; i++) out[i] = k < 0 ? 0.0 : p->numbers[k];
    return;
  }
  memmove(out, op <= HEAT_OP_TEMPERATURE ? piece->given[op - HEAT_OP_X] : ArrayOf(p, piece, k),
          (size_t)piece->n * sizeof *out);
}

/* Allocate the registers, and open the slot of a piece in which some variable varies. */
static PetscErrorCode PrepareArrays(HeatProgram *p, PetscInt number, PetscReal t, Piece *piece)
{
  PetscFunctionBeginUser;
  if (!p->registers)
    PetscCall(PetscMalloc1((size_t)(p->n_registers + OPERANDS) * (size_t)p->piece, &p->registers));
  if (p->columns.n_results > 0 && !(piece->uniform & HEAT_VAR_X))
    PetscCall(HeatColumnCacheOpen(&p->columns, number, piece->n, piece->given[0], t, &piece->slot,
                                  &piece->known));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode EvaluatePieces(HeatProgram *p, const HeatFormulaPoints *points,
                                     PetscReal *value, PetscReal *slope)
{
  const PetscReal *const given[VARIABLES] = {points->x, points->y, NULL, points->T};
  const int              used             = p->list.entries[p->list.value].variables;
  const int              count            = slope ? p->list.n : p->list.n_value;

  PetscFunctionBeginUser;
  for (PetscInt first = 0; first < points->n; first += p->piece) {
    Piece piece = {.n = (int)PetscMin(points->n - first, (PetscInt)p->piece)};

    for (int v = 0; v < VARIABLES; v++)
      if (used & (1 << v) && given[v]) piece.given[v] = given[v] + first;
    FindUniform(p, count, points->t, &piece);
    if (piece.uniform != EVERY) PetscCall(PrepareArrays(p, first / p->piece, points->t, &piece));
    EvaluateEntries(p, &piece, count);
    CopyResult(p, &piece, p->list.value, value + first);
    if (slope) CopyResult(p, &piece, p->list.slope, slope + first);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether floating-point exceptions may be trapped.  Asking glibc takes a few ns, but saving
   and restoring the environment takes 100 ns, as long as the evaluation at a few points. */
static PetscBool MayTrap(void)
{
#if defined(__GLIBC__)
  return fegetexcept() ? PETSC_TRUE : PETSC_FALSE;
#else
  return PETSC_TRUE;
#endif
}

PetscErrorCode HeatProgramEvaluate(HeatProgram *program, const HeatFormulaPoints *points,
                                   PetscReal *value, PetscReal *slope)
{
  const PetscBool traps = MayTrap();
  fenv_t          environment;

  PetscFunctionBeginUser;
  if (traps) (void)feholdexcept(&environment); /* both sides of ?: are evaluated, for all points */
  PetscCall(EvaluatePieces(program, points, value, slope));
  if (traps) (void)fesetenv(&environment);
  PetscFunctionReturn(PETSC_SUCCESS);
}
