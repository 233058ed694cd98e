/** The problems of the benchmark: n x n cells on an insulated square, with steps of 0.004 s.
 *
 *      deck      TeaLeaf's decks (inputs/tealeaf): a pipe in a block, conductivities 1000 to 1
 *      constant  conductivity 1
 *      random    32 x 32 blocks of conductivities 1 to 1000, log-uniform, harmonic mean at faces
 *
 *  The equation of a backward-Euler step is A du = N(u), A = C/dt - J, for the increment du of the
 *  field u.
 */
#ifndef HEAT_TESTS_BENCH_PROBLEM_H
#define HEAT_TESTS_BENCH_PROBLEM_H

#include "solver/operator/operator.h"

typedef struct {
  HeatCase     *c; /* owned, as are all members below */
  HeatGrid     *g;
  HeatOperator *op;
  PetscReal     mass; /* 1/dt [1/s] */
  Vec           initial;
  Mat           A;        /* the assembled matrix, for the peers */
  PetscReal     assembly; /* time of the assembly [s] */
} BenchProblem;

/** Create a problem on n x n cells.  Collective on comm.  Errors: HEAT_ERR_INPUT for a name that
 *  is not in the list above. */
PetscErrorCode BenchProblemCreate(MPI_Comm comm, const char *name, PetscInt n, BenchProblem **p);

/** Store b = N(u), the right-hand side of the increment's equation.  Collective. */
PetscErrorCode BenchProblemRightSide(BenchProblem *p, Vec u, Vec b);

/** Store the true residual ||b - A x||/||b||, by HeatOperatorApply, and the part of it that
 *  rounding alone causes, epsilon ||d x||/||b|| with d the diagonal of A.  Collective. */
PetscErrorCode BenchProblemResidual(BenchProblem *p, Vec b, Vec x, PetscReal *residual,
                                    PetscReal *rounding);

/** Store the integral of the temperature weighted with density, which TeaLeaf prints as "U".
 *  Collective. */
PetscErrorCode BenchProblemIntegral(BenchProblem *p, Vec u, PetscReal *integral);

/** Destroy the problem and set *p to NULL; *p may be NULL.  Collective. */
PetscErrorCode BenchProblemDestroy(BenchProblem **p);

#endif
