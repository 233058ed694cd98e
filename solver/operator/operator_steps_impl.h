/** What operator_steps.c (steps of ftcs) and operator_stages.c (stages of rkl2) share: the sweep,
 *  its coefficients, and the values along the domain's sides.  No other file includes it. */
#ifndef HEAT_SOLVER_OPERATOR_STEPS_IMPL_H
#define HEAT_SOLVER_OPERATOR_STEPS_IMPL_H

#include "solver/operator/operator_impl.h"
#include "solver/operator/wavefront.h"

struct HeatOperatorSteps {
  PetscBool      fixed;   /* nothing but temperatures of sides, and with ftcs factors of sources,
                              prescribed fluxes and an ambient temperature of time alone, changes
                              with time or temperature; equal on all ranks, in any layout */
  PetscInt       factors; /* number of sources with a factor of time */
  PetscBool      level;   /* T_amb of the ambient exchange depends on time alone */
  PetscBool      flux[HEAT_SIDES]; /* some prescribed flux changes with time, and this side has a
                                      prescribed flux; equal on all ranks */
  PetscReal      stable; /* [s] HeatOperatorStableStep at the set-up; undefined where not linear */
  HeatFrame      frame;  /* the block with its deep halo; its depth is 0 where none fits */
  HeatHaloCounts counts; /* of deep halo exchanges by this rank since creation */
  PetscInt64     messages[2], bytes[2]; /* of one deep halo exchange, over all ranks: within nodes,
                                           between nodes */
  HeatLayoutTraffic prepared;           /* as in HeatDeepHaloCounts */
  PetscBool         stages;             /* sweeps take stages of rkl2, not steps of ftcs */
  PetscReal         dt;                 /* [s] for which `wavefront` was made; of stages 1 */
  HeatWavefront    *wavefront; /* owned, like everything below; NULL before the first TakeSteps */
  PetscReal     *fixed_q; /* [nyl][nxl] fixed sources and fluxes where sources have factors of time
                         [W/m]; NULL where they are the source's base, or a field of zeros */
  PetscReal     *shape[HEAT_SOURCE_LAYERS], *which[HEAT_SOURCE_LAYERS]; /* [nyl][nxl] as for
                         HeatSourceLayer; NULL where `wavefront` does not read them */
  HeatFrameField field; /* T; `own` points to the caller's array */
  HeatFrameField
      kept[HEAT_KEPT]; /* of stages, by HEAT_KEPT_*; `own` points to `work`, or the caller's array;
                               no strips before the first step that takes several sweeps */
  PetscReal *work[3];  /* [nyl][nxl] of stages: rate [K/s], an increment [K], and a copy of
                               op->exchange_heat->cells at the beginning of a step that may be
                               abandoned [W/m]; NULL before they are needed */
  PetscReal *beyond[HEAT_SIDES];  /* T_b [K]: one value, [depth][length of the frame's side],
                                        HEAT_WAVE_AFTER values; NULL where the side is not
                                        the domain's */
  PetscReal *flux_in[HEAT_SIDES]; /* prescribed fluxes that change with time [W/m], with the layout
                                        of beyond; NULL: none */
  PetscReal *edge[HEAT_SIDES];    /* [depth][length] T of own cells along the side before each
                                        step [K]; NULL: no heat crosses that side on this rank */
};

/** Set up op->steps, unless it exists for what is swept: find out whether coefficients are fixed
 *  and, where the operator is linear, the stable step, in one reduction; then choose the frame.
 *  Fixedness and frame differ between steps and stages, so that whatever was set up for the other
 *  kind is freed.  Collective.
 *  @param[in] stages  sweeps take stages of rkl2, not steps of ftcs */
PetscErrorCode HeatOperatorSetUpSteps(HeatOperator *op, PetscBool stages);

/** Create the sweep with r = dt/C unless it exists, and allocate what it reads and writes along the
 *  sides.  Call HeatOperatorSetUpSteps first.  Collective. */
PetscErrorCode HeatOperatorSetUpSweep(HeatOperator *op, PetscReal dt);

/** Return the number of cells of the frame along a side. */
static inline PetscInt HeatFrameLength(const HeatFrame *frame, HeatSide side)
{
  return side < HEAT_BOTTOM ? frame->ny : frame->nx;
}

/** Return the place in op->steps->beyond[side] of the first own value before step l. */
static inline size_t HeatBeyondPlace(const HeatFrame *frame, HeatSide side, PetscInt l)
{
  const HeatSide low = side < HEAT_BOTTOM ? HEAT_BOTTOM : HEAT_LEFT;

  return 1 + (size_t)l * (size_t)HeatFrameLength(frame, side) + (size_t)frame->margin[low];
}

/** Fetch from the neighbours along the sides what `beyond` has in the deep halo, for a number of
 *  steps.  Collective. */
PetscErrorCode HeatOperatorExtendBeyond(HeatOperator *op, PetscInt steps);

/** Return what the sweep reads and writes along the sides. */
HeatWavefrontSides HeatOperatorSweepSides(const HeatOperator *op);

#endif
