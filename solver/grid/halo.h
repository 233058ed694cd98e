/** Halo exchange of a cell field, one cell deep, without corners.
 *
 *  The field is the rank's own block [nyl][nxl], x fastest, without padding: exactly the array of
 *  a global Vec of grid->da, so nothing is copied but the edges.  What the neighbours send lands
 *  in four ghost strips.  Requests are persistent.  Begin, compute the interior, End, compute the
 *  edges. / */
#ifndef HEAT_SOLVER_HALO_H
#define HEAT_SOLVER_HALO_H

#include "solver/grid/grid.h"

typedef struct HeatHalo HeatHalo;

/** What was sent by this rank since creation, and the time spent waiting for others. */
typedef struct {
  PetscInt64 exchanges;
  PetscInt64 messages[2], bytes[2]; /* within the node, between nodes */
  PetscReal  wait;                  /* [s] */
} HeatHaloCounts;

/** Collective on grid->comm.  The grid must outlive the halo.  Owned by the caller. */
PetscErrorCode HeatHaloCreate(const HeatGrid *grid, HeatHalo **halo);

/** Send the edges of u and start receiving; u may be read, not written, until End.  Collective. */
PetscErrorCode HeatHaloBegin(HeatHalo *halo, const PetscReal *u);

/** Wait until the ghost strips are filled.  Collective. */
PetscErrorCode HeatHaloEnd(HeatHalo *halo);

/** Values beyond a side: nyl of them for left and right, nxl for bottom and top; NULL where the
 *  side lies on the domain's boundary.  Valid after End, until the next Begin.  Not collective. */
const PetscReal *HeatHaloGhost(const HeatHalo *halo, HeatSide side);

HeatHaloCounts HeatHaloGetCounts(const HeatHalo *halo);

/** Collective; *halo may be NULL. */
PetscErrorCode HeatHaloDestroy(HeatHalo **halo);

#endif
