/** Ambient exchange: two fields on own cells, E and T_amb of E (T_amb - T).
 *
 *  Both are stored for every cell, even where the case gives numbers, so that the stencil has one
 *  kernel with ambient exchange.  The coefficient is compiled, evaluated and freed at set-up, since
 *  it does not depend on time; the expression of T_amb is kept.  Expressions are evaluated a row at
 *  a time. */
#include "solver/physics/ambient_exchange.h"

#include <math.h>
#include <stdio.h>

#include "solver/case/expression.h"

struct HeatAmbientExchange {
  const HeatGrid *grid;               /* borrowed */
  const HeatCase *c;                  /* borrowed */
  PetscReal       zero;               /* [K] lower bound of T_amb; -infinity: none */
  HeatExpression *ambient_expression; /* owned; T_amb of x y t [K] */
  PetscReal      *conductance;        /* owned [nyl][nxl] E [W/(m K)] */
  PetscReal      *ambient;            /* owned [nyl][nxl] T_amb [K] */
  PetscReal      *x, *y;              /* owned [nxl] cell centres of one row [m]; x is constant */
  PetscReal      *mean, *slope; /* owned [nyl][nxl] lines of T_amb over a step [K], [K/s]; NULL
                                         before the first SetTimeOnLine */
  PetscReal       line_from, line_to; /* [s] the step that they are for */
};

/* Compile a formula; raise HEAT_ERR_INPUT about the key `path` if it does not compile. */
static PetscErrorCode Compile(const HeatGrid *g, const HeatCase *c, const char *path,
                              const HeatFormula *formula, int allowed, HeatExpression **e)
{
  char message[256];

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionCreate(formula, allowed, e, message, sizeof message));
  HeatCaseCheckKey(*e, g->comm, c, path, "%s", message);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate an expression on own row j, into out[nxl]. */
static PetscErrorCode EvaluateRow(HeatAmbientExchange *s, HeatExpression *e, HeatMoment when,
                                  PetscInt j, PetscReal *out)
{
  const HeatGrid *g = s->grid;

  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < g->nxl; i++) s->y[i] = HeatGridY(g, g->ys + j);
  PetscCall(HeatExpressionEvaluate(e, g->nxl, s->x, s->y, HeatExpressionTime(e, when), NULL, out));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Evaluate an expression on all own cells, into out[nyl][nxl]. */
static PetscErrorCode EvaluateCells(HeatAmbientExchange *s, HeatExpression *e, HeatMoment when,
                                    PetscReal *out)
{
  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < s->grid->nyl; j++)
    PetscCall(EvaluateRow(s, e, when, j, out + (size_t)j * (size_t)s->grid->nxl));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Note coefficients that are negative or not finite. */
static void CheckCoefficients(const HeatAmbientExchange *s, HeatFault *fault)
{
  for (size_t cell = 0; cell < HeatGridLocalCells(s->grid); cell++) {
    const PetscReal value = s->conductance[cell];

    if (value >= 0.0 && value <= PETSC_MAX_REAL) continue;
    if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, cell))) continue;
    HeatFaultAtCell(fault, s->grid);
    fault->value = value;
    (void)snprintf(fault->path, sizeof fault->path, "exchange.coefficient");
    (void)snprintf(fault->what, sizeof fault->what, "the coefficient");
    (void)snprintf(fault->unit, sizeof fault->unit, "W/(m3 K)");
    (void)snprintf(fault->rule, sizeof fault->rule, "it must be finite and at least 0");
  }
}

/* Note ambient temperatures of own row j at time t [s], values[nxl], that are not finite or below
   the absolute zero. */
static void CheckRow(const HeatAmbientExchange *s, PetscReal t, PetscInt j, const PetscReal *values,
                     HeatFault *fault)
{
  const size_t first = (size_t)j * (size_t)s->grid->nxl;

  for (PetscInt i = 0; i < s->grid->nxl; i++) {
    if (values[i] >= s->zero && HeatIsNumber(values[i])) continue;
    if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, first + (size_t)i))) continue;
    HeatFaultAtCell(fault, s->grid);
    fault->value = values[i];
    fault->t     = t;
    fault->of_t  = (HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME) ? PETSC_TRUE
                                                                                    : PETSC_FALSE;
    (void)snprintf(fault->path, sizeof fault->path, "exchange.ambient");
    HeatFaultOfTemperature(fault, s->c);
  }
}

PetscErrorCode HeatAmbientExchangeCreate(const HeatGrid *g, const HeatCase *c,
                                         HeatAmbientExchange **out)
{
  const size_t         n     = HeatGridLocalCells(g);
  const HeatMoment     start = {0.0, 0.0};
  HeatAmbientExchange *s;
  HeatExpression      *coefficient;
  HeatFault            fault = {0};
  char                 reason[100];

  PetscFunctionBeginUser;
  *out = NULL;
  if (!c->exchange.coefficient.given) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&s));
  *out    = s;
  s->grid = g;
  s->c    = c;
  s->zero = HeatCaseAbsoluteZero(c, reason, sizeof reason);
  PetscCall(PetscMalloc2(n, &s->conductance, n, &s->ambient));
  PetscCall(PetscMalloc2(g->nxl, &s->x, g->nxl, &s->y));
  for (PetscInt i = 0; i < g->nxl; i++) s->x[i] = HeatGridX(g, g->xs + i);
  PetscCall(Compile(g, c, "exchange.coefficient", &c->exchange.coefficient, HEAT_VAR_X | HEAT_VAR_Y,
                    &coefficient));
  PetscCall(EvaluateCells(s, coefficient, start, s->conductance));
  PetscCall(HeatExpressionDestroy(&coefficient));
  CheckCoefficients(s, &fault);
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  for (size_t cell = 0; cell < n; cell++) s->conductance[cell] *= g->hx * g->hy;
  PetscCall(Compile(g, c, "exchange.ambient", &c->exchange.ambient,
                    HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &s->ambient_expression));
  PetscCall(EvaluateCells(s, s->ambient_expression, start, s->ambient));
  for (PetscInt j = 0; j < g->nyl; j++)
    CheckRow(s, start.t, j, s->ambient + (size_t)j * (size_t)g->nxl, &fault);
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *s, HeatMoment when, HeatFault *fault)
{
  PetscFunctionBeginUser;
  if (!(HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(EvaluateCells(s, s->ambient_expression, when, s->ambient));
  for (PetscInt j = 0; j < s->grid->nyl; j++)
    CheckRow(s, when.t, j, s->ambient + (size_t)j * (size_t)s->grid->nxl, fault);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fit the lines over a step, unless it is the step that they are for. */
static PetscErrorCode FitLines(HeatAmbientExchange *s, const HeatTimeLine *line, HeatFault *fault)
{
  const PetscInt nx = s->grid->nxl;
  PetscReal     *values;

  PetscFunctionBeginUser;
  if (!s->mean) {
    PetscCall(PetscMalloc2(HeatGridLocalCells(s->grid), &s->mean, HeatGridLocalCells(s->grid),
                           &s->slope));
  } else if (line->from == s->line_from && line->to == s->line_to) {
    PetscFunctionReturn(PETSC_SUCCESS);
  }
  s->line_from = line->from;
  s->line_to   = line->to;
  PetscCall(PetscMalloc1(HEAT_LINE_POINTS * nx, &values));
  for (PetscInt j = 0; j < s->grid->nyl; j++) {
    const size_t row = (size_t)j * (size_t)nx;

    for (int k = 0; k < HEAT_LINE_POINTS; k++) {
      PetscCall(EvaluateRow(s, s->ambient_expression, line->moments[k], j, values + k * nx));
      CheckRow(s, line->moments[k].t, j, values + k * nx, fault);
    }
    HeatTimeLineFit(line, nx, values, s->mean + row, s->slope + row);
  }
  PetscCall(PetscFree(values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTimeOnLine(HeatAmbientExchange *s, const HeatTimeLine *line,
                                                PetscReal t, HeatFault *fault)
{
  const PetscReal offset = HeatTimeLineOffset(line, t);

  PetscFunctionBeginUser;
  if (!(HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FitLines(s, line, fault));
  for (size_t i = 0; i < HeatGridLocalCells(s->grid); i++)
    s->ambient[i] = s->mean[i] + s->slope[i] * offset;
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscBool HeatAmbientExchangeVaries(const HeatAmbientExchange *s)
{
  return HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME ? PETSC_TRUE : PETSC_FALSE;
}

PetscBool HeatAmbientExchangeIsLevel(const HeatAmbientExchange *s)
{
  return HeatExpressionVariables(s->ambient_expression) & (HEAT_VAR_X | HEAT_VAR_Y) ? PETSC_FALSE
                                                                                    : PETSC_TRUE;
}

PetscErrorCode HeatAmbientExchangeLevel(HeatAmbientExchange *s, HeatMoment when, PetscReal *ambient,
                                        HeatFault *fault)
{
  PetscReal *row;

  PetscFunctionBeginUser;
  PetscCall(PetscMalloc1(s->grid->nxl, &row));
  PetscCall(EvaluateRow(s, s->ambient_expression, when, 0, row));
  CheckRow(s, when.t, 0, row, fault);
  *ambient = row[0];
  PetscCall(PetscFree(row));
  PetscFunctionReturn(PETSC_SUCCESS);
}

const PetscReal *HeatAmbientExchangeConductance(const HeatAmbientExchange *s)
{
  return s->conductance;
}

const PetscReal *HeatAmbientExchangeAmbient(const HeatAmbientExchange *s) { return s->ambient; }

PetscErrorCode HeatAmbientExchangeDestroy(HeatAmbientExchange **out)
{
  PetscFunctionBeginUser;
  if (!*out) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(HeatExpressionDestroy(&(*out)->ambient_expression));
  PetscCall(PetscFree2((*out)->conductance, (*out)->ambient));
  PetscCall(PetscFree2((*out)->x, (*out)->y));
  PetscCall(PetscFree2((*out)->mean, (*out)->slope));
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
