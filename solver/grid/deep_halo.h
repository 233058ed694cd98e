/** Halo exchange several cells deep, corners included: what a block needs to take several explicit
 *  steps on its own.
 *
 *  A block and the cells around it that it knows make the frame: own cells, and `depth` more beyond
 *  each side that is not the domain's.  A field of the frame stays where it lies, own cells in the
 *  caller's array, the others in four strips. */
#ifndef HEAT_SOLVER_DEEP_HALO_H
#define HEAT_SOLVER_DEEP_HALO_H

#include "solver/grid/halo.h"

/** Plain data; the same `depth` on all ranks. */
typedef struct {
  const HeatGrid *grid;
  PetscInt        depth;
  PetscInt        margin[HEAT_SIDES]; /* cells beyond each side: depth, or 0 at the boundary */
  PetscInt        nx, ny;             /* cells of the frame */
} HeatFrame;

/** A field on the cells of a frame. */
typedef struct {
  const PetscReal *own;               /* borrowed: row j begins at own + j * stride */
  size_t           stride;            /* [values] */
  PetscReal       *ghost[HEAT_SIDES]; /* owned: left and right [nyl][depth], bottom and top
                                         [depth][frame->nx] */
} HeatFrameField;

/** The deepest frame, up to `most`, for which neighbours alone hold all cells and the work that is
 *  done twice stays small; depth 0: none.  Not collective, the same on all ranks. */
HeatFrame HeatFrameMake(const HeatGrid *grid, PetscInt most);

/** Room for a field's strips, zero at first. */
PetscErrorCode HeatFrameFieldCreate(const HeatFrame *frame, HeatFrameField *field);
PetscErrorCode HeatFrameFieldDestroy(HeatFrameField *field);

/** Fill a field's strips.  Collective on the grid's communicator.
 *  @param[in,out] counts  what was sent is added; NULL: nobody asks */
PetscErrorCode HeatFrameExchange(const HeatFrame *frame, HeatFrameField *field,
                                 HeatHaloCounts *counts);

/** Likewise values along `lines` parallel lines: each has the own cells along an
 *  axis in its middle, margins before and after, and the margins are filled.  Collective among the
 *  ranks along that axis; all of them must call.
 *  @param[in]     axis    0: along x
 *  @param[in,out] values  [lines][frame->nx or frame->ny] */
PetscErrorCode HeatFrameExtend(const HeatFrame *frame, int axis, PetscInt lines, PetscReal *values);

/** Cells [begin, end) of row f of a frame, both counted from the frame's first, to `row`. */
void HeatFrameRow(const HeatFrame *frame, const HeatFrameField *field, PetscInt f, PetscInt begin,
                  PetscInt end, PetscReal *row);

/** What HeatFrameExchange sends in all, over all ranks: messages and bytes, within and between
 *  nodes.  Collective. */
PetscErrorCode HeatFrameTraffic(const HeatFrame *frame, PetscInt64 messages[2],
                                PetscInt64 bytes[2]);

#endif
