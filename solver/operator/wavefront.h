/** Several explicit steps in one sweep over a block: temporal blocking.
 *
 *      T_new = T + r (N_faces(T) + Q),   r = dt/C
 *  for each cell of a frame (deep_halo.h), as many times as asked, up to the frame's depth.  The rows
 *  of a tile of columns go through all steps while they are in the cache: step l works on rows that
 *  step l - 1 has just left, and a tile of step l lies some columns left of that of step l - 1, so
 *  that nothing is computed twice.  Each cell's new value has the bits that the plain sweep
 *  (operator.c) gives it.
 *  Source: M. Wolf, M. Lam, A data locality optimizing algorithm, PLDI 1991 (skewed tiles);
 *  G. Wellein et al., Efficient temporal blocking for stencil computations by multicore-aware
 *  wavefront parallelization, COMPSAC 2009 (wavefronts). */
#ifndef HEAT_SOLVER_WAVEFRONT_H
#define HEAT_SOLVER_WAVEFRONT_H

#include "solver/grid/deep_halo.h"

typedef struct HeatWavefront HeatWavefront;

/** The coefficients on the cells of a frame. */
typedef struct {
  HeatFrameField face[HEAT_SIDES]; /* conductance of each cell's face [W/(m K)] */
  HeatFrameField r;                /* [m K/W], times s: dt/C */
  HeatFrameField q;                /* [W/m] */
} HeatFrameCoefficients;

/** What a sweep reads besides the field, and what it writes besides it. */
typedef struct {
  const PetscReal *beyond[HEAT_SIDES]; /* temperatures beyond the domain's sides, along the frame:
                                          [steps][frame->ny] left and right, [steps][frame->nx] bottom
                                          and top, and one value before and after that may be read;
                                          NULL where the side is not the domain's */
  PetscReal       *edge[HEAT_SIDES];   /* own cells along the domain's sides before each step,
                                          [steps][nyl] or [steps][nxl]; NULL: nobody asks */
} HeatWavefrontSides;

/** Keeps its own copy of the coefficients, one for rows that do not differ.  Not collective; the
 *  grid must outlive it.  Owned by the caller. */
PetscErrorCode HeatWavefrontCreate(const HeatFrame *frame, const HeatFrameCoefficients *k,
                                   HeatWavefront **wavefront);

/** `steps` steps, at most frame->depth, of the own cells, in place.  Not collective.
 *  @param[in]     field  exchanged; its strips stay as they are
 *  @param[in,out] T      [nyl][nxl], the same array as field->own */
PetscErrorCode HeatWavefrontRun(HeatWavefront *wavefront, PetscInt steps,
                                const HeatFrameField *field, const HeatWavefrontSides *sides,
                                PetscReal *T);

/** *wavefront may be NULL. */
PetscErrorCode HeatWavefrontDestroy(HeatWavefront **wavefront);

#endif
