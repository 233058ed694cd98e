/** The solvers that are compared: ours and its peers, behind one interface.
 *
 *  Every one solves A x = b from x = 0, in vectors of the grid, until the norm of the recursive
 *  residual is below the tolerance times that of b.  Peers get the assembled matrix of the problem
 *  as a present; what our own solver assembles is part of its set-up.
 */
#ifndef HEAT_TESTS_BENCH_SOLVERS_H
#define HEAT_TESTS_BENCH_SOLVERS_H

#include <petscksp.h>

#include "tests/benchmark/bench_problem.h"

typedef struct BenchSolver BenchSolver;

/** What a solver can do.  All functions are collective on the problem's grid. */
typedef struct {
  const char *name; /* as on the command line and in the record */
  /** Hands over the matrix, at nobody's expense; NULL: takes PETSc's. */
  PetscErrorCode (*hand_over)(BenchProblem *p, BenchSolver *s);
  /** Fills data and label, or why_not and leaves data NULL where it is not to be had. */
  PetscErrorCode (*set_up)(BenchProblem *p, BenchSolver *s);
  PetscErrorCode (*solve)(BenchSolver *s, PetscReal tolerance, Vec b, Vec x, PetscInt *iterations,
                          PetscBool *solved);
  PetscErrorCode (*destroy)(BenchSolver *s);
} BenchSolverType;

struct BenchSolver {
  const BenchSolverType *type;
  void                  *data;      /* the type's own; NULL: not to be had */
  char                   label[64]; /* what it is made of: "cg+gamg" */
  char                   why_not[128];
};

extern const BenchSolverType BenchOurs;       /* heat2d's default */
extern const BenchSolverType BenchOursCG;     /* its preconditioner under PETSc's own CG */
extern const BenchSolverType BenchGAMG;       /* PETSc's algebraic multigrid as it comes */
extern const BenchSolverType BenchGAMGBest;   /* with the threshold that suits these problems */
extern const BenchSolverType BenchPCMG;       /* PETSc's geometric multigrid, as good as it gets */
extern const BenchSolverType BenchJacobi;     /* CG with the diagonal */
extern const BenchSolverType BenchPFMG;       /* hypre's structured multigrid */
extern const BenchSolverType BenchPFMGJacobi; /* with another smoother */

/** "cg+gamg"; collective. */
PetscErrorCode BenchSolverLabel(BenchSolver *s, KSP ksp);

/** The version of hypre, or "not found". */
const char *BenchHypreVersion(char *buffer, size_t size);

#endif
