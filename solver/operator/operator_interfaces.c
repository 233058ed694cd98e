/** Faces between cells of two materials, at least one of whose conductivities depends on T.
 *
 *  With the harmonic mean the two half cells and a contact resistance are in series.  Each half
 *  cell conducts with the mean of its k between the temperature of its cell and that of its side
 *  of the interface, T_u and T_v:
 *
 *      a  o---/\/\/---|-/\/-|---/\/\/---o  b      q = 2 A/h (integral of k_a from T_a to T_u)
 *        T_a         T_u   T_v         T_b          = A/R (T_v - T_u)
 *                                                   = 2 A/h (integral of k_b from T_v to T_b)
 *
 *  T_u is the root of one monotone equation.  Heat is continuous and monotone in T_a and T_b even
 *  where k_a or k_b jumps, and its derivatives need no dk/dT: with g_a = 2 A/h k_a(T_a),
 *  g_u = 2 A/h k_a(T_u), g_v = 2 A/h k_b(T_v) and g_b = 2 A/h k_b(T_b),
 *
 *      dq = (g_b/g_v dT_b - g_a/g_u dT_a)/(1/g_u + 1/g_v + R/A)
 *
 *  Source: solver/README.md eq. (3b), (8b). */
#include "solver/operator/operator_impl.h"
#include "solver/operator/operator_means_impl.h"
#include "solver/physics/mean.h"
#include "solver/physics/monotone_root.h"

/* The half cell on one side of the interface. */
typedef struct {
  HeatExpression *e;              /* k; NULL where it does not depend on T */
  PetscReal       x, y;           /* centre of the cell [m] */
  PetscReal       T, k;           /* of the cell [K], [W/(m K)] */
  PetscReal       T_side, k_side; /* on this side of the interface [K], [W/(m K)] */
  PetscReal       mean;           /* of k between T and T_side [W/(m K)] */
} Half;

/* A face between two materials. */
typedef struct {
  Half      a, b;       /* of the lower and of the higher cell */
  PetscReal per_k;      /* 2 A/h */
  PetscReal resistance; /* R/A [m K/W] */
} Interface;

/* Evaluate a half cell with the temperature T on its side of the interface.  *valid becomes false
   where k is not positive between the cell and the interface. */
static PetscErrorCode SetSide(Half *half, PetscReal T, PetscBool *valid)
{
  PetscFunctionBeginUser;
  half->T_side = T;
  half->k_side = half->mean = half->k;
  if (half->e) {
    PetscCall(HeatExpressionEvaluate(half->e, 1, &half->x, &half->y, 0.0, &T, &half->k_side));
    PetscCall(HeatMeanEvaluate(half->e, 1, &half->x, &half->y, 0.0, &half->T, &T, &half->k,
                               &half->k_side, &half->mean));
  }
  *valid = (PetscBool)(half->k_side > 0.0 && half->k_side <= PETSC_MAX_REAL && half->mean > 0.0 &&
                       half->mean <= PETSC_MAX_REAL);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute, for T_u = T, the heat from the interface into a's half cell minus the heat from b's half
   cell to the interface, an increasing function of T [W/m], and its derivative.  Where k is not
   positive between a cell and its side of the interface, the value is infinite (PETSC_MAX_REAL),
   with the sign that moves the root towards the temperature of that cell. */
static PetscErrorCode Imbalance(void *context, PetscReal T, PetscReal *value, PetscReal *slope)
{
  Interface *f = context;
  PetscBool  valid;

  PetscFunctionBeginUser;
  *slope = 1.0;
  PetscCall(SetSide(&f->a, T, &valid));
  *value = T > f->a.T ? PETSC_MAX_REAL : -PETSC_MAX_REAL;
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  const PetscReal q = f->per_k * f->a.mean * (T - f->a.T), g_u = f->per_k * f->a.k_side;

  PetscCall(SetSide(&f->b, T + q * f->resistance, &valid));
  *value = f->b.T_side > f->b.T ? PETSC_MAX_REAL : -PETSC_MAX_REAL;
  if (!valid) PetscFunctionReturn(PETSC_SUCCESS);
  *value = q - f->per_k * f->b.mean * (f->b.T - f->b.T_side);
  *slope = g_u + f->per_k * f->b.k_side * (1.0 + f->resistance * g_u);
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return R/A of a face by subtracting the resistances of the half cells from 1/G, where G is the
   conductance for the k of the cells; 0 where the difference is only rounding.  1e-13 is chosen:
   some 500 roundings; a larger factor would drop small contact resistances, a smaller one would
   take rounding for a resistance. */
static PetscReal ResistanceOf(const Interface *f, PetscReal G)
{
  const PetscReal halves = (1.0 / f->a.k + 1.0 / f->b.k) / f->per_k, left = 1.0 / G - halves;

  return left > 1e-13 * halves ? left : 0.0;
}

PetscErrorCode HeatInterfaceUpdate(HeatOperator *op, int axis, size_t face, const HeatCellPoint *a,
                                   const HeatCellPoint *b, PetscBool *valid)
{
  const HeatGrid *g = op->grid;
  PetscReal      *G = (axis == 0 ? op->gx : op->gy) + face, root, value, slope;
  Interface       f = {.a     = {.e = a->e, .x = a->x, .y = a->y, .T = a->T, .k = a->k},
                       .b     = {.e = b->e, .x = b->x, .y = b->y, .T = b->T, .k = b->k},
                       .per_k = 2.0 * (axis == 0 ? g->hy / g->hx : g->hx / g->hy)};

  PetscFunctionBeginUser;
  *valid = PETSC_TRUE;
  if (!a->e && !b->e) PetscFunctionReturn(PETSC_SUCCESS);
  if (!(a->k > 0.0 && b->k > 0.0)) PetscFunctionReturn(PETSC_SUCCESS); /* noted with the cells */
  f.resistance = ResistanceOf(&f, *G);
  PetscCall(HeatMonotoneRoot(Imbalance, &f, PetscMin(a->T, b->T), PetscMax(a->T, b->T),
                             a->T + (b->T - a->T) * *G / (f.per_k * a->k), &root));
  PetscCall(Imbalance(&f, root, &value, &slope));
  if (PetscAbsReal(value) >= PETSC_MAX_REAL) *valid = PETSC_FALSE;
  const PetscReal series = (1.0 / f.a.k_side + 1.0 / f.b.k_side) / f.per_k + f.resistance;

  *G                   = 1.0 / ((1.0 / f.a.mean + 1.0 / f.b.mean) / f.per_k + f.resistance);
  op->low[axis][face]  = f.a.k / f.a.k_side / series;
  op->high[axis][face] = f.b.k / f.b.k_side / series;
  PetscFunctionReturn(PETSC_SUCCESS);
}
