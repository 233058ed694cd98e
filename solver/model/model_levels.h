/** The levels that the multigrid of a case has, without its fields: for plans.
 *
 *  Which cells are joined depends on counts of cells with strong couplings
 *  (solver/multigrid/multigrid_hierarchy.c).  Here the domain is a sample of at most 64 x 64 cells,
 *  and each material is treated as if it filled the domain, sides included.  For one material this
 *  is exact but for the rounding of single precision; for several, materials count by their shares
 *  of the sample. */
#ifndef HEAT_SOLVER_MODEL_LEVELS_H
#define HEAT_SOLVER_MODEL_LEVELS_H

#include "solver/multigrid/level_plan.h"

enum {
  HEAT_MODEL_LEVELS = 64 /* at most, as the multigrid's */
};

/** What a case is made of.  Lists of materials are owned [n]. */
typedef struct {
  PetscInt   n;
  PetscReal *share;    /* of the cells */
  PetscReal *gx, *gy;  /* [W/(m K)] conductances between two cells along x, along y */
  PetscReal *capacity; /* [J/(m K)] of a cell */
} HeatModelBody;

/** Find the materials of a validated case and their shares.  A conductivity that is a formula is
 *  evaluated in the middle of the domain at T = 0; properties from files are not read.  Destroy
 *  with HeatModelBodyDestroy.  Not collective. */
PetscErrorCode HeatModelBodyCreate(const HeatCase *c, HeatModelBody *body);
PetscErrorCode HeatModelBodyDestroy(HeatModelBody *body);

/** Return the largest stable step of ftcs [s], or PETSC_MAX_REAL where every step is stable. */
PetscReal HeatModelStableStep(const HeatCase *c, const HeatModelBody *body);

/** Return whether some side of the case conducts heat from outside. */
PetscBool HeatModelSidesConduct(const HeatCase *c);

/** Predict the levels and what all ranks send in their transfers.
 *  @param[in]  sigma   mass of the equations [1/s]: a multiple of 1/dt, 0 for a steady state
 *  @param[out] n       number of levels
 *  @param[out] levels  [HEAT_MODEL_LEVELS] */
PetscErrorCode HeatModelLevels(const HeatCase *c, const HeatModelBody *body,
                               const HeatLayout *layout, PetscReal sigma, PetscInt *n,
                               HeatLevelPlan *levels);

#endif
