/** The operator's inside, shared by the files that implement it (operator*.c) and by no others. */
#ifndef HEAT_SOLVER_OPERATOR_IMPL_H
#define HEAT_SOLVER_OPERATOR_IMPL_H

#include "solver/operator.h"

struct HeatOperator {
  const HeatGrid  *grid;
  const HeatCase  *c;
  HeatHalo        *halo; /* owned, like everything below */
  HeatBoundaries  *boundaries;
  HeatSource      *source;
  uint16_t        *material; /* [nyl][nxl] */
  PetscReal       *capacity; /* [nyl][nxl] C [J/(m K)] */
  PetscReal       *gx; /* [nyl][nxl + 1] conductance of vertical faces, west of each cell first */
  PetscReal       *gy; /* [nyl + 1][nxl] of horizontal faces, south of each cell first */
  PetscReal       *zeros;   /* [max(nxl, nyl)] */
  PetscReal       *q_owned; /* [nyl][nxl] Q + F; NULL where no side has a prescribed flux */
  const PetscReal *q;       /* q_owned, or the source's cells */
};

/** Own cell behind face k of a side. */
static inline size_t HeatBoundaryCell(const HeatGrid *g, HeatSide side, PetscInt k, size_t width)
{
  switch (side) {
  case HEAT_LEFT: return (size_t)k * width;
  case HEAT_RIGHT: return (size_t)k * width + width - 1;
  case HEAT_BOTTOM: return (size_t)k;
  default: return (size_t)(g->nyl - 1) * width + (size_t)k;
  }
}

#endif
