/** A Vec type with exact sums: PETSc's standard Vec with some entries of its table of operations
 *  replaced.  The table of operations is declared in one of PETSc's private headers.
 *
 *  For split-phase reductions and for VecSum, PETSc calls a `local` operation on each rank and adds
 *  up the results.  Adding up rounded local results would depend on the number of ranks.  Therefore
 *  the local sums here are collective: they compute the exact total, which rank 0 returns, and the
 *  other ranks return zero. */
#include "solver/base/reproducible_vec.h"

#include <petsc/private/vecimpl.h> /* for the members of Vec's table of operations */

#include "solver/base/error.h"
#include "solver/base/exact_sum.h"
#include "solver/base/largest_and_norm.h"

/* Sums. */

/* n dot products in one reduction: values[k] = sum over all ranks and i of x[i] y[k][i]. */
static PetscErrorCode MDot(Vec x, PetscInt n, const Vec y[], PetscScalar *values)
{
  const PetscReal *a, *b;
  HeatExactSum    *sums;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(n, &sums));
  PetscCall(VecGetArrayRead(x, &a));
  for (PetscInt k = 0; k < n; k++) {
    PetscCall(VecGetArrayRead(y[k], &b));
    HeatExactSumAddProducts(&sums[k], (size_t)x->map->n, a, b);
    PetscCall(VecRestoreArrayRead(y[k], &b));
  }
  PetscCall(VecRestoreArrayRead(x, &a));
  PetscCall(HeatExactSumReduce(PetscObjectComm((PetscObject)x), n, sums, values));
  PetscCall(PetscFree(sums));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode Dot(Vec x, Vec y, PetscScalar *value)
{
  PetscFunctionBeginUser;
  PetscCall(MDot(x, 1, &y, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The dot products dot = x . y and square = y . y. */
static PetscErrorCode DotNorm2(Vec x, Vec y, PetscScalar *dot, PetscScalar *square)
{
  const Vec   both[2] = {x, y};
  PetscScalar values[2];

  PetscFunctionBeginUser;
  PetscCall(MDot(y, 2, both, values));
  *dot    = values[0];
  *square = values[1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* norm = sum over all ranks and i of |x[i]|. */
static PetscErrorCode Norm1(Vec x, PetscReal *norm)
{
  const PetscReal *a;
  HeatExactSum     sum = {0};

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &a));
  for (PetscInt k = 0; k < x->map->n; k++) HeatExactSumAdd(&sum, PetscAbsReal(a[k]));
  PetscCall(VecRestoreArrayRead(x, &a));
  PetscCall(HeatExactSumReduce(PetscObjectComm((PetscObject)x), 1, &sum, norm));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The largest magnitude of this rank's elements.  It is infinite if one of them is NaN, because an
   MPI maximum over the ranks could lose a NaN. */
static PetscErrorCode LocalLargest(Vec x, PetscReal *largest)
{
  const PetscReal *a;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &a));
  *largest = HeatLargestMagnitude((size_t)x->map->n, a);
  PetscCall(VecRestoreArrayRead(x, &a));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The norm over all ranks; NORM_1_AND_2 stores two values. */
static PetscErrorCode Norm(Vec x, NormType type, PetscReal *norm)
{
  PetscFunctionBeginUser;
  if (type == NORM_INFINITY) {
    PetscCall(LocalLargest(x, norm));
    PetscCallMPI(
        MPI_Allreduce(MPI_IN_PLACE, norm, 1, MPIU_REAL, MPIU_MAX, PetscObjectComm((PetscObject)x)));
  } else if (type == NORM_1) {
    PetscCall(Norm1(x, norm));
  } else if (type == NORM_1_AND_2) {
    PetscCall(Norm1(x, norm));
    PetscCall(Norm(x, NORM_2, norm + 1));
  } else {
    PetscCall(Dot(x, x, norm));
    *norm = PetscSqrtReal(*norm);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Local parts of sums, which PETSc adds up. */

/* Set the values to zero on all ranks but rank 0. */
static PetscErrorCode ZeroBeyondRank0(Vec x, PetscInt n, PetscReal *values)
{
  PetscMPIInt rank;

  PetscFunctionBeginUser;
  PetscCallMPI(MPI_Comm_rank(PetscObjectComm((PetscObject)x), &rank));
  if (rank != 0) PetscCall(PetscArrayzero(values, n));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode LocalMDot(Vec x, PetscInt n, const Vec y[], PetscScalar *values)
{
  PetscFunctionBeginUser;
  PetscCall(MDot(x, n, y, values));
  PetscCall(ZeroBeyondRank0(x, n, values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode LocalDot(Vec x, Vec y, PetscScalar *value)
{
  PetscFunctionBeginUser;
  PetscCall(LocalMDot(x, 1, &y, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode LocalSum(Vec x, PetscScalar *value)
{
  const PetscReal *a;
  HeatExactSum     sum = {0};

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &a));
  HeatExactSumAddArray(&sum, (size_t)x->map->n, a);
  PetscCall(VecRestoreArrayRead(x, &a));
  PetscCall(HeatExactSumReduce(PetscObjectComm((PetscObject)x), 1, &sum, value));
  PetscCall(ZeroBeyondRank0(x, 1, value));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode LocalNorm(Vec x, NormType type, PetscReal *norm)
{
  PetscFunctionBeginUser;
  if (type == NORM_INFINITY) { /* PETSc takes the maximum over the ranks, not the sum */
    PetscCall(LocalLargest(x, norm));
  } else {
    PetscCall(Norm(x, type, norm));
    PetscCall(ZeroBeyondRank0(x, type == NORM_1_AND_2 ? 2 : 1, norm));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Linear combinations. */

/* y = a x + b y.  With b = 0, y is not read, since it may be uninitialised. */
static PetscErrorCode AXPBY(Vec y, PetscScalar a, PetscScalar b, Vec x)
{
  const PetscReal *from;
  PetscReal       *to;

  PetscFunctionBeginUser;
  PetscCall(VecGetArrayRead(x, &from));
  PetscCall(VecGetArray(y, &to));
  if (b == 0.0) {
    for (PetscInt k = 0; k < y->map->n; k++) to[k] = a * from[k];
  } else {
    for (PetscInt k = 0; k < y->map->n; k++) to[k] = a * from[k] + b * to[k];
  }
  PetscCall(VecRestoreArray(y, &to));
  PetscCall(VecRestoreArrayRead(x, &from));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* y = y + a x. */
static PetscErrorCode AXPY(Vec y, PetscScalar a, Vec x)
{
  PetscFunctionBeginUser;
  PetscCall(AXPBY(y, a, 1.0, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* y = x + b y. */
static PetscErrorCode AYPX(Vec y, PetscScalar b, Vec x)
{
  PetscFunctionBeginUser;
  PetscCall(AXPBY(y, 1.0, b, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* w = a x + y. */
static PetscErrorCode WAXPY(Vec w, PetscScalar a, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  PetscCall(AXPBY(w, 1.0, 0.0, y));
  PetscCall(AXPBY(w, a, 1.0, x));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* z = a x + b y + c z. */
static PetscErrorCode AXPBYPCZ(Vec z, PetscScalar a, PetscScalar b, PetscScalar c, Vec x, Vec y)
{
  PetscFunctionBeginUser;
  PetscCall(AXPBY(z, a, c, x));
  PetscCall(AXPBY(z, b, 1.0, y));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* y = y + sum over k < n of a[k] x[k], in this order. */
static PetscErrorCode MAXPY(Vec y, PetscInt n, const PetscScalar *a, Vec *x)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < n; k++) PetscCall(AXPBY(y, a[k], 1.0, x[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The type. */

/* Create a Vec of this type with the layout of `from`.  PETSc's own duplicate of a Vec on one rank
   has the standard operations. */
static PetscErrorCode Duplicate(Vec from, Vec *to)
{
  PetscFunctionBeginUser;
  PetscCall(VecCreate(PetscObjectComm((PetscObject)from), to));
  PetscCall(VecSetSizes(*to, from->map->n, from->map->N));
  PetscCall(VecSetType(*to, HEAT_VEC_REPRODUCIBLE));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* The constructor that PETSc calls for a Vec of this type. */
static PetscErrorCode Create(Vec v)
{
  PetscFunctionBeginUser;
  PetscCall(VecSetType(v, VECSTANDARD));
  v->ops->duplicate   = Duplicate;
  v->ops->dot         = Dot;
  v->ops->tdot        = Dot;
  v->ops->mdot        = MDot;
  v->ops->mtdot       = MDot;
  v->ops->norm        = Norm;
  v->ops->dotnorm2    = DotNorm2;
  v->ops->sum         = LocalSum;
  v->ops->dot_local   = LocalDot;
  v->ops->tdot_local  = LocalDot;
  v->ops->mdot_local  = LocalMDot;
  v->ops->mtdot_local = LocalMDot;
  v->ops->norm_local  = LocalNorm;
  v->ops->axpby       = AXPBY;
  v->ops->axpy        = AXPY;
  v->ops->aypx        = AYPX;
  v->ops->waxpy       = WAXPY;
  v->ops->axpbypcz    = AXPBYPCZ;
  v->ops->maxpy       = MAXPY;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatVecRegisterReproducible(void)
{
  PetscFunctionBeginUser;
  PetscCall(VecRegister(HEAT_VEC_REPRODUCIBLE, Create));
  PetscFunctionReturn(PETSC_SUCCESS);
}
