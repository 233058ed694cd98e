/** What all ranks together send in solves and set-ups of a multigrid, for the command `plan`, which
 *  predicts runs on any number of ranks.  No function is collective. */
#ifndef HEAT_SOLVER_LEVEL_PLAN_H
#define HEAT_SOLVER_LEVEL_PLAN_H

#include "solver/multigrid/level_layout.h"

/** A level of a multigrid, the finest first. */
typedef struct {
  PetscInt  n[2];     /* cells */
  PetscInt  parts[2]; /* blocks on which its equations are solved */
  PetscBool joins[2]; /* whether a cell of the next level joins two of its cells along x, y */

  /* What all ranks send in one run of its transfers (HeatLevel, multigrid_impl.h). */
  HeatLayoutTraffic gather, halo, scatter;

  /* What they send for one visit of the level in a cycle, and in one set-up, without and with sides
     that conduct. */
  HeatLayoutTraffic visit, set_up[2];
} HeatLevelPlan;

/** Predict what the levels of a multigrid send.
 *  @param[in]     n       number of levels
 *  @param[in,out] levels  [n]; on entry their `joins`; on return all members */
PetscErrorCode HeatLevelsPlan(const HeatLayout *layout, PetscInt n, HeatLevelPlan *levels);

/** Predict what one solve with heatcg and V-cycles sends.
 *  @param[out] once           what is sent once in the solve
 *  @param[out] per_iteration  what is sent in each iteration, in addition */
void HeatLevelsPlanSolve(PetscInt n, const HeatLevelPlan *levels, HeatLayoutTraffic *once,
                         HeatLayoutTraffic *per_iteration);

#endif
