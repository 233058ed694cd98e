/* Coefficients of the level below one that interpolates: a projection onto five points.
 *
 * Galerkin's coarse matrix P'AP, with P of (12a), has the energy of interpolated values,
 *
 *     U'P'AP U = sum over fine faces  g_f (u_c - u_d)^2,    u = P U,  c and d the cells of face f
 *
 * and couples nine points.  For a face that is crossed along x, u_d - u_c is a combination of
 * differences E between neighbouring coarse cells along x and, where the weights wy of c and d
 * differ, of a difference E' along y:
 *
 *     f between coarse cells I - 1, I:  u_d - u_c = (1 - wx_c - wx_d) E(I-1, I) + (wy_d - wy_c) E'
 *     f within coarse cell I:            u_d - u_c = wx_c E(I-1, I) + wx_d E(I, I+1)
 *                                                                     +  (wy_d - wy_c) E'
 *
 * The square of this sum is simplified.  Products of E and E' are left out: they cancel where
 * values are smooth.  E(I-1, I) and E(I, I+1) are taken as equal in their product.  The square of E
 * is divided between the two coarse rows of (12a) by 1 - wy and wy.  What remains are conductances,
 *
 *     between:   G(I-1, I) += g s^2,                          s = 1 - wx_c - wx_d    (12b)
 *     within:    G(I-1, I) += g s wx_c,   G(I, I+1) += g s wx_d,   s = wx_c + wx_d
 *     both:      G'        += g (wy_d - wy_c)^2
 *
 * none of which is negative.  Of a face between coarse cells, half of the last term goes to coarse
 * cell I - 1 and half to I.  Constant coefficients give the conductances of (12).  A mass is
 * divided among coarse cells in the shares of P.  Contributions are added in the order of the
 * grid's rows and columns, so that sums have the same bits on any layout of blocks. */
#include "solver/multigrid/multigrid_interpolation_impl.h"

/* A projection under way. */
typedef struct {
  HeatLevel            *l;      /* the fine level */
  const HeatLevelShape *coarse; /* of the arrays M and G */
  float                *M, *G[2];
  float                *weight[2][2][2]; /* along x, y; of row j at index j & 1; by parity */
} Projection;

/* Return the weight along an axis of cell (i, j). */
static double Weight(const Projection *p, int axis, const PetscInt at[2])
{
  return (double)p->weight[axis][at[1] & 1][at[0] & 1][(at[0] - p->l->s.origin) >> 1];
}

/* Compute the weights of row j, and copy them to p->weight. */
static PetscErrorCode WeighRow(Projection *p, PetscInt j)
{
  PetscFunctionBeginUser;
  for (int parity = 0; parity < 2; parity++) {
    const float *w[2];

    HeatInterpolationWeights(p->l, j, parity, &w[0], &w[1]);
    for (int axis = 0; axis < 2; axis++)
      PetscCall(PetscArraycpy(p->weight[axis][j & 1][parity], w[axis], p->l->s.half));
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Add a value at a coarse cell if it is an own cell. */
static void Add(const Projection *p, float *array, const PetscInt at[2], double value)
{
  const HeatBox *own = &p->coarse->own;

  if (at[0] < own->lo[0] || at[0] >= own->hi[0] || at[1] < own->lo[1] || at[1] >= own->hi[1])
    return;
  array[HeatLevelShapeCell(p->coarse, at[0], at[1])] += (float)value;
}

/* Return the coarse index of a cell along an axis.
   @param[out] side  direction in which the next coarse cell on the cell's side lies, -1 or 1; 0 if
                     cells are not joined along the axis */
static PetscInt Coarse(const HeatLevel *l, int axis, PetscInt at, PetscInt *side)
{
  *side = !l->joins[axis] ? 0 : (at & 1) ? 1 : -1;
  return l->joins[axis] ? at >> 1 : at;
}

/* Add a conductance across an axis, divided between a coarse cell and the one beside it along the
   other axis by 1 - share and share. */
static void AddDivided(const Projection *p, int axis, const PetscInt at[2], PetscInt side,
                       double share, double value)
{
  PetscInt beside[2] = {at[0], at[1]};

  if (value == 0.0) return;
  beside[!axis] += side;
  Add(p, p->G[axis], at, value * (1.0 - share));
  if (share > 0.0) Add(p, p->G[axis], beside, value * share);
}

/* Add the conductances (12b) of the face between cell d and the cell c before it along an axis. */
static void AddFace(const Projection *p, int axis, const PetscInt d[2], double g)
{
  const int axes[2] = {axis, !axis};
  PetscInt  c[2]    = {d[0], d[1]}, at[2], next[2], side[2];
  double    w[2][2]; /* weights: of c, of d; along the axis, along the other axis */

  if (g <= 0.0) return;
  c[axis]--;
  for (int k = 0; k < 2; k++) {
    w[0][k]     = Weight(p, axes[k], c);
    w[1][k]     = Weight(p, axes[k], d);
    at[axes[k]] = Coarse(p->l, axes[k], d[axes[k]], &side[axes[k]]);
  }
  const double    turn     = (w[1][1] - w[0][1]) * (w[1][1] - w[0][1]) * g;
  PetscInt        cross[2] = {at[0], at[1]}; /* the coarse face across the other axis */
  const PetscBool within   = (p->l->joins[axis] && (d[axis] & 1)) ? PETSC_TRUE : PETSC_FALSE;

  if (side[!axis] > 0) cross[!axis]++;
  next[0] = at[0];
  next[1] = at[1];
  if (within) {
    const double s = w[0][0] + w[1][0];

    next[axis]++;
    AddDivided(p, axis, at, side[!axis], w[0][1], g * s * w[0][0]);
    AddDivided(p, axis, next, side[!axis], w[1][1], g * s * w[1][0]);
    if (turn > 0.0) Add(p, p->G[!axis], cross, turn);
  } else {
    const double s = 1.0 - w[0][0] - w[1][0];

    AddDivided(p, axis, at, side[!axis], 0.5 * (w[0][1] + w[1][1]), g * s * s);
    if (turn > 0.0) Add(p, p->G[!axis], cross, 0.5 * turn);
    cross[axis]--;
    if (turn > 0.0) Add(p, p->G[!axis], cross, 0.5 * turn);
  }
}

/* Divide the mass of a cell among coarse cells. */
static void AddMass(const Projection *p, const PetscInt at[2], double m)
{
  const double wx = Weight(p, 0, at), wy = Weight(p, 1, at);
  PetscInt     side[2], near[2], x[2], y[2], both[2];

  for (int axis = 0; axis < 2; axis++)
    x[axis] = y[axis] = near[axis] = Coarse(p->l, axis, at[axis], &side[axis]);
  x[0] += side[0];
  y[1] += side[1];
  both[0] = x[0];
  both[1] = y[1];
  Add(p, p->M, near, (1.0 - wx) * (1.0 - wy) * m);
  if (wx > 0.0) Add(p, p->M, x, wx * (1.0 - wy) * m);
  if (wy > 0.0) Add(p, p->M, y, (1.0 - wx) * wy * m);
  if (wx * wy > 0.0) Add(p, p->M, both, wx * wy * m);
}

/* Store the fine cells [lo, hi) along an axis that contribute to the own coarse cells. */
static void Contributing(const HeatLevel *l, const HeatLevelShape *coarse, int axis, PetscInt *lo,
                         PetscInt *hi)
{
  const PetscInt by = l->joins[axis] ? 2 : 1;

  *lo = PetscMax(by * coarse->own.lo[axis] - 3, l->s.all.lo[axis]);
  *hi = PetscMin(by * coarse->own.hi[axis] + 3, l->s.all.hi[axis]);
}

static PetscErrorCode ProjectRows(Projection *p, const float *mass)
{
  const HeatLevel *l = p->l;
  PetscInt         lo[2], hi[2];

  PetscFunctionBeginUser;
  for (int axis = 0; axis < 2; axis++) Contributing(l, p->coarse, axis, &lo[axis], &hi[axis]);
  for (PetscInt j = lo[1]; j < hi[1]; j++) {
    PetscCall(WeighRow(p, j));
    for (PetscInt i = lo[0]; i < hi[0]; i++) {
      const size_t   cell  = HeatLevelShapeCell(&l->s, i, j);
      const PetscInt at[2] = {i, j};

      AddMass(p, at, (double)mass[cell]);
      if (i > lo[0]) AddFace(p, 0, at, (double)l->gx.array[cell]);
      if (j > lo[1]) AddFace(p, 1, at, (double)l->gy.array[cell]);
    }
  }
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatInterpolationProject(HeatLevel *fine, const float *mass, const HeatLevel *coarse,
                                        float *M, float *Gx, float *Gy)
{
  Projection p = {.l = fine, .coarse = &coarse->landing_s, .M = M, .G = {Gx, Gy}};
  float     *memory;

  PetscFunctionBeginUser;
  PetscCall(PetscArrayzero(M, p.coarse->size));
  PetscCall(PetscArrayzero(Gx, p.coarse->size));
  PetscCall(PetscArrayzero(Gy, p.coarse->size));
  if (HeatBoxIsEmpty(&p.coarse->own) || !fine->s.half) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(PetscMalloc1(8 * fine->s.half, &memory));
  for (int k = 0; k < 8; k++)
    p.weight[k / 4][k / 2 % 2][k % 2] = memory + (size_t)k * (size_t)fine->s.half;
  PetscCall(HeatInterpolationForget(fine));
  PetscCall(ProjectRows(&p, mass));
  PetscCall(PetscFree(memory));
  PetscFunctionReturn(PETSC_SUCCESS);
}
