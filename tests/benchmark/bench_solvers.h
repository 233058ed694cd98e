/** One interface for the solvers that are compared: heat2d's and its peers.
 *
 *  Each solves A x = b from x = 0, in vectors of the grid, until the norm of the recursive
 *  residual is below the tolerance times the norm of b.  Peers get the assembled matrix, whose
 *  assembly is not timed; what heat2d's solver assembles is part of its set-up.
 */
#ifndef HEAT_TESTS_BENCH_SOLVERS_H
#define HEAT_TESTS_BENCH_SOLVERS_H

#include <petscksp.h>

#include "tests/benchmark/bench_problem.h"

typedef struct BenchSolver BenchSolver;

/** The functions of a solver, all collective on the problem's grid. */
typedef struct {
  const char *name; /* on the command line and in the record */
  /** Convert the matrix to the solver's format, which is not timed; NULL: it uses PETSc's. */
  PetscErrorCode (*hand_over)(BenchProblem *p, BenchSolver *s);
  /** Set `data` and `label`, or `why_not` if the solver is not available. */
  PetscErrorCode (*set_up)(BenchProblem *p, BenchSolver *s);
  PetscErrorCode (*solve)(BenchSolver *s, PetscReal tolerance, Vec b, Vec x, PetscInt *iterations,
                          PetscBool *solved);
  PetscErrorCode (*destroy)(BenchSolver *s);
} BenchSolverType;

struct BenchSolver {
  const BenchSolverType *type;
  void                  *data;         /* owned by the type; NULL: not available */
  char                   label[64];    /* Krylov method and preconditioner, such as "cg+gamg" */
  char                   why_not[128]; /* why it is not available */
};

extern const BenchSolverType BenchOurs;       /* heat2d's default */
extern const BenchSolverType BenchOursCG;     /* its preconditioner under PETSc's own CG */
extern const BenchSolverType BenchGAMG;       /* PETSc's algebraic multigrid with its defaults */
extern const BenchSolverType BenchGAMGBest;   /* GAMG with a threshold that suits these problems */
extern const BenchSolverType BenchPCMG;       /* PETSc's geometric multigrid, tuned by us */
extern const BenchSolverType BenchJacobi;     /* CG with the diagonal as preconditioner */
extern const BenchSolverType BenchPFMG;       /* hypre's structured multigrid */
extern const BenchSolverType BenchPFMGJacobi; /* PFMG with weighted Jacobi as smoother */

/** Store the label of a KSP and its PC, such as "cg+gamg".  Collective. */
PetscErrorCode BenchSolverLabel(BenchSolver *s, KSP ksp);

/** Return the version of hypre, or "not found". */
const char *BenchHypreVersion(char *buffer, size_t size);

#endif
