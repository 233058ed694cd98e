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
  const size_t         n = HeatGridLocalCells(g);
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
  PetscCall(EvaluateCells(s, coefficient, 0.0, s->conductance));
  PetscCall(HeatExpressionDestroy(&coefficient));
  PetscCall(CheckCells(s, c, "exchange.coefficient", s->conductance, 0.0));
  for (size_t cell = 0; cell < n; cell++) s->conductance[cell] *= g->hx * g->hy;
  PetscCall(Compile(g, c, "exchange.ambient", &c->exchange.ambient,
                    HEAT_VAR_X | HEAT_VAR_Y | HEAT_VAR_TIME, &s->ambient_expression));
  PetscCall(EvaluateCells(s, s->ambient_expression, 0.0, s->ambient));
  PetscCall(CheckCells(s, c, "exchange.ambient", s->ambient, -PETSC_MAX_REAL));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatAmbientExchangeSetTime(HeatAmbientExchange *s, PetscReal t)
{
  PetscFunctionBeginUser;
  if (HeatExpressionVariables(s->ambient_expression) & HEAT_VAR_TIME)
    PetscCall(EvaluateCells(s, s->ambient_expression, t, s->ambient));
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
