/** The halo exchange of a cell field: one cell deep, without corners.
 *
 *  The field is the rank's own block [nyl][nxl], x fastest, without padding: exactly the array of a
 *  global Vec of the grid, so that only the edges are copied.  The neighbours' edges arrive in four
 *  ghost strips beside the field.  MPI requests are persistent: they are set up once and started in
 *  each halo exchange.
 *
 *  To overlap communication and computation: HeatHaloBegin, compute the cells that need no ghost
 *  cells, HeatHaloEnd, compute the cells at the edges. */
#ifndef HEAT_SOLVER_HALO_H
#define HEAT_SOLVER_HALO_H

#include "solver/grid/grid.h"

/** The ghost strips of a block (opaque handle).  Here nxl = 5 and nyl = 3; u is the caller's field:
 *
 *                             ghost[HEAT_TOP]: nxl values, left to right
 *                        +---+---+---+---+---+
 *                        | t | t | t | t | t |
 *                    +---+---+---+---+---+---+---+
 *                    | l | u   u   u   u   u | r |
 *   ghost[HEAT_LEFT] | l | u   u   u   u   u | r | ghost[HEAT_RIGHT]: nyl values, bottom to top
 *                    | l | u   u   u   u   u | r |
 *                    +---+---+---+---+---+---+---+
 *                        | b | b | b | b | b |
 *                        +---+---+---+---+---+
 *                             ghost[HEAT_BOTTOM]: nxl values, left to right
 *
 *  The strips are separate arrays.  A strip beyond the boundary of the domain does not exist. */
typedef struct HeatHalo HeatHalo;

/** The counts of this rank since the halo was created. */
typedef struct {
  PetscInt64 exchanges;   /* number of halo exchanges */
  PetscInt64 messages[2]; /* number of messages sent: within the node, to other nodes */
  PetscInt64 bytes[2];    /* [bytes] of these messages */
  PetscReal  wait;        /* [s] time spent waiting for messages */
} HeatHaloCounts;

/** Create the strips and requests of a halo.  Collective on grid->comm.
 *  @param[in]  grid  must outlive the halo
 *  @param[out] halo  owned by the caller */
PetscErrorCode HeatHaloCreate(const HeatGrid *grid, HeatHalo **halo);

/** Send the edges of u and start to receive the ghost strips.  Collective on grid->comm.
 *  @param[in] u  field [nyl][nxl]; may be read, but not written, until HeatHaloEnd; may be another
 *                array in each halo exchange */
PetscErrorCode HeatHaloBegin(HeatHalo *halo, const PetscReal *u);

/** Wait until the ghost strips are filled.  Collective on grid->comm. */
PetscErrorCode HeatHaloEnd(HeatHalo *halo);

/** Return the ghost strip beyond a side: nyl values for left and right, nxl for bottom and top,
 *  NULL if the side lies on the domain's boundary.  The values are valid after HeatHaloEnd and
 *  until the next HeatHaloBegin.  Owned by the halo.  Not collective. */
const PetscReal *HeatHaloGhost(const HeatHalo *halo, HeatSide side);

/** Fill a field with `sign` times the global number j nx + i of each cell, from which a halo
 *  exchange can be tested exactly.  Not collective.
 *  @param[out] u  [nyl][nxl] */
void HeatHaloNumberCells(const HeatGrid *grid, PetscReal sign, PetscReal *u);

/** Count the ghost values beyond a side that are not `sign` times the number of the cell that they
 *  stand for, periodic across the domain's boundary.  Not collective.
 *  @param[in] ghost  [nyl] for left and right, [nxl] for bottom and top */
PetscInt64 HeatHaloCountWrong(const HeatGrid *grid, HeatSide side, PetscReal sign,
                              const PetscReal *ghost);

/** Return this rank's counts.  Not collective. */
HeatHaloCounts HeatHaloGetCounts(const HeatHalo *halo);

/** Free the halo and set *halo to NULL; *halo may be NULL.  Collective on grid->comm. */
PetscErrorCode HeatHaloDestroy(HeatHalo **halo);

#endif
