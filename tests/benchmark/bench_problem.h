/** The problems of the benchmark: square grids of n x n cells, dt = 0.004 s, insulated, made in C.
 *
 *      deck      TeaLeaf's decks (inputs/tealeaf): a conducting pipe in a block, 1000 to one
 *      constant  conductivity 1
 *      random    32 x 32 blocks of conductivities 1 to 1000, log-uniform, harmonic mean
 *
 *  The equation of a step is A du = b - A u, A = C/dt - J, for the increment du of the field u.
 */
#ifndef HEAT_TESTS_BENCH_PROBLEM_H
#define HEAT_TESTS_BENCH_PROBLEM_H

#include "solver/operator/operator.h"

typedef struct {
  HeatCase     *c; /* owned, like everything below */
  HeatGrid     *g;
  HeatOperator *op;
  PetscReal     mass; /* 1/dt [1/s] */
  Vec           initial;
  Mat           A;        /* assembled, for the peers */
  PetscReal     assembly; /* [s] that this took */
} BenchProblem;

/** Collective on comm.  Errors: HEAT_ERR_INPUT for a name that is not in the list above. */
PetscErrorCode BenchProblemCreate(MPI_Comm comm, const char *name, PetscInt n, BenchProblem **p);

/** b = N(u), which is the right-hand side of the increment's equation.  Collective. */
PetscErrorCode BenchProblemRightSide(BenchProblem *p, Vec u, Vec b);

/** The true residual ||b - A x|| / ||b|| by HeatOperatorApply, and what rounding alone leaves of it:
 *  epsilon ||d x|| / ||b||, d the diagonal of A.  Collective. */
PetscErrorCode BenchProblemResidual(BenchProblem *p, Vec b, Vec x, PetscReal *residual,
                                    PetscReal *rounding);

/** The integral of the temperature weighted with density, TeaLeaf's "U".  Collective. */
PetscErrorCode BenchProblemIntegral(BenchProblem *p, Vec u, PetscReal *integral);

/** *p may be NULL.  Collective. */
PetscErrorCode BenchProblemDestroy(BenchProblem **p);

#endif
