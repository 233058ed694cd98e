/** The bounds of the maximum principle (reach.h). */
#include "app/run/reach.h"

static void Widen(HeatReach *reach, PetscReal value)
{
  reach->low  = PetscMin(reach->low, value);
  reach->high = PetscMax(reach->high, value);
}

static void DropBoth(HeatReach *reach) { reach->has_low = reach->has_high = PETSC_FALSE; }

/* Widen by a prescribed or ambient temperature. */
static void WidenByOutside(HeatReach *reach, const HeatFormula *formula, const HeatSeries *table)
{
  if (table && table->file) {
    for (PetscInt k = 0; k < table->n; k++) Widen(reach, table->value[k]);
  } else if (formula->given && !formula->text) Widen(reach, formula->value);
  else DropBoth(reach);
}

/* Drop the bound that heat of this sign can break: the upper one if heat enters (value > 0), the
   lower one if it leaves. */
static void HeatBy(HeatReach *reach, PetscReal value)
{
  if (value > 0.0) reach->has_high = PETSC_FALSE;
  if (value < 0.0) reach->has_low = PETSC_FALSE;
}

static void HeatByFormula(HeatReach *reach, const HeatFormula *formula)
{
  if (!formula->given) return;
  if (formula->text) DropBoth(reach);
  else HeatBy(reach, formula->value);
}

static void HeatByFlux(HeatReach *reach, const HeatSegment *s)
{
  if (!s->table.file) HeatByFormula(reach, &s->value);
  for (PetscInt k = 0; s->table.file && k < s->table.n; k++) HeatBy(reach, s->table.value[k]);
}

static void IncludeSegment(HeatReach *reach, const HeatSegment *s)
{
  switch (s->type) {
  case HEAT_BC_INSULATED:
  case HEAT_BC_PERIODIC: break;
  case HEAT_BC_TEMPERATURE: WidenByOutside(reach, &s->value, &s->table); break;
  case HEAT_BC_CONVECTION:
  case HEAT_BC_RADIATION: WidenByOutside(reach, &s->ambient, &s->table); break;
  case HEAT_BC_FLUX: HeatByFlux(reach, s); break;
  }
}

HeatReach HeatReachOf(const HeatCase *c, PetscReal low, PetscReal high)
{
  HeatReach reach = {low, high, PETSC_TRUE, PETSC_TRUE};

  HeatByFormula(&reach, &c->source);
  for (PetscInt k = 0; k < c->n_regions; k++) {
    HeatByFormula(&reach, &c->regions[k].source);
    HeatByFormula(&reach, &c->regions[k].power);
  }
  if (c->exchange.coefficient.given) WidenByOutside(&reach, &c->exchange.ambient, NULL);
  for (int side = 0; side < HEAT_SIDES; side++)
    for (PetscInt k = 0; k < c->boundary[side].n; k++)
      IncludeSegment(&reach, &c->boundary[side].segments[k]);
  return reach;
}
