/** Bounds of a formula's values (formula_range.h). */
#include "solver/case/formula_range.h"

#include <math.h>

#include "solver/case/interval.h"

PetscErrorCode HeatFormulaRange(const HeatCase *c, const HeatFormula *formula, PetscReal end,
                                PetscReal range[2])
{
  const HeatInterval constant = {0.0, 0.0}, run = {0.0, end};
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
    else results[k] = HeatEncloseOperation(o, run, results);
  }
  range[0] = results[tree.n - 1].value.low;
  range[1] = results[tree.n - 1].value.high;
  if (isnan(range[0]) || isnan(range[1])) {
    range[0] = -INFINITY;
    range[1] = INFINITY;
  }
  PetscCall(PetscFree(results));
  PetscCall(HeatExpressionTreeDestroy(&tree));
  PetscFunctionReturn(PETSC_SUCCESS);
}
