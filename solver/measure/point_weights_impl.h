/** The weights of cells and surfaces in the temperature at a point (point_weights.c).  Private to
 *  this room; nothing here is collective. */
#ifndef HEAT_SOLVER_POINT_WEIGHTS_IMPL_H
#define HEAT_SOLVER_POINT_WEIGHTS_IMPL_H

#include "solver/operator/operator.h"

/* The cells around a point, drawn in point_weights.c: bit 0 is the neighbour along x, bit 1
   along y. */
enum { A, B, C, D, CELLS };

/* Of two parallel faces: the face of A, and the opposite face of the neighbour. */
enum { NEAR, FAR };

/* The weights of cells, surfaces and ends in a point's temperature. */
typedef struct {
  PetscReal cell[CELLS];      /* of each cell's temperature */
  PetscReal surface_x[CELLS]; /* of each cell's surface on the side across x; A and C only */
  PetscReal surface_y[CELLS]; /* of each cell's surface on the side across y; A and B only */
  PetscReal end[2];           /* of the temperatures that both sides prescribe in A's corner */
} HeatPointWeights;

/* The place of a point in the grid. */
typedef struct {
  PetscInt  i[2], j[2]; /* global columns of A and B, global rows of A and C */
  PetscBool outside[2]; /* whether B lies beyond the domain; whether C does */
  HeatSide  side[2];    /* side of A towards B; side of A towards C */
  PetscReal u, v;       /* along x and y: 0 at the centre of A, 1 at the face */
} HeatPointPlace;

/* A face between two cells. */
typedef struct {
  PetscReal R;      /* [m K/W] contact resistance times 2/h */
  PetscBool smooth; /* the face lies within one material whose k depends on T alone */
} HeatPointFace;

/* The conductivities and faces around a point, from which the weights follow. */
typedef struct {
  PetscReal     k[2][CELLS]; /* [W/(m K)] conductivity along x, along y, of each cell */
  HeatPointFace face[2][2];  /* [0] the faces A-B and C-D across x, [1] A-C and B-D across y */
} HeatPointMedium;

/** Compute the weights of a point: as seen from A or, if the point lies on a face with a contact
 *  resistance, the mean of the weights on both sides of the face. */
HeatPointWeights HeatPointWeightsOf(const HeatCase *c, const HeatPointPlace *place,
                                    const HeatPointMedium *medium);

#endif
