/** Ambient exchange: two fields on own cells, E and T_amb of E (T_amb - T).
 *
 *  Both are stored for every cell, even where the case gives numbers, so that the stencil has one
 *  kernel with ambient exchange.  The coefficient is compiled, evaluated and freed at set-up, since
 *  it does not depend on time; the expression of T_amb is kept.  Expressions are evaluated a row at
 *  a time. */
#include "solver/physics/ambient_exchange.h"

#include "solver/case/expression.h"

struct HeatAmbientExchange {
  const HeatGrid *grid;               /* borrowed */
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

/* Raise HEAT_ERR_INPUT about the key `path` if in some cell of any rank a value is not finite or is
   less than `lower_bound`.  Collective. */
static PetscErrorCode CheckCells(const HeatAmbientExchange *s, const HeatCase *c, const char *path,
                                 const PetscReal *values, PetscReal lower_bound)
{
  PetscInt64 bad = 0;

  PetscFunctionBeginUser;
  for (size_t cell = 0; cell < HeatGridLocalCells(s->grid); cell++)
    bad += !(values[cell] >= lower_bound && values[cell] <= PETSC_MAX_REAL);
  PetscCallMPI(MPI_Allreduce(MPI_IN_PLACE, &bad, 1, MPIU_INT64, MPI_SUM, s->grid->comm));
  HeatCaseCheckKey(bad == 0, s->grid->comm, c, path,
                   "in %" PetscInt64_FMT " cells it is %snot finite at t = 0; it must be defined "
                   "everywhere",
                   bad, lower_bound == 0.0 ? "negative or " : "");
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeCreate(const HeatGrid *g, const HeatCase *c,
                                         HeatAmbientExchange **out)
{
  const size_t         n     = HeatGridLocalCells(g);
  const HeatMoment     start = {0.0, 0.0};
  HeatAmbientExchange *s;
  HeatExpression      *coefficient;

  PetscFunctionBeginUser;
  *out = NULL;
  if (!c->exchange.coefficient.given) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscNew(&s));
  *out    = s;
  s->grid = g;
  PetscCall(PetscMalloc2(n, &s->conductance, n, &s->ambient));
  PetscCall(PetscMalloc2(g->nxl, &s->x, g->nxl, &s->y));
  for (PetscInt i = 0; i < g->nxl; i++) s->x[i] = HeatGridX(g, g->xs + i);
  PetscCall(Compile(g, c, "exchange.coefficient", &c->exchange.coefficient, HEAT_VAR_X | HEAT_VAR_Y,
                    &coefficient));
  PetscCall(EvaluateCells(s, coefficient, start, s->conductance));
  PetscCall(HeatExpressionDestroy(&coefficient));
  PetscCall(CheckCells(s, c, "exchange.coefficient", s->conductance, 0.0));
  for (size_t cell = 0; cell < n; cell++) s->conductance[cell] *= g->hx * g->hy;
  PetscCall(Compile(g, c, "exchange.ambient", &c->exchange.ambient,
                    HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &s->ambient_expression));
  PetscCall(EvaluateCells(s, s->ambient_expression, start, s->ambient));
  PetscCall(CheckCells(s, c, "exchange.ambient", s->ambient, -PETSC_MAX_REAL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *s, HeatMoment when)
{
  PetscFunctionBeginUser;
  if (HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME)
    PetscCall(EvaluateCells(s, s->ambient_expression, when, s->ambient));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Fit the lines over a step, unless it is the step that they are for. */
static PetscErrorCode FitLines(HeatAmbientExchange *s, const HeatTimeLine *line)
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

    for (int k = 0; k < HEAT_LINE_POINTS; k++)
      PetscCall(EvaluateRow(s, s->ambient_expression, line->moments[k], j, values + k * nx));
    HeatTimeLineFit(line, nx, values, s->mean + row, s->slope + row);
  }
  PetscCall(PetscFree(values));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTimeOnLine(HeatAmbientExchange *s, const HeatTimeLine *line,
                                                PetscReal t)
{
  const PetscReal offset = HeatTimeLineOffset(line, t);

  PetscFunctionBeginUser;
  if (!(HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(FitLines(s, line));
  for (size_t i = 0; i < HeatGridLocalCells(s->grid); i++)
    s->ambient[i] = s->mean[i] + s->slope[i] * offset;
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
