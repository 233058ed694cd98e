/** The levels of the multigrid of a case, predicted without its fields, for plans.
 *
 *  Which cells are joined depends on counts of cells with strong couplings
 *  (solver/multigrid/level_joins.h).  Here the domain is a sample of at most 64 x 64 cells,
 *  and the couplings of each material are those of a domain that it fills alone.  For one material
 *  this is exact apart from the rounding of single precision; several materials are weighted by
 *  their shares of the sample.  A side in segments counts as its first segment, and a
 *  convection coefficient that is a formula counts as 0. */
#ifndef HEAT_SOLVER_MODEL_LEVELS_H
#define HEAT_SOLVER_MODEL_LEVELS_H

#include "solver/multigrid/level_joins.h"
#include "solver/multigrid/level_plan.h"

/** The materials of a case.  The lists are owned [n]. */
typedef struct {
  PetscInt   n;        /* number of materials */
  PetscReal *share;    /* part of the cells of the sample */
  PetscReal *gx, *gy;  /* [W/(m K)] conductances between two cells along x, along y */
  PetscReal *capacity; /* [J/(m K)] of a cell */
  PetscReal  jumps;    /* estimated number of cells beside a jump of the conductivity */
} HeatModelBody;

/** Find the materials of a validated case and their shares.  A conductivity that is a formula is
 *  evaluated in the middle of the domain at T = 0; if it is not positive there, 1 W/(m K) takes its
 *  place.  Properties from files are not read.  Destroy with HeatModelBodyDestroy.  Not
 *  collective. */
PetscErrorCode HeatModelBodyCreate(const HeatCase *c, HeatModelBody *body);

/** Free the lists.  Not collective. */
PetscErrorCode HeatModelBodyDestroy(HeatModelBody *body);

/** Predict the largest stable step of ftcs [s]; return PETSC_MAX_REAL where every step is stable.
 *  Ambient exchange and contact resistances are not taken into account. */
PetscReal HeatModelStableStep(const HeatCase *c, const HeatModelBody *body);

/** Return whether some side of the case has a temperature, convection or radiation, so that its
 *  conductance is part of the equations. */
PetscBool HeatModelSidesConduct(const HeatCase *c);

/** Predict the levels of the multigrid, and the messages and values that all ranks send on each.
 *  Not collective.
 *  @param[in]  sigma   mass of the equations [1/s]: a multiple of 1/dt, 0 for a steady state
 *  @param[out] n       number of levels; 0 if there are too many blocks to count the messages
 *                      (HeatLayoutCanCount)
 *  @param[out] levels  [HEAT_MAX_LEVELS] */
PetscErrorCode HeatModelLevels(const HeatCase *c, const HeatModelBody *body,
                               const HeatLayout *layout, PetscReal sigma, PetscInt *n,
                               HeatLevelPlan *levels);

#endif
