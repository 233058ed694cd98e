/** The weights of cells and surfaces in the temperature at a point.
 *
 *  A point lies in one quarter of a cell A.  B is the neighbour of A along x, C along y, both
 *  towards the point, and D the diagonal one.  Letters are the cells' centres:
 *
 *          C ----- + ----- D
 *          |       |       |       u, v  position of the point p: 0 at the centre of A, 1 at a face
 *         fy ----- c ----- +       fx    face between A and B
 *       1  |   p   |       |       fy    face between A and C
 *       v  |       |       |       c     corner that the four cells share
 *       0  A ---- fx ----- B
 *          0   u   1
 *
 *  The value is bilinear between A, fx, fy and c, all as seen from A.  With the resistance
 *  r = h/(2 k) of each half cell and the resistance R of a layer between them:
 *      T_fx = T_A + r_A/(r_A + R + r_B) (T_B - T_A)        continuous flux across the face
 *  Between cells of one material whose k depends on T, Kirchhoff's integral of k over T is linear,
 *  as in the heat through the face (solver/README.md eq. (3a)).  For k linear in T, from k_A to
 *  k_B, the temperature at the part s of the way from A to B is
 *      T_s = T_A + w (T_B - T_A),   w(s) = s (k_A + k_B)/(k_A + sqrt((1 - s) k_A^2 + s k_B^2))
 *  which replaces T_fx (s = 1/2) and the straight line from A to it.  For any other k(T) the error
 *  is of third order in T_B - T_A.
 *      T_c  = mean of interpolating first in x, then in y, and first in y, then in x
 *  On the boundary the surface takes the face's place: T_s = T_A + (G (T_b - T_A) + F)/G_half.
 *  A point on a face with a layer reads the mean of the values seen from both sides. */
#include "solver/measure/point_weights_impl.h"

/* Points nearer to a face than this part of half a cell count as on the face.  Chosen above the
   rounding of coordinates: a larger value averages both sides of a layer for points beside the
   face, a smaller one may miss points that are meant to lie on it. */
static const PetscReal OnFace = 1e-9;

/* Return w(s), defined at the top of this file, from a cell with conductivity a to one with b. */
static PetscReal KirchhoffWeight(PetscReal a, PetscReal b, PetscReal s)
{
  return s * (a + b) / (a + PetscSqrtReal((1.0 - s) * a * a + s * b * b));
}

/* The temperature, seen from a, of the face between cells with conductivities a and b and a layer
   of resistance R h/2 between them:
       T_f = FaceWeightNear T_a + FaceWeightFar T_b
       FaceWeightFar = b/(a + b + a b R),   FaceWeightNear = (a + a b R)/(a + b + a b R)
   If the layer insulates so well that a b R overflows, the far weight is 0 and the near one 1.
   Within a material whose k depends on T, the weights are w(1/2) of KirchhoffWeight and 1 - w(1/2).
 */
static PetscReal FaceWeightFar(PetscReal a, PetscReal b, const HeatPointFace *face)
{
  if (face->smooth) return KirchhoffWeight(a, b, 0.5);
  return b / (a + b + a * b * face->R);
}
static PetscReal FaceWeightNear(PetscReal a, PetscReal b, const HeatPointFace *face)
{
  const PetscReal layer = a * b * face->R;

  if (face->smooth) return KirchhoffWeight(b, a, 0.5);
  return layer > PETSC_MAX_REAL ? 1.0 : (a + layer) / (a + b + layer);
}

/* Add factor * (the temperature of the face between cells a and b, seen from a) to the weights; if
   b is outside, add factor * (the temperature of a's surface). */
static void AddFace(PetscReal factor, int a, int b, PetscBool outside, const PetscReal k[CELLS],
                    const HeatPointFace *face, PetscReal surface[CELLS], HeatPointWeights *w)
{
  if (outside) {
    surface[a] += factor;
  } else {
    w->cell[a] += factor * FaceWeightNear(k[a], k[b], face);
    w->cell[b] += factor * FaceWeightFar(k[a], k[b], face);
  }
}

/* Add factor * (the temperature of a corner of the domain) to the weights: the temperature that a
   side prescribes there, or the mean if both do.  If none does, it is T_x + T_y - T_A, the linear
   continuation from the centre of A over its two surfaces. */
static void AddDomainCorner(PetscReal factor, const HeatCase *c, const HeatPointPlace *p,
                            HeatPointWeights *w)
{
  PetscBool held[2];

  for (int axis = 0; axis < 2; axis++) {
    const HeatSide across = p->side[1 - axis];

    held[axis] = HeatBoundaryHoldsEnd(c, p->side[axis],
                                      across == HEAT_RIGHT || across == HEAT_TOP ? 1 : 0);
  }
  for (int axis = 0; axis < 2; axis++) {
    if (held[axis]) w->end[axis] += held[1 - axis] ? 0.5 * factor : factor;
  }
  if (held[0] || held[1]) return;
  w->surface_x[A] += factor;
  w->surface_y[A] += factor;
  w->cell[A] -= factor;
}

/* Add factor * (the temperature on a side of the domain between the surfaces of A and its neighbour
   b) to the weights. */
static void AddSurfaces(PetscReal factor, int b, const PetscReal k[CELLS],
                        const HeatPointFace *face, PetscReal surface[CELLS])
{
  surface[A] += factor * FaceWeightNear(k[A], k[b], face);
  surface[b] += factor * FaceWeightFar(k[A], k[b], face);
}

/* Add factor * (the temperature of a corner inside the domain) to the weights.  It is the mean of
   two interpolations: along x to the faces A-B and C-D, then along y between them; and along y to
   A-C and B-D, then along x.  The second step of each uses the contact resistance of A's face, and
   the mean conductivity of the two cells on either side. */
static void AddInnerCorner(PetscReal factor, const HeatPointMedium *m, HeatPointWeights *w)
{
  const PetscReal     *kx = m->k[0], *ky = m->k[1];
  const PetscReal      near_y = 0.5 * (ky[A] + ky[B]), far_y = 0.5 * (ky[C] + ky[D]);
  const PetscReal      near_x = 0.5 * (kx[A] + kx[C]), far_x = 0.5 * (kx[B] + kx[D]);
  const HeatPointFace *x = m->face[0], *y = m->face[1];

  factor *= 0.5;
  AddFace(factor * FaceWeightNear(near_y, far_y, &y[NEAR]), A, B, PETSC_FALSE, kx, &x[NEAR],
          w->surface_x, w);
  AddFace(factor * FaceWeightFar(near_y, far_y, &y[NEAR]), C, D, PETSC_FALSE, kx, &x[FAR],
          w->surface_x, w);
  AddFace(factor * FaceWeightNear(near_x, far_x, &x[NEAR]), A, C, PETSC_FALSE, ky, &y[NEAR],
          w->surface_y, w);
  AddFace(factor * FaceWeightFar(near_x, far_x, &x[NEAR]), B, D, PETSC_FALSE, ky, &y[FAR],
          w->surface_y, w);
}

/* Return (T - T_A)/(T_f - T_A) at the part u of the distance from A's centre to its face with cell
   b, whose temperature is T_f. */
static PetscReal PartInTemperature(PetscReal u, PetscReal k_A, PetscReal k_b,
                                   const HeatPointFace *face)
{
  if (!face->smooth) return u;
  return KirchhoffWeight(k_A, k_b, 0.5 * u) / KirchhoffWeight(k_A, k_b, 0.5);
}

/* Compute the weights as seen from A, bilinear in the parts that PartInTemperature returns for u
   and v. */
static HeatPointWeights WeightsFromA(const HeatCase *c, const HeatPointPlace *p,
                                     const HeatPointMedium *m)
{
  const HeatPointFace *x = m->face[0], *y = m->face[1];
  const PetscReal      u      = PartInTemperature(p->u, m->k[0][A], m->k[0][B], &x[NEAR]);
  const PetscReal      v      = PartInTemperature(p->v, m->k[1][A], m->k[1][C], &y[NEAR]);
  const PetscReal      corner = u * v;
  HeatPointWeights     w      = {{0}, {0}, {0}, {0}};

  w.cell[A] += (1.0 - u) * (1.0 - v);
  AddFace(u * (1.0 - v), A, B, p->outside[0], m->k[0], &x[NEAR], w.surface_x, &w);
  AddFace((1.0 - u) * v, A, C, p->outside[1], m->k[1], &y[NEAR], w.surface_y, &w);
  if (p->outside[0] && p->outside[1]) AddDomainCorner(corner, c, p, &w);
  else if (p->outside[0]) AddSurfaces(corner, C, m->k[1], &y[NEAR], w.surface_x);
  else if (p->outside[1]) AddSurfaces(corner, B, m->k[0], &x[NEAR], w.surface_y);
  else AddInnerCorner(corner, m, &w);
  return w;
}

/* Return the medium, mirrored such that cell q takes the place of A. */
static HeatPointMedium Mirror(const HeatPointMedium *m, int q)
{
  HeatPointMedium mirrored;

  for (int axis = 0; axis < 2; axis++) {
    for (int n = 0; n < CELLS; n++) mirrored.k[axis][n] = m->k[axis][n ^ q];
  }
  for (int f = NEAR; f <= FAR; f++) {
    mirrored.face[0][f] = m->face[0][f ^ (q >> 1)];
    mirrored.face[1][f] = m->face[1][f ^ (q & 1)];
  }
  return mirrored;
}

HeatPointWeights HeatPointWeightsOf(const HeatCase *c, const HeatPointPlace *p,
                                    const HeatPointMedium *m)
{
  const PetscBool  both_x = p->u > 1.0 - OnFace && m->face[0][NEAR].R > 0.0 ? PETSC_TRUE
                                                                            : PETSC_FALSE;
  const PetscBool  both_y = p->v > 1.0 - OnFace && m->face[1][NEAR].R > 0.0 ? PETSC_TRUE
                                                                            : PETSC_FALSE;
  const PetscReal  part   = (both_x ? 0.5 : 1.0) * (both_y ? 0.5 : 1.0);
  HeatPointWeights sum    = {{0}, {0}, {0}, {0}};

  for (int q = 0; q < CELLS; q++) {
    if (((q & 1) && !both_x) || ((q >> 1) && !both_y)) continue;
    const HeatPointMedium  mirrored = Mirror(m, q);
    const HeatPointWeights view     = WeightsFromA(c, p, &mirrored);

    for (int n = 0; n < CELLS; n++) {
      sum.cell[n ^ q] += part * view.cell[n];
      sum.surface_x[n ^ q] += part * view.surface_x[n];
      sum.surface_y[n ^ q] += part * view.surface_y[n];
    }
    for (int axis = 0; axis < 2; axis++) sum.end[axis] += part * view.end[axis];
  }
  return sum;
}
