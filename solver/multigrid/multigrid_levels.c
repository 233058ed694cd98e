/** Arrays and transfers of a level, rows that are shared, and the ground (multigrid_levels_impl.h).
 *  */
#include "solver/multigrid/multigrid_interpolation_impl.h"
#include "solver/multigrid/multigrid_levels_impl.h"

PetscErrorCode HeatGroundAllocate(const HeatLevelShape *s, PetscBool sides, float *u, HeatGround *g)
{
  float **arrays[] = {&g->half[0], &g->half[1], &g->film[0], &g->film[1]};

  PetscFunctionBeginUser;
  PetscCall(PetscMemzero(g, sizeof *g));
  g->mass = u;
  if (sides) PetscCall(HeatLevelShapeAllocate(s, 4, arrays, &g->memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGroundFree(const HeatLevelShape *s, HeatGround *g)
{
  PetscFunctionBeginUser;
  if (g->mass) PetscCall(PetscArrayzero(g->mass, s->size));
  PetscCall(HeatLevelShapeFree(&g->memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatGroundMove(HeatTransfer *t, PetscBool sides, const HeatGround *from,
                              HeatGround *to)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTransferRun(t, from->mass, to->mass));
  for (int axis = 0; sides && axis < 2; axis++) {
    PetscCall(HeatTransferRun(t, from->half[axis], to->half[axis]));
    PetscCall(HeatTransferRun(t, from->film[axis], to->film[axis]));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRowsAllocate(const HeatLevel *l, HeatRows *rows)
{
  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(l->s.all.hi[1] - l->s.all.lo[1] + 3, &rows->row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatRowsShareEqual(const HeatLevel *l, HeatRows *rows)
{
  const PetscInt first = l->s.all.lo[1] - 1, n = l->s.all.hi[1] + 1 - first;

  PetscFunctionBeginUser;
  for (PetscInt k = 0; l->s.half && k < n; k++) {
    const float *row  = rows->array + HeatLevelShapeRow(&l->s, first + k);
    PetscBool    same = PETSC_FALSE;

    if (k > 0) PetscCall(PetscMemcmp(row, rows->row[k - 1], sizeof(float) * l->s.row, &same));
    rows->row[k] = same ? rows->row[k - 1] : row;
  }
  if (l->s.half) rows->row[n] = rows->row[n - 1];
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatLevelFillOnes(const HeatLevelShape *s, float *array)
{
  for (size_t k = 0; k < s->size; k++) array[k] = 1.0F;
}

/* Plan the transfers of a level whose distributions and shapes are known. */
static PetscErrorCode CreateTransfers(HeatLevel *l)
{
  PetscFunctionBeginUser;
  PetscCall(HeatTransferCreate(&l->d, &l->s, &l->d, &l->s, HEAT_HALO, PETSC_TRUE, &l->halo));
  l->gather = l->halo;
  if (l->moved)
    PetscCall(HeatTransferCreate(&l->landing_d, &l->landing_s, &l->d, &l->s, HEAT_HALO, PETSC_FALSE,
                                 &l->gather));
  PetscCall(HeatTransferCreate(&l->d, &l->s, &l->landing_d, &l->landing_s, HEAT_COARSE_HALO,
                               l->moved ? PETSC_FALSE : PETSC_TRUE, &l->scatter));
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode CreateDiagonals(const HeatLevelShape *s, HeatDiagonals *diagonals)
{
  HeatLevelShape rows = *s;
  float         *first, **array = &first;

  PetscFunctionBeginUser;
  rows.size = s->half ? HEAT_DIAGONALS * s->row : 0;
  PetscCall(HeatLevelShapeAllocate(&rows, 1, &array, &diagonals->memory));
  for (int k = 0; s->half && k < HEAT_DIAGONALS; k++)
    diagonals->slot[k] = first + (size_t)k * s->row;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatLevelCreateArrays(HeatMultigrid *mg, HeatLevel *l, PetscBool finest)
{
  float **arrays[]  = {&l->u,      &l->b,  &l->gx.array,      &l->gy.array,      &l->m.array,
                       &mg->r_low, &mg->p, &mg->gx_low.array, &mg->gy_low.array, &mg->m_low.array};
  float **landing[] = {&l->landing_u, &l->landing_b};

  PetscFunctionBeginUser;
  l->s         = HeatLevelShapeMake(&l->d, HEAT_HALO);
  l->landing_s = HeatLevelShapeMake(&l->landing_d, HEAT_HALO);
  l->stepwise  = HeatDistributionIsStepwise(&l->d);
  PetscCall(HeatLevelShapeAllocate(&l->s, finest ? 10 : 5, arrays, &l->memory));
  if (l->moved) PetscCall(HeatLevelShapeAllocate(&l->landing_s, 2, landing, &l->landing_memory));
  else {
    l->landing_u = l->u;
    l->landing_b = l->b;
  }
  PetscCall(CreateDiagonals(&l->s, &l->diagonals));
  PetscCall(HeatInterpolationCreate(l));
  PetscCall(HeatRowsAllocate(l, &l->gx));
  PetscCall(HeatRowsAllocate(l, &l->gy));
  PetscCall(HeatRowsAllocate(l, &l->m));
  for (int k = 0; k < 2; k++) PetscCall(PetscCalloc1(l->s.half + 2 * HEAT_LANES, &l->line[k]));
  PetscCall(CreateTransfers(l));
  PetscFunctionReturn(PETSC_SUCCESS);
}
