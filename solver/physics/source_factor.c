/** Terms of time of the heat sources that are one number at a time: uniform ones, and products of a
 *  shape in space and a factor of time.  The shape is stored, so that only the number is evaluated
 *  at each time, and the field is recomputed only if a number has changed.  Where all terms of time
 *  are such, the heat of a rank is the sum of the base and of number times shape, both summed
 *  once. */
#include <math.h>
#include <string.h>

#include "solver/physics/source_impl.h"

/* Compute the sum of n values and the sum of their magnitudes. */
static void SumArray(size_t n, const PetscReal *values, HeatExactSum *total, HeatExactSum *turnover)
{
  const HeatExactSum nothing = {0};

  *total = *turnover = nothing;
  HeatExactSumAddWithMagnitudes(total, turnover, n, values);
}

/* Add to two sums the heat of a factored source whose terms have these values (NULL: those of the
   last SetTime), and the magnitudes of base and terms. */
static void AddFactored(const HeatSource *s, const PetscReal *values, HeatExactSum *total,
                        HeatExactSum *turnover)
{
  HeatExactSumAddScaled(total, 1.0, &s->base_total);
  HeatExactSumAddScaled(turnover, 1.0, &s->base_turnover);
  for (PetscInt k = 0; k < s->n_terms; k++) {
    const HeatSourceTerm *term = &s->terms[k];
    const PetscReal       now  = values ? values[k] : term->value;

    HeatExactSumAddScaled(total, now, &term->total);
    HeatExactSumAddScaled(turnover, PetscAbsReal(now), &term->turnover);
  }
}

void HeatSourceSumCells(HeatSource *s)
{
  SumArray(HeatGridLocalCells(s->grid), s->cells, &s->total, &s->turnover);
}

void HeatSourceSumTerms(HeatSource *s)
{
  const HeatExactSum nothing = {0};

  s->total = s->turnover = nothing;
  AddFactored(s, NULL, &s->total, &s->turnover);
}

/* Evaluate the factor of a term.  If it is not a number, or may make the source of some cell too
   large, evaluate the source in all cells of the term and note the invalid ones. */
static PetscErrorCode EvaluateFactor(HeatSource *s, const HeatSourceTerm *term, HeatMoment when,
                                     PetscReal *value, HeatFault *fault)
{
  PetscFunctionBeginUser;
  PetscCall(
      HeatExpressionAt(term->factor, 0.0, 0.0, HeatExpressionTime(term->factor, when), value));
  if (HeatIsNumber(*value) &&
      PetscAbsReal(*value) * term->largest < HEAT_LARGEST * s->grid->hx * s->grid->hy)
    PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt r = 0; r < term->n_runs; r++)
    PetscCall(HeatSourceEvaluateRun(s, term, &term->runs[r], when, s->value, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate the value of a uniform term [W/m], or the factor of a term. */
static PetscErrorCode EvaluateValue(HeatSource *s, const HeatSourceTerm *term, HeatMoment when,
                                    PetscReal *value, HeatFault *fault)
{
  PetscFunctionBeginUser;
  if (term->factor) PetscCall(EvaluateFactor(s, term, when, value, fault));
  else PetscCall(HeatSourceEvaluateOnce(s, term, when, value, fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceUpdateValue(HeatSource *s, HeatSourceTerm *term, HeatMoment when,
                                     PetscBool *changed, HeatFault *fault)
{
  PetscReal value;

  PetscFunctionBeginUser;
  PetscCall(EvaluateValue(s, term, when, &value, fault));
  if (value != term->value) *changed = PETSC_TRUE;
  term->value = value;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate the shape of a term that is a product, and sum it over own cells.  A uniform term has
   the shape 1 without an array, so that its sums are the number of its cells. */
static PetscErrorCode FillShape(HeatSource *s, HeatSourceTerm *term, HeatExpression *shape,
                                HeatFault *fault)
{
  const HeatSourceTerm whole = *term;
  const size_t         n     = (size_t)term->n_cells;
  size_t               at    = 0;

  PetscFunctionBeginUser;
  if (term->uniform) {
    HeatExactSumAdd(&term->total, (PetscReal)term->n_cells);
    term->turnover = term->total;
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  PetscCall(PetscCalloc1(n, &term->shape));
  term->expression = shape; /* EvaluateRun evaluates that */
  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run = &term->runs[r];

    PetscCall(HeatSourceEvaluateRun(s, term, run, (HeatMoment){0.0, 0.0}, term->shape + at, fault));
    at += (size_t)(run->end - run->begin);
  }
  term->expression = whole.expression;
  for (size_t i = 0; i < n; i++)
    term->largest = PetscMax(term->largest, PetscAbsReal(term->shape[i]));
  SumArray(n, term->shape, &term->total, &term->turnover);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceSplitTerms(HeatSource *s, HeatFault *fault)
{
  HeatExpression **shapes;

  PetscFunctionBeginUser;
  PetscCall(PetscCalloc1(s->n_terms, &shapes));
  s->factored = (PetscBool)(s->n_terms > 0 && !s->has_T_terms);
  for (PetscInt k = 0; k < s->n_terms && s->factored; k++) {
    HeatSourceTerm *term = &s->terms[k];

    if (term->uniform) continue;
    PetscCall(HeatExpressionSplitTime(HeatSourceFormula(s, term), &shapes[k], &term->factor));
    if (!term->factor) s->factored = PETSC_FALSE;
  }
  for (PetscInt k = 0; k < s->n_terms; k++) {
    if (s->factored) PetscCall(FillShape(s, &s->terms[k], shapes[k], fault));
    else PetscCall(HeatExpressionDestroy(&s->terms[k].factor));
    PetscCall(HeatExpressionDestroy(&shapes[k]));
  }
  if (s->factored)
    SumArray(HeatGridLocalCells(s->grid), s->base, &s->base_total, &s->base_turnover);
  PetscCall(PetscFree(shapes));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatSourceFactorCount(const HeatSource *s) { return s->factored ? s->n_terms : 0; }

PetscErrorCode HeatSourceFactors(HeatSource *s, HeatMoment when, PetscReal *factors,
                                 HeatFault *fault)
{
  PetscFunctionBeginUser;
  for (PetscInt k = 0; k < s->n_terms; k++)
    PetscCall(EvaluateValue(s, &s->terms[k], when, &factors[k], fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

void HeatSourceAddHeat(const HeatSource *s, const PetscReal *factors, HeatExactSum *total,
                       HeatExactSum *turnover)
{
  AddFactored(s, factors, total, turnover);
}

const PetscReal *HeatSourceBase(const HeatSource *s) { return s->base; }

const PetscReal *HeatSourceWholeShape(const HeatSource *s)
{
  const HeatSourceTerm *term  = &s->terms[0];
  const PetscBool       whole = (PetscBool)(s->n_terms == 1 &&
                                      (size_t)term->n_cells == HeatGridLocalCells(s->grid));

  return whole ? term->shape : NULL;
}

/* Store the shape of a term in its cells, and a number in the same cells of another array.
   @param[out] numbers  NULL: not wanted */
static void StoreShape(const HeatSource *s, const HeatSourceTerm *term, PetscReal number,
                       PetscReal *cells, PetscReal *numbers)
{
  const PetscReal *shape = term->shape;

  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run   = &term->runs[r];
    const PetscInt       n     = run->end - run->begin;
    const size_t         first = (size_t)run->j * (size_t)s->grid->nxl + (size_t)run->begin;

    for (PetscInt i = 0; i < n; i++) {
      cells[first + (size_t)i] = shape ? shape[i] : 1.0;
      if (numbers) numbers[first + (size_t)i] = number;
    }
    if (shape) shape += n;
  }
}

PetscBool HeatSourceLayer(const HeatSource *s, int layer, PetscReal *shape, PetscReal *which)
{
  PetscBool some = PETSC_FALSE;

  for (PetscInt k = 0; k < s->n_terms; k++) {
    const HeatSourceTerm *term = &s->terms[k];

    if ((term->region < 0) != (layer == HEAT_SOURCE_TOP)) continue;
    if (!some) {
      memset(shape, 0, HeatGridLocalCells(s->grid) * sizeof *shape);
      if (which) memset(which, 0, HeatGridLocalCells(s->grid) * sizeof *which);
    }
    some = PETSC_TRUE;
    StoreShape(s, term, (PetscReal)(k + 1), shape, which);
  }
  return some;
}

void HeatSourceAddTerms(const HeatSource *s, PetscReal *cells)
{
  for (PetscInt k = 0; k < s->n_terms; k++) {
    const HeatSourceTerm *term  = &s->terms[k];
    const PetscReal      *shape = term->shape, factor = term->value;

    for (PetscInt r = 0; r < term->n_runs; r++) {
      const HeatSourceRun *run = &term->runs[r];
      const PetscInt       n   = run->end - run->begin;
      PetscReal           *row = cells + (size_t)run->j * (size_t)s->grid->nxl + run->begin;

      for (PetscInt i = 0; i < n; i++) row[i] += shape ? shape[i] * factor : factor;
      if (shape) shape += n;
    }
  }
}
