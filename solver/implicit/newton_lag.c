/** The rule by which set-ups of Newton's preconditioner are repeated. */
#include "solver/implicit/newton_lag.h"

/* What a set-up of heatmg costs, in iterations of flexible GMRES with heatmg.  Chosen near the
   measured 3.2: 15 % of a step of 1.44 s with 3.8 set-ups, over the seventh part of a linear step
   (solver/MEASURED.md, Newton's method).  With a larger value steep conductivities cost more
   iterations; with a smaller one set-ups that do not pay are done. */
static const PetscReal SetUpCost = 4.0;

/* Excess of one solve, over SetUpCost, at which it is broken off.  Chosen: the excess of a solve is
   known only while it runs, and what it has reached is lost when it is broken off.  A smaller value
   breaks solves off that were about to converge; a larger one runs longer with a preconditioner
   that does not help. */
static const PetscReal MostExcess = 5.0;

/* Return the decimal digits by which a residual fell; at least one tenth, so that a solve that made
   no progress has a finite number of iterations for a digit. */
static PetscReal Digits(PetscReal reduction)
{
  const PetscReal least = 1e-300; /* a residual of 0 counts as that */

  return PetscMax(-PetscLog10Real(PetscMax(reduction, least)), 0.1);
}

void HeatNewtonLagAdd(HeatNewtonLag *lag, PetscInt iterations, PetscReal reduction)
{
  const PetscReal digits = Digits(reduction);

  if (lag->solves == 0) lag->per_digit = (PetscReal)iterations / digits;
  else lag->excess += PetscMax((PetscReal)iterations - lag->per_digit * digits, 0.0);
  lag->solves++;
}

PetscBool HeatNewtonLagIsDue(const HeatNewtonLag *lag)
{
  return lag->excess >= SetUpCost ? PETSC_TRUE : PETSC_FALSE;
}

PetscInt HeatNewtonLagLimit(const HeatNewtonLag *lag, PetscReal reduction, PetscInt most)
{
  const PetscReal limit = lag->per_digit * Digits(reduction) + MostExcess * SetUpCost;

  if (lag->solves == 0 || !(limit < (PetscReal)most)) return most;
  return (PetscInt)PetscCeilReal(limit);
}
