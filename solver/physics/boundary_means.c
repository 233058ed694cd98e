/** Half cells at the domain's sides whose conductivity depends on T.
 *
 *  The half cell conducts with the mean of k between the temperatures of the cell T_c and of the
 *  surface T_s (Kirchhoff's transformation), so that the heat is
 *
 *      q = 2 A/h (integral of k over T from T_c to T_s) = film (T_b - T_s)
 *
 *  T_s = T_b where the temperature is prescribed; elsewhere T_s is the root of one monotone
 *  equation.  q is continuous and falls with T_c even where k jumps, and its derivative needs no
 *  dk/dT:
 *
 *      -dq/dT_c = 2 A/h k(T_c) g/(2 A/h k(T_s) + g),   g the film's tangent
 *
 *  Source: solver/README.md eq. (4a), (9). */
#include "solver/physics/boundary.h"
#include "solver/physics/boundary_impl.h"
#include "solver/physics/mean.h"
#include "solver/physics/monotone_root.h"
#include "solver/physics/radiation.h"

/* One half cell with its film. */
typedef struct {
  HeatExpression *e;
  PetscReal       x, y;           /* centre of the cell [m] */
  PetscReal       T_c, T_b, k_c;  /* [K], [K], k(T_c) [W/(m K)] */
  PetscReal       per_k;          /* 2 A/h: G_half over k */
  PetscReal       film, emission; /* as in HeatSideFaces */
} HalfCell;

/* The half cell at a surface temperature T_s. */
typedef struct {
  PetscReal T_s, k_s, mean; /* [K], k(T_s) and mean of k between T_c and T_s [W/(m K)] */
} Surface;

/* Evaluate k and its mean at a surface temperature. */
static PetscErrorCode EvaluateSurface(const HalfCell *half, PetscReal T_s, Surface *s)
{
  PetscFunctionBeginUser;
  s->T_s = T_s;
  PetscCall(HeatExpressionEvaluate(half->e, 1, &half->x, &half->y, 0.0, &T_s, &s->k_s));
  PetscCall(HeatMeanEvaluate(half->e, 1, &half->x, &half->y, 0.0, &half->T_c, &T_s, &half->k_c,
                             &s->k_s, &s->mean));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Return the film's secant at a surface temperature. */
static PetscReal Secant(const HalfCell *half, PetscReal T_s)
{
  return half->emission > 0.0 ? HeatRadiationSecant(half->emission, half->T_b, T_s) : half->film;
}

static PetscReal Tangent(const HalfCell *half, PetscReal T_s)
{
  return half->emission > 0.0 ? HeatRadiationTangent(half->emission, T_s) : half->film;
}

/* A half cell and its surface, between which the balance is sought. */
typedef struct {
  const HalfCell *half;
  Surface        *surface;
} Balance;

/* Compute the heat that leaves the surface into the half cell minus the heat that the film brings,
   an increasing function of T_s [W/m].  Where k is not positive, the value directs the search
   towards T_c. */
static PetscErrorCode Imbalance(void *context, PetscReal T_s, PetscReal *value, PetscReal *slope)
{
  const Balance  *balance = context;
  const HalfCell *half    = balance->half;
  Surface        *s       = balance->surface;

  PetscFunctionBeginUser;
  PetscCall(EvaluateSurface(half, T_s, s));
  *value = half->per_k * s->mean * (T_s - half->T_c) - Secant(half, T_s) * (half->T_b - T_s);
  *slope = half->per_k * s->k_s + Tangent(half, T_s);
  if (!(s->k_s > 0.0 && s->mean > 0.0)) *value = T_s > half->T_c ? PETSC_MAX_REAL : -PETSC_MAX_REAL;
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Find the surface temperature behind a film, which lies between T_c and T_b. */
static PetscErrorCode FindSurface(const HalfCell *half, Surface *s)
{
  Balance   balance = {half, s};
  PetscReal root;

  PetscFunctionBeginUser;
  PetscCall(HeatMonotoneRoot(Imbalance, &balance, PetscMin(half->T_c, half->T_b),
                             PetscMax(half->T_c, half->T_b), half->T_c, &root));
  PetscCall(EvaluateSurface(half, root, s));
  PetscFunctionReturn(PETSC_SUCCESS);
}

/* Compute the mean of k over the half cell at face f of a side, and from it the face's half, G and
   excess. */
static PetscErrorCode UpdateFace(HeatSideFaces *s, PetscInt f, const HalfCell *half,
                                 PetscReal *mean)
{
  Surface surface;

  PetscFunctionBeginUser;
  if (PetscIsInfReal(half->film)) PetscCall(EvaluateSurface(half, half->T_b, &surface));
  else PetscCall(FindSurface(half, &surface));
  *mean               = surface.mean;
  const PetscReal own = half->per_k * half->k_c, g = Tangent(half, surface.T_s);

  s->half[f]   = half->per_k * surface.mean;
  s->G[f]      = HeatBoundarySeriesConductance(s->half[f], Secant(half, surface.T_s));
  s->excess[f] = (PetscIsInfReal(g) ? own : own * (g / (half->per_k * surface.k_s + g))) - s->G[f];
  PetscFunctionReturn(PETSC_SUCCESS);
}

PetscErrorCode HeatBoundaryUpdateMean(HeatBoundaries *b, HeatSide side, PetscInt f,
                                      const HeatConductivity *conductivity, PetscInt material,
                                      PetscReal T, PetscBool *done, HeatFault *fault)
{
  const HeatGrid *g    = b->grid;
  HeatSideFaces  *s    = &b->sides[side];
  const int       axis = (int)side / 2;
  const size_t    cell = HeatBoundaryCell(g, side, f);
  const PetscInt  i = (PetscInt)(cell % (size_t)g->nxl), j = (PetscInt)(cell / (size_t)g->nxl);
  const HalfCell  half = {.e        = HeatConductivityOfT(conductivity, axis, material),
                          .x        = HeatGridX(g, g->xs + i),
                          .y        = HeatGridY(g, g->ys + j),
                          .T_c      = T,
                          .T_b      = s->T[f],
                          .k_c      = HeatConductivityField(conductivity, axis)[cell],
                          .per_k    = HeatBoundaryHalfConductance(g, side, 1.0),
                          .film     = s->film[f],
                          .emission = s->emission[f]};
  PetscReal       mean;

  PetscFunctionBeginUser;
  /* No heat depends on T_c under a prescribed flux or insulation: the film is 0. */
  *done = (PetscBool)(half.e && (half.film > 0.0 || half.emission > 0.0));
  if (!*done) PetscFunctionReturn(PETSC_SUCCESS);
  PetscCall(UpdateFace(s, f, &half, &mean));
  HeatConductivityNoteMean(conductivity, axis, cell, T, mean, fault);
  PetscFunctionReturn(PETSC_SUCCESS);
}
