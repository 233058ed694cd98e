/** Ambient exchange: two fields on own cells, E and T_amb of E (T_amb - T).
 *
 *  Both are stored for every cell, even where the case gives numbers, so that the stencil has one
 *  kernel with ambient exchange.  The coefficient is compiled, evaluated and freed at set-up, since
 *  it does not depend on time; the expression of T_amb is kept.  Expressions are evaluated a row at
 *  a time. */
#include "solver/physics/ambient_exchange.h"

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

/* Evaluate an expression at time t [s] on all own cells, into out[nyl][nxl]. */
static PetscErrorCode EvaluateCells(HeatAmbientExchange *s, HeatExpression *e, PetscReal t,
                                    PetscReal *out)
{
  const HeatGrid *g = s->grid;

  PetscFunctionBeginUser;
  for (PetscInt j = 0; j < g->nyl; j++) {
    for (PetscInt i = 0; i < g->nxl; i++) s->y[i] = HeatGridY(g, g->ys + j);
    PetscCall(
        HeatExpressionEvaluate(e, g->nxl, s->x, s->y, t, NULL, out + (size_t)j * (size_t)g->nxl));
  }
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

/* Note ambient temperatures of time t [s] that are not finite or below the absolute zero. */
static void CheckAmbient(const HeatAmbientExchange *s, PetscReal t, HeatFault *fault)
{
  for (size_t cell = 0; cell < HeatGridLocalCells(s->grid); cell++) {
    const PetscReal value = s->ambient[cell];

    if (value >= s->zero && !PetscIsInfOrNanReal(value)) continue;
    if (!HeatFaultAdd(fault, HeatFaultPlace(s->grid, cell))) continue;
    HeatFaultAtCell(fault, s->grid);
    fault->value = value;
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
  const size_t         n = HeatGridLocalCells(g);
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
  PetscCall(EvaluateCells(s, coefficient, 0.0, s->conductance));
  PetscCall(HeatExpressionDestroy(&coefficient));
  CheckCoefficients(s, &fault);
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  for (size_t cell = 0; cell < n; cell++) s->conductance[cell] *= g->hx * g->hy;
  PetscCall(Compile(g, c, "exchange.ambient", &c->exchange.ambient,
                    HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &s->ambient_expression));
  PetscCall(EvaluateCells(s, s->ambient_expression, 0.0, s->ambient));
  CheckAmbient(s, 0.0, &fault);
  PetscCall(HeatFaultRaise(g->comm, c, HEAT_ERR_INPUT, "", &fault));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *s, PetscReal t, HeatFault *fault)
{
  PetscFunctionBeginUser;
  if (!(HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME))
    PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(EvaluateCells(s, s->ambient_expression, t, s->ambient));
  CheckAmbient(s, t, fault);
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
  PetscCall(PetscFree(*out));
  PetscFunctionReturn(PETSC_SUCCESS);
}
