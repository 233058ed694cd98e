/* Lifecycle of the multigrid, and the description of its levels for reports. */
#include "solver/multigrid/multigrid.h"

#include "solver/multigrid/multigrid_impl.h"

PetscErrorCode HeatMultigridCreate(HeatOperator *op, HeatMultigrid **out)
{
  HeatMultigrid *mg;

  PetscFunctionBeginUser;
  PetscCall(PetscNew(&mg));
  *out       = mg;
  mg->op     = op;
  mg->comm   = HeatOperatorGrid(op)->comm;
  mg->visits = 1;
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatMultigridSetCycle(HeatMultigrid *mg, int visits) { mg->visits = visits; }
int  HeatMultigridCycleVisits(const HeatMultigrid *mg) { return mg->visits; }

PetscInt HeatMultigridLevels(const HeatMultigrid *mg) { return mg->n_levels; }

HeatMultigridLevel HeatMultigridGetLevel(const HeatMultigrid *mg, PetscInt level)
{
  const HeatLevel *l = &mg->levels[level];

  return (HeatMultigridLevel){
      {l->d.n[0], l->d.n[1]}, {l->d.parts[0], l->d.parts[1]}, {l->joins[0], l->joins[1]}};
}

/* Add what all ranks have sent for a level. */
static void PredictLevel(const HeatLevel *l, HeatTrafficKind kind, HeatLayoutTraffic *sum)
{
  HeatTransferPredict(l->halo, kind, sum);
  if (l->moved) HeatTransferPredict(l->gather, kind, sum);
  HeatTransferPredict(l->scatter, kind, sum);
}

void HeatMultigridPredict(const HeatMultigrid *mg, HeatTrafficKind kind, HeatLayoutTraffic *sum)
{
  HeatLayoutTrafficAdd(sum, 1, &mg->past[kind]);
  for (PetscInt k = 0; k < mg->n_made; k++) PredictLevel(&mg->levels[k], kind, sum);
}

static PetscErrorCode FreeRowPointers(HeatRows *rows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscFree(rows->row));
  rows->array = NULL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode ClearLevel(HeatLevel *l)
{
  PetscFunctionBeginUser;
  if (l->gather != l->halo) PetscCall(HeatTransferDestroy(&l->gather));
  PetscCall(HeatTransferDestroy(&l->halo));
  PetscCall(HeatTransferDestroy(&l->scatter));
  PetscCall(FreeRowPointers(&l->gx));
  PetscCall(FreeRowPointers(&l->gy));
  PetscCall(FreeRowPointers(&l->m));
  PetscCall(PetscFree(l->line[0]));
  PetscCall(PetscFree(l->line[1]));
  PetscCall(HeatLevelShapeFree(&l->diagonals.memory));
  PetscCall(HeatLevelShapeFree(&l->interpolation.memory));
  PetscCall(HeatLevelShapeFree(&l->memory));
  PetscCall(HeatLevelShapeFree(&l->landing_memory));
  PetscCall(HeatDistributionDestroy(&l->d));
  PetscCall(HeatDistributionDestroy(&l->landing_d));
  PetscCall(PetscMemzero(l, sizeof *l));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridClear(HeatMultigrid *mg, PetscInt first)
{
  PetscFunctionBeginUser;
  for (PetscInt k = first; k < mg->n_made; k++) {
    for (int kind = 0; kind < HEAT_TRAFFIC_KINDS; kind++)
      PredictLevel(&mg->levels[k], (HeatTrafficKind)kind, &mg->past[kind]);
    PetscCall(ClearLevel(&mg->levels[k]));
  }
  mg->n_made = PetscMin(mg->n_made, first);
  if (first > 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FreeRowPointers(&mg->gx_low));
  PetscCall(FreeRowPointers(&mg->gy_low));
  PetscCall(FreeRowPointers(&mg->m_low));
  PetscCall(PetscFree(mg->zeros));
  for (int k = 0; k < HEAT_ROW_COEFFICIENTS; k++) PetscCall(PetscFree(mg->wide.row[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatMultigridDestroy(HeatMultigrid **mg)
{
  PetscFunctionBeginUser;
  if (!*mg) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatMultigridClear(*mg, 0));
  PetscCall(PetscFree(*mg));
  PetscFunctionReturn(PETSC_SUCCESS);
}
