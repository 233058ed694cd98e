/** Several reductions in one collective call (reduction.h).
 *
 *  A message is an array of 64-bit integers:
 *
 *      | number of maxima | number of all integers | maxima, as doubles | digits of sums |
 *
 *  MPI reduces it as one element of a type of that size by an operation of our own, which takes the
 *  maxima of the doubles and adds the digits. */
#include "solver/base/reduction.h"

#include "solver/base/error.h"

/* Integers of a message before the maxima, and of an exact sum. */
enum { HEAD = 2, INTEGERS = sizeof(HeatExactSum) / sizeof(int64_t) };

/* The caller's array for n results. */
typedef struct {
  PetscInt   n;
  PetscReal *to; /* borrowed [n] */
} Target;

/* All arrays for results of one kind, maxima or sums; n is the number of results in them. */
typedef struct {
  PetscInt n, n_targets, room;
  Target  *targets; /* owned [room] */
} Targets;

struct HeatReduction {
  MPI_Comm      comm;
  Targets       of_maxima, of_sums;
  PetscInt      maxima_room, sums_room;
  PetscReal    *maxima; /* owned [maxima_room]: this rank's */
  HeatExactSum *sums;   /* owned [sums_room]: this rank's, carried */
};

PetscErrorCode HeatReductionCreate(MPI_Comm comm, HeatReduction **reduction)
{
  PetscFunctionBeginUser;
  PetscCall(PetscNew(reduction));
  (*reduction)->comm = comm;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode AddTarget(Targets *t, PetscInt n, PetscReal *to)
{
  PetscFunctionBeginUser;
  if (t->n_targets == t->room) {
    t->room = PetscMax(8, 2 * t->room);
    PetscCall(PetscRealloc((size_t)t->room * sizeof *t->targets, &t->targets));
  }
  t->targets[t->n_targets++] = (Target){n, to};
  t->n += n;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddSums(HeatReduction *r, PetscInt n, const HeatExactSum *parts,
                                    PetscReal *totals)
{
  const PetscInt first = r->of_sums.n;

  PetscFunctionBeginUser;
  PetscCall(AddTarget(&r->of_sums, n, totals));
  if (r->of_sums.n > r->sums_room) {
    r->sums_room = 2 * r->of_sums.n;
    PetscCall(PetscRealloc((size_t)r->sums_room * sizeof *r->sums, &r->sums));
  }
  for (PetscInt k = 0; k < n; k++) {
    r->sums[first + k] = parts[k];
    HeatExactSumCarry(&r->sums[first + k]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionAddMaxima(HeatReduction *r, PetscInt n, const PetscReal *parts,
                                      PetscReal *maxima)
{
  const PetscInt first = r->of_maxima.n;

  PetscFunctionBeginUser;
  PetscCall(AddTarget(&r->of_maxima, n, maxima));
  if (r->of_maxima.n > r->maxima_room) {
    r->maxima_room = 2 * r->of_maxima.n;
    PetscCall(PetscRealloc((size_t)r->maxima_room * sizeof *r->maxima, &r->maxima));
  }
  for (PetscInt k = 0; k < n; k++) r->maxima[first + k] = parts[k];
  PetscFunctionReturn(PETSC_SUCCESS);
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
      if (x > y) b[k] = a[k];
    }
    for (int64_t k = HEAD + maxima; k < all; k++) b[k] += a[k];
    a += all;
    b += all;
  }
}

static PetscErrorCode Reduce(MPI_Comm comm, int n, int64_t *message)
{
  MPI_Datatype type;
  MPI_Op       op;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Type_contiguous(n, MPI_INT64_T, &type));
  PetscCallMPI(MPI_Type_commit(&type));
  PetscCallMPI(MPI_Op_create(Combine, 1, &op));
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, message, 1, type, op, comm));
  PetscCallMPI(MPI_Op_free(&op));
  PetscCallMPI(MPI_Type_free(&type));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionRun(HeatReduction *r)
{
  const PetscInt maxima = r->of_maxima.n, sums = r->of_sums.n;
  const PetscInt all = HEAD + maxima + INTEGERS * sums;
  int64_t       *message, *next;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(all, &message));
  message[0] = maxima;
  message[1] = all;
  next       = message + HEAD;
  if (maxima) memcpy(next, r->maxima, (size_t)maxima * sizeof *r->maxima);
  if (sums) memcpy(next + maxima, r->sums, (size_t)sums * sizeof *r->sums);
  PetscCall(Reduce(r->comm, (int)all, message));
  for (PetscInt t = 0; t < r->of_maxima.n_targets; t++) {
    const Target *target = &r->of_maxima.targets[t];

    memcpy(target->to, next, (size_t)target->n * sizeof *target->to);
    next += target->n;
  }
  for (PetscInt t = 0; t < r->of_sums.n_targets; t++) {
    const Target *target = &r->of_sums.targets[t];

    for (PetscInt k = 0; k < target->n; k++, next += INTEGERS) {
      HeatExactSum sum;

      memcpy(&sum, next, sizeof sum);
      target->to[k] = HeatExactSumValue(&sum);
    }
  }
  PetscCall(PetscFree(message));
  r->of_maxima.n = r->of_maxima.n_targets = r->of_sums.n = r->of_sums.n_targets = 0;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReductionDestroy(HeatReduction **reduction)
{
  HeatReduction *r = *reduction;

  PetscFunctionBeginUser;
  if (!r) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree(r->of_maxima.targets));
  PetscCall(PetscFree(r->of_sums.targets));
  PetscCall(PetscFree(r->maxima));
  PetscCall(PetscFree(r->sums));
  PetscCall(PetscFree(*reduction));
  PetscFunctionReturn(PETSC_SUCCESS);
}
