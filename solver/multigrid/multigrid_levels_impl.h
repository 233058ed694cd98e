/** What the files that build the hierarchy share: the ground, the arrays of a level, and the finest
 *  level.  For multigrid_levels.c, multigrid_finest.c and multigrid_hierarchy.c only. */
#ifndef HEAT_SOLVER_MULTIGRID_LEVELS_IMPL_H
#define HEAT_SOLVER_MULTIGRID_LEVELS_IMPL_H

#include "solver/multigrid/multigrid_impl.h"

/** The ground: the part of the cells' diagonals that is no conductance to another cell.  It exists
 *  while the hierarchy is made.  Masses, half cells at sides and films at sides are stored
 *  separately, because they change in different ways from one level to the next.  All are scaled
 *  like the matrix. */
typedef struct {
  float *mass;    /* without sides, in the shape of the level; borrowed: the level's u */
  float *half[2]; /* conductances of half cells: [0] at the left and right sides, which heat crosses
                     along x, [1] at the bottom and top sides; owned, in `memory`; NULL where no
                     side conducts */
  float *film[2]; /* conductances of the films at these sides, infinite where a side has no film;
                     owned like `half` */
  void  *memory;  /* owned */
} HeatGround;

/** Allocate the ground of a level.  Not collective.
 *  @param[in] sides  whether some side of the domain conducts, so that half cells and films are
 *                    needed
 *  @param[in] u      the level's u, which is all zeros and not used during set-up; it becomes the
 *                    array of masses */
PetscErrorCode HeatGroundAllocate(const HeatLevelShape *s, PetscBool sides, float *u,
                                  HeatGround *ground);

/** Free the ground, and set the level's u, which held its masses, to zero.  Not collective. */
PetscErrorCode HeatGroundFree(const HeatLevelShape *s, HeatGround *ground);

/** Transfer the ground between distributions, or into halos.  Collective. */
PetscErrorCode HeatGroundMove(HeatTransfer *t, PetscBool sides, const HeatGround *from,
                              HeatGround *to);

/** Allocate the pointers of a coefficient's rows.  Not collective. */
PetscErrorCode HeatRowsAllocate(const HeatLevel *l, HeatRows *rows);

/** Point each row to its place in the array, or to the row below it if both have the same values.
 *  Not collective. */
PetscErrorCode HeatRowsShareEqual(const HeatLevel *l, HeatRows *rows);

/** Set masses to 1.  Places without a cell keep this value, so that no kernel divides by zero. */
void HeatLevelFillOnes(const HeatLevelShape *s, float *array);

/** Create all arrays and transfers of a level whose distributions are known.  The finest level has
 *  five arrays more: p, and the low halves of r and of the coefficients.  Collective. */
PetscErrorCode HeatLevelCreateArrays(HeatMultigrid *mg, HeatLevel *l, PetscBool finest);

/** Create the arrays of the finest level, and what it alone has.  Collective. */
PetscErrorCode HeatMultigridCreateFinest(HeatMultigrid *mg);

/** Fill the finest level and its halos with the operator's present coefficients.  Collective; one
 *  reduction.  mg->sixteenths becomes this rank's part of what HeatMultigridSetLeastMass needs.
 *  @param[in]  mass    [1/s], the mass of HeatOperatorApply
 *  @param[out] sides   whether some boundary face of the domain conducts
 *  @param[out] ground  the level's ground, freed by the caller */
PetscErrorCode HeatMultigridSetUpFinest(HeatMultigrid *mg, PetscReal mass, PetscBool *sides,
                                        HeatGround *ground);

/** Set the lower bound on the mass of a level of one cell.  Not collective.
 *  @param[in] sixteenths  sum of mg->sixteenths over all ranks */
void HeatMultigridSetLeastMass(HeatMultigrid *mg, PetscReal sixteenths);

#endif
