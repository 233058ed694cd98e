/** The rule by which set-ups of Newton's preconditioner are repeated. */
#include "solver/implicit/newton_lag.h"

/* Cost of a set-up of heatmg, in iterations of flexible GMRES with heatmg.  Chosen near the
   measured 3.2: 3.8 set-ups took 15 % of a step of 1.44 s, 57 ms each, and seven iterations took a
   linear step of 0.126 s, 18 ms each (solver/MEASURED.md, Newton's method, "before").  A
   larger value costs more iterations where conductivities are steep; a smaller one costs set-ups
   that save less than they take. */
static const PetscReal SetUpCost = 4.0;

/* A solve is abandoned when its excess of iterations reaches this multiple of SetUpCost.  Chosen:
   the work of an abandoned solve is lost.  A smaller value abandons solves that were about to
   converge; a larger one iterates longer with a preconditioner that does not help. */
static const PetscReal MostExcess = 5.0;

/* Return the decimal digits by which a residual fell; at least one tenth, so that a solve that made
   no progress has a finite number of iterations for a digit. */
static PetscReal Digits(PetscReal reduction)
{
  const PetscReal least = 1e-300; /* chosen: takes the place of a reduction to 0 */

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
