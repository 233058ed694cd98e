/** Newton's method within a bracket.  One of its two ends moves to each iterate, so that the root
 *  stays inside whatever the slopes are. */
#include "solver/physics/monotone_root.h"

#include "solver/base/error.h"

PetscErrorCode HeatMonotoneRoot(HeatIncreasing f, void *context, PetscReal low, PetscReal high,
                                PetscReal start, PetscReal *root)
{
  /* Chosen: 60 halvings reduce a bracket whose ends have the same sign and order of magnitude to a
     rounding, and 200 do so where the root is 1e-45 of the bracket. */
  enum { MOST_STEPS = 200 };
  PetscReal T = start, before = PETSC_MAX_REAL, value, slope;

  PetscFunctionBeginUser;
  for (int step = 0; step < MOST_STEPS; step++) {
    PetscCall(f(context, T, &value, &slope));
    if (value == 0.0) break;
    if (value > 0.0) high = T;
    else low = T;
    PetscReal next = T - value / slope;

    if (!(next >= low && next <= high) || PetscAbsReal(value) > 0.5 * before)
      next = 0.5 * (low + high);
    before = PetscAbsReal(value);
    if (PetscAbsReal(next - T) <= PETSC_MACHINE_EPSILON * PetscAbsReal(T)) break;
    T = next;
  }
  *root = T;
  PetscFunctionReturn(PETSC_SUCCESS);
}
