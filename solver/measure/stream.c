/** STREAM's triad (stream.h).  A pass is timed between barriers on the slowest rank, and the best
 *  pass counts, as in STREAM. */
#include "solver/measure/stream.h"

#include "solver/base/heartbeat.h"
#include "solver/base/monotonic.h"

enum { LEAST_PASSES = 5 }; /* chosen: the first pass also warms up, the best of the others counts */

struct HeatStream {
  MPI_Comm   comm;
  PetscInt64 n;         /* elements of each array on this rank */
  double     all;       /* elements of each array on all ranks */
  double    *a, *b, *c; /* owned [n] */
};

PetscErrorCode HeatStreamCreate(MPI_Comm comm, PetscInt64 bytes, HeatStream **stream)
{
  HeatStream *s;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&s));
  *stream = s;
  s->comm = comm;
  s->n    = bytes / (PetscInt64)sizeof(double);
  s->all  = (double)s->n;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &s->all, 1, MPI_DOUBLE, MPI_SUM, comm));
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

/* Time one pass [s], between barriers, on the slowest rank.  Collective. */
static PetscErrorCode TimePass(HeatStream *s, int pass, double *seconds)
{
  double start;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Barrier(s->comm));
  start = HeatMonotonicTime();
  Triad(s->n, 3.0 + pass, s->b, s->c, s->a);
  PetscCallMPI(MPI_Barrier(s->comm));
  *seconds = HeatMonotonicTime() - start;
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, seconds, 1, MPI_DOUBLE, MPI_MAX, s->comm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStreamRun(HeatStream *s, double seconds, double *rate)
{
  double each, sum = 0.0;

  PetscFunctionBeginUser;
  *rate = 0.0;
  for (int pass = 0; pass < LEAST_PASSES || sum < seconds; pass++) {
    PetscCall(TimePass(s, pass, &each));
    HeatBeat();
    sum += each;
    *rate = PetscMax(*rate, 3.0 * sizeof(double) * s->all / each);
  }
  /* The last element is used, so that the compiler cannot remove the passes. */
  PetscCheck(s->n == 0 || s->a[s->n - 1] >= s->b[s->n - 1], s->comm, PETSC_ERR_PLIB,
             "the triad computed a wrong result");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatStreamDestroy(HeatStream **stream)
{
  HeatStream *s = *stream;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscFree3(s->a, s->b, s->c));
  PetscCall(PetscFree(*stream));
  PetscFunctionReturn(PETSC_SUCCESS);
}
