/** Visit the faces between cells one by one, with the heat through each.
 *
 *  A face is visited by the rank that owns the cell on its right or above it, so that each face is
 *  visited once over all ranks.  A cell therefore needs the material and temperature of its left
 *  and lower neighbours only. */
#include "solver/operator/operator_impl.h"

/* Fetch the materials of the cells beyond the left and the bottom side of the block, as doubles;
   `left` [nyl] or `bottom` [nxl] is not written where that side is the domain's.  Collective. */
static PetscErrorCode MaterialsBeyond(HeatOperator *op, PetscReal *left, PetscReal *bottom)
{
  const HeatGrid *g = op->grid;
  PetscReal      *material;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(HeatGridLocalCells(g), &material));
  for (size_t cell = 0; cell < HeatGridLocalCells(g); cell++)
    material[cell] = (PetscReal)op->material[cell];
  PetscCall(HeatHaloBegin(op->halo, material));
  PetscCall(HeatHaloEnd(op->halo));
  if (HeatHaloGhost(op->halo, HEAT_LEFT))
    PetscCall(PetscArraycpy(left, HeatHaloGhost(op->halo, HEAT_LEFT), g->nyl));
  if (HeatHaloGhost(op->halo, HEAT_BOTTOM))
    PetscCall(PetscArraycpy(bottom, HeatHaloGhost(op->halo, HEAT_BOTTOM), g->nxl));
  PetscCall(PetscFree(material));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatOperatorVisitFaces(HeatOperator *op, const PetscReal *T, HeatFaceVisitor visit,
                                      void *context)
{
  const HeatGrid  *g  = op->grid;
  const PetscInt   nx = g->nxl;
  const PetscReal *T_left, *T_bottom;
  PetscReal       *left, *bottom;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc2(g->nyl, &left, nx, &bottom));
  PetscCall(MaterialsBeyond(op, left, bottom));
  PetscCall(HeatHaloBegin(op->halo, T));
  PetscCall(HeatHaloEnd(op->halo));
  T_left   = HeatHaloGhost(op->halo, HEAT_LEFT);
  T_bottom = HeatHaloGhost(op->halo, HEAT_BOTTOM);
  for (PetscInt j = 0; j < g->nyl; j++) {
    const PetscReal *gx_row = op->gx + op->gx_row[j], *gy_row = op->gy + op->gy_row[j];

    for (PetscInt i = 0; i < nx; i++) {
      const size_t    cell = (size_t)j * (size_t)nx + (size_t)i;
      const PetscReal gx = gx_row[i], gy = gy_row[i];
      const PetscInt  own = op->material[cell];

      if (i > 0) visit(op->material[cell - 1], own, gx * (T[cell - 1] - T[cell]), context);
      else if (T_left) visit((PetscInt)left[j], own, gx * (T_left[j] - T[cell]), context);
      if (j > 0) {
        const size_t below = cell - (size_t)nx;

        visit(op->material[below], own, gy * (T[below] - T[cell]), context);
      } else if (T_bottom) {
        visit((PetscInt)bottom[i], own, gy * (T_bottom[i] - T[cell]), context);
      }
    }
  }
  PetscCall(PetscFree2(left, bottom));
  PetscFunctionReturn(PETSC_SUCCESS);
}
