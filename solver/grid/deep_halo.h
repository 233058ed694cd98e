/** The deep halo exchange: ghost cells several cells deep, corners included.
 *
 *  A block with a halo of depth d can take d explicit steps without another halo exchange: each
 *  step of the five-point stencil uses up one layer of ghost cells.  solver/operator/wavefront.h
 *  takes such steps.
 *
 *  The block and its ghost cells together are called the frame.
 *
 *  HeatSurroundingsFetch is the deep halo exchange for set-up: it fills one array, to any depth,
 *  also where blocks are thinner than that depth. */
#ifndef HEAT_SOLVER_DEEP_HALO_H
#define HEAT_SOLVER_DEEP_HALO_H

#include <stdint.h>

#include "solver/grid/halo.h"

/** The shape of a frame: the rank's own cells, and `depth` more beyond each side that has a
 *  neighbour.  Plain data, with the same depth on all ranks.
 *
 *        margin[HEAT_LEFT]        own        margin[HEAT_RIGHT]
 *        |<-------------->|<------------->|<-------------->|
 *        +-------------------------------------------------+ ---
 *        |                 ghost[HEAT_TOP]                 |  ^  margin[HEAT_TOP]
 *        |                  [depth][nx]                    |  v
 *        +----------------+---------------+----------------+ ---
 *        |   ghost        |               |   ghost        |  ^
 *        |   [HEAT_LEFT]  |     own       |   [HEAT_RIGHT] |  |  own: nyl rows
 *        |   [nyl][depth] |  [nyl][nxl]   |   [nyl][depth] |  v
 *        +----------------+---------------+----------------+ ---
 *        |                ghost[HEAT_BOTTOM]               |  ^  margin[HEAT_BOTTOM]
 *        |                  [depth][nx]                    |  v
 *        +-------------------------------------------------+ ---
 *        |<------------- nx cells of the frame ----------->|
 *
 *  Rows and columns of the frame are counted from its lower left corner.  A margin on the domain's
 *  boundary is 0 cells wide, and its strip is empty. */
typedef struct {
  const HeatGrid *grid;               /* borrowed */
  PetscInt        depth;              /* [cells]; 0: blocks are too narrow (HeatFrameMake) */
  PetscInt        margin[HEAT_SIDES]; /* cells beyond each side: depth, or 0 at the boundary */
  PetscInt        nx, ny;             /* number of cells of the frame in x and y */
} HeatFrame;

/** A field on the cells of a frame, in the layout drawn above HeatFrame: the own cells stay in the
 *  caller's array, the ghost cells are in four strips. */
typedef struct {
  const PetscReal *own;               /* borrowed; own cells, see HeatFrameOwnRow */
  size_t           stride;            /* distance of two rows of own, in values; >= nxl */
  const size_t    *row;               /* borrowed [nyl] where each row begins in own; NULL: at
                                         multiples of stride */
  PetscReal       *ghost[HEAT_SIDES]; /* owned; left and right [nyl][depth], bottom and top
                                         [depth][frame->nx], which contain the corners */
} HeatFrameField;

/** Return the own cells of row j of the block, [nxl].  Not collective. */
static inline const PetscReal *HeatFrameOwnRow(const HeatFrameField *field, PetscInt j)
{
  return field->own + (field->row ? field->row[j] : (size_t)j * field->stride);
}

/** Return the frame with the largest depth among most, most/2, most/4, ... that is at most a
 *  quarter of the narrowest block along each axis that is cut or periodic.  Then all ghost cells
 *  belong to adjacent blocks, and the frame is at most half as wide again as the block, which
 *  limits the redundant work.  The depth is 0 if it would be less than 4.  Not collective; the
 *  depth is the same on all ranks.
 *  @param[in] most  largest depth wanted [cells] */
HeatFrame HeatFrameMake(const HeatGrid *grid, PetscInt most);

/** Return the depth of the frame that HeatFrameMake makes, computed from the layout of blocks.  Not
 *  collective. */
PetscInt HeatFrameDepth(const HeatLayout *layout, PetscInt most);

/** Allocate the strips of a field, filled with zeros.  The caller sets `own`, and `stride` or
 *  `row`, afterwards.  Not collective. */
PetscErrorCode HeatFrameFieldCreate(const HeatFrame *frame, HeatFrameField *field);

/** Free the strips of a field.  Not collective. */
PetscErrorCode HeatFrameFieldDestroy(HeatFrameField *field);

/** Fill the strips of a field with the neighbours' cells.  Collective on the grid's communicator.
 *  @param[in,out] counts  increased by this rank's messages, bytes and waiting time; NULL: nothing
 *                         is counted, and the messages are counted as those of the set-up */
PetscErrorCode HeatFrameExchange(const HeatFrame *frame, HeatFrameField *field,
                                 HeatHaloCounts *counts);

/** Fill the margins of values that are given along lines parallel to an axis, such as boundary
 *  temperatures along a side at several times.  On entry each line has the rank's own values in its
 *  middle; on return its margins hold the neighbours' values.  Collective on the ranks of this row
 *  (axis 0) or column (axis 1) of blocks.
 *  @param[in]     axis    0: along x; 1: along y
 *  @param[in]     lines   number of lines, the same on these ranks
 *  @param[in,out] values  [lines][frame->nx] for axis 0, [lines][frame->ny] for axis 1 */
PetscErrorCode HeatFrameExtend(const HeatFrame *frame, int axis, PetscInt lines, PetscReal *values);

/** Copy columns [begin, end) of one row of a field, own cells and ghost cells, to out.  Not
 *  collective.
 *  @param[in]  row         row of the frame, 0 to frame->ny - 1
 *  @param[in]  begin, end  columns of the frame, 0 to frame->nx
 *  @param[out] out         [end - begin] */
void HeatFrameRow(const HeatFrame *frame, const HeatFrameField *field, PetscInt row, PetscInt begin,
                  PetscInt end, PetscReal *out);

/** Predict what one HeatFrameExchange sends, summed over all ranks.  Not collective.
 *  @param[out] messages  number of messages within nodes, between nodes
 *  @param[out] bytes     [bytes] of these messages */
PetscErrorCode HeatFrameTraffic(const HeatFrame *frame, PetscInt64 messages[2],
                                PetscInt64 bytes[2]);

/** Predict what HeatFrameExtend sends for a side of the domain, summed over all ranks along it.
 *  Not collective.
 *  @param[in] lines  number of lines, the same on these ranks */
PetscErrorCode HeatFrameExtendTraffic(const HeatFrame *frame, HeatSide side, PetscInt lines,
                                      HeatLayoutTraffic *traffic);

/** Return the number of values of an array for HeatSurroundingsFetch.  Not collective. */
static inline size_t HeatSurroundingsSize(const HeatGrid *grid, PetscInt depth)
{
  return (size_t)(grid->nxl + 2 * depth) * (size_t)(grid->nyl + 2 * depth);
}

/** Fetch the cells around the block, `depth` of them beyond each side, corners included.  Blocks
 *  may be thinner than `depth`: cells then arrive from blocks further away, passed from neighbour
 *  to neighbour.  Collective on grid->comm.
 *  @param[in]  own      [nyl][nxl]
 *  @param[in]  depth    >= 1, the same on all ranks
 *  @param[in]  outside  value of cells beyond a side of the domain that is not periodic
 *  @param[out] all      [nyl + 2 depth][nxl + 2 depth]; own cell (j, i) is at
 *                       (j + depth, i + depth)
 */
PetscErrorCode HeatSurroundingsFetch(const HeatGrid *grid, const uint16_t *own, PetscInt depth,
                                     uint16_t outside, uint16_t *all);

#endif
