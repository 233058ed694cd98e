/** Several explicit steps, or several stages of rkl2, in one sweep over a block (temporal
 *  blocking).
 *
 *      steps of ftcs:   T_new = T + r (N_faces(T) + q),                            r = dt/C
 *      stages of rkl2:  Q     = r (N_faces(Y_0) + q),   d_1 = net_1 Q,             r = 1/C
 *                       d_j   = m_j d_{j-1} + n_j d_{j-2}
 *                               + r net_j N_faces(d_{j-1}) + rate_j Q,   j = 2 ... s
 *                       T_new = Y_0 + d_s
 *  for each cell of a frame (grid/deep_halo.h), as many times as asked, up to the frame's depth.
 *  N_faces is the heat through the cell's four faces, q the cell's source and prescribed flux.  For
 *  sources that are shapes times factors of time and for fluxes of time, steps of ftcs have
 *  q + flux + factor_1 shape_1 + ... in place of q, with factors and fluxes for each step.  The
 *  numbers of a stage are those of HeatRklStage (operator.h).
 *  With an ambient exchange the net heat has E (T_amb - T) besides: a step of ftcs and Q have
 *  N_faces + q + E (T_amb - T), and a stage has N_faces(d_{j-1}) - E d_{j-1}.
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
#include "solver/operator/operator.h"

typedef struct HeatWavefront HeatWavefront;

/** The coefficients on the cells of a frame.  The sweep reads the arrays of own cells where they
 *  are, as long as it exists. */
typedef struct {
  HeatFrameField face[HEAT_SIDES]; /* conductance of the cell's face on that side [W/(m K)]; own
                                      rows of HEAT_LEFT have one value more, the last east face */
  HeatFrameField capacity;         /* C [J/(m K)] */
  PetscReal      dt;               /* [s] step; of stages 1, since their coefficient is 1/C */
  HeatFrameField q; /* sources and prescribed fluxes that do not change with time [W/m] */
  const HeatFrameField *shape; /* shape of the only source with a factor of time [W/m], where no
                                  flux changes with time; NULL: none */
  /* Otherwise the shapes of such sources [W/m], and their numbers, by layer (HeatSourceLayer).  A
     source acts in the cells that have its number, from 1 on.  The source of layer 0 is added
     first. */
  const HeatFrameField *layer[HEAT_SOURCE_LAYERS], *which[HEAT_SOURCE_LAYERS]; /* NULL: none */
  PetscInt              sources; /* number of such sources; 0 where `shape` is given */
  /* E [W/(m K)] and T_amb [K] of the ambient exchange; NULL: none, as `shape` is where they are
     given */
  const HeatFrameField *E, *ambient;
  PetscBool             flux[HEAT_SIDES]; /* fluxes of this side change with time */
} HeatFrameCoefficients;

/** [values] Kernels may read this many values after the last cell of a row, and use the first. */
enum { HEAT_WAVE_AFTER = 8 };

/** Values along the sides of the domain that a sweep reads and writes, by side. */
typedef struct {
  /* Temperatures T_b beyond the domain's sides at the beginning of each step, along the frame [K];
     for stages after the first one of a step, T_b less T_b of the first stage:
     [steps][frame->ny] for left and right, [steps][frame->nx] for bottom and top, with one readable
     value more before them and HEAT_WAVE_AFTER after them.  NULL where the block's side is not a
     side of the domain. */
  const PetscReal *beyond[HEAT_SIDES];
  /* Temperatures of own cells along the domain's sides before each step [K], written by the sweep;
     for stages j after the first one of a step, increments d_{j-1}:
     [steps][nyl] or [steps][nxl].  NULL: not wanted. */
  PetscReal *edge[HEAT_SIDES];
  /* Prescribed fluxes [W/m] in each step, along the frame, with the layout of `beyond`; NULL where
     they do not change with time, or the block's side is not a side of the domain. */
  const PetscReal *flux[HEAT_SIDES];
} HeatWavefrontSides;

/** The ambient exchange in a sweep of steps: its heat, which the sweep sums (HeatExchangeHeat), and
 *  ambient temperatures. */
typedef struct {
  /* [steps] T_amb of all cells in each step [K]; NULL: that of HeatFrameCoefficients */
  const PetscReal *ambient;

  PetscReal *heat; /* [nyl][nxl] increased by E (T_amb - T) of each step [W/m]; NULL: not wanted */
  PetscInt   full; /* the step, from 1, after which `heat` is moved to *settled; 0: none */
  HeatFlows *settled; /* [W/m] increased by what is moved */
} HeatWavefrontExchange;

/** The fields that a sweep of stages passes on to the next sweep of the same step. */
enum { HEAT_KEPT_RATE, HEAT_KEPT_LAST, HEAT_KEPT_BEFORE, HEAT_KEPT };

/** Consecutive stages of one step, which one sweep takes. */
typedef struct {
  PetscInt              n;     /* number of stages, 2 to frame->depth */
  const HeatRklStage   *stage; /* [n] */
  PetscBool             first; /* stage[0] is the first stage of the step */
  PetscBool             last;  /* stage[n - 1] is the last stage of the step */
  const HeatFrameField *T;     /* Y_0 on the frame [K]; its strips are read if `first` */
  /* Q [K/s], d_{j-1} and d_{j-2} of the first stage j [K], by HEAT_KEPT_*, with filled strips; read
     unless `first`. */
  const HeatFrameField *kept[HEAT_KEPT];
  /* [nyl][nxl] Q [K/s], d of the last and of the last but one stage [K], by HEAT_KEPT_*, written
     unless `last` (Q by the first sweep only); they may be the own cells of `kept`. */
  PetscReal *keep[HEAT_KEPT];
  /* [nyl][nxl] [K], written if `last`; it may be the own cells of a kept field, but not those of
     T. */
  PetscReal *T_new;
  /* [nyl][nxl] heat of an ambient exchange, to which the stages add (HeatRklStage) [W/m]; NULL: not
     wanted */
  PetscReal *heat;
} HeatWavefrontStages;

/** Create a sweep, with dt/C of own cells and a copy of the coefficients in the deep halo; rows
 *  share what is equal in them.  Not collective; the frame's grid and the own cells of the
 *  coefficients must outlive the sweep, which the caller owns.
 *  @param[in] stages  the sweep is for HeatWavefrontRunStages; else it is for HeatWavefrontRun */
PetscErrorCode HeatWavefrontCreate(const HeatFrame *frame, const HeatFrameCoefficients *k,
                                   PetscBool stages, HeatWavefront **wavefront);

/** Return how many values the seams between tiles have for each cell of a block nx columns wide.
 *  Not collective.
 *  @param[in]  depth  most steps or stages of a sweep */
double HeatWavefrontSeam(PetscInt nx, PetscInt depth);

/** Take explicit steps of the own cells in place.  Not collective.
 *  @param[in]     steps  1 to frame->depth
 *  @param[in]     field  T on the frame, strips filled by HeatFrameExchange; the sweep does not
 *                        change the strips
 *  @param[in]     factors  [steps][number of sources with a factor of time], read if there are any
 *  @param[in]     exchange  of the ambient exchange; not read in a case without it
 *  @param[in]     record  own cells to be recorded after each step; NULL: none
 *  @param[in,out] T      temperature [K], [nyl][nxl]; the same array as field->own
 *  Errors: PETSC_ERR_ARG_WRONG if steps is out of range, T is not field->own, or the sweep is for
 *  HeatWavefrontRunStages. */
PetscErrorCode HeatWavefrontRun(HeatWavefront *wavefront, PetscInt steps,
                                const HeatFrameField *field, const HeatWavefrontSides *sides,
                                const PetscReal *factors, const HeatWavefrontExchange *exchange,
                                const HeatCellRecord *record, PetscReal *T);

/** Take stages of one step of the own cells.  Not collective.
 *  Errors: PETSC_ERR_ARG_WRONG if the number of stages is not 2 to frame->depth, or the sweep is
 *  for HeatWavefrontRun. */
PetscErrorCode HeatWavefrontRunStages(HeatWavefront *wavefront, const HeatWavefrontStages *stages,
                                      const HeatWavefrontSides *sides);

/** Count the values of coefficients that a sweep reads for all own cells together, without those of
 *  runs of equal cells.  Of stages of rkl2, the first of a step alone reads `sources`.  Not
 *  collective. */
HeatCoefficientsRead HeatWavefrontCoefficientsRead(const HeatWavefront *wavefront);

/** Free *wavefront, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatWavefrontDestroy(HeatWavefront **wavefront);

#endif
