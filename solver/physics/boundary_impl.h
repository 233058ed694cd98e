/** The inside of the boundaries, shared by boundary*.c and by no others. */
#ifndef HEAT_SOLVER_BOUNDARY_IMPL_H
#define HEAT_SOLVER_BOUNDARY_IMPL_H

#include <math.h>

#include "solver/case/expression.h"
#include "solver/physics/boundary.h"

/** The own faces of one segment, and what is to be evaluated there. */
typedef struct {
  PetscInt          begin, end;
  HeatExpression   *expression; /* owned; of T_b or of the flux; NULL: nothing to evaluate */
  const HeatSeries *series;     /* in its place; NULL: none */
  PetscReal        *target;     /* T or F of this side */
  PetscReal         scale;      /* 1, or the face's length for a flux */
  PetscBool         varies;     /* depends on t */
} HeatStretch;

typedef struct {
  PetscInt     length;
  PetscReal   *x, *y;    /* owned [length + 2] midpoints of the faces, then both ends [m] */
  PetscReal   *T, *F;    /* owned [length + 2] there; F at the ends has no meaning */
  PetscReal   *G, *half; /* owned [length] */
  PetscReal   *excess;   /* owned [length] */
  PetscReal   *film;     /* owned [length] coefficient times face [W/(m K)]; infinite: none */
  PetscReal   *emission; /* owned [length] emissivity sigma face [W/(m K4)]; 0: does not radiate */
  PetscInt    *segment;  /* owned [length + 2] */
  PetscInt     n_stretches;
  HeatStretch *stretches; /* owned; those with own faces */
  PetscBool    radiates;
} HeatSideFaces;

struct HeatBoundaries {
  const HeatGrid *grid;
  HeatSideFaces   sides[HEAT_SIDES];
  PetscReal      *scratch; /* owned [max length + 2] */
};

/** Conductance of half a cell, k A/(h/2) [W/(m K)]; of its derivative likewise. */
static inline PetscReal HeatBoundaryHalfConductance(const HeatGrid *g, HeatSide side, PetscReal k)
{
  return side < HEAT_BOTTOM ? 2.0 * k * g->hy / g->hx : 2.0 * k * g->hx / g->hy;
}

/** Half cell and film in series. */
static inline PetscReal HeatBoundarySeriesConductance(PetscReal half, PetscReal film)
{
  if (PetscIsInfReal(film)) return half;
  return film > 0.0 ? film * half / (film + half) : 0.0;
}

/** One past the last face of a segment, among all of the side; the last segment takes the rest. */
PetscInt HeatBoundarySegmentEnd(const HeatCase *c, HeatSide side, PetscInt segment);

/** The values of a stretch at time t: on its faces, and at the ends next to it.  Not collective. */
PetscErrorCode HeatBoundaryEvaluate(HeatBoundaries *b, const HeatSideFaces *s,
                                    const HeatStretch *stretch, PetscReal t);

#endif
