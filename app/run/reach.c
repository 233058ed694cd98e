/** The bounds of the maximum principle (reach.h). */
#include "app/run/reach.h"

#include <math.h>

#include "solver/case/formula_range.h"

static void Widen(HeatReach *reach, PetscReal value)
{
  reach->low  = PetscMin(reach->low, value);
  reach->high = PetscMax(reach->high, value);
}

/* Widen by a prescribed or ambient temperature. */
static PetscErrorCode WidenByOutside(HeatReach *reach, const HeatCase *c, PetscReal end,
                                     const HeatFormula *formula, const HeatSeries *table)
{
  PetscReal range[2];

  PetscFunctionBeginUser;
  if (table && table->file) {
    for (PetscInt k = 0; k < table->n; k++) Widen(reach, table->value[k]);
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(HeatFormulaRange(c, formula, end, range));
  if (!isfinite(range[0])) reach->has_low = PETSC_FALSE;
  else reach->low = PetscMin(reach->low, range[0]);
  if (!isfinite(range[1])) reach->has_high = PETSC_FALSE;
  else reach->high = PetscMax(reach->high, range[1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Drop the bounds that a source or flux with values from low to high can violate: the upper bound
   if a value can be positive, the lower bound if a value can be negative. */
static void HeatBy(HeatReach *reach, PetscReal low, PetscReal high)
{
  if (high > 0.0) reach->has_high = PETSC_FALSE;
  if (low < 0.0) reach->has_low = PETSC_FALSE;
}

static PetscErrorCode HeatByFormula(HeatReach *reach, const HeatCase *c, PetscReal end,
                                    const HeatFormula *formula)
{
  PetscReal range[2];

  PetscFunctionBeginUser;
  if (!formula->given) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatFormulaRange(c, formula, end, range));
  HeatBy(reach, range[0], range[1]);
  PetscFunctionReturn(PETSC_SUCCESS);
}

static PetscErrorCode IncludeSegment(HeatReach *reach, const HeatCase *c, PetscReal end,
                                     const HeatSegment *s)
{
  PetscFunctionBeginUser;
  switch (s->type) {
  case HEAT_BC_INSULATED:
  case HEAT_BC_PERIODIC: break;
  case HEAT_BC_TEMPERATURE: PetscCall(WidenByOutside(reach, c, end, &s->value, &s->table)); break;
  case HEAT_BC_CONVECTION:
  case HEAT_BC_RADIATION: PetscCall(WidenByOutside(reach, c, end, &s->ambient, &s->table)); break;
  case HEAT_BC_FLUX:
    if (!s->table.file) PetscCall(HeatByFormula(reach, c, end, &s->value));
    else
      for (PetscInt k = 0; k < s->table.n; k++) HeatBy(reach, s->table.value[k], s->table.value[k]);
    break;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatReachOf(const HeatCase *c, PetscReal end, PetscReal low, PetscReal high,
                           HeatReach *reach)
{
  PetscFunctionBeginUser;
  *reach = (HeatReach){low, high, PETSC_TRUE, PETSC_TRUE};
  PetscCall(HeatByFormula(reach, c, end, &c->source));
  for (PetscInt k = 0; k < c->n_regions; k++) {
    PetscCall(HeatByFormula(reach, c, end, &c->regions[k].source));
    PetscCall(HeatByFormula(reach, c, end, &c->regions[k].power));
  }
  if (c->exchange.coefficient.given)
    PetscCall(WidenByOutside(reach, c, end, &c->exchange.ambient, NULL));
  for (int side = 0; side < HEAT_SIDES; side++)
    for (PetscInt k = 0; k < c->boundary[side].n; k++)
      PetscCall(IncludeSegment(reach, c, end, &c->boundary[side].segments[k]));
  PetscFunctionReturn(PETSC_SUCCESS);
}
