/** Bounds of a formula's values (formula_range.h). */
#include "solver/case/formula_range.h"

#include <math.h>

#include "solver/case/interval.h"

/* Return the time of the run, from 0 to its end [s]; the end is infinite where the case gives
   neither an end nor the length of the steps. */
static HeatInterval RunTime(const HeatCase *c)
{
  const PetscReal step = c->time.step > 0.0 ? c->time.step : PETSC_INFINITY;

  if (c->time.scheme == HEAT_SCHEME_STEADY) return (HeatInterval){0.0, 0.0};
  return (HeatInterval){0.0, c->time.end > 0.0 ? c->time.end : step * (PetscReal)c->time.steps};
}

PetscErrorCode HeatFormulaRange(const HeatCase *c, const HeatFormula *formula, PetscReal range[2])
{
  const HeatInterval constant = {0.0, 0.0};
  HeatExpressionTree tree;
  HeatEnclosure     *results;
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  range[0] = range[1] = formula->value;
  if (!formula->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionTreeCreate(formula->text, &tree, &problem, &position));
  PetscCall(PetscMalloc1(tree.n, &results));
  for (int k = 0; k < tree.n; k++) {
    const HeatOperation *o = &tree.operations[k];

    if (o->op == HEAT_OP_X) results[k] = (HeatEnclosure){{c->grid.x[0], c->grid.x[1]}, constant};
    else if (o->op == HEAT_OP_Y)
      results[k] = (HeatEnclosure){{c->grid.y[0], c->grid.y[1]}, constant};
    else results[k] = HeatEncloseOperation(o, RunTime(c), results);
  }
  range[0] = results[tree.n - 1].value.low;
  range[1] = results[tree.n - 1].value.high;
  if (isnan(range[0]) || isnan(range[1])) {
    range[0] = PETSC_NINFINITY;
    range[1] = PETSC_INFINITY;
  }
  PetscCall(PetscFree(results));
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}
