/** Several explicit steps in one sweep over a block (temporal blocking).
 *
 *      T_new = T + r (N_faces(T) + q),   r = dt/C
 *  for each cell of a frame (grid/deep_halo.h), as many times as asked, up to the frame's depth.
 *  N_faces is the heat through the cell's four faces, q the cell's source and prescribed flux.
 *  The rows of a tile of columns go through all steps while they are in the cache.  Step l works on
 *  rows that step l - 1 has just left, and the tile of step l lies some columns left of the tile of
 *  step l - 1, so that no cell is computed twice (drawn in wavefront.c).  Each new value has the
 *  bits that the plain sweep (operator_stencil.c) gives it.
 *  Source: solver/README.md section 7; M. Wolf, M. Lam, A data locality optimizing algorithm, PLDI
 *  1991 (skewed tiles); G. Wellein et al., Efficient temporal blocking for stencil computations by
 *  multicore-aware wavefront parallelization, COMPSAC 2009 (wavefronts). */
#ifndef HEAT_SOLVER_WAVEFRONT_H
#define HEAT_SOLVER_WAVEFRONT_H

#include "solver/grid/deep_halo.h"

typedef struct HeatWavefront HeatWavefront;

/** The coefficients on the cells of a frame. */
typedef struct {
  HeatFrameField face[HEAT_SIDES]; /* conductance of the cell's face on that side [W/(m K)] */
  HeatFrameField r;                /* dt/C [m K/W], since dt is in s and C in J/(m K) */
  HeatFrameField q;                /* sources and prescribed fluxes [W/m] */
} HeatFrameCoefficients;

/** What a sweep reads beside the field, and writes beside it, by side of the domain. */
typedef struct {
  /* Temperatures T_b beyond the domain's sides at the beginning of each step, along the frame [K]:
     [steps][frame->ny] for left and right, [steps][frame->nx] for bottom and top, with one readable
     value more at either end.  NULL where the side is not the domain's. */
  const PetscReal *beyond[HEAT_SIDES];
  /* Temperatures of own cells along the domain's sides before each step [K], written by the sweep:
     [steps][nyl] or [steps][nxl].  NULL: not wanted. */
  PetscReal *edge[HEAT_SIDES];
} HeatWavefrontSides;

/** Create a sweep, with a copy of the coefficients in which equal consecutive rows share their
 *  values.  Not collective; the frame's grid must outlive the sweep, which the caller owns. */
PetscErrorCode HeatWavefrontCreate(const HeatFrame *frame, const HeatFrameCoefficients *k,
                                   HeatWavefront **wavefront);

/** Take explicit steps of the own cells in place.  Not collective.
 *  @param[in]     steps  1 to frame->depth
 *  @param[in]     field  T on the frame, strips filled by HeatFrameExchange; the sweep does not
 *                        change the strips
 *  @param[in,out] T      temperature [K], [nyl][nxl]; the same array as field->own
 *  Errors: PETSC_ERR_ARG_WRONG if steps is out of range or T is not field->own. */
PetscErrorCode HeatWavefrontRun(HeatWavefront *wavefront, PetscInt steps,
                                const HeatFrameField *field, const HeatWavefrontSides *sides,
                                PetscReal *T);

/** Free *wavefront, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatWavefrontDestroy(HeatWavefront **wavefront);

#endif
