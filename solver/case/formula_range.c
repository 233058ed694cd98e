/** Bounds of a formula's values (formula_range.h). */
#include "solver/case/formula_range.h"

#include <math.h>

#include "solver/case/interval.h"

PetscErrorCode HeatFormulaRange(const HeatCase *c, const HeatFormula *formula, PetscReal end,
                                PetscReal range[2])
{
  const HeatBox box = {{{c->grid.x[0], c->grid.x[1]}, {c->grid.y[0], c->grid.y[1]}, {0.0, end}}};
  HeatExpressionTree tree;
  HeatEnclosure     *results;
  const char        *problem;
  size_t             position;

  PetscFunctionBeginUser;
  range[0] = range[1] = formula->value;
  if (!formula->text) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionTreeCreate(formula->text, &tree, &problem, &position));
  PetscCall(PetscMalloc1(tree.n, &results));
  HeatEncloseOver(&tree, 0, tree.n - 1, &box, PETSC_FALSE, results);
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
