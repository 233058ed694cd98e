/* Levels of a multigrid, as multigrid_levels.c creates them, without arrays (level_plan.h). */
#include "solver/multigrid/level_plan.h"

#include "solver/multigrid/level_traffic.h"
#include "solver/multigrid/multigrid_impl.h"

/* Predict the transfers of a level, as CreateTransfers of multigrid_levels.c plans them. */
static PetscErrorCode PlanLevel(const HeatDistribution *landing, const HeatDistribution *d,
                                PetscBool moved, HeatLevelPlan *l)
{
  /* Arrays of the ground (HeatGround): the mass; with sides that conduct also half cells and films
     along two axes. */
  const PetscInt arrays[2] = {1, 5};

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) {
    l->n[axis]     = d->n[axis];
    l->parts[axis] = d->parts[axis];
  }
  PetscCall(HeatDistributionTraffic(d, d, HEAT_HALO, &l->halo));
  l->gather = l->halo;
  if (moved) PetscCall(HeatDistributionTraffic(landing, d, HEAT_HALO, &l->gather));
  PetscCall(HeatDistributionTraffic(d, landing, HEAT_COARSE_HALO, &l->scatter));
  PetscCall(PetscMemzero(&l->visit, sizeof l->visit));
  if (HeatDistributionIsStepwise(d)) /* down and up: before each half-sweep, and one at the end */
    HeatLayoutTrafficAdd(&l->visit, 2 * (HEAT_HALF_SWEEPS + 1), &l->halo);
  PetscCall(PetscMemzero(l->set_up, sizeof l->set_up));
  for (int sides = 0; sides < 2; sides++)
    HeatLayoutTrafficAdd(&l->set_up[sides], 3 + arrays[sides], &l->gather);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelsPlan(const HeatLayout *layout, PetscInt n, HeatLevelPlan *levels)
{
  HeatDistribution d, landing, coarse;
  PetscBool        moved;

  PetscFunctionBeginUser;
  PetscCall(HeatDistributionPlan(layout, &d));
  PetscCall(PlanLevel(&d, &d, PETSC_FALSE, &levels[0]));
  for (int sides = 0; sides < 2; sides++) /* low halves of three coefficients */
    HeatLayoutTrafficAdd(&levels[0].set_up[sides], 3, &levels[0].halo);
  for (PetscInt k = 1; k < n; k++) {
    PetscCall(HeatDistributionCoarsen(&d, levels[k - 1].joins, &landing));
    PetscCall(HeatDistributionDestroy(&d));
    PetscCall(HeatDistributionJoinThin(&landing, &coarse, &moved));
    PetscCall(PlanLevel(&landing, &coarse, moved, &levels[k]));
    HeatLayoutTrafficAdd(&levels[k].visit, 1, &levels[k].gather);
    HeatLayoutTrafficAdd(&levels[k].visit, 1, &levels[k].scatter);
    PetscCall(HeatDistributionDestroy(&landing));
    d = coarse;
  }
  PetscCall(HeatDistributionDestroy(&d));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* A solve transfers both halves of the right-hand side to the halo, and each iteration z, on the
   finest level; a cycle visits each level once. */
void HeatLevelsPlanSolve(PetscInt n, const HeatLevelPlan *levels, HeatLayoutTraffic *once,
                         HeatLayoutTraffic *per_iteration)
{
  const HeatLayoutTraffic none = {{0, 0}, {0, 0}};

  *once = *per_iteration = none;
  HeatLayoutTrafficAdd(once, 2, &levels[0].halo);
  HeatLayoutTrafficAdd(per_iteration, 1, &levels[0].halo);
  for (PetscInt k = 0; k < n; k++) HeatLayoutTrafficAdd(per_iteration, 1, &levels[k].visit);
}
