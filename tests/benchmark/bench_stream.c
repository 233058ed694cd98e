/* A pass is timed between barriers, and the best of PASSES counts, as in STREAM. */
#include "tests/benchmark/bench_stream.h"

#include "solver/base/error.h"
#include "tests/benchmark/bench_clock.h"

#define PASSES 5

struct BenchStream {
  MPI_Comm   comm;
  PetscInt64 n;         /* elements of each array on this rank */
  PetscReal  all;       /* elements of each array on all ranks */
  double    *a, *b, *c; /* owned [n] */
};

PetscErrorCode BenchStreamCreate(MPI_Comm comm, PetscInt64 bytes, BenchStream **stream)
{
  BenchStream *s;
  PetscMPIInt  size;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_size(comm, &size));
  PetscCall(PetscNew(&s));
  *stream = s;
  s->comm = comm;
  s->n    = bytes / (PetscInt64)sizeof(double) / size;
  s->all  = (PetscReal)s->n * size;
  PetscCall(PetscMalloc3((size_t)s->n, &s->a, (size_t)s->n, &s->b, (size_t)s->n, &s->c));
  for (PetscInt64 i = 0; i < s->n; i++) {
    s->a[i] = 1.0;
    s->b[i] = 2.0;
    s->c[i] = (double)(i % 7);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

static void Triad(PetscInt64 n, double s, const double *restrict b, const double *restrict c,
                  double *restrict a)
{
  for (PetscInt64 i = 0; i < n; i++) a[i] = b[i] + s * c[i];
}

PetscErrorCode BenchStreamRun(BenchStream *s, PetscReal *rate)
{
  PetscReal start, seconds;

  PetscFunctionBeginUser;
  *rate = 0.0;
  for (int pass = 0; pass < PASSES; pass++) {
    PetscCall(BenchNow(s->comm, &start));
    Triad(s->n, 3.0 + pass, s->b, s->c, s->a);
    PetscCall(BenchSince(s->comm, start, &seconds));
    *rate = PetscMax(*rate, 3.0 * sizeof(double) * s->all / seconds);
  }
  /* The last element is used, so that the compiler cannot remove the passes. */
  PetscCheck(s->n == 0 || s->a[s->n - 1] >= s->b[s->n - 1], s->comm, PETSC_ERR_PLIB,
             "the triad has computed something else");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode BenchStreamDestroy(BenchStream **stream)
{
  BenchStream *s = *stream;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree3(s->a, s->b, s->c));
  PetscCall(PetscFree(*stream));
  PetscFunctionReturn(PETSC_SUCCESS);
}
