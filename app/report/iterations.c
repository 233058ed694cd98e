/** Counts of the iterations of a run (iterations.h). */
#include "app/report/iterations.h"

void HeatIterationsAdd(HeatIterations *all, const HeatSolveInfo *solve)
{
  all->min = all->solves == 0 ? solve->iterations : PetscMin(all->min, solve->iterations);
  all->max = PetscMax(all->max, solve->iterations);
  all->total += solve->iterations;
  all->newton += solve->newton;
  all->solves += 1;
  all->last_residual = solve->residual;
  all->last_true     = solve->true_residual;
  all->worst_true    = PetscMax(all->worst_true, solve->true_residual);
  all->rescued[solve->rescue] += 1;
  all->at_rounding += solve->at_rounding ? 1 : 0;
}
