/** Counts of the iterations of a run: of the linear solver, and of Newton's method around it. */
#ifndef HEAT_APP_ITERATIONS_H
#define HEAT_APP_ITERATIONS_H

#include "solver/implicit/linear.h"

/** Plain data of this process; the same on all ranks; all zero before the first solve.  A "solve"
 *  comprises all linear solves of one step (HeatStepInfo). */
typedef struct {
  PetscInt64 solves;                /* steps that solved something */
  PetscInt64 total, min, max;       /* linear iterations: of all steps, fewest and most of a step */
  PetscInt64 newton;                /* Newton iterations of all steps */
  PetscReal  last_residual;         /* relative, of the last step, as the Krylov method sees it */
  PetscReal  last_true;             /* relative, of the last step, computed from the solution */
  PetscReal  worst_true;            /* the largest last_true so far */
  PetscInt64 rescued[HEAT_RESCUES]; /* number of steps whose solves needed each fallback */
  PetscInt64 at_rounding; /* steps whose residual stays above the tolerance because of rounding */
} HeatIterations;

/** Add what the solves of one step took.  Not collective. */
void HeatIterationsAdd(HeatIterations *all, const HeatSolveInfo *solve);

#endif
