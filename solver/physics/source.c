/** Heat sources on own cells, in three layers, per metre of depth [W/m]:
 *      base  = sources that depend on neither t nor T
 *      timed = base + terms of time           (recomputed by SetTime)
 *      cells = timed + terms of temperature   (recomputed by Update)
 *  Q is `cells`.  A term of temperature is an expression that contains T, with or without t.  A
 *  layer has an array of its own only if some term of its kind exists; otherwise its pointer equals
 *  the pointer of the layer before it, which costs neither memory nor time:
 *
 *      terms of       base        timed       cells
 *      neither        allocated   = base      = base
 *      t              allocated   allocated   = timed
 *      T              allocated   = base      allocated
 *      t, and T       allocated   allocated   allocated
 *
 *  source_setup.c sets the layers up; source_factor.c has the terms of time that are a number, or a
 *  fixed shape times a number. */
#include "solver/physics/source.h"

#include <math.h>
#include <stdio.h>

#include "solver/case/slope.h"
#include "solver/physics/source_impl.h"

/* Return the heat of a cell [W/m] where a term has this value [W/m3], or [W/m] of a power. */
static PetscReal HeatOfCell(const HeatSource *s, const HeatSourceTerm *term, PetscReal value)
{
  return term->share > 0 ? value / (PetscReal)term->share : value * (s->grid->hx * s->grid->hy);
}

/* Describe a wrong value of a term, which is the first in the order of the grid. */
static void DescribeFault(const HeatSource *s, const HeatSourceTerm *term, PetscReal t,
                          PetscReal value, HeatFault *fault)
{
  const char *key = term->share > 0 ? "power" : "source";

  HeatFaultAtCell(fault, s->grid);
  fault->value = value;
  fault->t     = t;
  fault->of_t  = (HeatExpressionVariables(term->expression) & HEAT_VAR_TIME) ? PETSC_TRUE
                                                                             : PETSC_FALSE;
  if (term->region < 0) (void)snprintf(fault->path, sizeof fault->path, "source");
  else
    (void)snprintf(fault->path, sizeof fault->path, "regions[%" PetscInt_FMT "].%s", term->region,
                   key);
  (void)snprintf(fault->what, sizeof fault->what, "the %s", key);
  (void)snprintf(fault->unit, sizeof fault->unit, "%s", term->share > 0 ? "W/m" : "W/m3");
  (void)snprintf(fault->rule, sizeof fault->rule, "it must be finite wherever it acts");
}

PetscErrorCode HeatSourceEvaluateRun(HeatSource *s, const HeatSourceTerm *term,
                                     const HeatSourceRun *run, HeatMoment when, PetscReal *value,
                                     HeatFault *fault)
{
  const HeatGrid *g     = s->grid;
  const PetscInt  n     = run->end - run->begin;
  const PetscReal t     = HeatExpressionTime(term->expression, when);
  const size_t    first = (size_t)run->j * (size_t)g->nxl + (size_t)run->begin;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) s->y[i] = HeatGridY(g, g->ys + run->j);
  PetscCall(HeatExpressionEvaluate(term->expression, n, s->x + run->begin, s->y, t, NULL, value));
  for (PetscInt i = 0; i < n; i++) {
    if (!HeatIsNumber(value[i]) && HeatFaultAdd(fault, HeatFaultPlace(g, first + (size_t)i)))
      DescribeFault(s, term, when.t, value[i], fault);
    value[i] = HeatOfCell(s, term, value[i]);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceEvaluateOnce(const HeatSource *s, const HeatSourceTerm *term,
                                      HeatMoment when, PetscReal *heat, HeatFault *fault)
{
  PetscReal value;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionAt(term->expression, 0.0, 0.0, HeatExpressionTime(term->expression, when),
                             &value));
  if (!HeatIsNumber(value) && term->n_cells > 0) {
    const HeatSourceRun *run   = &term->runs[0];
    const size_t         first = (size_t)run->j * (size_t)s->grid->nxl + (size_t)run->begin;

    if (HeatFaultAdd(fault, HeatFaultPlace(s->grid, first)))
      DescribeFault(s, term, when.t, value, fault);
    fault->count += term->n_cells - 1;
  }
  *heat = HeatOfCell(s, term, value);
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceAddTerm(HeatSource *s, const HeatSourceTerm *term, HeatMoment when,
                                 PetscReal *cells, HeatFault *fault)
{
  const PetscReal *shape = term->shape;

  PetscFunctionBeginUser;
  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run = &term->runs[r];
    const PetscInt       n   = run->end - run->begin;
    PetscReal           *row = cells + (size_t)run->j * (size_t)s->grid->nxl + run->begin;

    if (!term->uniform && !shape)
      PetscCall(HeatSourceEvaluateRun(s, term, run, when, s->value, fault));
    for (PetscInt i = 0; i < n; i++)
      row[i] += term->uniform ? term->value : shape ? shape[i] * term->value : s->value[i];
    if (shape) shape += n;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceSetTime(HeatSource *s, HeatMoment when, HeatFault *fault)
{
  PetscBool changed = PETSC_FALSE;

  PetscFunctionBeginUser;
  s->when = when;
  for (PetscInt k = 0; k < s->n_terms; k++) {
    HeatSourceTerm *term = &s->terms[k];

    if (term->depends_on_T) continue;
    if (term->uniform || term->factor)
      PetscCall(HeatSourceUpdateValue(s, term, when, &changed, fault));
    else if (HeatExpressionTime(term->expression, when) != term->time) changed = PETSC_TRUE;
  }
  if (!changed) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArraycpy(s->timed, s->base, HeatGridLocalCells(s->grid)));
  for (PetscInt k = 0; k < s->n_terms; k++) {
    HeatSourceTerm  *term   = &s->terms[k];
    const PetscInt64 faults = fault->count;

    if (term->depends_on_T) continue;
    PetscCall(HeatSourceAddTerm(s, term, when, s->timed, fault));
    /* A term with a wrong value is evaluated again, because each SetTime has to note it. */
    term->time = fault->count > faults ? NAN : HeatExpressionTime(term->expression, when);
  }
  if (s->factored) HeatSourceSumTerms(s);
  else if (!s->has_T_terms) HeatSourceSumCells(s);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the line of a uniform term to mean and trend. */
static PetscErrorCode AddUniformLine(HeatSource *s, const HeatSourceTerm *term,
                                     const HeatTimeLine *line, HeatFault *fault)
{
  PetscReal values[HEAT_LINE_POINTS], mean, trend;

  PetscFunctionBeginUser;
  for (int k = 0; k < HEAT_LINE_POINTS; k++)
    PetscCall(HeatSourceEvaluateOnce(s, term, line->moments[k], &values[k], fault));
  HeatTimeLineFit(line, 1, values, &mean, &trend);
  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run = &term->runs[r];
    const size_t         row = (size_t)run->j * (size_t)s->grid->nxl;

    for (PetscInt i = run->begin; i < run->end; i++) {
      s->mean[row + (size_t)i] += mean;
      s->trend[row + (size_t)i] += trend;
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add the line of a term without T to mean and trend. */
static PetscErrorCode AddLine(HeatSource *s, const HeatSourceTerm *term, const HeatTimeLine *line,
                              PetscReal *scratch, HeatFault *fault)
{
  PetscReal *values = scratch, *mean = scratch + HEAT_LINE_POINTS * s->grid->nxl;
  PetscReal *trend = mean + s->grid->nxl;

  PetscFunctionBeginUser;
  if (term->uniform) {
    PetscCall(AddUniformLine(s, term, line, fault));
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run   = &term->runs[r];
    const PetscInt       n     = run->end - run->begin;
    const size_t         start = (size_t)run->j * (size_t)s->grid->nxl + (size_t)run->begin;

    for (int k = 0; k < HEAT_LINE_POINTS; k++)
      PetscCall(
          HeatSourceEvaluateRun(s, term, run, line->moments[k], values + (PetscInt)k * n, fault));
    HeatTimeLineFit(line, n, values, mean, trend);
    for (PetscInt i = 0; i < n; i++) {
      s->mean[start + (size_t)i] += mean[i];
      s->trend[start + (size_t)i] += trend[i];
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fit the lines over a step, unless it is the step that they are for. */
static PetscErrorCode FitLines(HeatSource *s, const HeatTimeLine *line, HeatFault *fault)
{
  const size_t n = HeatGridLocalCells(s->grid);
  PetscReal   *scratch;

  PetscFunctionBeginUser;
  if (!s->mean) {
    PetscCall(PetscMalloc1(n, &s->mean));
    PetscCall(PetscMalloc1(n, &s->trend));
  } else if (line->from == s->line_from && line->to == s->line_to) {
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  s->line_from = line->from;
  s->line_to   = line->to;
  PetscCall(PetscArrayzero(s->mean, n));
  PetscCall(PetscArrayzero(s->trend, n));
  PetscCall(PetscMalloc1((HEAT_LINE_POINTS + 2) * s->grid->nxl, &scratch));
  for (PetscInt k = 0; k < s->n_terms; k++)
    if (!s->terms[k].depends_on_T) PetscCall(AddLine(s, &s->terms[k], line, scratch, fault));
  PetscCall(PetscFree(scratch));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceSetTimeOnLine(HeatSource *s, const HeatTimeLine *line, PetscReal t,
                                       HeatFault *fault)
{
  const PetscReal offset = HeatTimeLineOffset(line, t);

  PetscFunctionBeginUser;
  s->when = HeatMomentInStep(line->from, line->to, t);
  if (!s->has_time_terms) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FitLines(s, line, fault));
  for (size_t i = 0; i < HeatGridLocalCells(s->grid); i++)
    s->timed[i] = s->base[i] + (s->mean[i] + s->trend[i] * offset);
  for (PetscInt k = 0; k < s->n_terms; k++)
    s->terms[k].value = s->terms[k].time = NAN; /* the next SetTime evaluates */
  if (!s->has_T_terms) HeatSourceSumCells(s);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Note a wrong value or derivative of a term of temperature in own cell `cell`. */
static void NoteOfT(const HeatSource *s, const HeatSourceTerm *term, size_t cell,
                    const PetscReal *T, PetscReal value, PetscReal slope, HeatFault *fault)
{
  const PetscBool wrong = (PetscBool)!HeatIsNumber(value);

  if (!wrong && !PetscIsInfOrNanReal(slope)) return;
  if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, cell))) return;
  DescribeFault(s, term, s->when.t, wrong ? value : slope, fault);
  fault->of_T = PETSC_TRUE;
  fault->T    = T[cell];
  if (wrong) return;
  (void)snprintf(fault->what, sizeof fault->what, "dq/dT of the source");
  (void)snprintf(fault->unit, sizeof fault->unit, "W/(m3 K)");
}

/* Add a term of temperature at the field T [nyl][nxl] to `cells`, and its derivative to `slope`. */
static PetscErrorCode AddTemperatureTerm(HeatSource *s, const HeatSourceTerm *term,
                                         const PetscReal *T, HeatFault *fault)
{
  const HeatGrid *g    = s->grid;
  const PetscReal area = g->hx * g->hy;

  PetscFunctionBeginUser;
  for (PetscInt r = 0; r < term->n_runs; r++) {
    const HeatSourceRun *run   = &term->runs[r];
    const PetscInt       n     = run->end - run->begin;
    const size_t         start = (size_t)run->j * (size_t)g->nxl + (size_t)run->begin;
    PetscReal           *slope = s->slopes;

    for (PetscInt i = 0; i < n; i++) s->y[i] = HeatGridY(g, g->ys + run->j);
    PetscCall(HeatSlopeEvaluate(term->expression, n, s->x + run->begin, s->y,
                                HeatExpressionTime(term->expression, s->when), T + start, s->value,
                                slope));
    for (PetscInt i = 0; i < n; i++) {
      NoteOfT(s, term, start + (size_t)i, T, s->value[i], slope[i], fault);
      s->cells[start + (size_t)i] += area * s->value[i];
      s->slope[start + (size_t)i] += area * slope[i];
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatSourceUpdate(HeatSource *s, const PetscReal *T, HeatFault *fault)
{
  const size_t n = HeatGridLocalCells(s->grid);

  PetscFunctionBeginUser;
  if (!s->has_T_terms) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscArraycpy(s->cells, s->timed, n));
  PetscCall(PetscArrayzero(s->slope, n));
  for (PetscInt k = 0; k < s->n_terms; k++) {
    if (s->terms[k].depends_on_T) PetscCall(AddTemperatureTerm(s, &s->terms[k], T, fault));
  }
  HeatSourceSumCells(s);
  PetscFunctionReturn(PETSC_SUCCESS);
}

const PetscReal *HeatSourceCells(const HeatSource *s) { return s->cells; }

PetscInt64 HeatSourcePowerCells(const HeatSource *s, PetscInt region)
{
  return s->power_cells ? s->power_cells[region] : 0;
}

PetscErrorCode HeatSourcePower(const HeatSource *s, PetscInt region, PetscReal t, PetscReal *power)
{
  const HeatFormula *formula = &s->c->regions[region].power;
  HeatExpression    *e;
  char               message[256];

  PetscFunctionBeginUser;
  *power = formula->given ? 0.0 : NAN;
  if (!formula->given || s->power_cells[region] == 0) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionCreate(formula, HEAT_VAR_TIME, &e, message, sizeof message));
  PetscCall(HeatExpressionAt(e, 0.0, 0.0, t, power));
  PetscCall(HeatExpressionDestroy(&e));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatSourceVaries(const HeatSource *s) { return s->has_time_terms; }

PetscBool HeatSourceDependsOnT(const HeatSource *s) { return s->has_T_terms; }

const PetscReal *HeatSourceSlope(const HeatSource *s) { return s->slope; }

const HeatExactSum *HeatSourceLocalTotal(const HeatSource *s) { return &s->total; }

const HeatExactSum *HeatSourceLocalTurnover(const HeatSource *s) { return &s->turnover; }

PetscErrorCode HeatSourceDestroy(HeatSource **source)
{
  HeatSource *s = *source;

  PetscFunctionBeginUser;
  if (!s) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt k = 0; k < s->n_terms; k++) {
    PetscCall(HeatExpressionDestroy(&s->terms[k].expression));
    PetscCall(HeatExpressionDestroy(&s->terms[k].factor));
    PetscCall(PetscFree(s->terms[k].shape));
    PetscCall(PetscFree(s->terms[k].runs));
  }
  if (s->cells != s->timed) PetscCall(PetscFree(s->cells));
  if (s->timed != s->base) PetscCall(PetscFree(s->timed));
  PetscCall(PetscFree(s->power_cells));
  PetscCall(PetscFree(s->mean));
  PetscCall(PetscFree(s->trend));
  PetscCall(PetscFree(s->slope));
  PetscCall(PetscFree(s->slopes));
  PetscCall(PetscFree(s->base));
  PetscCall(PetscFree(s->terms));
  PetscCall(PetscFree3(s->x, s->y, s->value));
  PetscCall(PetscFree(*source));
  PetscFunctionReturn(PETSC_SUCCESS);
}
