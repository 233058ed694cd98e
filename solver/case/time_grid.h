/** The grid of times of fixed steps: the multiples of the step.  A run and its plan use these
 *  functions alike. */
#ifndef HEAT_SOLVER_TIME_GRID_H
#define HEAT_SOLVER_TIME_GRID_H

#include <petscsys.h>

/** Return the longest step [s] of at most `limit` of which a whole number reaches `end`.  1e-12:
 *  chosen; a quotient that exceeds a whole number by rounding does not add a step. */
static inline PetscReal HeatTimeGridStep(PetscReal end, PetscReal limit)
{
  return end / PetscCeilReal(end / limit * (1.0 - 1e-12));
}

/** Return whether a run can take so many fixed steps.  1e15: chosen; after so many the rounding of
 *  the time is already about a tenth of a step. */
static inline PetscBool HeatTimeGridCounts(PetscReal steps)
{
  return steps <= 1e15 && steps < (PetscReal)PETSC_MAX_INT ? PETSC_TRUE : PETSC_FALSE;
}

/** Rows of history.csv in a run whose case does not set their number, approximately.  Chosen:
 *  enough for a smooth curve; each row costs a survey of the state and ends steps taken at once. */
enum { HEAT_HISTORY_ROWS = 1000 };

/** Return the number of steps between rows of history.csv in a run of `steps` steps whose case does
 *  not set it; 1 if the number of steps is not known (negative). */
static inline PetscInt64 HeatTimeGridRowEvery(PetscReal steps)
{
  return PetscMax((PetscInt64)PetscCeilReal(steps / HEAT_HISTORY_ROWS), 1);
}

/** Return whether all multiples of an interval are points of the grid; an interval of 0 has none.
 *  1e-12: chosen, above the rounding of the quotient, and far below a step. */
static inline PetscBool HeatTimeGridHasMultiples(PetscReal interval, PetscReal step)
{
  const PetscReal points = PetscFloorReal(interval / step + 0.5);

  return interval <= 0.0 ||
                 (points >= 1.0 && PetscAbsReal(points * step - interval) <= 1e-12 * interval)
             ? PETSC_TRUE
             : PETSC_FALSE;
}

#endif
