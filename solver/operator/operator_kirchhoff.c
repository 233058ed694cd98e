/** Steps of Newton's method in Kirchhoff's variable.
 *
 *  Newton's step d of a cell is the change of T at which its linearised heat balances.  Where k
 *  depends on T, heat is linear not in T but in theta, the integral of k over T.  The step is
 *  therefore taken in theta: the new temperature T + s d is the one with
 *
 *      s (mean of k from T to T + s d) = k(T)
 *
 *  so that a steady state of one material is reached in about one step, even where k jumps.  Near
 *  the solution k hardly changes over d, and the step is Newton's own.  A cell needs nothing from
 *  its neighbours.
 *  Source: solver/README.md eq. (10a). */
#include <math.h>

#include "solver/operator/operator_impl.h"
#include "solver/physics/mean.h"

/* Relative change of k over a step up to which the step stays Newton's own, unless k jumps or turns
   between, as at a peak that the step passes over.  Chosen: with 0 the
   result is the same but each iteration evaluates k more often; with 0.5 steep cases need one to
   three more iterations. */
static const PetscReal Same = 0.05;

/* The step of one cell. */
typedef struct {
  HeatExpression *e;
  PetscReal       x, y; /* centre [m] */
  PetscReal       T, d; /* temperature and step [K] */
  PetscReal       k;    /* k(T) [W/(m K)] */
} CellStep;

/* Compute k at T + s d, and the mean of k from T to T + s d. */
static PetscErrorCode EvaluateAt(const CellStep *c, PetscReal s, PetscReal *k, PetscReal *mean)
{
  const PetscReal T = c->T + s * c->d;

  PetscFunctionBeginUser;
  PetscCall(HeatExpressionEvaluate(c->e, 1, &c->x, &c->y, 0.0, &T, k));
  PetscCall(HeatMeanEvaluate(c->e, 1, &c->x, &c->y, 0.0, &c->T, &T, &c->k, k, mean));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find s, by Newton's method with a bracket.  `most` (chosen) bounds s where k falls towards 0.
   The equation has one root; four digits of it suffice for one step of an iteration.  Where k is
   not positive somewhere between T and T + s d, the search ends with the last s for which it was
   positive, or with 1 if there was none. */
static PetscErrorCode FindLength(const CellStep *c, PetscReal *length)
{
  enum { MOST_STEPS = 60 }; /* chosen: bisection alone takes about 25 */
  const PetscReal most = 1024.0, tolerance = 1e-4;
  PetscReal       low = 0.0, high = most, s = 1.0, k, mean;

  PetscFunctionBeginUser;
  *length = 1.0;
  for (int step = 0; step < MOST_STEPS; step++) {
    PetscCall(EvaluateAt(c, s, &k, &mean));
    if (!(k > 0.0 && mean > 0.0 && mean <= PETSC_MAX_REAL)) break;
    const PetscReal out  = mean * s - c->k;
    PetscReal       next = s - out / k;

    *length = s;
    if (PetscAbsReal(out) <= tolerance * c->k || (s >= most && out < 0.0)) break;
    if (out > 0.0) high = s;
    else low = s;
    if (!(next > low && next < high)) next = high < most ? 0.5 * (low + high) : 2.0 * s;
    s = PetscMin(next, most);
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return whether k hardly changes over the steps of n cells.  The compiler vectorises this loop. */
static PetscBool AreSame(PetscInt n, const PetscReal *k, const PetscReal *k_new)
{
  int all = 1;

  _Pragma("omp simd reduction(& : all)") for (PetscInt i = 0; i < n; i++)
  {
    all &= fabs(k_new[i] - k[i]) <= Same * k[i];
  }
  return all ? PETSC_TRUE : PETSC_FALSE;
}

/* Replace Newton's steps of n consecutive cells of a row, all of one material, by steps in
   Kirchhoff's variable.
   @param[in]     x, y          [n] centres [m]
   @param[in]     T, k          [n] temperature [K], k(T) [W/(m K)]
   @param[in]     sign          the steps go to T + sign step
   @param[out]    T_new, k_new  [n] scratch
   @param[in,out] step          [n] [K] */
static PetscErrorCode BendRun(HeatExpression *e, PetscInt n, const PetscReal *x, const PetscReal *y,
                              const PetscReal *T, const PetscReal *k, PetscReal sign,
                              PetscReal *T_new, PetscReal *k_new, PetscReal *step)
{
  PetscFunctionBeginUser;
  for (PetscInt i = 0; i < n; i++) T_new[i] = T[i] + sign * step[i];
  PetscCall(HeatExpressionEvaluate(e, n, x, y, 0.0, T_new, k_new));
  if (HeatExpressionKnots(e)->n == 0 && AreSame(n, k, k_new)) PetscFunctionReturn(PETSC_SUCCESS);
  for (PetscInt i = 0; i < n; i++) {
    const CellStep c = {e, x[i], y[i], T[i], sign * step[i], k[i]};
    PetscReal      length;

    if (!(k_new[i] > 0.0)) continue;
    if (PetscAbsReal(k_new[i] - k[i]) <= Same * k[i] && !HeatMeanIsSplit(e, T[i], T_new[i]))
      continue;
    PetscCall(FindLength(&c, &length));
    step[i] *= length;
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the expression of k whose integral over T is Kirchhoff's variable in the cells of a
   material: k along x, or along y if only that depends on T; NULL if neither does.
   @param[out] axis  the axis of this k */
static HeatExpression *VariableOf(const HeatOperator *op, PetscInt material, int *axis)
{
  HeatExpression *e = HeatConductivityOfT(op->conductivity, 0, material);

  *axis = e ? 0 : 1;
  return e ? e : HeatConductivityOfT(op->conductivity, 1, material);
}

PetscErrorCode HeatOperatorBendStep(HeatOperator *op, const PetscReal *T, PetscReal sign,
                                    PetscReal *step)
{
  const HeatGrid *g = op->grid;
  const PetscInt  n = g->nxl;
  PetscReal      *x, *y, *T_new, *k_new;

  PetscFunctionBeginUser;
  if (!HeatConductivityVaries(op->conductivity)) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc4(n, &x, n, &y, n, &T_new, n, &k_new));
  for (PetscInt i = 0; i < n; i++) x[i] = HeatGridX(g, g->xs + i);
  for (PetscInt j = 0; j < g->nyl; j++) {
    const size_t    row      = (size_t)j * (size_t)n;
    const uint16_t *material = op->material + row;

    for (PetscInt i = 0; i < n; i++) y[i] = HeatGridY(g, g->ys + j);
    for (PetscInt i = 0, end; i < n; i = end) {
      int             axis;
      HeatExpression *e    = VariableOf(op, material[i], &axis);
      const size_t    cell = row + (size_t)i;

      end = i + HeatPaintRunLength(material + i, n - i);
      if (e)
        PetscCall(BendRun(e, end - i, x + i, y + i, T + cell,
                          HeatConductivityField(op->conductivity, axis) + cell, sign, T_new, k_new,
                          step + cell));
    }
  }
  PetscCall(PetscFree4(x, y, T_new, k_new));
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscInt HeatOperatorKirchhoffMaterial(const HeatOperator *op, int axis, size_t cell)
{
  const PetscInt        material = op->material[cell];
  const HeatExpression *e        = HeatConductivityOfT(op->conductivity, axis, material);

  return e && !(HeatExpressionVariables(e) & (HEAT_VAR_X | HEAT_VAR_Y)) ? material + 1 : 0;
}
