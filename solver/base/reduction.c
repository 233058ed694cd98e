/** Several reductions in one collective call (reduction.h).
 *
 *  A message is an array of 64-bit integers:
 *
 *      | number of maxima | number of all integers | maxima, as doubles | digits of sums |
 *
 *  MPI reduces it as one element of a type of that size by an operation of our own, which takes the
 *  maxima of the doubles and adds the digits. */
#include "solver/base/reduction.h"

#include <math.h>

#include "solver/base/error.h"
#include "solver/base/reduce_whole.h"

/* Integers of a message before the maxima, and of an exact sum. */
enum { HEAD = 2, INTEGERS = sizeof(HeatExactSum) / sizeof(int64_t) };

/* The caller's array for n results. */
typedef struct {
  PetscInt   n;
  PetscReal *to; /* borrowed [n] */
} Target;

/* Entries of one size, any number of them. */
typedef struct {
  PetscInt n, room; /* entries in use, allocated */
  void    *entries; /* owned [room] */
} List;

/* The quantities of one kind, maxima or sums, that were added since the last Run. */
typedef struct {
  List parts;   /* this rank's: PetscReal, or HeatExactSum, carried */
  List targets; /* Target: where the results of successive parts go */
} Kind;

struct HeatReduction {
  MPI_Comm comm;
  Kind     maxima, sums;
};

PetscErrorCode HeatReductionCreate(MPI_Comm comm, HeatReduction **reduction)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(reduction));
  (*reduction)->comm = comm;
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
  *first = n ? (char *)list->entries + (size_t)list->n * size : NULL;
  list->n += n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add n quantities of a kind whose results go to `to`: store the address for their parts, of `size`
   bytes each; NULL if n is 0. */
static PetscErrorCode Add(Kind *kind, PetscInt n, size_t size, PetscReal *to, void **parts)
{
  void *target;

  PetscFunctionBeginUser;
  *parts = NULL;
  if (n == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(Append(&kind->targets, 1, sizeof(Target), &target));
  *(Target *)target = (Target){n, to};
  PetscCall(Append(&kind->parts, n, size, parts));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddSums(HeatReduction *r, PetscInt n, const HeatExactSum *parts,
                                    PetscReal *totals)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(&r->sums, n, sizeof *parts, totals, &own));
  PetscCall(PetscArraycpy((HeatExactSum *)own, parts, n));
  for (PetscInt k = 0; k < n; k++) HeatExactSumCarry((HeatExactSum *)own + k);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                      PetscReal *maxima)
{
  void *own;

  PetscFunctionBeginUser;
  PetscCall(Add(&r->maxima, n, sizeof *parts, maxima, &own));
  PetscCall(PetscArraycpy((PetscReal *)own, parts, n));
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

/* MPI_User_function: *into = maxima and sums of *from and *into, each an array of n messages. */
static void Combine(void *from, void *into, int *n, MPI_Datatype *type)
{
  const int64_t *a = from;
  int64_t       *b = into;

  (void)type;
  for (int message = 0; message < *n; message++) {
    const int64_t maxima = b[0], all = b[1];

    for (int64_t k = HEAD; k < HEAD + maxima; k++) {
      PetscReal x, y;

      memcpy(&x, a + k, sizeof x);
      memcpy(&y, b + k, sizeof y);
      x = Larger(x, y);
      memcpy(b + k, &x, sizeof x);
    }
    for (int64_t k = HEAD + maxima; k < all; k++) b[k] += a[k];
    a += all;
    b += all;
  }
}

/* Copy maxima from a message to where their targets want them. */
static void StoreMaxima(const Kind *maxima, const int64_t *from)
{
  const Target *targets = maxima->targets.entries;

  for (PetscInt t = 0; t < maxima->targets.n; from += targets[t++].n)
    memcpy(targets[t].to, from, (size_t)targets[t].n * sizeof *targets[t].to);
}

/* Round sums of a message, and store them where their targets want them. */
static void StoreSums(const Kind *sums, const int64_t *from)
{
  const Target *targets = sums->targets.entries;

  for (PetscInt t = 0; t < sums->targets.n; t++) {
    for (PetscInt k = 0; k < targets[t].n; k++, from += INTEGERS) {
      HeatExactSum sum;

      memcpy(&sum, from, sizeof sum);
      targets[t].to[k] = HeatExactSumValue(&sum);
    }
  }
}

PetscErrorCode HeatReductionRun(HeatReduction *r)
{
  const PetscInt maxima = r->maxima.parts.n, sums = r->sums.parts.n;
  const PetscInt all = HEAD + maxima + INTEGERS * sums;
  int64_t       *message;

  PetscFunctionBeginUser;
  if (maxima + sums == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(all, &message));
  message[0] = maxima;
  message[1] = all;
  if (maxima) memcpy(message + HEAD, r->maxima.parts.entries, (size_t)maxima * sizeof(PetscReal));
  if (sums)
    memcpy(message + HEAD + maxima, r->sums.parts.entries, (size_t)sums * sizeof(HeatExactSum));
  /* A maximum of one rank alone is combined with nothing: its NaN and zero get the same bits. */
  for (PetscInt k = HEAD; k < HEAD + maxima; k++) {
    PetscReal x;

    memcpy(&x, message + k, sizeof x);
    x = Larger(x, x);
    memcpy(message + k, &x, sizeof x);
  }
  PetscCall(HeatReduceWhole(r->comm, (size_t)all * sizeof *message, message, Combine));
  StoreMaxima(&r->maxima, message + HEAD);
  StoreSums(&r->sums, message + HEAD + maxima);
  PetscCall(PetscFree(message));
  r->maxima.parts.n = r->maxima.targets.n = r->sums.parts.n = r->sums.targets.n = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionDestroy(HeatReduction **reduction)
{
  HeatReduction *r = *reduction;

  PetscFunctionBeginUser;
  if (!r) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(r->maxima.parts.entries));
  PetscCall(PetscFree(r->maxima.targets.entries));
  PetscCall(PetscFree(r->sums.parts.entries));
  PetscCall(PetscFree(r->sums.targets.entries));
  PetscCall(PetscFree(*reduction));
  PetscFunctionReturn(PETSC_SUCCESS);
}
