/** Several reductions in one collective call (reduction.h).
 *
 *  A message is an array of 64-bit integers, in which all quantities of one kind follow one
 *  another:
 *
 *      | number of all integers | numbers of maxima, placed maxima, texts | maxima, as doubles |
 *      | placed maxima: double, rank | texts: rank, characters | counts | digits of sums |
 *
 *  MPI reduces it as a whole by an operation of our own, which adds the counts and the digits, and
 *  takes the largest doubles and the texts of the lowest ranks. */
#include "solver/base/reduction.h"

#include <math.h>

#include "solver/base/error.h"
#include "solver/base/reduce_whole.h"

/* The kinds of quantities, in the order of the message, and the integers at its beginning. */
enum { MAXIMA, PLACED, TEXTS, COUNTS, SUMS, KINDS };
enum { ALL, HEAD = ALL + 1 + COUNTS };

/* A maximum with the rank that has it. */
typedef struct {
  PetscReal value;
  int64_t   rank;
} Placed;

/* A text with the rank that has it; INT64_MAX if it is empty. */
typedef struct {
  int64_t rank;
  char    text[HEAT_REDUCTION_TEXT];
} Text;

/* Integers of a quantity of each kind. */
static const PetscInt Width[KINDS] = {1, sizeof(Placed) / sizeof(int64_t),
                                      sizeof(Text) / sizeof(int64_t), 1,
                                      sizeof(HeatExactSum) / sizeof(int64_t)};

/* The caller's array for n results. */
typedef struct {
  PetscInt     n;
  void        *to;    /* borrowed [n], of the type of the kind's results */
  PetscMPIInt *ranks; /* borrowed [n], of placed maxima */
} Target;

/* Entries of one size, any number of them. */
typedef struct {
  PetscInt n, room; /* entries in use, allocated */
  void    *entries; /* owned [room] */
} List;

/* The quantities of one kind that were added since the last Run. */
typedef struct {
  List parts;   /* this rank's, as they are in the message */
  List targets; /* Target: where the results of successive parts go */
} Kind;

struct HeatReduction {
  MPI_Comm    comm;
  PetscMPIInt rank;
  Kind        kind[KINDS];
};

PetscErrorCode HeatReductionCreate(MPI_Comm comm, HeatReduction **reduction)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(reduction));
  (*reduction)->comm = comm;
  PetscCallMPI(MPI_Comm_rank(comm, &(*reduction)->rank));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Append n entries of `size` bytes each, undefined, and store the address of the first of them. */
static PetscErrorCode Append(List *list, PetscInt n, size_t size, void **first)
{
  PetscFunctionBeginUser;
  if (list->n + n > list->room) {
    list->room = PetscMax(8, 2 * (list->n + n));
    PetscCall(PetscRealloc((size_t)list->room * size, &list->entries));
  }
  *first = (char *)list->entries + (size_t)list->n * size;
  list->n += n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add n quantities of a kind whose results go to `to`, and store the address for their parts; NULL
   if n is 0. */
static PetscErrorCode Add(HeatReduction *r, int kind, PetscInt n, void *to, PetscMPIInt *ranks,
                          void **parts)
{
  Kind *k = &r->kind[kind];
  void *target;

  PetscFunctionBeginUser;
  *parts = NULL;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Append(&k->targets, 1, sizeof(Target), &target));
  *(Target *)target = (Target){n, to, ranks};
  PetscCall(Append(&k->parts, n, (size_t)Width[kind] * sizeof(int64_t), parts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddSums(HeatReduction *r, PetscInt n, const HeatExactSum *parts,
                                    PetscReal *totals)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(r, SUMS, n, totals, NULL, &own));
  for (PetscInt k = 0; k < n; k++) {
    ((HeatExactSum *)own)[k] = parts[k];
    HeatExactSumCarry((HeatExactSum *)own + k);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the larger number, by a rule that does not depend on the order: NaN, of one bit pattern,
   if either is NaN, and +0 of zeros of both signs. */
static PetscReal Larger(PetscReal a, PetscReal b)
{
  if (a != a || b != b) return NAN;
  if (a == 0.0 && b == 0.0) return signbit(a) ? b : a;
  return a > b ? a : b;
}

/* A maximum of one rank alone is combined with nothing; its NaN gets the same bits here. */
PetscErrorCode HeatReductionAddMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                      PetscReal *maxima)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(r, MAXIMA, n, maxima, NULL, &own));
  for (PetscInt k = 0; k < n; k++) ((PetscReal *)own)[k] = Larger(parts[k], parts[k]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddPlacedMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                            PetscReal *maxima, PetscMPIInt *ranks)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(r, PLACED, n, maxima, ranks, &own));
  for (PetscInt k = 0; k < n; k++)
    ((Placed *)own)[k] = (Placed){Larger(parts[k], parts[k]), r->rank};
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddCounts(HeatReduction *r, PetscInt n, const PetscInt64 *parts,
                                      PetscInt64 *totals)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(r, COUNTS, n, totals, NULL, &own));
  for (PetscInt k = 0; k < n; k++) ((int64_t *)own)[k] = parts[k];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddText(HeatReduction *r, const char *part,
                                    char text[HEAT_REDUCTION_TEXT])
{
  void *own;
  Text *mine;

  PetscFunctionBeginUser;
  PetscCall(Add(r, TEXTS, 1, text, NULL, &own));
  mine       = own;
  mine->rank = part[0] ? r->rank : INT64_MAX;
  PetscCall(PetscMemzero(mine->text, sizeof mine->text));
  PetscCall(PetscStrncpy(mine->text, part, sizeof mine->text));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* *into = the maximum of *from and *into, with the lowest rank that has it. */
static void CombinePlaced(const Placed *from, Placed *into)
{
  const PetscReal larger = Larger(from->value, into->value);
  const int       nan    = larger != larger;
  const int       a      = nan ? from->value != from->value : from->value == larger;
  const int       b      = nan ? into->value != into->value : into->value == larger;

  if (a && (!b || from->rank < into->rank)) into->rank = from->rank;
  into->value = larger;
}

/* MPI_User_function: *into = maxima, texts and sums of *from and *into, each an array of n
   messages. */
static void Combine(void *from, void *into, int *n, MPI_Datatype *type)
{
  const int64_t *a = from;
  int64_t       *b = into;

  (void)type;
  for (int message = 0; message < *n; message++) {
    const int64_t all = b[ALL], *numbers = b + ALL + 1;
    int64_t       k = HEAD;

    for (int64_t end = k + numbers[MAXIMA]; k < end; k++) {
      PetscReal x, y;

      memcpy(&x, a + k, sizeof x);
      memcpy(&y, b + k, sizeof y);
      x = Larger(x, y);
      memcpy(b + k, &x, sizeof x);
    }
    for (int64_t end = k + numbers[PLACED] * Width[PLACED]; k < end; k += Width[PLACED]) {
      Placed x, y;

      memcpy(&x, a + k, sizeof x);
      memcpy(&y, b + k, sizeof y);
      CombinePlaced(&x, &y);
      memcpy(b + k, &y, sizeof y);
    }
    for (int64_t end = k + numbers[TEXTS] * Width[TEXTS]; k < end; k += Width[TEXTS])
      if (a[k] < b[k]) memcpy(b + k, a + k, sizeof(Text)); /* the ranks stand first */
    for (; k < all; k++) b[k] += a[k];
    a += all;
    b += all;
  }
}

/* Store n results of a kind, which are in a message from `from` on, where a target wants them. */
static void Store(int kind, const Target *target, const int64_t *from)
{
  for (PetscInt k = 0; k < target->n; k++, from += Width[kind]) {
    HeatExactSum sum;
    Placed       placed;

    switch (kind) {
    case MAXIMA: memcpy((PetscReal *)target->to + k, from, sizeof(PetscReal)); break;
    case PLACED:
      memcpy(&placed, from, sizeof placed);
      ((PetscReal *)target->to)[k] = placed.value;
      target->ranks[k]             = (PetscMPIInt)placed.rank;
      break;
    case TEXTS: memcpy(target->to, from + 1, HEAT_REDUCTION_TEXT); break;
    case COUNTS: ((PetscInt64 *)target->to)[k] = from[0]; break;
    default: memcpy(&sum, from, sizeof sum); ((PetscReal *)target->to)[k] = HeatExactSumValue(&sum);
    }
  }
}

PetscErrorCode HeatReductionRun(HeatReduction *r)
{
  PetscInt all = HEAD;
  int64_t *message, *next;

  PetscFunctionBeginUser;
  for (int kind = 0; kind < KINDS; kind++) all += Width[kind] * r->kind[kind].parts.n;
  if (all == HEAD) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(all, &message));
  message[ALL] = all;
  for (int kind = 0; kind < COUNTS; kind++) message[ALL + 1 + kind] = r->kind[kind].parts.n;
  next = message + HEAD;
  for (int kind = 0; kind < KINDS; kind++) {
    const PetscInt n = Width[kind] * r->kind[kind].parts.n;

    PetscCall(PetscMemcpy(next, r->kind[kind].parts.entries, (size_t)n * sizeof *next));
    next += n;
  }
  PetscCall(HeatReduceWhole(r->comm, (size_t)all * sizeof *message, message, Combine));
  next = message + HEAD;
  for (int kind = 0; kind < KINDS; kind++) {
    Kind         *of      = &r->kind[kind];
    const Target *targets = of->targets.entries;

    for (PetscInt t = 0; t < of->targets.n; t++) {
      Store(kind, &targets[t], next);
      next += Width[kind] * targets[t].n;
    }
    of->parts.n = of->targets.n = 0;
  }
  PetscCall(PetscFree(message));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionDestroy(HeatReduction **reduction)
{
  HeatReduction *r = *reduction;

  PetscFunctionBeginUser;
  if (!r) PetscFunctionReturn(PETSC_SUCCESS);
  for (int kind = 0; kind < KINDS; kind++) {
    PetscCall(PetscFree(r->kind[kind].parts.entries));
    PetscCall(PetscFree(r->kind[kind].targets.entries));
  }
  PetscCall(PetscFree(*reduction));
  PetscFunctionReturn(PETSC_SUCCESS);
}
