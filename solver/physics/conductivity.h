/** The conductivity of a rank's own cells, along x and along y.
 *
 *  A conductivity is a number of the material, an expression of x y T of the material, or a value
 *  for each cell from a file (`properties`), which takes precedence over the material.
 *
 *  Fields [nyl][nxl] of all conductivities exist during set-up, while the face conductances are
 *  computed.  Afterwards they are kept only where some cell's conductivity is not the number of its
 *  material; fields of dk/dT exist only where an equation needs them.
 *  Source: solver/README.md eq. (5). */
#ifndef HEAT_SOLVER_CONDUCTIVITY_H
#define HEAT_SOLVER_CONDUCTIVITY_H

#include "solver/case/expression.h"
#include "solver/physics/fault.h"
#include "solver/physics/paint.h"

typedef struct HeatConductivity HeatConductivity;

/** Create the conductivities of a case.  Collective on grid->comm; grid, case and material must
 *  outlive the object, which the caller owns.
 *  @param[in] inputs    what the case's files hold; NULL when it names none; not needed afterwards
 *  @param[in] material  material index of own cells, [nyl][nxl]
 *  Errors: HEAT_ERR_INPUT where an expression does not compile, or a conductivity that does not
 *  depend on T is not positive and finite. */
PetscErrorCode HeatConductivityCreate(const HeatGrid *grid, const HeatCase *c,
                                      const HeatCellInputs *inputs, const uint16_t *material,
                                      HeatConductivity **conductivity);

/** Return whether some conductivity of the case depends on T; equal on all ranks.  Not
 *  collective. */
PetscBool HeatConductivityVaries(const HeatConductivity *conductivity);

/** End the set-up: free the fields if every cell's conductivity is the number of its material.  Not
 *  collective. */
PetscErrorCode HeatConductivityTrim(HeatConductivity *conductivity);

/** Evaluate k and dk/dT at the field T, in the cells of own row j where k depends on T; do nothing
 *  where HeatConductivityVaries is false.  Not collective.
 *  @param[in]     T      temperature of own cells [K], [nyl][nxl]
 *  @param[in,out] fault  notes k that is not positive and finite, and dk/dT that is not finite */
PetscErrorCode HeatConductivityUpdateRow(HeatConductivity *conductivity, PetscInt j,
                                         const PetscReal *T, HeatFault *fault);

/** Return k [W/(m K)] along x (axis 0) or y (axis 1), [nyl][nxl], owned by `conductivity`; 0 before
 *  the first Update in cells where it depends on T.  Both axes return the same array when the case
 *  gives no conductivity that differs between them.  NULL once Trim has freed the fields.  Not
 *  collective. */
const PetscReal *HeatConductivityField(const HeatConductivity *conductivity, int axis);

/** Return dk/dT [W/(m K2)] in the layout of HeatConductivityField; 0 in cells where k does not
 *  depend on T, and before the first Update.  It exists for cases of several materials with the
 *  arithmetic mean; NULL in all others, where no equation needs it, and where
 *  HeatConductivityVaries is false.  Not collective. */
const PetscReal *HeatConductivitySlope(const HeatConductivity *conductivity, int axis);

/** Return k [W/(m K)] of one own cell along an axis, whether or not Trim has freed the fields.  Not
 *  collective. */
PetscReal HeatConductivityAt(const HeatConductivity *conductivity, int axis, size_t cell);

/** Note a mean of k over temperatures [W/(m K)] that is not positive and finite, between an own
 *  cell at T [K] and a neighbour or a side, unless k of the cell is wrong itself.  Not collective.
 *  */
void HeatConductivityNoteMean(const HeatConductivity *conductivity, int axis, size_t cell,
                              PetscReal T, PetscReal mean, HeatFault *fault);

/** Return the expression of x y T that gives a material's conductivity along an axis, owned by
 *  `conductivity`; NULL where it does not depend on T.  Not collective. */
HeatExpression *HeatConductivityOfT(const HeatConductivity *conductivity, int axis,
                                    PetscInt material);

/** Free *conductivity, which may be NULL, and set it to NULL.  Not collective. */
PetscErrorCode HeatConductivityDestroy(HeatConductivity **conductivity);

#endif
