/** Internals of the boundary conditions, shared by boundary.c, boundary_setup.c and
 *  boundary_means.c and included nowhere else. */
#ifndef HEAT_SOLVER_BOUNDARY_IMPL_H
#define HEAT_SOLVER_BOUNDARY_IMPL_H

#include <math.h>

#include "solver/case/expression.h"
#include "solver/physics/boundary.h"

/** The own faces [begin, end) of one segment, and what is evaluated on them as time advances: T_b,
 *  or the flux.  At most one of `expression` and `series` is set; with neither, as on insulated
 *  segments, nothing is evaluated.
 *
 *      segments of the case   |<---- 0 ---->|<------- 1 ------->|<-- 2 -->|
 *      faces of the side      x  x  x  x  x  x  x  x  x  x  x  x  x  x  x
 *      own faces                       |<------- length ------->|
 *      stretches                       |<-0>|<------- 1 ------->|              segment 2: none
 */
typedef struct {
  PetscInt          begin, end; /* faces of the side on this rank */
  HeatExpression   *expression; /* owned; a formula of x y t; NULL: none */
  const HeatSeries *series;     /* borrowed from the case; a table over time; NULL: none */
  PetscReal        *target;     /* T or F of the side: where the values are stored */
  PetscReal         scale;      /* factor of the values: face length [m] for a flux, else 1 */
  PetscBool         varies;     /* the values depend on t */
} HeatStretch;

/** One side on this rank, in the layout of HeatBoundaryFaces; length is 0 and all pointers are NULL
 *  where the rank does not touch the side. */
typedef struct {
  PetscInt     length;   /* faces */
  PetscReal   *x, *y;    /* owned [length + 2] midpoints of the faces, then the two ends [m] */
  PetscReal   *T;        /* owned [length + 2] T_b [K] */
  PetscReal   *F;        /* owned [length + 2] prescribed heat [W/m]; no meaning at the ends */
  PetscReal   *G, *half; /* owned [length] conductances, with film and without [W/(m K)] */
  PetscReal   *excess;   /* owned [length] -dq/dT_c - G [W/(m K)] */
  PetscReal   *film;     /* owned [length] coefficient times face length [W/(m K)]; infinite where
                            the temperature is prescribed, 0 for flux, insulation and radiation */
  PetscReal   *emission; /* owned [length] emissivity sigma A [W/(m K4)]; 0: does not radiate */
  PetscInt    *segment;  /* owned [length + 2] index into the side's segments */
  PetscInt     n_stretches; /* segments that have own faces */
  HeatStretch *stretches;   /* owned [n_stretches] by increasing coordinate */
  PetscBool    radiates;    /* some stretch is of type radiation */
} HeatSideFaces;

struct HeatBoundaries {
  const HeatGrid *grid; /* borrowed */
  const HeatCase *c;    /* borrowed */
  PetscReal       zero; /* [K] lower bound of T_b; -infinity: none */
  HeatSideFaces   sides[HEAT_SIDES];
  PetscReal *scratch; /* owned [(HEAT_LINE_POINTS + 2) (max(nxl, nyl) + 2)] values of one formula:
                              mean and slope, and at each of a line's points */
};

/** Return G_half = k A/(h/2) [W/(m K)], the conductance of half a cell of conductivity k
 *  [W/(m K)].  For dk/dT in place of k, the result is dG_half/dT [W/(m K2)]. */
static inline PetscReal HeatBoundaryHalfConductance(const HeatGrid *g, HeatSide side, PetscReal k)
{
  return side < HEAT_BOTTOM ? 2.0 * k * g->hy / g->hx : 2.0 * k * g->hx / g->hy;
}

/** Return the conductance of a half cell and a film in series, half film/(half + film) [W/(m K)];
 *  the film may be infinite (no resistance) or 0 (no conductance). */
static inline PetscReal HeatBoundarySeriesConductance(PetscReal half, PetscReal film)
{
  if (PetscIsInfReal(film)) return half;
  return film > 0.0 ? film * half / (film + half) : 0.0;
}

/** Write the path of a segment's key: "boundary.left.value", or "boundary.left[2].value" where the
 *  side has several segments; without ".value" for an empty key. */
void HeatBoundaryKeyPath(const HeatCase *c, HeatSide side, PetscInt segment, const char *key,
                         char *path, size_t size);

/** Count a wrong value on own face f of a side; where it is the first one, fill in path, place and
 *  value.  Return whether it is the first.  Not collective. */
PetscBool HeatBoundaryAddFault(const HeatBoundaries *b, const HeatSideFaces *s, PetscInt f,
                               const char *key, PetscReal value, HeatFault *fault);

/** When to evaluate: at a moment, or at its time on the lines over a step. */
typedef struct {
  HeatMoment          when;
  const HeatTimeLine *line; /* NULL: the values themselves */
} HeatBoundaryTime;

/** Evaluate a stretch into its target, on its faces and on the ends of the side that adjoin it;
 *  note wrong values on its faces.  Not collective. */
PetscErrorCode HeatBoundaryEvaluate(HeatBoundaries *b, const HeatSideFaces *s,
                                    const HeatStretch *stretch, HeatBoundaryTime t,
                                    HeatFault *fault);

/** Bring face f of a side to the mean of k over its half cell, where the cell's conductivity
 *  depends on T and its film conducts; else set *done to false and change nothing.  Not collective.
 *  @param[in]     conductivity  updated to T
 *  @param[in]     material      the cell's material
 *  @param[in]     T             the cell's temperature [K]
 *  @param[in,out] fault         notes a mean that is not positive and finite */
PetscErrorCode HeatBoundaryUpdateMean(HeatBoundaries *b, HeatSide side, PetscInt f,
                                      const HeatConductivity *conductivity, PetscInt material,
                                      PetscReal T, PetscBool *done, HeatFault *fault);

#endif
